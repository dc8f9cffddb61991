"""What happens, as it happens: the pages' stream, for programs, from the line that they knew last.

`Last-Event-ID` is a line of the journal. What was missed is told in one event, and then what
happens, at most four events a second. Each names the line up to which it tells, the waves that
changed and whom it concerns; what exactly happened stands in the journal. Who was away for too
long is told `reset`, and reads everything anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from migrator.store.chain import to_line
from migrator.web.api import shapes
from migrator.web.api.answers import LOOKING
from migrator.web.api.callers import SeesWeekend
from migrator.web.api.problems import Problem
from migrator.web.doors import session_token
from migrator.web.following import Following, told_upto
from migrator.web.guests import Guest, Guests
from migrator.web.hub import RESET
from migrator.web.stream import PING, PING_SECONDS, RETRY

MISSED_MAX: Final = 2000
"""Lines that are told together; whoever missed more reads everything anew."""

router = APIRouter(tags=["looking"])


@router.get(
    "/events",
    responses={**LOOKING, 200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def events(
    request: Request,
    asking: SeesWeekend,
    last_event_id: Annotated[
        str, Header(max_length=20, description="the last event's id, a line of the journal")
    ] = "",
    after: Annotated[
        int | None, Query(ge=0, le=shapes.SEQ_MAX, description="the same, for the first time")
    ] = None,
) -> StreamingResponse:
    """Server-sent events: `run` says what changed, `reset` to read anew."""
    state = request.app.state
    guests: Guests = state.token_guests if asking.token else state.guests
    key = asking.token or session_token(request)
    if not guests.has_room(key):
        raise Problem("too-many-streams")
    numbered = last_event_id.isascii() and last_event_id.isdecimal()
    last = int(last_event_id) if numbered else after
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _frames(state.following, last, guests.listening(key)),
        media_type="text/event-stream",
        headers=headers,
    )


async def _frames(
    following: Following, last: int | None, listening: AbstractContextManager[Guest]
) -> AsyncIterator[bytes]:
    hub = following.hub
    with listening as guest:
        # Both in one instant: what is published from here on comes by the hub.
        cursor, upto = hub.cursor, following.seen.run.seq
        yield RETRY
        if last is not None and last != upto:
            yield await _missed(following, last, upto)
        while not hub.closed and not guest.gone:
            body, cursor = hub.since(cursor)
            if body:
                yield body
                continue
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await hub.wait()
            except TimeoutError:
                yield PING


async def _missed(following: Following, last: int, upto: int) -> bytes:
    """What happened after a line, in one event; `reset` where that is too much, or no such line."""
    if not 0 <= upto - last <= MISSED_MAX:
        return RESET
    journal = following.seen.journal
    written = await asyncio.to_thread(journal.written, last, upto - last)
    return told_upto(following.seen, map(to_line, written), upto)
