"""A forecaster's place beside the loop: asked after every event, one thing at a time.

Made by `wiring` for runs that are to be forecast; the loop calls it before and after each wait. The
newest state wins: what happens while somebody reckons is one question afterwards. Nothing waits
for an answer; one that comes late, or not at all, leaves the last one standing, with its age. Of
the answers only those that say something new become facts (`engine/foresight.py`); each is kept
beside the journal, so that a screen shows the newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.events import ForecastMade, event_to_data
from migrator.engine.foresight import why_kept
from migrator.engine.ports import Forecaster
from migrator.engine.run import Run
from migrator.engine.states import RunState
from migrator.errors import MigratorError

FACT: Final = "forecast"
"""The fact beside the journal under which the newest forecast is, or why there is none."""

AGAIN: Final = timedelta(minutes=2)
"""Time that passes changes a forecast, too, though nothing happens. Older than five is shown."""

AFTER_TROUBLE: Final = timedelta(minutes=1)
"""Run time; whoever has just failed would fail again, and a log of that helps nobody."""

ASK_SECONDS_MAX: Final = 60.0
"""Twenty times the goal for 1,000 subsystems."""

FIRST_SECONDS_MAX: Final = 300.0
"""The first one of all may wait for a compiler: whoever gave it up would begin with it anew."""

Spawn = Callable[[Coroutine[object, object, None], str], object]


@dataclass(slots=True)
class Foreseeing:
    """Asks one forecaster about one run. `keep` puts a fact beside the journal.

    `rest` is the least run time from one question to the next. On the virtual clock `when_quiet`
    leaves asking to the clock, which knows when nothing else is awake at an instant: only then
    does one seed give one journal.
    """

    forecaster: Forecaster
    keep: Callable[[str, object], None]
    rest: timedelta = timedelta()
    again: timedelta | None = AGAIN  # None: only what happens makes another forecast
    when_quiet: bool = False
    ask_seconds_max: float = ASK_SECONDS_MAX
    first_seconds_max: float = FIRST_SECONDS_MAX
    _asking: bool = False
    _asked_news: int = -1  # lines that were not its own when it was asked last
    _asked_at: datetime | None = None
    _not_before: datetime | None = None
    _own: int = 0
    _last: ForecastMade | None = None
    _heard: list[ForecastMade | str] = field(default_factory=list)

    def consider(self, run: Run, now: datetime, spawn: Spawn, changed: asyncio.Event) -> bool:
        """Ask, if there is something to ask about and nobody is reckoning; True where it was."""
        if self._asking or run.started is None or run.state is RunState.ENDED:
            return False
        if self._not_before is not None and now < self._not_before:
            return False
        news = run.seq - self._own
        old = (
            self.again is not None
            and self._asked_at is not None
            and now - self._asked_at >= self.again
        )
        if news == self._asked_news and not old:
            return False
        self._asking = True
        self._asked_news = news
        self._asked_at = now
        self._not_before = now + self.rest
        spawn(self._ask(run.seq, now, changed), "forecast")
        return True

    def hear(self, run: Run, now: datetime) -> tuple[ForecastMade, ...]:
        """The facts in what was answered since; the newest answer is kept for screens."""
        heard, self._heard = self._heard, []
        facts: list[ForecastMade] = []
        for each in heard:
            if isinstance(each, str):
                self._not_before = now + AFTER_TROUBLE
                self._tell(self._last or run.forecast, now, each)
            elif run.forecast is None or each.knows >= run.forecast.knows:
                self._last = each
                self._tell(each, now, "")
                if why_kept(run, each):
                    facts.append(each)
        self._own += len(facts)
        return tuple(facts)

    def _tell(self, made: ForecastMade | None, now: datetime, trouble: str) -> None:
        """Beside the journal: it decides nothing, and everybody who looks should see it."""
        self.keep(
            FACT,
            {
                "forecast": None if made is None else event_to_data(made),
                "trouble": trouble,
                "trouble_at": now.isoformat() if trouble else "",
            },
        )

    async def _ask(self, knows: int, now: datetime, changed: asyncio.Event) -> None:
        """One question. Whatever comes of it, also a bug of the forecaster's, the run goes on."""
        asked = asyncio.ensure_future(self.forecaster.ask(knows, now))
        patience = self.first_seconds_max if self._last is None else self.ask_seconds_max
        try:
            await asyncio.wait([asked], timeout=patience)
        finally:
            given_up = not asked.done()
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            self._asking = False
        no_answer = f"there was no answer in {patience:g} s"
        self._heard.append(no_answer if given_up else _told(asked) or no_answer)
        changed.set()


def _told(asked: asyncio.Future[ForecastMade]) -> ForecastMade | str:
    """The answer, or why there is none; empty where it was cut off."""
    if asked.cancelled():
        return ""
    error = asked.exception()
    if error is None:
        return asked.result()
    if isinstance(error, MigratorError):
        return f"{error.reference}: {error.message}"
    return f"it broke: {type(error).__name__}: {error}"
