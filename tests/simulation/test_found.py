"""What the machine and the soak have found, each as the shortest play that shows it."""

from __future__ import annotations

import asyncio

import pytest

from itineraries import END, HANDLERS, START, a_check, a_crew, an_itinerary
from migrator.engine import events as ev
from migrator.engine.ports import Entry, Line
from migrator.engine.states import CheckState, RunState, WaveState
from migrator.errors import JournalError
from migrator.ids import TeamId
from migrator.plan.means import InDoubt
from migrator.plan.model import Act, Reaction, Trouble
from playing import Play
from simulation.machine_of_means import MeansMachine
from simulation.playing_well import adrift, mend
from stage import Stage

HELD = {Trouble.STEP_FAILED: Reaction(Act.HOLD)}


def started_after(play: Play, kind: type[ev.Event]) -> list[str]:
    """The acts whose intents stand behind the last fact of a kind."""
    kinds = [type(event) for _, event in play.history]
    last = len(kinds) - 1 - kinds[::-1].index(kind)
    later = (event for _, event in play.history[last:])
    return [f"{e.move}/{e.step}" for e in later if isinstance(e, ev.StepStarted)]


def test_two_unwinds_of_all_that_a_wave_has_return_it() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("unwind", "a")
    play.say("unwind", "b")

    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)

    assert play.happened(ev.PartReturned) == []


def test_what_is_left_of_an_accepted_wave_waits_for_its_check_again() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("unwind", "a")
    play.go_on(lambda _: bool(play.happened(ev.PartReturned)), ticks=False)

    assert play.wave() is WaveState.MOVING
    assert play.check("f1@w1") is CheckState.ASSIGNED
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    assert len(play.happened(ev.CheckPassed)) == 2


def test_nothing_begins_behind_a_gate_that_has_just_lapsed() -> None:
    play = Play(an_itinerary(waves=("ab",), on=HELD))
    play.end("a/prepare", outcome="failed")
    assert play.wave() is WaveState.HELD
    play.end("b/prepare")
    play.wait(61)

    play.say("retry", "a/prepare")  # its hour is over: the hold ends, and the gate lapses at once

    assert play.wave() is WaveState.UNWINDING  # what was prepared goes back
    assert started_after(play, ev.GateLapsed) == []


def test_nothing_begins_in_the_pass_that_holds_its_wave() -> None:
    play = Play(an_itinerary(waves=("ab",), on=HELD))
    play.note(
        ev.StepEnded("a", "prepare", 1, "failed", "it broke"),
        ev.StepEnded("b", "prepare", 1, "done", ""),
    )

    said = play.settle()

    assert [type(event) for event in said] == [ev.WaveHeld]


def test_a_look_may_reach_its_limit_in_the_instant_in_which_it_is_cut_short() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/probe-links")
    play.note(
        ev.UnwindBegun("w1", 1, ("a",), ("asked for",), partial=False, by="anna", cause="enough")
    )

    play.wait(121)  # nobody led the run meanwhile

    ends = [event for event in play.happened(ev.StepEnded) if event.step == "probe-links"]
    assert [event.outcome for event in ends] == ["timed_out"]


@pytest.mark.parametrize("verb", ["retry", "force-done"])
def test_a_word_on_a_step_is_too_late_once_its_move_goes_back(verb: str) -> None:
    play = Play(an_itinerary(waves=("ab",)))
    play.go_on("a/grant")
    play.fail("a/grant")
    play.go_on(lambda run: bool(run.waves["w1"].unwinding))

    assert "is being taken back" in play.refusal(verb, "a/grant")
    play.go_on(lambda run: run.moves["a"].returned)
    assert "is back on the old side" in play.refusal(verb, "a/grant")
    assert play.run.authority["a"].value == "old"


def test_in_an_aborted_run_no_gate_opens_nothing_is_signed_or_tried_again() -> None:
    play = Play(an_itinerary(waves=("ab", "c")))
    play.say("abort")

    assert play.state() is RunState.ABORTING
    assert "being aborted" in play.refusal("go", "w1")
    assert "being aborted" in play.refusal("retry", "w2")

    accepted = Play(an_itinerary(waves=("a", "b")))
    accepted.go_on("b/copy", but=["b/copy"])
    accepted.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED, but=["b/copy"])
    accepted.note(ev.RunAborted("enough"))
    assert "being aborted" in accepted.refusal("commit", "w1")


def test_a_move_takes_no_seat_before_those_that_must_switch_first() -> None:
    one_seat = {TeamId("blue"): a_crew((START, END, 1))}
    play = Play(an_itinerary(waves=("ab",), before=("ab",), crews=one_seat))
    play.say("go", "w1")
    play.end("b/prepare")  # b could go on; a, which it waits for, is still being prepared

    assert play.started().count("b/baseline") == 0
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)


def test_a_verdict_is_not_taken_back_from_a_check_that_nobody_has_or_that_is_void() -> None:
    alone = a_check("f1", 1, "a", eligible=HANDLERS[:1])
    play = Play(an_itinerary(waves=("ab",), checks=(alone, a_check("f2", 1, "b"))))
    play.go_on(lambda run: len(run.checks) == 2, ticks=False)
    play.say("tick", "f1@w1", "hanna", verdict="cannot_judge")

    assert play.check("f1@w1") is CheckState.OPEN
    assert "f1@w1 is open" in play.refusal("withdraw", "f1@w1", "hanna")

    play.say("unwind", "a")
    play.go_on(lambda _: bool(play.happened(ev.PartReturned)), ticks=False)
    assert "f1@w1 is void" in play.refusal("withdraw", "f1@w1", "hanna")


def test_a_doubt_that_cannot_be_written_down_ends_the_conductor() -> None:
    whole = Stage(an_itinerary(waves=("a",)), keep_moments=True)
    whole.play()
    moment = next(m for m in whole.moments if isinstance(m.lines[-1].event, ev.StepStarted))
    stage = Stage(an_itinerary(waves=("a",)), moment=moment)
    append = stage.journal.append

    def fenced(entries: list[Entry]) -> tuple[Line, ...]:
        if any(isinstance(entry.event, ev.StepSettled) for entry in entries):
            raise JournalError("epoch-passed", "somebody else leads", hint="stop")
        return append(entries)

    stage.journal.append = fenced  # type: ignore[method-assign, assignment]

    with pytest.raises(JournalError, match="somebody else"):
        asyncio.run(stage.conductor.conduct())


def test_a_wave_is_not_verified_by_a_check_that_was_voided_meanwhile() -> None:
    checks = (a_check("f1", 1, "ab"), a_check("f2", 1, "a"))
    play = Play(an_itinerary(waves=("ab", "c"), checks=checks))
    play.go_on(lambda run: len(run.checks) == 2, ticks=False)
    person = next(
        event.person for event in play.happened(ev.CheckAssigned) if event.check == "f1@w1"
    )
    play.say("tick", "f1@w1", by=person, verdict="works")
    play.say("unwind", "a")
    play.go_on(lambda _: bool(play.happened(ev.PartReturned)), ticks=False)

    assert play.check("f1@w1") is not CheckState.PASSED
    assert play.happened(ev.WaveVerified) == []


def test_what_nobody_could_tell_of_an_attempt_holds_no_later_one() -> None:
    machine = MeansMachine()
    plan = {
        "waves": ("a", "bc"), "stateless": "b", "links": (), "quorum": 1, "reaction": "clock",
        "gate_default": "no-go", "next_when": "verified", "after_unwind": "hold", "before": "",
    }  # fmt: skip
    means = {
        "in_doubt": InDoubt.OBSERVE, "key": "anna's", "by_hand": "the tasks", "wait": "ten minutes",
    }  # fmt: skip
    machine.begin(plan=plan, means=means, rounds=0)
    machine.the_engine_is_woken()
    machine.the_process_dies(fates=["none"] * 6)  # in the middle of a's preparation
    machine.the_world_answers(at=0, tells=False)  # and its gate lapses: all of it is undone
    machine.a_task_is_ticked(at=0, by="anna", verdict="works")  # a moment passes
    machine.a_wave_is_tried_again(at=0, by="anna")

    assert machine.player.run.waves["w1"].attempt == 2
    assert machine.player.run.waves["w1"].state is not WaveState.HELD
    mend(machine.player)
    assert list(adrift(machine.player)) == []
