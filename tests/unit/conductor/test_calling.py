"""The caller beside the loop: shown the run, and stopping it neither by trouble nor by defect."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from itineraries import START, an_itinerary
from migrator.conductor.calling import FACT, Calling
from migrator.engine.run import Run, new_run
from migrator.errors import TransientError

RUN = new_run(an_itinerary())


@dataclass
class Notifier:
    """Counts its looks; `breaks` at some of them, and says its troubles one after the other."""

    enough: int
    breaks: frozenset[int] = frozenset()
    troubles: tuple[str, ...] = ()
    trouble: str = ""
    looks: list[datetime] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self, run: Run, now: datetime) -> None:
        assert run is RUN
        self.looks.append(now)
        number = len(self.looks)
        self.trouble = self.troubles[number - 1] if number <= len(self.troubles) else ""
        if number >= self.enough:
            self.done.set()
        if number in self.breaks:
            raise ZeroDivisionError("a defect")

    def close(self) -> None:
        """Nothing is open."""


async def looked(notifier: Notifier, calling: Calling) -> None:
    """Let it look as often as it wants, and cancel it as the attendant does."""
    task = asyncio.create_task(calling.keep_looking(RUN, lambda: START))
    waiting = asyncio.create_task(notifier.done.wait())
    await asyncio.wait([task, waiting], timeout=20, return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), "it never ends by itself"
    for each in (task, waiting):
        each.cancel()
    await asyncio.gather(task, waiting, return_exceptions=True)


async def test_it_looks_again_and_again_at_run_time() -> None:
    kept: dict[str, object] = {}
    notifier = Notifier(enough=3)
    await looked(notifier, Calling(notifier, kept.__setitem__, look_seconds=0))
    assert notifier.looks[:3] == [START] * 3
    assert kept == {}


async def test_a_defect_is_told_and_the_next_look_comes_all_the_same() -> None:
    told: list[object] = []
    notifier = Notifier(enough=4, breaks=frozenset({2}))
    calling = Calling(notifier, lambda _key, fact: told.append(fact), look_seconds=0)
    await looked(notifier, calling)
    assert len(notifier.looks) >= 4
    assert told == [
        {"trouble": "it broke: ZeroDivisionError: a defect", "at": START.isoformat()},
        {"trouble": "", "at": START.isoformat()},
    ]


async def test_trouble_is_told_once_and_that_it_is_over() -> None:
    told: list[tuple[str, object]] = []
    notifier = Notifier(enough=5, troubles=("away", "away", "away", ""))
    calling = Calling(notifier, lambda key, fact: told.append((key, fact)), look_seconds=0)
    await looked(notifier, calling)
    assert [key for key, _ in told] == [FACT, FACT]
    assert "away" in repr(told[0])


async def test_where_not_even_that_can_be_kept_it_is_kept_later() -> None:
    told: list[object] = []

    def keep(_key: str, fact: object) -> None:
        if len(notifier.looks) < 3:
            raise TransientError("store-unreachable", "away", hint="wait")
        told.append(fact)

    notifier = Notifier(enough=5, troubles=("away",) * 9)
    await looked(notifier, Calling(notifier, keep, look_seconds=0))
    assert len(told) == 1
