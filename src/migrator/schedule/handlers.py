"""Checks that go to people by name, as the engine gives them out (`verification/assign.py`).

Called by `checks.py`. A check goes to whoever may verify it, is on shift and free, and was asked
least this weekend; so many as its quorum verify it one after the other, each once. Of several
checks that wait the one of the lowest rank comes first. Who has begun finishes, whatever the clock
says.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import VERIFY, longer, minutes, normal
from migrator.schedule.compiled import PLACES, ZERO, compiled, embedded, inlined
from migrator.schedule.heap import pop, push
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Problem
from migrator.schedule.resume import check_fact, crew_of, now, tick_fact, ticks

TICK: Final = 256
"""A handler's draw is that of the attempt, plus so many for each who was asked before."""


@embedded
def ask_people(
    p: Problem, w: Paper, count: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> None:
    """Hold the checks in the row `ASIDE`, in the order of time; sets when each has passed.

    The heap holds when each of them opens, can be given to somebody, or is ticked and needs one
    more, by its rank.
    """
    keys, heap = w.keys[at.HEAP], w.items[at.HEAP]
    size = _begin(p, w, count, chance, start, nth, factor)
    while size:
        t = keys[0]
        rank = heap[0] & PLACES
        f = p.handlers[rank, of.BY_RANK] & PLACES
        size -= 1
        pop(keys, heap, size)
        if w.check_marks[f, at.TICKS] == p.functions[f, of.QUORUM]:
            w.checks[f, at.READY] = t
            continue
        who = _choose(p, w, f, t)
        if who >= 0:
            if w.level[at.CHAINED] != 0.0:
                _note_why(p, w, f, who, t)
            t += _length(p, w, f, chance, start, nth, factor)
            _give(p, w, f, who, t)
            if w.check_marks[f, at.TICKS] == p.functions[f, of.QUORUM]:
                w.checks[f, at.READY] = t
                continue
            w.checks[f, at.READY] = t  # since when it waits for one more
        else:
            # Whoever is asked meanwhile only makes it later, so it is asked again at that time.
            t = _somebody_from(p, w, f, t)
        if t < math.inf:
            push(keys, heap, size, t, rank)
            size += 1
        else:
            w.checks[f, at.READY] = math.inf


@embedded
def _begin(
    p: Problem, w: Paper, count: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> int:
    """Put in the heap when each check opens or, where it has begun in reality, is ticked next."""
    size = ZERO
    for place in range(count):
        f = w.items[at.ASIDE, place] & PLACES
        w.check_marks[f, at.TICKS] = 0
        opens = max(w.checks[f, at.READY], w.level[at.FLOOR])
        w.checks[f, at.READY] = opens
        if w.counts[at.UNDER_WAY]:
            passed = check_fact(w, f, real.CHECK_PASSED)
            if passed < math.inf:
                w.checks[f, at.READY] = passed
                continue
            if check_fact(w, f, real.CHECK_BEGUN) < math.inf:
                opens = _go_on(p, w, f, chance, start, nth, factor)
        if opens < math.inf:
            push(w.keys[at.HEAP], w.items[at.HEAP], size, opens, int(p.functions[f, of.RANK]))
            size += 1
    return int(size)


@compiled
def _note_why(p: Problem, w: Paper, f: int, who: int, t: float) -> None:
    """Note for whose sake a check was late: whoever made that one late which kept its handler."""
    seat = p.crews[crew_of(p, who), of.SEAT]
    if w.checks[f, at.READY] < t == w.seats[at.WEEKEND, seat]:
        before = int(w.seats[at.LATEST, seat])
        w.check_marks[f, at.BECAUSE] = w.check_marks[before, at.BECAUSE]


@compiled
def _go_on(
    p: Problem, w: Paper, f: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> float:
    """When somebody who has a check already has done with it, or when it can be given again."""
    known = p.functions[f, of.PART_MID] * factor
    sigma = p.functions[f, of.VERIFY_SIGMA]
    moment = now(w)
    quorum = int(p.functions[f, of.QUORUM])
    until = -math.inf
    named = False
    for row in range(ticks(w)):
        if int(tick_fact(w, row, real.CHECK)) != f or w.check_marks[f, at.TICKS] == quorum:
            continue
        named = True
        length = _length(p, w, f, chance, start, nth, factor)
        since = tick_fact(w, row, real.SINCE)
        ticked = tick_fact(w, row, real.TICKED)
        if ticked == math.inf:
            ticked = since + longer(length, known, sigma, moment - since)
        until = max(until, ticked)
        _give(p, w, f, int(tick_fact(w, row, real.PERSON)), ticked)
    if not named:
        since = check_fact(w, f, real.CHECK_BEGUN)
        length = _length(p, w, f, chance, start, nth, factor)
        until = since + longer(length, known, sigma, moment - since)
        _give(p, w, f, ZERO - 1, until)
    if w.check_marks[f, at.TICKS] < quorum:
        until = max(until, w.level[at.FLOOR])
    return float(until)


@inlined
def _length(
    p: Problem, w: Paper, f: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> float:
    """What the next handler of a check needs for it."""
    sigma = p.functions[f, of.VERIFY_SIGMA]
    # The lowest member stays in most changes of an order, and its draw with it.
    key = f * 65536 + w.check_marks[f, at.ANCHOR]
    asked = nth + w.check_marks[f, at.TICKS] * TICK
    z = normal(start, VERIFY, key, asked) if chance and sigma > 0.0 else 0.0
    return minutes(p.functions[f, of.PART_MID], sigma, factor, z)


@embedded
def _give(p: Problem, w: Paper, f: int, who: int, until: float) -> None:
    """Note who has a check, and until when; somebody without a name is below zero."""
    w.asked[f, w.check_marks[f, at.TICKS] & PLACES] = who
    w.check_marks[f, at.TICKS] += 1
    if who >= 0:
        seat = (p.crews[crew_of(p, ZERO), of.SEAT] + who) & PLACES
        w.seats[at.WEEKEND, seat] = until
        w.seats[at.GIVEN, seat] += 1.0
        w.seats[at.LATEST, seat] = float(f)


@embedded
def _choose(p: Problem, w: Paper, f: int, t: float) -> int:
    """Who gets a check at `t`; below zero: nobody can."""
    first_seat = p.crews[crew_of(p, ZERO), of.SEAT] & PLACES
    seats, given = w.seats[at.WEEKEND], w.seats[at.GIVEN]
    b = (p.handlers[f, of.BANDS] + _hour(p, w, t)) & PLACES
    first, end = p.bands[b, of.MEMBER] & PLACES, p.bands[b, of.MEMBER_END]
    chosen = ZERO - 1
    if first == end:
        return int(chosen)
    least = _turn(p, w, b, first_seat)
    # Those at the beginning were asked more often, so they come last.
    place = first + w.turns[b, at.PAST]
    fewest = math.inf
    for _ in range(end - first):
        who = p.lists[place & PLACES] & PLACES
        count = given[first_seat + who]
        better = count < fewest or (count == fewest and who < chosen)
        if better and seats[first_seat + who] <= t and not _had(w, f, who):
            chosen = who
            fewest = count
            if count == least:
                break
        place += 1
        if place == end:
            place = first
    return int(chosen)


@embedded
def _hour(p: Problem, w: Paper, t: float) -> int:
    """Between which two hours a moment is; it is mostly where the last one was."""
    k = w.counts[at.HOUR]
    while p.hours[(k + 1) & PLACES] <= t:
        k += 1
    while p.hours[k & PLACES] > t:
        k -= 1
    w.counts[at.HOUR] = k
    return int(k)


@embedded
def _turn(p: Problem, w: Paper, b: int, first_seat: int) -> int:
    """How often those of a band were asked who were asked least; puts their beginning right.

    Nobody is ever asked less often than before, so what was passed stays passed.
    """
    given = w.seats[at.GIVEN]
    least = w.turns[b, at.LEAST]
    first, end = p.bands[b, of.MEMBER] & PLACES, p.bands[b, of.MEMBER_END]
    place = first + w.turns[b, at.PAST]
    while place < end and given[first_seat + (p.lists[place & PLACES] & PLACES)] > least:
        place += 1
    if place == end:
        lowest = math.inf
        for k in range(first, end):
            lowest = min(lowest, given[first_seat + (p.lists[k] & PLACES)])
        least = int(lowest)
        place = first
        while given[first_seat + (p.lists[place & PLACES] & PLACES)] > least:
            place += 1
        w.turns[b, at.LEAST] = least
    w.turns[b, at.PAST] = place - first
    return int(least)


@inlined
def _had(w: Paper, f: int, who: int) -> bool:
    """Tell whether somebody had the check that is open."""
    found = False
    for k in range(w.check_marks[f, at.TICKS]):
        found = found or w.asked[f, k] == who
    return found


@compiled
def _somebody_from(p: Problem, w: Paper, f: int, t: float) -> float:
    """The first minute after `t` at which one of those who may still be asked is there and free."""
    first_seat = p.crews[crew_of(p, ZERO), of.SEAT] & PLACES
    for k in range(_hour(p, w, t), len(p.hours) - 1):
        b = (p.handlers[f, of.BANDS] + k) & PLACES
        first = math.inf
        for m in range(p.bands[b, of.MEMBER] & PLACES, p.bands[b, of.MEMBER_END]):
            who = p.lists[m] & PLACES
            if not _had(w, f, who):
                first = min(first, w.seats[at.WEEKEND, first_seat + who])
        first = max(first, t, p.hours[k])
        if first < p.hours[k + 1]:
            return float(first)
    return math.inf
