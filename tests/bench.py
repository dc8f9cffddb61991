"""A simulated platform on which acts are done one after the other, without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TypeVar

from itineraries import START, an_itinerary
from migrator.conductor.clock import VirtualClock
from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Place, World

ESTATE = an_itinerary(waves=("abc",), links=("ab:1000", "ac:10"), stateless="b")
Answer = TypeVar("Answer")


class Bench:
    """A platform on which acts are done one after the other."""

    def __init__(
        self,
        *faults: PlannedFault,
        itinerary: Itinerary = ESTATE,
        accidents: bool = False,
        seed: int = 1,
    ) -> None:
        self.clock = VirtualClock(START)
        self.world = World(itinerary, START)
        self.box = FaultBox(faults)
        self.kept: list[int] = []
        self.platform = SimulatedPlatform(
            itinerary, self.world, self.clock, Chance(seed), self.box,
            lambda world: self.kept.append(len(world.effects)), accidents=accidents,
        )  # fmt: skip

    def a(self) -> Place:
        return self.world.look("a", self.clock.now())

    def step(self, act: str, nth: int = 1, attempt: int = 1, token: str = "") -> ActResult:
        return self.run(self.platform.perform(self.intent(act, nth, attempt, token)))

    def steps(self, move: str, *names: str) -> None:
        for name in names:
            assert self.step(f"{move}/{name}").outcome == "done"

    def undo(self, act: str, nth: int = 1) -> ActResult:
        move, _, name = act.partition("/")
        limit = self.clock.now() + timedelta(hours=2)
        intent = UndoStarted(move, name, 1, nth, f"undo {act}", limit)
        return self.run(self.platform.perform(intent))

    def observe(self, act: str) -> ActResult:
        return self.run(self.platform.observe(self.intent(act)))

    def intent(self, act: str, nth: int = 1, attempt: int = 1, token: str = "") -> StepStarted:
        move, _, name = act.partition("/")
        limit = self.clock.now() + timedelta(hours=2)
        return StepStarted(move, name, attempt, nth, token or f"{act}/{attempt}", limit)

    def run(self, work: Coroutine[object, object, Answer]) -> Answer:
        async def watched() -> Answer:
            answers: list[Answer | BaseException] = []

            async def act() -> None:
                try:
                    answers.append(await work)
                except (PermanentError, TransientError) as error:
                    answers.append(error)

            task = asyncio.create_task(act())
            self.clock.watch(task)
            while not task.done():
                await self.clock.wait(asyncio.Event(), None)
            if isinstance(answers[0], BaseException):
                raise answers[0]
            return answers[0]

        return asyncio.run(watched())
