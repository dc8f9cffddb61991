"""Run time: virtual (rehearsals), scaled (practice) and wall. The only file that looks at a watch.

Made by `wiring`, used by the conductor and by the simulated adapters. Deadlines are run time; what
waits registers its sleep here. On the virtual clock time jumps to the next sleeper once everything
that runs is asleep; ties are broken by key, so that one seed gives one journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final


def wall_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def seconds() -> float:
    """A clock for measuring how long something took (seconds); never goes backwards."""
    return time.perf_counter()


class VirtualClock:
    """Time that jumps. Single-threaded; every sleeper must belong to a watched task."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start` (zone-aware)."""
        self._now = start
        self._sleepers: list[tuple[datetime, str, int, asyncio.Future[None]]] = []
        self._order = count()
        self._awake = 0
        self.quiet: Callable[[], bool] | None = None  # may begin something before time jumps

    def now(self) -> datetime:
        """Run time."""
        return self._now

    def watch(self, task: asyncio.Task[None]) -> None:
        """Count a task as busy until it ends: time does not jump while it is awake."""
        self._awake += 1
        task.add_done_callback(self._ended)

    def _ended(self, _task: asyncio.Task[None]) -> None:
        self._awake -= 1

    async def sleep(self, minutes: float, key: str) -> None:
        """Come back after `minutes` of run time."""
        when = self._now + timedelta(minutes=max(0.0, minutes))
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when, key, next(self._order), woken))
        self._awake -= 1
        try:
            await woken
        except asyncio.CancelledError:
            if not woken.done() or woken.cancelled():
                self._awake += 1  # nobody woke it, so nobody has counted it as awake again
            raise

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> bool:
        """Wait for `changed` or until run time `until`. False: nothing will ever happen."""
        if await self._somebody_spoke(changed):
            return True
        if self.quiet is not None and self.quiet() and await self._somebody_spoke(changed):
            return True
        while self._sleepers and self._sleepers[0][3].done():
            heapq.heappop(self._sleepers)  # was cancelled
        if self._sleepers and (until is None or self._sleepers[0][0] <= until):
            when, _, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, when)
            self._awake += 1
            woken.set_result(None)
            return True
        if until is None:
            return False
        self._now = max(self._now, until)
        return True

    async def _somebody_spoke(self, changed: asyncio.Event) -> bool:
        """Let whoever is awake come to rest, or say something."""
        while self._awake and not changed.is_set():  # noqa: ASYNC110 - lets the awake ones run
            await asyncio.sleep(0)
        return changed.is_set()


_NAP_SECONDS_MAX: Final = 0.25
"""How long a sleeper on a scaled or wall clock sleeps before it looks again whether time stands."""

_WAIT_SECONDS_MAX: Final = 1.0
"""How long its conductor waits without news: whatever changes says so."""


class ScaledClock:
    """Run time at `speed` times the wall's pace; speed 1 is the wall itself.

    It can stand still (practice only): while a present person's check is open, run time waits.
    """

    def __init__(self, start: datetime, speed: float) -> None:
        """Begin at run time `start`, now."""
        assert speed > 0, "time goes forwards"
        self._anchor = start
        self._speed = speed
        self._since = time.monotonic()
        self._still = False

    def now(self) -> datetime:
        """Run time."""
        if self._still:
            return self._anchor
        elapsed = time.monotonic() - self._since
        return self._anchor + timedelta(seconds=elapsed * self._speed)

    def stand_still(self, *, still: bool) -> None:
        """Stop or go on. Standing still twice is standing still."""
        if still != self._still:
            self._anchor = self.now()
            self._since = time.monotonic()
            self._still = still

    def watch(self, task: asyncio.Task[None]) -> None:
        """Real time passes whoever is busy."""

    async def sleep(self, minutes: float, key: str) -> None:
        """Come back after `minutes` of run time."""
        until = self.now() + timedelta(minutes=max(0.0, minutes))
        # Looked at again after each nap, because the clock may have stood still meanwhile.
        while (left := (until - self.now()).total_seconds() / self._speed) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, _NAP_SECONDS_MAX))

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> bool:
        """Wait for `changed` or until run time `until`; a second at most, in case of lost news."""
        timeout = _WAIT_SECONDS_MAX
        if until is not None and not self._still:
            left = (until - self.now()).total_seconds() / self._speed
            timeout = max(0.0, min(timeout, left))
        # Not wait_for: it forgets that it was cancelled when `changed` is set in the same moment.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await changed.wait()
        return True
