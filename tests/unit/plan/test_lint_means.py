"""Means that cannot do an act, or of which nobody knows whether they did, are found by lint."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest

from migrator.ids import PersonId
from migrator.plan.findings import errors
from migrator.plan.lint import lint_plan
from migrator.plan.lint_means import lint_means, without_dry_run
from migrator.plan.means import Command, InDoubt, Manual, Means, Wait
from migrator.plan.model import Recipe, RecipeStep, RecipeUndo
from migrator.plan.recipes import RECIPES
from small_plan import a_plan, an_inventory

STATEFUL = RECIPES["stateful"]
WAIT = Means(InDoubt.REPEAT, wait=Wait(minutes=5))
BY_HAND = Means(InDoubt.REPEAT, manual=Manual({"en": "do it"}, (PersonId("anna"),)))
PROGRAM = Means(InDoubt.REPEAT, command=Command(("/bin/true",)))


Act = TypeVar("Act", RecipeStep, RecipeUndo)


def with_act(recipe: Recipe, key: str, **changes: object) -> Recipe:
    """The recipe with one of its steps, undos or acts of the commit changed."""

    def changed(acts: tuple[Act, ...]) -> tuple[Act, ...]:
        return tuple(
            replace(act, **changes) if act.key == key else act  # type: ignore[arg-type]  # a test's own data
            for act in acts
        )

    return replace(
        recipe,
        steps=changed(recipe.steps),
        unwind=changed(recipe.unwind),
        commit=changed(recipe.commit),
    )


def told(key: str, **changes: object) -> list[str]:
    found = lint_means(with_act(STATEFUL, key, **changes), an_inventory())
    return [f"{finding.rule} {finding.place}" for finding in found]


def test_the_recipes_as_shipped_have_no_means_and_no_findings() -> None:
    assert [list(lint_means(recipe, an_inventory())) for recipe in RECIPES.values()] == [[]] * 3


@pytest.mark.parametrize("key", ["fence", "copy", "probe", "probe-links", "grant-source", "retire"])
def test_an_act_that_does_or_sees_something_is_not_done_by_waiting(key: str) -> None:
    (found,) = told(key, means=WAIT)
    assert found.startswith("recipe-means recipes.stateful.")
    assert found.endswith(".wait")
    assert told(key, means=BY_HAND) == told(key, means=PROGRAM) == []


def test_a_soak_may_be_a_wait() -> None:
    assert told("soak", means=WAIT) == []


@pytest.mark.parametrize("key", ["verify", "accept"])
def test_what_the_engine_ends_is_performed_by_nobody(key: str) -> None:
    (found,) = told(key, means=BY_HAND)
    assert found.startswith("recipe-means recipes.stateful.steps[")


@pytest.mark.parametrize(
    ("means", "rules"),
    [
        (PROGRAM, ["bring-back-unproven"]),
        (replace(BY_HAND, proof=Command(("/bin/count",))), ["bring-back-unproven"]),
        (replace(PROGRAM, proof=Command(("/bin/count",))), []),
    ],
)
def test_what_came_back_is_proven_and_a_persons_word_is_no_proof(
    means: Means, rules: list[str]
) -> None:
    assert [found.partition(" ")[0] for found in told("bring-back", means=means)] == rules


def test_a_dry_run_that_is_word_for_word_the_act_is_warned_of() -> None:
    program = Command(("./copy.sh", "{subsystem}"), files=("copy.sh",))
    same = Means(InDoubt.ASK, command=program, dry_run=replace(program, files=()))
    (found,) = lint_means(with_act(STATEFUL, "copy", means=same), an_inventory())
    assert (found.severity.value, found.rule, found.place) == (
        "warning", "dry-run-like-the-act", "recipes.stateful.steps[2].dry_run.run",
    )  # fmt: skip
    for told_apart in ({"argv": ("./copy.sh", "--check")}, {"environment": {"CHECK": "1"}}):
        other = replace(same, dry_run=replace(program, **told_apart))
        assert told("copy", means=other) == []


def test_acts_by_command_without_a_dry_run_are_known() -> None:
    scripted = replace(PROGRAM, command=Command(("./x.sh",), files=("x.sh",)))
    looked_at = replace(PROGRAM, observe=Command(("./y.sh",), files=("y.sh",)))
    tried = replace(scripted, dry_run=Command(("./x.sh", "--check")))
    recipe = with_act(with_act(STATEFUL, "copy", means=tried), "fence", means=BY_HAND)
    recipe = with_act(with_act(recipe, "prepare", means=scripted), "start", means=PROGRAM)
    recipe = with_act(recipe, "discard-copy", means=looked_at)
    assert without_dry_run([recipe]) == ("stateful/prepare", "stateful/discard-copy")


def test_a_limit_of_nothing_ends_an_act_as_it_begins() -> None:
    assert told("copy", limit_minutes=0.0) == ["recipe-means recipes.stateful.steps[2].limit"]
    assert told("copy", limit_minutes=1.0) == []


def test_a_task_is_for_people_of_the_estate() -> None:
    means = replace(BY_HAND, manual=Manual({"en": "x"}, (PersonId("anna"), PersonId("ana"))))
    (found,) = lint_means(with_act(STATEFUL, "fence", means=means), an_inventory())
    assert (found.rule, found.place) == (
        "unknown-person",
        "recipes.stateful.steps[4].manual.persons[1]",
    )
    assert "did you mean 'anna'?" in found.message


def test_lint_of_a_plan_asks_for_the_means_of_every_recipe() -> None:
    plan = a_plan()
    recipes = {**plan.recipes, "stateful": with_act(plan.recipes["stateful"], "fence", means=WAIT)}
    found = errors(lint_plan(replace(plan, recipes=recipes), an_inventory(), ()))
    assert [finding.rule for finding in found] == ["recipe-means"]
