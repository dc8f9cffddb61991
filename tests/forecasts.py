"""Forecasts as a test wants them: `a_forecast(limit=after(300))`, and somebody who makes them.

What is not told is a good weekend: it fits, it ends long before turning back is too late, and
there is always a way back. Nothing here has computed anything: the figures are the test's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from itineraries import START
from migrator.engine.events import ForecastMade
from migrator.errors import MigratorError

GOOD: Final = ForecastMade(
    knows=1,
    made=START,
    weekends=1_000,
    compiled=True,
    fits=0.93,
    forward_first=0.9,
    end_p50=None,
    end_p80=None,
    end_p95=None,
    latest=None,
    data_limit=None,
    data_limit_of="",
    limit=None,
    unsafe=(),
    digest="5e" * 32,
)


def a_forecast(**changes: object) -> ForecastMade:
    """A good forecast with fields changed; `limit` is the time to turn back by, too."""
    if "limit" in changes:
        changes.setdefault("latest", changes["limit"])
    return replace(GOOD, **changes)  # type: ignore[arg-type]  # a test's own data


@dataclass(slots=True)
class FakeForecaster:
    """A FAKE forecaster: it says what the test has made up, when the test lets it.

    Without `slow` it answers at once. `asked` is what it was asked: (line, run time).
    """

    says: Callable[[int, datetime], ForecastMade] = lambda knows, now: a_forecast(
        knows=knows, made=now
    )
    slow: bool = False
    fails: MigratorError | None = None
    asked: list[tuple[int, datetime]] = field(default_factory=list)
    closed: bool = False
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, knows: int, now: datetime) -> ForecastMade:
        """Answer, once it may."""
        self.asked.append((knows, now))
        if self.slow:
            await self.let.wait()
            self.let.clear()
        if self.fails is not None:
            raise self.fails
        return self.says(knows, now)

    async def close(self) -> None:
        """Note that nobody will ask any more."""
        self.closed = True
