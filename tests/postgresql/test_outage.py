"""A run on a server that goes away: the command says so, ends with 1, and goes on when asked.

The program as people start it, in a process of its own; the server is stopped as if it was killed,
for longer than a run waits for it. `tests/interruptions/test_lost_database.py` looks at shorter
outages, and at what the world outside says.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine.events import RunEnded
from migrator.store.find import find_run
from planned import a_planned_estate
from postgresql_server import Server, programs

pytestmark = pytest.mark.postgresql

PROGRAM = (sys.executable, "-c", "import sys; from migrator.cli import main; sys.exit(main())")
BEGIN = ("--platform", "simulated", "--seed", "4", "--speed", "12000", "--name", "p1")
LINES = 20
"""So many lines into the run the server goes away: in the middle of its first wave."""


@pytest.fixture
def own() -> Iterator[Server]:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed here")
    made = Server(found)
    yield made
    made.remove()


def lines(url: str) -> int:
    """How far the run has come; nothing before it has begun."""
    from migrator.errors import InputError

    try:
        store, name = find_run("p1", url)
    except InputError:
        return 0
    with store:
        return len(store.journal(name, lead=False).lines())


def test_the_command_ends_with_clear_words_and_continue_goes_on(
    own: Server, tmp_path: Path
) -> None:
    plan, url = a_planned_estate(tmp_path), own.database()
    run = subprocess.Popen(
        [*PROGRAM, "run", str(plan), *BEGIN, "--store", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with run:
        while lines(url) < LINES:
            assert run.poll() is None
        own.stop("immediate")
        _, said = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "store-unreachable" in said
    assert "Traceback" not in said
    own.start()
    before = lines(url)

    again = subprocess.run(
        [*PROGRAM, "run", "--continue", "p1", "--store", url],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert again.returncode in {0, 1}, again.stderr
    store, name = find_run("p1", url)
    with store:
        journal = store.journal(name, lead=False)
        assert journal.verify().count > before >= LINES
        assert isinstance(journal.lines()[-1].event, RunEnded), again.stderr
        ledger = journal.facts("ledger")
    assert isinstance(ledger, dict)
    assert ledger["violations"] == []
