"""Run time: it jumps only when everybody sleeps, in one order; scaled time may stand still."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from itineraries import START, after
from migrator.conductor import clock as clocks
from migrator.conductor.clock import ScaledClock, VirtualClock


class Sleepers:
    """Tasks that sleep on a virtual clock and write down when they woke."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.woke: list[tuple[str, datetime]] = []
        self.changed = asyncio.Event()
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def sleep(self, minutes: float, key: str) -> asyncio.Task[None]:
        async def work() -> None:
            await self.clock.sleep(minutes, key)
            self.woke.append((key, self.clock.now()))

        return self.watch(work(), key)

    def watch(self, work: object, key: str) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]  # a coroutine
        self.clock.watch(task)
        self.tasks[key] = task
        return task

    async def run(self, until: datetime | None = None) -> None:
        while await self.clock.wait(self.changed, until):
            if until is not None and self.clock.now() >= until:
                break
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_time_jumps_to_the_next_sleeper() -> None:
    sleepers = Sleepers()
    for minutes, key in ((30, "c"), (10, "a"), (20, "b")):
        sleepers.sleep(minutes, key)
    await sleepers.run()

    assert sleepers.woke == [("a", after(10)), ("b", after(20)), ("c", after(30))]


async def test_ties_are_broken_by_key_and_then_by_the_order_of_asking() -> None:
    sleepers = Sleepers()
    for key in ("b", "c", "a"):
        sleepers.sleep(10, key)
    await sleepers.run()

    assert [key for key, _ in sleepers.woke] == ["a", "b", "c"]


async def test_who_sleeps_again_wakes_after_who_slept_before() -> None:
    sleepers = Sleepers()

    async def twice() -> None:
        await sleepers.clock.sleep(5, "z")
        await sleepers.clock.sleep(5, "z")
        sleepers.woke.append(("z", sleepers.clock.now()))

    sleepers.watch(twice(), "z")
    sleepers.sleep(10, "a")
    await sleepers.run()

    assert sleepers.woke == [("a", after(10)), ("z", after(10))]


async def test_time_does_not_jump_while_somebody_is_awake() -> None:
    sleepers = Sleepers()
    seen: list[datetime] = []

    async def busy() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
            seen.append(sleepers.clock.now())

    sleepers.sleep(1, "a")
    sleepers.watch(busy(), "busy")
    await sleepers.run()

    assert set(seen) == {START}
    assert sleepers.woke == [("a", after(1))]


async def test_a_cancelled_sleeper_holds_nobody_up_and_never_wakes() -> None:
    sleepers = Sleepers()
    task = sleepers.sleep(10, "a")
    sleepers.sleep(20, "b")
    await asyncio.sleep(0)
    task.cancel()
    await sleepers.run()

    assert sleepers.woke == [("b", after(20))]
    assert sleepers.clock._awake == 0


async def test_a_sleeper_that_is_cancelled_in_the_moment_of_its_waking_is_counted_once() -> None:
    sleepers = Sleepers()
    task = sleepers.sleep(10, "a")
    sleepers.sleep(20, "b")
    await asyncio.sleep(0)
    assert await sleepers.clock.wait(sleepers.changed, None)  # it wakes a, which has not run yet
    task.cancel()
    await sleepers.run()

    assert sleepers.woke == [("b", after(20))]
    assert sleepers.clock._awake == 0


async def test_news_are_heard_before_time_jumps() -> None:
    sleepers = Sleepers()
    sleepers.sleep(10, "a")
    sleepers.changed.set()

    assert await sleepers.clock.wait(sleepers.changed, None)
    assert sleepers.clock.now() == START
    sleepers.changed.clear()
    await sleepers.run()


async def test_a_deadline_that_comes_first_is_kept() -> None:
    sleepers = Sleepers()
    sleepers.sleep(10, "a")

    assert await sleepers.clock.wait(sleepers.changed, after(5))
    assert (sleepers.clock.now(), sleepers.woke) == (after(5), [])
    await sleepers.run()
    assert sleepers.woke == [("a", after(10))]


async def test_a_sleeper_that_wakes_at_the_deadline_wakes_first() -> None:
    sleepers = Sleepers()
    sleepers.sleep(5, "a")
    await sleepers.run(after(5))

    assert sleepers.woke == [("a", after(5))]


async def test_with_nobody_asleep_and_no_deadline_nothing_will_ever_happen() -> None:
    assert await VirtualClock(START).wait(asyncio.Event(), None) is False


async def test_time_never_goes_back() -> None:
    clock = VirtualClock(after(10))
    assert await clock.wait(asyncio.Event(), after(5))
    assert clock.now() == after(10)


async def test_a_sleep_of_less_than_nothing_is_no_sleep() -> None:
    sleepers = Sleepers()
    sleepers.sleep(-5, "a")
    await sleepers.run()

    assert sleepers.woke == [("a", START)]


# --- scaled time --------------------------------------------------------------------------------


class Watch:
    """The machine's watch, turned by hand."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    turned = Watch()
    monkeypatch.setattr("migrator.conductor.clock.time.monotonic", turned.monotonic)
    return turned


def test_scaled_time_runs_faster_than_the_wall(watch: Watch) -> None:
    clock = ScaledClock(START, 60)
    watch.seconds += 30

    assert clock.now() == after(30)


def test_while_it_stands_still_time_does_not_pass(watch: Watch) -> None:
    clock = ScaledClock(START, 60)
    watch.seconds += 10
    clock.stand_still(still=True)
    watch.seconds += 1000
    clock.stand_still(still=True)  # twice is the same as once
    assert clock.now() == after(10)
    clock.stand_still(still=False)
    clock.stand_still(still=False)
    watch.seconds += 5

    assert clock.now() == after(15)


async def test_a_scaled_sleep_sleeps_in_naps_until_its_run_time_is_there(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ScaledClock(START, 60)
    naps: list[float] = []

    async def nap(length: float) -> None:
        naps.append(length)
        watch.seconds += length
        if len(naps) == 2:
            clock.stand_still(still=True)
        if len(naps) == 4:
            clock.stand_still(still=False)

    monkeypatch.setattr("migrator.conductor.clock.asyncio.sleep", nap)
    await clock.sleep(0.6, "a")  # 0.6 wall seconds

    assert clock.now() >= START + timedelta(minutes=0.6)
    assert max(naps) <= 0.25
    assert sum(naps) == pytest.approx(0.8)  # for 0.2 of it the clock stood still


@pytest.mark.usefixtures("watch")
async def test_waiting_ends_with_news_or_after_a_second_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: list[float] = []

    really = asyncio.timeout

    def timeout(limit: float) -> asyncio.Timeout:
        limits.append(limit)
        return really(0)

    monkeypatch.setattr("migrator.conductor.clock.asyncio.timeout", timeout)
    clock = ScaledClock(START, 60)
    news = asyncio.Event()
    assert await clock.wait(news, None)
    assert await clock.wait(news, after(0.1))
    assert await clock.wait(news, after(-1))
    clock.stand_still(still=True)
    assert await clock.wait(news, after(0.1))  # no deadline comes while time stands still

    assert limits == [1.0, pytest.approx(0.1), 0.0, 1.0]


async def test_a_cancelled_wait_ends_even_when_news_come_in_the_same_moment() -> None:
    news = asyncio.Event()
    waiting = asyncio.create_task(ScaledClock(START, 60).wait(news, None))
    await asyncio.sleep(0)  # it waits
    news.set()
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.usefixtures("watch")
async def test_a_scaled_clock_does_not_mind_who_is_busy() -> None:
    clock = ScaledClock(START, 1)
    task = asyncio.create_task(asyncio.sleep(0))
    clock.watch(task)
    await task
    assert clock.now() == START


def test_time_goes_forwards() -> None:
    with pytest.raises(AssertionError, match="forwards"):
        ScaledClock(START, 0)


def test_the_wall_clock_knows_its_zone() -> None:
    assert clocks.wall_now().tzinfo is not None
    assert clocks.seconds() >= 0
