"""The parts of pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from migrator.reports.svg import TimeAxis, element, fitted, label, picture, steps_path
from migrator.reports.texts import texts

T = texts("en", "Europe/Stockholm")
LATE = datetime(2023, 10, 13, 21, 0, tzinfo=UTC)  # 23:00 in Stockholm


def days(axis: TimeAxis, spare: float = 0.0) -> list[str | None]:
    drawn = ET.fromstring(f"<g>{axis.drawn(T, 0, 100, spare)}</g>")  # noqa: S314 - our own
    return [text.text for text in drawn.iter("text") if "day" in text.get("class", "")]


def test_the_rest_of_a_day_gives_way_to_the_day_after_it() -> None:
    evening = LATE - timedelta(hours=5)
    roomy = TimeAxis(evening, evening + timedelta(hours=60), 100, 1200)
    assert days(roomy) == ["Fri 10-13", "Sat 10-14", "Sun 10-15", "Mon 10-16"]
    narrow = TimeAxis(evening, evening + timedelta(hours=60), 100, 700)
    assert days(narrow) == ["Sat 10-14", "Sun 10-15"]


def test_a_days_name_may_use_the_room_beside_the_axis_and_no_more() -> None:
    evening = LATE - timedelta(hours=5)
    narrow = TimeAxis(evening, evening + timedelta(hours=60), 100, 700)
    assert days(narrow, spare=60) == ["Sat 10-14", "Sun 10-15", "Mon 10-16"]
    assert days(TimeAxis(LATE, LATE + timedelta(hours=60), 100, 160)) == []


def test_ticks_are_round_local_hours_also_on_the_day_the_clocks_change() -> None:
    start = datetime(2023, 10, 28, 16, 0, tzinfo=UTC)
    axis = TimeAxis(start, start + timedelta(hours=60), 100, 800)
    hours = [T.local(moment).hour for moment in axis.ticks(T)]
    assert set(hours) <= {0, 6, 12, 18}
    assert hours == [18, 0, 6, 12, 18, 0, 6, 12, 18, 0]


def test_a_moment_outside_the_axis_is_held_at_its_edge() -> None:
    axis = TimeAxis(LATE, LATE + timedelta(hours=10), 100, 800)
    assert axis.x(LATE - timedelta(hours=1)) == 100
    assert axis.x(LATE + timedelta(hours=5)) == 450
    assert axis.x(LATE + timedelta(hours=99)) == 800
    assert TimeAxis(LATE, LATE, 100, 800).x(LATE) == 100


def test_texts_and_attributes_are_escaped() -> None:
    svg = ET.fromstring(label(1, 2, '<&"'))  # noqa: S314 - our own
    assert svg.text == '<&"'
    assert 'class="a&quot;b"' in element("rect", class_='a"b')


@pytest.mark.parametrize(("text", "shown"), [("short", "short"), ("x" * 30, "x" * 12 + "…")])
def test_a_text_that_does_not_fit_is_cut_with_an_ellipsis(text: str, shown: str) -> None:
    assert fitted(text, 7.2 * 13) == shown


def test_a_picture_is_named_by_its_title_and_description() -> None:
    svg = ET.fromstring(picture("p", 10, 20, "T", "D", ""))  # noqa: S314 - our own
    assert svg.get("aria-labelledby") == "p-title p-desc"
    assert svg.get("role") == "img"


def test_a_step_curve_goes_on_to_the_end() -> None:
    assert steps_path([(0, 10), (5, 2)], 9) == "M0.0 10.0H5.0V2.0H9.0"
    assert steps_path([], 9) == ""
