"""Who is there when, and how many seats are taken: intervals of time, and nothing about plans.

Called by `lint_times.py`. An estate without shifts has everybody there always, and beyond the
window everybody counts as there: that a plan is too long is one finding, not a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from migrator.inventory.model import Person, Shift
from migrator.plan.model import Window

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
NEVER_YET: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """From `start` up to, and without, `end`."""

    start: datetime
    end: datetime

    def covers(self, moment: datetime) -> bool:
        """Tell whether the moment lies inside."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Crowd:
    """A moment at which more seats are wanted than there are."""

    at: datetime
    wanted: int
    seats: int


def presence(person: Person, shifts: Sequence[Shift], window: Window) -> tuple[Stretch, ...]:
    """When somebody is there; shifts that touch are one stretch.

    Somebody without shifts is always there: the engine asks such a person at any hour.
    """
    if not shifts or not person.shifts:
        return (Stretch(NEVER_YET, FOREVER),)
    mine = [Stretch(s.start, s.end) for s in shifts if s.id in person.shifts]
    joined: list[Stretch] = []
    for stretch in sorted([*mine, Stretch(window.end, FOREVER)]):
        if joined and stretch.start <= joined[-1].end:
            joined[-1] = Stretch(joined[-1].start, max(joined[-1].end, stretch.end))
        else:
            joined.append(stretch)
    return tuple(joined)


def crowd(
    taken: Sequence[Stretch], seats: Sequence[tuple[Stretch, int]], until: datetime
) -> tuple[Crowd, ...]:
    """The moments at which it gets too full, each told once as long as it lasts.

    Looked at only where something changes: a stretch begins, or seats come and go.
    """
    edges = {s.start for s in taken} | {t for s, _ in seats for t in (s.start, s.end)}
    found: list[Crowd] = []
    full = False
    for moment in sorted(edge for edge in edges if edge < until):
        wanted = sum(stretch.covers(moment) for stretch in taken)
        there = sum(number for stretch, number in seats if stretch.covers(moment))
        if wanted > there and not full:
            found.append(Crowd(moment, wanted, there))
        full = wanted > there
    return tuple(found)
