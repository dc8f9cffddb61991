"""The search lowers exposure, keeps every limit, tells its progress and can be interrupted."""

from __future__ import annotations

from dataclasses import replace

from builders import ids
from migrator.inventory.model import Inventory, Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.decode import decode
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.search import Found, default_evaluations, expand, keeps, search
from migrator.planner.seeds import cut, layering
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


def test_a_wave_over_a_limit_is_not_kept() -> None:
    # Criticality is 1 to 5 in turn: 4 and 9 are critical; 0, 5 and 6 may be in the pilot.
    problem, numbers = problem_of(an_estate(12), ())
    small = replace(numbers, moves_max=4, critical_max=1, pilot=frozenset({0, 5}))
    assert keeps(problem, small, [[0], [1, 2, 3, 4], [5, 6]], 1)
    assert not keeps(problem, small, [[0], [1, 2, 3, 4, 6], [5]], 1)
    assert not keeps(problem, small, [[0], [4, 9], [5]], 1)
    assert not keeps(problem, small, [[1], [4], [5]], 0)


def test_an_order_between_waves_is_kept_from_both_sides() -> None:
    order = Relation(RelationKind.BEFORE, ids("s03", "s07"), "Owner", "because")
    problem, numbers = problem_of(an_estate(12, relations=(order,)), ())
    assert keeps(problem, numbers, [[0], [3, 1], [7]], 1)
    assert keeps(problem, numbers, [[0], [7, 3], [1]], 1)  # the decoder orders them in the wave
    assert not keeps(problem, numbers, [[0], [7], [3]], 1)
    assert not keeps(problem, numbers, [[0], [7], [3]], 2)


def test_a_soft_preference_never_buys_more_exposure_than_the_best_seed_has() -> None:
    problem, numbers = problem_of(an_estate(20), a_ring(20, 4))
    best = search(problem, numbers, 4, 1, 400)
    seed = best.seeds["layering"]
    waves = cut(problem, numbers, layering(problem), 4)
    refusing = Found(waves, seed, 0, best.schedule.exposure - 1, {})
    refusing.offer(problem, numbers, best.waves, best.schedule)
    assert refusing.schedule is seed
    taking = Found(waves, seed, 0, best.schedule.exposure, {})
    taking.offer(problem, numbers, best.waves, best.schedule)
    assert taking.schedule.exposure == best.schedule.exposure


def test_larger_estates_get_fewer_evaluations() -> None:
    assert default_evaluations(0) == default_evaluations(77) == 3000
    assert default_evaluations(300) == 1333
    assert default_evaluations(1000) == 400
