"""Changes of a decision keep every atom once, and what breaks a limit is never allowed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from decisions import a_decision, some_facts
from migrator.schedule.anneal_moves import (
    Chance,
    allowed,
    below,
    change,
    copy_to,
    draw,
    expand,
    heat_at,
)


def chance(seed: int = 1) -> Chance:
    return np.array([seed], dtype=np.uint64)


def test_draws_are_the_same_for_the_same_seed_and_lie_between_0_and_1() -> None:
    one, other, third = chance(), chance(), chance(2)
    drawn = [draw(one) for _ in range(500)]
    assert drawn == [draw(other) for _ in range(500)]
    assert drawn != [draw(third) for _ in range(500)]
    assert 0 <= min(drawn) < 0.05
    assert 0.95 < max(drawn) < 1
    assert {below(one, 3) for _ in range(100)} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_a_change_that_is_allowed_keeps_every_atom_once_and_every_limit(seed: int) -> None:
    facts = some_facts(12, 4, room=4, before={5: [2], 9: [5]}, barred=[(0, 3), (7, 0)])
    begun = [[2, 0, 1], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    now, tried = a_decision(begun), a_decision(begun)
    assert allowed(facts, now)
    drawn, kept = chance(seed), 0
    for _ in range(2000):
        copy_to(now, tried)
        if not change(facts, tried, drawn) or not allowed(facts, tried):
            continue
        kept += 1
        copy_to(tried, now)
        row, edge = now.row.tolist(), now.edge.tolist()
        assert sorted(row) == list(range(12))
        assert all(0 < b - a <= 4 for a, b in pairwise(edge))
        assert row.index(2) < row.index(5) < row.index(9)
        assert not edge[3] <= row.index(0)
        assert not row.index(7) < edge[1]
    assert kept > 100


@pytest.mark.parametrize(
    "waves",
    [
        [[0, 1, 2], [3]],  # too many
        [[3, 0], [1, 2]],  # 3 may not be in the first wave
        [[1, 0], [2, 3]],  # 0 has to stand before 1
    ],
)
def test_what_breaks_a_limit_is_not_allowed(waves: list[list[int]]) -> None:
    facts = some_facts(4, 2, room=2, before={1: [0]}, barred=[(3, 0)])
    assert allowed(facts, a_decision([[0, 1], [2, 3]]))
    assert not allowed(facts, a_decision(waves))


def test_an_empty_wave_is_not_allowed() -> None:
    facts = some_facts(3, 2, room=3)
    assert not allowed(facts, a_decision([[0, 1, 2], []]))


def test_a_decision_becomes_moves_in_the_order_of_its_atoms() -> None:
    facts = some_facts(3, 2, room=3, members=[[0, 3], [1], [2]])
    order, wave_at = np.zeros(4, dtype=np.int64), np.zeros(3, dtype=np.int64)
    expand(facts, a_decision([[2], [0, 1]]), order, wave_at)
    assert order.tolist() == [2, 0, 3, 1]
    assert wave_at.tolist() == [0, 1, 4]


def test_heat_falls_from_its_beginning_to_its_end() -> None:
    assert heat_at(1.0, 0.01, 0, 10) == 1.0
    assert heat_at(1.0, 0.01, 5, 10) == pytest.approx(0.1)
    assert heat_at(1.0, 0.01, 10, 10) == pytest.approx(0.01)
