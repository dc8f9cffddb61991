"""A limit of time on a search: it ends with the best plan so far, and the plan says so.

Used by `plan`. The search itself counts evaluations and knows no clock, so that the same seed gives
the same plan; whoever limits it by time gives that up, and whoever reads the plan must see it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.planner.build import Planned


class TimeLimit:
    """Ends a search after so many seconds, the way Ctrl-C does; `passed` tells them apart."""

    def __init__(self, seconds: float | None) -> None:
        from migrator.conductor.clock import wall_now

        self.clock = wall_now
        self.until = None if seconds is None else self.clock() + timedelta(seconds=seconds)
        self.passed = False

    def look(self) -> None:
        """Interrupt the search if its time is over."""
        if self.until is not None and self.clock() >= self.until:
            self.passed = True
            raise KeyboardInterrupt


def timed(planned: Planned, seconds: float | None, tries: int) -> Planned:
    """The plan with a line that says that a clock ended its search, so another day ends it else."""
    plan = planned.plan
    line = (
        f"search: ended by a limit of {seconds:g} s after {plan.figures.evaluations} of {tries} "
        "evaluations; the same seed may give another plan"
    )
    assumed = tuple(sorted((*plan.assumed, line)))
    return replace(planned, plan=replace(plan, assumed=assumed), interrupted=False)
