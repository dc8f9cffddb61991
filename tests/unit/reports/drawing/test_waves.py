"""The waves over time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import pytest

from drawn import NS, bars, parsed, words
from made_up_forecast import a_forecast
from migrator.engine import events as ev
from migrator.forecast.model import Forecast, Quantiles
from migrator.plan.model import StepKind
from migrator.reports.drawing.figure import Figure, inline
from migrator.reports.drawing.scene import scene_of_plan, scene_of_run
from migrator.reports.drawing.waves import LANE, waves_figure
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import DECIDER, END, START, a_troubled_weekend, a_weekend, an_itinerary, minutes

T = texts("en", "Europe/Stockholm")
ITINERARY = an_itinerary(5, 4)


@cache
def forecast() -> Forecast:
    return a_forecast(ITINERARY, weekends=40)


def of_plan(found: Forecast | None) -> Figure:
    return waves_figure(T, scene_of_plan(ITINERARY, found))


@cache
def of_run() -> Figure:
    weekend = a_troubled_weekend()
    lines = weekend.lines("returned")
    return waves_figure(T, scene_of_run(tell(weekend.itinerary, lines), lines, forecast()))


def marks(svg: ET.Element, kind: str) -> list[str]:
    """The titles of the marks of a kind."""
    found = [each for each in svg.iter(f"{NS}path") if each.get("class") == f"mark {kind}"]
    return [each.findtext(f"{NS}title") or "" for each in found]


def test_every_wave_has_its_planned_frame_with_a_notch_for_each_switch_and_its_gate() -> None:
    svg = parsed(inline(of_plan(None)))
    frames = bars(svg, "planned")
    assert len(frames) == 5
    notches = [line for line in svg.iter(f"{NS}line") if line.get("class") == "notch"]
    assert len(notches) >= 5
    assert len(marks(svg, "planned")) == 5
    assert all(mark.startswith("gate planned 2023-10-") for mark in marks(svg, "planned"))
    for left, right, top, bottom in frames:
        own = [n for n in notches if top < float(n.get("y1", "0")) < bottom]
        assert own
        assert all(left <= float(n.get("x1", "0")) <= right for n in own)


def test_planned_stands_above_likely_and_likely_above_actual() -> None:
    svg = parsed(inline(of_run()))
    planned, likely = bars(svg, "planned"), bars(svg, "chance")
    assert [round(b[2] - a[2]) for a, b in zip(planned, likely, strict=True)] == [LANE + 1] * 5
    lowest = {top for _, _, top, _ in bars(svg, "work")}
    assert lowest == {planned[row][2] + 2 * LANE for row in (0, 1, 2, 4)}  # w04 was blocked


def test_what_was_taken_back_is_hatched() -> None:
    svg = parsed(inline(of_run()))
    back = [each for each in svg.iter(f"{NS}rect") if each.get("class") == "bar back"]
    assert [each.get("fill") for each in back] == ["url(#waves-back)"]
    first, second, third = (top for _, _, top, _ in bars(svg, "planned")[:3])
    assert first < second < float(back[0].get("y", "0")) < third  # in the row of w02


def test_the_hatching_from_p50_to_p80_begins_where_the_likely_bar_ends() -> None:
    svg = parsed(inline(of_plan(forecast())))
    for sure, spread in zip(bars(svg, "chance"), bars(svg, "spread"), strict=True):
        assert spread[0] == pytest.approx(sure[1], abs=0.2)
        assert spread[1] > spread[0]
    said = [
        each.findtext(f"{NS}title") or ""
        for each in svg.iter(f"{NS}rect")
        if each.get("class") == "bar spread"
    ]
    axis = bars(svg, "planned")
    for wave, words_, (_, right, _, _) in zip(
        forecast().waves, said, bars(svg, "spread"), strict=True
    ):
        assert wave.end.p80 is not None
        assert f"\N{EN DASH} {T.time(wave.end.p80)} (" in words_
        # A minute is as wide here as in the planned frame of the first wave.
        first = ITINERARY.waves[0].moves
        begin = min(ITINERARY.legs[move].planned_start for move in first)
        end = max(ITINERARY.legs[move].planned_end for move in first)
        scale = (axis[0][1] - axis[0][0]) / (end - begin).total_seconds()
        place = axis[0][0] + (wave.end.p80 - begin).total_seconds() * scale
        assert right == pytest.approx(place, rel=0.01)
    fills = {
        each.get("fill") for each in svg.iter(f"{NS}rect") if each.get("class") == "bar spread"
    }
    assert fills == {"url(#waves-spread)"}


def test_an_end_that_too_few_weekends_reach_is_drawn_to_the_edge_and_said_to_be_unknown() -> None:
    waves = forecast().waves
    first = replace(waves[0], end=Quantiles(waves[0].end.p50, None, None))
    svg = parsed(inline(of_plan(replace(forecast(), waves=(first, *waves[1:])))))
    (_, right, _, _) = bars(svg, "spread")[0]
    assert right > max(each[1] for each in bars(svg, "spread")[1:])
    assert "P80 \N{EN DASH}" in words(svg)


def test_a_wave_that_is_over_has_no_likely_bar_any_more() -> None:
    waves = tuple(replace(wave, over=True) for wave in forecast().waves)
    figure = of_plan(replace(forecast(), waves=waves))
    assert bars(parsed(inline(figure)), "chance") == []
    assert not any(word.startswith("P80") for word in words(parsed(inline(figure))))


def test_the_hour_of_no_return_is_named_above_the_waves_where_it_is_known() -> None:
    assert "the window ends" in words(parsed(inline(of_plan(None))))
    limit = forecast().turn_back.limit
    assert limit is not None
    said = f"turn back by {T.hour(limit, END - START)}"
    assert said in words(parsed(inline(of_plan(forecast()))))
    never = replace(forecast(), turn_back=replace(forecast().turn_back, limit=None))
    assert said not in words(parsed(inline(of_plan(never))))


def test_how_often_a_wave_is_taken_back_stands_beside_it() -> None:
    said = words(parsed(inline(of_plan(forecast()))))
    assert [word for word in said if word.startswith("taken back in")] == [
        "taken back in 4 %",
        "taken back in 8 %",
        "taken back in 12 %",
    ]


def test_a_gate_that_was_closed_and_one_that_was_opened_are_told_apart() -> None:
    weekend = a_weekend(2, 2)
    first, second = weekend.itinerary.waves
    weekend.quiet_wave(first)
    at = second.gate_at
    weekend.note(at, ev.GateOpened(second.id, 1, at + minutes(60)))
    weekend.note(at + minutes(3), ev.GateLapsed(second.id, 1, DECIDER, "rain"), DECIDER)
    lines = weekend.lines(None)
    svg = parsed(inline(waves_figure(T, scene_of_run(tell(weekend.itinerary, lines), lines))))
    assert len(marks(svg, "gate")) == 1
    assert [mark.split(" 20")[0] for mark in marks(svg, "no")] == ["gate closed"]


def test_a_run_that_goes_on_is_drawn_up_to_its_last_line() -> None:
    weekend = a_weekend(1, 1)
    wave = weekend.itinerary.waves[0]
    leg = next(iter(weekend.itinerary.legs.values()))
    weekend.step(leg, StepKind.BASELINE, weekend.gate(wave))
    lines = weekend.lines(None)
    figure = waves_figure(T, scene_of_run(tell(weekend.itinerary, lines), lines))
    assert len(bars(parsed(inline(figure)), "work")) == 1
    assert figure.table.rows[0][-3] is None  # it has not ended


def test_the_table_holds_what_the_picture_shows() -> None:
    figure = of_run()
    keys = [column.key for column in figure.table.columns]
    row = dict(zip(keys, figure.table.rows[0], strict=True))
    assert (row["wave"], row["subsystems"]) == ("w01", 4)
    assert row["gate_planned"] == ITINERARY.waves[0].gate_at
    assert row["end_p80"] == forecast().waves[0].end.p80
    assert row["start_actual"] is not None
    assert "end_p80" not in [column.key for column in of_plan(None).table.columns]
