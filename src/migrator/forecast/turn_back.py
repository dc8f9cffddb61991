"""Until when one may still turn back: the curve, every unsafe stretch, and the end to plan for.

Called by `wiring/forecasting.py` with the kernel's answer: by sampled weekend and by minute asked
about, when everything would be back. How long going back takes is not monotone, because commits
take moves out of the set and crews change with the shift, so all unsafe stretches are told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from migrator.forecast.chance import END, START, SWITCH, Dial, Sampled, at_share, quantiles
from migrator.forecast.model import Span, TurnBack, TurnBackPoint
from migrator.ids import SubsystemId
from migrator.schedule.problem import Floats


@dataclass(frozen=True, slots=True)
class DataLimit:
    """The first moment from which going back loses something, and whose it is; endless: none."""

    minutes: float
    of: SubsystemId | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the curve."""

    times: Sequence[float]  # minutes at which somebody might say that everything goes back
    window: float
    decision: float  # minutes from saying so to the first undo
    quantile: float


def turn_back(
    back: Floats,
    committed: Floats,
    whole: Floats,
    data: DataLimit,
    asked: Question,
    dial: Dial,
) -> TurnBack:
    """The limits of turning back. `whole` is the curve of an estate that moved as a whole."""
    ends = [at_share(back[:, k], asked.quantile) for k in range(len(asked.times))]
    unsafe = unsafe_stretches(asked.times, ends, asked.window)
    latest = unsafe[0][0] if unsafe else math.inf
    return TurnBack(
        quantile=asked.quantile,
        decision_minutes=asked.decision,
        latest=dial.moment(latest),
        data_limit=dial.moment(data.minutes),
        data_limit_of=data.of,
        limit=dial.moment(min(latest, data.minutes)),
        unsafe=tuple(Span(dial.certain(begin), dial.moment(end)) for begin, end in unsafe),
        curve=tuple(
            TurnBackPoint(dial.certain(t), quantiles(back[:, k], dial), float(committed[k]))
            for k, t in enumerate(asked.times)
        ),
        plan_by=dial.moment(plan_by(whole, asked)),
    )


def unsafe_stretches(
    times: Sequence[float], ends: Sequence[float], window: float
) -> list[tuple[float, float]]:
    """From when to when it is too late: from the last minute that was safe to the first that is.

    Between two minutes that were asked about nobody knows, so the doubt counts as too late. A
    stretch that lasts as long as anybody looked is endless.
    """
    found: list[tuple[float, float]] = []
    since: float | None = None
    for k, (t, end) in enumerate(zip(times, ends, strict=True)):
        if end > window and since is None:
            since = times[k - 1] if k else t
        elif end <= window and since is not None:
            found.append((since, t))
            since = None
    if since is not None:
        found.append((since, math.inf))
    return found


def plan_by(whole: Floats, asked: Question) -> float:
    """D*: the latest minute at which all that moved could still go back; endless where there is
    none, for a plan that leaves no room at any hour has no such end.
    """
    good = [
        t
        for k, t in enumerate(asked.times)
        if at_share(whole[:, k], asked.quantile) <= asked.window
    ]
    return max(good, default=math.inf)


def committed_share(sampled: Sampled, commit_after: Floats, times: Sequence[float]) -> Floats:
    """By minute asked about: the mean share of the started moves that can no longer go back."""
    start, kept = sampled.times[:, :, START], sampled.times[:, :, END] + commit_after
    found = np.zeros(len(times))
    for k, t in enumerate(times):
        started = (start <= t).sum(axis=1)
        gone = (kept <= t).sum(axis=1)
        found[k] = float(np.mean(gone / np.maximum(started, 1)))
    return found


def data_limit(
    sampled: Sampled,
    ids: Sequence[SubsystemId],
    irreversible_at: Sequence[float],
    commit_after: Floats,
) -> DataLimit:
    """P5 over the weekends of the first act that cannot be undone.

    `irreversible_at` is by move the minute at which the new side does what cannot be undone,
    endless where nobody named an hour: a move that has switched by then does it at that hour, one
    that switches later does it at its switch. A commit is such an act, too.
    """
    hours = np.asarray(irreversible_at, dtype=np.float64)
    switch, end = sampled.times[:, :, SWITCH], sampled.times[:, :, END]
    # Nobody knows the hour: it counts from the commit, which is in `commit_after`.
    acts = np.where(np.isfinite(hours), np.maximum(switch, hours), math.inf)
    acts = np.minimum(acts, end + commit_after)
    if not acts.size:
        return DataLimit(math.inf, None)
    first = acts.min(axis=1)
    minutes = at_share(first, 0.05)
    if not math.isfinite(minutes):
        return DataLimit(math.inf, None)
    # Whose it is: of the weekends in which there is one, the most frequent.
    who = acts.argmin(axis=1)[np.isfinite(first)]
    return DataLimit(minutes, ids[int(np.bincount(who).argmax())])
