"""Failures: the hold at once, the clock of the automatic unwind, doubts and limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.policy import (
    CUT_STARTS,
    ENGINE_STEPS,
    IN_DOUBT,
    LOOKS,
    authority_after,
    reaction,
    trouble_of,
)
from migrator.engine.states import ActState, WaveState
from migrator.plan.means import InDoubt
from migrator.plan.model import Act, Reaction, StepKind, Trouble, UndoKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from playing import Play


def failed(act: str = "a/final-copy", outcome: str = "failed", **changes: object) -> Play:
    """A play in which an act has failed for good."""
    play = Play(an_itinerary(**{"waves": ("ab",), "stateless": "b", **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(act)
    play.fail(act, outcome)
    play.end(*play.under_way)
    return play


# --- the policy's tables ------------------------------------------------------------------------


def test_every_act_that_a_platform_performs_says_what_a_doubt_means() -> None:
    acts = {kind.value for kind in (*StepKind, *UndoKind)} - ENGINE_STEPS - {"task", "undo-task"}

    assert set(IN_DOUBT) == acts
    assert {act for act in acts if IN_DOUBT[act] is InDoubt.REPEAT} == {
        "prepare", "baseline", "copy", "probe", "probe-links", "soak", "discard-copy", "remove",
        "prove-back",
    }  # fmt: skip


def test_what_moves_authority_or_traffic_is_never_repeated_unasked() -> None:
    for name in RECIPES:
        for act in IN_DOUBT:
            if authority_after(RECIPES[name], act) is not None:
                assert IN_DOUBT[act] is InDoubt.OBSERVE
    assert IN_DOUBT["final-copy"] is IN_DOUBT["bring-back"] is InDoubt.OBSERVE


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("stateless", {"switch": "new", "switch-back": "old"}),
        (
            "stateful",
            {"fence": "none", "grant": "new", "fence-target": "none", "grant-source": "old"},
        ),
        (
            "batch",
            {"fence": "none", "grant": "new", "fence-target": "none", "grant-source": "old"},
        ),
    ],
)
def test_authority_moves_by_these_acts_and_no_others(recipe: str, expected: dict[str, str]) -> None:
    acts = [kind.value for kind in (*StepKind, *UndoKind)]

    assert {a: side for a in acts if (side := authority_after(RECIPES[recipe], a))} == expected


def test_looks_change_nothing_and_cuts_begin_with_quiesce_or_switch() -> None:
    assert {"baseline", "probe", "probe-links", "soak"} == LOOKS
    assert {"quiesce", "switch"} == CUT_STARTS
    assert {"verify", "accept"} == ENGINE_STEPS


def test_what_no_policy_answers_is_held_for_a_human() -> None:
    hold = Reaction(Act.HOLD)
    assert reaction(DEFAULT_POLICY, "in_doubt") == hold
    assert reaction(DEFAULT_POLICY, "operator") == hold
    assert reaction(Play(an_itinerary()).run.itinerary.policy, "abort").act is Act.UNWIND
    empty = an_itinerary(policy={"on": {}}).policy
    assert reaction(empty, "step_failed") == hold


def test_a_time_out_is_a_time_out_whatever_timed_out() -> None:
    assert trouble_of("probe-links", "timed_out") is Trouble.TIMED_OUT
    assert trouble_of("probe-links", "failed") is Trouble.LINKS_REGRESSED
    assert trouble_of("soak", "failed") is Trouble.SOAK
    assert trouble_of("copy", "failed") is Trouble.STEP_FAILED


# --- holds --------------------------------------------------------------------------------------


def test_a_hold_lets_what_is_under_way_end_and_starts_nothing_new() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    play.go_on("a/final-copy", but=["b/baseline"])
    play.say("hold", "w1", by="lena")
    play.end(*play.under_way)

    assert play.wave() is WaveState.HELD
    assert play.under_way == set()
    assert play.wake_at() is None  # no clock ends it; a human does
    play.say("release", "w1", by="lena")
    assert play.under_way == {"a/start", "b/copy"}


def test_a_subject_holds_its_wave_once() -> None:
    play = failed()
    play.wait(5)

    assert len(play.happened(ev.WaveHeld)) == 1


def test_a_second_trouble_in_a_held_wave_is_a_second_hold() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    play.go_on("a/quiesce")
    for act in ("a/quiesce", "b/quiesce"):
        play.end(act, outcome="failed")
    play.wait(1)
    play.end("a/quiesce", "b/quiesce", outcome="failed")

    assert {hold.subject for hold in play.run.waves["w1"].holds} == {"a/quiesce", "b/quiesce"}


@pytest.mark.parametrize("act", list(Act), ids=lambda act: act.value)
def test_a_trouble_is_answered_as_the_policy_says(act: Act) -> None:
    play = failed(on={Trouble.STEP_FAILED: Reaction(act, veto_minutes=20)})
    if act is Act.UNWIND:
        assert play.wave() is WaveState.UNWINDING
        return
    assert play.wave() is WaveState.HELD
    assert play.wake_at() == (play.now + timedelta(minutes=20) if act.value != "hold" else None)
    play.wait(20)
    assert (play.wave() is WaveState.UNWINDING) is (act is Act.HOLD_THEN_UNWIND)


def test_after_the_veto_period_the_wave_goes_back_by_policy() -> None:
    play = failed()
    play.wait(14)
    assert play.wave() is WaveState.HELD
    play.wait(1)
    begun = play.last(ev.UnwindBegun)

    assert (begun.by, begun.moves, begun.partial) == ("policy", ("a", "b"), False)
    assert "a/final-copy failed" in begun.cause


def test_an_unwind_by_policy_waits_for_what_is_under_way() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    play.go_on("a/final-copy", but=["b/quiesce"])
    play.fail("a/final-copy")
    assert "b/quiesce" in play.under_way
    play.wait(15)
    assert play.wave() is WaveState.HELD
    play.end("b/quiesce")

    assert play.wave() is WaveState.UNWINDING


def test_with_scope_move_only_the_closure_goes_back_and_the_rest_goes_on() -> None:
    on = {Trouble.STEP_FAILED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move")}
    play = Play(an_itinerary(waves=("abcd",), with_=("ab",), before=("ac",), on=on))
    play.go_on("a/final-copy", but=["d/baseline"])
    play.fail("a/final-copy")
    play.end(*(play.under_way - {"d/baseline"}))
    play.wait(15)
    begun = play.last(ev.UnwindBegun)
    assert begun.moves == ("a", "b", "c")
    assert begun.partial
    assert begun.reasons == (
        "asked for", "moves together with a", "was moved because a had moved before it",
    )  # fmt: skip
    play.go_on(lambda run: run.waves["w1"].state is WaveState.MOVING, but=["d/baseline"])
    assert play.happened(ev.PartReturned) == [ev.PartReturned("w1", 1)]
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED, ticks=True)
    assert {m for m, record in play.run.moves.items() if record.returned} == {"a", "b", "c"}
    assert play.run.moves["d"].switched


# --- vetoes -------------------------------------------------------------------------------------


def test_a_veto_stops_the_clock_for_a_while_and_a_second_one_for_good() -> None:
    play = failed()
    play.wait(10)
    play.say("veto", "w1", by="anna")
    assert play.wake_at() == play.now + timedelta(minutes=15)
    play.wait(14)
    assert play.wave() is WaveState.HELD
    play.say("veto", "w1", by="bo")
    assert play.wake_at() is None
    play.wait(600)

    assert play.wave() is WaveState.HELD


def test_a_veto_that_nobody_confirms_lapses() -> None:
    play = failed()
    play.say("veto", "w1")
    play.wait(15)

    assert play.wave() is WaveState.UNWINDING


# --- limits -------------------------------------------------------------------------------------


def test_an_act_that_does_not_end_within_its_limit_has_timed_out() -> None:
    play = Play(an_itinerary(waves=("a",), policy={"gate_deadline_minutes": 600}))
    play.wait(119)
    assert play.under_way == {"a/prepare"}
    assert play.wake_at() == play.now + timedelta(minutes=1)
    play.wait(1)

    ended = play.last(ev.StepEnded)
    assert (ended.outcome, ended.detail) == (
        "timed_out", "no answer after 120 min; it may have taken effect in part",
    )  # fmt: skip
    assert play.last(ev.WaveHeld).trouble == "timed_out"


def test_an_undo_times_out_too_and_is_tried_again() -> None:
    play = failed()
    play.say("unwind", "w1")
    assert "a/discard-copy" not in play.under_way
    play.go_on("a/start-source")
    play.wait(120)
    assert play.last(ev.UndoEnded).outcome == "timed_out"
    play.wait(1)

    assert play.act("a/start-source").nth == 2


def test_waiting_for_ticks_has_no_limit_of_the_platforms() -> None:
    play = Play(an_itinerary(waves=("a",), policy={"step_minutes_max": 1.0}))
    play.go_on(lambda run: run.moves["a"].steps["verify"].state is ActState.STARTED, ticks=False)
    play.wait(30)

    assert play.act("a/verify").state is ActState.STARTED


# --- doubts -------------------------------------------------------------------------------------


def settled(act: str, outcome: str) -> Play:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(act)
    move, _, step = act.partition("/")
    play.note(
        ev.StepDoubted(move, step, 1), ev.StepSettled(move, step, 1, outcome, "the world says so")
    )
    play.settle()
    return play


def test_what_nobody_can_tell_holds_the_wave_for_a_human_without_a_clock() -> None:
    play = settled("a/fence", "unknown")
    held = play.last(ev.WaveHeld)

    assert (held.trouble, held.subject, held.unwind_at) == ("in_doubt", "a/fence", None)
    assert "the world says so" in held.cause
    play.say("force-done", "a/fence", by="bo")
    assert play.wave() is WaveState.MOVING
    assert play.under_way == {"a/final-copy"}
    assert play.run.authority["a"].value == "none"


def test_what_turned_out_not_to_be_done_is_done_again_with_the_same_token() -> None:
    play = settled("a/fence", "not_done")
    tries = [event for event in play.happened(ev.StepStarted) if event.step == "fence"]

    assert [event.nth for event in tries] == [1, 2]
    assert tries[0].token == tries[1].token


def test_a_doubt_in_a_wave_that_has_not_moved_holds_it_too() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.note(ev.StepDoubted("a", "prepare", 1), ev.StepSettled("a", "prepare", 1, "unknown", ""))
    play.settle()
    assert play.wave() is WaveState.HELD
    play.say("retry", "a/prepare")

    assert play.wave() is WaveState.DECIDING


def test_a_doubt_in_a_held_wave_is_one_more_hold() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/fence")
    play.say("hold", "w1")
    play.note(ev.StepDoubted("a", "fence", 1), ev.StepSettled("a", "fence", 1, "unknown", ""))
    play.settle()

    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1", "a/fence"]


def test_a_conductors_death_does_not_use_up_a_try() -> None:
    play = settled("a/fence", "not_done")
    play.end("a/fence", outcome="failed")
    play.wait(5)

    assert "a/fence" in play.under_way  # one retry is allowed, and was not used yet
