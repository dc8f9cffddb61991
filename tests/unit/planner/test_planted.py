"""The claimed optimum of a planted instance is what it says: tiny ones are counted out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from migrator.planner.compiled_search import search_compiled
from migrator.planner.decode import decode
from migrator.planner.search import hours
from migrator.schedule.process import Kernel

sys.path.append(str(Path(__file__).parents[3] / "benchmarks"))

from _planted import planted


def every_plan(left: frozenset[int], room: int) -> Iterator[list[list[int]]]:
    """Every way to put moves into waves of at most `room`, whatever their number."""
    if not left:
        yield []
    for size in range(1, min(room, len(left)) + 1):
        for wave in combinations(sorted(left), size):
            for rest in every_plan(left - set(wave), room):
                yield [list(wave), *rest]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_plan_of_a_tiny_instance_is_below_its_claimed_optimum(seed: int) -> None:
    instance = planted(6, 2, seed)
    problem = instance.problem
    plans = every_plan(frozenset(range(6)), 3)
    least = min(hours(problem, decode(problem, plan)) for plan in plans)
    assert least == pytest.approx(instance.least_hours)


def test_the_hidden_order_of_the_blocks_has_the_claimed_optimum() -> None:
    instance = planted(20, 4, 3)
    exposed = hours(instance.problem, decode(instance.problem, instance.blocks))
    assert exposed == pytest.approx(instance.least_hours)


def test_the_search_finds_a_planted_optimum() -> None:
    instance = planted(20, 4, 1)
    with Kernel() as kernel:
        if not kernel.can_search:
            pytest.skip("the compiler (extra `kernel`) is not installed")
        found = search_compiled(
            instance.problem, instance.limits, 4, 1, 200, instance.estate, kernel
        )
    assert hours(instance.problem, found.schedule) == pytest.approx(instance.least_hours)
