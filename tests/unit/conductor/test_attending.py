"""Around the loop: a lost lease ends it at once, codes are read when they are asked for."""

from __future__ import annotations

import pytest

import practising
from migrator.conductor import attending, clock
from migrator.conductor.attending import Leaving, LiveCodes
from migrator.engine import events as ev
from migrator.engine.ports import OperatorCommand
from migrator.errors import JournalError
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
from migrator.store.sqlite import SqliteDatabase
from migrator.wiring import Setting, begin_practice, continue_practice, practise

SETTING = Setting(seed=1, speed=practising.QUICK, play=practising.EVERYBODY)


def test_a_lost_lease_ends_the_loop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_journal: SqlJournal) -> None:
        raise JournalError("epoch-passed", "another process leads", hint="leave it")

    monkeypatch.setattr(attending, "RENEW_SECONDS", 0.01)
    monkeypatch.setattr(SqlJournal, "renew_lease", lost)
    with open_store(practising.FOLDER, practice=True) as store:
        led = begin_practice(store, practising.small_itinerary(), "p1", SETTING)
        with pytest.raises(JournalError, match="another process leads"):
            practise(led)


def test_whoever_leaves_gives_the_lease_back_and_the_next_one_goes_on() -> None:
    class Hasty:
        """Leaves by the same door as Ctrl-C as soon as the run has begun."""

        def __init__(self) -> None:
            self.heard: list[Leaving] = []

        def on_commit(self, run: object, lines: object) -> None:
            """Nothing is shown."""

        def on_beat(self, run: object, now: object) -> None:
            import signal

            signal.raise_signal(signal.SIGINT)

        def on_leaving(self, why: Leaving) -> None:
            self.heard.append(why)

    hasty = Hasty()
    with open_store(practising.FOLDER, practice=True) as store:
        first = practise(begin_practice(store, practising.small_itinerary(), "p1", SETTING), hasty)
        again = continue_practice(store, "p1")
        assert again.run.seq == first.run.seq
        again.journal.release()

    assert hasty.heard[0] is Leaving.ASKED
    assert (first.leaving in {Leaving.ASKED, Leaving.AT_ONCE}, first.ledger) == (True, None)


def test_a_command_wakes_a_run_that_would_sleep_for_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attending, "RUNG_DESK_SECONDS", 3600.0)
    monkeypatch.setattr(clock, "_WAIT_SECONDS_MAX", 3600.0)
    assert_answered()


def test_a_run_without_a_bell_looks_at_its_desk_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SqliteDatabase, "bell", lambda *_: None)
    monkeypatch.setattr(attending, "RUNG_DESK_SECONDS", 3600.0)
    monkeypatch.setattr(clock, "_WAIT_SECONDS_MAX", 3600.0)
    assert_answered()


def assert_answered() -> None:
    """A pause that another process gives at the first gate is answered, and so is the abort."""
    pause = OperatorCommand("c1", "pause", "anna", asserted=True, target="", reason="see", saw=0)
    with practising.led(), open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=False)
        gate = (ev.GateOpened,)
        practising.until(lambda: any(isinstance(line.event, gate) for line in journal.lines()))
        journal.submit(pause)
        practising.until(lambda: journal.answer_of("c1") is not None)


def test_codes_are_those_of_the_moment_of_asking() -> None:
    with open_store(practising.FOLDER, practice=True) as store:
        led = begin_practice(store, practising.small_itinerary(), "p1", SETTING)
        codes = LiveCodes(led.journal)
        assert dict(codes) == {}
        store.put_codes("p1", {"anna": "d1"})
        assert (codes.get("anna"), len(codes)) == ("d1", 1)
        led.journal.release()
