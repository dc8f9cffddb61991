"""Which of the kept forecasts belongs beside a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from made_up_forecast import a_forecast
from migrator.engine.events import ForecastMade, RunEnded
from migrator.engine.ports import Line
from migrator.forecast.model import Forecast
from migrator.forecast.text import digest_of, to_json
from migrator.store.sql import open_store
from migrator.wiring.forecast_process import FORECASTS
from migrator.wiring.kept_forecasts import kept_forecast
from weekend import START, an_itinerary, chained

RUN = "autumn-1"
DIGEST = an_itinerary(2, 2).plan_digest


@cache
def made(seed: int) -> Forecast:
    at = START + timedelta(hours=seed)
    return replace(a_forecast(an_itinerary(2, 2), seed=seed, weekends=5, at=at), seed=seed)


def event(seed: int) -> ForecastMade:
    """The journal's fact of a forecast; only its digest matters here."""
    at = START + timedelta(hours=seed)
    digest = digest_of(to_json(made(seed)))
    return ForecastMade(
        knows=seed, made=at, weekends=5, compiled=True, fits=1.0, forward_first=1.0,
        end_p50=None, end_p80=None, end_p95=None, latest=None, data_limit=None,
        data_limit_of="", limit=None, unsafe=(), digest=digest,
    )  # fmt: skip


def lines(*, over: bool) -> tuple[Line, ...]:
    facts = [(START + timedelta(hours=seed), "conductor", event(seed)) for seed in (1, 2)]
    if over:
        return chained([*facts, (START + timedelta(hours=3), "engine", RunEnded("completed"))])
    return chained(facts)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a run, and two kept forecasts of it."""
    with open_store(tmp_path, practice=True) as opened:
        opened.keep(RUN, an_itinerary(2, 2), (), {}, START.isoformat())
        place = opened.folder / FORECASTS / RUN
    place.mkdir(parents=True)
    for seed in (1, 2):
        text = to_json(made(seed))
        (place / f"{digest_of(text)}.json").write_text(text, encoding="utf-8")
    return tmp_path


def file(store: Path, seed: int) -> Path:
    (found,) = store.rglob(f"{event(seed).digest}.json")
    return found


def test_beside_a_run_that_goes_on_stands_the_newest(store: Path) -> None:
    assert kept_forecast(RUN, store, lines(over=False), DIGEST) == made(2)


def test_beside_a_run_that_is_over_stands_the_first_which_did_not_know_how_it_ends(
    store: Path,
) -> None:
    assert kept_forecast(RUN, store, lines(over=True), DIGEST) == made(1)


def test_of_a_plan_that_was_replaced_nothing_is_shown(store: Path) -> None:
    assert kept_forecast(RUN, store, lines(over=False), "another") is None


def test_a_file_that_is_gone_gives_way_to_the_next(store: Path) -> None:
    file(store, 2).unlink()
    assert kept_forecast(RUN, store, lines(over=False), DIGEST) == made(1)
    file(store, 1).unlink()
    assert kept_forecast(RUN, store, lines(over=False), DIGEST) is None


def test_a_file_that_is_not_what_the_journal_names_is_no_forecast(store: Path) -> None:
    file(store, 2).write_text(to_json(replace(made(2), fits=0.1)), encoding="utf-8")
    assert kept_forecast(RUN, store, lines(over=False), DIGEST) == made(1)


def test_a_run_that_nobody_forecast_has_none(store: Path) -> None:
    assert kept_forecast(RUN, store, lines(over=True)[-1:], DIGEST) is None
