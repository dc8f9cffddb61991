"""Who gets a seat when, behind the gate of a wave; and what follows: every start and switch.

Called by `wave.py`. Seats and the line are given out in the order of time. A seat whose end hangs
on a copy that waits is taken without an end; whoever finds no other seat stands aside until that
end is known.
"""

from __future__ import annotations

import math
from typing import Final

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.compiled import PLACES, ZERO, compiled, embedded, inlined
from migrator.schedule.crews import retake, seat_from, take
from migrator.schedule.heap import pop, push, sort
from migrator.schedule.line import limited, serve
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem
from migrator.schedule.resume import ends, fact, now

ROUNDS: Final = 24
PLACE_OF: Final = (1 << ROUNDS) - 1
"""An entry of the heap: its place in the wave, and above that many bits its round."""


@embedded
def line_up(p: Problem, w: Paper, wave: Ints, gate: float) -> None:
    """Whoever waits for nobody stands in the heap, by when it is ready."""
    times, marks = w.times, w.marks
    since = max(gate, w.level[at.FLOOR])
    turn = w.counts[at.ATTEMPT]
    known = w.counts[at.KNOWN] != 0
    w.counts[at.HEAPED] = 0
    w.counts[at.PARKED] = 0
    for place in range(len(wave)):
        i = wave[place] & PLACES
        if marks[i, at.STATE] == at.WAITING:
            marks[i, at.PLACE] = place
            marks[i, at.TURN] = turn
            times[i, at.START] = math.inf
            times[i, at.SWITCH] = math.inf
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] != at.WAITING:
            continue
        unknown = ZERO + 1
        waits = ZERO
        seated = _seated(p, i)
        for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
            first = p.lists[k] & PLACES
            if marks[first, at.TURN] == turn:
                unknown += 1
                # A team without limit gives everybody a seat; whoever waits for a seat waits behind
                # those that switch before it, or it would hold the seat that they need.
                if seated and not (known and w.real[first, real.STARTED] < math.inf):
                    waits += 1
        if _with_hands(p, i):
            if not _begun(p, w, i, gate):
                times[i, at.COPIED] = math.inf
                times[i, at.LINE] = math.inf
                unknown += 1
        elif times[i, at.COPIED] == math.inf:
            unknown += 1
            waits += 1
        else:
            times[i, at.ASKING] = times[i, at.COPIED]
        marks[i, at.UNKNOWN] = unknown
        marks[i, at.WAITS] = waits
        times[i, at.ASKING] = max(times[i, at.ASKING], since)
        if waits == 0 and not (known and w.real[i, real.STARTED] < math.inf):
            _ask(p, w, i, times[i, at.ASKING])


@inlined
def _seated(p: Problem, i: int) -> bool:
    """Tell whether a move's team has a limit."""
    crew = p.ties[i, of.TEAM] & PLACES
    return bool(p.crews[crew, of.SEAT] < p.crews[crew, of.SEAT_END])


@inlined
def _with_hands(p: Problem, i: int) -> bool:
    """Tell whether a copy that begins behind the gate begins with the seat taken."""
    if p.moves[i, of.COPY] == 0.0 or p.moves[i, of.MID] == 0.0:
        return False
    return bool(p.moves[i, of.OPENING] > 0.0 or p.moves[i, of.BEHIND] != 0.0)


@embedded
def _begun(p: Problem, w: Paper, i: int, gate: float) -> bool:
    """Tell whether a move's copy had begun when its gate opened."""
    if w.times[i, at.COPIED] == math.inf:
        return False
    if limited(p, i) or fact(w, i, real.COPYING) < math.inf:
        return True
    return bool(max(w.times[i, at.ASKING], w.level[at.FLOOR]) < gate)


@compiled
def _ask_later(p: Problem, w: Paper, i: int, t: float) -> None:
    """The same as `_ask`, for those who call it so seldom that a call is cheaper than a copy."""
    _ask(p, w, i, t)


@embedded
def _ask(p: Problem, w: Paper, i: int, t: float) -> None:
    """Let a move ask for a seat at `t`.

    An entry of the heap is its place in the wave, and its round above that: who may begin because
    of somebody who begins in this very minute comes after all others who ask in it.
    """
    rounds = ZERO
    if _seated(p, i):
        for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
            first = p.lists[k] & PLACES
            if w.marks[first, at.TURN] == w.counts[at.ATTEMPT] and w.times[first, at.START] == t:
                rounds = max(rounds, w.marks[first, at.ROUND] + 1)
    w.marks[i, at.ROUND] = rounds
    entry = (rounds << ROUNDS) + w.marks[i, at.PLACE]
    push(w.keys[at.HEAP], w.items[at.HEAP], w.counts[at.HEAPED], t, entry)
    w.counts[at.HEAPED] += 1


@embedded
def hands_on(p: Problem, w: Paper, wave: Ints) -> None:
    """Give out seats and the line in the order of time, and set every start and switch."""
    ties, counts = p.ties, w.counts
    keys, items, seats = w.keys[at.HEAP], w.items[at.HEAP], w.seats[at.WEEKEND]
    quota = p.rules[of.QUOTA] < math.inf
    if counts[at.KNOWN]:
        _go_on(p, w, wave)
    while True:
        t = keys[0] if counts[at.HEAPED] else math.inf
        if counts[at.QUEUED] and _copies_wait(w):
            t = min(t, w.level[at.CLOCK])
            if counts[at.PARKED]:
                t = _come_back(p, w, t)
            if w.level[at.CLOCK] == t < math.inf:
                _serve(p, w, t)
                continue
        elif counts[at.PARKED]:
            t = _come_back(p, w, t)
        if t == math.inf:
            break
        i = wave[items[0] & PLACE_OF] & PLACES
        begin = t
        if quota:
            begin = max(t, _quota_from(w, p.moves[i, of.NEED]))
        begin = seat_from(ties[i, of.TEAM], begin, seats, w.shift, p.crews, p.stretches)
        counts[at.HEAPED] -= 1
        pop(keys, items, counts[at.HEAPED])
        if begin == t:
            _start(p, w, i, begin)
            if ties[i, of.AFTER] < ties[i, of.AFTER_END]:
                _call(p, w, i)
        elif _unknown(p, w, ties[i, of.TEAM]):
            w.items[at.JOBS, counts[at.PARKED]] = i
            w.keys[at.JOBS, counts[at.PARKED]] = begin
            counts[at.PARKED] += 1
        elif begin < math.inf:
            # Whoever began meanwhile only made it later, so it is asked again when its time comes.
            _ask(p, w, i, begin)


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
        w.marks[wave[items[k]], at.ROUND] = 0
        _start(p, w, wave[items[k]], keys[k])


@embedded
def _start(p: Problem, w: Paper, i: int, begin: float) -> None:
    """Let a move begin: what it takes of the target, its seat, and its copy if that comes now."""
    times = w.times
    w.level[at.QUOTA] -= p.moves[i, of.NEED]
    times[i, at.START] = begin
    unknown = w.marks[i, at.UNKNOWN] - 1
    if times[i, at.COPIED] == math.inf and times[i, at.LINE] == math.inf:
        opened = max(ends(p, w, i, of.OPENING, begin, real.OPENED), w.level[at.FLOOR])
        if limited(p, i):
            times[i, at.LINE] = opened
            w.level[at.CLOCK] = min(w.level[at.CLOCK], opened)
        else:
            times[i, at.COPIED] = opened + times[i, at.MINUTES] * p.moves[i, of.COPY]
            unknown -= 1
    w.marks[i, at.UNKNOWN] = unknown
    until = math.inf
    if unknown == 0:
        until = _switch(p, w, i)
    take(p.ties[i, of.TEAM], until, w.seats[at.WEEKEND], p.crews)
    if unknown == 0 and p.ties[i, of.AFTER] < p.ties[i, of.AFTER_END]:
        _tell(p, w, i, begin)


@compiled
def _call(p: Problem, w: Paper, i: int) -> None:
    """Let those that switch after a move, and waited for it to begin, ask for their seats."""
    times, marks = w.times, w.marks
    for k in range(p.ties[i, of.AFTER], p.ties[i, of.AFTER_END]):
        later = p.lists[k] & PLACES
        if marks[later, at.TURN] == w.counts[at.ATTEMPT] and _seated(p, later):
            marks[later, at.WAITS] -= 1
            if marks[later, at.WAITS] == 0:
                _ask(p, w, later, max(times[later, at.ASKING], times[i, at.START]))


@inlined
def _unknown(p: Problem, w: Paper, crew: int) -> bool:
    """Tell whether some seat of a crew is taken without an end."""
    last = p.crews[crew, of.SEAT_END]
    return bool(p.crews[crew, of.SEAT] < last and w.seats[at.WEEKEND, last - 1] == math.inf)


@compiled
def _come_back(p: Problem, w: Paper, t: float) -> float:
    """Whoever stands aside asks again once there is a seat for it anyhow, such as at a shift.

    `t` is when something else happens next; says when the next thing does.
    """
    for k in range(w.counts[at.PARKED]):
        t = min(t, w.keys[at.JOBS, k])
    kept = ZERO
    for k in range(w.counts[at.PARKED]):
        i = w.items[at.JOBS, k]
        if w.keys[at.JOBS, k] == t and t < math.inf:
            _ask_later(p, w, i, t)
        else:
            w.items[at.JOBS, kept] = i
            w.keys[at.JOBS, kept] = w.keys[at.JOBS, k]
            kept += 1
    w.counts[at.PARKED] = kept
    return t


@embedded
def _copies_wait(w: Paper) -> bool:
    """Tell whether a copy of this wave waits for the line; the wave's come first in the queue."""
    for k in range(w.counts[at.QUEUED]):
        i = w.items[at.QUEUE, k]
        if w.marks[i, at.TURN] != w.counts[at.ATTEMPT]:
            return False
        if w.times[i, at.LINE] < math.inf:
            return True
    return False


@compiled
def _serve(p: Problem, w: Paper, t: float) -> None:
    """Let copies begin at `t`, and all that hangs on them."""
    times, marks = w.times, w.marks
    turn = w.counts[at.ATTEMPT]
    for k in range(serve(p, w, t)):
        i = w.items[at.ASIDE, k]
        if marks[i, at.TURN] != turn:
            continue  # of the following wave
        marks[i, at.UNKNOWN] -= 1
        if times[i, at.START] == math.inf:
            times[i, at.ASKING] = max(times[i, at.ASKING], times[i, at.COPIED])
            marks[i, at.WAITS] -= 1
            if marks[i, at.WAITS] == 0:
                _ask_later(p, w, i, times[i, at.ASKING])
        elif marks[i, at.UNKNOWN] == 0:
            _settle(p, w, i, t)


@compiled
def _settle(p: Problem, w: Paper, i: int, t: float) -> None:
    """A copy that a move waited for with its seat taken has begun: at `t` its switch is known."""
    retake(p.ties[i, of.TEAM], _switch(p, w, i), w.seats[at.WEEKEND], p.crews)
    _end_of_seat(p, w, p.ties[i, of.TEAM], t)
    _tell(p, w, i, t)


@compiled
def _tell(p: Problem, w: Paper, i: int, t: float) -> None:
    """Set the switches of those that have started and only waited to know this one."""
    ties, marks, todo = p.ties, w.marks, w.items[at.GOING]
    turn = w.counts[at.ATTEMPT]
    todo[0] = i
    left = ZERO + 1
    while left:
        left -= 1
        i = todo[left]
        for k in range(ties[i, of.AFTER], ties[i, of.AFTER_END]):
            later = p.lists[k]
            if marks[later, at.TURN] != turn:
                continue
            marks[later, at.UNKNOWN] -= 1
            if marks[later, at.UNKNOWN] == 0:
                retake(ties[later, of.TEAM], _switch(p, w, later), w.seats[at.WEEKEND], p.crews)
                _end_of_seat(p, w, ties[later, of.TEAM], t)
                todo[left] = later
                left += 1


@embedded
def _switch(p: Problem, w: Paper, i: int) -> float:
    """Set when a move switches; says until when it keeps its seat."""
    if w.counts[at.KNOWN]:
        return _known_switch(p, w, i)
    moves, length = p.moves, w.times[i, at.MINUTES]
    opened = w.times[i, at.START] + length * moves[i, of.OPENING]
    if moves[i, of.OPENING] > 0.0 or moves[i, of.BEHIND] != 0.0:
        opened = max(opened, w.times[i, at.COPIED])  # without these nobody starts before that
    cut = _allowed(p, w, i, opened + length * moves[i, of.LEAD])
    if cut > moves[i, of.FIXED_TO]:
        w.counts[at.MISSED] += 1
    switch = cut + length * moves[i, of.CUT]
    w.times[i, at.SWITCH] = switch
    return float(switch + length * moves[i, of.TAIL])


@compiled
def _known_switch(p: Problem, w: Paper, i: int) -> float:
    """The same for a try of which something is really known."""
    moves, times = p.moves, w.times
    opened = ends(p, w, i, of.OPENING, times[i, at.START], real.OPENED)
    if moves[i, of.OPENING] > 0.0 or moves[i, of.BEHIND] != 0.0:
        opened = max(opened, times[i, at.COPIED])
    cut = max(ends(p, w, i, of.LEAD, opened, real.LED), w.level[at.FLOOR])
    cut = min(_allowed(p, w, i, cut), w.real[i, real.CUTTING])
    if cut > moves[i, of.FIXED_TO]:
        w.counts[at.MISSED] += 1
    switch = ends(p, w, i, of.CUT, cut, real.READY)
    if p.rules[of.SWITCHING] == of.AT_ONCE:
        switch = min(max(switch, now(w)), w.real[i, real.SWITCHED])
    times[i, at.SWITCH] = switch
    if w.real[i, real.SWITCHED] < math.inf:
        return float(ends(p, w, i, of.TAIL, switch, real.FREED))
    return float(switch + times[i, at.MINUTES] * moves[i, of.TAIL])


@compiled
def _end_of_seat(p: Problem, w: Paper, team: int, t: float) -> None:
    """Whoever stood aside for a seat of this team asks again: the end of one is known now."""
    kept = ZERO
    for k in range(w.counts[at.PARKED]):
        i = w.items[at.JOBS, k]
        if p.ties[i, of.TEAM] == team:
            _ask_later(p, w, i, max(t, w.times[i, at.ASKING]))
        else:
            w.items[at.JOBS, kept] = i
            w.keys[at.JOBS, kept] = w.keys[at.JOBS, k]
            kept += 1
    w.counts[at.PARKED] = kept


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
