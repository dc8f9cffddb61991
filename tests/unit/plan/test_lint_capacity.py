"""What fits on the target, over the line and over the bridges; and what is only assumed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.ids import PlaceId, SubsystemId
from migrator.inventory.model import Inventory, LatencyClass
from migrator.links.table import Pair
from migrator.plan.lint_capacity import lint_capacity
from migrator.plan.model import Plan
from small_plan import a_plan, an_inventory


def a_pair(source: str, target: str, calls: int = 24, weight: int = 1) -> Pair:
    return Pair(
        SubsystemId(source), SubsystemId(target), 1, weight, calls, {LatencyClass.ASYNC: 1}, ()
    )


def target(**changes: object) -> Inventory:
    old, new = an_inventory().places
    return an_inventory(places=(old, replace(new, **changes)))  # type: ignore[arg-type]


def told(plan: Plan, inventory: Inventory, *pairs: Pair) -> list[tuple[str, str]]:
    return [(f.rule, f.place) for f in lint_capacity(plan, inventory, pairs)]


def test_the_small_plan_fits() -> None:
    assert told(a_plan(), an_inventory()) == []


@pytest.mark.parametrize(
    ("key", "name", "rule"),
    [
        ("source", "cluster", "wrong-side"),
        ("target", "hall", "wrong-side"),
        ("target", "clutser", "unknown-place"),
    ],
)
def test_a_place_must_exist_and_be_on_its_side(key: str, name: str, rule: str) -> None:
    assert told(a_plan(**{key: PlaceId(name)}), an_inventory()) == [(rule, key)]


def test_an_estate_without_places_limits_nothing() -> None:
    assert told(a_plan(source=None, target=None), an_inventory(places=())) == []


@pytest.mark.parametrize(("field", "value"), [("cpu", 7.0), ("memory_gib", 15.0)])
def test_a_target_that_is_too_small_is_told(field: str, value: float) -> None:
    assert told(a_plan(), target(**{field: value})) == [("target-capacity", "target")]


def test_a_target_that_just_holds_them_is_fine() -> None:
    assert told(a_plan(), target(cpu=8.0, memory_gib=16.0)) == []
    assert told(a_plan(), target(cpu=None, memory_gib=None, copy_gib_per_hour=None)) == []


def test_copies_that_cannot_have_come_over_by_the_switch_are_told_once() -> None:
    # ledger's 10 GiB in the 13 hours before its switch.
    assert told(a_plan(), target(copy_gib_per_hour=0.76)) == [("copies-do-not-fit", "target")]
    assert told(a_plan(), target(copy_gib_per_hour=30 / 13)) == []


def test_bridges_carry_what_crosses_at_the_worst_moment() -> None:
    pairs = (a_pair("web", "ledger", 240), a_pair("ledger", "night", 24), a_pair("bank", "cobol"))
    # From web's switch until ledger's 10 calls per hour cross, then ledger's one to night.
    assert told(a_plan(), target(bridge_calls_per_hour=10.0), *pairs) == []
    assert told(a_plan(), target(bridge_calls_per_hour=9.0), *pairs) == [
        ("bridges-overloaded", "target")
    ]


def test_links_to_what_stays_cross_for_good() -> None:
    pairs = (a_pair("web", "cobol", 240), a_pair("payments", "bank", 240))
    assert told(a_plan(), target(bridge_calls_per_hour=20.0), *pairs) == []
    assert told(a_plan(), target(bridge_calls_per_hour=19.0), *pairs) != []


def test_a_plan_that_rests_on_assumptions_says_so() -> None:
    guessed = tuple(
        replace(s, assumed=("durations.move",)) if s.id in {"web", "night"} else s
        for s in an_inventory().subsystems
    )
    (finding,) = lint_capacity(a_plan(), an_inventory(subsystems=guessed), ())
    assert finding.rule == "assumed-durations"
    assert "2 of 4" in finding.message


def test_a_plan_without_moves_rests_on_nothing() -> None:
    assert told(a_plan(waves=()), an_inventory()) == []
