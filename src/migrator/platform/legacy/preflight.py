"""Before a live run: is there a way to perform every act of the plan, from this machine, now?

Called by `wiring/live.py` before the first line is journalled. All faults at once: at 03:00 nobody
wants to learn of a missing password from the fifth wave.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from migrator.engine.policy import ENGINE_STEPS
from migrator.errors import Fault, InputError, MigratorError
from migrator.plan.means import Call, Command
from migrator.plan.model import Itinerary, Recipe, RecipeStep, RecipeUndo
from migrator.platform.legacy.secret_values import read_secrets


def refuse_what_cannot_be_performed(
    itinerary: Itinerary, plan: str, otherwise: Callable[[str, str], str] | None = None
) -> None:
    """Raise InputError naming every act without means, missing secret and missing program.

    `otherwise` says of a subsystem and an act without means why the platform beside the commands
    does not perform it; empty where it does. Without it there is no such platform.
    """
    faults: list[Fault] = []
    for name in sorted({leg.recipe for leg in itinerary.legs.values()}):
        recipe = itinerary.recipes[name]
        for path, act in _acts(recipe):
            where = f"recipes.{name}.{path}"
            faults += [Fault(plan, None, where, said) for said in _missing(act)]
            if act.means is None and act.key not in ENGINE_STEPS:
                users = sorted(leg.id for leg in itinerary.legs.values() if leg.recipe == name)
                said = _nobodys(act.key, users, otherwise)
                faults += [Fault(plan, None, where, each) for each in said]
    if faults:
        raise InputError(
            "act-cannot-be-performed",
            f"{plan} has acts that this machine cannot perform",
            hint="declare the means of each act in its recipe, and put secrets and programs where "
            "the plan says they are; `migrator rehearse` needs neither",
            faults=tuple(faults),
        )


def _acts(recipe: Recipe) -> Iterator[tuple[str, RecipeStep | RecipeUndo]]:
    for number, step in enumerate(recipe.steps):
        yield f"steps[{number}]", step
    for number, undo in enumerate(recipe.unwind):
        yield f"unwind[{number}]", undo
    for number, step in enumerate(recipe.commit):
        yield f"commit[{number}]", step


def _nobodys(
    act: str, users: Sequence[str], otherwise: Callable[[str, str], str] | None
) -> Iterator[str]:
    """Why nobody performs an act that has no means: once, or for each subsystem concerned."""
    if otherwise is None:
        yield f"nothing says how '{act}' is performed"
        return
    for user in users:
        why = otherwise(user, act)
        if why:
            yield f"{user}: {why}"


def _missing(act: RecipeStep | RecipeUndo) -> Iterator[str]:
    means = act.means
    if means is None:
        return
    for command in means.commands:
        yield from _secret(act.key, command)
        yield from _program(act.key, command)
    for call in (means.call, means.observe_call):
        if call is not None:
            yield from _secret(act.key, call)


def _secret(key: str, asks: Command | Call) -> Iterator[str]:
    for name, reference in asks.secrets.items():
        try:
            read_secrets({name: reference})
        except MigratorError as error:
            yield f"'{key}': {error.message}"


def _program(key: str, command: Command) -> Iterator[str]:
    """A program of this machine; what stands on another host is seen when it is run."""
    program = command.argv[0]
    pinned = {f"./{name}" for name in command.files}
    if command.host or "{" in program or program in pinned:
        return
    if "/" in program and not program.startswith("/"):
        yield f"'{key}': {program} is neither in 'files' nor a whole path"
    elif shutil.which(program) is None and not Path(program).is_file():
        yield f"'{key}': there is no program {program} on this machine"
