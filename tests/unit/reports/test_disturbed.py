"""Disturbances in the report: whose, how long, how they ended; and none where there was none."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from migrator.engine import events as ev
from migrator.reports.disturbed import LOG_MAX, disturbed, worst
from migrator.reports.html import report_html
from migrator.reports.story import StoryBook
from migrator.reports.summary import run_facts, summary_text
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import DECIDER, END, HANDLERS, Weekend, a_quiet_weekend, minutes

RED_AT = END - timedelta(hours=4)
OPENED = RED_AT - timedelta(hours=4)


def opened(weekend: Weekend, name: str = "D1", by: str = DECIDER, target: str = "w01") -> None:
    weekend.note(
        OPENED,
        ev.DisturbanceOpened(
            name, name, target, "person", "sums <differ>", by, DECIDER, RED_AT, "turn-back"
        ),
    )


def ended() -> Weekend:
    weekend = a_quiet_weekend()
    opened(weekend)
    staffed = ev.DisturbanceStaffed("D1", "w01", DECIDER, (HANDLERS[0],), "R 4", "", DECIDER)
    weekend.note(OPENED + minutes(5), staffed)
    weekend.note(
        OPENED + minutes(9), ev.DisturbanceNoted("D1", "w01", "old cases only", "person", DECIDER)
    )
    weekend.note(
        OPENED + minutes(12), ev.DisturbanceNoted("D1", "w01", "5xx", "alerts", "source.alerts", 40)
    )
    weekend.note(RED_AT, ev.DisturbanceReddened("D1", "w01", "not mended", holds=False))
    weekend.note(
        RED_AT + minutes(30), ev.DisturbanceClosed("D1", "w01", "a rule", "removed", DECIDER)
    )
    return weekend


def book_of(weekend: Weekend) -> StoryBook:
    return tell(weekend.itinerary, weekend.lines(None))


def page(weekend: Weekend, language: str) -> str:
    book = book_of(weekend)
    html = report_html(texts(language, "Europe/Stockholm"), book, weekend.lines(None), "r")
    return re.sub(r"\s+", " ", html)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Disturbances", "D1 · w01: sums &lt;differ&gt;", "reported 40 times", "Became red",
                "Red at the latest", "before turning back is too late", "a rule", "removed",
                "alerts: 5xx", "old cases only")),
        ("sv", ("Störningar", "rapporterad 40 gånger", "Röd senast", "Blev röd", "grön",
                "innan det är för sent att vända")),
    ],
)  # fmt: skip
def test_the_report_tells_each_with_its_clock_its_people_and_its_end(
    language: str, words: tuple[str, ...]
) -> None:
    text = page(ended(), language)
    assert [word for word in words if word not in text] == []


def test_a_weekend_without_any_says_nothing_of_them() -> None:
    assert 'id="disturbances"' not in page(a_quiet_weekend(), "en")


def test_what_nobody_closed_says_so() -> None:
    weekend = a_quiet_weekend()
    opened(weekend, target="")
    text = page(weekend, "en")
    assert "not closed at the last line of the journal" in text
    assert "D1 · the whole" in text


def test_what_the_program_opened_is_the_programs_and_a_long_log_is_cut() -> None:
    weekend = a_quiet_weekend()
    opened(weekend, by="engine")
    for number in range(LOG_MAX + 3):
        note = ev.DisturbanceNoted("D1", "w01", f"line {number}", "person", DECIDER)
        weekend.note(OPENED + minutes(number + 1), note)
    run = book_of(weekend).run
    (row,) = disturbed(run, texts("en"))
    assert (row.who, row.left_out, len(row.log)) == ("the program", 3, LOG_MAX)
    assert "3 earlier lines of its log" in page(weekend, "en")


def test_the_worst_that_was_reached_is_kept_after_the_end() -> None:
    assert worst(book_of(a_quiet_weekend()).run) == "green"
    assert worst(book_of(ended()).run) == "red"
    weekend = a_quiet_weekend()
    opened(weekend)
    assert worst(book_of(weekend).run) == "yellow"


def test_a_terminal_gets_two_lines_of_each() -> None:
    t = texts("en", "Europe/Stockholm")
    text = summary_text(t, book_of(ended()), "r")
    assert "\nDisturbance D1, w01: sums <differ>\n  opened " in text
    assert re.search(r"; red at .*; closed .* by .*: a rule\n", text)
    weekend = a_quiet_weekend()
    opened(weekend)
    assert "not closed at the last line" in summary_text(t, book_of(weekend), "r")
    assert "Disturbance" not in summary_text(t, book_of(a_quiet_weekend()), "r")


def test_programs_get_each_with_stable_keys() -> None:
    facts = json.loads(json.dumps(run_facts(book_of(ended()), "r")))
    (known,) = facts["disturbances"]
    assert (known["id"], known["level"], known["cause"]) == ("D1", "green", "a rule")
    assert known["reddened"] is not None
