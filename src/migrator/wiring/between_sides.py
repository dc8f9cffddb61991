"""Which subsystems are between the sides at this moment, so that nobody may expect them to answer.

Used by `on_cluster.py` for the looks at links: a neighbour that is being moved just now says
nothing about the subsystem that looks, and its own move proves the link between them.
"""

from __future__ import annotations

from typing import Final

from migrator.engine.run import MoveRecord
from migrator.engine.states import COMPLETE
from migrator.plan.model import StepKind, UndoKind

CROSSING: Final = (StepKind.QUIESCE.value, StepKind.FENCE.value, StepKind.SWITCH.value)
"""The steps between whose first beginning and last end one side or the other may refuse."""

CROSSING_BACK: Final = frozenset(
    {
        UndoKind.FENCE_TARGET.value,
        UndoKind.BRING_BACK.value,
        UndoKind.START_SOURCE.value,
        UndoKind.GRANT_SOURCE.value,
        UndoKind.SWITCH_BACK.value,
    }
)
"""The undos after whose last the old side serves again; what follows only clears up."""


def between_sides(move: MoveRecord) -> bool:
    """Tell whether a subsystem is on its way: forward from its first fence, or on its way back.

    On its way back it is there once the old side has its traffic again: two that are taken back
    together would otherwise wait for each other, and nobody would prove the links between them.
    """
    if move.unwinding:
        way = [undo for undo in move.undoing if undo.name in CROSSING_BACK]
        return not all(undo.state in COMPLETE for undo in way)
    crossing = [move.steps[key] for key in CROSSING if key in move.steps]
    begun = any(step.nth > 0 for step in crossing)
    return begun and not all(step.state in COMPLETE for step in crossing)
