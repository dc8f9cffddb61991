"""Each remedy is tried with the kernel, and what it gives is told whether it helps or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from builders import three
from migrator.inventory.model import Inventory
from migrator.planner.build import make_plan
from migrator.wiring.forecast_estate import Estate, an_estate
from migrator.wiring.forecast_help import Remedy, remedies
from migrator.wiring.forecasting import forecast_estate
from playing_weekends import PlainKernel
from weekend_estates import a_mover, pairs_of, two_teams
from weekend_estates import an_estate as an_inventory

PAIRS = pairs_of((0, 2, 10))
NEVER = datetime(2100, 1, 1)  # noqa: DTZ001 - later than every hour of a test


def estate() -> Estate:
    """Six moves of two teams with one seat each, whose undos take ten hours."""
    movers = tuple(
        a_mover(n, durations=three((60, 60), (10, 10), (600, 600)), failure_probability=0.0)
        for n in range(6)
    )
    inventory: Inventory = an_inventory(6, subsystems=movers, people=two_teams(1, 1))
    plan = make_plan(inventory, PAIRS, seed=1, evaluations=20, name="six", path="six")
    made = an_estate(plan, inventory, PAIRS)
    return replace(made, rows=made.rows._replace(rules=replace(made.rows.rules, shock_sigma=0.0)))


def tried(start: str) -> Remedy:
    (found,) = [r for r in remedies(estate(), PlainKernel(), 1) if r.what.startswith(start)]
    return found


def test_twice_the_hands_leave_room_for_longer() -> None:
    now = forecast_estate(estate(), kernel=PlainKernel(), weekends=5, seed=1).turn_back
    assert now.plan_by is not None
    more = tried("twice the engineers")
    assert more.plan_by is not None
    assert more.plan_by > now.plan_by


def test_waves_that_are_made_final_need_not_go_back() -> None:
    now = forecast_estate(estate(), kernel=PlainKernel(), weekends=5, seed=1).turn_back
    assert now.latest is not None
    signed = tried("each wave made final")
    assert signed.plan_by is None  # the turn-back time itself is what to keep
    assert (signed.latest.replace(tzinfo=None) if signed.latest else NEVER) > (
        now.latest.replace(tzinfo=None)
    )


def test_data_that_is_there_already_makes_an_earlier_end() -> None:
    plain = forecast_estate(estate(), kernel=PlainKernel(), weekends=5, seed=1)
    copied = tried("all data copied")
    assert copied.end_p80 is not None
    assert plain.end.p80 is not None
    assert copied.end_p80 < plain.end.p80


def test_without_the_last_wave_there_is_less_to_do_and_to_undo() -> None:
    plain = forecast_estate(estate(), kernel=PlainKernel(), weekends=5, seed=1)
    fewer = tried("without the last wave")
    assert fewer.end_p80 is not None
    assert plain.end.p80 is not None
    assert fewer.end_p80 < plain.end.p80
    assert fewer.plan_by is not None
    assert plain.turn_back.plan_by is not None
    assert fewer.plan_by > plain.turn_back.plan_by
