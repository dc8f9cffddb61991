"""What a plan shows for itself: a bound that no plan is below, and who was asked."""

from __future__ import annotations

from itertools import permutations

import pytest

from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.certificate import bound_hours, certificate
from migrator.planner.decode import decode
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.search import hours, search
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import an_estate, pairs_of


def a_problem(count: int, room: int, *rows: tuple[int, int, int]) -> tuple[Problem, Limits]:
    inventory = an_estate(count)
    problem = build_problem(
        inventory, pairs_of(*rows), find_rules(inventory), DEFAULT_POLICY, RECIPES
    )
    return problem, limits(problem, default_constraints(problem, 3, room), 3)


@pytest.mark.parametrize("room", [1, 2, 3])
def test_no_order_in_waves_of_that_size_is_below_the_bound(room: int) -> None:
    problem, numbers = a_problem(6, room, *((0, k, 10 * k) for k in range(1, 6)), (2, 3, 7))
    least = min(
        hours(problem, decode(problem, [row[k : k + room] for k in range(0, 6, room)]))
        for row in permutations(range(6))
    )
    bound = bound_hours(problem, numbers)
    assert 0 <= bound <= least
    assert bound > 0 or room > 2


def test_what_fits_into_one_wave_has_no_bound_and_neither_has_an_estate_without_links() -> None:
    assert bound_hours(*a_problem(6, 6, (0, 1, 5))) == 0
    assert bound_hours(*a_problem(6, 1)) == 0


def test_a_plan_that_no_weekend_judged_says_so() -> None:
    problem, numbers = a_problem(6, 2, (0, 1, 5), (2, 3, 5))
    found = search(problem, numbers, 3, 1, 30)
    made = certificate(problem, numbers, found, "digest")
    assert (made.search, made.mean_hours, made.weekends) == ("plain", None, 0)
    assert made.objective_hours == round(hours(problem, found.schedule), 4)
    assert made.inventory == "digest"
