"""Tries again by itself what only passes: a refused connection, a busy server, exit code 75.

Used by `platform.py` around one act. Only a TransientError is tried again, with the same token and
inside the act's own limit, so nothing takes effect twice and nothing outlasts its hour. What fails
for good is the engine's matter: it retries by the plan's policy, each try an event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from migrator.engine.ports import ActResult
from migrator.errors import TransientError


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: by default four tries with 1, 2 and 4 seconds between them.

    The pauses have up to `jitter_seconds` more, so that moves that lost the same server do not
    come back to it at the same instant.
    """

    tries: int = 4
    first_seconds: float = 1.0
    most_seconds: float = 30.0
    jitter_seconds: float = 0.5
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def perform(self, act: Callable[[], Awaitable[ActResult]]) -> ActResult:
        """Do the act. Raises the last TransientError when none of the tries went through."""
        retrying = AsyncRetrying(
            sleep=self.sleep,
            stop=stop_after_attempt(self.tries),
            wait=wait_exponential_jitter(
                multiplier=self.first_seconds, max=self.most_seconds, jitter=self.jitter_seconds
            ),
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                result = await act()
                number = attempt.retry_state.attempt_number
                if number > 1:
                    result = replace(result, detail=f"at try {number}: {result.detail}")
                return result
        raise AssertionError("the last try either returns or raises")
