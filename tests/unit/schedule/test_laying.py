"""Crews and handlers as tables: who of those who may verify the same is there at which hours."""

from __future__ import annotations

import math

from migrator.schedule.laying import groups_of, lay_crews, lay_handlers, near_of

DAY = ((0.0, 480.0, 1), (1440.0, 1920.0, 1))
NIGHT = ((480.0, 960.0, 1),)
ALWAYS = ()


def test_between_two_changes_of_shift_a_band_has_those_who_are_there() -> None:
    lists: list[int] = []
    found = lay_handlers([(2, 0, 1)], [0], [DAY, NIGHT, ALWAYS], lists)
    assert found.hours == [-math.inf, 0.0, 480.0, 960.0, 1440.0, 1920.0, math.inf]
    members = [lists[first:end] for first, end in found.bands]
    assert members == [[2], [0, 2], [1, 2], [2], [0, 2], [2]]


def test_functions_that_the_same_people_verify_share_their_bands() -> None:
    lists: list[int] = []
    found = lay_handlers([(0, 1), (1,), (1, 0), ()], [3, 1, 0, 2], [DAY, NIGHT], lists)
    assert found.rows == [(0, 3), (6, 1), (0, 0), (-1, 2)]
    assert len(found.bands) == 12


def test_people_with_the_same_shifts_share_them_and_each_has_a_seat() -> None:
    stretches: list[tuple[float, float, float]] = []
    crews = lay_crews([DAY], [DAY, ALWAYS, DAY], ((0.0, 60.0, 1),), {0: 3}, stretches)
    assert [row[:2] for row in crews] == [(0, 2), (0, 2), (2, 3), (0, 2), (3, 4)]
    assert [row[2:] for row in crews] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    assert stretches[2] == (-math.inf, math.inf, 1)


def test_a_group_is_named_by_its_first_member_and_its_members_are_near_each_other() -> None:
    groups = [None, 7, None, 7]
    assert groups_of(groups) == [0, 1, 2, 1]
    assert near_of([(), (), (0,), ()], groups, [(0, 1, 2.5)]) == [[1, 2], [0, 3], [0], [1]]
