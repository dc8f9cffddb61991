"""What whoever forecasts a run must keep: the fake of the tests, and the process with its kernel.

The figures are another matter (tests/unit/wiring/test_forecasting.py): here it is who was asked
what, and whether what is said hangs together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecasts import FakeForecaster
from live_estate import a_live_plan
from migrator.engine.events import ForecastMade, GateOpened, event_from_data, event_to_data
from migrator.engine.ports import Entry, Forecaster
from migrator.inventory.reader import read_inventory
from migrator.plan.itinerary import make_itinerary
from migrator.plan.text import read_plan
from migrator.store.memory import MemoryJournal
from migrator.wiring import begin
from migrator.wiring.forecast_process import ForecastProcess, Inputs

NOW = datetime(2023, 10, 13, 16, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
SECONDS_MAX = 120.0

Made = Callable[[MemoryJournal, Inputs], Forecaster]


def fake(_journal: MemoryJournal, _inputs: Inputs) -> Forecaster:
    return FakeForecaster()


def process(journal: MemoryJournal, inputs: Inputs) -> Forecaster:
    return ForecastProcess(inputs, journal)


@pytest.fixture(name="inputs", scope="module")
def _inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    plan = a_live_plan(tmp_path_factory.mktemp("estate"), NOW)
    return Inputs(plan, plan.parent / "estate", None)


def a_journal(inputs: Inputs) -> MemoryJournal:
    """A run that has begun, and whose first gate is open."""
    plan = read_plan(inputs.plan)
    few = replace(plan.policy, forecast=replace(plan.policy.forecast, weekends=100))
    itinerary = make_itinerary(
        replace(plan, policy=few), read_inventory(inputs.inventory), (), "ab" * 32
    )
    journal = MemoryJournal("told", itinerary)
    begin(journal, itinerary, "told", NOW, mode="virtual", seed=1)
    wave = itinerary.waves[0].id
    journal.append([Entry(NOW, "engine", GateOpened(wave, 1, NOW + timedelta(hours=1)))])
    return journal


@pytest.fixture(
    name="answers",
    scope="module",
    params=[fake, pytest.param(process, id="process")],
)
def _answers(request: pytest.FixtureRequest, inputs: Inputs) -> tuple[ForecastMade, ...]:
    """Asked twice about the same state, and once later; closed twice."""
    made: Made = request.param

    async def talk() -> tuple[ForecastMade, ...]:
        forecaster = made(a_journal(inputs), inputs)
        try:
            async with asyncio.timeout(SECONDS_MAX):
                first = await forecaster.ask(2, NOW)
                again = await forecaster.ask(2, NOW)
                later = await forecaster.ask(2, LATER)
                return first, again, later
        finally:
            await forecaster.close()
            await forecaster.close()

    return asyncio.run(talk())


def test_an_answer_says_what_it_is_of(answers: tuple[ForecastMade, ...]) -> None:
    assert [(each.knows, each.made) for each in answers] == [
        (2, NOW), (2, NOW), (2, LATER),
    ]  # fmt: skip


def test_the_same_question_has_the_same_answer(answers: tuple[ForecastMade, ...]) -> None:
    first, again, _ = answers
    assert first == again


def test_what_is_said_hangs_together(answers: tuple[ForecastMade, ...]) -> None:
    for made in answers:
        assert 0 <= made.forward_first <= 1
        assert 0 <= made.fits <= 1
        assert made.weekends > 0
        assert len(made.digest) == 64
        limits = [each for each in (made.latest, made.data_limit) if each is not None]
        assert made.limit == min(limits, default=None)
        assert bool(made.data_limit_of) is (made.data_limit is not None)
        ends = [each for each in (made.end_p50, made.end_p80, made.end_p95) if each is not None]
        assert ends == sorted(ends)
        for span in made.unsafe:
            begin_, _, end = span.partition("/")
            assert datetime.fromisoformat(begin_).tzinfo is not None
            assert not end or datetime.fromisoformat(end) > datetime.fromisoformat(begin_)


def test_an_answer_can_stand_in_a_journal(answers: tuple[ForecastMade, ...]) -> None:
    for made in answers:
        assert event_from_data("ForecastMade", event_to_data(made)) == made
