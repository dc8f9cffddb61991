"""A few SVG parts as text, and a time axis; colours come from the page's classes.

Used by `pictures.py` and `drawing/`. Every picture carries a title and a description, and every
text is escaped here. Presentation is by class only, so that light, dark and print each choose their
own colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

from migrator.reports.texts import Texts

CHARACTER_WIDTH: Final = 7.2
"""An upper estimate of one character at 13 px in the fonts that browsers fall back to."""

STRONG_WIDTH: Final = 8.6
"""The same for strong text."""

TICK_WIDTH: Final = 6.6
"""The same for the axis's 12 px."""

PATTERNS: Final = (
    '<defs><pattern id="{id}-back" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="7" height="7" class="hatch-ground"/>'
    '<line x1="0" y1="0" x2="0" y2="7" class="hatch-line"/></pattern>'
    '<pattern id="{id}-held" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect width="5" height="5" class="dot-ground"/>'
    '<circle cx="2.5" cy="2.5" r="1.1" class="dot"/></pattern></defs>'
)
"""Hatching for what was taken back and dots for what stood still: not told by colour alone."""

STEPS_HOURS: Final = (1, 2, 3, 6, 12, 24, 48, 96, 168)


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """One element; an underscore in an attribute's name stands for a hyphen or keeps a keyword."""
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    ]
    start = f"<{name}{''.join(parts)}"
    return f"{start}>{content}</{name}>" if content else f"{start}/>"


def _short(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def label(x: float, y: float, text: str, *, anchor: str = "start", class_: str = "label") -> str:
    """A text at a place."""
    return element("text", escape(text), x=x, y=y, text_anchor=anchor, class_=class_)


def bar(x: float, y: float, width: float, height: float, class_: str, title: str) -> str:
    """A bar whose title tells it in words; at least 2 wide, so that nothing vanishes."""
    return element(
        "rect",
        element("title", escape(title)),
        x=x,
        y=y,
        width=max(width, 2.0),
        height=height,
        class_=class_,
    )


def picture(identity: str, width: int, height: int, title: str, description: str, body: str) -> str:
    """The whole picture, named for those who hear it."""
    named = f"{identity}-title {identity}-desc"
    head = element("title", escape(title), id=f"{identity}-title") + element(
        "desc", escape(description), id=f"{identity}-desc"
    )
    return element(
        "svg",
        head + body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=named,
        class_="picture",
    )


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Times to places between `left` and `right`."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, moment: datetime) -> float:
        """The place of a moment, held inside the picture."""
        whole = (self.end - self.start).total_seconds()
        part = (moment - self.start).total_seconds() / whole if whole else 0.0
        return self.left + (self.right - self.left) * min(max(part, 0.0), 1.0)

    def ticks(self, t: Texts) -> tuple[datetime, ...]:
        """Round local hours, far enough apart for their labels."""
        hours = (self.end - self.start).total_seconds() / 3600
        room = max(int((self.right - self.left) / 58), 1)
        step = next((s for s in STEPS_HOURS if hours / s <= room), STEPS_HOURS[-1])
        local = t.local(self.start)
        mark = local.replace(minute=0, second=0, microsecond=0)
        found = []
        # Whole hours are counted in real time, so that the hour of a clock change counts once.
        moment = mark.astimezone(self.start.tzinfo)
        while moment <= self.end:
            shown = t.local(moment)
            due = shown.hour % step == 0 if step < 24 else shown.hour == 0
            if moment >= self.start and due:
                found.append(moment)
            moment += timedelta(hours=1)
        return tuple(found)

    def drawn(self, t: Texts, top: float, bottom: float, spare: float = 0.0) -> str:
        """Grid lines, hours, and the days' names; `spare` is free room right of the axis."""
        parts = []
        for moment in self.ticks(t):
            x = self.x(moment)
            parts.append(element("line", x1=x, y1=top, x2=x, y2=bottom + 4, class_="grid"))
            anchor = "middle"
            # The first and the last label would leave the picture, so they stand inside the axis.
            if x < self.left + TICK_WIDTH:
                anchor = "start"
            elif x > self.right + spare - TICK_WIDTH:
                anchor = "end"
            hour = f"{t.local(moment):%H}"
            parts.append(label(x, bottom + 18, hour, anchor=anchor, class_="tick"))
        for x, name in self._days(t, spare):
            parts.append(element("line", x1=x, y1=bottom, x2=x, y2=bottom + 36, class_="grid"))
            parts.append(label(x + 4, bottom + 34, name, class_="tick day"))
        return "".join(parts)

    def _days(self, t: Texts, spare: float) -> list[tuple[float, str]]:
        """Where each day's name goes: at its first tick, where it has room up to the next one's.

        The first day is mostly a rest of one, so it gives way to the one after it.
        """
        firsts: dict[str, float] = {}
        for moment in self.ticks(t):
            name = f"{t.weekday_short(moment)} {t.local(moment):%m-%d}"
            firsts.setdefault(name, self.x(moment))
        found: list[tuple[float, str]] = []
        limit = self.right + spare
        for name, x in reversed(firsts.items()):
            if x + 8 + TICK_WIDTH * len(name) <= limit:
                found.append((x, name))
                limit = x
        return found[::-1]


def fitted(text: str, width: float, *, strong: bool = False) -> str:
    """The text, cut with an ellipsis where it would not fit."""
    room = int(width / (STRONG_WIDTH if strong else CHARACTER_WIDTH))
    if len(text) <= room:
        return text
    return text[: max(room - 1, 1)].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def steps_path(points: Sequence[tuple[float, float]], end: float) -> str:
    """The path of a step curve that goes on to `end`."""
    if not points:
        return ""
    commands = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for x, y in points[1:]:
        commands.append(f"H{x:.1f}V{y:.1f}")
    return "".join([*commands, f"H{end:.1f}"])
