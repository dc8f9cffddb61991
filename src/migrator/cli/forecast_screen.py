"""A forecast as one screen for a tired engineer: the answer first, then the waves, then why.

Called by `migrator forecast`. Only words: every figure is one of the forecast's. Hours are those of
the plan's own clocks; what never comes is a dash, and no share is shown finer than it is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from migrator.cli import output

if TYPE_CHECKING:
    from migrator.forecast.model import Forecast, Quantiles, Span, TurnBack
    from migrator.plan.model import Plan
    from migrator.wiring.forecast_help import Remedy

CRITICAL_MAX: Final = 5
BUSY_MAX: Final = 5
NEVER: Final = "-"


def screen(forecast: Forecast, plan: Plan, helped: Sequence[Remedy]) -> Iterator[str]:
    """The lines of the screen."""
    zone = ZoneInfo(plan.window.time_zone)
    yield from _answer(forecast, zone)
    yield from _waves(forecast, plan, zone)
    yield from _critical(forecast)
    yield from _busy(forecast, zone)
    yield from _would_help(forecast, helped, zone)
    yield ""
    yield "It rests on"
    for note in forecast.notes:
        yield f"  - {note}"


def clock(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as the plan's clocks show it: Sat 03:12; of the hour that comes twice, which one."""
    from migrator.inventory.times import told_apart

    if moment is None:
        return NEVER
    return f"{moment.astimezone(zone):%a %H:%M}{told_apart(moment, zone)}"


def percent(share: float) -> str:
    """A share in whole per cent, never rounded to certainty."""
    if 0.0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1.0:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


def _answer(forecast: Forecast, zone: ZoneInfo) -> Iterator[str]:
    turning, end = forecast.turn_back, clock(forecast.window_end, zone)
    at = "before the weekend" if forecast.at is None else f"as of {clock(forecast.at, zone)}"
    yield f"{forecast.plan}, {at}: {forecast.weekends:,} weekends played, seed {forecast.seed}"
    yield ""
    yield f"fits        {percent(forecast.fits)} of weekends: all moved by {end}, rollback included"
    if forecast.dates_missed > 0:
        missed = percent(forecast.dates_missed)
        yield f"            {missed} miss an appointment on the way, which people then decide on"
    if percent(forecast.all_moved) != percent(forecast.fits):
        yield f"            {percent(forecast.all_moved)} move everything, some of them too late"
    yield f"end         {_three(forecast.end, zone)}"
    yield f"turn back   {_limit(turning, zone)}"
    for span in turning.unsafe:
        yield f"            too late {_span(span, zone)}"
    if turning.data_limit is not None:
        whose = f" ({turning.data_limit_of})" if turning.data_limit_of is not None else ""
        yield f"            the data's own limit: {clock(turning.data_limit, zone)}{whose}"
    if turning.limit is not None:
        yield f"            {percent(forecast.forward_first)} of weekends are through before it"
    yield f"plan for    {_plan_by(forecast, zone)}"
    yield (
        f"exposure    {forecast.exposure_hours:.1f} h split per unit of link weight,"
        f" P80 {forecast.exposure_hours_p80:.1f} h"
    )


def _limit(turning: TurnBack, zone: ZoneInfo) -> str:
    sure = (
        f"{percent(turning.quantile)} sure that all is back in time,"
        f" {turning.decision_minutes:g} min to decide"
    )
    if turning.limit is None:
        return f"at any time ({sure})"
    return f"by {clock(turning.limit, zone)} ({sure})"


def _span(span: Span, zone: ZoneInfo) -> str:
    until = "on" if span.end is None else f"to {clock(span.end, zone)}"
    return f"from {clock(span.begin, zone)} {until}"


def _plan_by(forecast: Forecast, zone: ZoneInfo) -> str:
    room, end = forecast.turn_back.plan_by, forecast.end.p80
    if room is None:
        return "no end: undoing everything does not fit into this window at any hour"
    if end is not None and end <= room:
        return f"an end by {clock(room, zone)}, so that all could still go back: P80 keeps it"
    return f"an end by {clock(room, zone)}, so that all could still go back: P80 comes later"


def _three(found: Quantiles, zone: ZoneInfo) -> str:
    return "   ".join(
        f"{name} {clock(moment, zone)}"
        for name, moment in (("P50", found.p50), ("P80", found.p80), ("P95", found.p95))
    )


def _waves(forecast: Forecast, plan: Plan, zone: ZoneInfo) -> Iterator[str]:
    names = {wave.id: wave.name for wave in plan.waves}
    rows = [
        (
            wave.wave,
            clock(wave.gate.p50, zone),
            clock(wave.gate.p80, zone),
            clock(wave.end.p50, zone),
            clock(wave.end.p80, zone),
            "over" if wave.over else percent(wave.returned),
            names.get(wave.wave, ""),
        )
        for wave in forecast.waves
    ]
    yield ""
    yield output.table(
        ("wave", "gate P50", "gate P80", "end P50", "end P80", "taken back", "name"), rows
    )


def _critical(forecast: Forecast) -> Iterator[str]:
    most = sorted(forecast.moves, key=lambda move: (-move.criticality, move.move))[:CRITICAL_MAX]
    rows = [
        (
            move.move,
            move.wave,
            percent(move.criticality),
            f"{move.cruciality:+.2f}",
            f"{move.slack_minutes:.0f} min",
        )
        for move in most
        if move.criticality > 0
    ]
    if rows:
        yield ""
        yield "On the longest chain most often"
        yield output.table(("move", "wave", "of weekends", "with the end", "slack"), rows)


def _busy(forecast: Forecast, zone: ZoneInfo) -> Iterator[str]:
    most = sorted(forecast.handlers, key=lambda h: (-h.wanted_p95, h.begin, h.who))[:BUSY_MAX]
    rows = [
        (
            clock(hour.begin, zone),
            hour.who,
            f"{hour.wanted:.1f}",
            f"{hour.wanted_p95:.1f}",
            f"{hour.there:.1f}" if hour.there < float("inf") else "anybody",
        )
        for hour in sorted(most, key=lambda h: (h.begin, h.who))
    ]
    if rows:
        yield ""
        yield "The handlers' busiest hours, in person hours"
        yield output.table(("hour", "pool", "wanted", "P95", "there"), rows)


def _would_help(forecast: Forecast, helped: Sequence[Remedy], zone: ZoneInfo) -> Iterator[str]:
    if not helped:
        return
    rows = [
        (
            remedy.what,
            clock(remedy.end_p80, zone),
            clock(remedy.plan_by, zone),
            "any time" if remedy.latest is None else clock(remedy.latest, zone),
            "yes" if remedy.enough else "no",
        )
        for remedy in helped
    ]
    yield ""
    yield "What would help, each tried alone"
    yield output.table(("remedy", "end P80", "plan for", "turn back by", "enough"), rows)
    limit = clock(forecast.turn_back.limit, zone)
    if forecast.turn_back.limit is not None:
        yield f'or a named person signs "no full unwind after {limit}": migrator sign --help'
