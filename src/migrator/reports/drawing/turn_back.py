"""Until when one may still turn back: what is said at a moment against when all would be back.

Called by `gallery.py` where a forecast is there. A point on the curve is a moment at which somebody
says that everything goes back, and the moment by which it is back. Where the P95 lies above the
window's end it is too late; those stretches are hatched, also where later ones are safe again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from migrator.forecast.model import Forecast, Quantiles, TurnBack
from migrator.reports.drawing import parts
from migrator.reports.drawing.figure import FOOT, WIDTH, Column, Figure, Table
from migrator.reports.drawing.scene import Scene
from migrator.reports.svg import STRONG_WIDTH, TimeAxis, bar, element, label
from migrator.reports.texts import Texts

NAME: Final = "turn-back"
LEFT: Final = 84
RIGHT: Final = 62
TOP: Final = 86
BOTTOM: Final = 426
NAME_STEP: Final = 15
ABOVE: Final = 0.15
ABOVE_MAX: Final = 0.6
"""How much of the height lies above the window's end: enough to see that a curve is over it."""


class _Height:
    """Moments to heights, the later the higher."""

    def __init__(self, found: TurnBack, begin: datetime, end: datetime) -> None:
        """As high as the curve, but not so high that the window shrinks to a strip."""
        backs = [point.back.p95 or point.back.p80 or point.back.p50 for point in found.curve]
        highest = max((back for back in backs if back is not None), default=end)
        least, most = (begin + (end - begin) * (1 + share) for share in (ABOVE, ABOVE_MAX))
        self.begin = begin
        self.end = min(max(highest, least), most)

    def y(self, moment: datetime) -> float:
        """The height of a moment, held inside the picture."""
        part = (moment - self.begin) / (self.end - self.begin)
        return BOTTOM - (BOTTOM - TOP) * min(max(part, 0.0), 1.0)


def turn_back_figure(t: Texts, scene: Scene) -> Figure | None:
    """The curve; None where nobody has computed one."""
    forecast = scene.forecast
    if forecast is None or not forecast.turn_back.curve:
        return None
    found = forecast.turn_back
    begin, end = forecast.window_begin, forecast.window_end
    axis = TimeAxis(begin, max(end, found.curve[-1].at), LEFT, WIDTH - RIGHT)
    height = _Height(found, begin, end)
    body = [
        parts.patterns(NAME),
        _unsafe(t, found, axis),
        _hours(t, axis, height, end),
        axis.drawn(t, TOP, BOTTOM, RIGHT),
        _at_once(axis, height),
        _window(t, height.y(end)),
        _curves(found, axis, height),
        _limits(t, scene, forecast, axis),
        label(0, 16, t._("When all would be back"), class_="strong"),
        label(
            LEFT, BOTTOM + FOOT + 8, t._("When somebody says that everything goes back"),
            class_="strong",
        ),
    ]  # fmt: skip
    return Figure(
        NAME,
        t._("Until when one may turn back"),
        _described(t, forecast),
        BOTTOM + FOOT + 18,
        "".join(body),
        (
            parts.curve_key("p50", t._("back in half of the weekends (P50)")),
            parts.curve_key("p80", "P80"),
            parts.curve_key("p95", "P95"),
            parts.curve_key("level", t._("if it took no time")),
            parts.bar_key("unsafe", t._("too late"), f"{NAME}-unsafe"),
            parts.limit_key(t._("the window's end, and the limit")),
        ),
        (
            t._(
                "Too late: in more than %(late)s %% of the weekends not all would be back before"
                " the window ends. %(minutes)s min are reckoned from the word to the first undo.",
                late=t.number(100 - found.quantile * 100),
                minutes=t.number(found.decision_minutes),
            ),
            t._("Where a wave is made final the curve falls, as less is left to go back."),
            *_room(t, found),
        ),
        _table(t, found),
    )


def _room(t: Texts, found: TurnBack) -> list[str]:
    """By when going forward must be over, so that all of it could still go back."""
    if found.plan_by is None:
        return []
    return [
        t._(
            "Whoever is through by %(time)s could still take everything back.",
            time=t.time(found.plan_by),
        )
    ]


def _unsafe(t: Texts, found: TurnBack, axis: TimeAxis) -> str:
    """The stretches in which it is too late."""
    body = []
    for span in found.unsafe:
        x = axis.x(span.begin)
        right = axis.x(span.end) if span.end is not None else axis.right
        until = t.time(span.end) if span.end is not None else "\N{HORIZONTAL ELLIPSIS}"
        late = t._("too late")
        said = f"{late}: {t.time(span.begin)} \N{EN DASH} {until}"
        drawn = bar(x, TOP, right - x, BOTTOM - TOP, "bar unsafe", said)
        body.append(drawn.replace("<rect ", f'<rect fill="url(#{NAME}-unsafe)" ', 1))
        if right - x > STRONG_WIDTH * len(late) + 8:
            body.append(label(x + 10, BOTTOM - 12, late, class_="alarm halo"))
    return "".join(body)


def _hours(t: Texts, axis: TimeAxis, height: _Height, end: datetime) -> str:
    """The moments of the upright axis, as days and hours."""
    upright = TimeAxis(height.begin, height.end, 0, (BOTTOM - TOP) * 1.6)
    body = []
    limit = height.y(end)
    for moment in upright.ticks(t):
        y = height.y(moment)
        body.append(element("line", x1=LEFT, y1=y, x2=axis.right, y2=y, class_="grid"))
        # The window's end has its own words there.
        if abs(y - limit) < 12 or y > BOTTOM - 2:
            continue
        words = f"{t.weekday_short(moment)} {t.local(moment):%H}"
        body.append(label(LEFT - 8, y + 4, words, anchor="end", class_="tick"))
    return "".join(body)


def _at_once(axis: TimeAxis, height: _Height) -> str:
    """Where the curve would be if going back took no time."""
    until = min(axis.end, height.end)
    path = parts.line_path(
        [(axis.x(axis.start), height.y(axis.start)), (axis.x(until), height.y(until))]
    )
    return element("path", d=path, class_="curve level")


def _window(t: Texts, y: float) -> str:
    words = t._("the window ends")
    return element("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="limit") + label(
        LEFT + 6, y - 6, words, class_="alarm halo"
    )


def _curves(found: TurnBack, axis: TimeAxis, height: _Height) -> str:
    """P50, P80 and P95, each named at its end; interrupted where it would never be."""
    kinds: Sequence[tuple[str, Callable[[Quantiles], datetime | None]]] = (
        ("P50", lambda back: back.p50),
        ("P80", lambda back: back.p80),
        ("P95", lambda back: back.p95),
    )
    body, names = [], []
    for name, of in kinds:
        points = []
        for point in found.curve:
            back = of(point.back)
            seen = back is not None and back <= height.end
            points.append((axis.x(point.at), height.y(back)) if back and seen else None)
        body.append(element("path", d=parts.line_path(points), class_=f"curve {name.lower()}"))
        last = next((point for point in reversed(points) if point is not None), None)
        if last is not None:
            names.append((last[1], last[0], name))
    body.extend(_named(names))
    return "".join(body)


def _named(names: list[tuple[float, float, str]]) -> list[str]:
    """The names beside the curves' ends, pushed apart where these lie close."""
    found = []
    low = BOTTOM + 4.0
    for number, (y, x, name) in enumerate(sorted(names, key=lambda each: (-each[0], each[2]))):
        # Those that are still to come need their room below the top.
        room = TOP + 10.0 + NAME_STEP * (len(names) - 1 - number)
        low = min(max(y + 4, room), low)
        found.append(label(x + 5, low, name, class_="chance-word halo"))
        low -= NAME_STEP
    return found


def _limits(t: Texts, scene: Scene, forecast: Forecast, axis: TimeAxis) -> str:
    """The limit by its hour, the data's own where it is another, and now."""
    found = forecast.turn_back
    span = forecast.window_end - forecast.window_begin
    rows = []
    if found.limit is not None:
        words = t._("turn back by %(time)s", time=t.hour(found.limit, span))
        rows.append(parts.Flag(axis.x(found.limit), words, "alarm", "limit"))
    if found.data_limit is not None and found.data_limit != found.limit:
        of = scene.itinerary.names.get(found.data_limit_of or "", "")
        words = t._("first write for good %(time)s", time=t.hour(found.data_limit, span))
        words = f"{words} ({of})" if of else words
        rows.append(parts.Flag(axis.x(found.data_limit), words, "tick", "axis"))
    if forecast.at is not None:
        words = t._("forecast made %(time)s", time=t.hour(forecast.at, span))
        rows.append(parts.Flag(axis.x(forecast.at), words, "strong", "axis"))
    return parts.flags(rows, 0, WIDTH, TOP, BOTTOM)


def _described(t: Texts, forecast: Forecast) -> str:
    found = forecast.turn_back
    if found.limit is None:
        return t._("At every moment that was looked at one may still turn back.")
    said = [t._("One may turn back until %(time)s.", time=t.time(found.limit))]
    spans = [
        f"{t.time(span.begin)} \N{EN DASH} "
        + (t.time(span.end) if span.end is not None else "\N{HORIZONTAL ELLIPSIS}")
        for span in found.unsafe
    ]
    if spans:
        said.append(t._("Too late: %(spans)s.", spans=", ".join(spans)))
    return " ".join(said)


def _table(t: Texts, found: TurnBack) -> Table:
    columns = (
        Column("said_at", t._("Said at")),
        Column("back_p50", t._("All back, P50")),
        Column("back_p80", t._("All back, P80")),
        Column("back_p95", t._("All back, P95")),
        Column("final_percent", t._("Already final, %%"), 1),
        Column("too_late", t._("Too late")),
    )
    rows = tuple(
        (
            point.at,
            point.back.p50,
            point.back.p80,
            point.back.p95,
            point.committed * 100,
            t._("yes") if _is_unsafe(found, point.at) else t._("no"),
        )
        for point in found.curve
    )
    return Table(columns, rows)


def _is_unsafe(found: TurnBack, moment: datetime) -> bool:
    return any(
        span.begin <= moment and (span.end is None or moment < span.end) for span in found.unsafe
    )
