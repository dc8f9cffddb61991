"""Can the acts of a recipe be performed by the means that it declares? By whom, and is it enough?

Called by `lint.py` for every recipe. What belongs together in one act is seen at the door
(`schema_means.py`); here is what depends on the act's part in the move, and on who there is. An
act that nobody performs, and that still counts as done, is what must never pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from migrator.ids import PersonId
from migrator.inventory.door import did_you_mean
from migrator.inventory.model import Inventory, Person
from migrator.inventory.yaml_text import DataPath
from migrator.plan.findings import Finding, error, warning
from migrator.plan.means import Means
from migrator.plan.model import Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind

_ENGINES: Final = frozenset({StepKind.VERIFY, StepKind.ACCEPT})
"""The engine ends these from ticks and evidence; whatever performs them would never be asked."""

_WAITED: Final = frozenset({StepKind.TASK, StepKind.SOAK, StepKind.DRAIN, UndoKind.UNDO_TASK})
"""Acts that are over when their time is; all others do something, or look at something."""


def lint_means(recipe: Recipe, inventory: Inventory) -> Iterator[Finding]:
    """Every act that its means cannot perform."""
    people = {person.id: person for person in inventory.people.people}
    acts: tuple[tuple[str, tuple[RecipeStep | RecipeUndo, ...]], ...] = (
        ("steps", recipe.steps),
        ("unwind", recipe.unwind),
        ("commit", recipe.commit),
    )
    for part, members in acts:
        for number, act in enumerate(members):
            here: DataPath = ("recipes", recipe.name, part, number)
            if act.limit_minutes is not None and act.limit_minutes <= 0:
                message = f"'{act.key}' has a limit of 0 minutes: it would end as it begins"
                yield error("recipe-means", (*here, "limit"), message, "write a limit such as 30m")
            if act.means is not None:
                yield from _fits(act, act.means, here)
                yield from _persons(act.means, people, here)
                yield from _tried_out(act, act.means, here)


def without_dry_run(recipes: Iterable[Recipe]) -> tuple[str, ...]:
    """The acts by command of which an amended file could not be tried out: `recipe/act` each.

    A command without files has nothing that could be amended, and needs no dry run.
    """
    found = []
    for recipe in recipes:
        acts: tuple[RecipeStep | RecipeUndo, ...] = (*recipe.steps, *recipe.unwind, *recipe.commit)
        for act in acts:
            means = act.means
            if means is None or means.command is None or means.dry_run is not None:
                continue
            if any(command.files for command in means.commands):
                found.append(f"{recipe.name}/{act.key}")
    return tuple(found)


def _fits(act: RecipeStep | RecipeUndo, means: Means, here: DataPath) -> Iterator[Finding]:
    if act.kind in _ENGINES:
        message = f"'{act.key}' is ended by the checks and the evidence; nobody performs it"
        yield error("recipe-means", here, message, f"remove its {means.kind}")
    elif means.wait is not None and act.kind not in _WAITED:
        message = f"'{act.key}' by a wait: it would count as done, and nobody would have done it"
        hint = "let a command, an http or a person do it; put the wait before it, as a task"
        yield error("recipe-means", (*here, "wait"), message, hint)
    elif act.kind is UndoKind.BRING_BACK and (means.by_engine or means.proof is None):
        message = f"'bring-back' by {means.kind} without a proof: who says all rows are back?"
        hint = "let a command or an http do it, with a proof that counts what came back"
        yield error("bring-back-unproven", here, message, hint)


def _tried_out(act: RecipeStep | RecipeUndo, means: Means, here: DataPath) -> Iterator[Finding]:
    """A dry run that is word for word the act does it, unless the program minds one variable."""
    tries, does = means.dry_run, means.command
    if tries is None or does is None:
        return
    if (tries.argv, tries.environment) == (does.argv, does.environment):
        message = f"the dry run of '{act.key}' is its command, word for word: it may do the act"
        hint = "give the dry run an argument of its own; MIGRATOR_DRY_RUN=1 alone is easily missed"
        yield warning("dry-run-like-the-act", (*here, "dry_run", "run"), message, hint)


def _persons(means: Means, people: Mapping[PersonId, Person], here: DataPath) -> Iterator[Finding]:
    for number, who in enumerate(means.manual.persons if means.manual is not None else ()):
        if who not in people:
            message = f"people.yaml knows no '{who}'{did_you_mean(who, people)}"
            where = (*here, "manual", "persons", number)
            yield error("unknown-person", where, message, "name somebody of people.yaml")
