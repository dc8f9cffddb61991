"""A weekend from its first gate to its last end, and many of them with seeded chance.

Called by `run.py` (one process, one or two threads) and `turn_back.py`. Waves go one after the
other. A wave in which a move fails is unwound as a whole, with its teams and handlers, and tried
again while the rules allow it; then it is given up, and so is whoever needs it. Exposure counts
where moves stand in the end: a move that did not go stands apart until the window closes, and what
a failed try split for a while is not in it.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import SHOCK, minutes, normal, root
from migrator.schedule.checks import verify
from migrator.schedule.compiled import PLACES, ZERO, compiled, embedded
from migrator.schedule.heap import sort
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Floats, Ints, Problem
from migrator.schedule.resume import (
    begin_wave,
    free,
    gate_of,
    going_back,
    passed,
    resume,
    wave_fact,
)
from migrator.schedule.unwind_time import draw_undos, narrow, unwound
from migrator.schedule.wave import attempt

FIGURES = 5
OVER, EXPOSURE, GONE, LATE, UNWINDS = range(FIGURES)
"""A weekend's figures: when the last thing was over; minutes times weight; moves that stand on the
target; fixed dates that were not kept, failed tries included; waves that were taken back."""


@compiled
def play(
    p: Problem, w: Paper, order: Ints, wave_at: Ints, seed: int, sample: int, figures: Floats
) -> None:
    """One weekend on the paper `w`. A sample below zero is the plan itself: P50, nothing fails."""
    chance = sample >= 0
    start = root(seed, max(sample, 0))
    factor = shock(p, start) if chance else 1.0
    _reset(p, w)
    ready = ahead = last = 0.0
    unwinds = ZERO
    lives = len(w.real) > 0
    if lives:
        last, unwinds = resume(p, w, order, wave_at, chance, start, factor)
    for k in range(len(wave_at) - 1):
        wave = order[wave_at[k] : wave_at[k + 1]]
        following = order[wave_at[k + 1] : wave_at[min(k + 2, len(wave_at) - 1)]]
        w.gates[k] = ready
        if not _admit(p, w, wave):
            if lives and wave_fact(w, k, real.GATE) < math.inf:
                w.gates[k] = ahead = wave_fact(w, k, real.GATE)
                ready = passed(p, w, wave, k)
            continue
        nth = ZERO
        if lives:
            nth, ahead, ready = begin_wave(w, k, ahead, ready)
        gate = gate_of(p, w, k, ready)
        while True:
            w.gates[k] = gate
            level = w.level[at.QUOTA]
            failed = attempt(p, w, k, wave, following, ahead, gate, chance, start, nth, factor)
            failed = going_back(w, wave, k, failed + p.rules[of.UNWIND_DELAY])
            if failed == math.inf:
                verify(p, w, wave, chance, start, nth, factor)
                ready = _keep(p, w, wave, gate)
                break
            w.level[at.QUOTA] = level
            if w.level[at.CHAINED] != 0.0:
                _blame(p, w, wave, k, failed)
            count = _part(w, wave, failed)
            draw_undos(p, w, w.items[at.JOBS], count, chance, start, nth, factor)
            ready = unwound(p, w, w.items[at.JOBS], count, failed, failed)
            last = max(last, ready)
            unwinds += 1
            nth += 1
            if nth >= p.rules[of.ATTEMPTS_MAX] or ready == math.inf:
                _give_up(p, w, wave)
                break
            gate = gate_of(p, w, k, ready)
            ahead = ready
        ahead = w.gates[k]
        w.counts[at.UNDER_WAY] = 0
        if ready == math.inf:
            w.counts[at.STOPPED] = 1
    _figures(p, w, last, unwinds, figures)


@compiled
def shock(p: Problem, start: np.uint64) -> float:
    """The factor on all durations of a weekend."""
    return minutes(1.0, p.rules[of.SHOCK_SIGMA], 1.0, normal(start, SHOCK, ZERO, ZERO))


@compiled
def play_many(
    p: Problem,
    w: Paper,
    order: Ints,
    wave_at: Ints,
    seed: int,
    first: int,
    figures: Floats,
    gates: Floats,
    times: Floats,
) -> None:
    """Weekends from sample `first` on, one per row of `figures`.

    `gates` (by wave) and `times` (by move: start, switch, verified, end) are kept for as many
    weekends as they have room for.
    """
    narrow(p, w, order, wave_at)
    w.level[at.NARROW] = 1.0
    for row in range(figures.shape[0]):
        play(p, w, order, wave_at, seed, first + row, figures[row])
        if row < gates.shape[0]:
            for k in range(len(wave_at) - 1):
                gates[row, k] = w.gates[k]
        if row < times.shape[0]:
            for i in range(len(order)):
                times[row, i, 0] = w.times[i, at.START]
                times[row, i, 1] = w.times[i, at.SWITCH]
                times[row, i, 2] = w.times[i, at.VERIFIED]
                times[row, i, 3] = w.times[i, at.END]
    w.level[at.NARROW] = 0.0


@embedded
def _reset(p: Problem, w: Paper) -> None:
    w.marks[:] = 0
    w.check_marks[:] = 0
    w.times[:] = 0.0
    w.seats[at.WEEKEND] = 0.0
    w.seats[at.GIVEN] = 0.0
    w.turns[:] = 0
    w.counts[:] = 0
    w.level[at.QUOTA] = p.rules[of.QUOTA]
    w.level[at.FLOOR] = -math.inf
    w.level[at.NOW] = -math.inf


@embedded
def _admit(p: Problem, w: Paper, wave: Ints) -> bool:
    """Block the moves of a wave that lack one before them; tells whether any is left."""
    left = False
    for member in wave:
        i = member & PLACES
        if w.marks[i, at.STATE] != at.WAITING:
            continue  # in reality it has moved already, or it was given up
        may = w.counts[at.STOPPED] == 0
        for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
            # The order keeps `before`, so one that still waits is in this wave and earlier.
            state = w.marks[p.lists[k] & PLACES, at.STATE]
            may = may and state in (at.MOVED, at.WAITING)
        if may:
            left = True
        else:
            w.marks[i, at.STATE] = at.BLOCKED
    return left


@embedded
def _keep(p: Problem, w: Paper, wave: Ints, gate: float) -> float:
    """Note a wave that moved; says when the next gate may be asked for."""
    ready = gate
    column = at.VERIFIED if p.rules[of.WAIT_FOR_ACCEPTED] == 0.0 else at.END
    limited = p.rules[of.QUOTA] < math.inf
    for member in wave:
        i = member & PLACES
        if w.marks[i, at.STATE] == at.WAITING:
            w.marks[i, at.STATE] = at.MOVED
            ready = max(ready, w.times[i, column])
            if limited and p.moves[i, of.FREES] > 0.0:
                free(w, w.times[i, at.END] + p.rules[of.REIMAGE], p.moves[i, of.FREES])
    return ready


@compiled
def _give_up(p: Problem, w: Paper, wave: Ints) -> None:
    if p.rules[of.STOP_AFTER_UNWIND] != 0.0:
        w.counts[at.STOPPED] = 1
    for member in wave:
        i = member & PLACES
        if w.marks[i, at.STATE] == at.WAITING:
            w.marks[i, at.STATE] = at.RETURNED


@compiled
def _blame(p: Problem, w: Paper, wave: Ints, k: int, failed: float) -> None:
    """Note that a wave was taken back, and for whose failure if it is known."""
    w.items[at.BACKS, k] += 1
    for member in wave:
        i = member & PLACES
        if w.times[i, at.SWITCH] + p.rules[of.UNWIND_DELAY] == failed:
            w.items[at.BLAMED, k] = i + 1


@embedded
def _part(w: Paper, wave: Ints, t: float) -> int:
    """Who of a wave has started by `t`, in the order of switches; everybody puts work down.

    What is known of the real weekend was about this try, and ends with it.
    """
    w.counts[at.KNOWN] = w.counts[at.UNDER_WAY] = 0
    w.level[at.FLOOR] = -math.inf
    count = ZERO
    keys, items, seats = w.keys[at.JOBS], w.items[at.JOBS], w.seats[0]
    for member in wave:
        i = member & PLACES
        if w.marks[i, at.STATE] == at.WAITING and w.times[i, at.START] <= t:
            items[count] = i
            keys[count] = w.times[i, at.SWITCH]
            count += 1
    sort(keys, items, count)
    for seat in range(len(seats)):
        seats[seat] = min(seats[seat], t)
    w.counts[at.COPYING] = 0
    w.counts[at.CARRIED] = 0
    return count


@embedded
def _figures(p: Problem, w: Paper, last: float, unwinds: int, figures: Floats) -> None:
    """Sum up; whoever did not move has no times, and stands apart until the window closes."""
    gone = 0
    times = w.times
    for i in range(len(times)):
        if w.marks[i, at.STATE] == at.MOVED:
            gone += 1
            last = max(last, times[i, at.END])
            times[i, at.TOGETHER] = times[i, at.SWITCH]
        else:
            times[i, at.START] = math.inf
            times[i, at.SWITCH] = math.inf
            times[i, at.VERIFIED] = math.inf
            times[i, at.END] = math.inf
            times[i, at.TOGETHER] = p.rules[of.WINDOW]
    exposure = 0.0
    for k in range(len(p.weights)):
        one, other = p.pairs[k, 0] & PLACES, p.pairs[k, 1] & PLACES
        exposure += p.weights[k] * abs(times[one, at.TOGETHER] - times[other, at.TOGETHER])
    figures[OVER] = last
    figures[UNWINDS] = unwinds
    figures[EXPOSURE] = exposure
    figures[GONE] = gone
    figures[LATE] = w.counts[at.MISSED]
