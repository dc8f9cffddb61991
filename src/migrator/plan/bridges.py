"""What the bridges carry: the links whose ends stand on different platforms, and their calls.

Called by `engine/unwind.py`, which journals it with every unwind that is begun, and through it by
the preview, so that neither can tell another figure than the other. Pure. Who is not named as
standing on the new side stands on the old one, those who never move among them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from migrator.plan.model import PairLeg

_WRITTEN: Final = re.compile(
    r"(?P<source>\S+) to (?P<target>\S+): (?P<links>\d+) links?(, (?P<calls>\d+) calls/h)?"
)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Links between the platforms; `calls_per_hour` is None where a pair's calls are not known."""

    pairs: int
    links: int
    calls_per_hour: float | None


@dataclass(frozen=True, slots=True)
class Bridge:
    """The links of a pair of which one end goes back, and the other is on the new side."""

    source: str
    target: str
    links: int
    calls_per_hour: float | None

    def __str__(self) -> str:
        """The bridge as journals and answers write it."""
        links = "1 link" if self.links == 1 else f"{self.links} links"
        calls = "" if self.calls_per_hour is None else f", {self.calls_per_hour:.0f} calls/h"
        return f"{self.source} to {self.target}: {links}{calls}"

    @classmethod
    def read(cls, text: str) -> Bridge | None:
        """The bridge as journals wrote it, its calls in whole numbers; None for other words."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            return None
        calls = None if found["calls"] is None else float(found["calls"])
        return cls(found["source"], found["target"], int(found["links"]), calls)


@dataclass(frozen=True, slots=True)
class Load:
    """What crosses the platforms: now, once some are back, and if they had gone on instead."""

    now: Crossing
    onward: Crossing
    after: Crossing
    cut: tuple[Bridge, ...]  # between what is back and what is not; the heaviest first
    calls_per_hour_max: float | None  # None: the estate does not say

    @property
    def overloaded(self) -> bool | None:
        """Tell whether bridges are asked for more than they carry afterwards; None: not known."""
        return too_many(self.after.calls_per_hour, self.calls_per_hour_max)

    @property
    def overloads(self) -> bool:
        """Tell whether they are, and for more than by going on: it is the way back that does it."""
        if not self.overloaded:
            return False
        onward, after = self.onward.calls_per_hour, self.after.calls_per_hour
        return onward is None or (after is not None and after > onward)


def too_many(calls_per_hour: float | None, calls_per_hour_max: float | None) -> bool | None:
    """Tell whether bridges carry less than they are asked for; None where either is not known."""
    if calls_per_hour is None or calls_per_hour_max is None:
        return None
    return calls_per_hour > calls_per_hour_max


def crossing(pairs: Iterable[PairLeg], new: Collection[str]) -> Crossing:
    """What crosses when exactly these stand on the new side."""
    found = [pair for pair in pairs if _crosses(pair, new)]
    # Whole numbers are added, so that the figure does not depend on the order of the pairs.
    calls = [pair.calls_per_day for pair in found]
    known = [each for each in calls if each is not None]
    total = sum(known) if len(known) == len(calls) else None
    return Crossing(len(found), sum(pair.links for pair in found), _per_hour(total))


def bridges(
    pairs: Iterable[PairLeg], back: Collection[str], new: Collection[str]
) -> tuple[Bridge, ...]:
    """The bridges between what is back and those on the new side, the heaviest first."""
    cut = [
        pair
        for pair in pairs
        if (pair.source in back and pair.target in new)
        or (pair.target in back and pair.source in new)
    ]
    cut.sort(key=lambda pair: (-(pair.calls_per_day or 0), -pair.links, pair.source, pair.target))
    return tuple(Bridge(p.source, p.target, p.links, _per_hour(p.calls_per_day)) for p in cut)


def _crosses(pair: PairLeg, new: Collection[str]) -> bool:
    return (pair.source in new) is not (pair.target in new)


def _per_hour(calls_per_day: int | None) -> float | None:
    return None if calls_per_day is None else calls_per_day / 24
