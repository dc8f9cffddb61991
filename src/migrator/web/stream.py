"""The stream of what happens, as server-sent events; pages listen to it and ask for what is new.

A reader that comes back says the last event it saw. Each event names the line of the journal up to
which it tells, so a reader that missed some is told once to look anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack
from typing import Final

from starlette.responses import StreamingResponse

from migrator.web.guests import Guest
from migrator.web.hub import RESET, Hub

PING_SECONDS: Final = 15.0
PING: Final = b": still here\n\n"
RETRY: Final = b"retry: 1000\n\n"
"""A browser whose connection broke comes back after a second."""


def streamed(
    hub: Hub,
    last_seen: int | None,
    now_at: int,
    listening: AbstractContextManager[Guest],
    there: AbstractContextManager[None],
) -> StreamingResponse:
    """Follow the hub from here on. `last_seen` is the journal's line a reader knew last.

    `listening` and `there` are held for as long as somebody reads. Whoever has gone is told to load
    the page anew, and meets the sign-in there.
    """

    async def frames() -> AsyncIterator[bytes]:
        with ExitStack() as held:
            guest = held.enter_context(listening)
            held.enter_context(there)
            async for each in _frames(guest):
                yield each

    async def _frames(guest: Guest) -> AsyncIterator[bytes]:
        cursor = hub.cursor
        yield RETRY
        if last_seen is not None and last_seen < now_at:
            yield RESET
        while not hub.closed:
            if guest.gone:
                yield RESET
                return
            body, cursor = hub.since(cursor)
            if body:
                yield body
                continue
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await hub.wait()
            except TimeoutError:
                yield PING

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(frames(), media_type="text/event-stream", headers=headers)
