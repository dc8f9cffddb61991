"""When the next check is expected: said from the forecast, and never made up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from full_forecast import a_forecast
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.forecast.model import MoveForecast, Quantiles
from migrator.forecast.text import KEPT_IN, digest_of, to_json
from migrator.ids import SubsystemId, WaveId
from migrator.reports.texts import texts
from migrator.web.expecting import Expected, Outlooks, expected, said
from run_with_pages import ASKED, Pages, pages_of_a_run
from weekend import HANDLERS, START, a_weekend, minutes

T = texts("sv", "Europe/Stockholm")


@pytest.fixture
def run() -> Run:
    """A run that has only just begun."""
    weekend = a_weekend(2, 3)
    found = new_run(weekend.itinerary)
    for at, _, event in weekend.facts:
        apply(found, at, event)
    return found


def forecast(run: Run, early: float = 60.0, late: float = 100.0) -> dict[str, MoveForecast]:
    """Every move switches so many minutes after its wave's gate."""
    found = {}
    for leg in run.itinerary.legs.values():
        gate = next(each.gate_at for each in run.itinerary.waves if each.id == leg.wave)
        p80 = gate + minutes(late)
        when = Quantiles(gate + minutes(late - 10), p80, p80 + minutes(30))
        found[str(leg.id)] = MoveForecast(
            SubsystemId(leg.id), WaveId(leg.wave), when, when, when, 0.1, 0.2, 3.0,
            switch_p20=gate + minutes(early),
        )  # fmt: skip
    return found


def gate_of(run: Run, number: int) -> datetime:
    return run.itinerary.waves[number].gate_at


def test_it_is_the_first_check_that_somebody_may_verify(run: Run) -> None:
    found = expected(run, HANDLERS[0], START, forecast(run))
    assert found is not None
    gate = gate_of(run, 0)
    assert (found.early, found.late) == (gate + minutes(60), gate + minutes(100))
    assert found.check.endswith("@w01")


def test_it_waits_for_the_last_of_its_moves(run: Run) -> None:
    moves = forecast(run)
    first = expected(run, HANDLERS[0], START, moves)
    assert first is not None
    check = next(each for each in run.itinerary.checks if each.id == first.check)
    slow = str(check.core[-1])
    late = gate_of(run, 0) + minutes(300)
    moves[slow] = forecast(run, 280, 300)[slow]
    again = [expected(run, HANDLERS[0], START, moves)]
    assert all(each is not None and (each.check != check.id or each.late == late) for each in again)


@pytest.mark.parametrize("person", ["dora", "nobody"])
def test_who_verifies_nothing_expects_nothing(run: Run, person: str) -> None:
    assert expected(run, person, START, forecast(run)) is None


def test_nothing_is_said_where_nobody_forecasts_or_a_move_is_missing(run: Run) -> None:
    assert expected(run, HANDLERS[0], START, {}) is None
    early = {name: each for name, each in forecast(run).items() if each.wave != "w01"}
    found = expected(run, HANDLERS[0], START, early)
    assert found is None or found.check.endswith("@w02")


def test_nothing_is_said_once_the_time_has_passed(run: Run) -> None:
    late = gate_of(run, 1) + minutes(500)
    assert expected(run, HANDLERS[0], late, forecast(run)) is None


def test_nothing_is_said_while_a_run_pauses(run: Run) -> None:
    before = expected(run, HANDLERS[0], START, forecast(run))
    assert before is not None
    apply(run, START, ev.RunPaused("dora"))
    assert expected(run, HANDLERS[0], START, forecast(run)) is None


def test_it_is_said_in_hours_that_nobody_takes_for_exact() -> None:
    day = datetime.fromisoformat("2030-03-02T09:42:10+01:00")
    one = Expected("c", day, day + timedelta(minutes=37))
    assert "09:40\N{EN DASH}10:20" in said(one, day - timedelta(hours=2), T)
    tomorrow = said(one, day - timedelta(days=1), T)
    assert "lör" in tomorrow.lower()
    passed = said(one, day + timedelta(minutes=20), T)
    assert "10:00\N{EN DASH}10:20" in passed, "never an hour that is over"
    assert "vet inte än" in said(None, day, T)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def test_the_forecast_is_the_one_that_the_journal_names(pages: Pages) -> None:
    whole = a_forecast()
    text = to_json(whole)
    digest = digest_of(text)
    folder = Path(pages.seen.store.folder) / KEPT_IN / pages.seen.name
    folder.mkdir(parents=True)
    (folder / f"{digest}.json").write_text(text, encoding="utf-8")
    outlooks = Outlooks()
    assert outlooks.moves(pages.seen) == {}
    made = pages.seen.run.now or START
    pages.seen.run.forecast = ev.ForecastMade(
        1, made, 100, True, 0.9, 0.9, None, None, None, None, None, "", None, (), digest
    )  # fmt: skip
    assert list(outlooks.moves(pages.seen)) == [str(each.move) for each in whole.moves]
    (folder / f"{digest}.json").write_text(text + " ", encoding="utf-8")
    assert Outlooks().moves(pages.seen) == {}, "it is not what the journal names"


def test_an_empty_page_says_that_nobody_knows(pages: Pages) -> None:
    pages.leader.note(ev.TickGiven("function-1-1@w01", 1, ASKED, "works", ""))
    pages.leader.note(ev.CheckPassed("function-1-1@w01", 1))
    pages.catch_up()
    pages.sign_in(ASKED)
    pages.client.headers["accept-language"] = "sv"
    assert "vet inte än" in pages.client.get("/checks").text
