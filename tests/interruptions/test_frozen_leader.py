"""A leader that is frozen, displaced and woken again writes nothing more, on every store.

The real thing: another process, SIGSTOP and SIGCONT. Its lease is made to run out in the store, so
that nobody has to wait for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import EnvironmentFailed
from migrator.store import tables
from migrator.store.sql import open_store
from postgresql_server import server

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)

# One line in, one append: between them it is idle, and that is where it is frozen.
LEADER = """
import sys
from datetime import UTC, datetime
from weekend import an_itinerary
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import MigratorError
from migrator.store.sql import open_store

with open_store(sys.argv[1], practice=True) as store:
    journal = store.create_run(
        "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
    )
    at = datetime(2023, 10, 14, tzinfo=UTC)
    print("leads", flush=True)
    for line in sys.stdin:
        try:
            lines = journal.append([Entry(at, "engine", ev.RunPaused(line.strip()))])
            print(lines[-1].seq, flush=True)
        except MigratorError as error:
            print(error.reference, flush=True)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "sqlite" else server().database()


@pytest.fixture
def leader(where: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that leads the run `weekend`."""
    process = subprocess.Popen(
        [sys.executable, "-c", LEADER, where],
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root / 'tests'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leads\n"
        yield process
        process.kill()


def ask(leader: subprocess.Popen[str], reason: str) -> None:
    assert leader.stdin is not None
    leader.stdin.write(f"{reason}\n")
    leader.stdin.flush()


def answer(leader: subprocess.Popen[str]) -> str:
    assert leader.stdout is not None
    return leader.stdout.readline().strip()


def test_a_frozen_leader_that_wakes_up_finds_itself_displaced(
    where: str, leader: subprocess.Popen[str]
) -> None:
    ask(leader, "before")
    assert answer(leader) == "1"
    leader.send_signal(signal.SIGSTOP)
    ask(leader, "written while it was frozen")
    with open_store(where, practice=True) as store:
        with pytest.raises(EnvironmentFailed) as held:
            store.journal("weekend", lead=True)  # frozen, it may yet come back
        assert held.value.reference == "journal-locked"
        with store._database.writing() as connection:
            connection.execute(tables.leases.update().values(until=0.0))

        journal = store.journal("weekend", lead=True)
        journal.append([Entry(AT, "engine", ev.RunPaused("by the new leader"))])
        leader.send_signal(signal.SIGCONT)

        assert answer(leader) == "epoch-passed"
        ask(leader, "once more")
        assert answer(leader) == "epoch-passed"
        journal.append([Entry(AT, "engine", ev.RunPaused("again"))])
        assert [(line.epoch, line.event) for line in journal.lines()] == [
            (1, ev.RunPaused("before")),
            (2, ev.RunPaused("by the new leader")),
            (2, ev.RunPaused("again")),
        ]
        assert journal.verify().count == 3


def test_a_killed_leader_is_replaced_at_once(where: str, leader: subprocess.Popen[str]) -> None:
    ask(leader, "before")
    assert answer(leader) == "1"
    leader.send_signal(signal.SIGKILL)
    leader.wait()

    with open_store(where, practice=True) as store:
        journal = store.journal("weekend", lead=True)

        assert journal.epoch == 2
        assert journal.append([Entry(AT, "engine", ev.RunPaused(""))])[0].seq == 2
