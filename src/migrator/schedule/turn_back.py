"""The turn-back curve: until when everything not committed could still go back inside the window.

Called by `run.py`. For each sampled weekend and each minute asked about, the set that would have to
go back is unwound with the crews of that hour; the same weekend has the same undo durations at all
minutes, so a curve is not jagged by chance. The data's own limit is another one (planner.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import root
from migrator.schedule.compiled import PLACES, ZERO, compiled, wide
from migrator.schedule.heap import sort
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Floats, Ints, Problem, Stretch
from migrator.schedule.resume import now
from migrator.schedule.unwind_time import draw_undos, narrow, unwound
from migrator.schedule.weekend import play, shock

WHOLE: Final = wide(1 << 10)
"""Undos of everything draw by this number, which no failed try of a weekend reaches."""


@compiled
def backs(
    p: Problem,
    w: Paper,
    order: Ints,
    wave_at: Ints,
    seed: int,
    first: int,
    times: Floats,
    delay: float,
    back: Floats,
) -> None:
    """Fill `back`, samples x times: when all would be back if somebody said so at that time."""
    figures, switches = w.figures, w.keys[at.EVERYBODY]
    everybody, going = w.items[at.EVERYBODY], w.items[at.GOING]
    narrow(p, w, order, wave_at)
    for row in range(back.shape[0]):
        sample = first + row
        w.level[at.NARROW] = 1.0
        play(p, w, order, wave_at, seed, sample, figures)
        w.level[at.NARROW] = 0.0  # whoever goes back now is of all waves
        count = ZERO
        for i in order:
            if w.marks[i, at.STATE] == at.MOVED:
                everybody[count] = i
                switches[count] = w.times[i, at.SWITCH]
                count += 1
        sort(switches, everybody, count)
        start = root(seed, sample)
        draw_undos(p, w, everybody, count, sample >= 0, start, WHOLE, shock(p, start))
        for k in range(len(times)):
            t = times[k]
            members = ZERO
            for m in range(count):
                i = everybody[m] & PLACES
                kept = committed(p, w, i)
                if w.times[i, at.START] <= t < kept:
                    going[members] = i
                    members += 1
            back[row, k] = unwound(p, w, going, members, t, t + delay)


@compiled
def committed(p: Problem, w: Paper, i: int) -> float:
    """From when on a move cannot go back any more."""
    kept = w.times[i, at.END] + p.moves[i, of.COMMIT_AFTER]
    if len(w.real) == 0:
        return float(kept)
    # Who signs is late at times; a commit that is expected and has not come cannot be over.
    return float(min(max(kept, now(w)), w.real[i, real.COMMITTED]))


def unsafe_stretches(times: Sequence[float], back: Sequence[float], window: float) -> list[Stretch]:
    """From when to when it is too late to turn back, as the grid knows it: never too late itself.

    A stretch begins at the last minute that was still safe, for between two points nobody knows;
    it ends at the first that is safe again, and is endless where none is.
    """
    found: list[Stretch] = []
    since: float | None = None
    for k, (t, end) in enumerate(zip(times, back, strict=True)):
        if end > window and since is None:
            since = times[k - 1] if k else t
        elif end <= window and since is not None:
            found.append((since, t))
            since = None
    if since is not None:
        found.append((since, math.inf))
    return found
