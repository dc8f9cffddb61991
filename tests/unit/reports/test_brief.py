"""The decision sheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.plan.model import Figures, Itinerary
from migrator.plan.seal import Inputs, Seal, make_seal
from migrator.reports.brief import (
    Outlook,
    brief_html,
    brief_text,
    changed,
    irreversible,
    listed,
    shift_rows,
)
from migrator.reports.texts import texts
from pages import read_page
from weekend import an_itinerary

FIGURES = Figures(4.25, 46.5, 5.3, 7, 1000)
INPUTS = Inputs("plan", "inventory", "links", "manifests", "0.1.0")
T = texts("en", "Europe/Stockholm")


def a_seal(*not_exercised: str, inputs: Inputs = INPUTS) -> Seal:
    return make_seal(
        "autumn",
        inputs,
        passed=True,
        seed=1,
        steps_exercised=(),
        undos_exercised=(),
        waves_unwound=(),
        not_exercised=not_exercised,
    )


def sheet(itinerary: Itinerary, seal: Seal | None = None, outlook: Outlook | None = None) -> str:
    page = brief_html(
        T, itinerary, FIGURES, seal=seal, inputs=INPUTS, practice=False, outlook=outlook
    )
    found = read_page(page)
    assert found.unbalanced == []
    assert found.outside == []
    return found.text


@pytest.fixture(scope="module")
def itinerary() -> Itinerary:
    return an_itinerary(4, 7)


def test_it_says_what_moves_where_when_and_for_how_long(itinerary: Itinerary) -> None:
    text = sheet(itinerary)
    assert "28 subsystems move from old-hall to new-cluster in 4 waves." in text
    assert "Friday 2023-10-13 18:00 to Monday 2023-10-16 06:00 (Europe/Stockholm)" in text
    assert "46.5 h" in text
    assert "LIVE: new-cluster" in text


def test_what_nothing_has_computed_is_not_invented(itinerary: Itinerary) -> None:
    assert sheet(itinerary).count("not computed") == 2
    known = Outlook(0.83, datetime(2023, 10, 15, 20, 0, tzinfo=UTC))
    text = sheet(itinerary, outlook=known)
    assert "not computed" not in text
    assert "83 %" in text
    assert "2023-10-15 22:00" in text


def test_acts_without_a_way_back_are_listed_by_hour_and_unknown_hours_last(
    itinerary: Itinerary,
) -> None:
    legs = irreversible(list(reversed(itinerary.legs.values())))
    hours = [leg.irreversible_at for leg in legs]
    known = [hour for hour in hours if hour is not None]
    assert known
    assert known == sorted(known)
    assert hours == known + [None] * (len(hours) - len(known))
    assert "not known" in sheet(itinerary)


def test_without_a_seal_nothing_counts_as_exercised(itinerary: Itinerary) -> None:
    assert "Nothing of it has been exercised." in sheet(itinerary)


def test_a_seal_stands_in_its_short_form_with_what_it_left_out(itinerary: Itinerary) -> None:
    seal = a_seal("the undo of copy")
    text = sheet(itinerary, seal)
    assert seal.short_form in text
    assert "the undo of copy" in text
    assert "Changed since" not in text


def test_a_seal_of_something_else_is_named_as_such(itinerary: Itinerary) -> None:
    old = replace(INPUTS, plan_digest="older", program_version="0.0.9")
    seal = a_seal(inputs=old)
    assert changed(seal, INPUTS) == ("the plan", "the program")
    text = sheet(itinerary, seal)
    assert "Changed since that dry run: the plan and the program." in text


def test_handlers_are_counted_by_shift_and_checks_fall_into_theirs(itinerary: Itinerary) -> None:
    rows = shift_rows(itinerary)
    assert [row.handlers for row in rows] == [6, 6]
    assert rows[0].start == itinerary.window.start
    assert rows[-1].end == itinerary.window.end
    assert sum(row.checks for row in rows) == len(itinerary.checks)
    assert sum(row.minutes for row in rows) == 12 * 2 * len(itinerary.checks)


def test_assumed_figures_are_counted_by_field(itinerary: Itinerary) -> None:
    text = sheet(itinerary)
    assert "how long it takes to take back: 10 subsystems" in text
    assert "people: telephone of decider-02" in text


def test_the_sheet_speaks_the_readers_language_of_what_was_left_out(itinerary: Itinerary) -> None:
    seal = a_seal("The real platforms: every act was performed on a simulated one.", "copy: 100 %")
    swedish = texts("sv", "Europe/Stockholm")
    for draw in (brief_html, brief_text):
        page = draw(swedish, itinerary, FIGURES, seal=seal, inputs=INPUTS, practice=True)
        assert "The real platforms" not in page
        assert "copy: 100 %" in page
        assert "hur lång tid det tar att ta tillbaka: 10 delsystem" in page


def test_what_does_not_fit_is_counted() -> None:
    assert listed(("a", "b", "c"), 2).more == 1
    assert listed(("a",), 2).more == 0


def test_the_plain_text_holds_the_same_facts(itinerary: Itinerary) -> None:
    seal = a_seal("the undo of copy")
    text = brief_text(T, itinerary, FIGURES, seal=seal, inputs=INPUTS, practice=True)
    assert text.startswith("PRACTICE")
    for fact in (seal.short_form, "the undo of copy", "28 subsystems move", "not computed"):
        assert fact in text
