"""Who belongs together, as tables: crews, seats and shifts, handlers by the hour, groups.

Called by `problem.arrays`. For each set of handlers and each stretch between two changes of shift
those who are there stand in a band, or everybody would be asked at each check whether he is there:
of two hundred, each time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

Seated = tuple[int, int, int, int]
"""A row of `Problem.crews`."""

Shifts = tuple[tuple[float, float, int], ...]

_ALWAYS: Final[Shifts] = ((-math.inf, math.inf, 1),)
"""One person who is always there: unlike a crew without shifts, no more than one."""


def lay_crews(
    crews: Sequence[Shifts],
    people: Sequence[Shifts],
    deciding: Shifts,
    jobs: Mapping[int, int],
    stretches: list[tuple[float, float, float]],
) -> list[Seated]:
    """Add everybody's shifts to the stretches, and count the seats: what is never sat on is not
    kept, or a pool of fifty handlers would cost fifty steps for each check.
    """
    everybody = [*crews, *(shifts or _ALWAYS for shifts in people), deciding]
    rows: list[Seated] = []
    known: dict[Shifts, int] = {}
    seat = 0
    for number, shifts in enumerate(everybody):
        # A crew without seats is one without limit, so whoever has shifts has one at least.
        largest = max((count for _, _, count in shifts), default=0)
        most = max(1, min(largest, jobs.get(number, 0))) if shifts else 0
        first = known.setdefault(shifts, len(stretches))
        if first == len(stretches):
            stretches += shifts
        rows.append((first, first + len(shifts), seat, seat + most))
        seat += most
    return rows


class Handlers(NamedTuple):
    """Who may verify what, when."""

    rows: list[tuple[int, int]]  # of `Problem.handlers`
    bands: list[tuple[int, int]]
    hours: list[float]


def lay_handlers(
    handlers: Sequence[Sequence[int]],
    order: Sequence[int],
    people: Sequence[Shifts],
    lists: list[int],
) -> Handlers:
    """The handlers of each function by hours: between two of them the same people are there.
    `order` has the functions by rank.

    Functions that the same people verify share them.
    """
    shifts = [each or _ALWAYS for each in people]
    edges = {edge for each in shifts for start, end, _ in each for edge in (start, end)}
    hours = [-math.inf, *sorted(edges - {-math.inf, math.inf}), math.inf]
    there = [[any(a <= since < b for a, b, _ in each) for since in hours[:-1]] for each in shifts]
    bands: list[tuple[int, int]] = []
    known: dict[tuple[int, ...], int] = {(): -1}
    laid: dict[tuple[int, ...], tuple[int, int]] = {}
    rows = []
    for named, by_rank in zip(handlers, order, strict=True):
        whom = tuple(sorted(named))
        if whom not in known:
            known[whom] = len(bands)
            for hour in range(len(hours) - 1):
                members = tuple(who for who in whom if there[who][hour])
                if members not in laid:
                    laid[members] = (len(lists), len(lists) + len(members))
                    lists += members
                bands.append(laid[members])
        rows.append((known[whom], by_rank))
    return Handlers(rows, bands, hours)


def groups_of(groups: Sequence[int | None]) -> list[int]:
    """Groups by numbers below n: the first member names it; None is a group of its own."""
    first: dict[int, int] = {}
    return [i if group is None else first.setdefault(group, i) for i, group in enumerate(groups)]


def near_of(
    before: Sequence[Sequence[int]],
    groups: Sequence[int | None],
    pairs: Sequence[tuple[int, int, float]],
) -> list[list[int]]:
    """Who waits for whom in an unwind: linked, declared before, or of one group."""
    near: list[set[int]] = [set() for _ in before]
    members: dict[int, list[int]] = {}
    for i, firsts in enumerate(before):
        for first in firsts:
            near[i].add(first)
            near[first].add(i)
    for i, number in enumerate(groups):
        if number is not None:
            members.setdefault(number, []).append(i)
    for group in members.values():
        for i in group:
            near[i].update(other for other in group if other != i)
    for one, other, _ in pairs:
        near[one].add(other)
        near[other].add(one)
    return [sorted(group) for group in near]
