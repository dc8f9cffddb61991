"""Annealing over decisions, each judged by playing it: the plan itself, or sampled weekends.

Called by `searching.py`. A decision costs, in hours: the exposure of its plan of P50s, or the mean
over the sampled weekends and `tail` times the mean of the worst fifth; then, each worth little, the
end that four of five weekends keep, small waves, and many critical moves in one wave. A plan that
is longer than the window or breaks a fixed date costs more than any exposure. All decisions meet
the same weekends, and one that is clearly worse after a few of them is not played to the end.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.anneal_moves import (
    Chance,
    Decision,
    Facts,
    allowed,
    change,
    copy_to,
    draw,
    expand,
    heat_at,
)
from migrator.schedule.compiled import compiled, wide
from migrator.schedule.heap import sort
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Floats, Ints, Problem
from migrator.schedule.weekend import EXPOSURE, LATE, OVER, play

TAIL_SHARE: Final = 0.2
"""The worst fifth of the weekends is what `tail` weighs: one weekend in five is no rarity."""

ENDLESS: Final = 1e9
"""The cost of a plan in which something never happens."""

MISSED_HOURS: Final = 1000.0
"""One broken fixed date costs as much as a thousand hours: more than any window has."""

OVERRUN: Final = 100.0
"""An hour beyond the window costs as much as a hundred hours of exposure."""

LATE_PRICE: Final = 10.0
"""An hour by which a fixed date is broken, so that it matters how much is missing."""

LOOK_AFTER: Final = wide(4)
"""After so many weekends, and each time that their number has doubled, a decision may be given
up."""

PLAN: Final = wide(-1)

EVALUATIONS, PLAYED, TRIED, ACCEPTED = range(4)
"""Places in `Board.counts`."""

COST, PLAN_HOURS, MEAN_HOURS, TAIL_HOURS, END_HOURS, HARD = range(6)
"""Places in the figures of a decision."""
FIGURES_OF_DECISION: Final = 6


class Prices(NamedTuple):
    """What `weigh` needs besides the decision."""

    weight: float  # of all links; hours of exposure are per unit of it
    tail: float
    end: float  # an hour of the end that four of five weekends keep
    small: float  # a move too few in a wave
    crowd: float  # the square of the critical moves in a wave
    stay: float  # a move that leaves the wave that it had in the plan before


class Board(NamedTuple):
    """What annealing writes on."""

    now: Decision
    tried: Decision
    best: Decision
    order: Ints
    wave_at: Ints
    figures: Floats  # of one weekend
    seen: Floats  # two rows: exposure hours by sample, of `now` and of `tried`
    ends: Floats  # hours by sample, of `tried`
    judged: Floats  # three rows: the figures of `now`, of `tried` and of `best`
    items: Ints
    chance: Chance
    counts: Ints


@compiled
def weigh(
    p: Problem, f: Facts, w: Paper, b: Board, prices: Prices, seed: int, samples: int, most: float
) -> bool:
    """Judge `tried` into its row of `judged`; False: it was given up, it costs more than `most`."""
    expand(f, b.tried, b.order, b.wave_at)
    judged = b.judged[1]
    b.counts[EVALUATIONS] += 1
    b.counts[PLAYED] += 1
    play(p, w, b.order, b.wave_at, 0, PLAN, b.figures)
    hard, soft = _hard(p, w, b.figures), _soft(f, b.tried, prices)
    per = 60.0 * max(prices.weight, 1e-300)
    exposed = b.figures[EXPOSURE] / per
    judged[PLAN_HOURS] = exposed
    judged[HARD] = hard
    judged[END_HOURS] = b.figures[OVER] / 60.0
    judged[MEAN_HOURS] = exposed
    judged[TAIL_HOURS] = exposed
    if samples == 0:
        judged[COST] = exposed + hard + soft + prices.end * judged[END_HOURS]
        return bool(judged[COST] <= most)
    if hard > b.judged[0, HARD] and hard + soft > most:
        return False
    look = LOOK_AFTER
    for sample in range(samples):
        play(p, w, b.order, b.wave_at, seed, sample, b.figures)
        b.counts[PLAYED] += 1
        b.seen[1, sample] = b.figures[EXPOSURE] / per
        b.ends[sample] = b.figures[OVER] / 60.0
        if sample + 1 == look and look < samples:
            look *= 2
            if _hopeless(b, sample + 1, most - b.judged[0, COST]):
                return False
    _sampled(b, samples)
    late = max(0.0, judged[END_HOURS] - p.rules[of.WINDOW] / 60.0)
    judged[COST] = (
        (judged[MEAN_HOURS] + prices.tail * judged[TAIL_HOURS]) / (1.0 + prices.tail)
        + hard + soft + prices.end * judged[END_HOURS] + late
    )  # fmt: skip
    return bool(judged[COST] <= most)


@compiled
def _hard(p: Problem, w: Paper, figures: Floats) -> float:
    """What no exposure makes up for: an overrun of the window, and fixed dates."""
    if figures[OVER] == math.inf:
        return ENDLESS
    hard = OVERRUN * max(0.0, figures[OVER] - p.rules[of.WINDOW]) / 60.0
    if figures[LATE] > 0.0:
        hard += MISSED_HOURS * figures[LATE]
        for i in range(len(p.moves)):
            last = p.moves[i, of.FIXED_TO]
            if last < math.inf:
                cut = w.times[i, at.SWITCH] - w.times[i, at.MINUTES] * p.moves[i, of.CUT]
                hard += LATE_PRICE * max(0.0, cut - last) / 60.0
    for i in range(len(p.moves)):
        if w.marks[i, at.STATE] != at.MOVED:
            return ENDLESS
    return float(hard)


@compiled
def _soft(f: Facts, d: Decision, prices: Prices) -> float:
    """Small waves, critical moves that stand together, and what a new plan moves for no need."""
    found = 0.0
    for wave in range(len(d.edge) - 1):
        size = critical = 0
        for k in range(d.edge[wave], d.edge[wave + 1]):
            size += f.size[d.row[k]]
            critical += f.critical[d.row[k]]
            home = f.home[d.row[k]]
            if home >= 0 and home != wave:
                found += prices.stay * f.size[d.row[k]]
        found += prices.small * max(0, f.wanted[wave] - size)
        found += prices.crowd * critical * critical
    return found


@compiled
def _hopeless(b: Board, count: int, most: float) -> bool:
    """Tell whether the weekends so far say with some certainty that it is too much worse."""
    total = square = 0.0
    for sample in range(count):
        worse = b.seen[1, sample] - b.seen[0, sample]
        total += worse
        square += worse * worse
    mean = total / count
    spread = math.sqrt(max(0.0, square / count - mean * mean) / count)
    return mean - spread > max(0.0, most)


@compiled
def _sampled(b: Board, samples: int) -> None:
    """Sum up the weekends of `tried`."""
    judged = b.judged[1]
    worst = max(1, math.ceil(samples * TAIL_SHARE))
    scratch = b.figures[: samples + 8]
    total = 0.0
    for sample in range(samples):
        total += b.seen[1, sample]
        scratch[8 + sample] = b.seen[1, sample]
        b.items[sample] = sample
    sort(scratch[8:], b.items, samples)
    tail = 0.0
    for k in range(samples - worst, samples):
        tail += scratch[8 + k]
    judged[MEAN_HOURS] = total / samples
    judged[TAIL_HOURS] = tail / worst
    for sample in range(samples):
        scratch[8 + sample] = b.ends[sample]
    sort(scratch[8:], b.items, samples)
    judged[END_HOURS] = scratch[8 + samples - worst]


@compiled
def settle(b: Board, samples: int) -> None:
    """`tried` becomes what the search stands on."""
    copy_to(b.tried, b.now)
    better = b.judged[1, COST] < b.judged[2, COST]
    for k in range(b.judged.shape[1]):
        b.judged[0, k] = b.judged[1, k]
        if better:
            b.judged[2, k] = b.judged[1, k]
    for sample in range(samples):
        b.seen[0, sample] = b.seen[1, sample]
    if better:
        copy_to(b.now, b.best)


@compiled
def anneal(
    p: Problem,
    f: Facts,
    w: Paper,
    b: Board,
    prices: Prices,
    seed: int,
    samples: int,
    heat: float,
    cold: float,
    total: int,
    until: int,
) -> None:
    """Go on until so many evaluations of `total` are done, or nothing allowed was found for long.

    `now` has been judged; what is returned to is always `best`.
    """
    tries_max = b.counts[TRIED] + 50 * (until - b.counts[EVALUATIONS]) + 1000
    while b.counts[EVALUATIONS] < until and b.counts[TRIED] < tries_max:
        b.counts[TRIED] += 1
        copy_to(b.now, b.tried)
        if not change(f, b.tried, b.chance) or not allowed(f, b.tried):
            continue
        warm = heat_at(heat, cold, b.counts[EVALUATIONS], total)
        # Drawn beforehand, so that a hopeless decision can be given up half way.
        most = b.judged[0, COST] - warm * math.log(max(draw(b.chance), 1e-12))
        if weigh(p, f, w, b, prices, seed, samples, most):
            b.counts[ACCEPTED] += 1
            settle(b, samples)
