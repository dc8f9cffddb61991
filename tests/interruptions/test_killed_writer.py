"""A process that is killed in the middle of a commit leaves whole commits, and its lease at once.

What the process had been told is committed must be there; what it was about to commit is there
whole or not at all. Power loss is another thing and is not tested here.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.store.sql import open_store
from postgresql_server import server

WRITER = """
import sys
from datetime import UTC, datetime
from weekend import an_itinerary
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.store.sql import open_store

store = open_store(sys.argv[1], practice=True)
journal = store.create_run(
    "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
)
at = datetime(2023, 10, 14, tzinfo=UTC)
while True:
    lines = journal.append([Entry(at, "engine", ev.RunPaused("x" * 300)) for _ in range(8)])
    sys.stdout.write(f"{lines[-1].seq} {lines[-1].hash}\\n")
    sys.stdout.flush()
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "sqlite" else server().database()


@pytest.mark.slow
@pytest.mark.parametrize("told", [1, 25])
def test_whole_commits_are_left_and_the_lease_is_free(where: str, root: Path, told: int) -> None:
    environment = {"PYTHONPATH": f"{root / 'src'}:{root / 'tests'}"}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, where],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        for _ in range(told):
            last = writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)  # somewhere in a later commit
        rest = writer.stdout.readlines()
    heard = [line for line in [last, *rest] if line.endswith("\n")][-1]
    seq, head = heard.split()

    with open_store(where, practice=True, create=False) as store:
        journal = store.journal("latest", lead=True)  # at once: its holder is gone
        lines = journal.written()
        assert journal.verify().count == len(lines)

    assert lines[int(seq) - 1].hash == head  # what it was told is there
    assert len(lines) % 8 == 0  # what it was not told is there whole, or not
    assert 0 <= len(lines) - int(seq) <= 8
    assert journal.epoch == 2
