"""How much a move's length and the weekend's end go together, from sampled weekends.

Called by `wiring/forecasting.py`. The kernel itself tells how often a move is on the chain that
ends last (`schedule/chains.py`). A move may have one without the other: a steady one is always on
the chain and explains nothing. Show both.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.forecast.chance import OVER, START, VERIFIED, Sampled
from migrator.schedule.problem import Floats


def cruciality(sampled: Sampled) -> Floats:
    """By move: Spearman's rank correlation of its length with the weekend's end, -1 to 1.

    Its length is from its start to its verification, over the weekends in which it went over.
    """
    times = sampled.times
    n = times.shape[1]
    over = sampled.figures[:, OVER]
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
