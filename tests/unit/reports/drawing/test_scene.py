"""What all pictures read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from made_up_forecast import a_forecast
from migrator.reports.drawing.scene import counted, scene_of_plan, scene_of_run
from migrator.reports.teller import tell
from weekend import END, START, a_quiet_weekend, a_troubled_weekend, an_itinerary, minutes


def test_a_plan_reaches_from_the_windows_start_to_its_end() -> None:
    scene = scene_of_plan(an_itinerary(2, 3))
    assert (scene.begin, scene.end) == (START, END)
    assert scene.seen_until is None
    assert [new for _, _, new in scene.planned] == [True] * 6
    assert scene.actual == ()


def test_what_outlasts_the_window_stretches_the_axis() -> None:
    itinerary = an_itinerary(2, 3)
    forecast = a_forecast(itinerary, weekends=20)
    late = END + timedelta(hours=5)
    end = replace(forecast.end, p95=late)
    assert scene_of_plan(itinerary, replace(forecast, end=end)).end == late
    assert scene_of_plan(itinerary, replace(forecast, end=replace(end, p95=None))).end == END


def test_a_run_is_seen_until_its_last_line() -> None:
    weekend = a_quiet_weekend(2, 2)
    lines = weekend.lines()
    scene = scene_of_run(tell(weekend.itinerary, lines), lines)
    assert scene.seen_until == lines[-1].at
    assert counted(scene.actual, scene.begin)[-1][1] == 4


def test_who_was_taken_back_stands_on_the_new_side_no_more() -> None:
    weekend = a_troubled_weekend()
    lines = weekend.lines("returned")
    book = tell(weekend.itinerary, lines)
    numbers = [number for _, number in counted(scene_of_run(book, lines).actual, START)]
    assert max(numbers) > numbers[-1] or numbers != sorted(numbers)
    assert numbers[-1] == book.counts.moved


def test_moves_of_one_moment_are_one_step() -> None:
    at = START + minutes(5)
    flips = ((at, "a", True), (at, "b", True), (at + minutes(1), "a", True))
    assert counted(flips, START) == ((START, 0), (at, 2))
