"""The forecast in the demo: before the weekend, and at the moment at which a wave is held.

Called by `demo.py`. The same as `migrator forecast` with fewer weekends: what is shown there in a
screen stands here in three lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory
    from migrator.forecast.model import Forecast
    from migrator.plan.model import Itinerary
    from migrator.schedule.process import Kernel
    from migrator.wiring import Rehearsed

WEEKENDS: Final = 1_000
"""A share is then known to within 3 %, in about a second."""


def before(opened: PlanWithInventory, kernel: Kernel) -> Iterator[str]:
    """What is known before the weekend."""
    from migrator.wiring.forecasting import forecast_plan

    made = forecast_plan(
        opened.plan, opened.inventory, opened.pairs, kernel=kernel, weekends=WEEKENDS
    )
    yield from _told(made, opened, f"forecast ({made.weekends:,} weekends played)")


def at_the_hold(
    opened: PlanWithInventory, itinerary: Itinerary, played: Rehearsed, kernel: Kernel
) -> Iterator[str]:
    """The turn-back clock as it stood when the first wave was held."""
    from migrator.engine.events import WaveHeld
    from migrator.engine.fold import apply
    from migrator.engine.run import new_run
    from migrator.wiring.forecasting import forecast_run

    run = new_run(itinerary)
    for line in played.lines:
        apply(run, line.at, line.event)
        if isinstance(line.event, WaveHeld):
            break
    else:
        return
    made = forecast_run(
        run,
        opened.plan,
        opened.inventory,
        opened.pairs,
        now=line.at,
        kernel=kernel,
        weekends=WEEKENDS,
    )
    at = f"{line.at.astimezone(ZoneInfo(opened.plan.window.time_zone)):%a %H:%M}"
    yield from _told(made, opened, f"the clock at {at}, when {line.event.wave} was held")


def _told(made: Forecast, opened: PlanWithInventory, title: str) -> Iterator[str]:
    from migrator.cli.forecast_screen import clock, percent

    zone = ZoneInfo(opened.plan.window.time_zone)
    turning = made.turn_back
    yield (
        f"{title}: {percent(made.fits)} fit the window, rollback included; "
        f"end P50 {clock(made.end.p50, zone)}, P80 {clock(made.end.p80, zone)}"
    )
    if made.dates_missed > 0:
        yield f"  {percent(made.dates_missed)} miss an appointment on the way"
    limit = f"by {clock(turning.limit, zone)}" if turning.limit is not None else "at any time"
    yield (
        f"  turn back {limit} ({percent(turning.quantile)} sure that all is back in the window); "
        f"{percent(made.forward_first)} are through before it"
    )
