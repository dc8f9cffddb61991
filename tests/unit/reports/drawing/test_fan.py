"""The fan of sampled weekends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from drawn import NS, parsed, words
from made_up_forecast import a_forecast
from migrator.forecast.model import FanLine, Quantiles
from migrator.reports.drawing.fan import LINES_MAX, fan_figure
from migrator.reports.drawing.figure import Figure, inline
from migrator.reports.drawing.scene import Scene, scene_of_plan, scene_of_run
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import END, START, a_quiet_weekend, an_itinerary

T = texts("en", "Europe/Stockholm")
ITINERARY = an_itinerary(5, 4)
FORECAST = a_forecast(ITINERARY, weekends=40)
HOUR = timedelta(hours=1)


def drawn(scene: Scene) -> Figure:
    figure = fan_figure(T, scene)
    assert figure is not None
    return figure


def paths(figure: Figure, kind: str) -> list[str]:
    svg = parsed(inline(figure))
    return [p.get("d", "") for p in svg.iter(f"{NS}path") if p.get("class") == kind]


def test_the_band_lies_between_the_fifth_and_the_ninety_fifth_of_a_hundred() -> None:
    at = START + 10 * HOUR
    fan = tuple(FanLine(tuple(at for _ in range(n // 10)), END - HOUR) for n in range(100))
    figure = drawn(scene_of_plan(ITINERARY, replace(FORECAST, fan=fan)))
    rows = {row[0]: row[1:4] for row in figure.table.rows}
    assert rows[START + 9 * HOUR] == (0, 0, 0)
    assert rows[at] == (0, 5, 9)


def test_some_weekends_are_drawn_as_lines_the_earliest_and_the_latest_among_them() -> None:
    figure = drawn(scene_of_plan(ITINERARY, FORECAST))
    assert len(FORECAST.fan) > LINES_MAX
    assert len(paths(figure, "curve one")) == LINES_MAX
    few = replace(FORECAST, fan=FORECAST.fan[:3])
    assert len(paths(drawn(scene_of_plan(ITINERARY, few)), "curve one")) == 3


def test_the_run_is_drawn_over_it_and_counted_up_to_its_last_line() -> None:
    weekend = a_quiet_weekend(5, 4)
    lines = weekend.lines()
    scene = scene_of_run(tell(weekend.itinerary, lines), lines, FORECAST)
    figure = drawn(scene)
    assert len(paths(figure, "curve there")) == 1
    known = [row[-1] for row in figure.table.rows if row[0] <= lines[-1].at]  # type: ignore[operator] # times
    assert known == sorted(known)  # type: ignore[type-var] # numbers
    assert known[-1] == 20
    assert all(row[-1] is None for row in figure.table.rows if row[0] > lines[-1].at)  # type: ignore[operator]
    assert paths(drawn(scene_of_plan(ITINERARY, FORECAST)), "curve there") == []


def test_the_ends_are_flags_and_one_that_is_not_known_has_none() -> None:
    end = Quantiles(FORECAST.end.p50, FORECAST.end.p80, None)
    figure = drawn(scene_of_plan(ITINERARY, replace(FORECAST, end=end)))
    said = [word for word in words(parsed(inline(figure))) if "of the end" in word]
    assert sorted(word[:3] for word in said) == ["P50", "P80"]


def test_nobody_counts_subsystems_in_halves() -> None:
    small = an_itinerary(2, 2)
    figure = drawn(scene_of_plan(small, a_forecast(small, weekends=20)))
    numbers = [w for w in words(parsed(inline(figure))) if w.isdigit() and len(w) == 1]
    assert numbers == ["0", "1", "2", "3", "4"]


def test_a_kept_weekend_in_which_nothing_switches_is_a_level_line() -> None:
    fan = (FanLine((), END),)
    figure = drawn(scene_of_plan(ITINERARY, replace(FORECAST, fan=fan)))
    (line,) = paths(figure, "curve one")
    assert line.count("L") == 1


def test_without_weekends_there_is_no_picture() -> None:
    assert fan_figure(T, scene_of_plan(ITINERARY)) is None
    assert fan_figure(T, scene_of_plan(ITINERARY, replace(FORECAST, fan=()))) is None


def test_it_says_in_how_many_weekends_all_of_it_fits() -> None:
    figure = drawn(scene_of_plan(ITINERARY, replace(FORECAST, fits=0.875)))
    assert "In 87.5 % of 40 sampled weekends" in figure.notes[0]
    assert figure.notes[1] == "The band is that of 40 of them."
