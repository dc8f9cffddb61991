"""Reads a picture as its readers do: texts with the room they take, bars, words for those who hear.

Used by the tests of pictures. A text's width is the upper estimate that the pictures themselves
reckon with, so that a test is as strict on every machine, whatever its fonts.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final
from xml.etree import ElementTree as ET

from migrator.reports.svg import CHARACTER_WIDTH, STRONG_WIDTH, TICK_WIDTH

NS: Final = "{http://www.w3.org/2000/svg}"
HEADING_WIDTH: Final = 12.4
"""One strong character at 19 px."""

Box = tuple[str, float, float, float, float]


def parsed(svg: str) -> ET.Element:
    """The picture as XML; one that is none fails here."""
    return ET.fromstring(svg)  # noqa: S314 - our own


def boxes(svg: ET.Element) -> list[Box]:
    """Every text with the box that it takes at most: left, right, top, bottom."""
    found: list[Box] = []
    _boxes(svg, 0.0, 0.0, found)
    return found


def _boxes(element: ET.Element, x: float, y: float, found: list[Box]) -> None:
    moved = element.get("transform", "")
    if moved.startswith("translate("):
        right, down = moved.removeprefix("translate(").removesuffix(")").split()
        x, y = x + float(right), y + float(down)
    for child in element:
        if child.tag == f"{NS}defs":
            continue
        if child.tag == f"{NS}text":
            found.append(_box(child, x, y))
        _boxes(child, x, y, found)


def _box(text: ET.Element, x: float, y: float) -> Box:
    words, classes = text.text or "", text.get("class", "").split()
    each = TICK_WIDTH if "tick" in classes else CHARACTER_WIDTH
    if {"strong", "alarm", "chance-word"} & set(classes):
        each = STRONG_WIDTH
    if "heading" in classes:
        each = HEADING_WIDTH
    width = len(words) * each
    x, y = x + float(text.get("x", "0")), y + float(text.get("y", "0"))
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[text.get("text-anchor", "start")]
    return words, left, left + width, y - 10, y + 3


def collisions(svg: ET.Element) -> list[str]:
    """Texts that stand on each other, or leave the picture."""
    left, top, width, height = map(float, svg.get("viewBox", "").split())
    found = boxes(svg)
    wrong = [
        f"{words!r} leaves the picture"
        for words, start, end, above, below in found
        if start < left - 1 or end > left + width + 1 or above < top - 1 or below > top + height
    ]
    for one, other in combinations(found, 2):
        apart = one[2] <= other[1] or other[2] <= one[1]
        above = one[4] <= other[3] or other[4] <= one[3]
        if not apart and not above:
            wrong.append(f"{one[0]!r} stands on {other[0]!r}")
    return wrong


def bars(svg: ET.Element, kind: str) -> list[tuple[float, float, float, float]]:
    """The bars of a kind: left, right, top, bottom."""
    found = []
    for rect in svg.iter(f"{NS}rect"):
        if rect.get("class") != f"bar {kind}":
            continue
        x, y = float(rect.get("x", "0")), float(rect.get("y", "0"))
        found.append((x, x + float(rect.get("width", "0")), y, y + float(rect.get("height", "0"))))
    return found


def words(svg: ET.Element) -> list[str]:
    """Every text that is drawn."""
    return [text.text or "" for text in svg.iter(f"{NS}text")]
