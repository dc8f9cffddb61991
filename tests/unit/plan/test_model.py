"""What a recipe knows of itself: which of the two orders it keeps, and its acts by their names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.plan.means import InDoubt, Means, Wait
from migrator.plan.model import RecipeStep, RecipeUndo, StepKind, UndoKind
from migrator.plan.recipes import RECIPES


@pytest.mark.parametrize(
    ("name", "like", "stateful"),
    [
        ("stateful", "stateless", True),  # a name that the program knows is taken at its word
        ("batch", "stateless", True),
        ("stateless", "stateful", False),
        ("ours", "stateful", True),
        ("ours", "stateless", False),
    ],
)
def test_a_recipe_of_another_name_is_known_by_its_steps(
    name: str,
    like: str,
    stateful: bool,
) -> None:
    assert replace(RECIPES[like], name=name).stateful is stateful


def test_steps_undos_and_acts_of_the_commit_are_found_by_their_names() -> None:
    wait = Means(InDoubt.REPEAT, wait=Wait(minutes=1))
    task = RecipeStep(StepKind.TASK, 0.0, ("back",), "extra", means=wait)
    undo = RecipeUndo(UndoKind.UNDO_TASK, 0.0, "back", means=wait)
    recipe = replace(RECIPES["stateful"], steps=(task,), unwind=(undo,))

    assert recipe.act("extra") is task
    assert recipe.act("back") is undo
    assert recipe.act("retire") is recipe.commit[1]
    assert recipe.act("task") is None
