"""The plain twin's notes: one weekend as lists, its chance, its crews, and what is known of it.

Written by `plain.py` and read by `run.py` and the tests. The numbers of chance and the cut-off
durations of a weekend in the middle (`live.py`) are computed anew here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

from migrator.schedule import live as real
from migrator.schedule import problem as of
from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.problem import Problem

_NORMAL: Final = NormalDist()
_WORD: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
MOVE, VERIFY, UNWIND, FAILURE, SHOCK, AGAIN, INCIDENT, INCIDENT_MINUTES = range(1, 9)


TIMES: Final = (
    "start", "switch", "free", "verified", "end", "prepared", "copying", "copied", "asking",
    "opened", "led", "cutting", "cut", "length", "asks",
)  # fmt: skip
"""The lists by move."""


@dataclass(frozen=True)
class Tick:
    """Somebody who has a check, or had it."""

    crew: int
    begun: float
    until: float


@dataclass(frozen=True)
class Job:
    """A check, or an incident of a move: its number is beyond those of the functions."""

    number: int
    opened: float
    begun: float
    passed: float
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True)
class Try:
    """What one try at one wave was like; the tests cut weekends by it."""

    wave: int
    nth: int
    ahead: float
    gate: float
    failed: float  # when its undos began; endless where it did not fail
    back: float  # when they had ended
    late: int  # dates that had been missed before it
    times: dict[str, list[float]]
    jobs: list[Job]


def longer(length: float, typical: float, sigma: float, elapsed: float) -> float:
    """The same draw of a duration that is known to be longer than `elapsed`."""
    if elapsed <= 0 or sigma == 0 or length <= 0:
        return max(length, elapsed)
    z = [math.log(each / typical) / sigma for each in (length, elapsed)]
    upper = math.prod(math.erfc(each / math.sqrt(2)) / 2 for each in z)
    if upper < 1e-290:
        return elapsed
    return max(elapsed, typical * math.exp(-sigma * _NORMAL.inv_cdf(upper)))


def _mixed(word: int) -> int:
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return word ^ word >> 31


@dataclass
class Played:
    """One weekend, lists by move; and the hands that write it."""

    p: Problem
    seed: int
    sample: int
    factor: float = 1.0
    state: list[int] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    switch: list[float] = field(default_factory=list)
    free: list[float] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    prepared: list[float] = field(default_factory=list)
    copying: list[float] = field(default_factory=list)
    copied: list[float] = field(default_factory=list)
    asking: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    led: list[float] = field(default_factory=list)
    cutting: list[float] = field(default_factory=list)
    cut: list[float] = field(default_factory=list)  # ready to switch
    length: list[float] = field(default_factory=list)
    asks: list[float] = field(default_factory=list)  # for the line
    clock: float = 0.0  # when the line is to be looked at again
    carried: int = 0  # which wave was prepared beside the one before it
    given: dict[int, int] = field(default_factory=dict)  # by crew of one: checks so far
    jobs: list[Job] = field(default_factory=list)  # of the last wave that was verified
    tries: list[Try] = field(default_factory=list)
    gates: list[float] = field(default_factory=list)
    held: dict[int, list[float]] = field(default_factory=dict)  # by crew: until when
    copies: list[tuple[float, float]] = field(default_factory=list)  # end and rate
    freed: list[tuple[float, float]] = field(default_factory=list)
    level: float = 0.0
    over: float = 0.0
    exposure: float = 0.0
    late: int = 0
    unwinds: int = 0
    live: Live = NOTHING_YET
    known: bool = False  # what really happened is of the try that is played
    under_way: bool = False  # and so are the checks of which something is known
    floor: float = -math.inf  # before it nothing begins in this try

    def __post_init__(self) -> None:
        """Nothing has happened to any move."""
        for name in TIMES:
            setattr(self, name, [math.inf] * len(self.p.moves))

    @property
    def now(self) -> float:
        """The moment of the real state."""
        return float(self.live.clock[real.NOW])

    def fact(self, i: int, column: int) -> float:
        """When something really happened to a move, in this try."""
        return float(self.live.moves[i, column]) if self.known else math.inf

    def part(self, i: int, share: int, since: float, column: int) -> float:
        """When a part of a move is over that begins at `since`."""
        row = self.p.moves[i]
        length = self.length[i] * row[share]
        if self.known and length > 0 and since < self.now:
            typical = row[of.MID] * self.factor * row[share]
            length = longer(length, typical, row[of.SIGMA], self.now - since)
        return float(min(self.fact(i, column), since + length))

    def note(self, nth: int, ahead: float, failed: float, back: float, late: int) -> None:
        """Keep what a try at the wave that came last was like."""
        wave, gate = len(self.gates) - 1, self.gates[-1]
        times = {name: list(getattr(self, name)) for name in TIMES}
        tried = Try(wave, nth, ahead, gate, failed, back, late, times, list(self.jobs))
        self.tries.append(tried)

    def uniform(self, kind: int, index: int, nth: int) -> float:
        """The draw that belongs to this key."""
        root = _mixed(self.sample * _STEP + _mixed(self.seed + _STEP & _WORD) & _WORD)
        key = (nth << 48) + (kind << 40) + index
        return ((_mixed(root + (key + 1) * _STEP & _WORD) >> 11) + 0.5) / (1 << 53)

    def minutes(self, mid: float, sigma: float, kind: int, index: int, nth: int) -> float:
        """A log-normal duration of this weekend; the plan itself has P50."""
        if self.sample < 0 or sigma == 0:
            return mid * self.factor
        z = _NORMAL.inv_cdf(self.uniform(kind, index, nth))
        return mid * self.factor * math.exp(sigma * z)

    def strikes(self, risk: float, kind: int, index: int, nth: int) -> bool:
        """Tell whether something of this probability happens."""
        return self.sample >= 0 and risk > 0 and self.uniform(kind, index, nth) < risk

    def ends(self, i: int, column: int) -> list[int]:
        """Whom a column pair of `ties` names for a move."""
        row = self.p.ties[i]
        return [int(each) for each in self.p.lists[row[column] : row[column + 1]]]

    def there(self, crew: int, t: float, held: Iterable[float]) -> bool:
        """Tell whether somebody of a crew is there and free."""
        first, last, seat, seat_end = self.p.crews[crew]
        on_shift = sum(n for a, b, n in self.p.stretches[first:last] if a <= t < b)
        return bool(seat == seat_end or sum(until > t for until in held) < on_shift)

    def earliest(self, crew: int, t: float, held: Sequence[float]) -> float:
        """The first time from `t` on at which somebody is there and free; never, if nobody is."""
        first, last, _, _ = self.p.crews[crew]
        when = {t, *(a for a in self.p.stretches[first:last, of.FROM] if a > t)}
        when |= {until for until in held if until > t}
        return float(next((x for x in sorted(when) if self.there(crew, x, held)), math.inf))

    def serve(self, crew: int, t: float, length: float, held: dict[int, list[float]]) -> float:
        """When a job that is ready at `t` begins; notes who is busy with it."""
        begin = self.earliest(crew, t, held.setdefault(crew, []))
        if begin < math.inf:
            held[crew].append(begin + length)
        return begin
