"""Sampled weekends to moments and shares: quantiles, how many fit, what stands split.

Called by `wiring/forecasting.py` with the arrays that the kernel's process gave. Times come in as
minutes after the window's start, endless where something never happens, and go out as moments.
A quantile here is an observed weekend, never something between two: with half the weekends
endless there is no P80, and nobody is told one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from migrator.forecast.model import FanLine, HourOfBridges, Quantiles
from migrator.inventory.times import at_offset
from migrator.schedule.problem import Flags, Floats, Ints

OVER, EXPOSURE, GONE, LATE, UNWINDS = range(5)
"""The columns of a weekend's figures, as `schedule/weekend.py` has them (a test holds them so)."""

START, SWITCH, VERIFIED, END = range(4)
"""The columns of a move's times, as `schedule/run.py` has them."""

P20: Final = 0.2
P50, P80, P95 = 0.5, 0.8, 0.95

FAN_LINES: Final = 40
"""More lines on one picture are a grey wall."""

_SPLIT_CELLS_MAX: Final = 500_000
"""Pairs times weekends that are looked at by hour: a mean needs no more."""

HOUR: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the kernel said: a row per weekend in each array."""

    figures: Floats  # columns above
    gates: Floats  # by wave
    times: Floats  # by move, four columns

    @property
    def count(self) -> int:
        """How many weekends there are."""
        return len(self.figures)


@dataclass(frozen=True, slots=True)
class Dial:
    """Minutes after the window's start as moments on the plan's clocks, and back."""

    start: datetime
    zone: ZoneInfo

    def moment(self, minutes: float) -> datetime | None:
        """The moment, to the second; None for what never comes."""
        if not math.isfinite(minutes):
            return None
        # Added in UTC: a wall clock is an hour wrong in the night in which it is changed.
        exact = self.start.astimezone(UTC) + timedelta(seconds=round(minutes * 60))
        return at_offset(exact, self.zone)

    def certain(self, minutes: float) -> datetime:
        """The moment of minutes that are known to be a number."""
        found = self.moment(minutes)
        assert found is not None, "a time that comes"
        return found

    def minutes(self, moment: datetime) -> float:
        """Minutes after the window's start, also across a change of the clocks."""
        return (moment.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds() / 60


def at_share(minutes: Floats, share: float) -> float:
    """By when it has happened in such a share of the weekends; endless where it never has."""
    if not len(minutes):
        return math.inf
    place = max(0, math.ceil(share * len(minutes) - 1e-9) - 1)
    return float(np.partition(minutes, place)[place])


def quantiles(minutes: Floats, dial: Dial) -> Quantiles:
    """P50, P80 and P95 of one thing over the weekends."""
    return Quantiles(*(dial.moment(at_share(minutes, share)) for share in (P50, P80, P95)))


def wave_ends(sampled: Sampled, wave_of: Ints, waves: int) -> Floats:
    """By weekend and wave: when its last move is accepted; endless where one never is."""
    ends = np.full((sampled.count, waves), -math.inf)
    for wave in range(waves):
        members = sampled.times[:, wave_of == wave, END]
        if members.shape[1]:
            ends[:, wave] = members.max(axis=1)
    return ends


def moved(sampled: Sampled, moves: int) -> Flags:
    """By weekend: whether everything moved."""
    return sampled.figures[:, GONE] >= moves - 0.5


def fits(sampled: Sampled, moves: int, window: float) -> float:
    """The share of weekends in which everything moved and ended inside the window."""
    return share_of(moved(sampled, moves) & (sampled.figures[:, OVER] <= window))


def share_of(flags: Flags) -> float:
    """So many of these are true, as a share."""
    return float(np.mean(flags)) if len(flags) else 0.0


def exposure_hours(sampled: Sampled, weights: Floats) -> tuple[float, float]:
    """Mean and P80 of the hours that a unit of link weight is split."""
    whole = float(weights.sum())
    if whole <= 0.0:
        return 0.0, 0.0
    hours = sampled.figures[:, EXPOSURE] / whole / HOUR
    return float(hours.mean()), at_share(hours, P80)


def fan(sampled: Sampled, dial: Dial) -> tuple[FanLine, ...]:
    """The first sampled weekends, as lines: when how many moves had switched."""
    lines = []
    for row in range(min(FAN_LINES, sampled.count)):
        switched = np.sort(sampled.times[row, :, SWITCH])
        lines.append(
            FanLine(
                switched=tuple(dial.certain(m) for m in switched[np.isfinite(switched)]),
                end=dial.certain(_ended(sampled, row)),
            )
        )
    return tuple(lines)


def _ended(sampled: Sampled, row: int) -> float:
    """When a weekend was over; where something never came back, when the last thing that did."""
    over = float(sampled.figures[row, OVER])
    if math.isfinite(over):
        return over
    ends = sampled.times[row, :, END]
    known = ends[np.isfinite(ends)]
    return float(known.max()) if len(known) else 0.0


def bridges(
    sampled: Sampled, pairs: Ints, weights: Floats, window: float, dial: Dial
) -> tuple[HourOfBridges, ...]:
    """The share of the link weight that stands split, hour by hour of the window.

    Whoever did not move stands on the old side until the window closes, as in the exposure.
    """
    whole = float(weights.sum())
    hours = hours_of(window)
    if whole <= 0.0:
        return tuple(HourOfBridges(dial.certain(hour), 0.0, 0.0) for hour in hours)
    rows = max(1, min(sampled.count, _SPLIT_CELLS_MAX // max(1, len(weights))))
    switch = np.minimum(sampled.times[:rows, :, SWITCH], window)
    one, other = switch[:, pairs[:, 0]], switch[:, pairs[:, 1]]
    split = by_hour(np.minimum(one, other), np.maximum(one, other), weights / whole, window)
    return tuple(
        HourOfBridges(dial.certain(hour), float(share.mean()), at_share(share, P95))
        for hour, share in zip(hours, (split / lengths_of(window)).T, strict=True)
    )


def by_hour(begin: Floats, end: Floats, weights: Floats, window: float) -> Floats:
    """Minutes times weight that stretches (weekends x stretches) have in each hour of the window.

    A stretch fills its hour from its begin on and every later one whole, and takes the same away
    from its end on. What never begins has none; what never ends lasts as long as the window.
    """
    rows, hours = len(begin), len(hours_of(window))
    place = np.arange(rows)[:, None] * (hours + 1)
    found = np.zeros((rows, hours))
    for moments, sign in ((begin, 1.0), (end, -1.0)):
        at = np.clip(moments, 0.0, window)
        which = np.minimum((at // HOUR).astype(np.int64), hours)
        heavy = np.broadcast_to(weights * sign, at.shape)
        cells = (place + which).ravel()
        size = rows * (hours + 1)
        whole = np.bincount(cells, heavy.ravel(), size).reshape(rows, hours + 1)
        part = np.bincount(cells, (heavy * (at - which * HOUR)).ravel(), size)
        since = np.cumsum(whole, axis=1)[:, :hours]
        found += since * lengths_of(window) - part.reshape(rows, hours + 1)[:, :hours]
    return found


def lengths_of(window: float) -> Floats:
    """How many minutes each hour of the window has."""
    return np.minimum(HOUR, window - np.array(hours_of(window)))


def hours_of(window: float) -> Sequence[float]:
    """Where each hour of the window begins; the last one may be shorter."""
    return [float(hour) for hour in np.arange(0.0, window - 1e-9, HOUR)]
