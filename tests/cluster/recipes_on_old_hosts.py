"""The built-in recipes with an http call for every act that happens on the old side.

What a call does stands in `old_platform.py`. Each recipe gets a bridge, too, so that whoever has
not moved reaches what has. An open bridge leads an old name to the front at a port of the nodes,
and the front leads to the side that it always leads to: so it is opened before traffic moves, and
old callers follow by the very same write. It is closed once traffic is back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cluster.lab.parts import OLD_ADDRESS
from cluster.old_platform import CONTROL_PORT
from migrator.plan.means import Call, InDoubt, Means
from migrator.plan.model import Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind

S, U = StepKind, UndoKind
CONTROL: Final = f"http://{OLD_ADDRESS}:{CONTROL_PORT}"
OPEN_BRIDGE: Final = "open-bridge"
CLOSE_BRIDGE: Final = "close-bridge"

DONE_WHEN: Final = {
    S.QUIESCE.value: "state=fenced",
    S.FENCE.value: "state=fenced",
    U.START_SOURCE.value: "state=open",
    OPEN_BRIDGE: "bridge=open",
    CLOSE_BRIDGE: "bridge=closed",
}
"""What the old platform says of itself when an act is done. Its database is not its own matter."""


def on_old_hosts(recipe: Recipe) -> Recipe:
    """The recipe as the weekend's plan has it."""
    return replace(
        recipe,
        steps=tuple(
            replace(step, means=_means(recipe, step.key)) for step in _with_bridge(recipe.steps)
        ),
        unwind=tuple(
            replace(undo, means=_means(recipe, undo.key)) for undo in _with_undo(recipe.unwind)
        ),
    )


def _with_bridge(steps: tuple[RecipeStep, ...]) -> Iterator[RecipeStep]:
    """Open it last before anything of the old side, or of the traffic, is touched."""
    first = next(step.kind for step in steps if step.kind in {S.QUIESCE, S.SWITCH})
    for step in steps:
        if step.kind is first:
            yield RecipeStep(S.TASK, 0.0, (CLOSE_BRIDGE,), name=OPEN_BRIDGE)
        yield step


def _with_undo(unwind: tuple[RecipeUndo, ...]) -> Iterator[RecipeUndo]:
    """Close it once the old side takes work in, and before anything looks whether it does."""
    for undo in unwind:
        yield undo
        if undo.kind is U.SWITCH_BACK:
            yield RecipeUndo(U.UNDO_TASK, 0.0, name=CLOSE_BRIDGE)


def _means(recipe: Recipe, key: str) -> Means | None:
    if key not in DONE_WHEN or (recipe.stateful and key == S.FENCE):
        return None  # the fence of a database is the data's, and is performed there
    address = f"{CONTROL}/{{subsystem}}"
    return Means(
        InDoubt.OBSERVE,
        call=Call("POST", f"{address}/{key}"),
        observe_call=Call("GET", address, done_when=DONE_WHEN[key]),
    )
