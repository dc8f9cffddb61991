"""What a plan file may say about who performs an act; what it may not is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.model import Plan, RecipeStep, RecipeUndo
from migrator.plan.schema import UTC_ZONE, RecipePart
from migrator.plan.schema_parts import ZONE
from migrator.plan.text import plan_from_text, plan_to_text
from small_plan import NAMES, a_plan

TEXT = plan_to_text(a_plan(), NAMES)
STEP = "      - {kind: baseline, share: 0.03, undo: []}\n"
UNDO = "      - {kind: remove, share: 0.05}\n"
COMMAND = "in_doubt: repeat, command: {run: [./x.sh]"


def step(words: str) -> str:
    """The small plan with one step of its first recipe put in before its baseline."""
    return TEXT.replace(STEP, f"      - {{{words}}}\n{STEP}", 1)


def undo(words: str) -> str:
    """The small plan with one undo of its first recipe put in before its last one."""
    return TEXT.replace(UNDO, f"      - {{{words}}}\n{UNDO}", 1)


def task(means: str) -> str:
    return step(f"kind: task, name: extra, looks: true, {means}")


def act(plan: Plan, key: str) -> RecipeStep | RecipeUndo:
    found = plan.recipes["batch"].act(key)
    assert found is not None
    return found


def why(text: str) -> str:
    with pytest.raises(InputError) as caught:
        plan_from_text(text, "plan.yaml")
    (fault,) = caught.value.faults
    assert fault.line is not None
    return fault.message


def test_the_pieces_that_these_tests_put_in_stand_in_the_file() -> None:
    assert STEP in TEXT
    assert UNDO in TEXT


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ("wait: {for: 5m}, manual: {text: {en: x}}", "an act has one means; here are manual and"),
        ("command: {run: [x]}", "a command must say what is done when nobody heard its end"),
        ("http: {url: http://x}", "a http must say what is done when nobody heard its end"),
        ("wait: {for: 5m}, in_doubt: repeat", "'in_doubt' is for a command or an http"),
        ("in_doubt: observe, command: {run: [x]}", "'in_doubt: observe' and 'observe' belong"),
        (f"{COMMAND}}}, observe: {{command: {{run: [y]}}}}", "and 'observe' belong together"),
        ("in_doubt: observe, command: {run: [x]}, observe: {}", "either 'command' or 'http'"),
        (
            "in_doubt: observe, command: {run: [x]}, observe: {http: {url: http://x}}",
            "an observing 'http' needs 'done_when'",
        ),
        ("wait: {}", "a wait has either 'until' or 'for'"),
        ("wait: {for: 5m, until: 2023-10-14T05:00}", "a wait has either 'until' or 'for'"),
        ("manual: {text: {}}", "at least 1"),
        ("in_doubt: ask, command: {run: ['']}", "the first of 'run' is the program"),
        ("in_doubt: ask, command: {run: ['{wavve}']}", "'{wavve}' cannot be filled in; known are"),
        ("in_doubt: ask, command: {run: [x], host: '{hsot}'}", "'{hsot}' cannot be filled in"),
        ("in_doubt: ask, http: {url: 'http://x/{who}'}", "'{who}' cannot be filled in"),
        (
            "in_doubt: ask, http: {url: http://x, poll_url: http://y}",
            "'poll_url' needs 'done_when', or it would be asked for ever",
        ),
        (f"{COMMAND}, files: [/etc/passwd]}}", "is not beside the plan"),
        (f"{COMMAND}, files: [../x.sh]}}", "is not beside the plan"),
        (f"{COMMAND}}}, proof: {{run: [y]}}", "'proof' is for bring-back"),
        ("wait: {for: 5m}, dry_run: {run: [y]}", "'dry_run' is for a command"),
        (f"{COMMAND}}}, dry_run: {{run: ['']}}", "the first of 'run' is the program"),
        (f"{COMMAND}}}, dry_run: {{run: [y, '{{wavve}}']}}", "'{wavve}' cannot be filled in"),
    ],
)
def test_means_that_do_not_belong_together_are_told_at_the_door(means: str, said: str) -> None:
    assert said in why(task(means))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("kind: task, wait: {for: 5m}", "a task needs a name"),
        ("kind: task, name: fence, wait: {for: 5m}", "'fence' is the name of another kind of act"),
        ("kind: task, name: extra", "a task needs to say who performs it: command, http, manual"),
        ("kind: probe, name: extra", "only a task has a name of its own; 'probe' is known by its"),
        ("kind: drain, looks: true", "'looks' is for a task; what other kinds do is known"),
        ("kind: probe, proof: {run: [x]}", "'proof' is for an act that says who performs it"),
        ("kind: probe, dry_run: {run: [x]}", "'dry_run' is for a command"),
    ],
)
def test_a_step_that_says_too_much_or_too_little_is_told(words: str, said: str) -> None:
    assert said in why(step(words))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("kind: undo-task, wait: {for: 5m}", "a undo-task needs a name"),
        (f"kind: remove, {COMMAND}}}, proof: {{run: [y]}}", "'proof' is for bring-back"),
        (f"kind: bring-back, {COMMAND}}}", "bring-back needs a 'proof'"),
    ],
)
def test_an_undo_that_says_too_much_or_too_little_is_told(words: str, said: str) -> None:
    assert said in why(undo(words))


def test_a_doubled_brace_is_a_brace() -> None:
    plan = plan_from_text(
        task("in_doubt: ask, command: {run: [x, '{{{subsystem}}}']}"), "plan.yaml"
    )
    means = act(plan, "extra").means
    assert means is not None
    assert means.command is not None
    assert means.command.argv == ("x", "{{{subsystem}}}")


def test_a_time_to_wait_for_is_local_in_the_windows_zone() -> None:
    plan = plan_from_text(task("wait: {until: 2023-10-14T05:00}"), "plan.yaml")
    means = act(plan, "extra").means
    assert means is not None
    assert means.wait is not None
    assert means.wait.until is not None
    assert means.wait.until.isoformat() == "2023-10-14T05:00:00+02:00"


def test_the_example_of_the_documentation_is_a_recipe(root: Path) -> None:
    page = (root / "docs" / "plan-files.md").read_text("utf-8")
    example = read_yaml(page.split("```yaml\n")[1].split("```")[0], "docs/plan-files.md").data
    assert isinstance(example, dict)
    recipe = example["recipes"]["stateful"] | {"commit": []}  # type: ignore[call-overload, index, operator]  # its shape is what is tested
    part = RecipePart.model_validate(recipe, context={ZONE: UTC_ZONE})
    assert [step.means_given for step in part.steps] == ["command", "manual", "wait", "http"]
    assert part.steps[3].http is not None
    assert part.steps[3].http.body == '{"to": "new"}', "braces of JSON are no words"
    assert part.unwind[0].proof is not None
