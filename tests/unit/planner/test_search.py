"""The search lowers exposure, keeps every limit, tells its progress and can be interrupted."""

from __future__ import annotations

from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.decode import decode
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.search import default_evaluations, expand, keeps, search
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import a_ring, an_estate


def problem_of(inventory: Inventory, pairs: tuple[Pair, ...]) -> tuple[Problem, Limits]:
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    return problem, limits(problem, default_constraints(problem, 4, None), 4)


def test_the_search_beats_every_order_that_people_would_take() -> None:
    problem, numbers = problem_of(an_estate(20), a_ring(20, 4))
    found = search(problem, numbers, 4, 1, 400)
    seeds = {name: schedule.exposure for name, schedule in found.seeds.items()}
    assert found.schedule.exposure < 0.5 * seeds["layering"]
    assert found.schedule.exposure < 0.5 * seeds["risk ascending"]
    assert found.schedule.exposure < seeds["growth"]


def test_the_schedule_that_comes_back_is_that_of_the_waves() -> None:
    problem, numbers = problem_of(an_estate(20), a_ring(20, 4))
    found = search(problem, numbers, 4, 3, 100)
    assert all(keeps(problem, numbers, found.waves, n) for n in range(len(found.waves)))
    moves = [
        sorted(wave, key=lambda i: (found.schedule.start[i], i))
        for wave in expand(problem, found.waves)
    ]
    assert decode(problem, moves).start == found.schedule.start


def test_more_evaluations_never_give_a_worse_plan_than_the_seeds() -> None:
    problem, numbers = problem_of(an_estate(20), a_ring(20, 4))
    for evaluations in (1, 4, 7, 50):
        found = search(problem, numbers, 4, 1, evaluations)
        assert found.schedule.exposure <= min(s.exposure for s in found.seeds.values() if s.valid)


def test_progress_is_told_and_an_interrupt_leaves_the_best_plan_so_far() -> None:
    problem, numbers = problem_of(an_estate(20), a_ring(20, 4))
    told = []

    def progress(done: int, total: int, hours: float) -> None:
        told.append((done, total, hours))
        if len(told) == 2:
            raise KeyboardInterrupt

    found = search(problem, numbers, 4, 1, 400, progress)
    assert [(done, total) for done, total, _ in told] == [(50, 400), (100, 400)]
    assert found.interrupted
    assert found.evaluations == 100
    assert found.schedule.valid


def test_larger_estates_get_fewer_evaluations() -> None:
    assert default_evaluations(0) == default_evaluations(77) == 3000
    assert default_evaluations(300) == 1333
    assert default_evaluations(1000) == 400
