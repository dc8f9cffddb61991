"""The eight conditions: what a change would do is what counting everything anew says."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.azure_conditions import Amounts, Board, earliest
from migrator.planner.peers.azure_score import Facts
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from migrator.planner.seeds import Waves
from migrator.planner.waves import default_constraints, limits
from weekend_estates import an_estate, pairs_of

PLAIN = Facts(testing=False, high=False, complex=False, score=50)


def a_board(facts: dict[int, Facts], waves: Waves, *pairs: tuple[int, int, int]) -> Board:
    """Groups of one subsystem each; waves of fewer than two are smaller than wished for."""
    count = sum(len(wave) for wave in waves)
    inventory = an_estate(count)
    rules = find_rules(inventory)
    problem = build_problem(inventory, pairs_of(*pairs), rules, DEFAULT_POLICY, RECIPES)
    numbers = replace(
        limits(problem, default_constraints(problem, len(waves), None), len(waves)),
        pilot=frozenset(),
        moves_max=3,
        critical_max=count,
        moves_wanted=2,
    )
    return Board.of(problem, numbers, tuple(facts.get(g, PLAIN) for g in range(count)), waves)


def test_a_dependency_in_a_later_wave_breaks_the_third_condition_by_its_weight() -> None:
    board = a_board({}, [[0, 1], [2, 3]], (0, 2, 7), (3, 1, 9), (2, 3, 4))
    assert board.amounts() == (7, 0, 0, 0, 0, 0, 16)


def test_production_before_tests_and_beside_them_is_counted() -> None:
    test = replace(PLAIN, testing=True)
    assert a_board({0: test, 1: test}, [[0, 1], [2, 3]]).amounts()[1:3] == (0, 0)
    assert a_board({2: test, 3: test}, [[0, 1], [2, 3]]).amounts()[1:3] == (4, 0)
    assert a_board({0: test, 3: test}, [[0, 1], [2, 3]]).amounts()[1:3] == (1, 2)


def test_critical_and_complex_groups_count_in_the_earliest_waves_only() -> None:
    facts = {0: replace(PLAIN, high=True), 1: replace(PLAIN, complex=True)}
    assert a_board(facts, [[0, 1], [2, 3]]).amounts()[3:5] == (1, 1)
    assert a_board(facts, [[2, 3], [0, 1]]).amounts()[3:5] == (0, 0)
    assert [earliest(count) for count in (1, 9, 17, 32)] == [1, 1, 2, 3]


def test_small_waves_and_ties_across_waves_are_counted() -> None:
    board = a_board({}, [[0, 1, 2], [3], [4, 5]], (0, 4, 5), (3, 4, 2))
    assert board.amounts()[5:] == (1, 5 * 2 + 2)


def test_a_change_is_the_difference_of_what_is_counted_anew() -> None:
    random = Random(4)
    facts = {
        g: Facts(
            testing=random.random() < 0.3,
            high=random.random() < 0.3,
            complex=random.random() < 0.3,
            score=0,
        )
        for g in range(9)
    }
    pairs = [(random.randrange(9), random.randrange(9), random.randrange(1, 9)) for _ in range(40)]
    rows = {(a, b): weight for a, b, weight in pairs if a != b}
    board = a_board(
        facts, [[0, 1, 2], [3, 4, 5], [6, 7, 8]], *((*ends, w) for ends, w in rows.items())
    )
    for _ in range(60):
        group, wave = random.randrange(9), random.randrange(3)
        before = board.amounts()
        (told,) = board.changes(group, [wave])
        board.put(group, wave)
        board.keep(group)
        assert told == _difference(board.amounts(), before)


def test_what_goes_back_is_counted_with_its_partner_at_the_new_place() -> None:
    rows = [(0, 2, 7), (2, 0, 3), (0, 1, 2), (1, 2, 5), (3, 0, 4)]
    for known in (True, False):
        board = a_board({}, [[0, 1], [2, 3]], *rows)
        if known:
            board.changes(2, [0])
        board.put(0, 1)
        before = board.amounts()
        told = board.change_back(2, 0, 0)
        board.put(2, 0)
        assert told == _difference(board.amounts(), before)


def test_a_full_or_an_empty_wave_has_no_room() -> None:
    board = a_board({}, [[0, 1, 2], [3]])
    assert board.room(0)
    board.put(3, 0)
    assert not board.room(0)
    assert not board.room(1)


def test_waves_come_out_in_the_order_of_the_rank() -> None:
    board = a_board({}, [[0, 1], [2, 3]])
    board.put(3, 0)
    assert board.waves([2, 1, 0, 0]) == [[3, 1, 0], [2]]


def _difference(after: Amounts, before: Amounts) -> tuple[int, ...]:
    return tuple(one - other for one, other in zip(after, before, strict=True))
