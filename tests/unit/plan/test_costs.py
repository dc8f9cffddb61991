"""What a plan costs, reckoned from its planned switches."""

from __future__ import annotations

import pytest

from migrator.graph.build import build_graph
from migrator.graph.exposure import exposure
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import LatencyClass
from migrator.links.table import Pair
from migrator.plan.costs import costs, exposure_hours
from migrator.plan.lint_times import switches
from small_plan import a_plan, an_inventory, at, with_move


def a_pair(source: str, target: str, weight: int) -> Pair:
    return Pair(SubsystemId(source), SubsystemId(target), 1, weight, 1, {LatencyClass.ASYNC: 1}, ())


PAIRS = (
    a_pair("ledger", "payments", 300),
    a_pair("payments", "ledger", 100),
    a_pair("web", "ledger", 50),
    a_pair("web", "cobol", 1000),
)


def test_exposure_is_the_mean_time_that_a_unit_of_weight_is_split() -> None:
    # 400 units for 1.5 hours and 50 for 11 h 50 min; what stays is no cost of the order.
    assert exposure_hours(a_plan(), PAIRS) == pytest.approx((400 * 1.5 + 50 * 71 / 6) / 450)


def test_the_graphs_own_reckoning_agrees() -> None:
    moving = PAIRS[:3]
    graph = build_graph(an_inventory(), moving)
    hours = {name: moment.timestamp() / 3600 for name, moment in switches(a_plan()).items()}
    expected = exposure(graph, hours) / graph.weight
    assert exposure_hours(a_plan(), PAIRS) == pytest.approx(expected)


def test_without_links_there_is_no_exposure() -> None:
    assert exposure_hours(a_plan(), ()) == 0


def test_makespan_is_from_the_windows_start_to_the_last_end() -> None:
    assert costs(a_plan(), None, None).makespan_hours == 16
    later = with_move(a_plan(), "payments", end=at("14 12:30"))
    assert costs(later, None, None).makespan_hours == 18.5
    assert costs(a_plan(waves=()), None, None).makespan_hours == 0


def test_waves_are_counted() -> None:
    found = costs(a_plan(), an_inventory(), PAIRS)
    assert found.moves == {WaveId("w1"): 1, WaveId("w2"): 3}
    assert found.critical == {WaveId("w1"): 0, WaveId("w2"): 1}


def test_what_cannot_be_reckoned_is_none() -> None:
    found = costs(a_plan(), None, None)
    assert (found.exposure_hours, found.critical) == (None, None)
