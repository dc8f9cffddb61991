"""Orders from the links alone: what hangs together stands together, and `before` is kept."""

from __future__ import annotations

from itertools import combinations
from random import Random

from builders import ids
from migrator.inventory.model import Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.partition import partitioned, spectral
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import an_estate, pairs_of


def a_problem(count: int, pairs: tuple[Pair, ...], *relations: Relation) -> tuple[Problem, Limits]:
    inventory = an_estate(count, relations=relations)
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    return problem, limits(problem, default_constraints(problem, 3, None), 3)


def blocks(seed: int) -> tuple[list[list[int]], tuple[Pair, ...]]:
    """Three blocks of four under permuted labels, in a chain of light links."""
    labels = list(range(12))
    Random(seed).shuffle(labels)
    groups = [labels[k : k + 4] for k in (0, 4, 8)]
    heavy = [(i, j, 100) for group in groups for i, j in combinations(sorted(group), 2)]
    light = [(groups[0][0], groups[1][0], 1), (groups[1][1], groups[2][0], 1)]
    return groups, pairs_of(*heavy, *((min(i, j), max(i, j), w) for i, j, w in light))


def test_the_spectral_order_keeps_blocks_together_in_the_order_of_their_chain() -> None:
    groups, pairs = blocks(5)
    problem, _ = a_problem(12, pairs)
    order = spectral(problem)
    found = [set(order[k : k + 4]) for k in (0, 4, 8)]
    wanted = [set(group) for group in groups]
    assert found in (wanted, wanted[::-1])


def test_the_partition_finds_blocks_and_puts_them_in_order() -> None:
    groups, pairs = blocks(7)
    problem, numbers = a_problem(12, pairs)
    order = partitioned(problem, numbers, 3)
    found = [set(order[k : k + 4]) for k in (0, 4, 8)]
    wanted = [set(group) for group in groups]
    assert found in (wanted, wanted[::-1])


def test_both_orders_keep_who_switches_before_and_name_everybody_once() -> None:
    _, pairs = blocks(1)
    before = Relation(RelationKind.BEFORE, ids("s11", "s04", "s00"), "o", "r")
    problem, numbers = a_problem(12, pairs, before)
    for order in (spectral(problem), partitioned(problem, numbers, 3)):
        assert sorted(order) == list(range(12))
        assert order.index(11) < order.index(4) < order.index(0)


def test_parts_without_links_between_them_come_one_after_the_other() -> None:
    problem, numbers = a_problem(7, pairs_of((0, 2, 5), (2, 4, 5), (1, 3, 5)))
    assert {*spectral(problem)[:3]} == {0, 2, 4}
    assert sorted(partitioned(problem, numbers, 3)) == list(range(7))
    alone, free = a_problem(3, ())
    assert spectral(alone) == [0, 1, 2]
    assert sorted(partitioned(alone, free, 1)) == [0, 1, 2]
