"""Azure's five phases from an estate to labelled waves, the same every time."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.azure import Level, wave_plan
from migrator.planner.peers.azure_waves import READINGS, Reading
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.search import keeps
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import a_mover, a_ring, an_estate, pairs_of

FLAGGED = Reading(1.0, targets_first=False, reach=1)


def laid_out(inventory: Inventory, pairs: tuple[Pair, ...], waves: int) -> tuple[Problem, Limits]:
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    return problem, limits(problem, default_constraints(problem, waves, None), waves)


def test_every_atom_is_in_one_wave_that_keeps_the_limits() -> None:
    inventory = an_estate(24)
    problem, numbers = laid_out(inventory, a_ring(24, 4), 4)
    for reading in READINGS:
        plan = wave_plan(problem, numbers, inventory, 4, reading)
        assert plan is not None
        assert sorted(atom for wave in plan.waves for atom in wave) == list(range(24))
        assert all(keeps(problem, numbers, plan.waves, number) for number in range(4))
        assert len(plan.labels) == len(plan.waves) == len(plan.of_groups)


def test_the_same_estate_gives_the_same_waves_and_a_tie_break_others() -> None:
    inventory = an_estate(24, subsystems=tuple(a_mover(3 * n) for n in range(24)))
    problem, numbers = laid_out(inventory, (), 4)
    once = wave_plan(problem, numbers, inventory, 4, FLAGGED)
    assert once == wave_plan(problem, numbers, inventory, 4, FLAGGED)
    others = [wave_plan(problem, numbers, inventory, 4, FLAGGED, Random(n)) for n in range(3)]
    assert any(other != once for other in others)


def test_strong_two_way_ties_end_in_one_wave() -> None:
    inventory = an_estate(12)
    pairs = pairs_of((0, 11, 9), (11, 0, 9), (3, 8, 7), (8, 3, 7), (5, 6, 100))
    problem, numbers = laid_out(inventory, pairs, 3)
    plan = wave_plan(problem, numbers, inventory, 3, FLAGGED)
    assert plan is not None
    home = {atom: number for number, wave in enumerate(plan.waves) for atom in wave}
    assert home[0] == home[11]
    assert home[3] == home[8]
    assert [0, 11] in plan.groups


def test_a_broken_critical_condition_is_high_risk_and_names_itself() -> None:
    inventory = an_estate(6)
    problem, numbers = laid_out(inventory, pairs_of(*((n, n + 1, 9) for n in range(5))), 2)
    numbers = replace(
        numbers, pilot=frozenset(), pinned=(0, 0, 0, 1, 1, 1), moves_wanted=1, critical_max=2
    )
    plan = wave_plan(problem, numbers, inventory, 2, Reading(0.0, targets_first=True, reach=None))
    assert plan is not None
    # s02 in the first wave calls s03, which is wanted in the second.
    assert plan.amounts[0] == 9
    assert plan.labels[0].risk is Level.HIGH
    assert 3 in plan.labels[0].broken
    assert plan.labels[1].broken == ()


def test_confidence_falls_with_what_is_not_known() -> None:
    movers = tuple(replace(a_mover(6 * n), assumed=("team",)) for n in range(4))
    inventory = an_estate(4, subsystems=movers)
    problem, numbers = laid_out(inventory, (), 1)
    plan = wave_plan(problem, numbers, inventory, 1, FLAGGED)
    assert plan is not None
    assert plan.labels[0].confidence is Level.LOW
    assert plan.labels[0].risk is not Level.LOW


def test_no_waves_where_a_group_is_forbidden_all_of_them() -> None:
    inventory = an_estate(2)
    problem, numbers = laid_out(inventory, (), 1)
    everywhere = replace(numbers, forbidden=(frozenset(range(99)), frozenset()))
    assert wave_plan(problem, everywhere, inventory, 1, FLAGGED) is None
