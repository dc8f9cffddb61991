"""What a weekend in the middle knows already, for the kernel: facts instead of draws.

Called by `weekend.py` and `wave.py`. What each fact means stands in `live.py`. A fact is asked for
by the try it belongs to: `Paper.counts` says whether the try that is played is one of which
anything is known; otherwise the answer is that it never happened.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import MOVE, longer, minutes, normal
from migrator.schedule.compiled import ZERO, compiled, embedded, inlined
from migrator.schedule.crews import decided
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem


@inlined
def fact(w: Paper, i: int, column: int) -> float:
    """When something happened to a move; endless where it has not, in this try."""
    if w.counts[at.KNOWN] == 0:
        return math.inf
    return float(w.real[i, column])


@inlined
def check_fact(w: Paper, f: int, column: int) -> float:
    """When something happened to a check of the wave under way."""
    if w.counts[at.UNDER_WAY] == 0:
        return math.inf
    return float(w.real[len(w.times) + f, column])


@inlined
def wave_fact(w: Paper, k: int, column: int) -> float:
    """When something happened to a wave, or how often; not to be asked before the weekend."""
    return float(w.real[len(w.times) + len(w.checks) + k, column])


@inlined
def now(w: Paper) -> float:
    """The moment of the real state; not to be asked before the weekend."""
    return float(w.real[len(w.real) - 1, real.NOW])


@inlined
def crew_of(p: Problem, person: int) -> int:
    """A person as a crew: behind all others but those who decide."""
    return len(p.crews) - 1 - int(p.rules[of.PEOPLE]) + person


@inlined
def ticks(w: Paper) -> int:
    """How many handlers' parts of checks the real state tells of, or none before the weekend."""
    if len(w.real) == 0:
        return 0
    return int(w.real[len(w.real) - 1, real.TICKS])


@inlined
def tick_fact(w: Paper, row: int, column: int) -> float:
    """What is known of such a part."""
    last = len(w.real) - 1
    return float(w.real[last - int(w.real[last, real.GIVEN]) - ticks(w) + row, column])


@compiled
def ends(p: Problem, w: Paper, i: int, share: int, since: float, column: int) -> float:
    """When a part of a move is over that begins at `since`."""
    length = w.times[i, at.MINUTES] * p.moves[i, share]
    if w.counts[at.KNOWN] == 0:
        return float(since + length)
    known = w.real[i, column]
    if known < math.inf:
        return float(known)
    if since < now(w) and length > 0.0:
        typical = w.times[i, at.TYPICAL] * p.moves[i, share]
        elapsed = now(w) - since
        length = longer(length, typical, p.moves[i, of.SIGMA], elapsed)
    return float(since + length)


@inlined
def draw(
    p: Problem, w: Paper, i: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> None:
    """Set how long a move takes in this try."""
    sigma = p.moves[i, of.SIGMA]
    z = normal(start, MOVE, i, nth) if chance and sigma > 0.0 else 0.0
    w.times[i, at.TYPICAL] = p.moves[i, of.MID] * factor
    w.times[i, at.MINUTES] = minutes(p.moves[i, of.MID], sigma, factor, z)


@compiled
def resume(
    p: Problem, w: Paper, order: Ints, wave_at: Ints, chance: bool, start: np.uint64, factor: float
) -> tuple[float, int]:
    """Put on fresh paper what is over and what runs; says when the last wave was back, and how many
    were taken back.
    """
    w.level[at.NOW] = now(w)
    w.counts[at.STOPPED] = int(w.real[len(w.real) - 1, real.STOPPED])
    w.counts[at.MISSED] = int(w.real[len(w.real) - 1, real.MISSED])
    w.counts[at.KNOWN] = w.counts[at.UNDER_WAY] = 1
    last = 0.0
    unwinds = ZERO
    people = int(w.real[len(w.real) - 1, real.GIVEN])
    for person in range(people):
        seat = p.crews[crew_of(p, person), of.SEAT]
        w.seats[at.GIVEN, seat] = w.real[len(w.real) - 1 - people + person, 0]
    for k in range(len(wave_at) - 1):
        tries = int(wave_fact(w, k, real.TRIES))
        unwinds += tries
        if wave_fact(w, k, real.BACK_AT) < math.inf:
            last = max(last, wave_fact(w, k, real.BACK_AT))
        for i in order[wave_at[k] : wave_at[k + 1]]:
            w.marks[i, at.STATE] = int(w.real[i, real.FATE])
            if w.marks[i, at.STATE] == at.MOVED:
                _moved(p, w, i)
            elif w.real[i, real.COPYING] < math.inf and w.real[i, real.COPIED] == math.inf:
                draw(p, w, i, chance, start, tries, factor)
                until = ends(p, w, i, of.COPY, w.real[i, real.COPYING], real.COPIED)
                if p.rules[of.COPY_CAPACITY] < math.inf and p.moves[i, of.RATE] > 0.0:
                    # In the line are all copies that run, of whatever wave.
                    w.line[0, w.counts[at.COPYING]] = until
                    w.line[1, w.counts[at.COPYING]] = p.moves[i, of.RATE]
                    w.counts[at.COPYING] += 1
    return last, unwinds


@compiled
def _moved(p: Problem, w: Paper, i: int) -> None:
    """A move of a wave that is verified: its times, and what it took of the target."""
    times = w.times
    times[i, at.START] = w.real[i, real.STARTED]
    times[i, at.SWITCH] = w.real[i, real.SWITCHED]
    times[i, at.FREE] = w.real[i, real.FREED]
    times[i, at.VERIFIED] = w.real[i, real.VERIFIED]
    times[i, at.END] = accepted(p, w, i)
    w.level[at.QUOTA] -= p.moves[i, of.NEED]
    if p.rules[of.QUOTA] < math.inf and p.moves[i, of.FREES] > 0.0:
        free(w, times[i, at.END] + p.rules[of.REIMAGE], p.moves[i, of.FREES])


@inlined
def accepted(p: Problem, w: Paper, i: int) -> float:
    """When a move that is verified at a known time has been soaked."""
    end = w.times[i, at.VERIFIED] + p.rules[of.SOAK]
    if w.counts[at.KNOWN] == 0:
        return float(end)
    if w.real[i, real.ENDED] < math.inf:
        return float(w.real[i, real.ENDED])
    return float(max(end, now(w)))


@compiled
def free(w: Paper, t: float, amount: float) -> None:
    """Note that quota comes back, in the order of time."""
    place = w.counts[at.FREED]
    while place and w.freed[0, place - 1] > t:
        w.freed[0, place] = w.freed[0, place - 1]
        w.freed[1, place] = w.freed[1, place - 1]
        place -= 1
    w.freed[0, place] = t
    w.freed[1, place] = amount
    w.counts[at.FREED] += 1


@compiled
def passed(p: Problem, w: Paper, wave: Ints, k: int) -> float:
    """When the gate after a wave that is over could be asked for."""
    ready = wave_fact(w, k, real.GATE)
    if wave_fact(w, k, real.BACK_AT) < math.inf:
        ready = max(ready, wave_fact(w, k, real.BACK_AT))
    column = at.VERIFIED if p.rules[of.WAIT_FOR_ACCEPTED] == 0.0 else at.END
    for i in wave:
        if w.marks[i, at.STATE] == at.MOVED:
            ready = max(ready, w.times[i, column])
    return float(ready)


@embedded
def gate_of(p: Problem, w: Paper, k: int, ready: float) -> float:
    """When a gate that may be asked for from `ready` on opens, or did."""
    length = p.rules[of.GATE_MINUTES]
    if w.counts[at.KNOWN] == 0:
        return decided(ready, length, p.crews, p.stretches)
    if wave_fact(w, k, real.GATE) < math.inf:
        return float(wave_fact(w, k, real.GATE))
    # Whoever decides may have begun to, but not so early that it would be decided by now.
    moment = now(w)
    ready = max(ready, wave_fact(w, k, real.NOT_BEFORE), moment - length)
    return float(max(moment, decided(ready, length, p.crews, p.stretches)))


@embedded
def begin_wave(w: Paper, k: int, ahead: float, ready: float) -> tuple[int, float, float]:
    """Look up what is known of a wave's try: how many there were before it, and since when it is
    prepared and its gate may be asked for.
    """
    w.counts[at.KNOWN] = 1
    w.level[at.FLOOR] = max(now(w), wave_fact(w, k, real.NOT_BEFORE))
    back = wave_fact(w, k, real.BACK_AT)
    if back < math.inf:
        ahead = back
        ready = max(ready, back)
    return int(wave_fact(w, k, real.TRIES)), float(ahead), float(ready)


@embedded
def going_back(w: Paper, wave: Ints, k: int, failed: float) -> float:
    """When the undos of a try begin, unless it is known already: then that counts.

    Until then it goes on like any other; where they have begun, only what is done can be undone.
    """
    if w.counts[at.KNOWN] == 0 or wave_fact(w, k, real.UNWIND_AT) == math.inf:
        return failed
    moment = now(w)
    if wave_fact(w, k, real.UNWIND_AT) > moment:
        return float(wave_fact(w, k, real.UNWIND_AT))
    for i in wave:
        if w.marks[i, at.STATE] == at.WAITING or w.marks[i, at.STATE] == at.STRANDED:
            w.marks[i, at.STATE] = at.WAITING
            w.times[i, at.START] = w.real[i, real.STARTED]
            w.times[i, at.SWITCH] = w.real[i, real.SWITCHED]
    return float(moment)
