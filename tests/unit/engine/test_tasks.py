"""What people and the clock do: a task ends by a tick, a wait by its hour, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import (
    KEY,
    LATE,
    PATIENCE,
    a_task,
    carried_out,
    hand,
    outcome,
    played_by_hand,
    recipe,
    tick,
    with_key,
)
from itineraries import a_member, after
from migrator.engine import events as ev
from migrator.engine.states import ActState, Side, WaveState
from migrator.engine.tasks import task_of
from migrator.ids import TeamId
from migrator.plan.model import Act, Reaction, Trouble
from playing import Play

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
    play = played_by_hand(key, until=f"a/{key}", **extra)
    before = play.run.authority["a"]
    assert before is not side
    tick(play, f"a/{key}")
    assert play.run.authority["a"] is side
    assert play.folded() == play.run


def test_authority_stays_where_an_act_could_not_be_done() -> None:
    play = played_by_hand("fence", until="a/fence")
    tick(play, "a/fence", verdict="does_not_work")
    assert play.run.authority["a"] is Side.OLD


def test_undos_by_hand_move_authority_back() -> None:
    play = played_by_hand("fence-target", "grant-source", until="a/probe-links")
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
