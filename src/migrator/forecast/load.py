"""Who is asked for how much, hour by hour: handlers by pool, engineers by team.

Called by `wiring/forecasting.py`. What is wanted counts from the hour in which it could begin, not
from the hour in which somebody came free: a queue is seen where it arises. Work of a try that was
taken back is not in the times that the kernel keeps, so a busy hour is rather busier than told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from migrator.forecast.chance import (
    HOUR,
    P95,
    START,
    SWITCH,
    Dial,
    Sampled,
    at_share,
    by_hour,
    hours_of,
    lengths_of,
)
from migrator.forecast.model import HourOfWork
from migrator.schedule.problem import Crew, Floats, Ints, Rows

ROWS_MAX: Final = 200
"""Weekends that are looked at: a mean by the hour needs no more."""

_NOTHING: Final = 1e-9
"""Hours of work; less is what sums of minutes leave behind."""


def handlers(
    sampled: Sampled, rows: Rows, wave_of: Ints, names: Sequence[str], dial: Dial
) -> tuple[HourOfWork, ...]:
    """The pools of handlers. A check opens when the core moves of its wave have ended their tail,
    and takes its P50 for the whole quorum, as the kernel has it.
    """
    times = sampled.times[:ROWS_MAX]
    free = times[:, :, SWITCH] + tails(rows)
    work: list[list[tuple[Floats, Floats]]] = [[] for _ in rows.pools]
    for function in rows.functions:
        core = np.asarray(function.core, dtype=np.int64)
        for wave in np.unique(wave_of[core]):
            # The moves of a wave go together or not at all, so one endless switch is all of them.
            opened = free[:, core[wave_of[core] == wave]].max(axis=1)
            begun = np.maximum(opened, function.possible_after)
            work[function.pool].append((begun, begun + function.verify.mid))
    return _hours(work, rows.pools, names, rows.rules.window, dial)


def teams(sampled: Sampled, rows: Rows, names: Sequence[str], dial: Dial) -> tuple[HourOfWork, ...]:
    """The teams: a seat is taken from a move's start until it has ended its tail."""
    times = sampled.times[:ROWS_MAX]
    free = times[:, :, SWITCH] + tails(rows)
    work: list[list[tuple[Floats, Floats]]] = [[] for _ in rows.teams]
    for i, move in enumerate(rows.moves):
        work[move.team].append((times[:, i, START], free[:, i]))
    return _hours(work, rows.teams, names, rows.rules.window, dial)


def tails(rows: Rows) -> Floats:
    """By move: minutes from its switch until its seat is free, by its P50."""
    return np.array([move.move.mid * move.shares[4] for move in rows.moves], dtype=np.float64)


def _hours(
    work: Sequence[Sequence[tuple[Floats, Floats]]],
    crews: Sequence[Crew],
    names: Sequence[str],
    window: float,
    dial: Dial,
) -> tuple[HourOfWork, ...]:
    found = []
    hours, lengths = hours_of(window), lengths_of(window)
    for crew, name, mine in zip(crews, names, work, strict=True):
        if not mine:
            continue
        begin = np.stack([job[0] for job in mine], axis=1)
        end = np.stack([job[1] for job in mine], axis=1)
        wanted = by_hour(begin, end, np.ones(len(mine)), window) / HOUR
        there = presence(crew)
        asked = wanted.max(axis=0) > _NOTHING
        found += [
            HourOfWork(
                begin=dial.certain(hour),
                who=name,
                wanted=float(wanted[:, k].mean()),
                wanted_p95=at_share(wanted[:, k], P95),
                there=there(hour, hour + float(lengths[k])),
            )
            for k, hour in enumerate(hours)
            if asked[k]
        ]
    return tuple(sorted(found, key=lambda each: (each.begin, each.who)))


def presence(crew: Crew) -> Callable[[float, float], float]:
    """Person hours that are there between two minutes; endless where nobody counts them."""

    def there(begin: float, end: float) -> float:
        if not crew.shifts:
            return math.inf
        return sum(
            max(0.0, min(end, to) - max(begin, start)) * count / HOUR
            for start, to, count in crew.shifts
        )

    return there
