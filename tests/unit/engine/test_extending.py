"""The verb extend: more time for what waits, and no more than that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import END, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import CheckState, WaveState
from migrator.plan.means import InDoubt, Manual, Means, Wait
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from playing import Play

F1 = "f1@w1"
CLOCK = {Trouble.STEP_FAILED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15)}


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": ()}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


def moving(until: str = "a/fence", **changes: object) -> Play:
    play = Play(an_itinerary(**{"waves": ("a",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(until)
    return play


def verifying(**changes: object) -> Play:
    play = Play(an_itinerary(**{"waves": ("a",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(
        lambda run: F1 in run.checks and run.checks[F1].state is CheckState.ASSIGNED, ticks=False
    )
    return play


def with_probe(means: Means) -> Itinerary:
    """Moves whose probe is performed by a person or the clock."""
    made = an_itinerary(waves=("a",))
    recipe = made.recipes["stateful"]
    steps = tuple(
        replace(step, means=means) if step.key == "probe" else step for step in recipe.steps
    )
    return replace(made, recipes={**made.recipes, "stateful": replace(recipe, steps=steps)})


# --- what is extended ---------------------------------------------------------------------------


def test_a_gate_gets_more_time_and_lapses_only_after_it() -> None:
    play = at_the_gate()
    said = play.say("extend", "w1", minutes="15")

    assert said[1] == ev.DeadlineExtended("w1", after(60), after(75), "anna", "so be it")
    play.wait(74)
    assert play.wave("w1") is WaveState.DECIDING
    play.wait(1)
    assert play.wave("w1") is WaveState.DECLINED


def test_a_gate_that_waits_is_called_out_again_after_the_new_time() -> None:
    play = at_the_gate(policy={"gate_default": "wait", "ahead_of_gate": ()})
    play.wait(60)
    assert len(play.happened(ev.Stalled)) == 1
    play.say("extend", "w1", minutes="30")
    assert play.last(ev.DeadlineExtended).until == after(90), "from now, since the hour is over"
    play.wait(29)
    assert len(play.happened(ev.Stalled)) == 1
    play.wait(1)
    assert len(play.happened(ev.Stalled)) == 2


def test_an_assigned_check_gets_more_time_before_its_wave_is_held() -> None:
    play = verifying()
    was = play.run.checks[F1].limit_at
    assert was is not None
    play.say("extend", F1, by="lena", minutes="20")
    left = (was - play.now).total_seconds() / 60
    play.wait(left + 19)
    assert play.wave() is WaveState.MOVING
    play.wait(1)
    assert play.wave() is WaveState.HELD


def test_an_act_under_way_gets_more_time_before_it_is_timed_out() -> None:
    play = moving()
    was = play.act("a/fence").limit_at
    assert was is not None
    until = after(600)
    play.say("extend", "a/fence", by="lena", until=until.isoformat())
    assert play.last(ev.DeadlineExtended).was == was
    play.wait((was - play.now).total_seconds() / 60 + 1)
    assert play.act("a/fence").outcome == ""
    play.wait((until - play.now).total_seconds() / 60)
    assert play.act("a/fence").outcome == "timed_out"


def test_a_persons_task_gets_more_time_until_the_wave_is_held_for_it() -> None:
    play = Play(with_probe(Means(InDoubt.ASK, manual=Manual({"en": "look"}))))
    play.go_on("a/probe")
    was = play.act("a/probe").limit_at
    assert was is not None
    play.say("extend", "a/probe", minutes="30")
    play.wait((was - play.now).total_seconds() / 60 + 29)
    assert play.wave() is WaveState.MOVING
    play.wait(1)
    assert play.wave() is WaveState.HELD
    said = play.refusal("extend", "a/probe", minutes="30")
    assert said.startswith("too late: w1 is held for a/probe; migrator release RUN w1")


def test_what_was_extended_is_folded_alike() -> None:
    play = moving()
    play.say("extend", "a/fence", minutes="15")
    assert play.folded() == play.run


# --- refusals -----------------------------------------------------------------------------------


def test_an_extension_needs_a_reason() -> None:
    said = at_the_gate().refusal("extend", "w1", minutes="15", reason="")
    assert said == "an extension needs a reason; it is listed in the report"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "either a time"),
        ({"until": after(90).isoformat(), "minutes": "5"}, "either a time"),
        ({"minutes": "-5"}, "-5 minutes more are none, or more than a week"),
        ({"minutes": "nan"}, "nan minutes more are none"),
        ({"minutes": "1e300"}, "or more than a week"),
        ({"minutes": "soon"}, "'soon' is no time"),
        ({"until": "soon"}, "'soon' is no time"),
        ({"until": "2023-10-13T20:00"}, "needs an offset"),
        ({"until": after(-5).isoformat()}, "has passed"),
        ({"until": after(59).isoformat()}, "w1 has time until"),
        ({"until": after(60).isoformat()}, "w1 has time until"),
        ({"minutes": "9000"}, "nothing is extended beyond it"),
    ],
)
def test_no_deadline_is_moved_back_nor_beyond_the_window(words: dict[str, str], why: str) -> None:
    assert why in at_the_gate().refusal("extend", "w1", **words)


def test_the_windows_very_end_can_be_kept() -> None:
    play = at_the_gate()
    play.say("extend", "w1", until=END.isoformat())
    assert play.run.waves["w1"].gate_deadline == END


def test_only_those_who_decide_on_a_gate_extend_it() -> None:
    said = at_the_gate().refusal("extend", "w1", "lena", minutes="15")
    assert said == "lena may not decide this; anna, bo, dora may"


@pytest.mark.parametrize("target", [F1, "a/verify"])
def test_only_those_who_lead_a_wave_extend_what_is_in_it(target: str) -> None:
    said = verifying().refusal("extend", target, "heidi", minutes="15")
    assert said == "heidi may not decide this; anna, bo, dora, lena may"


def test_a_gate_is_extended_while_it_is_open_and_at_no_other_time() -> None:
    play = at_the_gate()
    said = play.refusal("extend", "w2", minutes="15")
    assert said == "the gate of w2 is not open yet; it has its whole time before it"
    play.say("go", "w1")
    said = play.refusal("extend", "w1", minutes="15")
    assert said == "w1 is moving; its gate waits for nobody"


def test_nothing_is_extended_in_a_run_that_is_taken_back() -> None:
    play = at_the_gate(waves=("a", "b"), policy={})
    play.go_on("b/copy", gates=False)
    play.say("go", "w1")
    play.say("abort", "run")
    assert "the run is being aborted" in play.refusal("extend", "w2", minutes="15")


def test_only_a_veto_stops_the_clock_of_an_unwind() -> None:
    play = moving("a/copy", on=CLOCK)
    play.fail("a/copy")
    assert play.wave() is WaveState.HELD
    for target in ("w1", "a/copy"):
        assert play.refusal("extend", target, minutes="15") == (
            "w1 is held, and its unwind clock is never extended; stop it: migrator veto RUN w1"
        )


def test_a_hold_without_a_clock_is_no_deadline() -> None:
    play = moving()
    play.say("hold", "w1")
    assert play.refusal("extend", "w1", minutes="15") == "w1 is held; its gate waits for nobody"


def test_a_check_is_extended_while_somebody_has_it() -> None:
    play = moving()
    said = play.refusal("extend", F1, minutes="15")
    assert said == f"{F1} cannot be verified yet, so nobody's time runs"
    play = verifying()
    play.say("tick", F1, play.run.checks[F1].person, verdict="works")
    said = play.refusal("extend", F1, minutes="15")
    assert said == f"{F1} is passed; nobody's time runs for it"


def test_an_overdue_check_is_released_and_not_extended() -> None:
    play = verifying()
    play.wait(500)
    assert play.wave() is WaveState.HELD
    said = play.refusal("extend", F1, minutes="15")
    assert said.startswith(f"too late: w1 is held for {F1}; migrator release RUN w1 lets it go on")


def test_only_what_is_under_way_has_a_limit() -> None:
    play = moving()
    assert "a/probe is waiting" in play.refusal("extend", "a/probe", minutes="15")
    assert "a/prepare is done" in play.refusal("extend", "a/prepare", minutes="15")
    assert "a has no step 'dance'" in play.refusal("extend", "a/dance", minutes="15")
    assert "a/remove is waiting" in play.refusal("extend", "a/remove", minutes="15")


def test_the_engines_own_steps_and_waits_have_no_deadline_to_extend() -> None:
    said = verifying().refusal("extend", "a/verify", minutes="15")
    assert said == "verify has no deadline of its own; the checks that it waits for have"
    play = Play(with_probe(Means(InDoubt.REPEAT, wait=Wait(minutes=30))))
    play.go_on("a/probe")
    said = play.refusal("extend", "a/probe", minutes="15")
    assert said == "a/probe waits for an hour of the plan, and for nobody"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("w11", "nothing called 'w11' has a deadline; w1?"),
        ("a", "nothing called 'a' has a deadline"),
        ("ä/ö", "nothing called 'ä/ö' has a deadline"),
    ],
)
def test_an_unknown_subject_is_answered_with_the_nearest_one(target: str, why: str) -> None:
    assert at_the_gate().refusal("extend", target, minutes="15") == why
