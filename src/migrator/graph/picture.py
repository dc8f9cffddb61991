"""A view as an SVG picture that explains itself: title, description, readable names.

Called by `migrator graph --format svg`. Plain arithmetic, no library; colours are presentation
attributes, so that a page with a strict content policy may carry the picture. Every number has
two decimals at most and every order is fixed: the same estate gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from migrator.graph.view import View
from migrator.ids import SubsystemId
from migrator.links.table import Pair

INK: Final = "#1d2733"
QUIET: Final = "#5b6b7b"
LINE: Final = "#7a93ab"
FILL: Final = "#f4f6f8"
ACCENT: Final = "#cfe3f7"
TOGETHER: Final = "#b3541e"

BOX_WIDTH: Final = 206
BOX_HEIGHT: Final = 40
COLUMN_STEP: Final = 306
ROW_STEP: Final = 54
MARGIN: Final = 30
HEAD: Final = 76
"""Room for the title and the sentence that says what is left out."""

RADIUS: Final = 260
NAME_ROOM: Final = 200
"""Beside the circle: a name of 28 characters at 12 pixels."""

NAME_CHARACTERS_MAX: Final = 28
BOX_CHARACTERS_MAX: Final = 25

Point = tuple[float, float]


def svg(view: View, names: Mapping[SubsystemId, str]) -> str:
    """Draw a view: in columns where it has them, else around a circle."""
    place, width, height = _columns(view) if view.column else _circle(view)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "role": "img",
            "aria-labelledby": "title desc",
            "font-family": "system-ui, sans-serif",
            "font-size": "12",
        },
    )
    ET.SubElement(root, "title", {"id": "title"}).text = view.title
    ET.SubElement(root, "desc", {"id": "desc"}).text = _description(view, names)
    ET.SubElement(root, "rect", _sizes(0, 0, width, height) | {"fill": "#ffffff"})
    _text(root, MARGIN, 34, view.title, {"font-size": "18", "font-weight": "600"})
    _text(root, MARGIN, 56, view.left_out, {"fill": QUIET})
    _arrow_head(root)
    _arcs(root, view, names, place)
    for node in view.nodes:
        if view.column:
            _box(root, view, node, names[node], place[node])
        else:
            _spot(root, view, node, names[node], place[node])
    _legend(root, view, names, height)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _columns(view: View) -> tuple[dict[SubsystemId, Point], float, float]:
    """Place boxes in columns, each column centred and in the order of the ids."""
    first = min(view.column.values())
    last = max(view.column.values())
    stacks = {
        number: [node for node in view.nodes if view.column[node] == number]
        for number in range(first, last + 1)
    }
    tallest = max(len(stack) for stack in stacks.values())
    middle = HEAD + tallest * ROW_STEP / 2
    place = {
        node: (
            MARGIN + BOX_WIDTH / 2 + (number - first) * COLUMN_STEP,
            middle + (row - (len(stack) - 1) / 2) * ROW_STEP,
        )
        for number, stack in stacks.items()
        for row, node in enumerate(stack)
    }
    width = 2 * MARGIN + BOX_WIDTH + (last - first) * COLUMN_STEP
    height = HEAD + tallest * ROW_STEP + _legend_height(view)
    # The heading needs its room even above a single column.
    return place, max(width, 860), height


def _circle(view: View) -> tuple[dict[SubsystemId, Point], float, float]:
    """Place subsystems around a circle, names outside."""
    centre_x = MARGIN + NAME_ROOM + RADIUS
    centre_y = HEAD + MARGIN + RADIUS
    count = max(1, len(view.nodes))
    place = {
        node: (
            centre_x + RADIUS * math.sin(2 * math.pi * number / count),
            centre_y - RADIUS * math.cos(2 * math.pi * number / count),
        )
        for number, node in enumerate(view.nodes)
    }
    return place, 2 * centre_x, centre_y + RADIUS + 2 * MARGIN + _legend_height(view)


def _arcs(
    root: ET.Element,
    view: View,
    names: Mapping[SubsystemId, str],
    place: Mapping[SubsystemId, Point],
) -> None:
    """Draw arcs, the lightest first, so that heavy ones lie on top."""
    heaviest = max((arc.weight for arc in view.arcs), default=0) or 1
    for arc in reversed(view.arcs):
        width = 1 + 6 * math.sqrt(arc.weight / heaviest)
        path = _layered_path(arc, place) if view.column else _chord(arc, place, view)
        drawn = ET.SubElement(
            root,
            "path",
            {
                "d": path,
                "fill": "none",
                "stroke": LINE,
                "stroke-width": f"{width:.2f}",
                "stroke-opacity": "0.65",
                "marker-end": "url(#head)",
            },
        )
        ET.SubElement(drawn, "title").text = _arc_text(arc, names)


def _layered_path(arc: Pair, place: Mapping[SubsystemId, Point]) -> str:
    """A curve from the side of one box to the facing side of the other."""
    (x1, y1), (x2, y2) = place[arc.source], place[arc.target]
    side = 1 if x2 > x1 else -1
    # The two directions between two boxes run beside each other.
    start_x, end_x = x1 + side * BOX_WIDTH / 2, x2 - side * (BOX_WIDTH / 2 + 7)
    shift = 6 * side
    half = (start_x + end_x) / 2
    return (
        f"M{start_x:.2f} {y1 + shift:.2f} C{half:.2f} {y1 + shift:.2f}"
        f" {half:.2f} {y2 + shift:.2f} {end_x:.2f} {y2 + shift:.2f}"
    )


def _chord(arc: Pair, place: Mapping[SubsystemId, Point], view: View) -> str:
    """A curve through the inside of the circle; each direction bends to its own side."""
    (x1, y1), (x2, y2) = place[arc.source], place[arc.target]
    middle_x = sum(place[node][0] for node in view.nodes) / len(view.nodes)
    middle_y = sum(place[node][1] for node in view.nodes) / len(view.nodes)
    # Neighbours on the circle bend a little towards its middle, opposite ones go through it.
    pull = 0.15 + 0.35 * math.hypot(x2 - x1, y2 - y1) / (2 * RADIUS)
    bend_x = (1 - pull) * (x1 + x2) / 2 + pull * middle_x + (y2 - y1) * 0.06
    bend_y = (1 - pull) * (y1 + y2) / 2 + pull * middle_y - (x2 - x1) * 0.06
    length = math.hypot(x2 - bend_x, y2 - bend_y) or 1.0
    # The arrow ends at the rim of the spot and not under it.
    end_x = x2 - (x2 - bend_x) / length * 15
    end_y = y2 - (y2 - bend_y) / length * 15
    return f"M{x1:.2f} {y1:.2f} Q{bend_x:.2f} {bend_y:.2f} {end_x:.2f} {end_y:.2f}"


def _arrow_head(root: ET.Element) -> None:
    """The arrow at an arc's end, of one size whatever the arc's width."""
    marker = {
        "id": "head",
        "viewBox": "0 0 8 8",
        "refX": "2",
        "refY": "4",
        "markerWidth": "9",
        "markerHeight": "9",
        "markerUnits": "userSpaceOnUse",
        "orient": "auto",
    }
    head = ET.SubElement(ET.SubElement(root, "defs"), "marker", marker)
    ET.SubElement(head, "path", {"d": "M0 0 L8 4 L0 8 z", "fill": QUIET})


def _box(root: ET.Element, view: View, node: SubsystemId, name: str, at: Point) -> None:
    """A subsystem in a column: name above id."""
    x, y = at
    group = ET.SubElement(root, "g")
    ET.SubElement(group, "title").text = f"{name} ({node})"
    ET.SubElement(
        group,
        "rect",
        _sizes(x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT)
        | {"rx": "6", "fill": ACCENT if node in view.focus else FILL}
        | _outline(view, node),
    )
    middle = {"text-anchor": "middle"}
    _text(group, x, y - 3, _short(name, BOX_CHARACTERS_MAX), middle | {"font-weight": "600"})
    small = middle | {"fill": QUIET, "font-size": "11"}
    _text(group, x, y + 13, _short(node, BOX_CHARACTERS_MAX), small)


def _spot(root: ET.Element, view: View, node: SubsystemId, name: str, at: Point) -> None:
    """A subsystem on the circle, its name outside."""
    x, y = at
    middle = MARGIN + NAME_ROOM + RADIUS
    group = ET.SubElement(root, "g")
    ET.SubElement(group, "title").text = f"{name} ({node})"
    spot = {"cx": f"{x:.2f}", "cy": f"{y:.2f}", "r": "9", "fill": ACCENT}
    ET.SubElement(group, "circle", spot | _outline(view, node))
    if abs(x - middle) < 1:
        above = y < HEAD + MARGIN + RADIUS
        _text(group, x, y - 16 if above else y + 26, _short(name), {"text-anchor": "middle"})
    else:
        right = x > middle
        anchor = {"text-anchor": "start" if right else "end"}
        _text(group, x + 16 if right else x - 16, y + 4, _short(name), anchor)


def _outline(view: View, node: SubsystemId) -> dict[str, str]:
    """The rim of a subsystem; those that must move together have a rim of their own."""
    together = any(node in atom.members for atom in view.atoms)
    return {"stroke": TOGETHER if together else QUIET, "stroke-width": "2.5" if together else "1"}


def _legend(root: ET.Element, view: View, names: Mapping[SubsystemId, str], height: float) -> None:
    """Below the picture: which subsystems must move together, and who says why."""
    top = height - _legend_height(view) + 20
    for number, line in enumerate(_together(view, names)[:LEGEND_LINES_MAX]):
        _text(root, MARGIN, top + 18 * number, line, {"fill": TOGETHER})


LEGEND_LINES_MAX: Final = 8


def _legend_height(view: View) -> float:
    """The room that the legend takes."""
    return 18 * min(len(view.atoms), LEGEND_LINES_MAX) + MARGIN


def _together(view: View, names: Mapping[SubsystemId, str]) -> list[str]:
    """One line for each atom."""
    return [
        "Must move together: "
        + " + ".join(names.get(member, member) for member in atom.members)
        + f" ({'; '.join(bond.reason for bond in atom.bonds)})"
        for atom in view.atoms
    ]


def _description(view: View, names: Mapping[SubsystemId, str]) -> str:
    """The picture in words, for whoever cannot see it: every arc, the heaviest first."""
    arcs = [f"{_arc_text(arc, names)}." for arc in view.arcs]
    return " ".join([view.left_out, *arcs, *(f"{line}." for line in _together(view, names))])


def _arc_text(arc: Pair, names: Mapping[SubsystemId, str]) -> str:
    """One arc in words."""
    links = f"{arc.links:,} link{'' if arc.links == 1 else 's'}"
    return f"{names[arc.source]} calls {names[arc.target]}: {links}, weight {arc.weight:,}"


def _short(text: str, characters: int = NAME_CHARACTERS_MAX) -> str:
    """Cut a name that would not fit; the whole one is in the title."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _sizes(x: float, y: float, width: float, height: float) -> dict[str, str]:
    """The four attributes of a rectangle."""
    return {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"}


def _text(root: ET.Element, x: float, y: float, text: str, attributes: dict[str, str]) -> None:
    """Write a text at a place."""
    place = {"x": f"{x:.2f}", "y": f"{y:.2f}"}
    ET.SubElement(root, "text", place | {"fill": INK} | attributes).text = text
