"""Which forecasts become facts of the journal: those that say something new, and no others."""

from __future__ import annotations

import pytest

from forecasts import GOOD, a_forecast
from itineraries import after, an_itinerary
from migrator.engine.foresight import share, why_kept
from playing import Play


def a_play() -> Play:
    return Play(an_itinerary(waves=("a", "b")))


def test_the_first_forecast_is_kept() -> None:
    assert why_kept(a_play().run, GOOD) == "the first one"


@pytest.mark.parametrize(
    ("last", "now", "kept"),
    [
        ({}, {}, False),
        ({"fits": 0.93}, {"fits": 0.90}, False),
        ({"fits": 0.81}, {"fits": 0.79}, True),  # the plan's own limit
        ({"fits": 0.951}, {"fits": 0.949}, False),  # at a band's edge, within the sampling error
        ({"fits": 0.97}, {"fits": 0.94}, True),
        ({"fits": 0.3}, {"fits": 0.1}, True),
        ({"limit": after(300)}, {"limit": after(295)}, False),
        ({"limit": after(300)}, {"limit": after(292)}, True),  # more than half of 15 minutes
        ({"limit": None}, {"limit": after(300)}, True),
        ({"limit": after(300)}, {"limit": None}, True),
        ({"limit": after(300), "latest": None}, {"limit": after(300), "latest": after(400)}, True),
        (
            {"limit": after(300), "forward_first": 0.6},
            {"limit": after(300), "forward_first": 0.4},
            True,
        ),
        ({"forward_first": 0.6}, {"forward_first": 0.4}, False),  # there is always a way back
        ({"end_p80": after(900)}, {"end_p80": after(1000)}, False),
    ],
)
def test_a_forecast_is_kept_when_it_says_something_new(
    last: dict[str, object], now: dict[str, object], kept: bool
) -> None:
    play = a_play()
    play.note(a_forecast(**last))
    assert bool(why_kept(play.run, a_forecast(**now))) is kept


def test_a_forecast_is_kept_when_the_hour_of_no_return_has_passed() -> None:
    play = a_play()
    play.note(a_forecast(limit=after(300), made=after(299)))
    assert "passed" in why_kept(play.run, a_forecast(limit=after(300), made=after(301)))


def test_a_late_answer_is_thrown_away_by_its_line() -> None:
    play = a_play()
    play.note(a_forecast(knows=40, fits=0.9))
    assert why_kept(play.run, a_forecast(knows=39, fits=0.1)) == ""
    assert why_kept(play.run, a_forecast(knows=40, fits=0.1))


@pytest.mark.parametrize(
    ("of", "words"),
    [(0.0, "0 %"), (0.004, "under 1 %"), (0.93, "93 %"), (0.997, "over 99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_rounded_to_all_or_none(of: float, words: str) -> None:
    assert share(of) == words
