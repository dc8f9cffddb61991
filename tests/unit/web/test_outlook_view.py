"""The turn-back clock on the wall: the hour, how long that is, and when it is not to be trusted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from migrator.engine import events as ev
from migrator.engine.foresight import WORDS
from migrator.engine.run import Run, new_run
from migrator.reports.texts import texts
from migrator.web.outlook_view import newest, turn_back_clock
from weekend import START, an_itinerary, minutes

T = texts("en", "Europe/Stockholm")
LIMIT = START + timedelta(hours=20)


def made(at: datetime, limit: datetime | None = LIMIT, fits: float = 0.93) -> ev.ForecastMade:
    return ev.ForecastMade(
        7, at, 1000, True, fits, 0.5, LIMIT, LIMIT, LIMIT, limit, None, "", limit, (), "d" * 64
    )


def a_run(forecast: ev.ForecastMade | None) -> Run:
    run = new_run(an_itinerary(1, 1))
    run.forecast = forecast
    return run


def test_where_nobody_forecasts_there_is_no_clock() -> None:
    assert turn_back_clock(a_run(None), None, START, T) is None


def test_the_hour_and_what_is_left_of_it() -> None:
    clock = turn_back_clock(a_run(made(START)), None, START, T)
    assert clock is not None
    assert clock.said.replace("\N{NO-BREAK SPACE}", " ") == "Turn back by Sat 14:00, in 20 h"
    assert clock.tone == "calm"
    assert "93" in clock.fits


@pytest.mark.parametrize(
    ("after", "limit", "tone", "word"),
    [
        (19 * 60.5, LIMIT, "warn", "Turn back by"),
        (20 * 60, LIMIT, "bad", "Too late"),
        (20 * 60, None, "calm", "at any time"),
    ],
)
def test_the_nearer_the_hour_the_louder(
    after: float, limit: datetime | None, tone: str, word: str
) -> None:
    now = START + minutes(after)
    clock = turn_back_clock(a_run(made(now, limit)), None, now, T)
    assert clock is not None
    assert (clock.tone, word in clock.said) == (tone, True)


def test_an_old_forecast_says_that_it_is_old() -> None:
    clock = turn_back_clock(a_run(made(START)), None, START + minutes(6), T)
    assert clock is not None
    assert "old" in clock.age
    assert clock.tone == "warn"


def test_a_forecast_that_fits_too_seldom_is_no_calm_one() -> None:
    clock = turn_back_clock(a_run(made(START, fits=0.3)), None, START, T)
    assert clock is not None
    assert clock.tone == "warn"


def test_after_the_signature_it_goes_forward_only() -> None:
    run = a_run(made(START))
    run.signed[WORDS] = ev.Signed(WORDS, LIMIT, "decider-01", "the night went well")
    run.signed_at[WORDS] = START
    clock = turn_back_clock(run, None, LIMIT + minutes(1), T)
    assert clock is not None
    assert clock.said.startswith("Forward only")


def test_the_newer_of_two_forecasts_counts() -> None:
    later = made(START + minutes(10), LIMIT + minutes(30))
    kept = {"forecast": ev.event_to_data(later), "trouble": None}
    assert newest(a_run(made(START)), kept) == later
    assert newest(a_run(later), {"forecast": ev.event_to_data(made(START))}) == later
    assert newest(a_run(None), {"forecast": None, "trouble": "slow"}) is None
