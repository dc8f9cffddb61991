"""The priority score: simple, uncritical, ready, cheap and valuable groups go first."""

from __future__ import annotations

import pytest

from builders import ids, three
from migrator.inventory.model import Inventory, Relation, RelationKind, Subsystem
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.azure_score import Facts, facts
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from weekend_estates import a_mover, an_estate, pairs_of

SAME: dict[str, object] = {"criticality": 2, "durations": three((60, 90), (10, 20), (15, 30))}


def facts_of(*subsystems: Subsystem, pairs: tuple[Pair, ...] = ()) -> tuple[Facts, ...]:
    inventory: Inventory = an_estate(len(subsystems), subsystems=subsystems)
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    return facts(problem, inventory)


@pytest.mark.parametrize(
    "later",
    [
        {"criticality": 4},
        {"durations": three((600, 900), (10, 20), (15, 30))},
        {"failure_probability": 0.5},
        {"cpu": 0.25},
    ],
    ids=["more critical", "more effort", "less ready", "frees less"],
)
def test_each_factor_by_itself_lowers_the_score_by_a_fifth(later: dict[str, object]) -> None:
    first, second = facts_of(a_mover(0, **SAME), a_mover(0 + 3, **{**SAME, **later}))
    assert first.score == pytest.approx(100)
    assert second.score == pytest.approx(80)


def test_many_neighbours_make_an_application_complex() -> None:
    star = pairs_of(*((0, other, 5) for other in range(1, 10)))
    found = facts_of(*(a_mover(number, **SAME) for number in range(10)), pairs=star)
    assert [fact.complex for fact in found] == [True] + [False] * 9
    assert found[0].score == pytest.approx(found[1].score - 20)


def test_who_does_not_say_that_it_is_for_tests_is_production() -> None:
    found = facts_of(
        a_mover(0, tags=("dev",)), a_mover(1), a_mover(2, tags=("environment:test", "other"))
    )
    assert [fact.testing for fact in found] == [True, False, True]


def test_one_production_member_makes_a_group_production() -> None:
    movers = (a_mover(0, tags=("dev",)), a_mover(1), a_mover(2, tags=("dev",)))
    together = (Relation(RelationKind.WITH, ids("s00", "s01"), "owner", "because"),)
    inventory = an_estate(3, subsystems=movers, relations=together)
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    assert [fact.testing for fact in facts(problem, inventory)] == [False, True]


def test_only_the_highest_criticality_is_high() -> None:
    found = facts_of(a_mover(0, criticality=5), a_mover(1, criticality=4))
    assert [fact.high for fact in found] == [True, False]


def test_all_alike_have_the_same_score() -> None:
    found = facts_of(*(a_mover(number, **SAME) for number in (0, 3, 6)))
    assert {fact.score for fact in found} == {100}
