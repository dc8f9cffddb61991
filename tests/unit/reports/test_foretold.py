"""What was expected of a run: its news as rows, the last word in sentences, in two languages."""

from __future__ import annotations

from datetime import datetime

import pytest

from forecasts import a_forecast
from migrator.engine import events as ev
from migrator.engine.foresight import WORDS
from migrator.engine.ports import Line
from migrator.reports.foretold import rows, sentences
from migrator.reports.html import report_html
from migrator.reports.story import StoryBook
from migrator.reports.teller import tell
from migrator.reports.texts import Texts, texts
from pages import read_page
from weekend import DECIDER, START, Weekend, a_quiet_weekend, minutes


def hour(after: float) -> datetime:
    return START + minutes(after)


def told(
    *events: ev.Event, language: str = "en", end: str | None = "completed"
) -> tuple[Texts, StoryBook, tuple[Line, ...]]:
    weekend: Weekend = a_quiet_weekend()
    for number, event in enumerate(events):
        weekend.note(hour(1 + number), event, "conductor")
    t = texts(language, weekend.itinerary.window.time_zone)
    lines = weekend.lines(end)
    return t, tell(weekend.itinerary, lines, None), lines


def said(*events: ev.Event, language: str = "en", end: str | None = "completed") -> list[str]:
    t, book, _ = told(*events, language=language, end=end)
    return list(sentences(t, book))


def test_who_was_not_forecast_has_nothing_to_tell() -> None:
    t, book, lines = told()
    assert sentences(t, book) == ()
    assert rows(t, lines) == ()
    assert "expected" not in read_page(report_html(t, book, lines, "x")).ids


def test_the_last_word_is_told_with_its_hour() -> None:
    first = a_forecast(made=hour(1), fits=0.5)
    last = a_forecast(made=hour(2), fits=0.931, end_p80=hour(900), limit=hour(100_000))
    assert said(first, last) == [
        (
            f"The forecast of {stamp(hour(2))}: the weekend ends inside its window in 93 % of the "
            f"sampled ones, and in four of five by {stamp(hour(900))}."
        ),
        f"Everything can be taken back inside the window until {stamp(hour(100_000))}.",
    ]


def stamp(moment: datetime) -> str:
    return texts("en", "Europe/Stockholm").time(moment)


def test_what_cannot_be_undone_is_named_and_who_signed_for_it() -> None:
    _, book, _ = told()
    move = next(iter(book.itinerary.legs))
    made = a_forecast(
        made=hour(1), limit=hour(5), latest=None, data_limit=hour(5), data_limit_of=move
    )
    signed = ev.Signed(WORDS, hour(5), DECIDER, "the payments are out")
    name = book.itinerary.names[move]
    _, turning, word = said(made, signed)
    assert turning == (
        f"Everything can be taken back until {stamp(hour(5))}: after that {name} cannot be undone."
    )
    assert word.endswith(
        f"signed that there is no full unwind after {stamp(hour(5))}: the payments are out."
    )


def test_an_hour_that_passed_unsigned_is_said_to_have() -> None:
    assert said(a_forecast(made=hour(1), limit=hour(5)))[-1] == (
        "Nobody signed that the run went on after that hour."
    )


def test_swedish_readers_get_swedish() -> None:
    found = said(a_forecast(made=hour(1), fits=0.998), language="sv")
    assert "över 99 %" in found[0]
    assert "slutar den inte alls" in found[0]
    assert found[1] == "Allt kan när som helst tas tillbaka inom fönstret."


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_page_has_a_row_for_each_forecast_that_said_something_new(language: str) -> None:
    t, book, lines = told(
        a_forecast(made=hour(1), fits=0.004),
        a_forecast(made=hour(2), end_p80=hour(900), limit=hour(3000)),
        language=language,
    )
    page = report_html(t, book, lines, "x")
    assert 'id="expected"' in page
    assert [row.fits for row in rows(t, lines)] == ["under 1 %", "93 %"]
    assert page.count(t._("Forecasts that said something new")) >= 1
    assert t.time(hour(3000)) in page


def test_a_hold_for_a_bad_forecast_and_one_before_the_hour_are_told_as_troubles() -> None:
    weekend = a_quiet_weekend()
    wave = weekend.itinerary.waves[0].id
    lines = weekend.lines(None)
    at = next(line.at for line in lines if isinstance(line.event, ev.GateDecided)) + minutes(1)
    for subject, trouble in (("turn-back", "turn_back"), ("forecast", "forecast")):
        weekend.note(at, ev.WaveHeld(wave, 1, trouble, subject, (), "it is too late", None))
        weekend.note(at, ev.HoldReleased(wave, subject, DECIDER, "signed"), DECIDER)
    t = texts("en", weekend.itinerary.window.time_zone)
    told_lines = weekend.lines("completed")
    page = report_html(t, tell(weekend.itinerary, told_lines, None), told_lines, "x")
    assert "The turn-back time was reached" in page
    assert "The forecast was too bad" in page
