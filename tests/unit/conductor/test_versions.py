"""Another version of the program goes on with a run only when a person answers for it."""

from __future__ import annotations

from itineraries import an_itinerary
from migrator.conductor.versions import accept, is_other, other_version
from migrator.engine import events as ev
from migrator.store.memory import MemoryJournal
from migrator.wiring import begin


def test_the_answer_is_a_line_and_its_fold_knows_the_version() -> None:
    itinerary = an_itinerary(waves=("a",))
    journal = MemoryJournal("r", itinerary)
    run = begin(journal, itinerary, "r", itinerary.window.start, mode="virtual", seed=1)
    began = run.program
    assert not is_other(run)
    assert is_other(run, "9.9.9")
    assert other_version(run, "r", "9.9.9").message == (
        f"version {began} led r last, and this is version 9.9.9"
    )
    accept(journal, run, "anna", "9.9.9")
    assert run.program == "9.9.9"
    assert not is_other(run, "9.9.9")
    assert is_other(run)  # going back to the first one is a change as well
    last = journal.lines()[-1]
    assert last.event == ev.VersionAccepted(began, "9.9.9", "anna")
    assert (last.actor, last.at) == ("anna", itinerary.window.start)


def test_a_run_that_has_ended_is_only_read() -> None:
    itinerary = an_itinerary(waves=("a",))
    journal = MemoryJournal("r", itinerary)
    run = begin(journal, itinerary, "r", itinerary.window.start, mode="virtual", seed=1)
    from migrator.engine.fold import apply

    apply(run, itinerary.window.start, ev.RunEnded("completed"))
    assert not is_other(run, "9.9.9")
