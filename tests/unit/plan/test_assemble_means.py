"""The means of an act, read from a plan file and written into one: nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.ids import PersonId
from migrator.plan.means import Call, Command, InDoubt, Manual, Means, Wait
from migrator.plan.model import Plan, RecipeStep, RecipeUndo, StepKind, UndoKind
from migrator.plan.text import plan_from_text, plan_to_text
from small_plan import NAMES, a_plan

BARE = Command(("./x.sh",))
FULL = Command(
    argv=("./x.sh", "{subsystem}", "a b", '"', "å\u2028\x85"),
    host="ops@host",
    folder="{files}",
    environment={"SIDE": "{side}"},
    secrets={"PASSWORD": "env:PASSWORD"},
    files=("x.sh",),
    expects=(0, 4),
    output_kib_max=12,
)
BARE_CALL = Call("POST", "https://x/")
FULL_CALL = Call(
    method="PUT",
    url="https://x/{subsystem}",
    headers={"Accept": "text/plain"},
    secrets={"Authorization": "file:/etc/token"},
    body='{{"to": "new"}}',
    expects=(200,),
    poll_url="https://x/{token}",
    poll_seconds=30.0,
    done_when="state=done",
    failed_when="state=failed",
)
MEANS = {
    "a bare command": Means(InDoubt.ASK, command=BARE),
    "a command with everything": Means(InDoubt.OBSERVE, command=FULL, observe=BARE),
    "a command and its dry run": Means(InDoubt.ASK, command=BARE, dry_run=FULL),
    "a bare call": Means(InDoubt.REPEAT, call=BARE_CALL),
    "a call with everything": Means(InDoubt.OBSERVE, call=FULL_CALL, observe_call=FULL_CALL),
    "a task of the team": Means(InDoubt.REPEAT, manual=Manual({"sv": "gör", "en": "do: it"})),
    "a task of two": Means(
        InDoubt.REPEAT, manual=Manual({"en": "x"}, (PersonId("anna"), PersonId("bertil")))
    ),
    "a length": Means(InDoubt.REPEAT, wait=Wait(minutes=90.0)),
    "no length": Means(InDoubt.REPEAT, wait=Wait(minutes=0.0)),
    "an hour": Means(InDoubt.REPEAT, wait=Wait(until=datetime(2023, 10, 14, 3, tzinfo=UTC))),
}


def with_recipe_of(*steps: RecipeStep, undos: tuple[RecipeUndo, ...] = ()) -> Plan:
    plan = a_plan()
    recipe = plan.recipes["stateful"]
    changed = replace(recipe, steps=(*steps, *recipe.steps), unwind=(*undos, *recipe.unwind))
    return replace(plan, recipes={**plan.recipes, "stateful": changed})


def read_again(plan: Plan) -> Plan:
    return plan_from_text(plan_to_text(plan, NAMES), "plan.yaml")


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("limit", [None, 45.0])
def test_a_task_is_read_as_it_was_written(name: str, limit: float | None) -> None:
    task = RecipeStep(StepKind.TASK, 0.0, ("back",), "extra", False, limit, MEANS[name])
    back = RecipeUndo(UndoKind.UNDO_TASK, 0.0, "back", limit, MEANS[name])
    plan = with_recipe_of(task, undos=(back,))
    assert read_again(plan) == plan


def test_what_a_bring_back_is_proven_with_is_kept() -> None:
    back = RecipeUndo(UndoKind.BRING_BACK, 0.0, means=Means(InDoubt.ASK, command=BARE, proof=FULL))
    plan = with_recipe_of(undos=(back,))
    assert read_again(plan) == plan


def test_a_limit_needs_no_means_and_a_look_no_undo() -> None:
    look = RecipeStep(
        StepKind.TASK, 0.0, (), "extra", looks=True, means=MEANS["a task of the team"]
    )
    plan = with_recipe_of(RecipeStep(StepKind.PREPARE, 0.1, ("remove",), limit_minutes=2.5), look)
    text = plan_to_text(plan, NAMES)
    assert "- {kind: prepare, share: 0.1, undo: [remove], limit: 2m30s}" in text
    assert "        looks: true\n" in text
    assert read_again(plan) == plan


def test_each_key_of_a_declared_act_is_a_line_of_its_own() -> None:
    task = RecipeStep(StepKind.TASK, 0.0, ("a", "b"), "extra", means=MEANS["a task of the team"])
    undos = tuple(
        RecipeUndo(UndoKind.UNDO_TASK, 0.0, each, means=MEANS["a length"]) for each in "ab"
    )
    text = plan_to_text(with_recipe_of(task, undos=undos), NAMES)
    lines = text.splitlines()
    first = lines.index("      - kind: task")
    assert lines[first + 1 : first + 5] == [
        "        name: extra",
        "        share: 0",
        "        undo: [a, b]",
        '        manual: {"text": {"sv": "gör", "en": "do: it"}}',
    ]
