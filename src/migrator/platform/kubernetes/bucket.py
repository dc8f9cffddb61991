"""A token bucket towards one API server: the speed limit that the Python clients do not have.

Used by `rest.py` before every request and told of every 429. It halves its rate when the server
says "too many" and grows back slowly, so that many requests in flight do not hit a full queue again
at the same instant. It never drops a request and never looks at the wall clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

RATE_PER_SECOND: Final = 50.0
"""kubectl's own rate; with a burst of 100 a subsystem of ordinary size never waits."""
BURST: Final = 100
RATE_PER_SECOND_MIN: Final = 1.0
GROWTH_PER_SECOND: Final = 2.0
"""From one request a second back to fifty in 25 s, about the time a busy server needs."""


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Bucket:
    """Gives out the right to send; a `rate_per_second` of 0 means that there is no limit."""

    def __init__(
        self,
        rate_per_second: float = RATE_PER_SECOND,
        burst: int = BURST,
        *,
        now: Callable[[], float] = _loop_time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start full: the first requests of a client do not wait."""
        assert rate_per_second >= 0
        assert burst >= 1
        self._most = rate_per_second
        self._rate = rate_per_second
        self._burst = burst
        self._left = float(burst)
        self._now = now
        self._sleep = sleep
        self._filled_at: float | None = None

    @property
    def rate_per_second(self) -> float:
        """The rate right now."""
        return self._rate

    async def take(self) -> None:
        """Wait for one's turn. Debts make a queue: each waiter waits for those before it, too."""
        if not self._most:
            return
        self._fill()
        self._left -= 1
        if self._left < 0:
            await self._sleep(-self._left / self._rate)

    def slow_down(self) -> None:
        """Take in that the server said "too many"."""
        if not self._most:
            return
        self._fill()
        self._rate = max(self._rate / 2, min(RATE_PER_SECOND_MIN, self._most))
        # What was saved up for a burst would be sent straight into the full queue.
        self._left = min(self._left, 1.0)

    def _fill(self) -> None:
        now = self._now()
        passed = now - self._filled_at if self._filled_at is not None else 0.0
        self._filled_at = now
        self._left = min(self._burst, self._left + passed * self._rate)
        self._rate = min(self._most, self._rate + passed * GROWTH_PER_SECOND)
