"""An estate in groups: the same moves, and the limits of whoever is in a group."""

from __future__ import annotations

from dataclasses import replace

from builders import ids
from migrator.inventory.model import Relation, RelationKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.coarse import coarsened, group_of, spread
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from migrator.planner.waves import default_constraints, limits
from weekend_estates import a_ring, an_estate

FIRST_LAST = Relation(RelationKind.BEFORE, ids("s00", "s05"), "owner", "because")
GROUPS = [[0, 1], [2], [3], [4, 5]]


def test_groups_take_over_moves_limits_and_what_comes_before() -> None:
    inventory = an_estate(6, relations=(FIRST_LAST,))
    rules = find_rules(inventory)
    problem = build_problem(inventory, a_ring(6, 2), rules, DEFAULT_POLICY, RECIPES)
    numbers = replace(
        limits(problem, default_constraints(problem, 3, None), 3),
        pilot=frozenset({0, 2, 4, 5}),
        pilot_moves_max=1,
        forbidden=(frozenset({1}), frozenset({2}), *[frozenset[int]()] * 4),
        pinned=(None, 2, None, None, None, None),
    )
    coarse, found = coarsened(problem, numbers, GROUPS)
    assert coarse.atoms == ((0, 1), (2,), (3,), (4, 5))
    assert coarse.atom_of == (0, 0, 1, 2, 3, 3)
    assert coarse.atom_before[3] == {0}
    assert coarse.atom_after[0] == {3}
    assert coarse.atom_before[0] == frozenset()
    assert coarse.pairs == problem.pairs
    assert found.size == (2, 1, 1, 2)
    # s04 has criticality 5; groups are as critical as their members together.
    assert found.critical == (0, 0, 0, 1)
    assert found.forbidden[0] == {1, 2}
    assert found.pinned == (2, None, None, None)
    # The last two may both be in the pilot, but not at once: it has room for one.
    assert found.pilot == {1}


def test_waves_of_groups_become_waves_of_atoms() -> None:
    assert spread(GROUPS, [[3], [1, 0]]) == [[4, 5], [2, 0, 1]]
    assert group_of(GROUPS)[5] == 3


def test_a_group_never_waits_for_itself() -> None:
    inside = Relation(RelationKind.BEFORE, ids("s00", "s01"), "owner", "because")
    inventory = an_estate(6, relations=(inside,))
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    numbers = limits(problem, default_constraints(problem, 3, None), 3)
    coarse, _ = coarsened(problem, numbers, GROUPS)
    assert set(coarse.atom_before) == set(coarse.atom_after) == {frozenset()}
