"""A stream ends soon after its session has, and one session does not take every connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import ExitStack, nullcontext
from datetime import datetime
from typing import cast

from migrator.errors import EnvironmentFailed
from migrator.web.guests import STREAMS_MAX, Guests
from migrator.web.hub import RESET, Hub
from migrator.web.stream import RETRY, streamed


class Known:
    """The sessions of a store."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = set(tokens)
        self.away = False
        self.asked = 0

    def holding(self, tokens: Collection[str], now: datetime) -> frozenset[str]:
        assert now.tzinfo is not None
        self.asked += 1
        if self.away:
            raise EnvironmentFailed("store-unreachable", "the store is away", hint="wait")
        return frozenset(tokens) & self.tokens


def frames(hub: Hub, guests: Guests, token: str) -> AsyncIterator[bytes]:
    answer = streamed(hub, None, 0, guests.listening(token), nullcontext())
    return cast("AsyncIterator[bytes]", answer.body_iterator)


def test_whoever_signed_out_hears_one_thing_more_and_then_nothing() -> None:
    async def play() -> list[bytes]:
        hub, known = Hub(), Known("anna", "bo")
        guests = Guests(known, hub.wake)
        anna, bo = frames(hub, guests, "anna"), frames(hub, guests, "bo")
        assert [await anext(anna), await anext(bo)] == [RETRY, RETRY]
        waiting = asyncio.ensure_future(anext(anna))
        await asyncio.sleep(0)
        known.tokens.discard("anna")
        await guests.look()
        told = [await waiting, *[each async for each in anna]]
        hub.publish(b"news")
        assert await anext(bo) == b"news", "nobody else is disturbed"
        assert guests.has_room("anna")
        return told

    assert asyncio.run(play()) == [RESET]


def test_while_the_store_is_away_nobody_is_sent_off() -> None:
    async def play() -> None:
        hub, known = Hub(), Known()
        guests = Guests(known, hub.wake)
        known.away = True
        with guests.listening("anna") as guest:
            await guests.look()
            assert not guest.gone
            known.away = False
            await guests.look()
            assert guest.gone

    asyncio.run(play())


def test_all_streams_together_are_one_question() -> None:
    async def play() -> int:
        known = Known(*(str(n) for n in range(1000)))
        guests = Guests(known, Hub().wake)
        await guests.look()
        assert known.asked == 0, "nobody listens"
        with ExitStack() as held:
            for token in known.tokens:
                held.enter_context(guests.listening(token))
            await guests.look()
        return known.asked

    assert asyncio.run(play()) == 1


def test_a_session_has_so_many_streams_and_no_more() -> None:
    guests = Guests(Known("anna"), Hub().wake)
    with ExitStack() as held:
        for _ in range(STREAMS_MAX):
            assert not held.enter_context(guests.listening("anna")).gone
        assert not guests.has_room("anna")
        assert guests.has_room("bo")
        with guests.listening("anna") as one_more:
            assert one_more.gone
    assert guests.has_room("anna")
