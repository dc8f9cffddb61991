"""Exposure and the load of the bridges."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from drawn import NS, parsed, words
from made_up_forecast import a_forecast
from migrator.plan.bridges import crossing
from migrator.plan.model import Itinerary
from migrator.reports.drawing.bridges import CALLS_BOTTOM, SHARE_BOTTOM, exposure_figure, moments
from migrator.reports.drawing.figure import Figure, inline
from migrator.reports.drawing.scene import scene_of_plan, scene_of_run
from migrator.reports.exposure import exposure
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import END, START, a_troubled_weekend, an_itinerary

T = texts("en", "Europe/Stockholm")


@cache
def counted_estate(limit: float | None = 9000.0) -> Itinerary:
    """An estate whose calls somebody has counted."""
    itinerary = an_itinerary(5, 4)
    pairs = tuple(replace(pair, calls_per_day=24 * pair.weight) for pair in itinerary.pairs)
    return replace(itinerary, pairs=pairs, bridge_calls_per_hour=limit)


def of_plan(itinerary: Itinerary) -> Figure:
    figure = exposure_figure(T, scene_of_plan(itinerary))
    assert figure is not None
    return figure


def column(figure: Figure, key: str) -> list[object]:
    keys = [column.key for column in figure.table.columns]
    return [row[keys.index(key)] for row in figure.table.rows]


def test_the_calls_are_those_that_the_plan_counts_for_bridges() -> None:
    itinerary = counted_estate()
    figure = of_plan(itinerary)
    for moment, calls in zip(column(figure, "time"), column(figure, "calls_planned"), strict=True):
        new = {leg.id for leg in itinerary.legs.values() if leg.planned_switch <= moment}  # type: ignore[operator] # the first column holds times
        assert calls == pytest.approx(crossing(itinerary.pairs, new).calls_per_hour)


def test_the_shares_are_those_of_the_exposure() -> None:
    itinerary = counted_estate()
    planned = exposure(itinerary, ()).planned
    figure = of_plan(itinerary)
    wanted = [planned.at(at) * 100 for at in moments(START, END)]
    assert column(figure, "planned_percent") == wanted
    assert max(wanted) > 0


def test_what_bridges_carry_is_a_line_with_its_figure() -> None:
    svg = parsed(inline(of_plan(counted_estate())))
    assert "bridges carry 9,000" in words(svg)
    level = [
        line
        for line in svg.iter(f"{NS}line")
        if line.get("class") == "limit" and line.get("y1") == line.get("y2")
    ]
    assert len(level) == 1


def test_a_limit_far_above_everything_is_told_in_words_and_flattens_nothing() -> None:
    svg = parsed(inline(of_plan(counted_estate(10_000_000.0))))
    assert "Calls per hour over the bridges (they carry 10,000,000)" in words(svg)
    assert "10,000,000" not in words(svg)


def test_without_counted_calls_there_is_only_the_share() -> None:
    figure = of_plan(an_itinerary(5, 4))
    assert figure.height < of_plan(counted_estate()).height - (CALLS_BOTTOM - SHARE_BOTTOM) / 2
    assert "calls_planned" not in [column.key for column in figure.table.columns]


def test_without_links_between_moves_there_is_no_picture() -> None:
    assert exposure_figure(T, scene_of_plan(replace(an_itinerary(2, 2), pairs=()))) is None


def test_after_the_last_line_nothing_is_claimed_to_have_happened() -> None:
    weekend = a_troubled_weekend()
    weekend.itinerary = counted_estate()
    lines = weekend.lines("returned")
    figure = exposure_figure(T, scene_of_run(tell(weekend.itinerary, lines), lines))
    assert figure is not None
    for moment, share in zip(column(figure, "time"), column(figure, "actual_percent"), strict=True):
        assert (share is None) is (moment > lines[-1].at)  # type: ignore[operator] # times


def test_the_weekends_hours_stand_beside_the_plans() -> None:
    itinerary = counted_estate()
    forecast = a_forecast(itinerary, weekends=20)
    figure = exposure_figure(T, scene_of_plan(itinerary, forecast))
    assert figure is not None
    assert column(figure, "mean_percent")[:-1] == [h.split * 100 for h in forecast.bridges]
    assert column(figure, "p95_percent")[-1] is None  # the window's end begins no hour
    assert any("3.4 h on average" in note for note in figure.notes)


def test_a_long_window_has_few_rows() -> None:
    assert len(moments(START, START + timedelta(days=30))) <= 73
