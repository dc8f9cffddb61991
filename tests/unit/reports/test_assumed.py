"""What nobody gave: nothing of the plan's list is lost on its way to the pages."""

from __future__ import annotations

from dataclasses import replace

from migrator.reports.assumed import FIELDS, assumed_fields, field_words
from migrator.reports.texts import texts
from weekend import an_itinerary


def test_the_widest_field_comes_first_with_the_names_of_its_subsystems() -> None:
    itinerary = an_itinerary(4, 7)
    (first, names), *rest = assumed_fields(itinerary)
    assert first == "durations.unwind"
    assert len(names) == 10
    assert list(names) == sorted(names)
    assert rest == [("people: telephone of decider-02", ())]


def test_what_differs_only_in_its_figures_is_one_field() -> None:
    itinerary = an_itinerary(1, 3)
    one, two, three = itinerary.legs
    entries = (
        f"{one}: durations.copy (it would need 623 GiB per hour, the line has 420)",
        f"{two}: durations.copy (it would need 435 GiB per hour, the line has 420)",
        f"check {three}: in no function, its team verifies",
        "check nobody: in no function, its team verifies",
    )
    found = dict(assumed_fields(replace(itinerary, assumed=entries)))
    assert len(found["durations.copy"]) == 2
    assert found["in no function, its team verifies"] == (itinerary.legs[three].name,)
    assert found["check nobody: in no function, its team verifies"] == ()


def test_a_field_told_by_its_move_and_by_the_plan_is_counted_once() -> None:
    itinerary = an_itinerary(1, 3)
    moves = [leg for leg in itinerary.legs.values() if "durations.unwind" in leg.assumed]
    again = replace(itinerary, assumed=tuple(f"{leg.id}: durations.unwind" for leg in moves))
    assert dict(assumed_fields(again))["durations.unwind"] == tuple(leg.name for leg in moves)


def test_a_field_has_words_and_one_without_keeps_its_name() -> None:
    swedish = texts("sv", "Europe/Stockholm")
    assert all(field_words(swedish, field) != text for field, text in FIELDS.items())
    assert field_words(swedish, "calendar.window") == "calendar.window"
