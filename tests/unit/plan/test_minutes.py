"""How long a wait and a task are planned to take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from migrator.inventory.model import Estimate, Kind
from migrator.plan.means import InDoubt, Manual, Means, Wait
from migrator.plan.minutes import step_minutes, undo_minutes
from migrator.plan.model import Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind
from small_plan import a_subsystem

HOUR = datetime(2023, 10, 14, 5, tzinfo=UTC)
LEDGER = a_subsystem("ledger", Kind.STATEFUL)  # an hour to move, half of it to unwind


def a_recipe(means: Means) -> Recipe:
    step = RecipeStep(StepKind.TASK, 0.1, ("back",), "extra", means=means)
    undo = RecipeUndo(UndoKind.UNDO_TASK, 0.2, "back", means=means)
    return Recipe("stateful", (step,), (undo,), ())


def test_a_wait_lasts_as_long_as_it_says() -> None:
    recipe = a_recipe(Means(InDoubt.REPEAT, wait=Wait(minutes=25)))
    known = replace(LEDGER, durations={**LEDGER.durations, "extra": Estimate(1, 1)})
    for subsystem in (LEDGER, known):
        assert step_minutes(subsystem, recipe, 30) == {"extra": Estimate(25, 25)}


def test_a_wait_for_an_hour_and_a_task_are_planned_with_their_share() -> None:
    for means in (
        Means(InDoubt.REPEAT, wait=Wait(until=HOUR)),
        Means(InDoubt.REPEAT, manual=Manual({"en": "x"})),
    ):
        assert step_minutes(LEDGER, a_recipe(means), 30) == {"extra": Estimate(6, 8)}


def test_a_task_is_planned_by_its_name_where_the_subsystem_knows_it() -> None:
    recipe = a_recipe(Means(InDoubt.REPEAT, manual=Manual({"en": "x"})))
    durations = {**LEDGER.durations, "extra": Estimate(2, 3), "back": Estimate(4, 5)}
    subsystem = replace(LEDGER, durations=durations)
    assert step_minutes(subsystem, recipe, 30) == {"extra": Estimate(2, 3)}
    assert undo_minutes(subsystem, recipe) == {"back": Estimate(4, 5)}
