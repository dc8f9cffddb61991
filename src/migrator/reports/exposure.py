"""Exposure over time: which share of the link weight runs between the platforms, and for how long.

Computed from AuthorityMoved and the itinerary's pairs, the way the planner's objective counts it:
over pairs whose two ends both move, a pair is split while one end has moved and the other has not.
Pairs that end in a subsystem that stays are counted apart: they stay bridged after the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from migrator.engine.events import AuthorityMoved
from migrator.engine.ports import Line
from migrator.plan.model import Itinerary


@dataclass(frozen=True, slots=True)
class Curve:
    """A step curve: from each time on, that share (0 to 1) of the weight is split."""

    points: tuple[tuple[datetime, float], ...]

    @property
    def highest(self) -> float:
        """The highest share."""
        return max((share for _, share in self.points), default=0.0)

    def hours(self, until: datetime) -> float:
        """The area under the curve: mean hours that a unit of link weight is split."""
        area = 0.0
        for (start, share), (end, _) in pairwise((*self.points, (until, 0.0))):
            area += share * max((min(end, until) - start).total_seconds(), 0.0) / 3600
        return area

    def at(self, moment: datetime) -> float:
        """The share at a moment."""
        share = 0.0
        for start, value in self.points:
            if start > moment:
                break
            share = value
        return share


@dataclass(frozen=True, slots=True)
class Exposure:
    """Planned and actual, and what stays bridged afterwards."""

    planned: Curve
    actual: Curve
    stay_links: int  # links between moved subsystems and those that stay, at the last line
    weight: int  # of all pairs that both move; 0 means nothing can be split


def exposure(itinerary: Itinerary, lines: Sequence[Line]) -> Exposure:
    """Both curves, from the window's start on."""
    begin = itinerary.window.start
    plan = sorted((leg.planned_switch, str(leg.id), True) for leg in itinerary.legs.values())
    flips = [
        (line.at, line.event.subsystem, line.event.side == "new")
        for line in lines
        # While nobody has authority nothing has been taken over yet: the old side counts on.
        if isinstance(line.event, AuthorityMoved) and line.event.side != "none"
    ]
    moved: set[str] = set()
    for _, subsystem, new in flips:
        (moved.add if new else moved.discard)(subsystem)
    stays = {stay.subsystem for stay in itinerary.stays}
    return Exposure(
        planned=_curve(itinerary, begin, plan),
        actual=_curve(itinerary, min(begin, lines[0].at) if lines else begin, flips),
        stay_links=sum(
            pair.links
            for pair in itinerary.pairs
            if (pair.source in moved and pair.target in stays)
            or (pair.target in moved and pair.source in stays)
        ),
        weight=_weight(itinerary),
    )


def _weight(itinerary: Itinerary) -> int:
    legs = itinerary.legs
    return sum(p.weight for p in itinerary.pairs if p.source in legs and p.target in legs)


def _curve(
    itinerary: Itinerary, begin: datetime, flips: Iterable[tuple[datetime, str, bool]]
) -> Curve:
    total = _weight(itinerary)
    touching: dict[str, list[tuple[str, int]]] = {}
    for pair in itinerary.pairs:
        if pair.source in itinerary.legs and pair.target in itinerary.legs:
            touching.setdefault(pair.source, []).append((pair.target, pair.weight))
            touching.setdefault(pair.target, []).append((pair.source, pair.weight))
    moved: set[str] = set()
    split = 0
    points = [(begin, 0.0)]
    for at, subsystem, new in flips:
        if (subsystem in moved) is new:
            continue
        for other, weight in touching.get(subsystem, ()):
            split += weight if (other in moved) is not new else -weight
        (moved.add if new else moved.discard)(subsystem)
        share = split / total if total else 0.0
        if points[-1][0] == at:
            points[-1] = (at, share)
        else:
            points.append((at, share))
    return Curve(tuple(points))
