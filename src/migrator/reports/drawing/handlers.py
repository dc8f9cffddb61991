"""Case handlers (or teams) by hour: what is asked of them against who is there.

Called by `gallery.py`. A small panel for each pool, the tightest first: bars for the work, a line
for the people. Where the work stands above the line it is hatched.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import Final

from migrator.forecast.model import HourOfWork
from migrator.reports.drawing import parts
from migrator.reports.drawing.figure import WIDTH, Column, Figure, Key, Table
from migrator.reports.drawing.load import (
    HOUR,
    by_pool,
    planned_load,
    strain,
    tightest,
    tightest_hour,
)
from migrator.reports.drawing.scene import Scene
from migrator.reports.svg import TICK_WIDTH, TimeAxis, element, fitted, label
from migrator.reports.texts import Texts

HANDLERS: Final = "handlers"
TEAMS: Final = "teams"
ACROSS: Final = 3
PANELS_MAX: Final = 12
GAP: Final = 26
LEFT: Final = 26
HEAD: Final = 26
PLOT: Final = 74
STEP: Final = 136

SHORT_FROM: Final = 1.0
"""A pool is short where it is asked for more than all of it."""


def handlers_figure(t: Texts, scene: Scene) -> Figure | None:
    """The pools of case handlers; by the plan's own times where there is no forecast."""
    if scene.forecast is not None and scene.forecast.handlers:
        rows: Sequence[HourOfWork] = scene.forecast.handlers
        sampled = True
    else:
        end = max(scene.itinerary.window.end, scene.end)
        rows = planned_load(t, scene.itinerary, scene.itinerary.window.start, end)
        sampled = False
    title = t._("Case handlers by hour: work against who is there")
    return _figure(t, scene, HANDLERS, title, rows, sampled=sampled)


def teams_figure(t: Texts, scene: Scene) -> Figure | None:
    """The teams of engineers; only a forecast knows their hours."""
    if scene.forecast is None:
        return None
    title = t._("Teams by hour: work against seats")
    return _figure(t, scene, TEAMS, title, scene.forecast.teams, sampled=True)


def _figure(
    t: Texts, scene: Scene, name: str, title: str, rows: Sequence[HourOfWork], *, sampled: bool
) -> Figure | None:
    pools = by_pool(rows)
    # Who is asked for nothing at all has no panel and no rows.
    pools = {who: hours for who, hours in pools.items() if any(h.wanted_p95 > 0 for h in hours)}
    if not pools:
        return None
    order = tightest(pools)
    shown = order[:PANELS_MAX]
    begin = min(hours[0].begin for hours in pools.values())
    end = max(hours[-1].begin for hours in pools.values()) + HOUR
    width = (WIDTH - GAP * (ACROSS - 1)) / ACROSS
    body = [parts.patterns(name)]
    for number, who in enumerate(shown):
        x = (number % ACROSS) * (width + GAP)
        top = float(number // ACROSS * STEP)
        axis = TimeAxis(begin, end, x + LEFT, x + width)
        worst = _worst(t, pools[who])
        room = width - TICK_WIDTH * len(worst) - 10
        head = label(x, top + 16, fitted(who, room, strong=True), class_="strong")
        head += label(x + width, top + 16, worst, anchor="end", class_="tick")
        body.append(head + _panel(t, name, pools[who], axis, top, sampled=sampled))
    down = -(-len(shown) // ACROSS)
    return Figure(
        name,
        title,
        _described(t, pools, order),
        down * STEP,
        "".join(body),
        _keys(t, name, sampled=sampled),
        _notes(t, scene, pools, len(shown), name, sampled=sampled),
        _table(t, name, pools, order, sampled=sampled),
    )


def _worst(t: Texts, hours: Sequence[HourOfWork]) -> str:
    """The tightest hour in figures, as bars of a tenth of a person are hardly seen."""
    hour = tightest_hour(hours)
    if not isfinite(hour.there):
        return t.number(hour.wanted_p95, 1)
    return t._(
        "%(wanted)s of %(there)s",
        wanted=t.number(hour.wanted_p95, 1),
        there=t.number(hour.there, 0 if hour.there == int(hour.there) else 1),
    )


def _panel(
    t: Texts, name: str, hours: Sequence[HourOfWork], axis: TimeAxis, top: float, *, sampled: bool
) -> str:
    """One pool: bars of work, the line of people, the part that is too much."""
    highest = max(max(h.wanted_p95, h.there if isfinite(h.there) else 0.0) for h in hours)
    scale = parts.value_axis(highest, top + HEAD, top + HEAD + PLOT, 4)
    body = [_ground(t, axis, scale)]
    likely = []
    for hour in hours:
        x, right = axis.x(hour.begin), axis.x(hour.begin + HOUR)
        wide = max(right - x - 0.6, 1.0)
        body.append(_bar(scale, x, wide, 0.0, min(hour.wanted, hour.there), "bar work"))
        short = _bar(scale, x, wide, hour.there, hour.wanted, "bar short")
        body.append(short.replace("<rect ", f'<rect fill="url(#{name}-back)" ', 1))
        if sampled and hour.wanted_p95 > 0:
            likely.append(f"M{x:.1f} {scale.y(hour.wanted_p95):.1f}H{right:.1f}")
    if likely:
        body.append(element("path", d="".join(likely), class_="curve likely"))
    if any(not isfinite(hour.there) for hour in hours):
        return "".join(body)  # a pool whose heads nobody counts has no line
    there = _stretches(hours, axis, scale)
    said = t._("there: at most %(people)s", people=t.number(max(h.there for h in hours), 1))
    path = element(
        "path", element("title", escape(said)), d=there,
        class_="curve there",
    )  # fmt: skip
    return "".join([*body, path])


def _stretches(hours: Sequence[HourOfWork], axis: TimeAxis, scale: parts.ValueAxis) -> str:
    """The people as steps; interrupted where an hour is not told of, as nobody works in it."""
    path, until = "", None
    for hour in hours:
        x, y = axis.x(hour.begin), scale.y(hour.there)
        path += f"V{y:.1f}" if until == hour.begin else f"M{x:.1f} {y:.1f}"
        until = hour.begin + HOUR
        path += f"H{axis.x(until):.1f}"
    return path


def _bar(
    scale: parts.ValueAxis, x: float, width: float, low: float, high: float, class_: str
) -> str:
    """A bar between two values; nothing where they are the same to the eye."""
    if high - low < 0.005:
        return ""
    top, bottom = scale.y(high), scale.y(low)
    return element("rect", x=x, y=top, width=width, height=bottom - top, class_=class_)


def _ground(t: Texts, axis: TimeAxis, scale: parts.ValueAxis) -> str:
    """The frame of a panel: nought and the top by number, days by a line and their name."""
    body = []
    for value in (0.0, scale.highest):
        y = scale.y(value)
        body.append(element("line", x1=axis.left, y1=y, x2=axis.right, y2=y, class_="grid"))
        digits = 0 if scale.highest >= 1 else 1
        body.append(
            label(axis.left - 5, y + 4, t.number(value, digits), anchor="end", class_="tick")
        )
    every = TimeAxis(axis.start, axis.end, 0, 60 * (axis.end - axis.start) / HOUR).ticks(t)
    places = [axis.start, *(m for m in every if t.local(m).hour == 0)]
    for number, moment in enumerate(places):
        x = axis.x(moment)
        after = axis.x(places[number + 1]) if number + 1 < len(places) else axis.right
        if number:
            body.append(
                element("line", x1=x, y1=scale.top, x2=x, y2=scale.bottom + 14, class_="axis")
            )
        name = t.weekday_short(moment)
        if after - x > TICK_WIDTH * len(name) + 4:
            body.append(label(x + 3, scale.bottom + 14, name, class_="tick"))
    return "".join(body)


def _described(t: Texts, pools: dict[str, list[HourOfWork]], order: Sequence[str]) -> str:
    worst = order[0]
    hour = tightest_hour(pools[worst])
    return t._(
        "Tightest: %(who)s, %(time)s, %(wanted)s person hours wanted, %(there)s there.",
        who=worst,
        time=t.time(hour.begin),
        wanted=t.number(hour.wanted_p95, 1),
        there=t.number(hour.there, 1),
    )


def _keys(t: Texts, name: str, *, sampled: bool) -> tuple[Key, ...]:
    words = t._("work, mean of the sampled weekends") if sampled else t._("work by the plan")
    found = [
        parts.bar_key("work", words),
        parts.bar_key("short", t._("more than who is there"), f"{name}-back"),
    ]
    if sampled:
        found.append(parts.curve_key("likely", t._("P95 of the sampled weekends")))
    found.append(parts.curve_key("there", t._("who is there")))
    return tuple(found)


def _notes(
    t: Texts, scene: Scene, pools: dict[str, list[HourOfWork]], shown: int, name: str,
    *, sampled: bool,
) -> tuple[str, ...]:  # fmt: skip
    found = []
    if name == HANDLERS and not sampled:
        found.append(
            t._(
                "Each check begins with its last planned switch and takes its P50; nobody waits"
                " for anybody."
            )
        )
    short = sum(strain(hours) > SHORT_FROM for hours in pools.values())
    found.append(
        t.ngettext(
            "%(num)s of %(all)s is short of people in some hour.",
            "%(num)s of %(all)s are short of people in some hour.",
            short,
            all=t.number(len(pools)),
        )
    )
    if shown < len(pools):
        found.append(
            t._(
                "Drawn are the %(shown)s tightest; the others are in the table.",
                shown=t.number(shown),
            )
        )
    found.append(t._("The figures beside the names are those of the tightest hour."))
    if name == HANDLERS:
        found.append(t._("Whoever may verify for two pools counts in both."))
    found.append(t._("Person hours. Times are in %(zone)s.", zone=scene.itinerary.window.time_zone))
    return tuple(found)


def _table(
    t: Texts, name: str, pools: dict[str, list[HourOfWork]], order: Sequence[str], *, sampled: bool
) -> Table:
    """Only hours in which something is wanted: nobody reads sixty rows of noughts."""
    who = t._("Handlers of") if name == HANDLERS else t._("Team")
    columns = [Column("who", who), Column("hour", t._("Hour"))]
    columns.append(Column("wanted", t._("Wanted"), 2))
    if sampled:
        columns.append(Column("wanted_p95", t._("Wanted, P95"), 2))
    columns.append(Column("there", t._("There"), 1))
    rows = []
    for pool in order:
        for hour in pools[pool]:
            if hour.wanted_p95 < 0.005:
                continue
            likely = (hour.wanted_p95,) if sampled else ()
            there = hour.there if isfinite(hour.there) else None
            rows.append((pool, hour.begin, hour.wanted, *likely, there))
    return Table(tuple(columns), tuple(rows))
