"""What was expected of a run while it went, in the reader's language.

Called by the page of a report, and by whoever else tells a reader of a forecast. The journal keeps
a forecast only where it said something new, so its rows are few; the last one is told in sentences,
with the hour until which one could turn back, and who signed that it goes forward only. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.engine.events import ForecastMade
from migrator.engine.foresight import WORDS
from migrator.engine.ports import Line
from migrator.reports import narrative
from migrator.reports.story import StoryBook
from migrator.reports.texts import Texts


@dataclass(frozen=True, slots=True)
class Row:
    """One forecast that said something new."""

    made: datetime
    seq: int
    fits: str
    end: datetime | None  # in four of five weekends
    turn_back: datetime | None  # None: at any time


def rows(t: Texts, lines: Sequence[Line]) -> tuple[Row, ...]:
    """The forecasts of the journal, in their order."""
    return tuple(
        Row(event.made, line.seq, per_cent(t, event.fits), event.end_p80, event.limit)
        for line in lines
        if isinstance(event := line.event, ForecastMade)
    )


def sentences(t: Texts, book: StoryBook) -> tuple[str, ...]:
    """What was said last, and what people made of it; empty where nobody forecast the run."""
    made = book.run.forecast
    if made is None:
        return ()
    found = [_ends(t, made), _turning(t, book, made)]
    signed = book.run.signed.get(WORDS)
    if signed is not None:
        found.append(
            t._(
                "%(who)s signed that there is no full unwind after %(hour)s: %(reason)s.",
                who=narrative.person(book, signed.by),
                hour=t.time(signed.until),
                reason=signed.reason.rstrip("."),
            )
        )
    elif made.limit is not None and made.limit <= book.end:
        found.append(t._("Nobody signed that the run went on after that hour."))
    return tuple(found)


def _ends(t: Texts, made: ForecastMade) -> str:
    if made.end_p80 is None:
        return t._(
            "The forecast of %(made)s: the weekend ends inside its window in %(share)s of the "
            "sampled ones; in four of five it does not end at all.",
            made=t.time(made.made),
            share=per_cent(t, made.fits),
        )
    return t._(
        "The forecast of %(made)s: the weekend ends inside its window in %(share)s of the sampled "
        "ones, and in four of five by %(end)s.",
        made=t.time(made.made),
        share=per_cent(t, made.fits),
        end=t.time(made.end_p80),
    )


def _turning(t: Texts, book: StoryBook, made: ForecastMade) -> str:
    if made.limit is None:
        return t._("Everything can be taken back inside the window at any time.")
    if made.limit == made.data_limit and made.data_limit_of:
        return t._(
            "Everything can be taken back until %(hour)s: after that %(subsystem)s cannot be "
            "undone.",
            hour=t.time(made.limit),
            subsystem=book.itinerary.names.get(made.data_limit_of, made.data_limit_of),
        )
    return t._(
        "Everything can be taken back inside the window until %(hour)s.", hour=t.time(made.limit)
    )


def per_cent(t: Texts, share: float) -> str:
    """A share in the reader's language; never rounded up to all, nor down to none."""
    if 0 < share < 0.01:
        return t._("under 1 %%")
    if 0.99 < share < 1:
        return t._("over 99 %%")
    return t._("%(number)s %%", number=t.number(100 * share))
