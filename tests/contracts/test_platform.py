"""What every platform does: `engine.ports.Platform`. Adapters of real platforms join `platform`.

An act may come twice with its token and takes effect once; a doubtful act is told about truly;
whatever fails, fails by a MigratorError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import pytest

from itineraries import START, an_itinerary
from migrator.conductor.clock import VirtualClock
from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.policy import ENGINE_STEPS, authority_after
from migrator.engine.ports import Platform
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import World

ESTATE = an_itinerary(waves=("ab",), links=("ab:3",), stateless="b")
Answer = TypeVar("Answer")


@dataclass
class Rig:
    """A platform and the clock on which its acts take their time."""

    platform: Platform
    clock: VirtualClock
    itinerary: Itinerary

    def run(self, work: Coroutine[object, object, Answer]) -> Answer:
        async def watched() -> Answer:
            task = asyncio.create_task(work)
            self.clock.watch(task)  # type: ignore[arg-type]  # whatever it answers
            while not task.done():
                await self.clock.wait(asyncio.Event(), None)
            return await task

        return asyncio.run(watched())

    def intents(self, move: str) -> list[StepStarted | UndoStarted]:
        """Everything that its recipe does to a move, forward and back."""
        recipe = self.itinerary.recipes[self.itinerary.legs[move].recipe]
        limit = START + timedelta(days=1)
        forward = [
            StepStarted(move, step.kind.value, 1, 1, f"{move} {step.kind.value}", limit)
            for step in recipe.steps
            if step.kind.value not in ENGINE_STEPS
        ]
        back = [
            UndoStarted(move, undo.kind.value, 1, 1, f"{move} undo {undo.kind.value}", limit)
            for undo in recipe.unwind
        ]
        return [*forward, *back]


@pytest.fixture(params=["simulated"])
def rig(request: pytest.FixtureRequest) -> Rig:
    assert request.param == "simulated"
    clock = VirtualClock(START)
    platform = SimulatedPlatform(
        ESTATE, World(ESTATE, START), clock, Chance(1), FaultBox(()), accidents=False
    )
    return Rig(platform, clock, ESTATE)


@pytest.mark.parametrize("move", ["a", "b"])
def test_a_recipe_goes_forward_and_back(rig: Rig, move: str) -> None:
    results = {
        getattr(intent, "step", "") or getattr(intent, "undo", ""): rig.run(
            rig.platform.perform(intent)
        )
        for intent in rig.intents(move)
    }
    assert {result.outcome for result in results.values()} == {"done"}
    recipe = rig.itinerary.recipes[rig.itinerary.legs[move].recipe]
    for act, result in results.items():
        assert result.authority == authority_after(recipe, act)


@pytest.mark.parametrize("move", ["a", "b"])
def test_an_act_may_come_twice_with_its_token(rig: Rig, move: str) -> None:
    for intent in rig.intents(move):
        first = rig.run(rig.platform.perform(intent))
        second = rig.run(rig.platform.perform(intent))
        assert (second.outcome, second.authority) == (first.outcome, first.authority)


@pytest.mark.parametrize("move", ["a", "b"])
def test_a_doubtful_act_is_told_about_truly(rig: Rig, move: str) -> None:
    looks = {"baseline", "probe-links", "soak", "prove-back"}
    for intent in rig.intents(move):
        act = intent.step if isinstance(intent, StepStarted) else intent.undo
        if act in looks:  # a look leaves nothing to observe: it is repeated
            rig.run(rig.platform.perform(intent))
            continue
        assert rig.run(rig.platform.observe(intent)).outcome == "not_done"
        done = rig.run(rig.platform.perform(intent))
        observed = rig.run(rig.platform.observe(intent))
        assert (observed.outcome, observed.authority) == ("done", done.authority)
