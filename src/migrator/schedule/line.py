"""The copies of a wave: ahead of its gate, and behind it where the line was too narrow.

Called by `wave.py` and `seating.py`. A copy starts as soon as the line has room for its rate; of
several that wait the first that fits, in the order of the plan. While a wave moves the following
one is prepared and copied already, and both share the line: who waits for it stands in a queue, the
wave in front first. Nobody keeps room free for a copy that does not fit yet.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.compiled import PLACES, ZERO, compiled, embedded, inlined
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem
from migrator.schedule.resume import begin_wave, draw, ends


@embedded
def prepare(
    p: Problem,
    w: Paper,
    wave: Ints,
    ahead: float,
    chance: bool,
    start: np.uint64,
    nth: int,
    factor: float,
) -> None:
    """Draw how long each move takes, and set when it is prepared and asks for the line.

    A copy that needs no line begins at once; its end is known then. One whose beginning is not
    known yet has none.
    """
    moves, times, floor = p.moves, w.times, w.level[at.FLOOR]
    known = w.counts[at.KNOWN] != 0
    ahead = max(ahead, floor)
    for member in wave:
        i = member & PLACES
        if w.marks[i, at.STATE] != at.WAITING:
            continue
        draw(p, w, i, chance, start, nth, factor)
        length = times[i, at.MINUTES] * moves[i, of.COPY]
        prepared = ahead + times[i, at.MINUTES] * moves[i, of.PREPARE]
        if known:
            begin = min(ahead, w.real[i, real.PREPARING])
            prepared = ends(p, w, i, of.PREPARE, begin, real.PREPARED)
        times[i, at.ASKING] = prepared
        times[i, at.COPIED] = math.inf
        times[i, at.LINE] = math.inf
        if known and w.real[i, real.COPYING] < math.inf:
            times[i, at.COPIED] = ends(p, w, i, of.COPY, w.real[i, real.COPYING], real.COPIED)
        elif length == 0.0:
            times[i, at.COPIED] = prepared
        elif moves[i, of.BEHIND] == 0.0:
            if limited(p, i):
                times[i, at.LINE] = max(prepared, floor)
            else:
                times[i, at.COPIED] = max(prepared, floor) + length


@compiled
def prepare_following(
    p: Problem,
    w: Paper,
    k: int,
    wave: Ints,
    gate: float,
    chance: bool,
    start: np.uint64,
    factor: float,
) -> None:
    """Prepare wave `k` while the one before it moves, with what is really known of its own try."""
    known, floor = w.counts[at.KNOWN], w.level[at.FLOOR]
    nth = ZERO
    if len(w.real) > 0 and len(wave) > 0:
        nth, gate, _ = begin_wave(w, k, gate, gate)
    prepare(p, w, wave, gate, chance, start, nth, factor)
    w.counts[at.KNOWN] = known
    w.level[at.FLOOR] = floor
    w.counts[at.CARRIED] = k


@inlined
def limited(p: Problem, i: int) -> bool:
    """Tell whether the line may be too narrow for a move's copy."""
    return bool(p.rules[of.COPY_CAPACITY] < math.inf and p.moves[i, of.RATE] > 0.0)


@compiled
def ahead_of_gate(p: Problem, w: Paper, wave: Ints, gate: float) -> None:
    """Let the copies of a wave begin that find room in the line before its gate opens."""
    queue_up(p, w, wave)
    while w.counts[at.QUEUED] and w.level[at.CLOCK] < gate:
        serve(p, w, w.level[at.CLOCK])
    w.level[at.CLOCK] = max(gate, w.level[at.NOW])


@embedded
def queue_up(p: Problem, w: Paper, wave: Ints) -> None:
    """Let a wave's copies that have not begun, and may need the line, join the queue."""
    count = w.counts[at.QUEUED]
    for member in wave:
        i = member & PLACES
        waits = w.marks[i, at.STATE] == at.WAITING and w.times[i, at.COPIED] == math.inf
        if waits and limited(p, i):
            w.items[at.QUEUE, count & PLACES] = i
            count += 1
    w.counts[at.QUEUED] = count


@embedded
def serve(p: Problem, w: Paper, t: float) -> int:
    """Begin the copies that fit at `t`; `CLOCK` is then when to look again.

    Says how many began; they stand in the row `ASIDE`, in the order of the queue.
    """
    times, queue, aside = w.times, w.items[at.QUEUE], w.items[at.ASIDE]
    used, following = _running(w, t)
    room = p.rules[of.COPY_CAPACITY]
    copying = w.counts[at.COPYING] & PLACES
    waiting = ZERO
    begun = ZERO
    for k in range(w.counts[at.QUEUED]):
        i = queue[k] & PLACES
        asks = times[i, at.LINE]
        rate = p.moves[i, of.RATE]
        if asks > t:
            following = min(following, asks)
        elif used == 0.0 or used + rate <= room:
            until = t + times[i, at.MINUTES] * p.moves[i, of.COPY]
            times[i, at.COPIED] = until
            times[i, at.LINE] = math.inf
            w.line[0, copying] = until
            w.line[1, copying] = rate
            copying += 1
            used += rate
            following = min(following, until)
            aside[begun] = i
            begun += 1
            continue
        queue[waiting] = i
        waiting += 1
    w.counts[at.COPYING] = copying
    w.counts[at.QUEUED] = waiting
    w.level[at.CLOCK] = following
    return int(begun)


@embedded
def _running(w: Paper, t: float) -> tuple[float, float]:
    """What the line carries at `t`, and when the first copy in it ends; forgets ended ones."""
    line = w.line
    kept = ZERO
    used = 0.0
    following = math.inf
    for k in range(w.counts[at.COPYING]):
        until = line[0, k]
        if until > t:
            rate = line[1, k]
            line[0, kept] = until
            line[1, kept] = rate
            used += rate
            following = min(following, until)
            kept += 1
    w.counts[at.COPYING] = kept
    return used, following
