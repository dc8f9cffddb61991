"""How long each step and each undo of a subsystem takes: its own estimates, else shares.

Called by `itinerary.py`, by lint and by the planner, so that all of them reckon with the same
minutes. Pure.
"""

from __future__ import annotations

from typing import Final

from migrator.inventory.model import Estimate, Subsystem
from migrator.plan.model import Recipe, StepKind
from migrator.plan.recipes import COMMIT_STEP_MINUTES

_P80_OVER_P50: Final = 1.3
"""Short acts without an estimate of their own: their P80 is 30 % above their P50."""


def step_minutes(subsystem: Subsystem, recipe: Recipe, soak_minutes: float) -> dict[str, Estimate]:
    """Minutes per step by its name: the subsystem's own estimate, else the recipe's share.

    A wait lasts as long as it says; one for a point in time is planned with its share.
    """
    move = subsystem.durations["move"]
    minutes: dict[str, Estimate] = {}
    for step in recipe.steps:
        own = subsystem.durations.get(step.key)
        minutes[step.key] = own or Estimate(
            move.p50 * step.share, move.p80 * step.share, assumed=move.assumed
        )
        wait = step.means.wait if step.means is not None else None
        if wait is not None and wait.until is None:
            minutes[step.key] = Estimate(wait.minutes, wait.minutes)
    if StepKind.VERIFY in minutes:
        minutes[StepKind.VERIFY.value] = subsystem.durations["verify"]
    if StepKind.SOAK in minutes:
        minutes[StepKind.SOAK.value] = Estimate(soak_minutes, soak_minutes)
    for step in recipe.commit:
        minutes[step.key] = subsystem.durations.get(step.key) or Estimate(
            COMMIT_STEP_MINUTES, COMMIT_STEP_MINUTES * _P80_OVER_P50, assumed=True
        )
    return minutes


def undo_minutes(subsystem: Subsystem, recipe: Recipe) -> dict[str, Estimate]:
    """Minutes per undo by its name: the subsystem's own estimate, else the share of unwind."""
    unwind = subsystem.durations["unwind"]
    return {
        undo.key: subsystem.durations.get(undo.key)
        or Estimate(unwind.p50 * undo.share, unwind.p80 * undo.share, assumed=unwind.assumed)
        for undo in recipe.unwind
    }
