"""Seats and hours: when a crew has a place, and when a decision can be taken.

Called by `wave.py`, `unwind_time.py` and `weekend.py` with the few arrays that they need. A crew's
seats are the times at which each becomes free, sorted; who begins takes the one that is free for
longest. There are never more of them than jobs, so with more people somebody is always free.
Whoever asks comes in the order of time, so no gap has to be looked for.
"""

from __future__ import annotations

import math

from migrator.schedule.compiled import PLACES, compiled, embedded
from migrator.schedule.problem import (
    COUNT,
    FROM,
    SEAT,
    SEAT_END,
    SHIFT,
    SHIFT_END,
    TO,
    Floats,
    Ints,
)


@embedded
def seat_from(
    crew: int, t: float, seats: Floats, shift: Ints, crews: Ints, stretches: Floats
) -> float:
    """The first minute from `t` on at which somebody of the crew is there and free.

    Shifts are sorted and apart, so the search may begin behind any that was over by `t`; `shift`
    has for each crew where the last one ended, and is looked at again here: it decides nothing.
    """
    crew &= PLACES
    last = crews[crew, SEAT_END]
    most = last - crews[crew, SEAT]
    if most == 0:
        return t
    begin = crews[crew, SHIFT] & PLACES
    since = shift[crew] & PLACES
    if since > begin and stretches[since - 1, TO] <= t:
        begin = since
    for k in range(begin, crews[crew, SHIFT_END]):
        if stretches[k, TO] <= t or stretches[k, COUNT] == 0.0:
            continue
        if k != since:
            shift[crew] = k
        at = max(t, stretches[k, FROM])
        count = int(stretches[k, COUNT])
        if count <= most:
            # With c seats there is one free when the c-th last to become free is free.
            at = max(at, seats[last - count])
        if at < stretches[k, TO]:
            return float(at)
    return math.inf


@embedded
def take(crew: int, until: float, seats: Floats, crews: Ints) -> None:
    """Take the seat that became free first, until a minute."""
    crew &= PLACES
    place, last = crews[crew, SEAT] & PLACES, crews[crew, SEAT_END]
    if place == last:
        return
    while place + 1 < last and seats[place + 1] < until:
        seats[place] = seats[place + 1]
        place += 1
    seats[place] = until


@embedded
def retake(crew: int, until: float, seats: Floats, crews: Ints) -> None:
    """Give a seat that was taken without an end its end."""
    crew &= PLACES
    first, place = crews[crew, SEAT] & PLACES, crews[crew, SEAT_END] - 1
    if place < first:
        return
    while place > first and seats[place - 1] > until:
        seats[place] = seats[place - 1]
        place -= 1
    seats[place] = until


@compiled
def decided(t: float, minutes: float, crews: Ints, stretches: Floats) -> float:
    """When a decision asked for at `t` has been taken; after the last shift it can be at once."""
    deciders = len(crews) - 1
    for k in range(crews[deciders, SHIFT], crews[deciders, SHIFT_END]):
        if stretches[k, TO] > t:
            return float(max(t, stretches[k, FROM]) + minutes)
    return t + minutes
