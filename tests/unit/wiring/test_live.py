"""A live run performs every act by real programs, from pinned bytes, and goes on after a death."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from by_command import SCRIPT_NAME, Willing, by_command, effects, live_sides
from by_hand import a_task, clock, hand
from forecasts import FakeForecaster
from migrator.conductor.clock import wall_now
from migrator.conductor.foreseeing import FACT
from migrator.engine.events import LinksCovered, StepStarted
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import RunState, WaveState
from migrator.errors import RefusedError
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring import Setting, begin_practice
from migrator.wiring.live import Known, begin_live, conduct, continue_live


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


def test_a_plan_is_carried_out_by_the_programs_that_it_declares(world: Path) -> None:
    itinerary, files = by_command(world)
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files)
        done = conduct(led, Willing(led.journal))

    assert (done.run.state, done.run.outcome) == (RunState.ENDED, "completed")
    assert live_sides(world) == {"a": "new", "b": "new"}
    assert len(effects(world)) == len(set(effects(world)))


@pytest.mark.slow
def test_a_live_run_is_forecast_as_it_goes_and_its_forecaster_goes_with_it(world: Path) -> None:
    itinerary, files = by_command(world, waves=("a",), stateless="")
    fake = FakeForecaster()
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files)
        done = conduct(led, Willing(led.journal), forecaster=fake)
        kept = store.journal("night-1", lead=False).facts(FACT)

    assert done.run.outcome == "completed"
    assert done.run.forecast is not None
    assert len(fake.asked) > 3
    assert isinstance(kept, dict)
    assert fake.closed


@pytest.mark.slow
def test_the_programs_are_those_of_the_first_line_whatever_the_working_tree_has_become(
    world: Path,
) -> None:
    itinerary, files = by_command(world, waves=("a",), stateless="")
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files)
        (world.parent / "plan" / SCRIPT_NAME).write_text("#!/bin/sh\nexit 1\n", "utf-8")
        done = conduct(led, Willing(led.journal))
        said = store.journal("night-1", lead=False).facts("output/a/copy/1/1")

    assert done.run.outcome == "completed"
    assert isinstance(said, str)
    assert "did copy of a" in said, "what a program said is kept beside the journal"


@pytest.mark.slow
def test_a_program_that_fails_takes_its_wave_back_by_programs(world: Path) -> None:
    itinerary, files = by_command(world)
    (world / "fail-a-switch").touch()
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files)
        done = conduct(led, Willing(led.journal))

    assert done.run.waves["w1"].state is WaveState.RETURNED
    assert "told to fail: switch of a" in done.run.waves["w1"].cause
    assert live_sides(world) == {"a": "old", "b": "new"}
    did = [line.partition(" ")[2] for line in effects(world)]
    assert did.index("a/fence-target") < did.index("a/bring-back") < did.index("a/grant-source")


@pytest.mark.slow
def test_rows_that_nobody_can_prove_to_be_back_leave_the_wave_stuck(world: Path) -> None:
    itinerary, files = by_command(world, waves=("a",), stateless="")
    (world / "fail-a-switch").touch()
    (world / "lossy").touch()
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files)
        done = conduct(led, Willing(led.journal), waits_for_people=False)

    assert done.run.waves["w1"].state is WaveState.STUCK
    assert done.run.moves["a"].undos["bring-back"].lost == ("3 rows of a",)
    assert live_sides(world) == {"a": "none"}, "the old side waits for its rows"


class ByHand(Willing):
    """People who also do what the plan gives them to do: the fence, with their own hands."""

    def __init__(self, journal: SqlJournal, world: Path) -> None:
        super().__init__(journal)
        self._world = world

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Fence and tick."""
        super().on_commit(run, lines)
        for line in lines:
            if isinstance(line.event, StepStarted) and line.event.step == "fence":
                (self._world / line.event.move / "old").unlink()
                self._say("tick", f"{line.event.move}/fence", "anna", line.seq)


@pytest.mark.slow
def test_people_and_the_clock_do_their_part_of_a_live_run(world: Path) -> None:
    itinerary, files = by_command(world, waves=("a",), stateless="")
    recipe = itinerary.recipes["stateful"]
    steps = [
        replace(step, means=hand("anna")) if step.key == "fence" else step for step in recipe.steps
    ]
    steps.insert(2, a_task("pause", clock(until=wall_now())))
    recipes = {**itinerary.recipes, "stateful": replace(recipe, steps=tuple(steps))}
    itinerary = replace(itinerary, recipes=recipes)
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files)
        done = conduct(led, ByHand(led.journal, world))

    assert done.run.outcome == "completed"
    assert live_sides(world) == {"a": "new"}
    assert done.run.moves["a"].steps["fence"].detail == "done by anna"
    assert done.run.moves["a"].steps["pause"].detail == "its time has come"
    acts = {line.rpartition("/")[2] for line in effects(world)}
    assert acts.isdisjoint({"fence", "pause"})


def test_only_a_live_run_is_gone_on_with_as_one(world: Path) -> None:
    itinerary, _ = by_command(world)
    with open_store(world.parent / "state", practice=True) as store:
        begin_practice(store, itinerary, "p1", Setting(1, 600.0)).journal.release()
        with pytest.raises(RefusedError, match="no live run"):
            continue_live(store, "p1")


def test_what_is_known_of_the_links_is_the_second_line_and_every_gate_shows_it(
    world: Path,
) -> None:
    itinerary, files = by_command(world)
    covered = LinksCovered("b1", "2023-10-13T21:00:00+02:00", 30, 27, 1, 2, 0, 0)
    with open_store(world.parent / "state", practice=False) as store:
        led = begin_live(store, itinerary, "night-1", "anna", files, known=Known(covered))
        assert led.run.covered == covered
        led.journal.release()
        again = continue_live(store, "night-1")
        assert again.run.covered == covered
        assert again.run.seq == 2
        again.journal.release()
