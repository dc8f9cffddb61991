"""One try at one wave: its copies, its seats, its cuts and switches, and its checks.

Called by `weekend.py`, once per wave and attempt. What it means is written twice, here for speed
and in `plain.py` for people; the tests hold the two together.

1. Ahead of the gate a move is prepared and copied, without a seat. A copy starts as soon as the
   line has room for its rate; when several wait, the first in the order that fits.
2. Behind the gate a move starts when it is copied (with an opening: when it is prepared), when all
   that switch before it have started, when the target has quota for it, and when its team has a
   seat; of several the first in the order. The seat is held for the work, and for as long as the
   copy or the cut has to wait with the seat taken.
3. The cut begins after the switches of those before it, inside its fixed date, and where its
   careful length touches no blackout. Moves of a group, or of the wave, may have to switch
   together; they wait for that without a seat.
4. A check of a function opens when all its core moves of the wave have switched and ended their
   tail, and goes to the first free handler of its pool, in the order in which checks opened. An
   incident takes a handler of the move's first function in the same way. A move is verified when
   its checks and its incident are done, and accepted after the soak.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import (
    FAILURE,
    INCIDENT,
    INCIDENT_MINUTES,
    MOVE,
    VERIFY,
    minutes,
    normal,
    uniform,
)
from migrator.schedule.compiled import ZERO, compiled
from migrator.schedule.crews import seat_from, take
from migrator.schedule.heap import pop, push, sort
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem


@compiled
def attempt(
    p: Problem,
    w: Paper,
    wave: Ints,
    ahead: float,
    gate: float,
    chance: bool,
    start: np.uint64,
    nth: int,
    factor: float,
) -> float:
    """Try a wave whose gate opens at `gate`; says when the first failure shows, else never."""
    w.counts[at.ATTEMPT] += 1
    moves, times, marks = p.moves, w.times, w.marks
    for place in range(len(wave)):
        i = wave[place]
        marks[i, at.PLACE] = place
        if marks[i, at.STATE] == at.WAITING:
            marks[i, at.TURN] = w.counts[at.ATTEMPT]
            sigma = moves[i, of.SIGMA]
            z = normal(start, MOVE, i, nth) if chance and sigma > 0.0 else 0.0
            times[i, at.MINUTES] = minutes(moves[i, of.MID], sigma, factor, z)
    _copy(p, w, wave, ahead)
    _hands_on(p, w, wave, gate)
    if p.rules[of.SWITCHING] != of.AT_ONCE:
        _together(p, w, wave)
    failed = math.inf
    for i in wave:
        if marks[i, at.STATE] != at.WAITING:
            continue
        times[i, at.FREE] = times[i, at.SWITCH] + times[i, at.MINUTES] * moves[i, of.TAIL]
        risk = moves[i, of.FAILURE]
        if chance and risk > 0.0 and uniform(start, FAILURE, i, nth) < risk:
            failed = min(failed, times[i, at.SWITCH])
    return failed


@compiled
def _copy(p: Problem, w: Paper, wave: Ints, ahead: float) -> None:
    """Prepare and copy, ahead of the gate."""
    moves, times, marks, queue = p.moves, w.times, w.marks, w.items[at.QUEUE]
    limited = p.rules[of.COPY_CAPACITY] < math.inf
    pending = 0
    for i in wave:
        if marks[i, at.STATE] != at.WAITING:
            continue
        length = times[i, at.MINUTES] * moves[i, of.COPY]
        times[i, at.COPIED] = ahead + times[i, at.MINUTES] * moves[i, of.PREPARE]
        times[i, at.ASKING] = times[i, at.COPIED]
        if limited and length > 0.0 and moves[i, of.RATE] > 0.0:
            queue[pending] = i
            pending += 1
        else:
            times[i, at.COPIED] += length
    t = ahead
    while pending:
        used, following = _running(w, t)
        waiting = 0
        for k in range(pending):
            i = queue[k]
            rate = moves[i, of.RATE]
            if times[i, at.COPIED] > t:
                following = min(following, times[i, at.COPIED])
            elif used == 0.0 or used + rate <= p.rules[of.COPY_CAPACITY]:
                times[i, at.COPIED] = t + times[i, at.MINUTES] * moves[i, of.COPY]
                w.line[0, w.counts[at.COPYING]] = times[i, at.COPIED]
                w.line[1, w.counts[at.COPYING]] = rate
                w.counts[at.COPYING] += 1
                used += rate
                following = min(following, times[i, at.COPIED])
                continue
            queue[waiting] = i
            waiting += 1
        pending = waiting
        t = following


@compiled
def _running(w: Paper, t: float) -> tuple[float, float]:
    """What the line carries at `t`, and when the first copy in it ends; forgets ended ones."""
    line = w.line
    kept = 0
    used = 0.0
    following = math.inf
    for k in range(w.counts[at.COPYING]):
        if line[0, k] > t:
            line[0, kept] = line[0, k]
            line[1, kept] = line[1, k]
            used += line[1, k]
            following = min(following, line[0, k])
            kept += 1
    w.counts[at.COPYING] = kept
    return used, following


@compiled
def _hands_on(p: Problem, w: Paper, wave: Ints, gate: float) -> None:
    """Give out seats in the order of time, and set every start and switch."""
    moves, ties, lists, times, marks = p.moves, p.ties, p.lists, w.times, w.marks
    seats, keys, items = w.seats[0], w.keys[at.HEAP], w.items[at.HEAP]
    turn = w.counts[at.ATTEMPT]
    limited = p.rules[of.QUOTA] < math.inf
    size = _line_up(p, w, wave, gate)
    while size:
        t = keys[0]
        place = items[0]
        i = wave[place]
        begin = t
        if limited:
            begin = max(t, _quota_from(w, moves[i, of.NEED]))
        begin = seat_from(ties[i, of.TEAM], begin, seats, p.crews, p.stretches)
        size -= 1
        pop(keys, items, size)
        if begin > t:
            # Whoever began meanwhile only made it later, so it is asked again when its time comes.
            if begin < math.inf:
                push(keys, items, size, begin, place)
                size += 1
            continue
        w.level[0] -= moves[i, of.NEED]
        times[i, at.START] = begin
        switch = _cut(p, w, i, begin)
        times[i, at.SWITCH] = switch
        tail = times[i, at.MINUTES] * moves[i, of.TAIL]
        take(ties[i, of.TEAM], switch + tail, seats, p.crews)
        for k in range(ties[i, of.AFTER], ties[i, of.AFTER_END]):
            later = lists[k]
            if marks[later, at.TURN] == turn:
                marks[later, at.WAITS] -= 1
                times[later, at.ASKING] = max(times[later, at.ASKING], begin)
                if marks[later, at.WAITS] == 0:
                    push(keys, items, size, times[later, at.ASKING], marks[later, at.PLACE])
                    size += 1
    for i in wave:
        if marks[i, at.STATE] == at.WAITING and times[i, at.START] == math.inf:
            marks[i, at.STATE] = at.STRANDED


@compiled
def _line_up(p: Problem, w: Paper, wave: Ints, gate: float) -> int:
    """Who waits for nobody before it stands in the heap, by when it is ready; says how many."""
    times, marks = w.times, w.marks
    turn = w.counts[at.ATTEMPT]
    size = ZERO
    for place in range(len(wave)):
        i = wave[place]
        if marks[i, at.STATE] != at.WAITING:
            continue
        if p.moves[i, of.OPENING] == 0.0:
            times[i, at.ASKING] = times[i, at.COPIED]
        times[i, at.ASKING] = max(times[i, at.ASKING], gate)
        times[i, at.START] = math.inf
        times[i, at.SWITCH] = math.inf
        waits = 0
        for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
            if marks[p.lists[k], at.TURN] == turn:
                waits += 1
        marks[i, at.WAITS] = waits
        if waits == 0:
            push(w.keys[at.HEAP], w.items[at.HEAP], size, times[i, at.ASKING], place)
            size += 1
    return size


@compiled
def _cut(p: Problem, w: Paper, i: int, start: float) -> float:
    """When a move that started is ready to switch."""
    moves, ties, times = p.moves, p.ties, w.times
    opened = start + times[i, at.MINUTES] * moves[i, of.OPENING]
    cut = max(opened, times[i, at.COPIED]) + times[i, at.MINUTES] * moves[i, of.LEAD]
    for k in range(ties[i, of.BEFORE], ties[i, of.BEFORE_END]):
        # Those of earlier waves have switched before this gate opened.
        cut = max(cut, times[p.lists[k], at.SWITCH])
    cut = max(cut, moves[i, of.FIXED_FROM])
    for k in range(ties[i, of.BLACKOUT], ties[i, of.BLACKOUT_END]):
        from_, to = p.stretches[k, of.FROM], p.stretches[k, of.TO]
        if cut < to and cut + moves[i, of.CAREFUL] > from_:
            cut = to
    if cut > moves[i, of.FIXED_TO]:
        w.counts[at.MISSED] += 1
    return float(cut + times[i, at.MINUTES] * moves[i, of.CUT])


@compiled
def _quota_from(w: Paper, need: float) -> float:
    """When the target has room: what earlier waves left free comes back at known times."""
    level = w.level[0]
    if need <= 0.0 or need <= level:
        return 0.0
    for k in range(w.counts[at.FREED]):
        level += w.freed[1, k]
        if level >= need:
            return float(w.freed[0, k])
    return math.inf


@compiled
def _together(p: Problem, w: Paper, wave: Ints) -> None:
    """Let groups, or the whole wave, switch when the last is ready, and still in their order."""
    times, marks = w.times, w.marks
    turn = w.counts[at.ATTEMPT]
    whole = p.rules[of.SWITCHING] == of.BY_WAVE
    for i in wave:
        times[wave[0] if whole else p.ties[i, of.GROUP], at.TOGETHER] = 0.0
    changed = True
    while changed:
        changed = False
        for i in wave:
            if marks[i, at.STATE] != at.WAITING:
                continue
            group = wave[0] if whole else p.ties[i, of.GROUP]
            switch = max(times[i, at.SWITCH], times[group, at.TOGETHER])
            for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
                first = p.lists[k]
                if marks[first, at.TURN] == turn:
                    switch = max(switch, times[first, at.SWITCH])
            if switch > times[group, at.TOGETHER] or switch > times[i, at.SWITCH]:
                times[group, at.TOGETHER] = switch
                times[i, at.SWITCH] = switch
                changed = True


@compiled
def verify(
    p: Problem, w: Paper, wave: Ints, chance: bool, start: np.uint64, nth: int, factor: float
) -> None:
    """Hold the checks of a wave that did not fail; set when each move is verified and accepted."""
    ties, times, marks, checks = p.ties, w.times, w.marks, w.checks
    jobs = _open(p, w, wave, chance, start, nth)
    keys, items = w.keys[at.JOBS], w.items[at.JOBS]
    count = len(p.pools)
    sort(keys, items, jobs)
    for k in range(jobs):
        job = items[k]
        if job < count:
            f = job
            sigma = p.functions[f, of.VERIFY_SIGMA]
            # The lowest member stays in most changes of an order, and its draw with it.
            key = f * 65536 + w.check_marks[f, at.ANCHOR]
            z = normal(start, VERIFY, key, nth) if chance and sigma > 0.0 else 0.0
            length = minutes(p.functions[f, of.VERIFY_MID], sigma, factor, z)
        else:
            f = p.lists[ties[job - count, of.EXERCISE]]
            sigma = p.rules[of.INCIDENT_SIGMA]
            z = normal(start, INCIDENT_MINUTES, job - count, nth) if sigma > 0.0 else 0.0
            length = minutes(p.rules[of.INCIDENT_MID], sigma, factor, z)
        begin = seat_from(p.pools[f], keys[k], w.seats[0], p.crews, p.stretches)
        if begin < math.inf:
            take(p.pools[f], begin + length, w.seats[0], p.crews)
        if job < count:
            checks[f, at.READY] = begin + length
        else:
            i = job - count
            times[i, at.VERIFIED] = max(times[i, at.VERIFIED], begin + length)
    for i in wave:
        if marks[i, at.STATE] != at.WAITING:
            continue
        for k in range(ties[i, of.EXERCISE], ties[i, of.EXERCISE_END]):
            passed = checks[p.lists[k], at.READY]
            times[i, at.VERIFIED] = max(times[i, at.VERIFIED], passed)
        times[i, at.END] = times[i, at.VERIFIED] + p.rules[of.SOAK]
        if times[i, at.END] == math.inf:
            marks[i, at.STATE] = at.STRANDED


@compiled
def _open(p: Problem, w: Paper, wave: Ints, chance: bool, start: np.uint64, nth: int) -> int:
    """Note which checks and incidents there are, and when each opens; says how many."""
    ties, times, checks, known = p.ties, w.times, w.checks, w.check_marks
    keys, items = w.keys[at.JOBS], w.items[at.JOBS]
    turn = w.counts[at.ATTEMPT]
    jobs = ZERO
    for i in wave:
        if w.marks[i, at.STATE] != at.WAITING:
            continue
        times[i, at.VERIFIED] = times[i, at.FREE]
        for k in range(ties[i, of.EXERCISE], ties[i, of.EXERCISE_END]):
            f = p.lists[k]
            if known[f, at.OPENED] != turn:
                known[f, at.OPENED] = turn
                known[f, at.ANCHOR] = i
                checks[f, at.READY] = p.functions[f, of.POSSIBLE_AFTER]
                items[jobs] = f
                jobs += 1
            known[f, at.ANCHOR] = min(known[f, at.ANCHOR], i)
            checks[f, at.READY] = max(checks[f, at.READY], times[i, at.FREE])
        risk = p.moves[i, of.INCIDENT]
        verified = ties[i, of.EXERCISE] < ties[i, of.EXERCISE_END]
        if chance and risk > 0.0 and verified and uniform(start, INCIDENT, i, nth) < risk:
            items[jobs] = len(p.pools) + i
            jobs += 1
    for k in range(jobs):
        job = items[k]
        if job < len(p.pools):
            keys[k] = checks[job, at.READY]
        else:
            keys[k] = times[job - len(p.pools), at.FREE]
    return jobs
