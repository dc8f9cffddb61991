"""How long a set of moves takes to go back: the engine's order, the crews of that hour.

Called by `weekend.py` for a wave that failed and by `turn_back.py` for everything not committed.

Undos are given out in the reverse order of the switches, and nobody jumps that queue: a team's seat
goes to the next of its moves even if that one still waits. A move waits until the traffic of all
later switched moves near it (linked, declared, of its group) is back; `plan/unwind_order.py` says
the same of the engine. A function is verified on the old side when the last of its moves that had
switched is back, by its pool, in the order in which that was set.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import AGAIN, UNWIND, minutes, normal
from migrator.schedule.compiled import PLACES, compiled, embedded
from migrator.schedule.crews import seat_from, take
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem
from migrator.schedule.resume import crew_of


@embedded
def draw_undos(
    p: Problem,
    w: Paper,
    members: Ints,
    count: int,
    chance: bool,
    start: np.uint64,
    nth: int,
    factor: float,
) -> None:
    """Set how long each member's undo takes, and each of their functions' verification."""
    for m in range(count):
        i = members[m] & PLACES
        sigma = p.moves[i, of.UNDO_SIGMA]
        z = normal(start, UNWIND, i, nth) if chance and sigma > 0.0 else 0.0
        w.times[i, at.UNDO] = minutes(p.moves[i, of.UNDO_MID], sigma, factor, z)
        for k in range(p.ties[i, of.EXERCISE], p.ties[i, of.EXERCISE_END]):
            w.checks[p.lists[k] & PLACES, at.AGAIN] = -1.0
    for m in range(count):
        i = members[m] & PLACES
        for k in range(p.ties[i, of.EXERCISE], p.ties[i, of.EXERCISE_END]):
            f = p.lists[k] & PLACES
            if w.checks[f, at.AGAIN] < 0.0:
                sigma = p.functions[f, of.VERIFY_SIGMA]
                z = normal(start, AGAIN, f, nth) if chance and sigma > 0.0 else 0.0
                length = minutes(p.functions[f, of.VERIFY_MID], sigma, factor, z)
                w.checks[f, at.AGAIN] = length


@compiled
def narrow(p: Problem, w: Paper, order: Ints, wave_at: Ints) -> None:
    """Note who is near each move in its own wave: nobody else goes back with it in a weekend."""
    wave_of, near = w.items[at.GOING], w.near
    for k in range(len(wave_at) - 1):
        for i in order[wave_at[k] : wave_at[k + 1]]:
            wave_of[i] = k
    place = 2 * len(p.moves)
    for i in range(len(p.moves)):
        near[2 * i] = place
        for k in range(p.ties[i, of.NEAR], p.ties[i, of.NEAR_END]):
            if wave_of[p.lists[k]] == wave_of[i]:
                near[place] = p.lists[k]
                place += 1
        near[2 * i + 1] = place


@embedded
def _led(p: Problem, w: Paper, i: int, begin: float) -> float:
    """When the traffic of everybody near a move is back, of those who go back before it."""
    since, until = p.ties[i, of.NEAR], p.ties[i, of.NEAR_END]
    if w.level[at.NARROW] == 0.0:
        for k in range(since & PLACES, until):
            begin = max(begin, w.back[p.lists[k] & PLACES])
        return begin
    first, end = w.near[2 * i] & PLACES, w.near[2 * i + 1]
    if end - first < until - since:
        begin = max(begin, 0.0)  # as those of other waves would say
    for k in range(first, end):
        begin = max(begin, w.back[w.near[k] & PLACES])
    return begin


@embedded
def unwound(p: Problem, w: Paper, members: Ints, count: int, t: float, begin: float) -> float:
    """When all is back and verified, begun at `begin` with what had switched by `t`.

    `members[:count]` are in the order of their switches, the planned ones after the real ones;
    `draw_undos` has set the durations. Outside of this function `back` is zero.
    """
    moves, ties, lists, crews, stretches = p.moves, p.ties, p.lists, p.crews, p.stretches
    times, checks, known, seats, back = w.times, w.checks, w.check_marks, w.seats[1], w.back
    seated = p.rules[of.UNWIND_SEATS] != 0.0
    seats[: crews[crew_of(p, 0), of.SEAT]] = begin  # people are not asked by name here
    for m in range(count):
        i = members[m] & PLACES
        if times[i, at.SWITCH] <= t:
            for k in range(ties[i, of.EXERCISE], ties[i, of.EXERCISE_END]):
                known[lists[k] & PLACES, at.LEFT] += 1
                checks[lists[k] & PLACES, at.READY] = begin
    last = begin
    for m in range(count - 1, -1, -1):
        i = members[m] & PLACES
        switched = times[i, at.SWITCH] <= t
        begun = begin
        length = times[i, at.UNDO]
        if switched:
            begun = _led(p, w, i, begun)
        else:
            length *= moves[i, of.EARLY]
        if seated:
            begun = seat_from(ties[i, of.TEAM], begun, seats, w.shift, crews, stretches)
            if begun < math.inf:
                take(ties[i, of.TEAM], begun + length, seats, crews)
        last = max(last, begun + length)
        if not switched:
            continue
        back[i] = begun + length * moves[i, of.BACK]
        for k in range(ties[i, of.EXERCISE], ties[i, of.EXERCISE_END]):
            f = lists[k] & PLACES
            checks[f, at.READY] = max(checks[f, at.READY], begun + length)
            known[f, at.LEFT] -= 1
            if known[f, at.LEFT] == 0:
                checked = seat_from(
                    p.pools[f], checks[f, at.READY], seats, w.shift, crews, stretches
                )
                if checked < math.inf:
                    take(p.pools[f], checked + checks[f, at.AGAIN], seats, crews)
                last = max(last, checked + checks[f, at.AGAIN])
    for m in range(count):
        back[members[m] & PLACES] = 0.0
    return last
