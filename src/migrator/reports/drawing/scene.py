"""What there is to draw from: a plan by value, and where they exist a run of it and a forecast.

Made by the command line and by `html.py`; read by every module that draws. It gathers what more
than one picture asks for, so that two of them never tell different times of the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.engine.events import AuthorityMoved
from migrator.engine.ports import Line
from migrator.forecast.model import Forecast
from migrator.plan.model import Itinerary
from migrator.reports.exposure import Exposure, exposure
from migrator.reports.story import StoryBook
from migrator.reports.texts import Texts

Flip = tuple[datetime, str, bool]
"""At that moment that subsystem went to the new side (True) or back."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The facts behind all pictures."""

    itinerary: Itinerary
    book: StoryBook | None  # None: nothing has been carried out
    forecast: Forecast | None
    exposure: Exposure
    planned: tuple[Flip, ...]
    actual: tuple[Flip, ...]

    @property
    def begin(self) -> datetime:
        """Where time axes begin."""
        start = self.itinerary.window.start
        return min(start, self.book.begin) if self.book is not None else start

    @property
    def end(self) -> datetime:
        """Where they end: with the window, or with whatever outlasts it."""
        ends = [self.itinerary.window.end, *(m.planned_end for m in self.itinerary.legs.values())]
        if self.book is not None:
            ends.append(self.book.end)
        if self.forecast is not None:
            waves = [wave.end for wave in self.forecast.waves]
            found = [q.p95 or q.p80 or q.p50 for q in (self.forecast.end, *waves)]
            ends.extend(moment for moment in found if moment is not None)
        return max(ends)

    @property
    def seen_until(self) -> datetime | None:
        """Until when it is known what happened; None where nothing has."""
        return self.book.end if self.book is not None else None


def scene_of_plan(itinerary: Itinerary, forecast: Forecast | None = None) -> Scene:
    """A plan before its weekend."""
    return Scene(itinerary, None, forecast, exposure(itinerary, ()), _planned(itinerary), ())


def scene_of_run(book: StoryBook, lines: Sequence[Line], forecast: Forecast | None = None) -> Scene:
    """A run, over or going on."""
    flips = tuple(
        (line.at, str(line.event.subsystem), line.event.side == "new")
        for line in lines
        # While nobody has authority nothing has been taken over yet: the old side counts on.
        if isinstance(line.event, AuthorityMoved) and line.event.side != "none"
    )
    itinerary = book.itinerary
    return Scene(itinerary, book, forecast, exposure(itinerary, lines), _planned(itinerary), flips)


def _planned(itinerary: Itinerary) -> tuple[Flip, ...]:
    return tuple(sorted((leg.planned_switch, str(leg.id), True) for leg in itinerary.legs.values()))


def counted(flips: Sequence[Flip], begin: datetime) -> tuple[tuple[datetime, int], ...]:
    """How many stand on the new side, from each moment on."""
    moved: set[str] = set()
    points = [(begin, 0)]
    for at, subsystem, new in flips:
        (moved.add if new else moved.discard)(subsystem)
        if points[-1][0] == at:
            points[-1] = (at, len(moved))
        elif points[-1][1] != len(moved):
            points.append((at, len(moved)))
    return tuple(points)


def shown_share(t: Texts, share: float, digits: int = 0) -> str:
    """A share of weekends or of weight as a percentage."""
    return t._("%(share)s %%", share=t.number(share * 100, digits))
