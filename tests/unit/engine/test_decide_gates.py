"""Gates, what may run ahead of them, and the end of a run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.decide import Decision, decide, open_doubts, outcome
from migrator.engine.run import Run, new_run
from migrator.engine.states import RunState, Side, WaveState
from migrator.plan.model import Act, Reaction, StepKind, Trouble
from playing import Play


def accepted(wave: str) -> object:
    return lambda run: run.waves[wave].state is WaveState.ACCEPTED


def test_nothing_follows_before_the_first_line_and_after_the_last() -> None:
    run = new_run(an_itinerary())
    assert decide(run, after(0)) == Decision((), None)
    run.state = RunState.ENDED
    assert decide(run, after(0)) == Decision((), None)


def test_the_first_gate_opens_at_once_and_waits_until_its_deadline() -> None:
    play = Play(an_itinerary())

    assert play.wave("w1") is WaveState.DECIDING
    assert play.wave("w2") is WaveState.PLANNED
    assert play.run.waves["w1"].gate_deadline == after(60)
    play.end(*play.under_way)
    play.end(*play.under_way)
    assert play.wake_at() == after(60)


def test_no_move_begins_its_cut_without_a_go() -> None:
    play = Play(an_itinerary(waves=("ab",), stateless="b"))
    for _ in range(5):
        play.end(*play.under_way)

    assert play.under_way == set()
    assert {act.partition("/")[2] for act in play.started()} == {"prepare", "copy"}


def test_an_unanswered_gate_becomes_a_no_go() -> None:
    play = Play(an_itinerary(waves=("a", "b"), policy={"ahead_of_gate": ()}))
    play.wait(59)
    assert play.wave("w1") is WaveState.DECIDING
    play.wait(1)

    assert play.wave("w1") is WaveState.DECLINED
    assert play.last(ev.GateLapsed).by == "policy"
    assert "w1" in play.last(ev.GateLapsed).reason
    assert play.wave("w2") is WaveState.DECIDING  # it does not need the first one


def test_a_wave_that_nobody_let_go_never_moves_when_a_part_of_it_is_taken_back() -> None:
    """Its gate lapses in the instant in which the wave before it, which c needs, is unwound."""
    play = Play(
        an_itinerary(
            waves=("a", "bc"),
            before=("ac",),
            policy={"next_wave_when": "verified"},
            on={Trouble.SOAK: Reaction(Act.UNWIND), Trouble.TIMED_OUT: Reaction(Act.UNWIND)},
        )
    )
    play.go_on(lambda run: run.waves["w2"].state is WaveState.DECIDING)
    play.go_on("a/soak", gates=False)
    while play.under_way - {"a/soak"}:
        play.end(*(play.under_way - {"a/soak"}))
    play.wait(130)
    assert play.last(ev.GateLapsed).wave == "w2"
    assert play.happened(ev.UnwindBegun)[0].wave == "w1"
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED, gates=False)
    play.go_on(lambda run: run.waves["w2"].state is WaveState.RETURNED, gates=False)

    assert [event.wave for event in play.happened(ev.GateDecided)] == ["w1"]
    assert play.happened(ev.PartReturned) == []
    assert not {"b/baseline", "c/baseline"} & set(play.started())


def test_where_the_plan_says_wait_an_unanswered_gate_is_called_out_once() -> None:
    policy = {"gate_default": "wait", "ahead_of_gate": ()}
    play = Play(an_itinerary(waves=("a",), policy=policy))
    play.wait(60)

    assert play.wave("w1") is WaveState.DECIDING
    assert play.happened(ev.Stalled) == [
        ev.Stalled(
            "w1", "w1", "a go or no-go", "anna, bo", after(0),
            "migrator go RUN w1, or migrator no-go RUN w1",
        )
    ]  # fmt: skip
    play.wait(600)
    assert len(play.happened(ev.Stalled)) == 1
    play.say("go", "w1", by="bo")
    assert play.wave("w1") is WaveState.MOVING


def test_a_postponed_gate_waits_longer() -> None:
    play = Play(an_itinerary(waves=("a",), policy={"ahead_of_gate": ()}))
    play.say("postpone", "w1", until=after(200).isoformat())
    play.wait(199)
    assert play.wave("w1") is WaveState.DECIDING
    assert play.wake_at() == after(200)
    play.wait(1)
    assert play.wave("w1") is WaveState.DECLINED


def test_preparations_run_one_wave_ahead_of_the_gates_and_never_more() -> None:
    play = Play(an_itinerary(waves=("a", "b", "c")))
    for _ in range(4):
        play.end(*play.under_way)
    assert play.started() == ["a/prepare", "a/copy"]

    play.say("go", "w1")
    for _ in range(4):
        play.end(*(play.under_way - {"a/baseline"}))
    assert [act for act in play.started() if act[0] != "a"] == ["b/prepare", "b/copy"]


def test_only_what_the_policy_names_runs_ahead() -> None:
    play = Play(an_itinerary(waves=("a", "b"), policy={"ahead_of_gate": (StepKind.PREPARE,)}))
    play.end("a/prepare")

    assert play.started() == ["a/prepare"]


def test_a_failure_ahead_of_the_gate_holds_the_wave_before_it_is_decided() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.fail("a/prepare")
    play.wait(2)
    play.end("a/prepare", outcome="failed")

    assert play.wave("w1") is WaveState.HELD
    assert play.act("a/prepare").nth == 2
    play.say("retry", "a/prepare")
    assert play.wave("w1") is WaveState.DECIDING
    assert "a/prepare" in play.under_way


@pytest.mark.parametrize(("when", "opens"), [("verified", True), ("accepted", False)])
def test_the_next_gate_opens_when_the_policy_says(when: str, opens: bool) -> None:
    play = Play(an_itinerary(waves=("a", "b"), policy={"next_wave_when": when}))
    play.go_on("a/soak")
    assert play.run.waves["w1"].verified

    assert (play.wave("w2") is WaveState.DECIDING) is opens
    play.end("a/soak")
    assert play.wave("w2") is WaveState.DECIDING


def test_a_gate_does_not_open_while_an_earlier_wave_is_held() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on("a/quiesce")
    play.say("hold", "w1", by="lena")

    assert play.wave("w2") is WaveState.PLANNED


def test_with_every_wave_accepted_the_run_waits_for_signatures_and_ends() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on(accepted("w2"))  # type: ignore[arg-type]  # a condition
    last = play.now

    assert play.state() is RunState.RUNNING
    assert play.wake_at() == last + timedelta(minutes=60)
    play.wait(60)
    assert (play.state(), play.run.outcome) == (RunState.ENDED, "completed")


def test_a_run_whose_waves_are_committed_ends_at_once() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(accepted("w1"))  # type: ignore[arg-type]  # a condition
    play.say("commit", "w1", by="bo")
    assert play.wave("w1") is WaveState.COMMITTING
    play.go_on(lambda run: run.state is RunState.ENDED)

    assert play.wave("w1") is WaveState.COMMITTED
    assert play.started()[-2:] == ["a/finalise", "a/retire"]
    assert play.run.outcome == "completed"


def test_a_commit_goes_on_while_the_run_is_paused_and_no_new_step_of_a_wave_does() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED and bool(run.in_flight))
    play.say("pause", "run")
    play.say("commit", "w1")
    play.end(*play.under_way)

    assert "a/finalise" in play.started()
    assert not any(move == "b" for move, _ in play.run.in_flight)


def test_a_paused_run_starts_nothing_and_does_not_end() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.say("pause", "run")
    play.end("a/prepare")
    assert play.under_way == set()
    assert play.wait(600) == ()  # not even its gate lapses
    play.say("resume", "run")
    assert "a/copy" in play.under_way


def test_a_paused_run_waits_for_its_resume_before_it_ends() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(accepted("w1"))  # type: ignore[arg-type]  # a condition
    play.say("pause", "run")
    play.wait(600)
    assert play.state() is RunState.PAUSED
    play.say("resume", "run")
    assert play.state() is RunState.ENDED


def test_while_a_person_pauses_a_check_is_still_given_and_ticked() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/probe-links")
    play.say("pause", "run")
    play.end("a/probe-links")

    assert play.last(ev.CheckAssigned).person == "hanna"


def a_run_with(*states: WaveState) -> Run:
    run = new_run(an_itinerary(waves=("a", "b")))
    for wave, state in zip(run.waves.values(), states, strict=True):
        wave.state = state
    return run


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((WaveState.ACCEPTED, WaveState.COMMITTED), "completed"),
        ((WaveState.ACCEPTED, WaveState.RETURNED), "returned"),
        ((WaveState.ACCEPTED, WaveState.BLOCKED), "returned"),
        ((WaveState.ACCEPTED, WaveState.DECLINED), "returned"),
        ((WaveState.RETURNED, WaveState.STUCK), "stuck"),
        ((WaveState.ACCEPTED, WaveState.HELD), "stuck"),
    ],
)
def test_the_outcome_is_that_of_the_worst_wave(states: tuple[WaveState, ...], said: str) -> None:
    assert outcome(a_run_with(*states)) == said


def test_exceptions_and_returned_parts_are_told_in_the_outcome() -> None:
    run = a_run_with(WaveState.ACCEPTED, WaveState.ACCEPTED)
    run.exceptions.append("skipped")
    assert outcome(run) == "with_exceptions"
    run = a_run_with(WaveState.ACCEPTED, WaveState.ACCEPTED)
    run.moves["a"].returned = True
    assert outcome(run) == "with_exceptions"
    run.authority["a"] = Side.NONE
    assert outcome(run) == "stuck"


def test_doubts_are_what_was_started_and_never_ended_in_a_stable_order() -> None:
    play = Play(an_itinerary(waves=("ab", "c")))
    assert open_doubts(play.run) == (("a", "prepare"), ("b", "prepare"))
    play.note(ev.StepDoubted("b", "prepare", 1))
    assert open_doubts(play.run) == (("a", "prepare"), ("b", "prepare"))
    play.note(ev.StepSettled("b", "prepare", 1, "unknown", ""))
    assert open_doubts(play.run) == (("a", "prepare"),)
