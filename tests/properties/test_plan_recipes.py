"""Whatever order people give a recipe's acts: what lint lets through never makes both sides live.

The judge here is another one than lint's model: it counts who holds authority, act by act, by the
rules of architecture.md 5.6 alone, and plays the unwind from every place.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.plan.findings import errors
from migrator.plan.lint_recipes import lint_recipe
from migrator.plan.model import Recipe, StepKind, UndoKind
from migrator.plan.recipes import RECIPES

S, U = StepKind, UndoKind


def few_swaps(recipe: Recipe, swaps: list[tuple[bool, int, int]]) -> Recipe:
    steps, unwind = list(recipe.steps), list(recipe.unwind)
    for forward, one, other in swaps:
        if forward:
            i, j = one % len(steps), other % len(steps)
            steps[i], steps[j] = steps[j], steps[i]
        else:
            i, j = one % len(unwind), other % len(unwind)
            unwind[i], unwind[j] = unwind[j], unwind[i]
    return replace(recipe, steps=tuple(steps), unwind=tuple(unwind))


def authority_after(recipe: Recipe, *, stateful: bool) -> None:
    """Play it forward and back from every place; at most one side ever holds authority."""
    holders = {"old"}
    for number, step in enumerate(recipe.steps):
        if step.kind is S.FENCE:
            holders -= {"old"}
        elif step.kind is S.GRANT:
            holders |= {"new"}
        elif step.kind is S.SWITCH and not stateful:
            holders = {"new"}
        assert len(holders) <= 1, f"both live after {step.kind}"
        back = set(holders)
        named = {undo for begun in recipe.steps[: number + 1] for undo in begun.undo}
        for undo in recipe.unwind:
            if undo.kind not in named:
                continue
            if undo.kind is U.FENCE_TARGET:
                back -= {"new"}
            elif undo.kind is U.GRANT_SOURCE:
                back |= {"old"}
            elif undo.kind is U.SWITCH_BACK and not stateful:
                back = {"old"}
            assert len(back) <= 1, f"both live in the unwind from {step.kind}"
        assert back == {"old"}, f"the old side is not live after the unwind from {step.kind}"


swaps = st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 20)), max_size=3)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["stateful", "stateless"]), swaps)
def test_a_recipe_that_passes_lint_never_makes_both_sides_live(
    name: str, swaps: list[tuple[bool, int, int]]
) -> None:
    recipe = few_swaps(RECIPES[name], swaps)
    if not errors(tuple(lint_recipe(recipe))):
        authority_after(recipe, stateful=name == "stateful")
