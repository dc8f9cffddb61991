"""Who belongs together, as tables: crews, seats and shifts, handlers by the hour, groups.

Called by `problem.arrays`. For each set of handlers and each stretch between two changes of shift
those who are there stand in a band, or everybody would be asked at each check whether he is there:
of two hundred, each time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from migrator.schedule.problem import Crew, Function, Move, Stretch

Seated = tuple[int, int, int, int]
"""A row of `Problem.crews`."""

Shifts = tuple[tuple[float, float, int], ...]

_ALWAYS: Final[Shifts] = ((-math.inf, math.inf, 1),)
"""One person who is always there: unlike a crew without shifts, no more than one."""


def jobs_of(
    moves: Sequence[Move],
    functions: Sequence[Function],
    exercised: Sequence[Sequence[int]],
    teams: int,
) -> Counter[int]:
    """By crew: how many jobs could ever be done at the same time."""
    jobs = Counter(move.team for move in moves)
    jobs.update(teams + function.pool for function in functions)
    for move, mine in zip(moves, exercised, strict=True):
        if move.incident > 0 and mine:
            jobs[teams + functions[mine[0]].pool] += 1
    return jobs


def lay_crews(
    crews: Sequence[Crew],
    people: Sequence[Crew],
    deciding: Iterable[Stretch],
    jobs: Mapping[int, int],
    stretches: list[tuple[float, float, float]],
) -> list[Seated]:
    """Add everybody's shifts to the stretches, and count the seats: what is never sat on is not
    kept, or a pool of fifty handlers would cost fifty steps for each check.
    """
    everybody: list[Shifts] = [crew.shifts for crew in crews]
    everybody += [person.shifts or _ALWAYS for person in people]
    everybody.append(tuple((start, end, 1) for start, end in deciding))
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
    functions: Sequence[Function], people: Sequence[Crew], lists: list[int]
) -> Handlers:
    """The handlers of each function by hours: between two of them the same people are there.

    Functions that the same people verify share them.
    """
    shifts = [person.shifts or _ALWAYS for person in people]
    edges = {edge for each in shifts for start, end, _ in each for edge in (start, end)}
    hours = [-math.inf, *sorted(edges - {-math.inf, math.inf}), math.inf]
    there = [[any(a <= since < b for a, b, _ in each) for since in hours[:-1]] for each in shifts]
    by_rank = sorted(range(len(functions)), key=lambda f: (functions[f].rank, f))
    bands: list[tuple[int, int]] = []
    known: dict[tuple[int, ...], int] = {(): -1}
    laid: dict[tuple[int, ...], tuple[int, int]] = {}
    rows = []
    for f, function in enumerate(functions):
        whom = tuple(sorted(function.handlers))
        if whom not in known:
            known[whom] = len(bands)
            for hour in range(len(hours) - 1):
                members = tuple(who for who in whom if there[who][hour])
                if members not in laid:
                    laid[members] = (len(lists), len(lists) + len(members))
                    lists += members
                bands.append(laid[members])
        rows.append((known[whom], by_rank[f]))
    return Handlers(rows, bands, hours)


def ranks(functions: Sequence[Function]) -> list[int]:
    """By function: its place in the order of ranks."""
    found = [0] * len(functions)
    for rank, f in enumerate(sorted(range(len(functions)), key=lambda f: (functions[f].rank, f))):
        found[f] = rank
    return found


def groups_of(moves: Sequence[Move]) -> list[int]:
    """Groups by numbers below n: the first member names it."""
    first: dict[int, int] = {}
    return [
        i if move.group is None else first.setdefault(move.group, i) for i, move in enumerate(moves)
    ]


def near_of(moves: Sequence[Move], pairs: Sequence[tuple[int, int, float]]) -> list[list[int]]:
    """Who waits for whom in an unwind: linked, declared before, or of one group."""
    near: list[set[int]] = [set() for _ in moves]
    members: dict[int, list[int]] = {}
    for i, move in enumerate(moves):
        for first in move.before:
            near[i].add(first)
            near[first].add(i)
        if move.group is not None:
            members.setdefault(move.group, []).append(i)
    for group in members.values():
        for i in group:
            near[i].update(other for other in group if other != i)
    for one, other, _ in pairs:
        near[one].add(other)
        near[other].add(one)
    return [sorted(group) for group in near]
