"""Crews and handlers as tables: who of those who may verify the same is there at which hours."""

from __future__ import annotations

import math

from migrator.schedule.laying import lay_crews, lay_handlers, ranks
from migrator.schedule.problem import NOTHING, Crew, Function

DAY = Crew(((0.0, 480.0, 1), (1440.0, 1920.0, 1)))
NIGHT = Crew(((480.0, 960.0, 1),))
ALWAYS = Crew()


def of(*handlers: int, rank: int = 0) -> Function:
    return Function(NOTHING, (0,), handlers=handlers, rank=rank)


def test_between_two_changes_of_shift_a_band_has_those_who_are_there() -> None:
    lists: list[int] = []
    found = lay_handlers([of(2, 0, 1)], [DAY, NIGHT, ALWAYS], lists)
    assert found.hours == [-math.inf, 0.0, 480.0, 960.0, 1440.0, 1920.0, math.inf]
    members = [lists[first:end] for first, end in found.bands]
    assert members == [[2], [0, 2], [1, 2], [2], [0, 2], [2]]


def test_functions_that_the_same_people_verify_share_their_bands() -> None:
    lists: list[int] = []
    found = lay_handlers([of(0, 1), of(1), of(1, 0), of()], [DAY, NIGHT], lists)
    assert [first for first, _ in found.rows] == [0, 6, 0, -1]
    assert len(found.bands) == 12


def test_a_function_is_found_by_its_rank() -> None:
    functions = [of(rank=2), of(rank=0), of(rank=2), of(rank=1)]
    assert ranks(functions) == [2, 0, 3, 1]
    assert [f for _, f in lay_handlers(functions, [], []).rows] == [1, 3, 0, 2]


def test_people_with_the_same_shifts_share_them_and_each_has_a_seat() -> None:
    stretches: list[tuple[float, float, float]] = []
    crews = lay_crews([DAY], [DAY, ALWAYS, DAY], [(0.0, 60.0)], {0: 3}, stretches)
    assert [row[:2] for row in crews] == [(0, 2), (0, 2), (2, 3), (0, 2), (3, 4)]
    assert [row[2:] for row in crews] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    assert stretches[2] == (-math.inf, math.inf, 1)
