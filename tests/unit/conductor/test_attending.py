"""Around the loop: a lost lease ends it at once, codes are read when they are asked for."""

from __future__ import annotations

import pytest

import practising
from migrator.conductor import attending
from migrator.conductor.attending import Leaving, LiveCodes
from migrator.errors import JournalError
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
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


def test_codes_are_those_of_the_moment_of_asking() -> None:
    with open_store(practising.FOLDER, practice=True) as store:
        led = begin_practice(store, practising.small_itinerary(), "p1", SETTING)
        codes = LiveCodes(led.journal)
        assert dict(codes) == {}
        store.put_codes("p1", {"anna": "d1"})
        assert (codes.get("anna"), len(codes)) == ("d1", 1)
        led.journal.release()
