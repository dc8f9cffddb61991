"""Faults to inject into a rehearsal, and the box that lets each strike where it fits.

Used by the simulated platform and the simulated people; read from a file by `fault_file.py`. A
fault names what it hits; `times` is how often it strikes (default once).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

FAULT_KINDS: Final = (
    "step_fails",
    "step_half_fails",
    "step_times_out",
    "undo_fails",
    "bring_back_unproven",
    "links_regress",
    "handler_says_no",
    "handler_never_answers",
    "platform_slow",
    "disturbance",
)


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One thing that goes wrong. Empty text means any; `factor` slows the platform down, or whoever
    owns a disturbance, which is opened at `start`.
    """

    kind: str
    subsystem: str = ""
    step: str = ""  # a step, or an undo for undo_fails
    function: str = ""
    attempt: int = 1
    times: int = 1
    share: float = 0.1  # of the links, for links_regress
    factor: float = 1.0
    start: datetime | None = None
    end: datetime | None = None
    note: str = ""


class FaultBox:
    """The faults of one run, with a count of how often each has struck."""

    def __init__(self, faults: tuple[PlannedFault, ...]) -> None:
        """Nothing has struck yet."""
        self._faults = faults
        self._struck = [0] * len(faults)

    def take(
        self,
        kind: str,
        *,
        subsystem: str = "",
        step: str = "",
        function: str = "",
        attempt: int = 1,
    ) -> PlannedFault | None:
        """The fault of this kind that strikes here now, if any; it is counted as struck."""
        for index, fault in enumerate(self._faults):
            if (
                fault.kind == kind
                and self._struck[index] < fault.times
                and fault.attempt == attempt
                and fault.subsystem in {"", subsystem}
                and fault.step in {"", step}
                and fault.function in {"", function}
            ):
                self._struck[index] += 1
                return fault
        return None

    def awaited(self, kind: str) -> tuple[tuple[int, PlannedFault], ...]:
        """The faults of a kind that have not struck, with their numbers; whoever lets one strike
        says so.
        """
        return tuple(
            (index, fault)
            for index, fault in enumerate(self._faults)
            if fault.kind == kind and not self._struck[index]
        )

    def strike(self, index: int) -> None:
        """Count one as struck."""
        self._struck[index] += 1

    def factor(self, index: int) -> float:
        """The factor of a fault; 1 where there is none of that number."""
        return self._faults[index].factor if index < len(self._faults) else 1.0

    def struck(self) -> tuple[int, ...]:
        """How often each fault has struck, in their order."""
        return tuple(self._struck)

    def restore(self, struck: Sequence[int]) -> None:
        """Take over what an earlier process counted, so that nothing strikes again."""
        assert len(struck) == len(self._faults), "one count for each fault"
        self._struck = list(struck)

    def slowness(self, now: datetime) -> float:
        """By what factor everything is slower at `now`."""
        factor = 1.0
        for fault in self._faults:
            if (
                fault.kind == "platform_slow"
                and (fault.start is None or fault.start <= now)
                and (fault.end is None or now < fault.end)
            ):
                factor *= fault.factor
        return factor

    def unstruck(self) -> tuple[PlannedFault, ...]:
        """Faults that never struck: the rehearsal did not exercise them."""
        return tuple(
            fault
            for fault, struck in zip(self._faults, self._struck, strict=True)
            if struck == 0 and fault.kind != "platform_slow"
        )
