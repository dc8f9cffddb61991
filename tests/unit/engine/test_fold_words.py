"""What people's words make of a run: only where the table of states allows them."""

from __future__ import annotations

import pytest

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import new_run
from migrator.engine.states import IllegalEvent, WaveState
from playing import Play


@pytest.mark.parametrize("subject", ["w2", "a/copy", "a/retire", "nothing"])
def test_only_what_waits_gets_more_time(subject: str) -> None:
    run = new_run(an_itinerary())
    event = ev.DeadlineExtended(subject, after(0), after(9), "anna", "so")
    with pytest.raises(IllegalEvent, match="DeadlineExtended is illegal there"):
        apply(run, after(0), event)
    assert run == new_run(an_itinerary())


def test_a_check_that_has_passed_gets_no_more_time() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    with pytest.raises(IllegalEvent, match="check f1@w1 is passed"):
        play.note(ev.DeadlineExtended("f1@w1", after(0), after(9), "anna", "so"))


def test_a_doubted_act_gets_no_more_time() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/fence")
    play.note(ev.StepDoubted("a", "fence", 1))
    with pytest.raises(IllegalEvent, match="act a/fence"):
        play.note(ev.DeadlineExtended("a/fence", after(0), after(9), "anna", "so"))


def test_a_look_that_has_not_failed_has_nothing_to_waive() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/probe-links")
    with pytest.raises(IllegalEvent, match="look a/probe-links is started"):
        play.note(ev.LinkWaived("w1", "a", 1, "probe-links", "l1", 0, "anna", "so"))
