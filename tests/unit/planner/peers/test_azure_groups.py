"""Who goes together after Azure's pages: applications, and strong ties in both directions."""

from __future__ import annotations

from dataclasses import replace

from builders import ids
from migrator.inventory.model import Inventory, Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.azure_groups import groups, two_way
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import a_mover, an_estate, pairs_of


def laid_out(inventory: Inventory, pairs: tuple[Pair, ...]) -> tuple[Problem, Limits]:
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    numbers = limits(problem, default_constraints(problem, 3, None), 3)
    return problem, replace(numbers, moves_max=4, critical_max=2, pilot=frozenset())


BOTH_WAYS = pairs_of((0, 1, 9), (1, 0, 8), (1, 2, 50), (2, 3, 4), (3, 2, 30))


def test_a_tie_is_as_strong_as_its_weaker_direction() -> None:
    problem, _ = laid_out(an_estate(4), BOTH_WAYS)
    assert two_way(problem) == {(0, 1): 8, (2, 3): 4}


def test_only_the_strongest_share_of_two_way_ties_joins() -> None:
    inventory = an_estate(4)
    problem, numbers = laid_out(inventory, BOTH_WAYS)
    assert groups(problem, numbers, inventory, 0.0) == [[0], [1], [2], [3]]
    assert groups(problem, numbers, inventory, 0.5) == [[0, 1], [2], [3]]
    assert groups(problem, numbers, inventory, 1.0) == [[0, 1], [2, 3]]


def test_subsystems_of_one_application_stay_together() -> None:
    movers = [a_mover(n, tags=("application:erp",) if n in (0, 3) else ()) for n in range(4)]
    inventory = an_estate(4, subsystems=tuple(movers))
    problem, numbers = laid_out(inventory, ())
    assert groups(problem, numbers, inventory, 0.0) == [[0, 3], [1], [2]]


def test_no_group_outgrows_a_wave_and_the_weakest_tie_gives_way() -> None:
    inventory = an_estate(4)
    chain = pairs_of((0, 1, 9), (1, 0, 9), (1, 2, 7), (2, 1, 7), (2, 3, 8), (3, 2, 8))
    problem, numbers = laid_out(inventory, chain)
    assert groups(problem, numbers, inventory, 1.0) == [[0, 1, 2, 3]]
    assert groups(problem, replace(numbers, moves_max=3), inventory, 1.0) == [[0, 1], [2, 3]]
    crowded = replace(numbers, critical=(1, 1, 1, 0))
    assert groups(problem, crowded, inventory, 1.0) == [[0, 1], [2, 3]]


def test_pins_and_forbidden_waves_keep_groups_apart() -> None:
    inventory = an_estate(2)
    problem, numbers = laid_out(inventory, pairs_of((0, 1, 9), (1, 0, 9)))
    assert groups(problem, replace(numbers, pinned=(1, 2)), inventory, 1.0) == [[0], [1]]
    assert groups(problem, replace(numbers, pinned=(1, 1)), inventory, 1.0) == [[0, 1]]
    barred = replace(numbers, pinned=(1, None), forbidden=(frozenset(), frozenset({1})))
    assert groups(problem, barred, inventory, 1.0) == [[0], [1]]


def test_nobody_joins_around_a_third_who_has_to_come_between() -> None:
    between = Relation(RelationKind.BEFORE, ids("s00", "s01", "s02"), "owner", "because")
    inventory = an_estate(3, relations=(between,))
    problem, numbers = laid_out(inventory, pairs_of((0, 2, 9), (2, 0, 9)))
    assert groups(problem, numbers, inventory, 1.0) == [[0], [1], [2]]
    direct = Relation(RelationKind.BEFORE, ids("s00", "s02"), "owner", "because")
    inventory = an_estate(3, relations=(direct,))
    problem, numbers = laid_out(inventory, pairs_of((0, 2, 9), (2, 0, 9)))
    assert groups(problem, numbers, inventory, 1.0) == [[0, 2], [1]]


def test_the_least_tied_pilot_is_let_go_where_no_group_could_go_first() -> None:
    inventory = an_estate(3)
    pairs = pairs_of((0, 1, 9), (1, 0, 9), (1, 2, 5), (2, 1, 5))
    problem, numbers = laid_out(inventory, pairs)
    first = replace(numbers, pilot=frozenset({0, 2}), pilot_moves_max=1)
    assert groups(problem, first, inventory, 1.0) == [[0, 1], [2]]
    roomy = replace(numbers, pilot=frozenset({0, 1, 2}), pilot_moves_max=3)
    assert groups(problem, roomy, inventory, 1.0) == [[0, 1, 2]]
