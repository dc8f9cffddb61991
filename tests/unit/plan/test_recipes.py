"""The recipes as shipped: they pass lint, their shares add up, every undo has its place."""

from __future__ import annotations

import pytest

from migrator.inventory.model import MOVING_KINDS
from migrator.plan.findings import errors
from migrator.plan.lint_recipes import lint_recipe
from migrator.plan.model import Act, StepKind, Trouble, UndoKind
from migrator.plan.recipes import COMMIT_STEP_MINUTES, DEFAULT_POLICY, RECIPE_OF_KIND, RECIPES

S, U = StepKind, UndoKind


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_passes_the_programs_own_lint(name: str) -> None:
    assert errors(tuple(lint_recipe(RECIPES[name]))) == ()
    assert RECIPES[name].name == name


@pytest.mark.parametrize("name", RECIPES)
def test_the_shares_of_the_acts_and_of_the_undos_are_the_whole(name: str) -> None:
    assert sum(step.share for step in RECIPES[name].steps) == pytest.approx(1)
    assert sum(undo.share for undo in RECIPES[name].unwind) == pytest.approx(1)


@pytest.mark.parametrize("name", RECIPES)
def test_every_undo_that_a_step_names_is_in_the_unwind_and_the_other_way_round(name: str) -> None:
    recipe = RECIPES[name]
    named = {undo for step in recipe.steps for undo in step.undo}

    assert named == {undo.kind for undo in recipe.unwind}
    assert all(not step.undo for step in recipe.commit)


@pytest.mark.parametrize("name", ["stateful", "batch"])
def test_a_stateful_side_is_fenced_before_authority_moves_and_never_drains(name: str) -> None:
    kinds = [step.kind for step in RECIPES[name].steps]
    order = [S.QUIESCE, S.FENCE, S.FINAL_COPY, S.START, S.PROBE, S.GRANT, S.SWITCH, S.PROBE_LINKS]
    undos = [undo.kind for undo in RECIPES[name].unwind]
    back = [U.FENCE_TARGET, U.BRING_BACK, U.START_SOURCE, U.GRANT_SOURCE, U.SWITCH_BACK]

    assert sorted(order, key=kinds.index) == order
    assert S.DRAIN not in kinds
    assert sorted(back, key=undos.index) == back


def test_a_stateless_side_is_switched_then_drained_then_fenced() -> None:
    kinds = [step.kind for step in RECIPES["stateless"].steps]
    order = [S.START, S.PROBE, S.SWITCH, S.DRAIN, S.FENCE, S.PROBE_LINKS]
    undos = [undo.kind for undo in RECIPES["stateless"].unwind]

    assert sorted(order, key=kinds.index) == order
    assert undos.index(U.START_SOURCE) < undos.index(U.SWITCH_BACK) < undos.index(U.STOP_TARGET)


@pytest.mark.parametrize("name", RECIPES)
def test_the_evidence_comes_last_and_the_baseline_before_anything_moves(name: str) -> None:
    kinds = [step.kind for step in RECIPES[name].steps]

    assert kinds[-3:] == [S.VERIFY, S.SOAK, S.ACCEPT]
    assert kinds[:2] == [S.PREPARE, S.BASELINE]
    assert [step.kind for step in RECIPES[name].commit] == [S.FINALISE, S.RETIRE]


def test_everything_that_moves_has_a_recipe() -> None:
    assert set(RECIPE_OF_KIND) == set(MOVING_KINDS)
    assert set(RECIPE_OF_KIND.values()) == set(RECIPES)
    assert COMMIT_STEP_MINUTES > 0


def test_the_default_policy_answers_every_trouble_and_never_says_go_by_itself() -> None:
    assert set(DEFAULT_POLICY.on) == set(Trouble)
    assert DEFAULT_POLICY.gate_default in {"no-go", "wait"}
    assert set(DEFAULT_POLICY.ahead_of_gate) <= {S.PREPARE, S.COPY}
    for trouble, answer in DEFAULT_POLICY.on.items():
        if answer.act is Act.HOLD_THEN_UNWIND:
            assert answer.veto_minutes > 0, trouble
    assert DEFAULT_POLICY.on[Trouble.UNANSWERED].after_minutes > 0
    assert DEFAULT_POLICY.on[Trouble.STALLED].after_minutes > 0
