"""The fold: what each kind of event leaves in the run, beside the states of the tables."""

from __future__ import annotations

import copy

import pytest

from itineraries import a_check, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import apply, fold
from migrator.engine.run import Run, new_run
from migrator.engine.states import ActState, IllegalEvent, RunState, Side, WaveState
from playing import Play, the_first_line

SMALL = an_itinerary(waves=("ab", "c"), links=("ab",), stateless="b")


def a_run(*events: ev.Event) -> Run:
    """A started run in which these things happened, one a minute."""
    return fold(SMALL, [(after(n), event) for n, event in enumerate((the_first_line(), *events))])


def go(wave: str = "w1") -> tuple[ev.Event, ...]:
    return (ev.GateOpened(wave, 1, after(60)), ev.GateDecided(wave, 1, "anna", ""))


def began(act: str, nth: int = 1) -> ev.StepStarted:
    move, _, step = act.partition("/")
    return ev.StepStarted(move, step, 1, nth, "t", after(120))


def ended(act: str, outcome: str = "done") -> ev.StepEnded:
    move, _, step = act.partition("/")
    return ev.StepEnded(move, step, 1, outcome, "detail", ("created x",))


def test_before_anything_happened_all_is_live_on_the_old_side() -> None:
    run = new_run(SMALL)

    assert set(run.authority.values()) == {Side.OLD}
    assert list(run.waves) == ["w1", "w2"]
    assert list(run.moves["b"].steps)[-2:] == ["finalise", "retire"]
    assert not any(move.touched or move.switched for move in run.moves.values())


def test_a_run_is_started_once() -> None:
    with pytest.raises(IllegalEvent):
        a_run(the_first_line())


def test_seq_and_now_follow_the_last_event() -> None:
    run = a_run(*go())

    assert (run.seq, run.now) == (3, after(2))


def test_pausing_keeps_its_reason_until_the_run_goes_on() -> None:
    assert a_run(ev.RunPaused("lunch")).paused_because == "lunch"
    assert a_run(ev.RunPaused("lunch"), ev.RunResumed("")).paused_because == ""
    assert a_run(ev.RunAborted("enough")).paused_because == "enough"
    ended_run = a_run(ev.RunEnded("completed"))
    assert (ended_run.state, ended_run.outcome) == (RunState.ENDED, "completed")


def test_a_gate_keeps_who_decided_it_and_when() -> None:
    wave = a_run(*go()).waves["w1"]

    assert (wave.opened_at, wave.gate_deadline) == (after(1), after(60))
    assert (wave.decided_at, wave.decided_by, wave.started_at) == (after(2), "anna", after(2))


def test_a_lapsed_gate_keeps_its_reason() -> None:
    lapsed = ev.GateLapsed("w1", 1, "policy", "nobody came")
    wave = a_run(ev.GateOpened("w1", 1, after(9)), lapsed).waves["w1"]

    assert (wave.decided_by, wave.cause, wave.ended_at) == ("policy", "nobody came", after(2))


def test_postponing_moves_the_deadline() -> None:
    run = a_run(ev.GateOpened("w1", 1, after(9)), ev.GatePostponed("w1", 1, after(99), "bo", ""))

    assert run.waves["w1"].gate_deadline == after(99)


def test_a_step_keeps_its_tries_its_token_and_its_times() -> None:
    run = a_run(*go(), began("a/copy"), ended("a/copy", "failed"), began("a/copy", 2))
    act = run.moves["a"].steps["copy"]

    assert (act.nth, act.token, act.started, act.ended) == (2, "t", after(5), None)
    assert run.in_flight == {("a", "copy"): act}
    assert run.moves["a"].first_started == after(3)
    assert (act.outcome, act.detail, act.changes) == ("failed", "detail", ("created x",))


def test_an_ended_step_is_no_longer_in_flight() -> None:
    run = a_run(*go(), began("a/copy"), ended("a/copy"))

    assert run.in_flight == {}
    assert run.moves["a"].steps["copy"].ended == after(4)
    assert run.last_progress["w1"] == after(4)
    assert run.last_progress["w2"] == after(0)


def test_the_order_of_the_switches_is_kept() -> None:
    acts = ("b/switch", "a/switch")
    run = a_run(*go(), *(event for act in acts for event in (began(act), ended(act))))

    assert run.switch_order == ["b", "a"]
    assert run.moves["b"].switched_at == after(4)
    assert run.moves["b"].switched
    assert not run.moves["c"].switched


def test_a_failed_switch_has_not_switched() -> None:
    run = a_run(*go(), began("a/switch"), ended("a/switch", "timed_out"))

    assert run.switch_order == []
    assert not run.moves["a"].switched


def test_authority_is_what_was_journalled() -> None:
    assert a_run(ev.AuthorityMoved("a", "none")).authority["a"] is Side.NONE
    with pytest.raises(IllegalEvent):
        a_run(ev.AuthorityMoved("nobody", "new"))
    with pytest.raises(ValueError, match="middle"):
        a_run(ev.AuthorityMoved("a", "middle"))


def test_a_look_is_kept_by_its_name() -> None:
    look = ev.LinksJudged("a", 1, "baseline", 3, 0, 1, 0, 0, ())

    assert a_run(look).moves["a"].judged == {"baseline": look}


def unwound(*moves: str, **changes: object) -> ev.UnwindBegun:
    fields = {
        "wave": "w1", "attempt": 1, "moves": moves, "reasons": tuple("why" for _ in moves),
        "partial": False, "by": "anna", "cause": "cause", **changes,
    }  # fmt: skip
    return ev.UnwindBegun(**fields)  # type: ignore[arg-type]  # a test's own data


def test_an_unwind_names_the_undos_of_the_steps_that_were_begun() -> None:
    begun = ("a/prepare", "a/baseline", "a/copy")
    run = a_run(*go(), *(e for act in begun for e in (began(act), ended(act))), unwound("a"))

    assert [undo.name for undo in run.moves["a"].undoing] == ["discard-copy", "remove"]
    assert run.waves["w1"].reasons == {"a": "why"}
    assert run.moves["a"].unwinding


@pytest.mark.parametrize("how", ["skip", "force-done"])
def test_what_a_human_stood_in_for_is_undone_too(how: str) -> None:
    run = a_run(*go(), ev.StepResolved("a", "copy", 1, how, "bo", "x"), unwound("a"))

    assert [undo.name for undo in run.moves["a"].undoing] == ["discard-copy"]


def test_nothing_is_taken_back_behind_the_back_of_an_act() -> None:
    run = a_run(*go(), began("a/copy"))
    before = copy.deepcopy(run)

    with pytest.raises(IllegalEvent):
        apply(run, after(9), unwound("a"))

    assert run == before
    apply(run, after(9), unwound())  # another move's unwind is another matter


def test_a_look_that_is_under_way_does_not_keep_an_unwind_waiting() -> None:
    run = a_run(*go(), began("a/soak"), began("a/verify"), unwound("a"))

    assert run.waves["w1"].state is WaveState.UNWINDING


def test_reasons_and_moves_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="zip"):
        a_run(*go(), unwound("a", reasons=()))


def test_a_returned_move_lists_what_remains() -> None:
    run = a_run(
        *go(), began("a/prepare"), ended("a/prepare"), unwound("a"),
        ev.UndoStarted("a", "remove", 1, 1, "t", after(99)),
        ev.UndoEnded("a", "remove", 1, "done", "", (), ("namespace a",)),
    )  # fmt: skip
    assert run.moves["a"].remains == ("namespace a",)
    apply(run, after(20), ev.MoveReturned("a", 1, ("namespace a",)))
    assert (run.moves["a"].returned, run.moves["a"].unwinding) == (True, False)
    apply(run, after(21), ev.WaveReturned("w1", 1))
    assert (run.waves["w1"].ended_at, run.waves["w1"].unwinding) == (after(21), ())


def test_a_new_attempt_begins_with_fresh_records_for_what_is_on_the_old_side() -> None:
    run = a_run(
        *go(), began("a/copy"), ended("a/copy"), unwound("a"), ev.MoveReturned("a", 1, ()),
        ev.WaveReturned("w1", 1), ev.AuthorityMoved("b", "new"), ev.AttemptOpened("w1", 2, "bo"),
    )  # fmt: skip
    wave = run.waves["w1"]

    assert run.moves["a"].attempt == 2
    assert run.moves["a"].steps["copy"].state is ActState.WAITING
    assert not run.moves["a"].returned
    assert run.moves["b"].attempt == 1  # it is where it should be
    assert (wave.attempt, wave.started_at, wave.ended_at, wave.cause) == (2, None, None, "")
    assert (wave.gate_deadline, wave.opened_at, wave.decided_at, wave.reasons) == (
        None, None, None, {},
    )  # fmt: skip


def a_hold(subject: str = "a/copy") -> ev.WaveHeld:
    return ev.WaveHeld("w1", 1, "step_failed", subject, ("a",), f"{subject} broke", after(30))


def test_a_wave_may_be_held_for_several_things_and_goes_on_when_none_is_left() -> None:
    run = a_run(*go(), a_hold("a/copy"), a_hold("b/start"))
    wave = run.waves["w1"]
    assert [hold.subject for hold in wave.holds] == ["a/copy", "b/start"]
    assert wave.hold is wave.holds[0]
    assert wave.cause == "b/start broke"

    apply(run, after(9), ev.HoldReleased("w1", "a/copy", "bo", ""))
    assert (wave.state, len(wave.holds)) == (WaveState.HELD, 1)
    apply(run, after(10), ev.HoldReleased("w1", "b/start", "bo", ""))
    assert (wave.state, wave.holds, wave.cause) == (WaveState.MOVING, [], "")
    assert wave.hold is None


def test_a_release_of_nothing_in_particular_releases_everything() -> None:
    run = a_run(*go(), a_hold("a/copy"), a_hold("b/start"), ev.HoldReleased("w1", "", "bo", ""))

    assert run.waves["w1"].state is WaveState.MOVING


def test_a_wave_that_was_held_before_its_gate_goes_back_there() -> None:
    release = ev.HoldReleased("w1", "", "bo", "")
    assert a_run(a_hold(), release).waves["w1"].state is WaveState.PLANNED
    opened = ev.GateOpened("w1", 1, after(60))
    assert a_run(opened, a_hold(), release).waves["w1"].state is WaveState.DECIDING


def test_a_veto_moves_the_clock_of_every_hold() -> None:
    run = a_run(*go(), a_hold(), ev.VetoGiven("w1", "bo", "", after(40)))
    assert run.waves["w1"].holds[0].unwind_at == after(40)
    run = a_run(
        *go(), a_hold(), ev.VetoGiven("w1", "bo", "", after(40)),
        ev.VetoGiven("w1", "anna", "", None),
    )  # fmt: skip
    assert run.waves["w1"].holds[0].unwind_at is None
    assert run.waves["w1"].holds[0].vetoed_by == ("bo", "anna")


def test_an_override_of_a_failed_look_stands_in_for_it_and_is_an_exception() -> None:
    given = ev.OverrideGiven("w1", "a/probe-links", "anna", "bo", "known")
    asked = ev.OverrideAsked("w1", "a/probe-links", "anna", "u1", "known")
    run = a_run(*go(), began("a/probe-links"), ended("a/probe-links", "failed"), asked)
    assert run.overrides_asked == {"a/probe-links": asked}
    apply(run, after(9), given)

    act = run.moves["a"].steps["probe-links"]
    assert (act.state, act.overridden, run.overrides_asked) == (ActState.FORCED, True, {})
    assert run.exceptions == ["a/probe-links: overridden by anna and bo: known"]
    assert run.waves["w1"].exceptions == run.exceptions


def test_an_override_of_what_has_not_failed_changes_no_state() -> None:
    given = ev.OverrideGiven("w1", "a/probe-links", "anna", "bo", "known")
    assert a_run(given).moves["a"].steps["probe-links"].state is ActState.WAITING
    nothing = ev.OverrideGiven("w1", "w1", "anna", "bo", "known")
    assert a_run(nothing).exceptions == ["w1: overridden by anna and bo: known"]


def test_an_override_of_a_check_is_kept_with_it() -> None:
    opened = ev.CheckOpened("f1@w1", 1)
    run = a_run(*go(), opened, ev.OverrideGiven("w1", "f1@w1", "anna", "bo", "x"))

    assert run.checks["f1@w1"].overridden


def test_a_spent_code_and_an_answered_command_are_remembered() -> None:
    run = a_run(
        ev.CodeSpent("bo", "d1"),
        ev.CommandTaken("c1", "pause", "run", "bo", True, "", 1),
        ev.CommandRefused("c2", "pause", "run", "bo", "no"),
    )
    assert run.codes_spent == {"d1"}
    assert run.commands == {"c1", "c2"}


@pytest.mark.parametrize("how", ["skip", "force-done", "abandon"])
def test_a_humans_word_on_an_act_is_an_exception(how: str) -> None:
    run = a_run(*go(), ev.StepResolved("a", "copy", 1, how, "bo", "by hand"))

    assert run.exceptions == [f"step a/copy: {how} by bo: by hand"]


def test_a_retry_is_no_exception_and_grants_one_more_try() -> None:
    run = a_run(
        *go(), began("a/copy"), ended("a/copy", "failed"),
        ev.StepResolved("a", "copy", 1, "retry", "bo", ""),
    )  # fmt: skip
    assert run.exceptions == []
    assert run.moves["a"].steps["copy"].allowance == 2


def test_an_unknown_act_is_listed_until_a_human_has_spoken() -> None:
    run = a_run(
        *go(), began("a/fence"), ev.StepDoubted("a", "fence", 1),
        ev.StepSettled("a", "fence", 1, "unknown", "no answer"),
    )  # fmt: skip
    assert run.unknown == {("a", "fence")}
    apply(run, after(9), ev.StepResolved("a", "fence", 1, "force-done", "bo", "seen"))
    assert run.unknown == set()


def test_a_switch_that_turned_out_to_be_done_or_was_done_by_hand_counts() -> None:
    doubted = (began("a/switch"), ev.StepDoubted("a", "switch", 1))
    settled = ev.StepSettled("a", "switch", 1, "done", "")
    assert a_run(*go(), *doubted, settled).switch_order == ["a"]
    by_hand = ev.StepResolved("a", "switch", 1, "force-done", "bo", "x")
    assert a_run(*go(), by_hand).switch_order == ["a"]


def test_a_stuck_wave_says_on_what_and_forgets_it_when_mended() -> None:
    run = a_run(*go(), unwound(), ev.WaveStuck("w1", "a/remove", "it broke"))
    assert (run.waves["w1"].stuck_on, run.waves["w1"].cause) == ("a/remove", "it broke")
    apply(run, after(9), ev.WaveUnstuck("w1"))
    assert run.waves["w1"].stuck_on == ""


def test_a_part_that_is_back_lets_the_rest_go_on() -> None:
    run = a_run(*go(), unwound("a", partial=True), ev.PartReturned("w1", 1))
    wave = run.waves["w1"]

    assert (wave.state, wave.unwinding, wave.partial) == (WaveState.MOVING, (), False)


def test_a_check_keeps_its_ticks_and_who_could_not_judge() -> None:
    play = Play(an_itinerary(waves=("a",), checks=(a_check("f1", 1, "a", quorum=2),)))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.settle()
    check = play.run.checks["f1@w1"]
    assert (check.person, check.attempt, check.wave) == ("hanna", 1, "w1")

    play.note(ev.TickGiven("f1@w1", 1, "hanna", "cannot_judge", "n1"))
    assert (check.declined_by, check.person, check.note_digest) == (("hanna",), "", "n1")
    play.note(ev.TickGiven("f1@w1", 1, "hugo", "works", ""))
    assert (check.ticks["hugo"], check.ticked_at["hugo"], check.note_digest) == (
        "works", play.now, "n1",
    )  # fmt: skip


def test_a_stall_is_kept_by_its_subject() -> None:
    stalled = ev.Stalled("w1", "w1", "somebody", "anna", after(0), "call her")

    assert a_run(stalled).stalled == {"w1": stalled}


def test_blocking_and_accepting_and_committing_keep_their_hour() -> None:
    assert a_run(ev.WaveBlocked("w1", "no")).waves["w1"].ended_at == after(1)
    run = a_run(*go(), ev.WaveVerified("w1", 1), ev.WaveAccepted("w1", 1))
    assert run.waves["w1"].verified
    assert run.waves["w1"].ended_at == after(4)
    apply(run, after(7), ev.CommitBegun("w1", "bo", ""))
    assert run.last_progress["w1"] == after(7)
    apply(run, after(8), ev.WaveCommitted("w1"))
    assert run.waves["w1"].state is WaveState.COMMITTED


def test_the_fold_of_the_history_is_the_live_run_at_every_line() -> None:
    play = Play(SMALL)
    play.go_on("a/switch", but=["b/drain"])
    live = new_run(SMALL)
    for number, (at, event) in enumerate(play.history, 1):
        apply(live, at, event)
        assert live == fold(SMALL, play.history[:number])
    assert live == play.run


def test_a_run_is_led_by_the_version_that_was_accepted_last() -> None:
    assert a_run().program == "0"
    assert a_run(ev.VersionAccepted("0", "1", "anna")).program == "1"
