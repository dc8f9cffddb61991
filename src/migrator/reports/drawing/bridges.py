"""What stands between the platforms over the window: a share of the link weight, and calls.

Called by `gallery.py`. Above, the exposure that the planner counts: pairs whose two ends both
move. Below, the calls that bridges carry, against what the estate says they can; there those who
stay on the old side count as well, since their callers cross for good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from migrator.forecast.model import HourOfBridges
from migrator.plan.model import Itinerary
from migrator.reports.drawing import parts
from migrator.reports.drawing.figure import FOOT, WIDTH, Cell, Column, Figure, Key, Table
from migrator.reports.drawing.scene import Flip, Scene, shown_share
from migrator.reports.drawing.waves import window_end
from migrator.reports.exposure import Curve
from migrator.reports.svg import TimeAxis, element, label, steps_path
from migrator.reports.texts import Texts

NAME: Final = "exposure"
LEFT: Final = 70
RIGHT: Final = 12
SHARE_TOP: Final = 30
SHARE_BOTTOM: Final = 230
CALLS_TOP: Final = 282
CALLS_BOTTOM: Final = 412

ROWS_MAX: Final = 72
"""Rows of the table: one an hour, fewer in a window of more than three days."""


def exposure_figure(t: Texts, scene: Scene) -> Figure | None:
    """Both panels; the lower one only where calls are known. None: no links between moves."""
    found = scene.exposure
    if not found.weight:
        return None
    axis = TimeAxis(scene.begin, scene.end, LEFT, WIDTH - RIGHT)
    calls = _calls_of(scene)
    bottom = CALLS_BOTTOM if calls is not None else SHARE_BOTTOM
    body = [parts.patterns(NAME), axis.drawn(t, SHARE_TOP, bottom), _shares(t, scene, axis)]
    if calls is not None:
        body.append(_calls(t, scene, axis, calls))
    body.append(window_end(t, axis, scene.itinerary.window.end, SHARE_TOP, bottom))
    return Figure(
        NAME,
        _title(t, scene),
        _described(t, scene, calls),
        bottom + FOOT,
        "".join(body),
        _keys(t, scene, calls),
        _notes(t, scene),
        _table(t, scene, calls),
    )


Calls = tuple[Curve, Curve]
"""Calls per hour that cross, planned and actual."""


def _calls_of(scene: Scene) -> Calls | None:
    """Calls per hour over the bridges; None where nobody counted the calls of some pair."""
    itinerary = scene.itinerary
    if any(pair.calls_per_day is None for pair in itinerary.pairs):
        return None
    planned = _crossing(itinerary, scene.begin, scene.planned)
    actual = _crossing(itinerary, scene.begin, scene.actual)
    return (planned, actual) if planned.highest > 0 else None


def _crossing(itinerary: Itinerary, begin: datetime, flips: Sequence[Flip]) -> Curve:
    touching: dict[str, list[tuple[str, int]]] = {}
    for pair in itinerary.pairs:
        calls = pair.calls_per_day or 0
        touching.setdefault(pair.source, []).append((pair.target, calls))
        touching.setdefault(pair.target, []).append((pair.source, calls))
    moved: set[str] = set()
    crossing = 0
    points = [(begin, 0.0)]
    for at, subsystem, new in flips:
        if (subsystem in moved) is new:
            continue
        for other, calls in touching.get(subsystem, ()):
            if other != subsystem:
                crossing += calls if (other in moved) is not new else -calls
        (moved.add if new else moved.discard)(subsystem)
        if points[-1][0] == at:
            points.pop()
        points.append((at, crossing / 24))
    return Curve(tuple(points))


def _shares(t: Texts, scene: Scene, axis: TimeAxis) -> str:
    found, forecast = scene.exposure, scene.forecast
    highest = max(found.planned.highest, found.actual.highest)
    if forecast is not None:
        highest = max([highest, *(hour.split_p95 for hour in forecast.bridges)])
    scale = parts.value_axis(max(highest, 0.01), SHARE_TOP, SHARE_BOTTOM)
    digits = 0 if scale.step >= 0.01 else 1
    body = [
        label(0, SHARE_TOP - 14, t._("Share of the link weight that is split"), class_="strong"),
    ]
    if forecast is not None:
        body.append(_likely(scene, axis, scale))
    body.append(scale.drawn(LEFT, WIDTH - RIGHT, lambda share: shown_share(t, share, digits)))
    body.append(_planned_and_actual(scene, axis, scale, found.planned, found.actual))
    if forecast is not None:
        points = [(axis.x(hour.begin), scale.y(hour.split)) for hour in forecast.bridges]
        body.append(element("path", d=_hours(points, scene, axis), class_="curve p50"))
    return "".join(body)


def _likely(scene: Scene, axis: TimeAxis, scale: parts.ValueAxis) -> str:
    """The area up to P95, hour by hour."""
    assert scene.forecast is not None, "asked only where there is one"
    points = [(axis.x(hour.begin), scale.y(hour.split_p95)) for hour in scene.forecast.bridges]
    if not points:
        return ""
    path = _hours(points, scene, axis)
    closed = f"{path}V{scale.y(0):.1f}H{points[0][0]:.1f}Z"
    return element("path", d=closed, class_="band") + element("path", d=path, class_="curve p95")


def _hours(points: Sequence[parts.Place], scene: Scene, axis: TimeAxis) -> str:
    """Steps of an hour; the last one is as long as the others."""
    assert scene.forecast is not None, "asked only where there is one"
    hours = scene.forecast.bridges
    end = hours[-1].begin + timedelta(hours=1) if hours else scene.end
    return steps_path(points, axis.x(end))


def _calls(t: Texts, scene: Scene, axis: TimeAxis, calls: Calls) -> str:
    planned, actual = calls
    limit = scene.itinerary.bridge_calls_per_hour
    highest = max(planned.highest, actual.highest)
    # A limit far above the load would flatten the curves, so then it is only told in words.
    shown = limit is not None and limit <= 3 * highest
    scale = parts.value_axis(
        max(highest, limit if shown and limit is not None else 0.0), CALLS_TOP, CALLS_BOTTOM, 4
    )
    words = t._("Calls per hour over the bridges")
    if limit is not None and not shown:
        words = t._("Calls per hour over the bridges (they carry %(limit)s)", limit=t.number(limit))
    body = [
        label(0, CALLS_TOP - 14, words, class_="strong"),
        scale.drawn(LEFT, WIDTH - RIGHT, t.number),
        _planned_and_actual(scene, axis, scale, planned, actual),
    ]
    if shown and limit is not None:
        y = scale.y(limit)
        body.append(element("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="limit"))
        said = t._("bridges carry %(limit)s", limit=t.number(limit))
        body.append(label(WIDTH - RIGHT - 8, y + 15, said, anchor="end", class_="tick halo"))
    return "".join(body)


def _planned_and_actual(
    scene: Scene, axis: TimeAxis, scale: parts.ValueAxis, planned: Curve, actual: Curve
) -> str:
    """The actual curve over its area, the planned one dashed."""
    body = []
    if scene.seen_until is not None:
        path = _steps(actual, axis, scale.y, scene.seen_until)
        closed = f"{path}V{scale.y(0):.1f}H{axis.x(actual.points[0][0]):.1f}Z"
        body.append(element("path", d=closed, class_="area"))
    body.append(element("path", d=_steps(planned, axis, scale.y, axis.end), class_="curve planned"))
    if scene.seen_until is not None:
        body.append(element("path", d=path, class_="curve actual"))
    return "".join(body)


def _steps(curve: Curve, axis: TimeAxis, y: Callable[[float], float], end: datetime) -> str:
    return steps_path([(axis.x(at), y(value)) for at, value in curve.points], axis.x(end))


def _title(t: Texts, scene: Scene) -> str:
    if scene.book is not None:
        return t._("Exposure over time, planned and actual")
    if scene.forecast is not None:
        return t._("Exposure over time, planned and likely")
    return t._("Exposure over time, planned")


def _described(t: Texts, scene: Scene, calls: Calls | None) -> str:
    found = scene.exposure
    said = [t._("Highest planned %(planned)s %% of the link weight.",
                planned=t.number(found.planned.highest * 100))]  # fmt: skip
    if scene.book is not None:
        said = [
            t._(
                "Highest planned %(planned)s %%, highest actual %(actual)s %% of the link weight.",
                planned=t.number(found.planned.highest * 100),
                actual=t.number(found.actual.highest * 100),
            )
        ]
    if calls is not None:
        said.append(
            t._(
                "Highest planned load of the bridges: %(calls)s calls per hour.",
                calls=t.number(calls[0].highest),
            )
        )
    return " ".join(said)


def _keys(t: Texts, scene: Scene, calls: Calls | None) -> tuple[Key, ...]:
    found = [parts.curve_key("planned", t._("planned"))]
    if scene.book is not None:
        found.append(parts.curve_key("actual", t._("actual")))
    if scene.forecast is not None:
        found.append(parts.curve_key("p50", t._("mean of the sampled weekends")))
        found.append(parts.curve_key("p95", t._("P95 of the sampled weekends")))
    words = t._("the window ends")
    limit = scene.itinerary.bridge_calls_per_hour
    if calls is not None and limit is not None:
        words = t._("the window ends; what bridges carry")
    found.append(parts.limit_key(words))
    return tuple(found)


def _notes(t: Texts, scene: Scene) -> tuple[str, ...]:
    found = scene.exposure
    planned = t.number(found.planned.hours(scene.end), 1)
    if scene.book is None:
        said = [t._("On average a link is split for %(planned)s h by plan.", planned=planned)]
    else:
        actual = t.number(found.actual.hours(scene.book.end), 1)
        said = [
            t._(
                "On average a link was split for %(actual)s h; planned were %(planned)s h.",
                actual=actual,
                planned=planned,
            )
        ]
    if scene.forecast is not None:
        said.append(
            t._(
                "Over the sampled weekends it is %(mean)s h on average, and in four of five at"
                " most %(late)s h.",
                mean=t.number(scene.forecast.exposure_hours, 1),
                late=t.number(scene.forecast.exposure_hours_p80, 1),
            )
        )
    if found.stay_links:
        said.append(
            t.ngettext(
                "Besides, %(num)s link to subsystems that stay on the old side remains bridged.",
                "Besides, %(num)s links to subsystems that stay on the old side remain bridged.",
                found.stay_links,
            )
        )
    return tuple(said)


def _table(t: Texts, scene: Scene, calls: Calls | None) -> Table:
    columns = [Column("time", t._("Time")), Column("planned_percent", t._("Planned, %%"), 1)]
    if scene.book is not None:
        columns.append(Column("actual_percent", t._("Actual, %%"), 1))
    if scene.forecast is not None:
        columns.append(Column("mean_percent", t._("Mean of weekends, %%"), 1))
        columns.append(Column("p95_percent", t._("P95, %%"), 1))
    if calls is not None:
        columns.append(Column("calls_planned", t._("Calls per hour, planned")))
        if scene.book is not None:
            columns.append(Column("calls_actual", t._("Calls per hour, actual")))
    rows = []
    for moment in moments(scene.begin, scene.end):
        known = scene.seen_until is not None and moment <= scene.seen_until
        row: list[Cell] = [moment, scene.exposure.planned.at(moment) * 100]
        if scene.book is not None:
            row.append(scene.exposure.actual.at(moment) * 100 if known else None)
        if scene.forecast is not None:
            hour = _hour_of(scene.forecast.bridges, moment)
            row += [hour.split * 100, hour.split_p95 * 100] if hour is not None else [None, None]
        if calls is not None:
            row.append(calls[0].at(moment))
            if scene.book is not None:
                row.append(calls[1].at(moment) if known else None)
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def _hour_of(hours: Sequence[HourOfBridges], moment: datetime) -> HourOfBridges | None:
    """The hour in which a moment lies."""
    return next((h for h in hours if h.begin <= moment < h.begin + timedelta(hours=1)), None)


def moments(begin: datetime, end: datetime) -> list[datetime]:
    """The moments of a table: every hour, or as few even ones as `ROWS_MAX` allows."""
    hours = max((end - begin).total_seconds() / 3600, 1.0)
    step = next(s for s in (1, 2, 3, 4, 6, 12, 24, 168, 10**6) if hours / s <= ROWS_MAX)
    return [begin + timedelta(hours=step * n) for n in range(int(hours / step) + 1)]
