"""Whole weekends on the virtual clock: a made-up agency's, with chance and with seeded faults.

A failure prints its seed; `rehearsal(ITINERARY, seed=...)` plays the very same weekend again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from itineraries import an_itinerary as a_small_one
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import RunState, WaveState
from migrator.platform.simulated.faults import PlannedFault
from migrator.wiring import dry_run, rehearsal, run_name
from weekend import an_itinerary

ITINERARY = an_itinerary(waves=4, moves=5)
FIRST = ITINERARY.waves[0].moves[0]
SMALL = a_small_one(waves=("ab", "c"), links=("ab:3", "bc"), before=("ac",), stateless="b")
FREE = a_small_one(waves=("ab", "c"), links=("ab:3", "bc"), stateless="b")
"""Neither wave needs the other, so that both can be made to fail in one weekend."""


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_weekend_with_accidents_keeps_every_promise(seed: int) -> None:
    risky = {name: replace(leg, failure_probability=0.3) for name, leg in ITINERARY.legs.items()}
    rehearsed = rehearsal(replace(ITINERARY, legs=risky), seed=seed)

    assert rehearsed.ledger.violations == [], f"seed {seed}"
    assert rehearsed.run.state is RunState.ENDED, f"seed {seed}"
    assert rehearsed.ledger.effects == len(
        {
            line.event.token
            for line in rehearsed.lines
            if isinstance(line.event, ev.StepStarted | ev.UndoStarted)
            and line.event.token in effects_of(rehearsed.lines)
        }
    )


def effects_of(lines: Sequence[Line]) -> set[str]:
    """Tokens of acts that ended well and change something: looks have no effect to count."""
    looks = {"baseline", "probe-links", "soak", "prove-back", "verify", "accept"}
    intents = {
        (e.move, e.step if isinstance(e, ev.StepStarted) else e.undo, e.attempt): e.token
        for e in (line.event for line in lines)
        if isinstance(e, ev.StepStarted | ev.UndoStarted)
    }
    return {
        intents[key]
        for e in (line.event for line in lines)
        if isinstance(e, ev.StepEnded | ev.UndoEnded) and e.outcome == "done"
        for key in [(e.move, e.step if isinstance(e, ev.StepEnded) else e.undo, e.attempt)]
        if key[1] not in looks
    }


def test_a_quiet_weekend_is_completed_and_signed() -> None:
    rehearsed = rehearsal(ITINERARY, seed=1, accidents=False)

    assert rehearsed.outcome == "completed"
    assert {wave.state for wave in rehearsed.run.waves.values()} == {WaveState.COMMITTED}
    assert rehearsed.ledger.rows_lost == 0
    assert rehearsed.ledger.rows_written > 100
    assert rehearsed.head == rehearsed.lines[-1].hash


def test_a_fault_that_lasts_returns_its_wave_and_no_other() -> None:
    fault = PlannedFault("step_half_fails", FIRST, "start", times=99)
    rehearsed = rehearsal(ITINERARY, seed=1, faults=(fault,), accidents=False)
    states = {wave.id: wave.state for wave in rehearsed.run.waves.values()}

    assert states.pop("w01") is WaveState.RETURNED
    assert set(states.values()) == {WaveState.COMMITTED}
    assert rehearsed.outcome == "returned"
    assert rehearsed.unstruck == ()


def test_a_fault_that_never_struck_is_told() -> None:
    fault = PlannedFault("step_fails", FIRST, "drain", attempt=3)

    assert rehearsal(ITINERARY, seed=1, faults=(fault,), accidents=False).unstruck == (fault,)


def test_a_rehearsal_is_named_by_what_it_is() -> None:
    fault = PlannedFault("step_fails", FIRST)
    names = {
        run_name(SMALL, 1, ()),
        run_name(SMALL, 2, ()),
        run_name(SMALL, 1, (fault,)),
        run_name(SMALL, 1, (replace(fault, times=2),)),
        run_name(replace(SMALL, links=9), 1, ()),
    }
    assert len(names) == 5
    assert rehearsal(SMALL, seed=1).name == run_name(SMALL, 1, ())
    assert rehearsal(SMALL, seed=1, name="mine").name == "mine"


def test_every_commit_of_a_rehearsal_can_be_watched() -> None:
    seen: list[int] = []

    def watch(_run: Run, lines: Sequence[Line]) -> None:
        seen.extend(line.seq for line in lines)

    rehearsed = rehearsal(SMALL, seed=1, on_commit=watch)

    assert seen == list(range(2, len(rehearsed.lines) + 1))  # the first line comes before the loop


def test_a_dry_run_goes_forward_takes_all_back_and_unwinds_by_itself() -> None:
    exercised = dry_run(FREE, seed=1)

    assert exercised.forward.outcome == "completed"
    assert {w.state for w in exercised.taken_back.run.waves.values()} == {WaveState.RETURNED}
    assert any(isinstance(line.event, ev.RunAborted) for line in exercised.taken_back.lines)
    assert exercised.rolled_back.outcome == "returned"
    assert exercised.rolled_back.unstruck == ()
    for rehearsed in (exercised.forward, exercised.taken_back, exercised.rolled_back):
        assert rehearsed.ledger.violations == []


def test_a_dry_run_exercises_every_step_and_every_undo_of_the_plan() -> None:
    exercised = dry_run(SMALL, seed=1)
    for leg in SMALL.legs.values():
        recipe = SMALL.recipes[leg.recipe]
        done = {
            (type(line.event), getattr(line.event, "step", getattr(line.event, "undo", "")))
            for rehearsed in (exercised.forward, exercised.taken_back)
            for line in rehearsed.lines
            if isinstance(line.event, ev.StepEnded | ev.UndoEnded)
            and line.event.move == leg.id
            and line.event.outcome == "done"
        }
        expected: set[tuple[type[ev.Event], str]] = set()
        expected |= {(ev.StepEnded, step.kind.value) for step in (*recipe.steps, *recipe.commit)}
        expected |= {(ev.UndoEnded, undo.kind.value) for undo in recipe.unwind}
        assert done == expected
