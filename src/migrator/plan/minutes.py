"""How long each step and each undo of a subsystem takes: its own estimates, else shares.

Called by `itinerary.py`, by lint and by the planner, so that all of them reckon with the same
minutes. Pure.
"""

from __future__ import annotations

from typing import Final

from migrator.inventory.model import Estimate, Subsystem
from migrator.plan.model import Recipe, StepKind, UndoKind
from migrator.plan.recipes import COMMIT_STEP_MINUTES

_P80_OVER_P50: Final = 1.3
"""Short acts without an estimate of their own: their P80 is 30 % above their P50."""


def step_minutes(
    subsystem: Subsystem, recipe: Recipe, soak_minutes: float
) -> dict[StepKind, Estimate]:
    """Minutes per step: the subsystem's own estimate of the kind, else the recipe's share."""
    move = subsystem.durations["move"]
    minutes: dict[StepKind, Estimate] = {}
    for step in recipe.steps:
        own = subsystem.durations.get(step.kind.value)
        minutes[step.kind] = own or Estimate(
            move.p50 * step.share, move.p80 * step.share, assumed=move.assumed
        )
    if StepKind.VERIFY in minutes:
        minutes[StepKind.VERIFY] = subsystem.durations["verify"]
    if StepKind.SOAK in minutes:
        minutes[StepKind.SOAK] = Estimate(soak_minutes, soak_minutes)
    for step in recipe.commit:
        minutes[step.kind] = subsystem.durations.get(step.kind.value) or Estimate(
            COMMIT_STEP_MINUTES, COMMIT_STEP_MINUTES * _P80_OVER_P50, assumed=True
        )
    return minutes


def undo_minutes(subsystem: Subsystem, recipe: Recipe) -> dict[UndoKind, Estimate]:
    """Minutes per undo: the subsystem's own estimate of the kind, else the share of unwind."""
    unwind = subsystem.durations["unwind"]
    return {
        undo.kind: subsystem.durations.get(undo.kind.value)
        or Estimate(unwind.p50 * undo.share, unwind.p80 * undo.share, assumed=unwind.assumed)
        for undo in recipe.unwind
    }
