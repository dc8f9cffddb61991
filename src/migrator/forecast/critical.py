"""Which moves decide the end: criticality, cruciality and slack, from sampled weekends.

Called by `wiring/forecasting.py`. Criticality is how often a move is on the chain that ends last;
cruciality is how much its length and the end go together. A move may have one without the other: a
steady one is always on the chain and explains nothing. Show both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from migrator.forecast.chance import END, START, SWITCH, VERIFIED, Sampled
from migrator.schedule.problem import Flags, Floats, Ints

_SAME: float = 1e-6
"""Minutes: two sums of the same durations differ by less."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What ties one move to the next: who waits for whom, as the rows say it."""

    wave_of: Ints
    team: Ints
    before: Sequence[Sequence[int]]
    accepted: bool  # the next gate waits for the accepted, else for the verified
    tails: Floats  # by move: minutes from its switch until its seat is free, by its P50


def criticality(sampled: Sampled, chain: Chain) -> Floats:
    """By move: the share of weekends in which it is on the longest realised chain.

    A chain is read backwards. It ends with the move that is over last. What made that move late is
    a move of its wave whose seat it took or that had to switch first, if it began the moment that
    one let it; else the gate, which waited for the last of the wave before. Of several that tie all
    count. The arcs of handlers and copies are not in the times, so a move that only lent its
    handler is not counted.
    """
    times = sampled.times
    on = np.zeros(times.shape[:2], dtype=np.bool_)
    moved = np.isfinite(times[:, :, END])
    ends = np.where(moved, times[:, :, END], -math.inf)
    on |= moved & (ends >= ends.max(axis=1, keepdims=True) - _SAME)
    column = END if chain.accepted else VERIFIED
    for wave in range(sampled.gates.shape[1] - 1, -1, -1):
        members = np.flatnonzero(chain.wave_of == wave)
        if not len(members):
            continue
        there = moved[:, members]
        late = np.where(there, times[:, members, column], -math.inf)
        latest = there & (late >= late.max(axis=1, keepdims=True) - _SAME)
        # A later wave is on the chain, and its gate waited for whoever of this one was last.
        on[:, members] |= latest & ~on[:, members].any(axis=1, keepdims=True)
        _within(times, sampled.gates[:, wave], members, on, chain)
    return on.mean(axis=0) if len(on) else np.zeros(times.shape[1])


def _within(times: Floats, gates: Floats, members: Ints, on: Flags, chain: Chain) -> None:
    """Add those of the wave whose end let one on the chain begin, from the last start backwards."""
    start = times[:, members, START]
    free = times[:, members, SWITCH] + chain.tails[members]
    rows = np.arange(len(times))
    order = np.argsort(np.where(np.isfinite(start), -start, math.inf), axis=1, kind="stable")
    team = chain.team[members]
    for place in range(len(members)):
        mine = order[:, place]
        begun = start[rows, mine]
        waited = on[rows, members[mine]] & np.isfinite(begun) & (begun > gates + _SAME)
        if not waited.any():
            continue
        with np.errstate(invalid="ignore"):
            gap = begun[:, None] - free
        other = (team[None, :] == team[mine][:, None]) & (gap >= -_SAME)
        other[rows, mine] = False
        # Who of the team let go last before it began; tails are by their P50, so not exactly.
        nearest = np.where(other, gap, math.inf).argmin(axis=1)
        gave = waited & other[rows, nearest]
        on[rows[gave], members[nearest[gave]]] = True
        _before(times, members[mine], waited, on, chain)


def _before(times: Floats, mine: Ints, waited: Flags, on: Flags, chain: Chain) -> None:
    """Add whoever had to switch first and did so at the same moment."""
    for i in np.unique(mine[waited]):
        for first in chain.before[i]:
            with np.errstate(invalid="ignore"):  # neither of them may ever have switched
                same = np.abs(times[:, first, SWITCH] - times[:, i, SWITCH]) < _SAME
            on[:, first] |= waited & (mine == i) & same


def cruciality(sampled: Sampled) -> Floats:
    """By move: Spearman's rank correlation of its length with the weekend's end, -1 to 1.

    Its length is from its start to its verification, over the weekends in which it went over.
    """
    times = sampled.times
    n = times.shape[1]
    over = sampled.figures[:, 0]
    found = np.zeros(n)
    for i in range(n):
        known = np.isfinite(times[:, i, VERIFIED]) & np.isfinite(over)
        length = times[known, i, VERIFIED] - times[known, i, START]
        found[i] = spearman(length, over[known])
    return found


def spearman(one: Floats, other: Floats) -> float:
    """The correlation of two rows' ranks; ties share their mean rank, and a constant says zero."""
    if len(one) < 3:
        return 0.0
    a, b = _ranks(one), _ranks(other)
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0.0 else 0.0


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean = last - (counts - 1) / 2.0
    return np.asarray(mean[place], dtype=np.float64)


def slack(plan: Floats, gates: Floats, chain: Chain) -> Floats:
    """By move of the plan of P50s (columns as in `chance.py`): minutes that it may be late.

    Inside its wave a move may be late until the last of its wave is done, and the wave until the
    gate after it would open later; the last wave's moves until the end. What is late for the sake
    of a seat that somebody else then gets later is not seen, so this is the kindest reading.
    """
    column = END if chain.accepted else VERIFIED
    found = np.zeros(len(plan))
    waves = len(gates)
    for wave in range(waves):
        members = chain.wave_of == wave
        last = wave == waves - 1
        times = plan[members, END if last else column]
        found[members] = np.maximum(0.0, times.max() - times) if len(times) else 0.0
    return found
