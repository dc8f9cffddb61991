"""One question to an API server, with patience: the speed limit, the retries, the time allowed.

Used by `rest.py`, `watch.py` and `discovery.py`. Whatever can pass by itself is tried again here,
inside one limit of time; the rest is raised as an error that names verb, resource and object. A
write is repeated only where its caller says that repeating it cannot do more than it did.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from migrator.platform.kubernetes.audits import hear
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.errors import error_of, error_of_silence, is_passing
from migrator.platform.kubernetes.wire import (
    Answer,
    Asked,
    NoAnswerError,
    Stream,
    Transport,
    Trouble,
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request and all its tries may take. The first pause doubles with each try."""

    try_seconds_max: float = 10.0
    seconds_max: float = 60.0
    tries_max: int = 10
    first_pause_seconds: float = 0.25
    pause_seconds_max: float = 10.0

    def pause(self, tries: int, asked_seconds: float | None) -> float:
        """How long to wait after the nth try; what the server asks for counts in full."""
        doubled = min(self.first_pause_seconds * 2 ** (tries - 1), self.pause_seconds_max)
        return doubled if asked_seconds is None else max(asked_seconds, 0.0)


class Asker:
    """One server and one speed limit."""

    def __init__(
        self,
        transport: Transport,
        *,
        bucket: Bucket | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing is asked yet."""
        self.transport = transport
        self.bucket = bucket or Bucket()
        self._patience = patience or Patience()
        self._sleep = sleep

    async def send(self, asked: Asked) -> Answer:
        """Ask what may be asked twice, and raise what a bad answer means."""
        return self.good(asked, await self.exchange(asked, repeatable=True))

    async def exchange(self, asked: Asked, *, repeatable: bool) -> Answer:
        """Ask with patience and give back whatever answer stands at its end.

        Raises TransientError when none came in time. A request that the server refused unread (429)
        or never got is always repeated; one whose answer was lost only if it is `repeatable`.
        """
        patience = self._patience
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + patience.seconds_max
        renewed = False
        tries = 0
        while True:
            await self.bucket.take()
            tries += 1
            answer, failed = await self._try(asked)
            if answer is not None:
                if answer.status == 401 and not renewed:
                    renewed = True
                    if await self.transport.renew():
                        continue
                self._slow_down(answer)
                unread = answer.status == 429
                if not (is_passing(answer) and (repeatable or unread)):
                    return answer
                pause = patience.pause(tries, answer.retry_after_seconds)
            else:
                assert failed is not None
                again = failed.trouble is Trouble.NOT_REACHED or (
                    failed.trouble is Trouble.BROKEN_OFF and repeatable
                )
                pause = patience.pause(tries, None)
                if not again or tries >= patience.tries_max or loop.time() + pause > ends_at:
                    raise error_of_silence(asked.target, failed, self.transport.server) from failed
            if tries >= patience.tries_max or loop.time() + pause > ends_at:
                assert answer is not None
                return answer
            await self._sleep(pause)

    async def _try(self, asked: Asked) -> tuple[Answer | None, NoAnswerError | None]:
        try:
            return await self.transport.exchange(asked, self._patience.try_seconds_max), None
        except NoAnswerError as failed:
            return None, failed

    def _slow_down(self, answer: Answer) -> None:
        if answer.status == 429:
            self.bucket.slow_down()

    def good(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, if it is one; raises what any other one means."""
        if answer.status >= 300:
            raise error_of(asked.target, answer, self.transport.server)
        hear(asked, answer)
        return answer

    @asynccontextmanager
    async def stream(self, asked: Asked, silence_seconds_max: float) -> AsyncIterator[Stream]:
        """A watch or a log, line by line; one try. Raises what an answer or its absence means."""
        await self.bucket.take()
        try:
            async with self.transport.stream(asked, silence_seconds_max) as found:
                if found.status >= 400:
                    body = b"".join([line async for line in found.lines])
                    answer = Answer(found.status, found.headers, body)
                    self._slow_down(answer)
                    raise error_of(asked.target, answer, self.transport.server)
                yield found
        except NoAnswerError as failed:
            raise error_of_silence(asked.target, failed, self.transport.server) from failed
