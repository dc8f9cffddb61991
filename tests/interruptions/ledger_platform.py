"""A platform whose every effect is one line in a file outside the process, and nothing more.

Two kinds of targets stand behind it, as in the world: those that honour a token, to which an act
in doubt is simply sent again, and those that do not, at which a second try would be a second
effect, and which must be observed first. Which act goes where is the program's own table. Before
and after each effect a little time passes, so that a process that is killed at any moment is often
killed in between. Failures are planned, never drawn: a run ends the same however often it dies.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from interruptions.ledger import Effect, OutsideLedger
from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.policy import ENGINE_STEPS, IN_DOUBT, LOOKS
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.plan.model import Itinerary, UndoKind

SECONDS_MAX: Final = 0.006
"""Before an effect, and after it: longer than a commit, so that acts overlap."""

NO_EFFECT: Final = LOOKS | ENGINE_STEPS | {UndoKind.PROVE_BACK.value}
"""Acts that only look: nothing can be lost or doubled."""


AUTHORITY: Final = {
    True: {"switch": "new", "switch-back": "old"},
    False: {"fence": "none", "grant": "new", "fence-target": "none", "grant-source": "old"},
}
"""Whom an act gives authority to, for stateless subsystems and for the others."""


@dataclass(frozen=True, slots=True)
class PlannedFailure:
    """What goes wrong with one act.

    Its first tries fail before anything happened, or their answers are lost after everything has.
    """

    fails: int = 0
    answers_lost: int = 0


Failures = Mapping[str, PlannedFailure]
"""By act: `a/start`."""


class LedgerPlatform:
    """`engine.ports.Platform` on a file outside. `tell` hears of each new effect at once."""

    def __init__(
        self,
        itinerary: Itinerary,
        ledger: OutsideLedger,
        failures: Failures,
        tell: Callable[[str], None],
        *,
        honour: bool = False,
    ) -> None:
        """Act on this ledger; with `honour` every target honours tokens."""
        self._honour = honour
        self._itinerary = itinerary
        self._ledger = ledger
        self._failures = failures
        self._tell = tell

    async def perform(self, intent: StepStarted | UndoStarted) -> ActResult:
        """Do the act: once for its token where the target honours it."""
        act = intent.step if isinstance(intent, StepStarted) else intent.undo
        pace = random.Random(f"{intent.token} {intent.nth}")
        planned = self._failures.get(f"{intent.move}/{act}", PlannedFailure())
        await asyncio.sleep(pace.uniform(0, SECONDS_MAX))
        if intent.nth <= planned.fails:
            raise PermanentError("simulated-fault", f"{act} failed, as planned", hint="")
        if act not in NO_EFFECT:
            effect = Effect(intent.token, intent.move, act, intent.attempt, intent.nth, os.getpid())
            honours = self._honour or IN_DOUBT[act].value == "repeat"
            if self._ledger.happen(effect, honours_tokens=honours):
                self._tell("effect")
        await asyncio.sleep(pace.uniform(0, SECONDS_MAX))
        if intent.nth <= planned.answers_lost:
            raise TransientError("simulated-fault", f"nobody heard the end of {act}", hint="")
        return self._done(intent, act)

    async def observe(self, intent: StepStarted | UndoStarted) -> ActResult:
        """Ask the world, which has seen the token or has not."""
        act = intent.step if isinstance(intent, StepStarted) else intent.undo
        await asyncio.sleep(SECONDS_MAX / 2)
        if self._ledger.took_effect(intent.token):
            return self._done(intent, act)
        return ActResult("not_done", "the world has not seen this token")

    def _done(self, intent: StepStarted | UndoStarted, act: str) -> ActResult:
        kind = self._itinerary.legs[intent.move].kind
        return ActResult("done", authority=AUTHORITY[kind == "stateless"].get(act))
