"""Some at a time, in order, and nothing new after a failure."""

from __future__ import annotations

import asyncio

import pytest

from migrator.platform.kubernetes.abreast import abreast


async def test_answers_stand_in_the_order_of_the_items_however_long_each_took() -> None:
    gates = [asyncio.Event() for _ in range(3)]

    async def do(place: int) -> int:
        if place < 2:
            await gates[place + 1].wait()
        gates[place].set()
        return place * 10

    assert await abreast(range(3), do) == [0, 10, 20]
    assert await abreast([], do) == []


async def test_no_more_are_under_way_than_allowed() -> None:
    under_way, most = 0, 0

    async def do(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await abreast(range(10), do, in_flight=3)
    assert most == 3


async def test_after_a_failure_nothing_is_begun_and_what_is_under_way_is_finished() -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def do(place: int) -> None:
        begun.append(place)
        if place == 1:
            raise ValueError(place)
        await asyncio.sleep(0)
        ended.append(place)

    with pytest.raises(ValueError, match="1"):
        await abreast(range(10), do, in_flight=2)
    assert (begun, ended) == ([0, 1], [0])
