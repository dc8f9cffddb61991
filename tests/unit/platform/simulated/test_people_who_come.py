"""Somebody who comes to a page plays for herself, and is simulated again when she has left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta

from migrator.conductor.clock import VirtualClock
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox
from migrator.platform.simulated.people import SimulatedPeople
from weekend import HANDLERS, a_weekend

CHECK = "function-1-1@w01"
PERSON = HANDLERS[0]
HER = frozenset({PERSON})
NOBODY: frozenset[str] = frozenset()


class Room:
    """A run in which she is asked, and the people around it."""

    def __init__(self) -> None:
        weekend = a_weekend(1, 2)
        wave = weekend.itinerary.waves[0]
        decided = weekend.gate(wave)
        self.last = max(weekend.steps(weekend.itinerary.legs[m], decided) for m in wave.moves)
        self.assigned = ev.CheckAssigned(CHECK, 1, PERSON, self.last + timedelta(hours=1))
        weekend.note(self.last, ev.CheckOpened(CHECK, 1))
        weekend.note(self.last, self.assigned)
        self.lines = weekend.lines(None)
        self.run: Run = new_run(weekend.itinerary)
        for line in self.lines:
            apply(self.run, line.at, line.event)
        self.given: list[OperatorCommand] = []
        self.works: list[Coroutine[object, object, None]] = []
        self.clock = VirtualClock(self.last)
        self.people = SimulatedPeople(
            weekend.itinerary, self.clock, Chance(1), FaultBox(()), self.given.append,
            lambda work, _name: self.works.append(work),
        )  # fmt: skip

    async def play(self) -> None:
        """Let everybody do what they are about to do."""
        works, self.works = self.works, []
        tasks = [asyncio.create_task(work) for work in works]
        for task in tasks:
            self.clock.watch(task)
        while not all(task.done() for task in tasks):
            await self.clock.wait(asyncio.Event(), None)
            await asyncio.sleep(0)


async def test_who_is_at_a_page_is_waited_for_and_not_simulated() -> None:
    room = Room()
    room.people.meet(room.run, HER)
    assert room.people.present_asked(room.run) == ((PERSON, CHECK),)
    room.people.listen(room.run, [line for line in room.lines if line.event == room.assigned])
    assert room.works == []


async def test_who_comes_before_she_was_simulated_answers_herself() -> None:
    room = Room()
    room.people.listen(room.run, [line for line in room.lines if line.event == room.assigned])
    room.people.meet(room.run, HER)
    await room.play()
    assert room.given == []


async def test_who_leaves_without_an_answer_is_simulated_again() -> None:
    room = Room()
    room.people.meet(room.run, HER)
    room.people.meet(room.run, NOBODY)
    assert room.people.present_asked(room.run) == ()
    await room.play()
    assert [(each.verb, each.actor, each.target) for each in room.given] == [
        ("tick", PERSON, CHECK)
    ]
