"""One try at one wave: its copies, its seats, its cuts and its switches.

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
4. Its checks are held by `checks.py`, unless a move has failed.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import FAILURE, uniform
from migrator.schedule.compiled import PLACES, ZERO, compiled, embedded
from migrator.schedule.crews import seat_from, take
from migrator.schedule.heap import pop, push, sort
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem
from migrator.schedule.resume import draw, ends, now


@embedded
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
    known = w.counts[at.KNOWN] != 0
    for place in range(len(wave)):
        i = wave[place] & PLACES
        marks[i, at.PLACE] = place
        if marks[i, at.STATE] == at.WAITING:
            marks[i, at.TURN] = w.counts[at.ATTEMPT]
            draw(p, w, i, chance, start, nth, factor)
    _copy(p, w, wave, ahead)
    _hands_on(p, w, wave, gate)
    if p.rules[of.SWITCHING] != of.AT_ONCE:
        _together(p, w, wave)
    failed = math.inf
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] != at.WAITING:
            continue
        times[i, at.FREE] = times[i, at.SWITCH] + times[i, at.MINUTES] * moves[i, of.TAIL]
        risk = moves[i, of.FAILURE]
        if known and w.real[i, real.SWITCHED] < math.inf:
            times[i, at.FREE] = ends(p, w, i, of.TAIL, times[i, at.SWITCH], real.FREED)
            continue  # a failure would have shown
        if chance and risk > 0.0 and uniform(start, FAILURE, i, nth) < risk:
            failed = min(failed, times[i, at.SWITCH])
    return failed


@embedded
def _copy(p: Problem, w: Paper, wave: Ints, ahead: float) -> None:
    """Prepare and copy, ahead of the gate."""
    moves, times, marks, queue = p.moves, w.times, w.marks, w.items[at.QUEUE]
    limited = p.rules[of.COPY_CAPACITY] < math.inf
    known = w.counts[at.KNOWN] != 0
    pending = 0
    ahead = max(ahead, w.level[at.FLOOR])
    _forget(w, ahead)
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] != at.WAITING:
            continue
        length = times[i, at.MINUTES] * moves[i, of.COPY]
        prepared = ahead + times[i, at.MINUTES] * moves[i, of.PREPARE]
        if known:
            begin = min(ahead, w.real[i, real.PREPARING])
            prepared = ends(p, w, i, of.PREPARE, begin, real.PREPARED)
        times[i, at.ASKING] = prepared
        if known and w.real[i, real.COPYING] < math.inf:
            times[i, at.COPIED] = ends(p, w, i, of.COPY, w.real[i, real.COPYING], real.COPIED)
        elif length <= 0.0:
            times[i, at.COPIED] = prepared
        elif limited and moves[i, of.RATE] > 0.0:
            times[i, at.COPIED] = prepared
            queue[pending] = i
            pending += 1
        else:
            times[i, at.COPIED] = max(prepared, w.level[at.FLOOR]) + length
    t = ahead
    while pending:
        used, following = _running(w, t)
        waiting = 0
        for k in range(pending):
            i = queue[k] & PLACES
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


@embedded
def _forget(w: Paper, t: float) -> None:
    """Take copies off the line that have ended by `t`; no wave looks further back than this one."""
    line = w.line
    kept = 0
    for k in range(w.counts[at.COPYING]):
        if line[0, k] > t:
            line[0, kept] = line[0, k]
            line[1, kept] = line[1, k]
            kept += 1
    w.counts[at.COPYING] = kept


@embedded
def _running(w: Paper, t: float) -> tuple[float, float]:
    """What the line carries at `t`, and when the first copy in it ends."""
    used = 0.0
    following = math.inf
    for k in range(w.counts[at.COPYING]):
        if w.line[0, k] > t:
            used += w.line[1, k]
            following = min(following, w.line[0, k])
    return used, following


@embedded
def _hands_on(p: Problem, w: Paper, wave: Ints, gate: float) -> None:
    """Give out seats in the order of time, and set every start and switch."""
    ties, lists, times, marks = p.ties, p.lists, w.times, w.marks
    seats, keys, items = w.seats[0], w.keys[at.HEAP], w.items[at.HEAP]
    turn = w.counts[at.ATTEMPT]
    limited = p.rules[of.QUOTA] < math.inf
    size = _line_up(p, w, wave, gate)
    if w.counts[at.KNOWN]:
        _go_on(p, w, wave)
    while size:
        t = keys[0]
        place = items[0] & PLACES
        i = wave[place] & PLACES
        begin = t
        if limited:
            begin = max(t, _quota_from(w, p.moves[i, of.NEED]))
        begin = seat_from(ties[i, of.TEAM], begin, seats, w.shift, p.crews, p.stretches)
        size -= 1
        pop(keys, items, size)
        if begin > t:
            # Whoever began meanwhile only made it later, so it is asked again when its time comes.
            if begin < math.inf:
                push(keys, items, size, begin, place)
                size += 1
            continue
        w.level[at.QUOTA] -= p.moves[i, of.NEED]
        times[i, at.START] = begin
        switch = _cut(p, w, i, begin)
        times[i, at.SWITCH] = switch
        tail = times[i, at.MINUTES] * p.moves[i, of.TAIL]
        take(ties[i, of.TEAM], switch + tail, seats, p.crews)
        for k in range(ties[i, of.AFTER], ties[i, of.AFTER_END]):
            later = lists[k] & PLACES
            if marks[later, at.TURN] == turn:
                marks[later, at.WAITS] -= 1
                times[later, at.ASKING] = max(times[later, at.ASKING], begin)
                if marks[later, at.WAITS] == 0:
                    push(keys, items, size, times[later, at.ASKING], marks[later, at.PLACE])
                    size += 1
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] == at.WAITING and times[i, at.START] == math.inf:
            marks[i, at.STATE] = at.STRANDED


@compiled
def _go_on(p: Problem, w: Paper, wave: Ints) -> None:
    """Give their seats to those who have begun in reality, in the order in which they did."""
    keys, items = w.keys[at.JOBS], w.items[at.JOBS]
    count = ZERO
    for place in range(len(wave)):
        i = wave[place] & PLACES
        if w.marks[i, at.STATE] == at.WAITING and w.real[i, real.STARTED] < math.inf:
            keys[count] = w.real[i, real.STARTED]
            items[count] = place
            count += 1
    sort(keys, items, count)
    for k in range(count):
        _started(p, w, wave[items[k]], keys[k])


@compiled
def _started(p: Problem, w: Paper, i: int, start: float) -> None:
    """Let a move that started at a known time go on: when it switches, and its seat until then."""
    w.level[at.QUOTA] -= p.moves[i, of.NEED]
    w.times[i, at.START] = start
    cut = ends(p, w, i, of.OPENING, start, real.OPENED)
    if p.moves[i, of.OPENING] > 0.0:  # without one nobody starts before it is copied
        cut = max(cut, w.times[i, at.COPIED])
    cut = max(ends(p, w, i, of.LEAD, cut, real.LED), w.level[at.FLOOR])
    cut = min(_allowed(p, w, i, cut), w.real[i, real.CUTTING])
    if cut > p.moves[i, of.FIXED_TO]:
        w.counts[at.MISSED] += 1
    switch = ends(p, w, i, of.CUT, cut, real.READY)
    if p.rules[of.SWITCHING] == of.AT_ONCE:
        switch = min(max(switch, now(w)), w.real[i, real.SWITCHED])
    w.times[i, at.SWITCH] = switch
    until = switch + w.times[i, at.MINUTES] * p.moves[i, of.TAIL]
    if w.real[i, real.SWITCHED] < math.inf:
        until = ends(p, w, i, of.TAIL, switch, real.FREED)
    take(p.ties[i, of.TEAM], until, w.seats[0], p.crews)


@embedded
def _line_up(p: Problem, w: Paper, wave: Ints, gate: float) -> int:
    """Who waits for nobody before it stands in the heap, by when it is ready; says how many."""
    times, marks = w.times, w.marks
    turn = w.counts[at.ATTEMPT]
    known = w.counts[at.KNOWN] != 0
    size = ZERO
    for place in range(len(wave)):
        i = wave[place] & PLACES
        if marks[i, at.STATE] != at.WAITING:
            continue
        if p.moves[i, of.OPENING] == 0.0:
            times[i, at.ASKING] = times[i, at.COPIED]
        times[i, at.ASKING] = max(times[i, at.ASKING], gate, w.level[at.FLOOR])
        times[i, at.START] = math.inf
        times[i, at.SWITCH] = math.inf
        waits = 0
        for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
            first = p.lists[k] & PLACES
            if marks[first, at.TURN] == turn:
                waits += 1
                if known and w.real[first, real.STARTED] < math.inf:
                    waits -= 1  # it has its seat
        marks[i, at.WAITS] = waits
        if known and w.real[i, real.STARTED] < math.inf:
            continue
        if waits == 0:
            push(w.keys[at.HEAP], w.items[at.HEAP], size, times[i, at.ASKING], place)
            size += 1
    return size


@embedded
def _cut(p: Problem, w: Paper, i: int, start: float) -> float:
    """When a move that started is ready to switch."""
    moves, length = p.moves, w.times[i, at.MINUTES]
    opened = start + length * moves[i, of.OPENING]
    cut = max(opened, w.times[i, at.COPIED]) + length * moves[i, of.LEAD]
    cut = _allowed(p, w, i, cut)
    if cut > moves[i, of.FIXED_TO]:
        w.counts[at.MISSED] += 1
    return float(cut + length * moves[i, of.CUT])


@embedded
def _allowed(p: Problem, w: Paper, i: int, cut: float) -> float:
    """From when on a cut may be: after those before it, on its date, outside of blackouts."""
    moves, ties = p.moves, p.ties
    for k in range(ties[i, of.BEFORE], ties[i, of.BEFORE_END]):
        # Those of earlier waves have switched before this gate opened.
        cut = max(cut, w.times[p.lists[k] & PLACES, at.SWITCH])
    cut = max(cut, moves[i, of.FIXED_FROM])
    for k in range(ties[i, of.BLACKOUT], ties[i, of.BLACKOUT_END]):
        from_, to = p.stretches[k, of.FROM], p.stretches[k, of.TO]
        if cut < to and cut + moves[i, of.CAREFUL] > from_:
            cut = to
    return float(cut)


@embedded
def _quota_from(w: Paper, need: float) -> float:
    """When the target has room: what earlier waves left free comes back at known times."""
    level = w.level[at.QUOTA]
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
    for member in wave:
        i = member & PLACES
        times[wave[0] if whole else p.ties[i, of.GROUP], at.TOGETHER] = 0.0
        if w.counts[at.KNOWN] and marks[i, at.STATE] == at.WAITING:
            ready = max(times[i, at.SWITCH], now(w))
            times[i, at.SWITCH] = min(ready, w.real[i, real.SWITCHED])
    changed = True
    while changed:
        changed = False
        for member in wave:
            i = member & PLACES
            if marks[i, at.STATE] != at.WAITING:
                continue
            if w.counts[at.KNOWN] and w.real[i, real.SWITCHED] < math.inf:
                continue
            group = wave[0] if whole else p.ties[i, of.GROUP]
            switch = max(times[i, at.SWITCH], times[group, at.TOGETHER])
            for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
                first = p.lists[k] & PLACES
                if marks[first, at.TURN] == turn:
                    switch = max(switch, times[first, at.SWITCH])
            if switch > times[group, at.TOGETHER] or switch > times[i, at.SWITCH]:
                times[group, at.TOGETHER] = switch
                times[i, at.SWITCH] = switch
                changed = True
