"""One stream for everybody: nobody misses anything, and a slow reader holds nobody up."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

from starlette.responses import StreamingResponse

from migrator.web.guests import Guest
from migrator.web.hub import RESET, Hub
from migrator.web.stream import streamed


def followed(hub: Hub, last_seen: int, now_at: int) -> StreamingResponse:
    return streamed(hub, last_seen, now_at, nullcontext(Guest()), nullcontext())


def test_each_reader_gets_what_came_after_its_place() -> None:
    hub = Hub()
    hub.publish(b"one")
    early = hub.cursor
    hub.publish(b"two")
    hub.publish(b"three")
    assert hub.since(early) == (b"twothree", 3)
    assert hub.since(hub.cursor) == (b"", 3)


def test_a_reader_that_fell_behind_the_ring_is_told_to_look_anew() -> None:
    hub = Hub(frames_max=2)
    for frame in (b"one", b"two", b"three"):
        hub.publish(frame)
    assert hub.since(0) == (RESET, 3)
    assert hub.since(1) == (b"twothree", 3)


async def test_one_news_wakes_all_and_a_leaving_reader_wakes_nobody() -> None:
    hub = Hub()
    waiting = [asyncio.create_task(hub.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not waiting[1].done()
    hub.publish(b"one")
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting[1:])


async def test_streams_end_when_the_hub_closes() -> None:
    hub = Hub()
    frames = aiter(followed(hub, 3, 7).body_iterator)
    await anext(frames)
    assert await anext(frames) == RESET, "the reader had missed four lines"
    coming = asyncio.ensure_future(anext(frames))
    await asyncio.sleep(0)
    hub.publish(b"news")
    async with asyncio.timeout(5):
        assert await coming == b"news"
        ending = asyncio.ensure_future(anext(frames, None))
        await asyncio.sleep(0)
        hub.close()
        assert await ending is None


async def test_a_reader_that_missed_nothing_is_not_told_to_look_anew() -> None:
    hub = Hub()
    hub.close()
    assert [part async for part in followed(hub, 7, 7).body_iterator] == [b"retry: 1000\n\n"]
