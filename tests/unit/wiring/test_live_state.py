"""A run in its middle: what has happened keeps its hour, and what is to come comes after now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import pytest

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.forecast.model import Forecast, Quantiles
from migrator.inventory.model import Inventory
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary, Plan
from migrator.planner.build import make_plan
from migrator.platform.simulated.faults import PlannedFault
from migrator.schedule import paper
from migrator.schedule.live import (
    BACK_AT,
    FATE,
    GATE,
    NOT_BEFORE,
    PERSON,
    SINCE,
    SWITCHED,
    TRIES,
    UNWIND_AT,
)
from migrator.schedule.problem import NEVER
from migrator.wiring import live_state
from migrator.wiring.forecast_estate import Estate, an_estate
from migrator.wiring.forecasting import RunForecaster, forecast_run
from migrator.wiring.live_state import Middle, middle_of
from migrator.wiring.rehearsing import Rehearsed, rehearsal
from paired_weekends import a_weekend, rehearsed
from playing_weekends import PlainKernel
from weekend_estates import an_estate as an_inventory
from weekend_estates import pairs_of

PAIRS = pairs_of((0, 1, 100), (1, 2, 50), (3, 4, 20))
INVENTORY: Inventory = an_inventory(6)


@cache
def planned() -> tuple[Plan, Itinerary, Estate]:
    plan = make_plan(INVENTORY, PAIRS, seed=1, evaluations=30, name="six", path="six")
    return (
        plan,
        make_itinerary(plan, INVENTORY, PAIRS, plan_digest(plan)),
        an_estate(plan, INVENTORY, PAIRS),
    )


@cache
def calm() -> Rehearsed:
    return rehearsal(planned()[1], seed=4, accidents=False)


@cache
def failing() -> Rehearsed:
    move = str(planned()[0].waves[-1].moves[0].subsystem)
    faults = (PlannedFault("step_fails", move, "start", times=9),)
    return rehearsal(planned()[1], seed=4, accidents=False, faults=faults)


def until(played: Rehearsed, seen: Callable[[ev.Event], bool]) -> tuple[Run, datetime]:
    """The run as it stood when something was first seen, and when that was."""
    run = new_run(planned()[1])
    for line in played.lines:
        apply(run, line.at, line.event)
        if seen(line.event):
            return run, line.at
    raise AssertionError("it never happened")


def at(played: Rehearsed, moment: datetime) -> Run:
    run = new_run(planned()[1])
    for line in played.lines:
        if line.at <= moment:
            apply(run, line.at, line.event)
    return run


def middle(run: Run, now: datetime) -> Middle:
    plan, _, estate = planned()
    return middle_of(run, plan, estate.facts, estate.dial, now)


def forecast(run: Run, now: datetime) -> Forecast:
    plan, _, _ = planned()
    return forecast_run(
        run, plan, INVENTORY, PAIRS, now=now, kernel=PlainKernel(), weekends=6, seed=1
    )


def moments(found: Quantiles) -> list[datetime]:
    return [moment for moment in (found.p50, found.p80, found.p95) if moment is not None]


def accepted(played: Rehearsed) -> datetime:
    """When the last move was accepted."""
    ends = [record.steps["accept"].ended for record in played.run.moves.values()]
    return max(end for end in ends if end is not None)


def test_the_fates_are_those_of_the_kernel() -> None:
    assert (live_state.MOVED, live_state.RETURNED) == (paper.MOVED, paper.RETURNED)


def test_before_anything_happened_nothing_is_known() -> None:
    _, itinerary, _ = planned()
    found = middle(new_run(itinerary), itinerary.window.start)
    assert found.now == 0.0
    assert not (found.live.moves[:, : FATE - 1] < NEVER).any()
    assert not found.live.moves[:, FATE].any()
    assert not any(found.over)
    assert found.notes == ()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_what_has_happened_keeps_its_hour_and_the_rest_comes_later(share: float) -> None:
    start, end = planned()[1].window.start, accepted(calm())
    now = start + (end - start) * share
    run = at(calm(), now)
    told = forecast(run, now)
    assert told.at == now
    assert told.seq == run.seq
    for move in told.moves:
        switched = run.moves[str(move.move)].switched_at
        if switched is None:
            assert all(moment >= now - timedelta(seconds=1) for moment in moments(move.switch))
        else:
            assert moments(move.switch) == [switched.replace(microsecond=0)] * 3 or all(
                abs(moment - switched) <= timedelta(seconds=1) for moment in moments(move.switch)
            )
    assert all(moment >= now for moment in moments(told.end))
    assert told.turn_back.curve[0].at == now.replace(microsecond=0) or (
        abs(told.turn_back.curve[0].at - now) <= timedelta(seconds=1)
    )


def test_when_all_is_over_the_end_is_the_real_one() -> None:
    now = accepted(calm())
    told = forecast(at(calm(), now), now)
    assert told.all_moved == 1.0
    assert all(abs(moment - now) <= timedelta(seconds=1) for moment in moments(told.end))
    assert all(wave.over and wave.returned == 0.0 for wave in told.waves)


def test_a_gate_that_was_opened_keeps_its_hour() -> None:
    run, now = until(calm(), lambda e: isinstance(e, ev.GateDecided))
    found = middle(run, now)
    assert found.live.waves[0, GATE] == found.now
    assert found.live.waves[1, GATE] == NEVER


def test_a_wave_that_is_to_go_back_knows_when_and_is_then_back() -> None:
    run, now = until(failing(), lambda e: isinstance(e, ev.WaveHeld) and e.unwind_at is not None)
    held = middle(run, now).live.waves[-1]
    assert held[UNWIND_AT] - middle(run, now).now == pytest.approx(15.0, abs=0.1)
    assert held[NOT_BEFORE] == -NEVER
    run, now = until(failing(), lambda e: isinstance(e, ev.UnwindBegun))
    found = middle(run, now)
    assert found.live.waves[-1, UNWIND_AT] == found.now
    assert found.returned[-1]
    run, now = until(failing(), lambda e: isinstance(e, ev.WaveReturned))
    found = middle(run, now)
    assert found.live.waves[-1, TRIES] == 1
    assert found.live.waves[-1, BACK_AT] == pytest.approx(found.now)
    assert not found.over[-1]
    assert any("tried again" in note for note in found.notes)
    last = planned()[2].wave_of == len(planned()[0].waves) - 1
    assert not (found.live.moves[last, SWITCHED] < NEVER).any()


def test_a_wave_that_was_taken_back_is_told_so_and_may_still_go() -> None:
    run, now = until(failing(), lambda e: isinstance(e, ev.WaveReturned))
    told = forecast(run, now)
    assert told.waves[-1].returned == 1.0
    assert not told.waves[-1].over
    assert told.all_moved > 0.0


def test_a_pause_that_no_clock_ends_lasts_a_while_and_is_told() -> None:
    run, now = until(calm(), lambda e: isinstance(e, ev.GateDecided))
    apply(run, now, ev.RunPaused("the room discusses"))
    found = middle(run, now)
    assert found.live.waves[-1, NOT_BEFORE] == found.now + live_state.HOLD_MINUTES
    assert any("taken to last 20 minutes more" in note for note in found.notes)


def test_a_check_is_known_from_its_opening_to_its_last_tick() -> None:
    run, now = until(calm(), lambda e: isinstance(e, ev.CheckAssigned))
    before = middle(run, now).live.checks
    assert (before[:, 0] < NEVER).any()
    assert (before[:, 1] < NEVER).any()
    assert not (before[:, 2] < NEVER).any()
    run, now = until(calm(), lambda e: isinstance(e, ev.CheckPassed))
    assert (middle(run, now).live.checks[:, 2] < NEVER).any() or (
        middle(run, now).live.moves[:, FATE].any()
    )


def test_who_has_a_check_and_how_many_each_was_given_is_known_by_name() -> None:
    drawn = a_weekend(1)
    names = sorted(str(person.id) for person in drawn.inventory.people.people)
    estate = an_estate(drawn.plan, drawn.inventory, drawn.pairs)
    run = new_run(drawn.itinerary)
    assigned = 0
    for line in rehearsed(drawn).lines:
        apply(run, line.at, line.event)
        found = middle_of(run, drawn.plan, estate.facts, estate.dial, line.at).live
        told = [names[int(who)] for who in found.ticks[:, PERSON]]
        if isinstance(line.event, ev.CheckAssigned) and line.event.person in names:
            assigned += 1
            assert told.count(line.event.person) == 1
            assert found.clock[0] == found.ticks[told.index(line.event.person), SINCE]
        assert found.given.sum() + len(told) == assigned
    assert assigned > 3
    assert len(found.ticks) == 0


def test_one_forecaster_says_the_same_as_a_fresh_one() -> None:
    plan, _, _ = planned()
    once = RunForecaster(PlainKernel(), weekends=6)
    for played, share in ((calm(), 0.3), (calm(), 0.6)):
        start = planned()[1].window.start
        now = start + (accepted(played) - start) * share
        run = at(played, now)
        assert once(run, plan, INVENTORY, PAIRS, now=now) == forecast(run, now)


def test_a_wave_that_is_verified_has_moved() -> None:
    run, now = until(calm(), lambda e: isinstance(e, ev.WaveVerified))
    first = planned()[2].wave_of == 0
    found = middle(run, now).live.moves
    assert (found[first, FATE] == paper.MOVED).all()
    assert not found[~first, FATE].any()
