"""An abort: everything that is not committed goes back, as soon as it is quiet."""

from __future__ import annotations

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import RunState, Side, WaveState
from migrator.plan.model import StepKind
from playing import Play


def test_an_abort_takes_back_everything_that_is_not_committed() -> None:
    play = Play(an_itinerary(waves=("a", "b", "c", "d"), policy={"next_wave_when": "accepted"}))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.COMMITTED, but=["c/copy"])
    play.go_on("b/start", but=["c/copy"])
    play.say("abort", "run", by="bo", reason="the power failed")
    assert play.state() is RunState.ABORTING
    assert play.wave("w4") is WaveState.BLOCKED
    assert play.under_way == {"b/start", "c/copy"}  # they may end; nothing new begins
    play.go_on(lambda run: run.state is RunState.ENDED)

    assert [play.wave(f"w{n}").value for n in (1, 2, 3, 4)] == [
        "committed", "returned", "returned", "blocked",
    ]  # fmt: skip
    assert play.run.authority["a"] is Side.NEW
    assert play.run.authority["b"] is Side.OLD
    assert play.run.outcome == "returned"
    assert "the power failed" in play.last(ev.UnwindBegun).cause


def test_an_abort_goes_through_holds_and_accepted_waves() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.go_on("b/quiesce")
    play.say("hold", "w2", by="lena")
    play.say("abort", "run")
    play.go_on(lambda run: run.state is RunState.ENDED)

    assert set(play.run.authority.values()) == {Side.OLD}


def test_an_abort_before_anything_began_blocks_the_waves() -> None:
    play = Play(an_itinerary(waves=("a", "b"), policy={"ahead_of_gate": ()}))
    play.say("abort", "run")

    assert play.wave("w1") is WaveState.BLOCKED
    assert play.state() is RunState.ENDED


def test_nothing_that_waits_for_a_gate_keeps_an_abort_waiting() -> None:
    ahead = {"ahead_of_gate": (StepKind.PREPARE,)}
    play = Play(an_itinerary(waves=("a", "b"), policy=ahead))
    play.end(*play.under_way)
    play.say("abort", "run")
    play.go_on(lambda run: run.state is RunState.ENDED)

    assert [event.undo for event in play.happened(ev.UndoStarted)] == ["remove"]
