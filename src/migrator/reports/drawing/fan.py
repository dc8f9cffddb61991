"""The fan of sampled weekends: how many moves have switched by when, and how the run went.

Called by `gallery.py` where a forecast is there. The band holds nine of ten sampled weekends at
each moment; some of them are drawn as lines, so that one sees how a single weekend moves inside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from migrator.forecast.model import FanLine, Forecast, Quantiles
from migrator.reports.drawing import parts
from migrator.reports.drawing.bridges import moments
from migrator.reports.drawing.figure import FOOT, WIDTH, Cell, Column, Figure, Table
from migrator.reports.drawing.scene import Flip, Scene, counted, shown_share
from migrator.reports.drawing.waves import window_end
from migrator.reports.svg import TimeAxis, element, label, steps_path
from migrator.reports.texts import Texts

NAME: Final = "fan"
LEFT: Final = 70
RIGHT: Final = 14
TOP: Final = 84
BOTTOM: Final = 380

GRID: Final = timedelta(minutes=15)
"""Finer steps would not be seen: at 60 hours this is three pixels."""

LINES_MAX: Final = 12


def fan_figure(t: Texts, scene: Scene) -> Figure | None:
    """Band, lines, the plan and the run; None where no weekend was kept."""
    forecast = scene.forecast
    if forecast is None or not forecast.fan:
        return None
    axis = TimeAxis(scene.begin, scene.end, LEFT, WIDTH - RIGHT)
    scale = parts.value_axis(max(len(scene.itinerary.legs), 1), TOP, BOTTOM, whole=True)
    grid = _grid(scene.begin, scene.end)
    body = [parts.patterns(NAME), _band(forecast.fan, grid, axis, scale)]
    body.append(scale.drawn(LEFT, WIDTH - RIGHT, t.number))
    body.append(axis.drawn(t, TOP, BOTTOM))
    body.extend(
        element("path", d=_line(line, grid, axis, scale), class_="curve one")
        for line in _some(forecast.fan)
    )
    middle = [(axis.x(at), scale.y(_share(forecast.fan, at, 0.5))) for at in grid]
    body.append(element("path", d=_short(middle), class_="curve p50"))
    body.append(element("path", d=_steps(scene.planned, scene.begin, axis, scale, scene.end),
                        class_="curve planned"))  # fmt: skip
    if scene.seen_until is not None:
        path = _steps(scene.actual, scene.begin, axis, scale, scene.seen_until)
        body.append(element("path", d=path, class_="curve there"))
    body.append(window_end(t, axis, scene.itinerary.window.end, TOP, BOTTOM))
    body.append(_flags(t, scene, forecast.end, axis))
    body.append(label(0, TOP - 62, t._("Subsystems on the new side"), class_="strong"))
    keys = [
        parts.bar_key("chance", t._("nine of ten sampled weekends")),
        parts.curve_key("one", t._("single weekends")),
        parts.curve_key("p50", t._("the middle one at each moment")),
        parts.curve_key("planned", t._("planned")),
    ]
    if scene.book is not None:
        keys.append(parts.curve_key("there", t._("actual")))
    keys.append(parts.limit_key(t._("the window ends")))
    return Figure(
        NAME,
        t._("How sampled weekends go"),
        _described(t, scene, forecast),
        BOTTOM + FOOT,
        "".join(body),
        tuple(keys),
        _notes(t, forecast),
        _table(t, scene, forecast),
    )


def _grid(begin: datetime, end: datetime) -> list[datetime]:
    return [begin + GRID * n for n in range(int((end - begin) / GRID) + 1)]


def _some(fan: Sequence[FanLine]) -> list[FanLine]:
    """Weekends spread evenly over the order of their ends, the first and the last among them."""
    ordered = sorted(fan, key=lambda line: (line.end, line.switched))
    if len(ordered) <= LINES_MAX:
        return ordered
    last = len(ordered) - 1
    return [ordered[round(n * last / (LINES_MAX - 1))] for n in range(LINES_MAX)]


def _share(fan: Sequence[FanLine], at: datetime, share: float) -> float:
    """How many have switched by then, in that share of the weekends at most."""
    counts = sorted(bisect_right(line.switched, at) for line in fan)
    return float(counts[min(int(share * len(counts)), len(counts) - 1)])


def _band(
    fan: Sequence[FanLine], grid: Sequence[datetime], axis: TimeAxis, scale: parts.ValueAxis
) -> str:
    upper = [(axis.x(at), scale.y(_share(fan, at, 0.95))) for at in grid]
    lower = [(axis.x(at), scale.y(_share(fan, at, 0.05))) for at in grid]
    return element("path", d=parts.band_path(upper, lower), class_="band")


def _line(line: FanLine, grid: Sequence[datetime], axis: TimeAxis, scale: parts.ValueAxis) -> str:
    """One weekend up to its end."""
    points = [
        (axis.x(at), scale.y(bisect_right(line.switched, at))) for at in grid if at <= line.end
    ]
    return _short(points)


def _short(points: Sequence[parts.Place]) -> str:
    """The path without the places that lie on a level stretch."""
    kept = [
        point
        for n, point in enumerate(points)
        if n in {0, len(points) - 1} or not (points[n - 1][1] == point[1] == points[n + 1][1])
    ]
    return parts.line_path(kept)


def _steps(
    flips: Sequence[Flip], begin: datetime, axis: TimeAxis, scale: parts.ValueAxis, end: datetime
) -> str:
    points = [(axis.x(at), scale.y(number)) for at, number in counted(flips, begin)]
    return steps_path(points, axis.x(end))


def _flags(t: Texts, scene: Scene, end: Quantiles, axis: TimeAxis) -> str:
    """By when everything is over; what happens in too few weekends has no moment and no flag."""
    rows = []
    for name, moment in (("P50", end.p50), ("P80", end.p80), ("P95", end.p95)):
        if moment is None:
            continue
        hour = t.hour(moment, scene.end - scene.begin)
        words = t._("%(name)s of the end %(time)s", name=name, time=hour)
        rows.append(parts.Flag(axis.x(moment), words, "tick", f"flag {name.lower()}"))
    return parts.flags(rows, LEFT, WIDTH, TOP, BOTTOM)


def _described(t: Texts, scene: Scene, forecast: Forecast) -> str:
    fits = _fits(t, forecast)
    if scene.book is None or not scene.actual:
        return fits
    moved = counted(scene.actual, scene.begin)[-1][1]
    return f"{fits} " + t.ngettext(
        "In the run %(num)s subsystem stands on the new side.",
        "In the run %(num)s subsystems stand on the new side.",
        moved,
    )


def _fits(t: Texts, forecast: Forecast) -> str:
    return t._(
        "In %(share)s of %(weekends)s sampled weekends everything moves and ends inside the"
        " window.",
        share=shown_share(t, forecast.fits, 1),
        weekends=t.number(forecast.weekends),
    )


def _notes(t: Texts, forecast: Forecast) -> tuple[str, ...]:
    drawn = t._("The band is that of %(count)s of them.", count=t.number(len(forecast.fan)))
    return _fits(t, forecast), drawn


def _table(t: Texts, scene: Scene, forecast: Forecast) -> Table:
    columns = [
        Column("time", t._("Time")),
        Column("switched_p5", "P5"),
        Column("switched_p50", "P50"),
        Column("switched_p95", "P95"),
        Column("switched_planned", t._("Planned")),
    ]
    if scene.book is not None:
        columns.append(Column("switched_actual", t._("Actual")))
    planned, actual = counted(scene.planned, scene.begin), counted(scene.actual, scene.begin)
    rows = []
    for at in moments(scene.begin, scene.end):
        shares = (0.05, 0.5, 0.95)
        row: list[Cell] = [at, *(int(_share(forecast.fan, at, share)) for share in shares)]
        row.append(_number(planned, at))
        if scene.seen_until is not None:
            row.append(_number(actual, at) if at <= scene.seen_until else None)
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def _number(points: Sequence[tuple[datetime, int]], at: datetime) -> int:
    return points[max(bisect_right(points, at, key=lambda point: point[0]) - 1, 0)][1]
