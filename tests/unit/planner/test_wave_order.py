"""Gates and the order of waves are exact where they say so, and keep every limit."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise, permutations
from random import Random

import pytest

from builders import ids
from migrator.inventory.model import Relation, RelationKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner import wave_order
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.search import keeps
from migrator.planner.seeds import Waves, cut, growth
from migrator.planner.wave_order import gates, guess, reorder
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import a_ring, an_estate, pairs_of


def a_problem(count: int, waves: int, seed: int = 1) -> tuple[Problem, Limits]:
    chance = Random(seed)
    rows = [
        (i, j, chance.randrange(1, 100))
        for i, j in combinations(range(count), 2)
        if chance.random() < 0.4
    ]
    inventory = an_estate(count)
    problem = build_problem(
        inventory, pairs_of(*rows), find_rules(inventory), DEFAULT_POLICY, RECIPES
    )
    return problem, limits(problem, default_constraints(problem, waves, None), waves)


def free(numbers: Limits, **changes: object) -> Limits:
    return replace(numbers, pilot=frozenset(), moves_wanted=0, **changes)  # type: ignore[arg-type]  # a test's own


def every_cut(order: list[int], count: int) -> list[Waves]:
    inner = range(1, len(order))
    found = []
    for places in combinations(inner, count - 1):
        edges = [0, *places, len(order)]
        found.append([order[a:b] for a, b in pairwise(edges)])
    return found


@pytest.mark.parametrize("seed", range(4))
def test_no_other_gates_on_the_same_order_have_a_lower_guess(seed: int) -> None:
    problem, numbers = a_problem(9, 3, seed)
    numbers = free(numbers, moves_max=4)
    order = list(range(9))
    Random(seed).shuffle(order)
    best = min(
        guess(problem, numbers, waves)
        for waves in every_cut(order, 3)
        if all(keeps(problem, numbers, waves, number) for number in range(3))
    )
    found = gates(problem, numbers, order, 3)
    assert [atom for wave in found for atom in wave] == order
    assert guess(problem, numbers, found) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_order_of_the_same_waves_has_a_lower_guess(seed: int) -> None:
    problem, numbers = a_problem(12, 6, seed)
    numbers = free(numbers, moves_max=12)
    waves = [[2 * k, 2 * k + 1] for k in range(6)]
    best = min(guess(problem, numbers, list(row)) for row in permutations(waves))
    assert guess(problem, numbers, reorder(problem, numbers, waves)) == pytest.approx(best)


def test_a_long_row_of_waves_is_put_in_order_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inventory = an_estate(14)
    chain = pairs_of(*((k, k + 1, 10) for k in range(13)))
    problem = build_problem(inventory, chain, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    numbers = free(limits(problem, default_constraints(problem, 14, None), 14))
    shuffled = [[k] for k in range(14)]
    Random(3).shuffle(shuffled)
    exact = guess(problem, numbers, reorder(problem, numbers, shuffled))
    monkeypatch.setattr(wave_order, "SUBSETS_OF_MAX", 5)
    monkeypatch.setattr(wave_order, "PIECE", 6)
    assert guess(problem, numbers, reorder(problem, numbers, shuffled)) == pytest.approx(exact)


def test_the_order_of_waves_keeps_the_pilot_first_and_who_switches_before() -> None:
    inventory = an_estate(
        12, relations=(Relation(RelationKind.BEFORE, ids("s11", "s00"), "o", "r"),)
    )
    problem = build_problem(
        inventory, a_ring(12, 4), find_rules(inventory), DEFAULT_POLICY, RECIPES
    )
    numbers = limits(problem, default_constraints(problem, 4, None), 4)
    waves = cut(problem, numbers, growth(problem), 4)
    found = reorder(problem, numbers, waves)
    assert sorted(map(sorted, found)) == sorted(map(sorted, waves))
    assert found[0] == waves[0]
    assert all(keeps(problem, numbers, found, number) for number in range(len(found)))


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_gates_keep_the_limits_of_an_estate_with_a_pilot(count: int) -> None:
    problem, numbers = a_problem(20, count)
    found = gates(problem, numbers, growth(problem), count)
    assert sorted(atom for wave in found for atom in wave) == list(range(20))
    assert all(keeps(problem, numbers, found, number) for number in range(len(found)))
    assert len(found) == count


def test_an_order_that_no_gates_suit_is_bent_as_a_cut_bends_it() -> None:
    problem, numbers = a_problem(8, 3)
    order = list(range(8))
    pinned: list[int | None] = [None] * 8
    pinned[7] = 0
    numbers = free(numbers, moves_max=3, pinned=tuple(pinned))
    found = gates(problem, numbers, order, 3)
    assert 7 in found[0]
    assert all(keeps(problem, numbers, found, number) for number in range(len(found)))


def test_nobody_finds_gates_where_a_person_forbade_every_wave() -> None:
    problem, numbers = a_problem(4, 2)
    numbers = free(numbers, forbidden=(frozenset(range(10)), *numbers.forbidden[1:]))
    assert gates(problem, numbers, list(range(4)), 2) == []
