"""Ranked groups in waves: the score fills them, then ranked conditions and nearness move groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from builders import ids
from migrator.inventory.model import Relation, RelationKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.azure_conditions import Board
from migrator.planner.peers.azure_score import Facts
from migrator.planner.peers.azure_waves import READINGS, Reading, even_out, fill, rank
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.seeds import Waves
from migrator.planner.waves import Limits, default_constraints, limits
from weekend_estates import an_estate, pairs_of

PLAIN = Facts(testing=False, high=False, complex=False, score=50)
FREE = Reading(0.0, targets_first=False, reach=None)
STRICT = Reading(0.0, targets_first=True, reach=None)


def laid_out(
    count: int, waves: int, *pairs: tuple[int, int, int], before: Sequence[str] = ()
) -> tuple[Problem, Limits]:
    relations = (Relation(RelationKind.BEFORE, ids(*before), "owner", "because"),) if before else ()
    inventory = an_estate(count, relations=relations)
    rules = find_rules(inventory)
    problem = build_problem(inventory, pairs_of(*pairs), rules, DEFAULT_POLICY, RECIPES)
    numbers = limits(problem, default_constraints(problem, waves, None), waves)
    return problem, replace(
        numbers, pilot=frozenset(), critical_max=count, moves_max=count // waves + 1, moves_wanted=1
    )


def evened(
    problem: Problem, numbers: Limits, facts: list[Facts], waves: Waves, reading: Reading
) -> list[set[int]]:
    board = Board.of(problem, numbers, tuple(facts), waves)
    even_out(board, reading, [group for wave in waves for group in wave])
    return [set(wave) for wave in board.waves(list(range(len(facts))))]


def test_a_higher_score_goes_first_and_tests_go_before_production() -> None:
    problem, _ = laid_out(4, 2)
    facts = [replace(PLAIN, score=score) for score in (10, 90, 50, 70)]
    assert rank(problem, facts, FREE, None) == [1, 3, 2, 0]
    facts[0] = replace(facts[0], testing=True)
    assert rank(problem, facts, FREE, None) == [0, 1, 3, 2]


def test_enforced_dependencies_come_before_the_score() -> None:
    problem, _ = laid_out(3, 2, (1, 0, 5), (2, 1, 5))
    facts = [replace(PLAIN, score=score) for score in (10, 50, 90)]
    assert rank(problem, facts, STRICT, None) == [0, 1, 2]
    assert rank(problem, facts, FREE, None) == [2, 1, 0]


def test_declared_relations_come_before_everything() -> None:
    problem, _ = laid_out(3, 2, before=("s02", "s00"))
    facts = [replace(PLAIN, score=score) for score in (90, 50, 10)]
    assert rank(problem, facts, FREE, None) == [1, 2, 0]


def test_critical_groups_wait_for_the_second_wave_unless_nobody_else_is_left() -> None:
    problem, numbers = laid_out(4, 2)
    facts = [replace(PLAIN, high=True), PLAIN, PLAIN, PLAIN]
    assert fill(problem, numbers, facts, [0, 1, 2, 3], 2) == [[1, 2], [0, 3]]
    everybody = [replace(PLAIN, high=True)] * 4
    assert fill(problem, numbers, everybody, [0, 1, 2, 3], 2) == [[0, 1], [2, 3]]


def test_groups_go_where_their_ties_are_and_change_places_where_waves_are_full() -> None:
    problem, numbers = laid_out(4, 2, (0, 2, 9), (1, 3, 9))
    full = replace(numbers, moves_max=2)
    for kept in (numbers, full):
        found = evened(problem, kept, [PLAIN] * 4, [[0, 1], [2, 3]], FREE)
        assert sorted(map(sorted, found)) in ([[0, 2], [1, 3]], [[0, 1, 2], [3]], [[0], [1, 2, 3]])
    assert sorted(map(sorted, found)) == [[0, 2], [1, 3]]


def test_two_groups_do_not_change_places_where_that_costs_more_than_it_gains() -> None:
    # 0 would rather be with 2; but whoever made room for it would leave a heavier tie.
    problem, numbers = laid_out(4, 2, (0, 2, 9), (2, 3, 50), (0, 1, 5))
    full = replace(numbers, moves_max=2)
    board = Board.of(problem, full, (PLAIN,) * 4, [[0, 1], [2, 3]])
    even_out(board, FREE, [0])
    assert board.wave_of == [0, 0, 1, 1]


def test_a_higher_condition_is_never_paid_for_nearness() -> None:
    tests = replace(PLAIN, testing=True)
    problem, numbers = laid_out(4, 2, (0, 2, 900))
    found = evened(problem, numbers, [tests, tests, PLAIN, PLAIN], [[0, 1], [2, 3]], FREE)
    assert found == [{0, 1}, {2, 3}]


def test_an_enforced_dependency_restructures_and_a_flagged_one_does_not() -> None:
    # 0 calls 2, which goes later; putting that right parts each from the one it is tied to most.
    problem, numbers = laid_out(4, 2, (0, 2, 5), (0, 3, 50), (2, 1, 50))
    full = replace(numbers, moves_max=2)
    waves = [[0, 3], [1, 2]]
    assert evened(problem, full, [PLAIN] * 4, waves, FREE) == [{0, 3}, {1, 2}]
    strict = evened(problem, full, [PLAIN] * 4, waves, STRICT)
    home = {group: number for number, wave in enumerate(strict) for group in wave}
    assert home[2] <= home[0]
    assert home[3] <= home[0]
    assert home[1] <= home[2]


def test_no_group_goes_further_than_its_reading_lets_it() -> None:
    problem, numbers = laid_out(6, 3, (0, 5, 9))
    near = Reading(0.0, targets_first=False, reach=1)
    ranked = {0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 2}
    found = evened(problem, numbers, [PLAIN] * 6, [[0, 1], [2, 3], [4, 5]], near)
    moved = {group: number for number, wave in enumerate(found) for group in wave}
    assert all(abs(moved[group] - ranked[group]) <= 1 for group in ranked)
    assert moved[0] == moved[5] == 1


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_every_reading_keeps_every_hard_limit(reading: Reading) -> None:
    pairs = [(i, (3 * i + 1) % 12, 1 + i % 5) for i in range(12) if i != (3 * i + 1) % 12]
    problem, numbers = laid_out(12, 4, *pairs, before=("s11", "s02"))
    numbers = replace(
        numbers,
        critical_max=1,
        critical=tuple(int(i % 5 == 4) for i in range(12)),
        pilot=frozenset({1, 3, 5}),
        pilot_moves_max=2,
        pinned=(None,) * 6 + (2,) + (None,) * 5,
        forbidden=(frozenset({2}),) + (frozenset[int](),) * 11,
    )
    facts = [replace(PLAIN, score=7.0 * i % 11, high=i % 5 == 4) for i in range(12)]
    order = rank(problem, facts, reading, None)
    waves = fill(problem, numbers, facts, order, 4)
    found = evened(problem, numbers, facts, waves, reading)
    home = {group: number for number, wave in enumerate(found) for group in wave}
    assert sorted(home) == list(range(12))
    assert all(wave for wave in found)
    for number, wave in enumerate(found):
        assert len(wave) <= numbers.room(number)
        assert sum(numbers.critical[group] for group in wave) <= 1
        assert all(numbers.may(group, number) for group in wave)
    assert home[11] <= home[2]
    assert home[6] == 2
