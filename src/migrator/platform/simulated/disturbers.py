"""Disturbances in a rehearsal: those that a fault file asks for, and owners who find the cause.

Used by `people.py`. A scripted one is reported by a program, so that it needs nobody; whose it is
closes it like any other one. `factor` of its fault says how many times as long that takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from migrator.engine.ports import Clock
from migrator.engine.run import Run
from migrator.incidents.model import SOURCE_PREFIX
from migrator.inventory.model import Estimate
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox

KIND: Final = "disturbance"
REPORTER: Final = f"{SOURCE_PREFIX}rehearsal"
_KEY: Final = "fault:"
_CALM_MINUTES: Final = Estimate(40, 80)
"""Finding the cause of a disturbance, mending it and writing down both."""

Details = tuple[tuple[str, str], ...]
_CAUSE: Final[Details] = (("cause", "simulated"),)


class Later(Protocol):
    """Have somebody give a verb after so many minutes of run time."""

    def __call__(
        self,
        minutes: float,
        verb: str,
        actor: str,
        target: str,
        details: Callable[[], Details] = ...,
        reason: str = ...,
    ) -> None:
        """Plan it."""


class Disturbers:
    """What goes wrong beside the acts, and who deals with it."""

    def __init__(self, faults: FaultBox, clock: Clock, chance: Chance, later: Later) -> None:
        """Nothing is planned yet."""
        self._faults = faults
        self._clock = clock
        self._chance = chance
        self._later = later
        self._begun = False

    def begin(self, run: Run) -> None:
        """Plan what the fault file asks for and has not struck; once in a process."""
        if self._begun:
            return
        self._begun = True
        now = self._clock.now()
        for index, fault in self._faults.awaited(KIND):
            start = fault.start or now
            minutes = max(0.0, (start - now).total_seconds() / 60)
            target = fault.subsystem if fault.subsystem in run.moves else "run"

            def details(index: int = index) -> Details:
                self._faults.strike(index)
                return (("key", f"{_KEY}{index}"),)

            reason = fault.note or "as the fault file asks"
            self._later(minutes, "disturb", REPORTER, target, details, reason)

    def calm(self, disturbance: str, key: str, owner: str) -> None:
        """Whose it is finds its cause and closes it, well before it is red as a rule."""
        minutes = self._chance.minutes(_CALM_MINUTES, "close", disturbance)
        index = key.removeprefix(_KEY)
        if key.startswith(_KEY) and index.isdecimal():
            minutes *= self._faults.factor(int(index))
        self._later(minutes, "close", owner, disturbance, lambda: _CAUSE)
