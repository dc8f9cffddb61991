"""Handlers and teams by hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from drawn import NS, bars, collisions, parsed, words
from made_up_forecast import a_forecast
from migrator.forecast.model import HourOfWork
from migrator.reports.drawing.figure import Figure, inline
from migrator.reports.drawing.handlers import PANELS_MAX, handlers_figure, teams_figure
from migrator.reports.drawing.scene import scene_of_plan
from migrator.reports.texts import texts
from weekend import START, an_itinerary

T = texts("en", "Europe/Stockholm")
ITINERARY = an_itinerary(3, 4)
FORECAST = a_forecast(ITINERARY, weekends=20)
HOUR = timedelta(hours=1)


def drawn(rows: Sequence[HourOfWork]) -> Figure:
    scene = scene_of_plan(ITINERARY, replace(FORECAST, handlers=tuple(rows)))
    figure = handlers_figure(T, scene)
    assert figure is not None
    return figure


def pool(name: str, *hours: tuple[float, float, float]) -> list[HourOfWork]:
    return [HourOfWork(START + n * HOUR, name, *each) for n, each in enumerate(hours)]


def test_work_beyond_who_is_there_is_hatched_and_the_rest_is_not() -> None:
    svg = parsed(inline(drawn(pool("few", (3.0, 4.0, 2.0), (1.0, 1.5, 2.0)))))
    (short,) = bars(svg, "short")
    full, part = bars(svg, "work")
    assert short[3] == full[2]  # it stands on the bar of those who are there
    assert (full[3] - full[2]) == 2 * (part[3] - part[2])
    (rect,) = [r for r in svg.iter(f"{NS}rect") if r.get("class") == "bar short"]
    assert rect.get("fill") == "url(#handlers-back)"


def test_the_tightest_hour_stands_in_figures_beside_the_name() -> None:
    said = words(parsed(inline(drawn(pool("few", (1.0, 1.5, 2.0), (3.0, 4.5, 2.0))))))
    assert said[:2] == ["few", "4.5 of 2"]


def test_the_tightest_pools_come_first_and_the_others_are_only_in_the_table() -> None:
    rows = [row for n in range(20) for row in pool(f"pool {n:02d}", (0.1 * n, 0.1 * n + 0.01, 4.0))]
    figure = drawn(rows)
    names = [word for word in words(parsed(inline(figure))) if word.startswith("pool")]
    assert names == [f"pool {n:02d}" for n in range(19, 19 - PANELS_MAX, -1)]
    assert len({row[0] for row in figure.table.rows}) == 20
    assert f"Drawn are the {PANELS_MAX} tightest; the others are in the table." in figure.notes
    assert collisions(parsed(inline(figure))) == []


def test_who_is_asked_for_nothing_is_left_out() -> None:
    rows = [*pool("busy", (1.0, 1.0, 2.0)), *pool("idle", (0.0, 0.0, 2.0))]
    assert "idle" not in words(parsed(inline(drawn(rows))))


def test_the_line_of_people_is_interrupted_where_nobody_told_of_an_hour() -> None:
    first, _, third = pool("few", (1.0, 1.0, 2.0), (1.0, 1.0, 2.0), (1.0, 1.0, 3.0))
    svg = parsed(inline(drawn([first, third])))
    (line,) = [p for p in svg.iter(f"{NS}path") if p.get("class") == "curve there"]
    assert line.get("d", "").count("M") == 2


def test_a_pool_whose_heads_nobody_counts_has_bars_and_no_line() -> None:
    figure = drawn(pool("all", (1.0, 2.0, math.inf)))
    svg = parsed(inline(figure))
    assert len(bars(svg, "work")) == 1
    assert not [p for p in svg.iter(f"{NS}path") if p.get("class") == "curve there"]
    assert figure.table.rows[0][-1] is None


def test_without_a_forecast_the_plan_itself_says_what_it_asks_for() -> None:
    figure = handlers_figure(T, scene_of_plan(ITINERARY))
    assert figure is not None
    assert any(note.startswith("Each check begins with its last") for note in figure.notes)
    assert "wanted_p95" not in [column.key for column in figure.table.columns]
    assert "work by the plan" in [key.text for key in figure.keys]


def test_teams_are_only_known_from_a_forecast() -> None:
    assert teams_figure(T, scene_of_plan(ITINERARY)) is None
    figure = teams_figure(T, scene_of_plan(ITINERARY, FORECAST))
    assert figure is not None
    assert figure.table.columns[0].title == "Team"


def test_how_many_are_short_is_said() -> None:
    rows = [*pool("few", (3.0, 4.0, 2.0)), *pool("enough", (1.0, 1.5, 2.0))]
    assert "1 of 2 is short of people in some hour." in drawn(rows).notes
