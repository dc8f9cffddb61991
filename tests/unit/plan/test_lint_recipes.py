"""A recipe is played through on a model: no edit may make both sides live or lose rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from migrator.plan.findings import Severity
from migrator.plan.lint_recipes import lint_recipe
from migrator.plan.means import InDoubt, Manual, Means, Wait
from migrator.plan.model import Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind
from migrator.plan.recipes import RECIPES

S, U = StepKind, UndoKind
STATEFUL, STATELESS = RECIPES["stateful"], RECIPES["stateless"]


def told(recipe: Recipe) -> list[str]:
    return [f"{f.rule}: {f.message}" for f in lint_recipe(recipe)]


def rules(recipe: Recipe, severity: Severity = Severity.ERROR) -> set[str]:
    return {f.rule for f in lint_recipe(recipe) if f.severity is severity}


def with_steps(recipe: Recipe, *kinds: StepKind) -> Recipe:
    """The recipe with its steps in this order; a step that it has not got does nothing."""
    known = {step.kind: step for step in recipe.steps}
    return replace(
        recipe, steps=tuple(known.get(kind, RecipeStep(kind, 0.0, ())) for kind in kinds)
    )


def order(recipe: Recipe) -> list[StepKind]:
    return [step.kind for step in recipe.steps]


def moved(recipe: Recipe, kind: StepKind, before: StepKind) -> Recipe:
    """The recipe with one step put before another."""
    kinds = [k for k in order(recipe) if k is not kind]
    kinds.insert(kinds.index(before), kind)
    return with_steps(recipe, *kinds)


def unwinding(recipe: Recipe, kind: UndoKind, before: UndoKind) -> Recipe:
    """The recipe with one undo put before another."""
    rest = [undo for undo in recipe.unwind if undo.kind is not kind]
    place = [undo.kind for undo in rest].index(before)
    rest.insert(place, next(undo for undo in recipe.unwind if undo.kind is kind))
    return replace(recipe, unwind=tuple(rest))


def not_undone(
    recipe: Recipe, undo: UndoKind, steps: Iterable[StepKind] = tuple(StepKind)
) -> Recipe:
    """The recipe whose steps do not name an undo."""
    chosen = set(steps)
    return replace(
        recipe,
        steps=tuple(
            replace(step, undo=tuple(u for u in step.undo if u is not undo))
            if step.kind in chosen
            else step
            for step in recipe.steps
        ),
    )


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_recipes_that_come_with_the_program_are_safe(name: str) -> None:
    assert told(RECIPES[name]) == []


def test_authority_before_the_fence_makes_both_sides_live() -> None:
    recipe = moved(STATEFUL, S.GRANT, S.QUIESCE)
    assert "both-sides-live: after 'grant' both sides are live" in told(recipe)


def test_after_both_sides_are_live_nothing_else_is_told() -> None:
    messages = told(moved(STATEFUL, S.GRANT, S.QUIESCE))
    assert messages[-1] == "both-sides-live: after 'grant' both sides are live"


@pytest.mark.parametrize(
    ("step", "before", "message"),
    [
        (S.SWITCH, S.GRANT, "'switch' sends work to a target without authority"),
        (S.FINAL_COPY, S.FENCE, "'final-copy' comes before 'fence'"),
        (S.FENCE, S.QUIESCE, "'fence' cuts work off that 'quiesce' has not let finish"),
        (S.START, S.FINAL_COPY, "'start' starts the target before its last rows came"),
        (S.GRANT, S.PROBE, "'grant' gives authority to a target that was not probed"),
        (S.PROBE, S.START, "'probe' looks at a target that 'start' has not started"),
        (S.COPY, S.PREPARE, "'copy' comes before 'prepare'"),
        (S.QUIESCE, S.COPY, "'copy' comes after 'quiesce'"),
        (S.QUIESCE, S.BASELINE, "'baseline' looks at the links when the old side no longer"),
        (S.VERIFY, S.SWITCH, "'verify' comes before 'switch'"),
        (S.SOAK, S.SWITCH, "'soak' comes before 'switch'"),
        (S.PROBE_LINKS, S.SWITCH, "'probe-links' comes before 'switch'"),
        (S.ACCEPT, S.VERIFY, "'accept' comes before verify, soak"),
    ],
)
def test_a_stateful_step_out_of_its_order_is_told(
    step: StepKind, before: StepKind, message: str
) -> None:
    assert any(f"recipe-order: {message}" in line for line in told(moved(STATEFUL, step, before)))


@pytest.mark.parametrize(
    ("step", "before", "message"),
    [
        (S.SWITCH, S.PROBE, "'switch' sends work to a target that was not probed"),
        (S.DRAIN, S.SWITCH, "'drain' comes before 'switch'"),
        (S.FENCE, S.SWITCH, "'fence' comes before 'switch'"),
        (S.FENCE, S.DRAIN, "'drain' comes after 'fence', when nothing is left to drain"),
        (S.PROBE_LINKS, S.FENCE, "'probe-links' stands between 'switch' and 'fence'"),
        (S.PROBE_LINKS, S.DRAIN, "'probe-links' stands between 'switch' and 'fence'"),
        (S.START, S.PREPARE, "'start' comes before 'prepare'"),
    ],
)
def test_a_stateless_step_out_of_its_order_is_told(
    step: StepKind, before: StepKind, message: str
) -> None:
    assert any(f"recipe-order: {message}" in line for line in told(moved(STATELESS, step, before)))


def test_links_without_a_baseline_have_nothing_to_be_compared_with() -> None:
    late = moved(STATELESS, S.BASELINE, S.VERIFY)
    assert any("'probe-links' has no 'baseline'" in line for line in told(late))


def test_a_step_after_acceptance_is_refused() -> None:
    kinds = order(STATELESS)
    late = with_steps(STATELESS, *kinds[:-2], S.ACCEPT, S.SOAK)
    assert "step-after-accept" in rules(late)


def test_a_drain_in_a_stateful_recipe_is_refused() -> None:
    kinds = order(STATEFUL)
    place = kinds.index(S.SWITCH) + 1
    assert "drain-in-stateful" in rules(
        with_steps(STATEFUL, *kinds[:place], S.DRAIN, *kinds[place:])
    )


def test_a_stateless_recipe_without_a_drain_is_a_warning() -> None:
    kinds = [kind for kind in order(STATELESS) if kind is not S.DRAIN]
    recipe = with_steps(STATELESS, *kinds)
    assert rules(recipe) == set()
    assert "recipe-without-drain" in rules(recipe, Severity.WARNING)


@pytest.mark.parametrize("kind", [s.kind for s in STATEFUL.steps if s.kind is not S.COPY])
def test_every_stateful_step_but_the_early_copy_is_needed(kind: StepKind) -> None:
    recipe = with_steps(STATEFUL, *(k for k in order(STATEFUL) if k is not kind))
    assert f"recipe-steps: a stateful recipe needs the step '{kind.value}'" in told(recipe)


def test_a_step_that_stands_twice_is_refused() -> None:
    assert "recipe-steps" in rules(with_steps(STATEFUL, S.PREPARE, *order(STATEFUL)))


@pytest.mark.parametrize("kind", [S.COPY, S.QUIESCE, S.FINAL_COPY, S.GRANT])
def test_a_stateless_recipe_has_no_step_about_data(kind: StepKind) -> None:
    recipe = replace(with_steps(STATELESS, S.PREPARE, kind, *order(STATELESS)[1:]))
    assert any(f"'{kind.value}' has no meaning" in line for line in told(recipe))


def test_what_cannot_be_undone_is_no_step_before_acceptance() -> None:
    recipe = with_steps(STATELESS, *order(STATELESS)[:-1], S.FINALISE, S.ACCEPT)
    assert any("'finalise' cannot be undone" in line for line in told(recipe))


def test_a_recipe_without_steps_lacks_all_of_them_and_ends_nowhere() -> None:
    assert rules(replace(STATELESS, steps=(), unwind=())) == {"recipe-steps"}


@pytest.mark.parametrize(
    ("recipe", "undo", "message"),
    [
        (STATEFUL, U.START_SOURCE, "the old side does not take work again"),
        (STATEFUL, U.GRANT_SOURCE, "the old side does not get its authority back"),
        (STATEFUL, U.SWITCH_BACK, "the traffic still goes to the target"),
        (STATEFUL, U.FENCE_TARGET, "the target keeps its authority"),
        (STATEFUL, U.STOP_TARGET, "the target still runs"),
        (STATEFUL, U.DISCARD_COPY, "a copy of the rows stays on the target"),
        (STATEFUL, U.REMOVE, "what was prepared stays on the target"),
        (STATEFUL, U.BRING_BACK, "rows written on the target are lost"),
        (STATEFUL, U.PROVE_BACK, "nobody proves that the old side answers again"),
        (STATELESS, U.START_SOURCE, "the old side does not take work again"),
        (STATELESS, U.SWITCH_BACK, "the traffic still goes to the target"),
        (STATELESS, U.STOP_TARGET, "the target still runs"),
        (STATELESS, U.REMOVE, "what was prepared stays on the target"),
        (STATELESS, U.PROVE_BACK, "nobody proves that the old side answers again"),
    ],
)
def test_an_undo_that_no_step_names_leaves_something_behind(
    recipe: Recipe, undo: UndoKind, message: str
) -> None:
    lines = told(not_undone(recipe, undo))
    assert any(message in line for line in lines)
    assert any(f"no step names '{undo.value}'" in line for line in lines)


def test_authority_for_the_source_before_the_target_is_fenced_makes_both_live() -> None:
    recipe = unwinding(
        unwinding(STATEFUL, U.GRANT_SOURCE, U.FENCE_TARGET), U.START_SOURCE, U.GRANT_SOURCE
    )
    assert "both-sides-live" in rules(recipe)


@pytest.mark.parametrize(
    ("undo", "before", "message"),
    [
        (U.BRING_BACK, U.FENCE_TARGET, "'bring-back' runs while the target still takes writes"),
        (U.GRANT_SOURCE, U.BRING_BACK, "'grant-source' comes before 'bring-back'"),
        (U.GRANT_SOURCE, U.START_SOURCE, "'grant-source' comes before 'start-source'"),
        (U.SWITCH_BACK, U.GRANT_SOURCE, "'switch-back' sends work to an old side that is not"),
        (U.PROVE_BACK, U.SWITCH_BACK, "'prove-back' comes before 'switch-back'"),
        (U.STOP_TARGET, U.FENCE_TARGET, "'stop-target' stops a target that is live"),
        (U.DISCARD_COPY, U.STOP_TARGET, "'discard-copy' takes things from under a target"),
        (U.DISCARD_COPY, U.BRING_BACK, "'discard-copy' throws away rows that exist only"),
        (U.REMOVE, U.STOP_TARGET, "'remove' takes things from under a target that runs"),
    ],
)
def test_a_stateful_undo_out_of_its_order_is_told(
    undo: UndoKind, before: UndoKind, message: str
) -> None:
    assert any(message in line for line in told(unwinding(STATEFUL, undo, before)))


@pytest.mark.parametrize(
    ("undo", "before", "message"),
    [
        (U.SWITCH_BACK, U.START_SOURCE, "'switch-back' sends work to an old side that is not"),
        (U.STOP_TARGET, U.SWITCH_BACK, "'stop-target' stops a target that is live"),
    ],
)
def test_a_stateless_undo_out_of_its_order_is_told(
    undo: UndoKind, before: UndoKind, message: str
) -> None:
    assert any(message in line for line in told(unwinding(STATELESS, undo, before)))


def test_rows_are_never_brought_back_into_a_side_that_is_live() -> None:
    copy = next(step for step in STATEFUL.steps if step.kind is S.COPY)
    early = replace(copy, undo=(*copy.undo, U.BRING_BACK))
    recipe = replace(
        STATEFUL, steps=tuple(early if step is copy else step for step in STATEFUL.steps)
    )
    assert any("writes into an old side that is live" in line for line in told(recipe))


def test_a_step_without_an_undo_is_told_unless_it_changes_nothing() -> None:
    lines = told(not_undone(STATELESS, U.REMOVE))
    assert "missing-undo: nothing takes 'prepare' back" in lines
    assert not any("nothing takes 'baseline' back" in line for line in lines)


def test_an_undo_that_the_unwind_does_not_list_would_never_run() -> None:
    recipe = replace(STATEFUL, unwind=STATEFUL.unwind[:-1])
    assert any("'remove' is not in the recipe's unwind" in line for line in told(recipe))


def test_an_undo_that_stands_twice_is_refused() -> None:
    recipe = replace(STATEFUL, unwind=(*STATEFUL.unwind, STATEFUL.unwind[-1]))
    assert any("'remove' stands 2 times" in line for line in told(recipe))


def test_the_same_fault_from_many_places_is_told_once() -> None:
    lines = told(unwinding(STATEFUL, U.BRING_BACK, U.FENCE_TARGET))
    assert len(lines) == len(set(lines))
    assert sum("runs while the target still takes writes" in line for line in lines) == 1


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_outside_its_bounds_is_refused(share: float) -> None:
    first = replace(STATEFUL.steps[0], share=share)
    assert "recipe-share" in rules(replace(STATEFUL, steps=(first, *STATEFUL.steps[1:])))


def test_shares_that_do_not_sum_to_one_are_a_warning() -> None:
    undo = (RecipeUndo(U.START_SOURCE, 0.9), *STATELESS.unwind[1:])
    assert "recipe-shares-sum" in rules(replace(STATELESS, unwind=undo), Severity.WARNING)


@pytest.mark.parametrize(
    "kinds", [(S.RETIRE,), (S.RETIRE, S.FINALISE), (S.FINALISE, S.FINALISE), (S.SWITCH,)]
)
def test_a_commit_finalises_and_then_retires(kinds: tuple[StepKind, ...]) -> None:
    commit = tuple(RecipeStep(kind, 0.0, ()) for kind in kinds)
    assert "recipe-commit" in rules(replace(STATEFUL, commit=commit))


def test_a_commit_may_leave_the_old_side_standing() -> None:
    commit = (RecipeStep(S.FINALISE, 0.0, ()),)
    assert told(replace(STATEFUL, commit=commit)) == []


def test_a_recipe_of_ones_own_is_judged_by_its_steps() -> None:
    assert replace(STATEFUL, name="slow").stateful
    assert not replace(STATELESS, name="quick").stateful
    assert told(replace(STATEFUL, name="slow")) == []
    assert told(replace(STATELESS, name="quick")) == []


# --- tasks ---------------------------------------------------------------------------------------

HAND = Means(InDoubt.REPEAT, manual=Manual({"en": "turn the key"}))
CLOCK = Means(InDoubt.REPEAT, wait=Wait(minutes=5))


def with_task(recipe: Recipe, before: StepKind, task: RecipeStep, *undos: RecipeUndo) -> Recipe:
    place = order(recipe).index(before)
    steps = (*recipe.steps[:place], task, *recipe.steps[place:])
    return replace(recipe, steps=steps, unwind=(*recipe.unwind, *undos))


def a_task(name: str = "key", *undo: str, looks: bool = False, means: Means = HAND) -> RecipeStep:
    return RecipeStep(S.TASK, 0.0, undo, name, looks, means=means)


def an_undo(name: str) -> RecipeUndo:
    return RecipeUndo(U.UNDO_TASK, 0.0, name, means=HAND)


@pytest.mark.parametrize("before", [S.PREPARE, S.COPY, S.FENCE, S.SWITCH, S.VERIFY, S.ACCEPT])
def test_a_task_with_its_undo_may_stand_anywhere_in_a_stateful_recipe(before: StepKind) -> None:
    recipe = with_task(STATEFUL, before, a_task("key", "turn-back"), an_undo("turn-back"))
    assert told(recipe) == []


def test_two_tasks_of_one_recipe_have_two_names() -> None:
    one = with_task(STATEFUL, S.COPY, a_task("key", "turn-back"), an_undo("turn-back"))
    two = with_task(one, S.SWITCH, a_task("door", "turn-back"))
    assert told(two) == []
    again = with_task(one, S.SWITCH, a_task("key", "turn-back"))
    assert "recipe-steps: 'key' stands 2 times in one recipe" in told(again)


def test_a_task_that_changes_something_needs_its_undo() -> None:
    recipe = with_task(STATEFUL, S.COPY, a_task())
    (finding,) = lint_recipe(recipe)
    assert (finding.rule, finding.message) == ("missing-undo", "nothing takes 'key' back")
    assert finding.hint == "name its undo, or say `looks: true` where it changes nothing"


@pytest.mark.parametrize("task", [a_task(looks=True), a_task(means=CLOCK)])
def test_a_task_that_only_looks_and_a_wait_need_none(task: RecipeStep) -> None:
    assert told(with_task(STATEFUL, S.COPY, task)) == []


def test_an_undo_that_is_named_like_a_step_is_told() -> None:
    recipe = with_task(STATEFUL, S.COPY, a_task("key", "key"), an_undo("key"))
    assert told(recipe) == ["recipe-steps: 'key' is the name of a step, too"]


def test_between_switch_and_fence_a_stateless_side_waits_for_no_task() -> None:
    recipe = with_task(STATELESS, S.FENCE, a_task("key", "turn-back"), an_undo("turn-back"))
    (finding,) = lint_recipe(recipe)
    assert finding.rule == "recipe-order"
    assert "so the old side drains too long" in finding.message


def test_a_task_after_accept_is_too_late() -> None:
    recipe = replace(STATEFUL, steps=(*STATEFUL.steps, a_task(looks=True)))
    assert told(recipe) == ["step-after-accept: 'key' comes after 'accept'"]


def test_a_task_is_no_act_of_a_commit() -> None:
    recipe = replace(STATEFUL, commit=(*STATEFUL.commit, a_task(looks=True)))
    assert rules(recipe) == {"recipe-commit"}
