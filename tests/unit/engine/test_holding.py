"""What stops and lets go: pause, abort, hold, release, veto, and two who answer for a look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.asking import Refusal
from migrator.engine.holding import _held_for
from migrator.engine.states import RunState, WaveState
from playing import Play

F1 = "f1@w1"


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": ()}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


def moving(until: str | Callable[..., bool] = "a/fence", **changes: object) -> Play:
    play = Play(an_itinerary(**{"waves": ("a",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(until)
    return play


def refused_links() -> Play:
    """A wave that is held because links regressed, and what was under way has ended."""
    play = moving("a/probe-links")
    play.fail("a/probe-links")
    return play


def accepted() -> Play:
    return moving(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)


# --- the run ------------------------------------------------------------------------------------


def test_a_run_is_paused_once_and_resumed_once() -> None:
    play = at_the_gate()
    assert play.refusal("resume", "run") == "the run is running, not paused"
    play.say("pause", "run", by="hanna")
    assert play.refusal("pause", "run") == "the run is paused"
    play.say("resume", "run")
    assert play.state() is RunState.RUNNING


def test_an_abort_is_for_decision_makers_and_comes_once() -> None:
    play = Play(an_itinerary(waves=("a",)))
    assert "may not decide this" in play.refusal("abort", "run", "hanna")
    play.say("abort", "run", by="dora")
    assert play.refusal("abort", "run") == "the run is being aborted already"
    assert play.refusal("pause", "run") == "the run is aborting"


# --- holds --------------------------------------------------------------------------------------


def test_anybody_may_hold_a_wave_and_nobody_holds_it_twice() -> None:
    play = moving()
    play.say("hold", "w1", by="hanna", reason="smoke")
    assert play.run.waves["w1"].cause == "Hanna holds it: smoke"
    assert play.refusal("hold", "w1") == "w1 is held already: Hanna holds it: smoke"


def test_a_hold_without_a_reason_names_the_person_alone() -> None:
    play = moving(members={})
    play.say("hold", "w1", by="somebody", reason="")
    assert play.run.waves["w1"].cause == "somebody holds it"


def test_a_gate_gets_the_time_back_in_which_it_was_held() -> None:
    play = at_the_gate()
    play.wait(10)
    play.say("hold", "w1", by="lena")
    play.wait(180)
    play.say("release", "w1", by="lena")

    assert play.wave() is WaveState.DECIDING
    assert play.run.waves["w1"].gate_deadline == after(60 + 180)


def test_a_gate_gets_the_time_back_in_which_the_run_was_paused() -> None:
    play = at_the_gate()
    play.wait(10)
    play.say("pause")
    play.wait(180)
    play.say("resume")

    assert play.wave() is WaveState.DECIDING
    assert play.run.waves["w1"].gate_deadline == after(60 + 180)
    play.say("go", "w1")
    play.say("pause")
    play.wait(30)
    assert [type(event) for event in play.say("resume")] == [ev.CommandTaken, ev.RunResumed]


def test_what_is_held_before_its_gate_opens_has_no_hour_to_get_back() -> None:
    play = at_the_gate()
    play.say("hold", "w2")
    assert [type(event) for event in play.say("release", "w2")] == [
        ev.CommandTaken, ev.HoldReleased,
    ]  # fmt: skip


def test_a_wave_that_is_over_cannot_be_held() -> None:
    assert accepted().refusal("hold", "w1") == "w1 is accepted; there is nothing to hold"


def test_only_a_held_wave_is_released() -> None:
    assert moving().refusal("release", "w1") == "w1 is moving, not held"


def test_what_is_broken_is_not_released_but_mended_or_answered_for() -> None:
    play = refused_links()
    said = play.refusal("release", "w1")

    assert said.startswith("w1 is held for a/probe-links (a/probe-links failed after 2 tries")
    assert said.endswith("retry, skip or override a/probe-links, or unwind w1")


def test_a_veto_needs_a_clock_that_runs() -> None:
    assert "no unwind clock runs" in moving().refusal("veto", "w1")
    play = moving()
    play.say("hold", "w1")
    assert "no unwind clock runs" in play.refusal("veto", "w1")


def test_a_veto_is_confirmed_by_somebody_else() -> None:
    play = refused_links()
    play.say("veto", "w1", by="anna")
    assert play.last(ev.VetoGiven).until == play.now + timedelta(minutes=15)
    assert "a second person must confirm" in play.refusal("veto", "w1", "anna")
    play.say("veto", "w1", by="bo")
    assert play.last(ev.VetoGiven).until is None


# --- overrides ----------------------------------------------------------------------------------

LINKS = "a/probe-links"


def test_two_people_on_two_machines_answer_for_a_look() -> None:
    play = refused_links()
    asked = play.say("override", LINKS, "anna", os_user="u1")[1]
    assert asked == ev.OverrideAsked("w1", LINKS, "anna", "u1", "so be it")
    assert "has asked already" in play.refusal("override", LINKS, "anna", os_user="u1")
    assert "another operating-system user than 'u1'" in play.refusal(
        "override", LINKS, "bo", os_user="u1"
    )
    play.say("override", LINKS, "bo", os_user="u2")

    assert play.last(ev.OverrideGiven).second == "anna"
    assert play.wave() is WaveState.MOVING
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    assert play.run.exceptions == ["a/probe-links: overridden by bo and anna: so be it"]


def test_a_code_proves_the_second_person_once() -> None:
    play = refused_links()
    play.codes = {"bo": "d1", "dora": "d2"}
    for second, digest in (("bo", "d2"), ("bo", ""), ("hanna", "")):
        said = play.refusal("override", LINKS, second=second, code_digest=digest)
        assert said == f"the code of {second} is not valid (see migrator codes)"
    assert play.refusal("override", LINKS, second="anna", code_digest="d1") == (
        "the second person must be somebody else"
    )
    assert "nobody called 'bob'" in play.refusal("override", LINKS, second="bob", code_digest="x")
    play.say("override", LINKS, second="bo", code_digest="d1")
    assert play.last(ev.CodeSpent) == ev.CodeSpent("bo", "d1")
    assert play.wave() is WaveState.MOVING

    play.go_on("a/soak")
    play.fail("a/soak")
    said = play.refusal("override", "a/soak", second="bo", code_digest="d1")
    assert "not valid" in said


def test_a_refused_check_can_be_answered_for() -> None:
    play = moving(lambda run: F1 in run.checks)
    play.settle()
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.codes = {"bo": "d1"}
    play.say("override", F1, second="bo", code_digest="d1")

    assert play.check(F1).value == "passed"
    assert play.run.checks[F1].overridden
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)


def test_an_override_is_for_evidence_that_holds_a_wave_and_needs_a_reason() -> None:
    assert moving().refusal("override", LINKS) == (
        "nothing is held for 'a/probe-links'; no wave is held"
    )
    play = refused_links()
    assert play.refusal("override", "a/soak") == (
        "nothing is held for 'a/soak'; held are: a/probe-links"
    )
    assert play.refusal("override", LINKS, reason="") == "an override needs a reason"
    play = moving("a/start")
    play.fail("a/start")
    assert play.refusal("override", "a/start") == (
        "a/start is an act, not evidence; retry, skip or force-done it"
    )


def test_what_was_refused_and_goes_back_already_is_not_overridden() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/probe-links", ticks=False)
    play.end("a/probe-links")
    play.say("tick", "f1@w1", "hanna", verdict="does_not_work")
    play.run.waves["w1"].holds.clear()
    with pytest.raises(Refusal, match="nothing is held for 'f1@w1'"):
        _held_for(play.run, "f1@w1")
