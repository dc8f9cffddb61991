"""The turn-back clock on the wall: by when, how long that is, and how sure one is. Pure.

The newest forecast stands beside the journal, the last one that said something new in it; the wall
shows the newer of the two, and its age once it is old. Nothing is reckoned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from migrator.engine.events import ForecastMade, Value, event_from_data
from migrator.engine.foresight import forward_only
from migrator.engine.run import Run
from migrator.reports.foretold import per_cent
from migrator.reports.texts import Texts

OLD: Final = timedelta(minutes=5)
SOON: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TurnBackClock:
    """What the wall says. `tone` is calm, warn or bad."""

    said: str
    fits: str
    age: str
    tone: str
    until: datetime | None = None  # turning back is still possible up to then


def newest(run: Run, beside: object) -> ForecastMade | None:
    """The newest forecast: kept beside the journal, or in it."""
    last = run.forecast
    data = beside.get("forecast") if isinstance(beside, dict) else None
    if not isinstance(data, dict):
        return last
    told = event_from_data(ForecastMade.__name__, cast("dict[str, Value]", data))
    if not isinstance(told, ForecastMade):
        return last
    return told if last is None or told.made >= last.made else last


def turn_back_clock(run: Run, beside: object, now: datetime, t: Texts) -> TurnBackClock | None:
    """The clock at run time `now`; None where nobody forecasts."""
    made = newest(run, beside)
    if made is None:
        return None
    said, tone = _said(run, made, now, t)
    old = now - made.made > OLD and run.state.value != "ended"
    age = t._("forecast of %(time)s", time=t.clock(made.made))
    if old:
        age = t._("forecast of %(time)s, which is old", time=t.clock(made.made))
    not_signed = forward_only(run, now) is None
    short = made.fits < run.itinerary.policy.forecast.fits_min
    return TurnBackClock(
        said,
        t._("%(share)s of weekends fit", share=per_cent(t, made.fits)),
        age,
        "warn" if tone == "calm" and (short or old) else tone,
        made.limit if made.limit is not None and now < made.limit and not_signed else None,
    )


def _said(run: Run, made: ForecastMade, now: datetime, t: Texts) -> tuple[str, str]:
    signed = forward_only(run, now)
    if signed is not None:
        return t._("Forward only since %(time)s", time=t.clock(signed.until)), "warn"
    if made.limit is None:
        return t._("Turning back is possible at any time"), "calm"
    at = f"{t.weekday_short(made.limit)} {t.clock(made.limit)}"
    if now >= made.limit:
        return t._("Too late to turn back with everything, since %(time)s", time=at), "bad"
    left = t.between(now, made.limit)
    tone = "warn" if made.limit - now <= SOON else "calm"
    return t._("Turn back by %(time)s, in %(left)s", time=at, left=left), tone
