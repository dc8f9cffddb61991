"""A standby process goes on with a run whose leader was killed: on every store, no step done twice.

Two real processes, as they are typed, on the same run. The leader is killed in the middle of a
wave as nothing can resist; the other one was standing by and brings the run to its end. Time stands
still at each gate until the test lets it pass, so nothing happens before both of them are there.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Line, OperatorCommand
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice
from postgresql_server import server
from practising import small_itinerary, until

SPEED = 20_000.0
DECIDER = small_itinerary().waves[0].deciders[0]
PROGRAM = "from migrator.cli import main; main()"
STARTS = (ev.StepStarted, ev.UndoStarted)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "sqlite" else server().database()


def process(where: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run", "--continue", "weekend", "--store", where, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def leads(where: str) -> bool:
    with open_store(where, practice=True) as store:
        return store.journal("weekend", lead=False).leader() is not None


def lines_of(where: str) -> tuple[Line, ...]:
    with open_store(where, practice=True) as store:
        return tuple(store.journal("weekend", lead=False).lines())


def pass_gates(where: str) -> int:
    """Let every gate pass that is open; how many steps have begun so far."""
    lines = lines_of(where)
    with open_store(where, practice=True) as store:
        journal = store.journal("weekend", lead=False)
        for line in lines:
            if isinstance(line.event, ev.GateOpened):
                wave = line.event.wave
                journal.submit(
                    OperatorCommand(
                        f"go {wave}", "go", DECIDER, asserted=True, target=wave, reason="", saw=0
                    )
                )
    return steps(lines)


def ended(where: str) -> bool:
    pass_gates(where)
    return any(isinstance(line.event, ev.RunEnded) for line in lines_of(where))


def steps(lines: tuple[Line, ...]) -> int:
    return sum(isinstance(line.event, STARTS) for line in lines)


@pytest.mark.slow
def test_a_standby_goes_on_where_a_killed_leader_was(where: str) -> None:
    with open_store(where, practice=True) as store:
        setting = Setting(seed=1, speed=SPEED, play=(DECIDER,))
        begin_practice(store, small_itinerary(), "weekend", setting).journal.release()
    told: list[str] = []
    with process(where, "--log", "json") as leader:
        drain = threading.Thread(target=lambda: list(leader.stderr or ()))
        drain.start()
        until(lambda: leads(where))
        with process(where, "--standby") as standby:
            assert standby.stderr is not None
            for line in standby.stderr:
                told.append(line.strip())
                if "standing by: process" in line:
                    break
            until(lambda: pass_gates(where) > 3)
            leader.send_signal(signal.SIGKILL)
            until(lambda: ended(where))
            told += [line.strip() for line in standby.stderr]
        drain.join()

    assert f"standing by: process {leader.pid} of" in told[0]
    assert "nobody leads weekend any more: taking over" in told
    lines = lines_of(where)
    assert isinstance(lines[-1].event, ev.RunEnded)
    # At this pace a busy machine may miss a step's time-out: then its wave is taken back.
    assert standby.returncode in {0, 1}
    by_epoch = Counter(line.epoch for line in lines if isinstance(line.event, STARTS))
    assert list(by_epoch) == [2, 3]  # the first line was written by the test, in epoch 1
    assert [line.epoch for line in lines] == sorted(line.epoch for line in lines)
    with open_store(where, practice=True) as store:
        ledger = store.journal("weekend", lead=False).facts("ledger")
        assert store.journal("weekend", lead=False).verify().count == len(lines)
    assert isinstance(ledger, dict)
    assert ledger["effects_doubled"] == 0
    assert ledger["violations"] == []
