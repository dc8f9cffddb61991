"""Looks at links by sweeps: the acts baseline, probe-links, soak and prove-back of a live run.

Made by `live.py` where the inventory of a run declares how its links are looked at. Stands before
the platform that performs what the plan declares no means for: that one looks at the fronts, the
prover at the links one by one, and an act is done when both are. Nothing here decides; a look that
found links worse fails, and the policy of the plan says what comes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.ports import ActResult, Platform
from migrator.errors import PermanentError
from migrator.plan.model import StepKind, UndoKind
from migrator.probes.prover import Looked

Intent = StepStarted | UndoStarted

LOOKS: Final = frozenset(
    {
        StepKind.BASELINE.value,
        StepKind.PROBE_LINKS.value,
        StepKind.SOAK.value,
        UndoKind.PROVE_BACK.value,
    }
)


class LinkProver(Protocol):
    """Looks at the links of a move one by one, and judges them against their baseline."""

    async def look(self, looked: Looked) -> ActResult:
        """One look. Raises TransientError where nobody could look."""
        ...

    async def soak(self, looked: Looked, seconds: float) -> ActResult:
        """Look again and again for so long; the first look that found links worse ends it."""
        ...


@dataclass(frozen=True, slots=True)
class Proving:
    """A platform whose looks are sweeps. `beside` looks at fronts, where it can.

    `can` says of a move and an act whether `beside` performs it; `left` how many seconds an act
    has; `soak_seconds` how long a wave is watched.
    """

    prover: LinkProver
    beside: Platform | None
    can: Callable[[str, str], bool]
    left: Callable[[Intent], float]
    soak_seconds: Callable[[], float]

    async def perform(self, intent: Intent) -> ActResult:
        """Do the act. Raises TransientError or PermanentError."""
        act = _act(intent)
        if act not in LOOKS:
            return await self._beside(intent).perform(intent)
        looked = Looked(intent.move, act, intent.attempt, intent.nth, self.left(intent))
        beside = self.beside if self.can(intent.move, act) else None
        if act == StepKind.SOAK.value:
            seconds = min(self.soak_seconds(), looked.seconds_max)
            links = self.prover.soak(looked, seconds)
            if beside is None:
                return await links
            return await _both(beside.perform(intent), links)
        if beside is None:
            return await self.prover.look(looked)
        fronts = await beside.perform(intent)
        if fronts.outcome != "done":
            return fronts  # the links behind a front that does not answer need no look of their own
        return _joined(fronts, await self.prover.look(looked))

    async def observe(self, intent: Intent) -> ActResult:
        """Say whether the act took effect. A look takes none, and is made again."""
        if _act(intent) in LOOKS:
            return ActResult("not_done", "a look changes nothing; it is made again")
        return await self._beside(intent).observe(intent)

    def _beside(self, intent: Intent) -> Platform:
        if self.beside is None:
            raise PermanentError(
                "platform-has-no-means",
                f"the plan does not say how {_act(intent)} of {intent.move} is performed",
                hint="declare its means in the plan's recipe: command, http, manual or wait-until",
            )
        return self.beside


def _act(intent: Intent) -> str:
    return intent.step if isinstance(intent, StepStarted) else intent.undo


async def _both(fronts: Awaitable[ActResult], links: Awaitable[ActResult]) -> ActResult:
    """Watch both at the same time; whichever finds something worse ends the other."""
    tasks = [asyncio.ensure_future(fronts), asyncio.ensure_future(links)]
    try:
        left = set(tasks)
        while left:
            ended, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            worse = [each.result() for each in ended if each.result().outcome != "done"]
            if worse:
                return worse[0]
        return _joined(tasks[0].result(), tasks[1].result())
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _joined(fronts: ActResult, links: ActResult) -> ActResult:
    """What was found of the links, and in words of the fronts."""
    detail = f"{fronts.detail}; {links.detail}" if fronts.detail else links.detail
    return replace(links, detail=detail, changes=(*fronts.changes, *links.changes))
