"""The turn-back curve."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from drawn import NS, bars, collisions, parsed, words
from made_up_forecast import a_forecast
from migrator.forecast.model import Forecast, Quantiles, Span, TurnBack
from migrator.ids import SubsystemId
from migrator.reports.drawing.figure import Figure, inline
from migrator.reports.drawing.scene import scene_of_plan
from migrator.reports.drawing.turn_back import BOTTOM, TOP, turn_back_figure
from migrator.reports.texts import texts
from weekend import END, START, an_itinerary

T = texts("en", "Europe/Stockholm")
ITINERARY = an_itinerary(5, 4)
FORECAST = a_forecast(ITINERARY, weekends=40)
HOUR = timedelta(hours=1)


def drawn(forecast: Forecast) -> Figure:
    figure = turn_back_figure(T, scene_of_plan(ITINERARY, forecast))
    assert figure is not None
    return figure


def of(**changes: object) -> Forecast:
    return replace(FORECAST, turn_back=replace(FORECAST.turn_back, **changes))  # type: ignore[arg-type] # fields by name


def test_the_limit_is_named_by_its_hour() -> None:
    limit = START + 30 * HOUR
    said = words(parsed(inline(drawn(of(limit=limit)))))
    assert f"turn back by {T.hour(limit, END - START)}" in said
    assert "the window ends" in said


def test_where_nothing_is_too_late_nothing_is_hatched_and_no_limit_is_named() -> None:
    figure = drawn(of(limit=None, latest=None, unsafe=(), data_limit=None))
    svg = parsed(inline(figure))
    assert bars(svg, "unsafe") == []
    assert not any(word.startswith("turn back by") for word in words(svg))
    assert figure.description == "At every moment that was looked at one may still turn back."


def test_every_unsafe_stretch_is_hatched_where_it_lies_also_if_later_ones_are_safe() -> None:
    spans = (Span(START + 20 * HOUR, START + 25 * HOUR), Span(START + 50 * HOUR, None))
    figure = drawn(of(unsafe=spans, limit=spans[0].begin))
    svg = parsed(inline(figure))
    first, second = bars(svg, "unsafe")
    assert (first[2], first[3]) == (TOP, BOTTOM)
    assert first[1] < second[0]
    width = second[1] - first[0]
    assert width == pytest.approx((first[1] - first[0]) / 5 * 40, rel=0.01)
    late = [row[0] for row in figure.table.rows if row[-1] == "yes"]
    wanted = [
        point.at
        for point in FORECAST.turn_back.curve
        if START + 20 * HOUR <= point.at < START + 25 * HOUR or point.at >= START + 50 * HOUR
    ]
    assert late == wanted


def test_the_datas_own_limit_and_the_forecasts_hour_are_named_where_they_differ() -> None:
    leg = next(iter(ITINERARY.legs.values()))
    forecast = replace(
        of(
            limit=START + 30 * HOUR,
            data_limit=START + 40 * HOUR,
            data_limit_of=SubsystemId(leg.id),
        ),
        at=START + 10 * HOUR,
    )
    svg = parsed(inline(drawn(forecast)))
    said = " | ".join(words(svg))
    assert f"first write for good {T.hour(START + 40 * HOUR, END - START)} ({leg.name})" in said
    assert f"forecast made {T.hour(START + 10 * HOUR, END - START)}" in said
    assert collisions(svg) == []
    same = parsed(inline(drawn(of(limit=START + 30 * HOUR, data_limit=START + 30 * HOUR))))
    assert not any(word.startswith("first write") for word in words(same))


def test_a_curve_is_interrupted_where_not_all_would_ever_be_back() -> None:
    def without(turn_back: TurnBack) -> TurnBack:
        points = list(turn_back.curve)
        back = points[10].back
        points[10] = replace(points[10], back=Quantiles(back.p50, back.p80, None))
        return replace(turn_back, curve=tuple(points))

    svg = parsed(inline(drawn(replace(FORECAST, turn_back=without(FORECAST.turn_back)))))
    pens = {
        path.get("class"): path.get("d", "").count("M")
        for path in svg.iter(f"{NS}path")
        if (path.get("class") or "").startswith("curve p")
    }
    assert pens == {"curve p50": 1, "curve p80": 1, "curve p95": 2}


def test_no_curve_leaves_the_plot_however_long_the_way_back_is() -> None:
    def late(at: datetime) -> Quantiles:
        return Quantiles(at + 500 * HOUR, at + 600 * HOUR, at + 700 * HOUR)

    curve = tuple(replace(p, back=late(p.at)) for p in FORECAST.turn_back.curve)
    figure = drawn(of(curve=curve))
    svg = parsed(inline(figure))
    assert collisions(svg) == []
    drawn_to = [p.get("d") for p in svg.iter(f"{NS}path") if p.get("class") == "curve p95"]
    assert drawn_to == [""]
    assert figure.table.rows[0][1] == START + 500 * HOUR


def test_the_higher_a_point_the_later_all_is_back_and_the_window_is_a_level_line() -> None:
    svg = parsed(inline(drawn(FORECAST)))
    (level,) = [
        line
        for line in svg.iter(f"{NS}line")
        if line.get("class") == "limit" and line.get("y1") == line.get("y2")
    ]
    assert TOP < float(level.get("y1", "0")) < BOTTOM


def test_without_a_curve_there_is_no_picture() -> None:
    assert turn_back_figure(T, scene_of_plan(ITINERARY)) is None
    assert turn_back_figure(T, scene_of_plan(ITINERARY, of(curve=()))) is None


def test_until_when_to_be_through_is_said_where_it_is_known() -> None:
    with_room = drawn(of(plan_by=START + 33 * HOUR)).notes
    assert any(note.startswith("Whoever is through by") for note in with_room)
    assert len(drawn(of(plan_by=None)).notes) == len(with_room) - 1
