"""A plan and its estate become a forecast: moments of the window, honest about what it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

import small_plan
from builders import an_inventory, at, ids, three
from migrator.errors import InputError
from migrator.forecast.model import Forecast
from migrator.inventory.model import Inventory, Irreversible, Kind
from migrator.plan.model import Plan
from migrator.planner.build import make_plan
from migrator.wiring import forecast_estate, forecasting
from playing_weekends import PlainKernel
from weekend_estates import a_mover, an_estate, pairs_of

PAIRS = pairs_of((0, 1, 100), (1, 2, 50), (3, 4, 20))


def estate(**changes: object) -> Inventory:
    return an_estate(6, **changes)


@cache
def planned() -> Plan:
    return make_plan(estate(), PAIRS, seed=1, evaluations=30, name="six", path="six")


def forecast(inventory: Inventory | None = None, *, seed: int = 1) -> Forecast:
    return forecasting.forecast_plan(
        planned(), inventory or estate(), PAIRS, kernel=PlainKernel(), weekends=10, seed=seed
    )


@cache
def found() -> Forecast:
    return forecast()


def test_it_says_what_it_is_of() -> None:
    assert (found().plan, found().weekends, found().seed, found().at) == ("six", 10, 1, None)
    assert found().window_end - found().window_begin == timedelta(hours=60)
    assert not found().compiled
    assert any("plain Python" in note for note in found().notes)


def test_shares_are_shares_and_quantiles_are_in_order() -> None:
    assert 0.0 <= found().fits <= found().all_moved <= 1.0
    end = found().end
    assert end.p50 is not None
    assert end.p80 is not None
    assert end.p95 is not None
    assert planned().window.start < end.p50 <= end.p80 <= end.p95


def test_waves_and_moves_are_those_of_the_plan_in_its_order() -> None:
    assert [w.wave for w in found().waves] == [w.id for w in planned().waves]
    assert [m.move for m in found().moves] == [
        m.subsystem for w in planned().waves for m in w.moves
    ]
    assert sum(m.criticality for m in found().moves) >= 0.9


def test_without_spread_and_failure_every_weekend_is_the_plan() -> None:
    sure = tuple(
        a_mover(n, durations=three((60, 60), (10, 10), (20, 20)), failure_probability=0.0)
        for n in range(6)
    )
    inventory = estate(subsystems=sure)
    plan = make_plan(inventory, PAIRS, seed=1, evaluations=30, name="sure", path="sure")
    rows = forecast_estate.an_estate(plan, inventory, PAIRS)
    calm = replace(rows, rows=rows.rows._replace(rules=replace(rows.rows.rules, shock_sigma=0.0)))
    told = forecasting.forecast_estate(calm, kernel=PlainKernel(), weekends=5, seed=1)
    assert told.fits == told.all_moved == 1.0
    assert told.end.p50 == told.end.p95
    assert all(wave.returned == 0.0 for wave in told.waves)


def test_the_same_seed_gives_the_same_forecast_and_another_another() -> None:
    assert forecast() == found()
    assert forecast(seed=2).end != found().end


def test_a_wave_whose_moves_always_fail_is_always_taken_back() -> None:
    failing = tuple(a_mover(n, failure_probability=1.0) for n in range(6))
    told = forecast(estate(subsystems=failing))
    assert told.waves[0].returned == 1.0
    assert told.all_moved == told.fits == 0.0
    safe = tuple(a_mover(n, failure_probability=0.0) for n in range(6))
    assert all(wave.returned == 0.0 for wave in forecast(estate(subsystems=safe)).waves)


def test_going_back_takes_longer_the_more_has_moved_until_nothing_is_begun() -> None:
    curve = found().turn_back.curve
    assert curve[0].at == found().window_begin
    assert curve[-1].at == found().window_end
    back = [p.back.p50 - p.at for p in curve if p.back.p50 is not None]
    assert max(back) > back[0]
    assert found().turn_back.decision_minutes == 15.0


def test_when_undoing_outlasts_the_window_it_is_too_late_from_the_start() -> None:
    slow = tuple(a_mover(n, durations=three((60, 70), (10, 12), (5000, 6000))) for n in range(6))
    told = forecast(estate(subsystems=slow))
    assert told.turn_back.latest is not None
    assert told.turn_back.latest < told.window_begin + timedelta(hours=6)
    assert told.turn_back.plan_by is None or told.turn_back.plan_by < told.window_begin + (
        timedelta(hours=6)
    )
    assert told.forward_first == 0.0


def test_the_first_irreversible_act_is_a_limit_of_its_own() -> None:
    hour = at("14 12:00")
    act = Irreversible("the first payment", hour)
    movers = tuple(a_mover(n, irreversible=act if n == 0 else None) for n in range(6))
    told = forecast(estate(subsystems=movers))
    assert told.turn_back.data_limit_of == ids("s00")[0]
    assert told.turn_back.data_limit is not None
    assert told.turn_back.data_limit >= hour
    assert found().turn_back.data_limit is None


def test_a_plan_of_another_estate_is_refused_by_name() -> None:
    smaller = an_estate(4)
    with pytest.raises(InputError) as refused:
        forecast(smaller)
    assert refused.value.reference == "plan-for-another-inventory"
    assert "s04" in refused.value.message


def test_whoever_must_switch_first_stands_first_in_the_kernels_order() -> None:
    inventory, plan = small_plan.an_inventory(), small_plan.a_plan()
    backwards = replace(
        plan, waves=tuple(replace(wave, moves=wave.moves[::-1]) for wave in plan.waves)
    )
    for each in (plan, backwards):
        rows = forecast_estate.an_estate(each, inventory, ())
        names = [str(rows.facts.ids[i]) for i in rows.order]
        assert names.index("ledger") < names.index("payments")
        assert sorted(names) == sorted(str(n) for n in rows.facts.ids)


def test_what_nobody_gave_is_said() -> None:
    movers = tuple(a_mover(n, assumed=("durations.move",) if n < 2 else ()) for n in range(6))
    told = forecast(estate(subsystems=movers))
    assert "assumed for 2 of 6 subsystems: how long the move takes" in told.notes
    assert not any(note.startswith("assumed") for note in found().notes)


def test_a_lone_subsystem_has_a_forecast() -> None:
    inventory = an_inventory(
        subsystems=(a_mover(0, kind=Kind.STATELESS, copy_gib=0.0),), relations=(), functions=()
    )
    plan = make_plan(inventory, (), seed=1, evaluations=5, name="one", path="one")
    told = forecasting.forecast_plan(plan, inventory, (), kernel=PlainKernel(), weekends=10)
    assert len(told.moves) == 1
    assert told.exposure_hours == 0.0
