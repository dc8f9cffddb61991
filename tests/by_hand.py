"""Recipes with tasks, waits and acts that people do by hand, for tests of the engine.

`recipe` changes one of the shipped recipes; `carried_out` puts it into an itinerary, where every
step takes five minutes and every undo four, as in `itineraries`. Waits take what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from itineraries import STEP_MINUTES, UNDO_MINUTES, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import ActState
from migrator.ids import PersonId
from migrator.inventory.model import Estimate
from migrator.plan.means import InDoubt, Manual, Means, Wait
from migrator.plan.model import Itinerary, Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind
from migrator.plan.recipes import RECIPES
from playing import Play


def hand(*persons: str) -> Means:
    """By one of these persons, or by the move's team."""
    named = tuple(PersonId(person) for person in persons)
    return Means(InDoubt.REPEAT, manual=Manual({"en": "turn the key", "sv": "vrid nyckeln"}, named))


def clock(minutes: float = 0.0, until: datetime | None = None) -> Means:
    """By the clock."""
    return Means(InDoubt.REPEAT, wait=Wait(until, minutes))


def a_task(
    name: str, means: Means, *undo: str, looks: bool = False, limit: float | None = None
) -> RecipeStep:
    """A step of its own name."""
    return RecipeStep(StepKind.TASK, 0.0, undo, name, looks, limit, means)


def an_undo(name: str, means: Means) -> RecipeUndo:
    """What takes a task back."""
    return RecipeUndo(UndoKind.UNDO_TASK, 0.0, name, means=means)


def recipe(
    name: str = "stateful",
    *,
    means: Mapping[str, Means] | None = None,
    tasks: Sequence[tuple[str, RecipeStep]] = (),
    undos: Sequence[RecipeUndo] = (),
) -> Recipe:
    """A shipped recipe with means for some acts, with tasks before named steps, and more undos.

    The undos of tasks come first in the unwind.
    """
    shipped, by = RECIPES[name], means or {}
    steps = [replace(step, means=by.get(step.key)) for step in shipped.steps]
    for before, task in tasks:
        steps.insert(next(n for n, step in enumerate(steps) if step.key == before), task)
    return replace(
        shipped,
        steps=tuple(steps),
        unwind=(*undos, *(replace(undo, means=by.get(undo.key)) for undo in shipped.unwind)),
        commit=tuple(replace(step, means=by.get(step.key)) for step in shipped.commit),
    )


def carried_out(*recipes: Recipe, **changes: object) -> Itinerary:
    """An itinerary that is carried out by these recipes, and by the shipped ones besides."""
    made = an_itinerary(**{"waves": ("a",), **changes})  # type: ignore[arg-type]  # a test's own data
    known = {**made.recipes, **{each.name: each for each in recipes}}
    legs = {}
    for name, leg in made.legs.items():
        mine = known[leg.recipe]
        steps = dict(leg.step_minutes)
        for step in mine.steps:
            wait = step.means.wait if step.means is not None else None
            if wait is not None and wait.until is None:
                steps[step.key] = Estimate(wait.minutes, wait.minutes)
            steps.setdefault(step.key, Estimate(STEP_MINUTES, STEP_MINUTES))
        undos = {undo.key: Estimate(UNDO_MINUTES, UNDO_MINUTES) for undo in mine.unwind}
        legs[name] = replace(leg, step_minutes=steps, undo_minutes={**undos, **leg.undo_minutes})
    return replace(made, recipes=known, legs=legs)


# --- plays ---------------------------------------------------------------------------------------

PATIENCE: Final = 45
"""What the default policy has with people, in minutes."""

LATE: Final = {"ahead_of_gate": ()}
KEY: Final = "a/key"


def with_key(*persons: str, before: str = "copy", **changes: object) -> Play:
    """A move with a person's task before its copy, and the task under way."""
    task = a_task("key", hand(*persons), "turn-back")
    made = recipe(tasks=[(before, task)], undos=[an_undo("turn-back", hand("anna"))])
    play = Play(carried_out(made, **{"policy": LATE, **changes}))
    play.go_on(KEY)
    return play


def played_by_hand(*keys: str, until: str, **changes: object) -> Play:
    """A move of which some acts are done by hand, come so far."""
    name = "stateless" if "stateless" in changes else "stateful"
    made = recipe(name, means={key: hand("anna") for key in keys})
    play = Play(carried_out(made, **{"policy": LATE, **changes}))
    play.go_on(until)
    return play


def outcome(play: Play, act: str = KEY) -> tuple[ActState, str]:
    record = play.act(act)
    return record.state, record.outcome


def tick(play: Play, act: str = KEY, verdict: str = "works", by: str = "anna") -> None:
    given = play.say("tick", act, by=by, verdict=verdict)
    assert isinstance(given[0], ev.CommandTaken), given
