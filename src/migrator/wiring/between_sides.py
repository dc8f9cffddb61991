"""Which subsystems are between the sides at this moment, so that nobody may expect them to answer.

Used by `on_cluster.py` for the looks at links: a neighbour that is being moved just now says
nothing about the subsystem that looks, and its own move proves the link between them.
"""

from __future__ import annotations

from typing import Final

from migrator.engine.run import MoveRecord
from migrator.engine.states import COMPLETE
from migrator.plan.model import StepKind

CROSSING: Final = (StepKind.QUIESCE.value, StepKind.FENCE.value, StepKind.SWITCH.value)
"""The steps between whose first beginning and last end one side or the other may refuse."""


def between_sides(move: MoveRecord) -> bool:
    """Tell whether a subsystem is on its way: forward from its first fence, or all the way back."""
    if move.unwinding:
        return True
    crossing = [move.steps[key] for key in CROSSING if key in move.steps]
    begun = any(step.nth > 0 for step in crossing)
    return begun and not all(step.state in COMPLETE for step in crossing)
