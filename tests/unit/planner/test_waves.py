"""The number of waves, their limits, the pilot and the names."""

from __future__ import annotations

import pytest

from builders import ids
from migrator.ids import WaveId
from migrator.inventory.model import Inventory, Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.waves import (
    default_constraints,
    limits,
    pilot_atoms,
    pilot_size,
    wave_count,
    wave_id,
    wave_names,
    wave_number,
)
from weekend_estates import a_mover, an_estate, pairs_of


def problem_of(inventory: Inventory, pairs: tuple[Pair, ...] = ()) -> Problem:
    return build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)


@pytest.mark.parametrize(("moves", "waves"), [(0, 1), (1, 1), (2, 1), (3, 2), (77, 9), (1000, 32)])
def test_the_number_of_waves_grows_with_the_square_root(moves: int, waves: int) -> None:
    assert wave_count(moves) == waves


def test_a_wave_of_eight_is_always_allowed_by_default() -> None:
    assert default_constraints(problem_of(an_estate(9)), 3, None).moves_per_wave_max == 8
    assert default_constraints(problem_of(an_estate(40)), 4, None).moves_per_wave_max == 15
    assert default_constraints(problem_of(an_estate(40)), 4, 11).moves_per_wave_max == 11


def test_the_default_lets_a_declared_group_of_critical_moves_stay_together() -> None:
    moves = tuple(a_mover(n, criticality=5) for n in range(4))
    together = Relation(RelationKind.WITH, ids("s00", "s01", "s02", "s03"), "Owner", "because")
    problem = problem_of(an_estate(4, subsystems=moves, relations=(together,)))
    assert default_constraints(problem, 30, None).critical_moves_per_wave_max == 4


def test_the_pilot_takes_only_what_is_low_and_little_linked_and_first() -> None:
    # Criticality is 1, 2, 3, 4, 5, 1, 2, ...; s05 is linked most, s06 waits for s02.
    order = Relation(RelationKind.BEFORE, ids("s02", "s06"), "Owner", "because")
    pairs = pairs_of((5, 2, 900), (0, 1, 5), (3, 4, 50), (7, 8, 50))
    problem = problem_of(an_estate(10, relations=(order,)), pairs)
    kept = default_constraints(problem, 3, None)
    assert kept.pilot_criticality_max == 2
    assert pilot_atoms(problem, kept, 4) == (0, 1)


def test_where_nothing_is_low_the_lowest_level_goes_first() -> None:
    moves = tuple(a_mover(n, criticality=4) for n in range(6))
    problem = problem_of(an_estate(6, subsystems=moves))
    assert default_constraints(problem, 2, None).pilot_criticality_max == 4


def test_the_smallest_estates_have_no_pilot() -> None:
    problem = problem_of(an_estate(3))
    assert pilot_size(problem, default_constraints(problem, 2, None), 2) == 0


def test_a_pin_and_a_forbidden_wave_hold() -> None:
    problem = problem_of(an_estate(8))
    kept = default_constraints(problem, 3, None)
    numbers = limits(problem, kept, 3, {ids("s03")[0]: WaveId("w02")})
    assert [numbers.may(3, wave) for wave in range(3)] == [False, True, False]


def test_ids_of_waves_are_counted_from_one() -> None:
    assert wave_id(0) == "w01"
    assert wave_number(WaveId("w12")) == 11
    assert wave_number(WaveId("weekend")) is None


def test_a_wave_is_named_after_what_holds_it_together() -> None:
    inventory = an_estate(5)
    problem = problem_of(inventory, pairs_of((1, 2, 5), (2, 3, 5), (1, 4, 900)))
    names = wave_names(problem, inventory, [[0], [1, 2, 3], [4]], pilot=True)
    assert names == ("Pilot", "Around S02", "S04")
