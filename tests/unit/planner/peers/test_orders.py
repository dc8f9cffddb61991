"""Orders without a search: by layers, by risk, by lot; each keeps what has to come before."""

from __future__ import annotations

from random import Random

from builders import ids
from migrator.inventory.model import Inventory, Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner import seeds
from migrator.planner.peers.orders import by_risk, layered, layers, shuffled
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from weekend_estates import a_ring, an_estate, pairs_of


def problem_of(inventory: Inventory, pairs: tuple[Pair, ...]) -> Problem:
    return build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)


def test_without_chance_the_orders_are_those_of_the_seeds() -> None:
    problem = problem_of(an_estate(20), a_ring(20, 4))
    assert layered(problem) == seeds.layering(problem)
    assert by_risk(problem) == seeds.risk_ascending(problem)


def test_what_others_call_lies_in_a_layer_below_them() -> None:
    problem = problem_of(an_estate(4), pairs_of((0, 1, 5), (1, 2, 5), (3, 2, 5)))
    assert layers(problem, range(4)) == [2, 1, 0, 1]
    assert layered(problem) == [2, 1, 3, 0]


def test_a_tie_break_shuffles_inside_layers_only() -> None:
    problem = problem_of(an_estate(9), pairs_of(*((i, 0, 5) for i in range(1, 9))))
    found = {tuple(layered(problem, Random(seed))) for seed in range(5)}
    assert len(found) == 5
    assert all(order[0] == 0 and sorted(order) == list(range(9)) for order in found)


def test_a_tie_break_of_risk_keeps_the_levels_of_criticality() -> None:
    problem = problem_of(an_estate(15), a_ring(15, 3))
    for seed in range(5):
        order = by_risk(problem, Random(seed))
        levels = [max(problem.moves[i].criticality for i in problem.atoms[a]) for a in order]
        assert levels == sorted(levels)
    assert by_risk(problem, Random(1)) != by_risk(problem, Random(2))


def test_every_order_keeps_before_and_the_same_seed_gives_the_same_order() -> None:
    late_first = Relation(RelationKind.BEFORE, ids("s07", "s01", "s00"), "owner", "because")
    problem = problem_of(an_estate(9, relations=(late_first,)), a_ring(9, 3))
    for order_of in (layered, by_risk, shuffled):
        for seed in range(5):
            order = order_of(problem, Random(seed))
            assert order == order_of(problem, Random(seed))
            assert sorted(order) == list(range(9))
            assert order.index(7) < order.index(1) < order.index(0)
