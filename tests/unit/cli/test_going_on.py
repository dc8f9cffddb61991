"""`migrator run --continue` after the program changed, and beside a run that cannot be read."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import Sequence
from datetime import datetime

import pytest

import practising
from migrator import __version__
from migrator.cli import app, going_on, run_reading
from migrator.conductor import versions
from migrator.conductor.attending import Attendant, Leaving
from migrator.engine import events as ev
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin, begin_practice
from migrator.wiring.practising import _attendant

OLD = "0.0.9"
LEFT = ("--leave-when-held", "--speed", "100000")
HELD = 3


@pytest.fixture
def _begun_with_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setitem(begin.__globals__, "__version__", OLD)  # where the first line is written
        practising.begun(play=())


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def pause(name: str = "small-p1") -> None:
    """Let whoever leads the run next leave it at once: no test waits for a weekend."""
    paused = OperatorCommand(
        f"pause {name}", "pause", "anna", asserted=True, target="", reason="new version", saw=0
    )
    with open_store(practising.FOLDER, practice=True) as store:
        store.journal(name, lead=False).submit(paused)


def lines_of(name: str) -> int:
    with open_store(practising.FOLDER, practice=True) as store:
        return next(row.lines for row in store.runs() if row.name == name)


def answers() -> list[ev.VersionAccepted]:
    with open_store(practising.FOLDER, practice=True) as store:
        lines = store.journal("small-p1", lead=False).lines()
    return [line.event for line in lines if isinstance(line.event, ev.VersionAccepted)]


@pytest.mark.usefixtures("_begun_with_another_version")
def test_without_a_terminal_another_version_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", "--continue", "latest"]) == 2
    told = capsys.readouterr().err
    assert f"version {OLD} led small-p1 last, and this is version {__version__}" in told
    assert "--accept-version" in told
    assert "see: runbooks/other-version.md" in told
    assert answers() == []
    with open_store(practising.FOLDER, practice=True) as store:
        assert store.journal("latest", lead=False).leader() is None  # and nobody is kept waiting


@pytest.mark.usefixtures("_begun_with_another_version")
def test_the_answer_becomes_a_fact_that_journal_and_status_tell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pause()
    words = ["run", "--continue", "latest", *LEFT]
    assert app.run([*words, "--accept-version", "--as", "anna"]) == HELD
    assert answers() == [ev.VersionAccepted(OLD, __version__, "anna")]

    capsys.readouterr()
    assert app.run(["journal", "show", "latest"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "VersionAccepted" in line]
    assert f"began_with={OLD}" in line
    assert f"goes_on_with={__version__}" in line
    assert app.run(["status", "latest"]) == 0
    assert f"begun with version {OLD}, goes on with {__version__}" in capsys.readouterr().out


@pytest.mark.usefixtures("_begun_with_another_version")
def test_the_answer_holds_for_one_version_only() -> None:
    with open_store(practising.FOLDER, practice=True) as store:
        name, led = going_on.go_on(
            store, "latest", None, going_on.Answer(accepted=True, person="anna")
        )
        led.journal.release()
        name, led = going_on.go_on(
            store, "latest", None, going_on.Answer(accepted=False, person=None)
        )
        led.journal.release()
        assert name == "small-p1"
        assert not versions.is_other(led.run)
        assert versions.is_other(led.run, "9.9.9")
    assert len(answers()) == 1


@pytest.mark.usefixtures("_begun_with_another_version")
@pytest.mark.parametrize(("typed", "kept"), [("\n", 0), ("n\n", 0), ("y\n", 1)])
def test_in_a_terminal_it_asks_and_no_is_the_default(
    typed: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause()
    monkeypatch.setattr("sys.stdin", _Terminal(typed))
    assert app.run(["run", "--continue", "latest", *LEFT]) == (HELD if kept else 2)
    assert len(answers()) == kept


@pytest.mark.usefixtures("_begun_with_another_version")
def test_a_command_given_meanwhile_reaches_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", "--continue", "latest"]) == 2
    words = ["pause", "latest", "--as", "anna", "--reason", "new version", "--wait", "0"]
    assert app.run(words) == 0
    assert "kept, not answered yet" in capsys.readouterr().out
    assert app.run(["run", "--continue", "latest", "--accept-version", *LEFT]) == HELD
    assert app.run(["status", "latest"]) == 0
    assert "PAUSED (new version)" in capsys.readouterr().out


class _LeavesAtACheck:
    """Whoever looks on leaves as soon as somebody is asked for a verdict."""

    def __init__(self, attendant: Attendant) -> None:
        self.attendant = attendant

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        if any(isinstance(line.event, ev.CheckAssigned) for line in lines):
            self.attendant.leave()

    def on_beat(self, run: Run, now: datetime) -> None: ...

    def on_leaving(self, why: Leaving) -> None: ...


def led_to_a_check(monkeypatch: pytest.MonkeyPatch) -> str:
    """Another version leads a run to a check of somebody who is really there; the check's name."""
    setting = Setting(seed=1, speed=practising.QUICK, play=("cecilia",))
    with monkeypatch.context() as then, open_store(practising.FOLDER, practice=True) as store:
        then.setitem(begin.__globals__, "__version__", OLD)
        led = begin_practice(store, practising.small_itinerary(), "small-p1", setting)

        async def lead() -> Run:
            attendant = _attendant(led, None)
            attendant.onlooker = _LeavesAtACheck(attendant)
            return await attendant.attend()

        (check,) = asyncio.run(lead()).checks.values()
        led.journal.release()
    assert (check.state, check.person, check.ticks) == (CheckState.ASSIGNED, "cecilia", {})
    return check.id


def test_a_verdict_given_meanwhile_counts_in_the_run_that_goes_on_with_this_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = led_to_a_check(monkeypatch)
    assert app.run(["run", "--continue", "latest"]) == 2
    assert app.run(["tick", "latest", check, "works", "--as", "cecilia", "--wait", "0"]) == 0
    assert "kept, not answered yet" in capsys.readouterr().out
    pause()
    words = ["run", "--continue", "latest", "--accept-version", "--as", "anna", *LEFT]
    assert app.run(words) == HELD

    with open_store(practising.FOLDER, practice=True) as store:
        told = [line.event for line in store.journal("small-p1", lead=False).lines()]
    accepted = told.index(ev.VersionAccepted(OLD, __version__, "anna"))
    (given,) = (event for event in told if isinstance(event, ev.TickGiven))
    assert (given.check, given.attempt, given.person) == (check, 1, "cecilia")
    assert given.verdict == "works"
    assert ev.CheckPassed(check, 1) in told[accepted:]


def test_a_run_is_begun_once_and_gone_on_with_after_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from migrator.cli import run

    read = run_reading.Read(practising.small_itinerary(), (), ())
    monkeypatch.setattr(run, "read_apart", lambda _plan, _inventory: read)
    words = ["run", "plan.yaml", "--name", "night", "--or-continue", *LEFT]
    assert going_on.begun_already(str(practising.FOLDER), "night") is None  # nor is there a store
    practising.begun("other")
    assert going_on.begun_already(str(practising.FOLDER), "night") is None
    monkeypatch.setattr(run, "_begin", lambda *_: 0)
    assert app.run(words) == 0
    practising.begun("night", play=())
    pause("night")
    assert app.run(words) == HELD
    assert "night: goes on after line" in capsys.readouterr().err
    assert app.run(["run", "plan.yaml", "--or-continue"]) == 2


BREAKS = {
    "a line was edited": "update journal set data = '{}' where run = 'broken' and seq = 1",
    "a line is no JSON": "update journal set data = '{' where run = 'broken'",
    "its end is no JSON": "update journal set kind = 'RunEnded', data = '[' where run = 'broken'",
    "its kind is unknown": "update journal set kind = 'Nonesuch' where run = 'broken'",
    "its lines are gone": "delete from journal where run = 'broken'",
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_run_keeps_no_other_from_being_found_and_gone_on_with(
    how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.begun("good", play=())
    pause("good")
    practising.begun("broken")
    with sqlite3.connect(practising.FOLDER / "practice.db") as database:
        database.execute("pragma foreign_keys = off")
        assert database.execute(BREAKS[how]).rowcount
    database.close()

    assert app.run(["status", "broken"]) in {1, 2}
    assert "see: runbooks/" in capsys.readouterr().err
    assert app.run(["run", "--continue", "broken"]) in {1, 2}
    assert app.run(["status", "good"]) == 0
    assert app.run(["decide", "good"]) == 0
    assert app.run(["run", "--continue", "good", *LEFT]) == HELD
    assert lines_of("good") > 1
