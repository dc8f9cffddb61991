"""Who is there, where a plan asks for it: nobody else gets a check, who stays away is named."""

from __future__ import annotations

import pytest

from itineraries import a_check, a_member, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.asking import Refusal
from migrator.engine.attendance import _member, presence_required
from migrator.engine.states import CheckState, WaveState
from migrator.plan.model import CheckLeg, Member
from migrator.plan.verifying import Verifying
from playing import Play

F1 = "f1@w1"
REQUIRED = {"verifying": Verifying(presence="required")}


def handlers(**shifts: tuple[float, float]) -> dict[str, Member]:
    found = [
        a_member(name, "handler", shifts=((after(start), after(end)),))
        for name, (start, end) in shifts.items()
    ]
    return {member.id: member for member in (a_member("anna", "decision_maker"), *found)}


def opened(*checks: CheckLeg, practice: bool = False, **shifts: tuple[float, float]) -> Play:
    """A live play whose only move is probed, with presence required."""
    itinerary = an_itinerary(
        waves=("a",),
        checks=checks or (a_check("f1", 1, "a"),),
        policy=REQUIRED,
        members=handlers(**(shifts or {"hanna": (0, 500), "heidi": (0, 500)})),
    )
    play = Play(itinerary, practice=practice)
    play.go_on("a/probe-links", ticks=False)
    play.end("a/probe-links")
    return play


def test_nobody_gets_a_check_before_saying_to_be_there() -> None:
    play = opened()
    assert play.check(F1) is CheckState.OPEN
    play.say("arrive", "", "heidi")

    assert play.last(ev.CheckAssigned).person == "heidi"


def test_where_presence_is_assumed_or_the_run_is_a_practice_all_on_shift_are_there() -> None:
    assert presence_required(opened().run)
    play = opened(practice=True)
    assert not presence_required(play.run)
    assert play.last(ev.CheckAssigned).person == "hanna"
    play.wait(60)
    assert play.happened(ev.PersonAbsent) == []


def test_who_is_not_heard_of_ten_minutes_after_the_shift_began_is_named_once() -> None:
    play = opened(hanna=(0, 500), heidi=(200, 500))
    named = play.happened(ev.PersonAbsent)
    assert [event.person for event in named] == ["hanna"]
    assert named[0].since == after(0)
    play.say("arrive", "", "hanna")
    assert play.run.absent == {}
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)

    assert [event.person for event in play.happened(ev.PersonAbsent)] == ["hanna"]


def test_the_engine_wakes_to_name_who_does_not_come() -> None:
    play = Play(
        an_itinerary(
            waves=("a",), policy=REQUIRED, members=handlers(hanna=(0, 500), heidi=(30, 500)),
        ),
        practice=False,
    )  # fmt: skip
    assert play.wake_at() == after(10)
    play.wait_until_woken()
    assert play.last(ev.PersonAbsent).person == "hanna"
    assert play.wake_at() == after(40)
    play.wait_until_woken()
    assert play.last(ev.PersonAbsent).person == "heidi"


def test_nobody_arrives_twice_or_without_a_shift_or_unknown() -> None:
    play = opened(hanna=(0, 500), heidi=(400, 500))
    play.say("arrive", "", "hanna")

    assert play.refusal("arrive", "", "hanna") == "Hanna is there already"
    assert play.refusal("arrive", "", "heidi").startswith(
        "Heidi has no shift now; say so when it begins, 2023-10-13 22:40"
    )
    assert "mallory" in play.refusal("arrive", "", "mallory")


def test_who_leaves_gives_the_check_to_another() -> None:
    play = opened()
    play.say("arrive", "", "hanna")
    play.say("arrive", "", "heidi")
    assert play.run.checks[F1].person == "hanna"
    play.say("leave", "", "hanna", reason="the school called")

    assert play.last(ev.CheckHandedOver).reason == "the school called"
    assert play.run.checks[F1].person == "heidi"
    assert play.refusal("leave", "", "hanna") == "Hanna has not said to be there"


def test_who_has_not_said_to_be_there_claims_and_gets_nothing() -> None:
    play = opened()

    assert play.refusal("claim", F1, "hanna") == (
        "Hanna has not said to be there: migrator arrive RUN"
    )
    play.say("arrive", "", "hanna")
    assert play.refusal("hand-over", F1, "hanna", to="heidi") == (
        "Heidi has not said to be there: migrator arrive RUN"
    )


def test_a_verdict_of_somebody_who_has_not_said_to_be_there_counts_all_the_same() -> None:
    play = opened()
    play.say("tick", F1, "heidi", verdict="works")

    assert play.check(F1) is CheckState.PASSED


def test_somebody_whom_the_plan_does_not_know_is_nobody_to_attend() -> None:
    with pytest.raises(Refusal, match="mallory is not among the people of this run"):
        _member(opened().run, "mallory")
