"""Is it slower than before? Judged by distributions, never by one number.

Called by `judging.py` for the looks of one vantage point and target, or of one vantage point and a
subsystem. One slow answer is no news on a network, and a hundred answers that are each three times
as slow are, so the question is asked of all of them together. Pure arithmetic on milliseconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Rule:
    """From when on slower is said. Both the chance and the effect must be convincing.

    `p_max`: the chance of such ranks if nothing had changed. `ratio_min` and `more_ms_min`: of the
    medians. Where either side has fewer than `enough` samples no test is asked: a few (at least
    `few`) must each be `lone_ratio_min` times the slowest before and `few_ms_min` above it; fewer
    than that must even last `lone_ms_min`. That is more than the one second after which a lost
    packet is sent again, which is no fault of the link.
    """

    p_max: float = 0.001
    ratio_min: float = 3.0
    more_ms_min: float = 20.0
    enough: int = 8
    few: int = 3
    lone_ratio_min: float = 10.0
    few_ms_min: float = 250.0
    lone_ms_min: float = 2_000.0


RULE = Rule()


@dataclass(frozen=True, slots=True)
class Ranks:
    """What the test says: `u` of the later samples, `z`, and `p` that they are no slower."""

    u: float
    z: float
    p: float


@dataclass(frozen=True, slots=True)
class Pace:
    """A judgement, with the medians that a person asks for first."""

    slower: bool
    before_ms: float
    now_ms: float
    why: str


def rank_test(before: Sequence[float], now: Sequence[float]) -> Ranks:
    """The Mann-Whitney U test, one-sided, with the normal approximation.

    All samples are ranked together, equal ones by their mean rank. With n samples now, m before,
    N = n + m and R the sum of the ranks of `now`:

        U = R - n (n + 1) / 2
        mean = n m / 2
        variance = n m / 12 * ((N + 1) - sum(t^3 - t) / (N (N - 1)))     t: how many share a rank
        z = (U - mean - 1/2) / sqrt(variance)
        p = erfc(z / sqrt 2) / 2

    The half is the correction for a whole number being compared with a smooth curve. Where all
    samples are equal there is nothing to rank, and p is 1.
    """
    n, m = len(now), len(before)
    assert n > 0, "nothing to rank"
    assert m > 0, "nothing to rank"
    counts = Counter(before)
    counts.update(now)
    rank_of = {}
    below = 0
    for value in sorted(counts):
        rank_of[value] = below + (counts[value] + 1) / 2
        below += counts[value]
    u = sum(rank_of[value] for value in now) - n * (n + 1) / 2
    total = n + m
    ties = sum(t**3 - t for t in counts.values()) / (total * (total - 1))
    variance = n * m / 12 * ((total + 1) - ties)
    if variance <= 0:
        return Ranks(u, 0.0, 1.0)
    z = (u - n * m / 2 - 0.5) / math.sqrt(variance)
    return Ranks(u, z, math.erfc(z / math.sqrt(2)) / 2)


def compare(before: Sequence[float], now: Sequence[float], rule: Rule = RULE) -> Pace:
    """Judge the samples of now against those of before, in milliseconds."""
    if not before or not now:
        return Pace(slower=False, before_ms=0.0, now_ms=0.0, why="nothing to compare with")
    was, is_now = median(before), median(now)
    if not is_suspect(was, is_now, rule):
        return Pace(slower=False, before_ms=was, now_ms=is_now, why="not by much")
    if min(len(before), len(now)) >= rule.enough:
        p = rank_test(before, now).p
        return Pace(p <= rule.p_max, was, is_now, f"p = {p:.2g} of {len(before)} and {len(now)}")
    above = rule.few_ms_min + max(before) if len(now) >= rule.few else rule.lone_ms_min
    bound = max(rule.lone_ratio_min * max(before), above)
    why = f"few samples ({len(before)} and {len(now)}): each must reach {bound:.0f} ms"
    return Pace(min(now) >= bound, was, is_now, why)


def is_suspect(before_ms: float, now_ms: float, rule: Rule = RULE) -> bool:
    """Whether so much slower would matter, if it were sure."""
    return now_ms >= rule.ratio_min * before_ms and now_ms - before_ms >= rule.more_ms_min
