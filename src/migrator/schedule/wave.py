"""One try at one wave: its copies, its seats, its cuts and its switches.

Called by `weekend.py`, once per wave and attempt. What it means is written twice, here for speed
and in `plain.py` for people; the tests hold the two together.

1. Ahead of the gate a move is prepared and copied, without a seat (`line.py`).
2. Behind the gate a move starts when it is prepared (without an opening: when it is copied), when
   all that switch before it have started, when the target has quota for it, and when its team has
   a seat (`seating.py`); of several the first in the order. It opens, copies what had not begun to
   be copied when the gate opened, and leads up to the cut. The seat is held for the work, and for
   as long as the copy or the cut has to wait with the seat taken.
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
from migrator.schedule.compiled import PLACES, compiled, embedded
from migrator.schedule.line import ahead_of_gate, prepare, prepare_following, queue_up
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem
from migrator.schedule.resume import ends, now
from migrator.schedule.seating import hands_on, line_up


@embedded
def attempt(
    p: Problem,
    w: Paper,
    k: int,
    wave: Ints,
    following: Ints,
    ahead: float,
    gate: float,
    chance: bool,
    start: np.uint64,
    nth: int,
    factor: float,
) -> float:
    """Try wave `k`, whose gate opens at `gate`; says when the first failure shows, else never.

    `following` is the wave that is prepared meanwhile.
    """
    w.counts[at.ATTEMPT] += 1
    times, marks = w.times, w.marks
    known = w.counts[at.KNOWN] != 0
    if k == 0 or w.counts[at.CARRIED] != k:
        prepare(p, w, wave, ahead, chance, start, nth, factor)
        w.level[at.CLOCK] = max(ahead, w.level[at.NOW])
    w.counts[at.QUEUED] = 0
    if p.rules[of.COPY_CAPACITY] < math.inf:
        ahead_of_gate(p, w, wave, gate)
    line_up(p, w, wave, gate)
    if w.counts[at.QUEUED]:
        # Else they are in nobody's way, and it is enough to prepare them when it is their turn.
        prepare_following(p, w, k + 1, following, gate, chance, start, factor)
        queue_up(p, w, following)
    hands_on(p, w, wave)
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] == at.WAITING and times[i, at.SWITCH] == math.inf:
            marks[i, at.STATE] = at.STRANDED  # no seat, no room or nobody before it ever came
    if p.rules[of.SWITCHING] != of.AT_ONCE:
        _together(p, w, wave)
    failed = math.inf
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] != at.WAITING:
            continue
        times[i, at.FREE] = times[i, at.SWITCH] + times[i, at.MINUTES] * p.moves[i, of.TAIL]
        risk = p.moves[i, of.FAILURE]
        if known and w.real[i, real.SWITCHED] < math.inf:
            times[i, at.FREE] = ends(p, w, i, of.TAIL, times[i, at.SWITCH], real.FREED)
            continue  # a failure would have shown
        if chance and risk > 0.0 and uniform(start, FAILURE, i, nth) < risk:
            failed = min(failed, times[i, at.SWITCH])
    return failed


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
