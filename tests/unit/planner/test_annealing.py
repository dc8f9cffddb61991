"""The estate as the kernel's search is told of it, and decisions there and back."""

from __future__ import annotations

from builders import ids
from migrator.ids import WaveId
from migrator.inventory.model import Relation, RelationKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.annealing import (
    assigned,
    assignment,
    decision,
    facts,
    loads,
    waves_before,
    waves_of,
)
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import a_ring, an_estate

RELATIONS = (
    Relation(RelationKind.BEFORE, ids("s07", "s02"), "o", "r"),
    Relation(RelationKind.WITH, ids("s03", "s06"), "o", "r"),
)


def a_problem() -> tuple[Problem, Limits]:
    inventory = an_estate(12, relations=RELATIONS)
    problem = build_problem(
        inventory, a_ring(12, 3), find_rules(inventory), DEFAULT_POLICY, RECIPES
    )
    return problem, limits(problem, default_constraints(problem, 3, None), 3)


def test_the_facts_say_what_the_limits_say() -> None:
    problem, numbers = a_problem()
    table = facts(problem, numbers, 3)
    first, second = (problem.atom_of[problem.index[name]] for name in ids("s07", "s02"))
    at = table["first_at"].tolist()
    assert table["firsts"].tolist()[at[second] : at[second + 1]] == [first]
    assert [[bool(may) for may in row] for row in table["may"].tolist()] == [
        [numbers.may(atom, wave) for wave in range(3)] for atom in range(len(problem.atoms))
    ]
    assert sorted(table["members"].tolist()) == list(range(12))
    assert max(table["size"].tolist()) == 2
    assert sum(table["near_weight"].tolist()) == 2 * problem.weight
    assert table["home"].tolist() == [-1] * len(problem.atoms)


def test_the_loads_add_up_all_work_with_a_seat() -> None:
    problem, _ = a_problem()
    assert loads(problem)["work"].sum() == sum(move.hands for move in problem.moves)


def test_decisions_and_assignments_go_there_and_back() -> None:
    waves = [[3, 1], [0], [4, 2]]
    assert waves_of(*decision(waves)) == waves
    assert assigned(assignment(waves, 5), [3, 1, 0, 4, 2], 3) == waves


def test_who_is_new_joins_the_wave_that_it_is_linked_to_most() -> None:
    problem, numbers = a_problem()
    last = {name: WaveId(f"w{1 + int(name[1:]) // 4:02}") for name in problem.ids}
    del last[problem.ids[5]], last[problem.ids[0]]
    waves = waves_before(problem, numbers, last)
    home = {i: k for k, wave in enumerate(waves) for atom in wave for i in problem.atoms[atom]}
    assert sorted(home) == list(range(12))
    assert home[5] == home[4]
    assert home[8] == 2


def test_without_a_plan_before_all_stand_in_one_wave() -> None:
    problem, numbers = a_problem()
    assert [len(wave) for wave in waves_before(problem, numbers, {})] == [len(problem.atoms)]
