"""What every clock does: `engine.ports.Clock`, and what the loop needs of it beside."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from itineraries import START
from migrator.conductor.clock import ScaledClock, VirtualClock
from migrator.conductor.loop import RunClock
from migrator.engine.ports import Clock

AnyClock = VirtualClock | ScaledClock


@pytest.fixture(params=["virtual", "scaled"])
def clock(request: pytest.FixtureRequest) -> AnyClock:
    # So fast that a minute of run time is a hundredth of a millisecond.
    return VirtualClock(START) if request.param == "virtual" else ScaledClock(START, 6_000_000)


async def drive(clock: AnyClock, task: asyncio.Task[None]) -> None:
    clock.watch(task)
    while not task.done():
        if not await clock.wait(asyncio.Event(), clock.now() + timedelta(minutes=5)):
            break
    await task


def test_it_fits_both_ports(clock: AnyClock) -> None:
    for_adapters: Clock = clock
    for_the_loop: RunClock = clock

    assert for_adapters.now().tzinfo is not None
    assert for_the_loop.now() >= START


async def test_a_sleeper_wakes_when_its_time_has_passed(clock: AnyClock) -> None:
    began = clock.now()
    await drive(clock, asyncio.create_task(clock.sleep(30, "a")))

    assert clock.now() - began >= timedelta(minutes=30)


async def test_time_only_goes_forwards(clock: AnyClock) -> None:
    seen = [clock.now()]
    for _ in range(5):
        await drive(clock, asyncio.create_task(clock.sleep(1, "a")))
        seen.append(clock.now())

    assert seen == sorted(seen)


async def test_a_deadline_is_reached(clock: AnyClock) -> None:
    deadline = clock.now() + timedelta(minutes=10)
    while clock.now() < deadline:
        assert await clock.wait(asyncio.Event(), deadline)

    assert clock.now() >= deadline


async def test_news_end_a_wait_at_once(clock: AnyClock) -> None:
    news = asyncio.Event()
    news.set()

    assert await clock.wait(news, clock.now() + timedelta(days=36_500))
    assert clock.now() < START + timedelta(days=36_500)


async def test_a_cancelled_sleeper_keeps_nobody_waiting(clock: AnyClock) -> None:
    task = asyncio.create_task(clock.sleep(60 * 24 * 3650, "a"))
    clock.watch(task)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await drive(clock, asyncio.create_task(clock.sleep(1, "b")))

    assert clock.now() < START + timedelta(days=3650)
