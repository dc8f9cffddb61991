"""Waits and tasks beside everything else: their hour, an unwind, a gate, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from by_hand import (
    KEY,
    LATE,
    PATIENCE,
    a_task,
    an_undo,
    carried_out,
    clock,
    hand,
    outcome,
    played_by_hand,
    recipe,
    tick,
    with_key,
)
from itineraries import after
from migrator.engine import events as ev
from migrator.engine.states import ActState, RunState, WaveState
from migrator.plan.means import Means
from migrator.plan.model import Act, Reaction, RecipeStep, StepKind, Trouble
from playing import Play

# --- the clock ------------------------------------------------------------------------------------


def waiting(means: Means, **changes: object) -> Play:
    made = recipe(tasks=[("copy", a_task("pause", means))])
    play = Play(carried_out(made, **{"policy": LATE, **changes}))
    play.go_on("a/pause")
    return play


def test_a_wait_ends_by_itself_after_its_length() -> None:
    play = waiting(clock(25))
    begun = play.now
    assert play.wait(24) == ()
    assert play.wake_at() == begun + timedelta(minutes=25)
    play.wait_until_woken()
    assert outcome(play, "a/pause") == (ActState.DONE, "done")
    assert play.act("a/pause").detail == "its time has come"
    assert play.under_way == {"a/copy"}


def test_a_wait_for_an_hour_ends_at_that_hour() -> None:
    play = waiting(clock(until=after(200)))
    play.wait_until_woken()
    assert play.now == after(200)
    assert outcome(play, "a/pause") == (ActState.DONE, "done")


def test_a_wait_for_an_hour_that_has_passed_keeps_nobody_waiting() -> None:
    made = recipe(tasks=[("copy", a_task("pause", clock(until=after(-10))))])
    play = Play(carried_out(made, policy=LATE))
    play.go_on("a/copy")
    assert "a/pause" in play.started()
    assert outcome(play, "a/pause") == (ActState.DONE, "done")


@pytest.mark.parametrize("away", [5, 25, 500])
def test_a_wait_outlives_whoever_waited_for_it(away: int) -> None:
    """Its hour is in the journal: a restart changes nothing, and what has passed has passed."""
    play = waiting(clock(25))
    begun = play.now
    again = Play(play.run.itinerary)
    again.run, again.history, again.now = play.folded(), play.history, begun
    assert again.act("a/pause").limit_at == begun + timedelta(minutes=25)
    again.wait(away)
    assert (outcome(again, "a/pause")[0] is ActState.DONE) is (away >= 25)


def test_a_wait_may_be_an_undo() -> None:
    made = recipe(
        tasks=[("copy", a_task("key", hand("anna"), "cool-down"))],
        undos=[an_undo("cool-down", clock(30))],
    )
    play = Play(carried_out(made, policy=LATE))
    play.go_on(KEY)
    tick(play)
    play.say("hold", "w1")
    play.end("a/copy")
    play.say("unwind", "w1")
    assert play.under_way == {"a/cool-down"}
    play.wait(30)
    assert outcome(play, "a/cool-down") == (ActState.DONE, "done")


# --- cut short, or not ----------------------------------------------------------------------------


@pytest.mark.parametrize("means", [clock(60), hand("anna")])
def test_a_wait_and_a_task_that_only_looks_are_cut_short_by_an_unwind(means: Means) -> None:
    made = recipe(tasks=[("copy", a_task("key", means, looks=True))])
    play = Play(carried_out(made, policy=LATE))
    play.go_on(KEY)
    play.say("unwind", "w1", by="lena")
    assert outcome(play) == (ActState.FAILED, "failed")
    assert play.act(KEY).detail == "cut short: the move is being taken back"
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    assert play.folded() == play.run


def test_a_wait_whose_time_comes_in_the_instant_of_the_unwind_ends_once() -> None:
    play = waiting(clock(60))
    play.now += timedelta(minutes=60)
    play.say("unwind", "w1", by="lena")
    ended = [each for each in play.happened(ev.StepEnded) if each.step == "pause"]
    assert [each.outcome for each in ended] in (["done"], ["failed"])


def test_a_fence_by_hand_is_not_cut_short() -> None:
    play = played_by_hand("fence", until="a/fence")
    why = play.refusal("unwind", "w1", by="lena")
    assert "a/fence is under way" in why
    assert outcome(play, "a/fence") == (ActState.STARTED, "")


# --- ahead of the gate ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "task",
    [
        a_task("key", hand("anna"), "turn-back"),
        a_task("key", hand("anna"), looks=True),
        a_task("key", clock(until=after(600))),
    ],
)
def test_what_stands_before_a_copy_keeps_it_behind_the_gate(task: RecipeStep) -> None:
    """It was put there so that the copy comes after it, even where it changes nothing itself."""
    made = recipe(tasks=[("copy", task)], undos=[an_undo("turn-back", hand("anna"))])
    play = Play(carried_out(made))
    play.end("a/prepare")
    assert play.under_way == set()
    play.say("go", "w1")
    play.go_on(KEY)
    assert "a/copy" not in play.started()


def test_a_task_after_a_copy_does_not_keep_it_behind_the_gate() -> None:
    made = recipe(tasks=[("quiesce", a_task("key", hand("anna"), looks=True))])
    play = Play(carried_out(made))
    play.end("a/prepare")
    assert play.under_way == {"a/copy"}, "the baseline only looks, and may come later"
    play.end("a/copy")
    assert play.under_way == set()
    play.say("go", "w1")
    play.go_on(KEY)


def test_a_task_after_the_links_were_probed_needs_no_engineers_seat() -> None:
    """One seat for two moves: the second has it, and the first one's tasks go on all the same."""
    tasks = [("verify", a_task(name, hand("anna"), looks=True)) for name in ("key", "door")]
    play = Play(carried_out(recipe(tasks=tasks), waves=("ab",), seats=1))
    play.go_on(KEY)
    play.go_on("b/fence", but={KEY})
    assert play.under_way == {KEY, "b/fence"}

    tick(play)
    assert play.under_way == {"a/door", "b/fence"}


# --- the way back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [False, True])
def test_a_task_is_taken_back_only_when_it_was_begun(begun: bool) -> None:
    task = a_task("key", hand("anna"), "turn-back")
    made = recipe(tasks=[("copy", task)], undos=[an_undo("turn-back", hand("anna"))])
    play = Play(carried_out(made, policy=LATE))
    play.go_on(KEY if begun else "a/baseline")
    if begun:
        tick(play, verdict="does_not_work")
    play.say("hold", "w1")
    play.end(*play.under_way)
    play.say("unwind", "w1")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    assert ("a/turn-back" in play.started()) is begun


def test_a_task_left_out_by_a_human_is_taken_back_all_the_same() -> None:
    play = with_key("anna", on={Trouble.STEP_FAILED: Reaction(Act.HOLD)})
    tick(play, verdict="does_not_work")
    play.say("skip", KEY, by="lena")
    play.go_on("a/copy")
    play.say("hold", "w1")
    play.end("a/copy")
    play.say("unwind", "w1")
    assert "a/turn-back" in play.under_way


def test_a_looking_task_is_evidence_that_two_people_answer_for() -> None:
    task = a_task("key", hand("anna"), looks=True)
    on = {Trouble.STEP_FAILED: Reaction(Act.HOLD)}
    play = Play(carried_out(recipe(tasks=[("copy", task)]), policy=LATE, on=on))
    play.go_on(KEY)
    tick(play, verdict="does_not_work")
    assert "key is evidence" in play.refusal("skip", KEY, by="lena")
    play.say("override", KEY, by="lena", os_user="lena")
    assert play.wave() is WaveState.HELD, "one alone does not answer for it"
    play.say("override", KEY, by="anna", os_user="anna")
    assert play.wave() is WaveState.MOVING
    assert play.act(KEY).overridden
    assert play.run.exceptions == ["a/key: overridden by anna and lena: so be it"]
    assert play.folded() == play.run


def test_nobody_answers_for_what_nobody_has_said() -> None:
    task = a_task("key", hand("anna"), looks=True)
    play = Play(carried_out(recipe(tasks=[("copy", task)]), policy=LATE))
    play.go_on(KEY)
    play.wait(PATIENCE)
    assert "a/key waits for its tick" in play.refusal("override", KEY, by="lena")


def test_a_run_of_tasks_is_told_by_its_history() -> None:
    """From the first line to the last, with every act of every means."""
    made = recipe(
        means={"fence": hand("anna"), "soak": clock(10), "start-source": hand()},
        tasks=[
            ("switch", a_task("pause", clock(15))),
            ("verify", a_task("key", hand(), looks=True)),
        ],
    )
    play = Play(carried_out(made))
    for act in ("a/fence", KEY):
        play.go_on(act)
        tick(play, act)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.go_on(lambda run: run.state is RunState.ENDED)
    assert play.run.outcome == "completed"
    assert play.folded() == play.run
    assert StepKind.TASK.value not in {name for _, name in play.run.in_flight}
