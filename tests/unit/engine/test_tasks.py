"""What people and the clock do: a task ends by a tick, a wait by its hour, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from by_hand import a_task, an_undo, carried_out, clock, hand, recipe
from itineraries import a_member, after
from migrator.engine import events as ev
from migrator.engine.states import ActState, RunState, Side, WaveState
from migrator.engine.tasks import task_of
from migrator.ids import TeamId
from migrator.plan.means import Means
from migrator.plan.model import Act, Reaction, RecipeStep, StepKind, Trouble
from playing import Play

PATIENCE = 45
"""What the default policy has with people, in minutes."""

LATE = {"ahead_of_gate": ()}
KEY = "a/key"


def with_key(*persons: str, before: str = "copy", **changes: object) -> Play:
    """A move with a person's task before its copy, and the task under way."""
    task = a_task("key", hand(*persons), "turn-back")
    made = recipe(tasks=[(before, task)], undos=[an_undo("turn-back", hand("anna"))])
    play = Play(carried_out(made, **{"policy": LATE, **changes}))
    play.go_on(KEY)
    return play


def by_hand(*keys: str, until: str, **changes: object) -> Play:
    """A move of which some acts are done by hand, come so far."""
    name = "stateless" if "stateless" in changes else "stateful"
    made = recipe(name, means={key: hand("anna") for key in keys})
    play = Play(carried_out(made, **{"policy": LATE, **changes}))
    play.go_on(until)
    return play


def outcome(play: Play, act: str = KEY) -> tuple[ActState, str]:
    record = play.act(act)
    return record.state, record.outcome


def tick(play: Play, act: str = KEY, verdict: str = "works", by: str = "anna") -> None:
    given = play.say("tick", act, by=by, verdict=verdict)
    assert isinstance(given[0], ev.CommandTaken), given


# --- who ticks ------------------------------------------------------------------------------------


def test_a_task_waits_for_its_person_and_for_nothing_else() -> None:
    play = with_key("anna")
    assert play.wait(PATIENCE - 1) == ()
    assert outcome(play) == (ActState.STARTED, "")

    tick(play)
    assert outcome(play) == (ActState.DONE, "done")
    assert play.act(KEY).detail == "done by anna: so be it"
    assert play.under_way == {"a/copy"}


@pytest.mark.parametrize("who", ["anna", "dora", "lena"])
def test_a_task_is_ticked_by_its_person_their_deputy_or_the_wave_lead(who: str) -> None:
    play = with_key("anna")
    tick(play, by=who)
    assert outcome(play) == (ActState.DONE, "done")


def test_a_task_is_ticked_by_nobody_else_and_the_answer_says_who_may() -> None:
    play = with_key("anna", "bo")
    why = play.refusal("tick", KEY, by="hugo", verdict="works")
    assert why == "hugo may not tick a/key; anna, bo, dora, lena may"
    assert outcome(play) == (ActState.STARTED, "")


def test_a_task_without_names_is_the_teams() -> None:
    members = {
        "per": a_member("per", team=TeamId("blue")),
        "pia": a_member("pia", team=TeamId("green")),
        "anna": a_member("anna", "decision_maker"),
        "lena": a_member("lena"),
    }
    play = with_key(members=members, checks=())
    assert play.refusal("tick", KEY, by="pia", verdict="works").endswith("per, lena may")
    tick(play, by="per")
    assert outcome(play) == (ActState.DONE, "done")


def test_where_the_estate_names_nobody_of_the_team_anybody_may() -> None:
    play = with_key()
    tick(play, by="hugo")
    assert outcome(play) == (ActState.DONE, "done")


def test_a_wave_without_a_lead_and_a_person_unknown_to_the_run() -> None:
    itinerary = carried_out(recipe(tasks=[("copy", a_task("key", hand("nils"), looks=True))]))
    leaderless = replace(itinerary.waves[0], lead=None)
    play = Play(replace(itinerary, waves=(leaderless,)))
    play.go_on(KEY)
    assert play.refusal("tick", KEY, verdict="works") == "anna may not tick a/key; nils may"


def test_an_early_and_a_late_tick_are_refused() -> None:
    play = with_key("anna", before="fence")
    tick(play)
    assert "a/key is done; it is not waiting" in play.refusal("tick", KEY, verdict="works")
    early = with_key("anna")
    turn_back = early.refusal("tick", "a/turn-back", verdict="works")
    assert turn_back == "a/turn-back is waiting; it is not waiting for anybody"


def test_a_tick_of_a_task_says_works_or_does_not_work() -> None:
    play = with_key("anna")
    why = play.refusal("tick", KEY, verdict="cannot_judge")
    assert why == "a task is ticked works when it is done, does_not_work when it cannot be"
    tick(play, verdict="works_but")
    assert outcome(play) == (ActState.DONE, "done")


@pytest.mark.parametrize("target", ["a/copy", "a/dance", "x/key", "a", "f1@w1"])
def test_only_what_a_person_does_is_a_task(target: str) -> None:
    assert task_of(with_key("anna").run, target) is None


# --- what follows ---------------------------------------------------------------------------------


def test_what_cannot_be_done_has_failed_and_the_policy_acts() -> None:
    play = with_key("anna")
    tick(play, verdict="does_not_work")
    assert outcome(play) == (ActState.FAILED, "failed")
    assert play.act(KEY).detail == "cannot be done, says anna: so be it"
    assert play.wave() is WaveState.MOVING, "the policy tries it once more"

    play.wait(1)
    assert play.act(KEY).nth == 2
    tick(play, verdict="does_not_work")
    assert play.wave() is WaveState.HELD
    (held,) = play.happened(ev.WaveHeld)
    assert (held.trouble, held.subject) == ("step_failed", KEY)
    play.wait(15)
    assert play.wave() is WaveState.UNWINDING


def test_the_reason_need_not_be_given() -> None:
    play = with_key("anna")
    play.say("tick", KEY, reason="", verdict="works")
    assert play.act(KEY).detail == "done by anna"


@pytest.mark.parametrize(
    ("key", "side"), [("fence", Side.NONE), ("grant", Side.NEW), ("switch", Side.NEW)]
)
def test_authority_moves_with_the_tick_of_an_act_that_moves_it(key: str, side: Side) -> None:
    extra = {"stateless": "a"} if key == "switch" else {}
    play = by_hand(key, until=f"a/{key}", **extra)
    before = play.run.authority["a"]
    assert before is not side
    tick(play, f"a/{key}")
    assert play.run.authority["a"] is side
    assert play.folded() == play.run


def test_authority_stays_where_an_act_could_not_be_done() -> None:
    play = by_hand("fence", until="a/fence")
    tick(play, "a/fence", verdict="does_not_work")
    assert play.run.authority["a"] is Side.OLD


def test_undos_by_hand_move_authority_back() -> None:
    play = by_hand("fence-target", "grant-source", until="a/probe-links")
    play.say("hold", "w1")
    play.end("a/probe-links")
    play.say("unwind", "w1")
    assert play.under_way == {"a/fence-target"}
    tick(play, "a/fence-target")
    assert play.run.authority == {"a": Side.NONE}
    play.go_on("a/grant-source")
    tick(play, "a/grant-source")
    assert play.run.authority == {"a": Side.OLD}
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)


def test_two_tasks_of_one_move_are_done_one_after_the_other() -> None:
    tasks = [("copy", a_task("door", hand("bo"), looks=True)),
             ("copy", a_task("key", hand("anna"), looks=True))]  # fmt: skip
    play = Play(carried_out(recipe(tasks=tasks), policy=LATE))
    play.go_on("a/door")
    assert "may not tick a/door" in play.refusal("tick", "a/door", by="anna", verdict="works")
    tick(play, "a/door", by="bo")
    assert play.under_way == {"a/key"}
    tick(play)
    assert play.under_way == {"a/copy"}


# --- nobody answers -------------------------------------------------------------------------------


def test_a_task_that_nobody_ticks_holds_its_wave_once() -> None:
    play = with_key("anna")
    play.wait(PATIENCE)
    (held,) = play.happened(ev.WaveHeld)
    assert (held.trouble, held.subject, held.moves) == ("unanswered", KEY, ("a",))
    assert held.cause == f"nobody has ticked the task a/key for {PATIENCE} min"
    play.wait(300)
    assert len(play.happened(ev.WaveHeld)) == 1
    assert outcome(play) == (ActState.STARTED, ""), "it may still be ticked"


def test_a_tick_ends_the_hold_that_waited_for_it() -> None:
    play = with_key("anna")
    play.wait(PATIENCE)
    tick(play)
    assert play.wave() is WaveState.MOVING
    assert play.under_way == {"a/copy"}


def test_a_tick_leaves_another_hold_alone() -> None:
    play = with_key("anna")
    play.wait(PATIENCE)
    play.say("hold", "w1", by="lena")
    tick(play)
    assert play.wave() is WaveState.HELD
    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1"]


def test_a_release_gives_the_patience_anew() -> None:
    play = with_key("anna")
    play.wait(PATIENCE + 10)
    play.say("release", "w1", by="lena")
    assert play.wave() is WaveState.MOVING
    assert play.wait(PATIENCE - 1) == ()
    play.wait(1)
    assert play.wave() is WaveState.HELD
    assert len(play.happened(ev.WaveHeld)) == 2
    assert play.folded() == play.run


def test_a_task_may_have_a_limit_of_its_own() -> None:
    task = a_task("key", hand("anna"), looks=True, limit=10)
    play = Play(carried_out(recipe(tasks=[("copy", task)]), policy=LATE))
    play.go_on(KEY)
    play.wait(9)
    assert play.wave() is WaveState.MOVING
    play.wait(1)
    assert play.wave() is WaveState.HELD


def test_an_unwind_that_only_waits_for_a_task_counts_it_as_timed_out() -> None:
    play = with_key("anna", on={Trouble.UNANSWERED: Reaction(Act.HOLD_THEN_UNWIND, 15, 45)})
    play.wait(PATIENCE)
    assert play.wave() is WaveState.HELD
    play.wait(14)
    assert outcome(play) == (ActState.STARTED, "")
    play.wait(1)
    assert outcome(play) == (ActState.FAILED, "timed_out")
    assert play.wave() is WaveState.UNWINDING
    assert "a/turn-back" in play.under_way, "it may have been done in part"


def test_an_abort_waits_for_a_task_until_its_limit_and_no_longer() -> None:
    play = with_key("anna")
    play.say("abort")
    play.wait(PATIENCE - 1)
    assert outcome(play) == (ActState.STARTED, "")
    play.wait(1)
    assert outcome(play) == (ActState.FAILED, "timed_out")
    assert play.wave() is WaveState.UNWINDING


def test_a_manual_undo_that_nobody_does_is_tried_again_and_then_stuck() -> None:
    play = with_key("anna")
    tick(play)
    play.say("hold", "w1")
    play.end("a/copy")
    play.say("unwind", "w1")
    for nth in (1, 2, 3):
        assert play.act("a/turn-back").nth == nth
        play.wait(PATIENCE)
        play.wait(nth)
    assert play.wave() is WaveState.STUCK
    assert play.run.waves["w1"].stuck_on == "a/turn-back"

    play.say("retry", "a/turn-back", by="lena")
    tick(play, "a/turn-back")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)


def test_a_task_ahead_of_its_gate_is_waited_for_without_a_hold() -> None:
    made = recipe(means={"prepare": hand("anna")})
    play = Play(carried_out(made, policy={"gate_default": "wait"}))
    assert play.under_way == {"a/prepare"}
    play.wait(PATIENCE)
    (said,) = [each for each in play.happened(ev.Stalled) if each.subject == "a/prepare"]
    assert (said.since, said.on_whom) == (after(PATIENCE), "blue")
    assert said.mend == "migrator tick RUN a/prepare works, or does_not_work"
    for _ in range(3):
        play.wait_until_woken()
    assert [each.subject for each in play.happened(ev.Stalled)].count("a/prepare") == 1
    assert play.wave() is WaveState.DECIDING
    tick(play, "a/prepare")
    assert play.under_way == {"a/copy"}


def test_a_commit_waits_for_its_task_and_says_so() -> None:
    made = recipe(means={"retire": hand("anna")})
    play = Play(carried_out(made))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.go_on("a/retire")
    play.wait(PATIENCE)
    assert play.last(ev.Stalled).subject == "a/retire"
    assert play.wave() is WaveState.COMMITTING
    tick(play, "a/retire")
    assert play.wave() is WaveState.COMMITTED


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
    play = by_hand("fence", until="a/fence")
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
    """One seat for two moves: the second has it, and the first one's task goes on all the same."""
    made = recipe(tasks=[("verify", a_task("key", hand("anna"), looks=True))])
    play = Play(carried_out(made, waves=("ab",), seats=1))
    play.go_on(KEY)
    play.go_on("b/fence", but={KEY})
    assert KEY in play.under_way
    seats = [each for each in play.under_way if each.startswith("b/")]
    assert seats == ["b/fence"]

    late = Play(carried_out(made, waves=("ab",), seats=1))
    late.go_on("a/probe-links")
    late.end("a/probe-links")
    assert late.under_way == {KEY, "b/baseline"}


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
