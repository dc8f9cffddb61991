"""Parts that several pictures share: a scale of values, patterns, marks, swatches.

Called by the modules beside this one. Plain arithmetic on places; what anything means is said by
its caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import permutations, product
from typing import Final

from migrator.reports.drawing.figure import Key
from migrator.reports.svg import PATTERNS, TICK_WIDTH, element, label

Place = tuple[float, float]

FLAG_STEP: Final = 18
FLAG_WIDTH: Final = 9.2
"""An upper estimate of one strong character at 14 px."""

_MORE_PATTERNS: Final = (
    '<defs><pattern id="{id}-spread" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-45)"><rect width="6" height="6" class="hatch-ground"/>'
    '<line x1="0" y1="0" x2="0" y2="6" class="spread-line"/></pattern>'
    '<pattern id="{id}-unsafe" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)">'
    '<line x1="0" y1="0" x2="0" y2="8" class="thin-line"/></pattern></defs>'
)
"""Hatching the other way for what chance leaves open, and a wide one for what is too late: each
is told without its colour."""


def patterns(name: str) -> str:
    """The patterns of one picture; ids are its own, as a page holds many pictures."""
    return (PATTERNS + _MORE_PATTERNS).format(id=name)


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Values to heights, with round steps from nought."""

    top: float
    bottom: float
    step: float
    count: int

    @property
    def highest(self) -> float:
        """The value at the top."""
        return self.step * self.count

    def y(self, value: float) -> float:
        """The height of a value, held inside the picture."""
        part = min(max(value / self.highest, 0.0), 1.0)
        return self.bottom - (self.bottom - self.top) * part

    def drawn(self, left: float, right: float, text: Callable[[float], str]) -> str:
        """A line and a number for each step."""
        parts = []
        for number in range(self.count + 1):
            at = self.y(self.step * number)
            parts.append(element("line", x1=left, y1=at, x2=right, y2=at, class_="grid"))
            parts.append(
                label(left - 8, at + 4, text(self.step * number), anchor="end", class_="tick")
            )
        return "".join(parts)


def value_axis(
    highest: float, top: float, bottom: float, steps_max: int = 5, *, whole: bool = False
) -> ValueAxis:
    """An axis that reaches the highest value in at most so many round steps; `whole`: of ones."""
    reach = highest if highest > 0 else 1.0
    scale = 10.0 ** math.floor(math.log10(reach))
    steps = [scale * factor for factor in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0)]
    if whole:
        steps = [each for each in steps if each >= 1 and each == int(each)]
    # A hair below, so that 0.3 in steps of 0.1 does not get a fourth one.
    step = next(s for s in steps if reach / s <= steps_max + 1e-9)
    return ValueAxis(top, bottom, step, max(math.ceil(reach / step - 1e-9), 1))


@dataclass(frozen=True, slots=True)
class Flag:
    """A moment that is named above a plot."""

    x: float
    text: str
    class_: str  # of the text
    line: str  # of the line that goes down from it


def flags(rows: Sequence[Flag], left: float, right: float, top: float, bottom: float) -> str:
    """Flags in rows above the plot, so that no words lie on the line of another flag.

    There are few of them, so every order with every side is looked at, and the first of the best is
    taken: words to the left and the latest flag on top, where that has room.
    """
    latest_first = sorted(rows, key=lambda row: -row.x)
    choices = (
        tuple(zip(order, sides, strict=True))
        for sides in product((True, False), repeat=len(rows))
        for order in permutations(latest_first)
    )
    chosen = min(choices, key=lambda placed: _clashes(placed, left, right))
    found = []
    for number, (row, before) in enumerate(chosen):
        y = top - 10 - FLAG_STEP * (len(chosen) - 1 - number)
        title = element("title", escape(row.text))
        line = element("path", title, d=f"M{row.x:.1f} {y - 11:.1f}V{bottom:.1f}", class_=row.line)
        anchor, x = ("end", row.x - 6) if before else ("start", row.x + 6)
        found.append(line + label(x, y, row.text, anchor=anchor, class_=f"{row.class_} halo"))
    return "".join(found)


def _clashes(placed: Sequence[tuple[Flag, bool]], left: float, right: float) -> int:
    """How many words leave the picture, or lie on the line of a flag that begins above them."""
    wrong = 0
    for number, (row, before) in enumerate(placed):
        width = len(row.text) * (TICK_WIDTH if row.class_ == "tick" else FLAG_WIDTH) + 6
        begin, end = (row.x - width, row.x) if before else (row.x, row.x + width)
        wrong += 2 * (begin < left or end > right)
        wrong += sum(begin < other.x < end for other, _ in placed[:number])
    return wrong


def line_path(points: Iterable[Place | None]) -> str:
    """A path through places; None interrupts it."""
    commands, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        commands.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    return "".join(commands)


def band_path(upper: Sequence[Place], lower: Sequence[Place]) -> str:
    """The closed outline between two lines of places."""
    if not upper or not lower:
        return ""
    return line_path([*upper, *reversed(lower)]) + "Z"


def diamond(x: float, y: float, size: float, class_: str, title: str = "") -> str:
    """A mark for a switch."""
    corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
    return _mark(corners, class_, title)


def triangle(x: float, y: float, size: float, class_: str, title: str = "") -> str:
    """A mark for a gate: it points down at its moment."""
    return _mark(((x - size, y - size), (x + size, y - size), (x, y + size)), class_, title)


def cross(x: float, y: float, size: float, class_: str, title: str = "") -> str:
    """A mark for a gate that did not open."""
    path = (
        f"M{x - size:.1f} {y - size:.1f}L{x + size:.1f} {y + size:.1f}"
        f"M{x - size:.1f} {y + size:.1f}L{x + size:.1f} {y - size:.1f}"
    )
    return element("path", _title(title), d=path, class_=class_)


def _mark(corners: Iterable[Place], class_: str, title: str) -> str:
    path = "L".join(f"{a:.1f} {b:.1f}" for a, b in corners)
    return element("path", _title(title), d=f"M{path}Z", class_=class_)


def _title(title: str) -> str:
    return element("title", escape(title)) if title else ""


def curve_key(kind: str, text: str) -> Key:
    """A curve's entry in the legend."""
    return Key(element("path", d="M0 7H30", class_=f"curve {kind}"), text)


def bar_key(kind: str, text: str, fill: str | None = None) -> Key:
    """A bar's entry; `fill` names a pattern of the picture."""
    rect = element(
        "rect", x=1, y=2, width=28, height=10, class_=f"bar {kind}",
        fill=None if fill is None else f"url(#{fill})",
    )  # fmt: skip
    return Key(rect, text)


def limit_key(text: str) -> Key:
    """The entry of the line where something ends."""
    return Key(element("line", x1=15, y1=0, x2=15, y2=14, class_="limit"), text)
