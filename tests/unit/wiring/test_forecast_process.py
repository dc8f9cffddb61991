"""A forecaster in a process of its own: it folds the journal, and a broken one is started anew."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from forecasts import FakeForecaster
from full_forecast import T
from itineraries import an_itinerary
from live_estate import a_live_plan
from migrator.conductor.foreseeing import FACT
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.engine.states import RunState
from migrator.errors import EnvironmentFailed
from migrator.forecast.text import digest_of
from migrator.inventory.reader import read_inventory
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary
from migrator.plan.text import read_plan
from migrator.store.memory import MemoryJournal
from migrator.store.pinned_files import file_to_pin, with_files
from migrator.store.sql import Store, open_store
from migrator.wiring import Practice, Setting, begin, begin_practice, practise
from migrator.wiring.forecast_process import ForecastProcess, Inputs, command, forecaster_of

ROOT = Path(__file__).resolve().parents[3]
CHILD = ROOT / "tests" / "forecasting_child.py"
SECONDS_MAX = 60.0
NOW = datetime(2023, 10, 13, 18, 0, tzinfo=UTC)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Estate:
    """A small plan and its inventory as files, and a run of it that has begun."""

    plan: Path
    inventory: Path

    @property
    def itinerary(self) -> Itinerary:
        plan = read_plan(self.plan)
        return make_itinerary(plan, read_inventory(self.inventory), (), "ab" * 32)

    def journal(self) -> MemoryJournal:
        itinerary = self.itinerary
        journal = MemoryJournal("told", itinerary)
        begin(journal, itinerary, "told", NOW, mode="virtual", seed=1)
        return journal

    def forecaster(
        self, journal: MemoryJournal, how: str, keep: Path | None = None
    ) -> ForecastProcess:
        program = (sys.executable, str(CHILD), how)
        return ForecastProcess(Inputs(self.plan, self.inventory, keep), journal, program)


@pytest.fixture(name="estate", scope="module")
def _estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    plan = a_live_plan(tmp_path_factory.mktemp("estate"), NOW)
    return Estate(plan, plan.parent / "estate")


@pytest.fixture(name="_at_home", autouse=True)
def _at_home_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is a file of the tests, and finds the others beside it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))


def in_time(work: Coroutine[object, object, Answer]) -> Answer:
    async def bounded() -> Answer:
        async with asyncio.timeout(SECONDS_MAX):
            return await work

    return asyncio.run(bounded())


def happens(journal: MemoryJournal, *events: ev.Event) -> None:
    journal.append([Entry(NOW, "engine", event) for event in events])


GATE = ev.GateOpened("w01", 1, NOW + timedelta(hours=1))


def test_it_knows_the_lines_up_to_the_one_that_is_asked_about(
    estate: Estate, tmp_path: Path
) -> None:
    journal = estate.journal()
    happens(journal, GATE, ev.RunPaused("wait"))

    async def talk() -> tuple[ev.ForecastMade, ev.ForecastMade]:
        forecaster = estate.forecaster(journal, "well", tmp_path / "kept")
        try:
            return await forecaster.ask(2, NOW), await forecaster.ask(3, NOW)
        finally:
            await forecaster.close()

    first, second = in_time(talk())
    assert (first.knows, first.made) == (2, NOW)
    assert first.fits == pytest.approx(0.102)
    assert second.knows == 3
    assert second.fits == pytest.approx(0.103)
    assert (first.latest, first.limit) == (T, None)
    assert first.unsafe == (f"{T.isoformat(timespec='seconds')}/",)
    kept = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert kept == sorted(f"{each.digest}.json" for each in (first, second))
    text = (tmp_path / "kept" / f"{second.digest}.json").read_text(encoding="utf-8")
    assert digest_of(text) == second.digest
    assert json.loads(text)["seq"] == 3


def test_what_the_journal_names_is_kept_and_of_the_others_the_newest(
    estate: Estate, tmp_path: Path
) -> None:
    journal = estate.journal()

    async def talk() -> list[ev.ForecastMade]:
        forecaster = estate.forecaster(journal, "well", tmp_path)
        made = [await forecaster.ask(1, NOW)]
        happens(journal, made[0])
        for number in range(2, 8):
            made.append(await forecaster.ask(number, NOW))
            happens(journal, ev.RunResumed("") if number % 2 else ev.RunPaused(""))
        await forecaster.close()
        return made

    made = in_time(talk())
    kept = {path.stem for path in tmp_path.iterdir()}
    assert kept == {made[0].digest, *(each.digest for each in made[-3:])}
    first, last = (
        json.loads((tmp_path / f"{each.digest}.json").read_text(encoding="utf-8"))
        for each in (made[0], made[-1])
    )
    assert first["moves"], "what a journal may name is the whole of it"
    assert last["moves"] == [], "what says nothing new is brief"


@pytest.mark.parametrize(
    ("how", "reference", "words"),
    [
        ("dies", "forecast-no-answer", "ended with 7"),
        ("refuses", "forecast-of-another-plan", "another plan"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_question_begins_anew(
    estate: Estate, how: str, reference: str, words: str
) -> None:
    journal = estate.journal()

    async def talk() -> tuple[EnvironmentFailed, ev.ForecastMade]:
        forecaster = estate.forecaster(journal, how)
        try:
            await forecaster.ask(1, NOW)
            with pytest.raises(EnvironmentFailed) as caught:
                await forecaster.ask(1, NOW)
            return caught.value, await forecaster.ask(1, NOW)
        finally:
            await forecaster.close()

    wrong, again = in_time(talk())
    assert wrong.reference == reference
    assert words in wrong.message
    assert again.knows == 1


def test_one_that_hangs_is_ended_when_it_is_given_up(estate: Estate) -> None:
    journal = estate.journal()

    async def talk() -> tuple[int, ev.ForecastMade]:
        forecaster = estate.forecaster(journal, "hangs")
        try:
            await forecaster.ask(1, NOW)
            assert forecaster._process is not None
            pid = forecaster._process.pid
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await forecaster.ask(1, NOW)
            return pid, await forecaster.ask(1, NOW)
        finally:
            await forecaster.close()

    pid, again = in_time(talk())
    assert again.knows == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_files_that_do_not_fit_are_told_to_whoever_asks(estate: Estate, tmp_path: Path) -> None:
    journal = estate.journal()

    async def talk() -> EnvironmentFailed:
        inputs = Inputs(tmp_path / "none.yaml", estate.inventory, None)
        forecaster = ForecastProcess(inputs, journal, (sys.executable, str(CHILD)))
        try:
            with pytest.raises(EnvironmentFailed) as caught:
                await forecaster.ask(1, NOW)
            return caught.value
        finally:
            await forecaster.close()

    assert in_time(talk()).reference == "plan-not-found"


def test_the_process_is_this_program_under_this_interpreter() -> None:
    assert command() == (sys.executable, "-m", "migrator.wiring.foreteller")


def test_a_run_that_was_planned_anew_is_forecast_by_its_new_plan(estate: Estate) -> None:
    from migrator.engine.run import new_run
    from migrator.wiring.foreteller import followed

    plan = read_plan(estate.plan)
    run = new_run(estate.itinerary)
    assert followed(plan, run) is plan
    run.itinerary = an_itinerary(waves=("b", "a"))
    waves = followed(plan, run).waves
    assert [[move.subsystem for move in wave.moves] for wave in waves] == [["b"], ["a"]]
    assert waves[0].gate.at == run.itinerary.waves[0].gate_at


# --- beside a kept run ----------------------------------------------------------------------------


def a_practice(estate: Estate, store: Store) -> Practice:
    """A practice run whose plan and inventory were pinned when it began."""
    names = {"plan/plan.yaml": estate.plan}
    names |= {f"inventory/{path.name}": path for path in estate.inventory.glob("*.yaml")}
    files = [file_to_pin(name, path) for name, path in names.items()]
    setting = Setting(seed=1, speed=5_000.0)
    return begin_practice(store, with_files(estate.itinerary, files), "told", setting, files)


def test_a_kept_run_is_forecast_from_the_bytes_that_were_pinned(
    estate: Estate, tmp_path: Path
) -> None:
    with open_store(tmp_path, practice=True) as store:
        led = a_practice(estate, store)
        with forecaster_of(store, led.journal, led.run, wanted=False) as none:
            assert none is None
        with forecaster_of(store, led.journal, led.run, wanted=True) as beside:
            assert beside is not None
            assert beside.inputs.plan.read_bytes() == estate.plan.read_bytes()
            assert beside.inputs.plan.is_relative_to(tmp_path)
            assert (beside.inputs.inventory / "subsystems.yaml").exists()
            assert beside.inputs.keep == tmp_path / "forecasts" / "told"
            where = beside.inputs.plan
        assert not where.exists(), "people's telephones do not lie about"
        led.journal.release()


def test_a_run_whose_files_were_not_pinned_has_no_forecaster(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        led = begin_practice(store, an_itinerary(), "bare", Setting(seed=1, speed=1.0))
        with forecaster_of(store, led.journal, led.run, wanted=True) as beside:
            assert beside is None
        led.journal.release()


def test_a_practice_run_is_forecast_as_it_goes_and_others_can_see_it(
    estate: Estate, tmp_path: Path
) -> None:
    with open_store(tmp_path, practice=True) as store:
        led = a_practice(estate, store)
        fake = FakeForecaster()
        done = practise(led, forecaster=fake)
        assert done.run.state is RunState.ENDED
        assert done.run.forecast is not None
        kept = store.journal("told", lead=False).facts(FACT)
        assert isinstance(kept, dict)
        assert kept["forecast"]["knows"] in {knows for knows, _ in fake.asked}
        assert fake.closed
