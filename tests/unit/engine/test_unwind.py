"""Taking back: its set, its order, its end, what it blocks, and what it is stuck on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from itineraries import a_check, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.run import Run
from migrator.engine.states import ActState, CheckState, RunState, Side, WaveState
from playing import Play


def returned(run: Run) -> bool:
    return run.waves["w1"].state is WaveState.RETURNED


def soaking(**changes: object) -> Play:
    """A first wave that is switched and verified, all its moves in their soak."""
    play = Play(an_itinerary(**{"waves": ("ab",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(
        lambda run: (
            run.waves["w1"].verified and len(run.in_flight) >= len(run.itinerary.waves[0].moves)
        )
    )
    return play


def undone(play: Play, move: str) -> list[str]:
    return [event.undo for event in play.happened(ev.UndoStarted) if event.move == move]


@pytest.mark.parametrize("kind", ["stateful", "stateless", "batch"])
def test_the_undos_of_a_move_come_in_the_order_of_its_recipe(kind: str) -> None:
    play = soaking(waves=("a",), **({} if kind == "stateful" else {kind: "a"}))
    play.say("unwind", "w1")
    play.go_on(returned)

    recipe = play.run.itinerary.recipes[kind]
    assert undone(play, "a") == [undo.kind.value for undo in recipe.unwind]
    assert play.run.authority["a"] is Side.OLD
    assert play.run.moves["a"].switched_back_at is not None


def test_an_undo_starts_when_the_one_before_it_has_ended() -> None:
    play = soaking(waves=("a",))
    play.say("unwind", "w1")
    assert play.under_way == {"a/fence-target"}
    play.end("a/fence-target")

    assert play.under_way == {"a/bring-back"}


def test_only_what_was_begun_is_undone() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/start")
    play.fail("a/start")
    play.wait(15)
    play.go_on(returned)

    assert undone(play, "a") == [
        "fence-target", "start-source", "grant-source", "stop-target", "discard-copy", "remove",
    ]  # fmt: skip


def test_between_linked_moves_the_traffic_goes_back_in_reverse_order() -> None:
    play = Play(an_itinerary(waves=("ab",), links=("ab",), stateless="ab"))
    play.go_on("b/switch", but=["a/probe"])
    play.end("b/switch")
    play.go_on("a/soak", but=["b/soak"])
    play.say("unwind", "w1")

    assert play.run.switch_order == ["b", "a"]
    play.go_on("a/switch-back")
    assert undone(play, "b") == []
    play.end("a/switch-back")
    assert "b/start-source" in play.under_way


def test_moves_that_share_nothing_go_back_at_once() -> None:
    play = soaking(stateless="ab")
    play.say("unwind", "w1")

    assert play.under_way == {"a/start-source", "b/start-source"}


def test_a_look_that_is_under_way_is_cut_short() -> None:
    play = soaking()
    play.say("unwind", "w1")

    ends = [e for e in play.happened(ev.StepEnded) if e.step == "soak"]
    assert {e.move for e in ends} == {"a", "b"}
    assert {e.outcome for e in ends} == {"failed"}


def test_the_checks_of_what_is_taken_back_are_void() -> None:
    play = soaking()
    assert play.check("f1@w1") is CheckState.PASSED
    play.say("unwind", "a")

    assert play.check("f1@w1") is CheckState.VOID
    assert play.refusal("tick", "f1@w1", "hanna", verdict="works").startswith("f1@w1 is void")


def test_a_check_that_was_not_open_yet_does_not_keep_the_others_from_being_void() -> None:
    late = a_check("f1", 1, "a", possible_after=after(900))
    play = Play(an_itinerary(waves=("a",), checks=(late, a_check("f2", 1, "a"))))
    play.go_on(lambda run: "f2@w1" in run.checks, ticks=False)
    play.say("unwind", "w1")

    assert play.happened(ev.CheckVoided) == [ev.CheckVoided("f2@w1", 1)]


def test_a_move_is_back_when_its_last_undo_is_done_and_lists_what_remains() -> None:
    play = soaking(waves=("a",))
    play.say("unwind", "w1")
    play.go_on("a/remove")
    play.note(ev.UndoEnded("a", "remove", 1, "done", "", (), ("namespace a",)))
    play.settle()

    assert play.happened(ev.MoveReturned) == [ev.MoveReturned("a", 1, ("namespace a",))]
    assert play.wave() is WaveState.RETURNED


def test_an_unwind_of_one_move_leaves_the_rest_of_the_wave_where_it_is() -> None:
    play = soaking(waves=("abc",), with_=("ab",))
    play.say("unwind", "a")
    begun = play.last(ev.UnwindBegun)
    assert (begun.moves, begun.partial) == (("a", "b"), True)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED, but=[])

    assert play.run.authority == {"a": Side.OLD, "b": Side.OLD, "c": Side.NEW}
    assert play.happened(ev.WaveReturned) == []


def test_the_rest_of_a_wave_is_verified_again_before_it_is_kept() -> None:
    play = soaking(waves=("abc",))
    play.say("unwind", "a")
    assert play.check("f1@w1") is CheckState.VOID
    play.go_on(lambda run: run.moves["a"].returned)
    play.settle()

    assert play.check("f1@w1") is CheckState.ASSIGNED
    assert play.wave() is WaveState.MOVING
    play.say("tick", "f1@w1", "hanna", verdict="works")
    assert play.wave() is WaveState.ACCEPTED


def test_a_long_preparation_of_a_later_wave_does_not_keep_an_unwind_waiting() -> None:
    play = Play(an_itinerary(waves=("a", "b"), before=("ab",)))
    play.go_on("a/start", but=["b/copy"])
    play.fail("a/start")
    assert "b/copy" in play.under_way
    play.wait(15)

    assert play.wave("w1") is WaveState.UNWINDING
    assert play.last(ev.UnwindBegun).moves == ("a",)


def test_an_unwind_across_waves_takes_what_came_after_from_the_later_wave() -> None:
    play = Play(an_itinerary(waves=("a", "bc"), before=("ab",)))
    play.go_on("b/probe-links", but=["c/baseline"])
    play.end("b/probe-links")
    play.say("unwind", "w1")
    moves = {event.wave: event.moves for event in play.happened(ev.UnwindBegun)}

    assert moves == {"w1": ("a",), "w2": ("b",)}
    assert play.last(ev.UnwindBegun).partial
    assert play.last(ev.UnwindBegun).reasons == ("was moved because a had moved before it",)
    assert undone(play, "a") == []  # b switched later and goes back first
    play.go_on("b/switch-back", but=["c/baseline"])
    assert undone(play, "a") == []
    play.end("b/switch-back")
    assert undone(play, "a") == ["fence-target"]


# --- undos that fail ----------------------------------------------------------------------------


def stuck() -> Play:
    play = soaking(waves=("a",), stateless="a")
    play.say("unwind", "w1")
    for _ in range(3):
        play.end("a/start-source", outcome="failed", detail="no answer")
        if play.wave() is WaveState.UNWINDING:
            play.wait_until_woken()
    return play


def test_an_undo_that_fails_is_tried_again_and_then_a_human_is_called() -> None:
    play = stuck()

    tries = [each for each in play.happened(ev.UndoStarted) if each.undo == "start-source"]
    assert [each.nth for each in tries] == [1, 2, 3]
    assert len({each.token for each in tries}) == 1
    assert play.last(ev.WaveStuck) == ev.WaveStuck(
        "w1", "a/start-source", "a/start-source failed 3 times: no answer"
    )
    assert play.state() is RunState.RUNNING
    assert play.wake_at() is None


@pytest.mark.parametrize(
    ("verb", "state", "exceptions"),
    [("retry", ActState.STARTED, 0), ("skip", ActState.SKIPPED, 1),
     ("force-done", ActState.FORCED, 1), ("abandon", ActState.ABANDONED, 1)],
)  # fmt: skip
def test_a_stuck_wave_has_four_ways_out(verb: str, state: ActState, exceptions: int) -> None:
    play = stuck()
    play.say(verb, "a/start-source", by="lena")

    assert play.act("a/start-source").state is state
    assert play.wave() is WaveState.UNWINDING
    assert len(play.run.exceptions) == exceptions
    assert play.happened(ev.WaveUnstuck) == [ev.WaveUnstuck("w1")]
    play.go_on(returned)
    assert play.run.outcome in {"", "returned"}


def test_a_retry_that_fails_again_is_stuck_again() -> None:
    play = stuck()
    play.say("retry", "a/start-source", by="lena")
    play.end("a/start-source", outcome="failed")

    assert play.wave() is WaveState.STUCK
    assert len(play.happened(ev.WaveStuck)) == 2


def test_an_undo_that_nobody_can_tell_about_is_stuck_at_once() -> None:
    play = soaking(waves=("a",))
    play.say("unwind", "w1")
    play.note(ev.UndoDoubted("a", "fence-target", 1))
    play.note(ev.UndoSettled("a", "fence-target", 1, "unknown", "no answer"))
    play.settle()

    assert play.last(ev.WaveStuck).cause == (
        "a/fence-target nobody can tell whether it took effect: no answer"
    )


def test_two_undos_may_be_stuck_one_after_the_other() -> None:
    play = soaking(stateless="ab")
    play.say("unwind", "w1")
    for _ in range(3):
        play.end("a/start-source", "b/start-source", outcome="failed")
        if play.wave() is WaveState.UNWINDING:
            play.wait_until_woken()
    stuck_on = [event.subject for event in play.happened(ev.WaveStuck)]
    assert stuck_on == ["a/start-source", "b/start-source"]
    play.say("force-done", "a/start-source", by="lena")

    assert play.wave() is WaveState.STUCK
    assert play.run.waves["w1"].stuck_on == "b/start-source"
    assert "a/switch-back" in play.under_way  # what is mended goes on meanwhile
    play.say("force-done", "b/start-source", by="lena")
    assert play.wave() is WaveState.UNWINDING


def test_in_a_stuck_wave_the_other_moves_still_go_back() -> None:
    play = soaking(stateless="ab")
    play.say("unwind", "w1")
    play.end("b/start-source")
    for _ in range(3):
        play.end("a/start-source", outcome="failed")
        if play.wave() is WaveState.UNWINDING:
            play.wait_until_woken()
    assert play.wave() is WaveState.STUCK
    play.go_on(lambda run: run.moves["b"].returned)
    assert play.wave() is WaveState.STUCK


# --- what a returned wave means for the others ---------------------------------------------------


def test_a_wave_whose_hard_predecessor_is_back_is_blocked() -> None:
    play = Play(an_itinerary(waves=("a", "b"), before=("ab",), policy={"ahead_of_gate": ()}))
    play.go_on("a/probe-links")
    play.say("no-go", "w2")
    play.end("a/probe-links")
    play.say("unwind", "w1")
    play.go_on(lambda run: run.waves["w2"].state is WaveState.BLOCKED)

    assert play.last(ev.WaveBlocked) == ev.WaveBlocked("w2", "w2 needs a of w1, which is returned")
    assert not play.run.moves["b"].touched


def test_what_was_prepared_for_a_blocked_wave_is_taken_back() -> None:
    play = Play(an_itinerary(waves=("a", "bc"), before=("ab",)))
    play.go_on("a/start", but=["b/copy", "c/copy"])
    play.fail("a/start")
    play.wait(15)
    play.end("c/copy")
    play.go_on(returned, but=["b/copy"])
    assert play.wave("w2") is WaveState.PLANNED  # a copy runs: it ends first
    play.end("b/copy")
    begun = play.last(ev.UnwindBegun)

    assert (begun.wave, begun.moves, begun.by) == ("w2", ("b", "c"), "engine")
    assert set(begun.reasons) == {"was prepared ahead of its gate"}
    play.go_on(lambda run: run.waves["w2"].state is WaveState.RETURNED)
    assert undone(play, "b") == undone(play, "c") == ["discard-copy", "remove"]


def test_a_returned_wave_that_nobody_needs_blocks_nothing() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on("a/start")
    play.fail("a/start")
    play.wait(15)
    play.go_on(lambda run: run.waves["w2"].state is WaveState.ACCEPTED)

    assert play.wave("w1") is WaveState.RETURNED


def test_one_move_that_was_taken_back_blocks_the_wave_that_needs_it() -> None:
    play = Play(an_itinerary(waves=("ab", "c"), before=("ac",), policy={"ahead_of_gate": ()}))
    play.go_on(lambda run: len(run.in_flight) == 2 and run.waves["w1"].verified)
    play.say("unwind", "a")
    assert "which is being taken back" in play.refusal("go", "w2")
    play.go_on(lambda run: run.moves["a"].returned, gates=False)
    play.settle()

    assert play.wave("w2") is WaveState.BLOCKED
    assert play.last(ev.WaveBlocked).because == "w2 needs a of w1, which is returned"


def test_a_move_that_stayed_behind_blocks_only_who_needs_it() -> None:
    play = Play(an_itinerary(waves=("ab", "c"), before=("ac",)))
    play.go_on(lambda run: run.waves["w1"].verified and ("b", "soak") in run.in_flight)
    play.settle()
    play.end(*(play.under_way - {"a/soak", "b/soak"}))
    play.say("unwind", "b")
    play.go_on(lambda run: run.waves["w2"].state is WaveState.ACCEPTED)

    assert play.run.moves["b"].returned
    assert play.run.moves["c"].switched


def test_where_the_policy_says_hold_a_returned_wave_pauses_the_run() -> None:
    play = soaking(waves=("a", "b"), policy={"after_unwind": "hold", "ahead_of_gate": ()})
    play.say("unwind", "w1")
    play.go_on(returned)

    assert play.state() is RunState.PAUSED
    assert "w1" in play.run.paused_because


def test_the_next_attempt_has_new_tokens_and_a_new_baseline() -> None:
    play = soaking(waves=("a",))
    play.say("unwind", "w1")
    play.go_on(returned)
    play.say("retry", "w1", by="bo")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    tokens = {
        number: {e.token for e in play.happened(ev.StepStarted) if e.attempt == number}
        for number in (1, 2)
    }

    assert play.run.waves["w1"].attempt == 2
    assert len(tokens[1]) == 13
    assert len(tokens[2]) == 14
    assert not tokens[1] & tokens[2]
    assert [e.attempt for e in play.happened(ev.StepStarted) if e.step == "baseline"] == [1, 2]
    assert [e.attempt for e in play.happened(ev.CheckOpened)] == [1, 2]
    assert len(play.happened(ev.GateOpened)) == 2


def test_a_returned_wave_does_not_keep_the_run_from_ending() -> None:
    play = soaking(waves=("a",))
    play.say("unwind", "w1")
    play.go_on(returned)
    assert play.state() is RunState.RUNNING  # for an hour it may be tried again
    assert play.wake_at() == play.now + timedelta(minutes=60)
    play.wait(60)

    assert (play.state(), play.run.outcome) == (RunState.ENDED, "returned")


def test_a_run_whose_waves_have_no_attempt_left_ends_at_once() -> None:
    play = soaking(waves=("a",), policy={"waves_per_attempt_max": 1})
    play.say("unwind", "w1")
    play.go_on(returned)
    play.settle()

    assert play.state() is RunState.ENDED
