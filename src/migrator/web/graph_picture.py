"""A neighbourhood as an SVG made on the server: callers left, the called ones right. Pure.

Laid beside `graph_view`'s lists by the graph's page, and never instead of them. Colours and letters
come from classes, because the pages' policy refuses styles in the page; what a box is on stands in
it as a word and a sign. Only so many boxes are drawn as can be read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from migrator.engine.run import Run
from migrator.plan.model import PairLeg
from migrator.reports.svg import element, label
from migrator.reports.texts import Texts
from migrator.web.graph_view import STAYS, Arcs, side_of
from migrator.web.wave_view import PLACES, place_of

COLUMN_MAX: Final = 9
"""So many boxes stand in a column without scrolling on a desk."""
OUTER_MAX: Final = 9
BOX: Final = (206, 46)
GAP: Final = {1: 170, 2: 54}
"""Between columns, by how many steps are drawn; the arrows need room."""
ROW: Final = 58
TOP: Final = 34
MARGIN: Final = 4
HEAD: Final = 7
"""The arrow's own length."""
WIDEST: Final = 5.0
LETTER: Final = {"around-name": 7.6, "around-where": 6.4}
"""How wide a letter is, by the class of its text."""
SIGNS: Final = {"old": "·", "crossing": "◐", "new": "●", "back": "↩", STAYS: "▪"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture, and how many neighbours are in it of how many there are."""

    svg: str
    drawn: int
    neighbours: int


@dataclass(frozen=True, slots=True)
class _Ring:
    """Columns from the left: place -> names in their order."""

    columns: Mapping[int, tuple[str, ...]]  # those that are not empty
    neighbours: int  # all that there are, drawn or not


def drawing(run: Run, arcs: Arcs, centre: str, t: Texts, *, steps: int = 1) -> Drawing:
    """Draw one or two steps around a subsystem."""
    ring = _ring(run, arcs, centre, steps)
    place, width, height = _places(ring, steps)
    column = {name: number for number, names in ring.columns.items() for name in names}
    drawn = _arcs_between(arcs, column)
    heaviest = max((pair.links for pair in drawn), default=1)
    body = [_head(), *(_column_heads(ring, steps, t))]
    # The heavy ones last, on top of the others.
    body += [_arrow(run, pair, place, heaviest, t) for pair in sorted(drawn, key=lambda p: p.links)]
    body += [_box(run, name, at, t, middle=name == centre) for name, at in place.items()]
    names = run.itinerary.names
    title = t._("Around %(name)s", name=names[centre])
    said = t._("Callers stand to the left, the called ones to the right. The lists below say all.")
    head = element("title", escape(title), id="around-title")
    head += element("desc", escape(said), id="around-desc")
    svg = element(
        "svg",
        head + "".join(body),
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_labelledby="around-title around-desc",
        class_="around",
    )
    return Drawing(svg, len(place) - 1, ring.neighbours)


def _ring(run: Run, arcs: Arcs, centre: str, steps: int) -> _Ring:
    """Put neighbours on the side where more links are; those with most links are drawn."""
    calls = {pair.target: pair.links for pair in arcs.leaving.get(centre, ())}
    called = {pair.source: pair.links for pair in arcs.entering.get(centre, ())}
    everybody = calls.keys() | called.keys()
    right = {name for name in everybody if calls.get(name, -1) >= called.get(name, -1)}
    columns = {
        0: (centre,),
        1: _most(run, {name: calls[name] for name in right}, COLUMN_MAX),
        -1: _most(run, {name: called[name] for name in everybody - right}, COLUMN_MAX),
    }
    neighbours = len(everybody)
    if steps > 1:
        near = everybody | {centre}
        right_of = _further(arcs.leaving, columns[1], near, outgoing=True)
        left_of = _further(arcs.entering, columns[-1], near, outgoing=False)
        # Who is both further left and further right is drawn where more links are.
        for name in right_of.keys() & left_of.keys():
            del (left_of if right_of[name] >= left_of[name] else right_of)[name]
        columns[2] = _most(run, right_of, OUTER_MAX)
        columns[-2] = _most(run, left_of, OUTER_MAX)
        neighbours += len(right_of) + len(left_of)
    # An empty column would only push the others out of the screen.
    return _Ring({number: names for number, names in columns.items() if names}, neighbours)


def _further(
    arcs: Mapping[str, tuple[PairLeg, ...]],
    column: Sequence[str],
    near: set[str],
    *,
    outgoing: bool,
) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in column:
        for pair in arcs.get(name, ()):
            other = pair.target if outgoing else pair.source
            if other not in near:
                found[other] = found.get(other, 0) + pair.links
    return found


def _most(run: Run, links_of: Mapping[str, int], most: int) -> tuple[str, ...]:
    """Those with most links, in the order of their waves; those that stay come last."""
    chosen = sorted(links_of, key=lambda name: (-links_of[name], name))[:most]
    order = {wave.id: number for number, wave in enumerate(run.itinerary.waves)}
    legs = run.itinerary.legs

    def place(name: str) -> tuple[int, int, str]:
        leg = legs.get(name)
        return (len(order) if leg is None else order[leg.wave], -links_of[name], name)

    return tuple(sorted(chosen, key=place))


def _places(ring: _Ring, steps: int) -> tuple[dict[str, tuple[float, float]], int, int]:
    """The middle of every box, and how large the picture is."""
    tallest = max(len(names) for names in ring.columns.values())
    step = BOX[0] + GAP[steps]
    place = {}
    leftmost, rightmost = min(ring.columns), max(ring.columns)
    for number, names in ring.columns.items():
        x = MARGIN + BOX[0] / 2 + (number - leftmost) * step
        first = TOP + (tallest - len(names)) * ROW / 2 + ROW / 2
        for row, name in enumerate(names):
            place[name] = (x, first + row * ROW)
    return place, 2 * MARGIN + BOX[0] + (rightmost - leftmost) * step, TOP + tallest * ROW


def _arcs_between(arcs: Arcs, column: Mapping[str, int]) -> list[PairLeg]:
    """The arcs between neighbouring columns; those inside one would only cover the boxes."""
    return [
        pair
        for name, number in column.items()
        for pair in arcs.leaving.get(name, ())
        if pair.target in column and abs(column[pair.target] - number) == 1
    ]


def _head() -> str:
    path = element("path", d="M0 0L8 4L0 8z", class_="tie-head")
    return element(
        "defs",
        element(
            "marker", path, id="tie-head", viewBox="0 0 8 8", refX=1, refY=4, markerWidth=9,
            markerHeight=9, markerUnits="userSpaceOnUse", orient="auto",
        ),
    )  # fmt: skip


def _column_heads(ring: _Ring, steps: int, t: Texts) -> list[str]:
    words = {
        -2: t._("call its callers"),
        -1: t._("call it"),
        1: t._("are called by it"),
        2: t._("are called by those"),
    }
    step = BOX[0] + GAP[steps]
    leftmost = min(ring.columns)
    return [
        label(MARGIN + (number - leftmost) * step, 18, words[number], class_="around-head")
        for number in sorted(ring.columns)
        if number in words
    ]


def _arrow(
    run: Run, pair: PairLeg, place: Mapping[str, tuple[float, float]], heaviest: int, t: Texts
) -> str:
    (x1, y1), (x2, y2) = place[pair.source], place[pair.target]
    side = 1 if x2 > x1 else -1
    # The two directions between two boxes run beside each other.
    shift = 7 * side
    start, end = x1 + side * BOX[0] / 2, x2 - side * (BOX[0] / 2 + HEAD)
    half = (start + end) / 2
    path = (
        f"M{start:.1f} {y1 + shift:.1f}C{half:.1f} {y1 + shift:.1f} "
        f"{half:.1f} {y2 + shift:.1f} {end:.1f} {y2 + shift:.1f}"
    )
    names = run.itinerary.names
    across = side_of(run, pair.source) is not side_of(run, pair.target)
    words = t.ngettext(
        "%(source)s calls %(target)s: %(num)s link",
        "%(source)s calls %(target)s: %(num)s links",
        pair.links,
        source=names[pair.source],
        target=names[pair.target],
    )
    return element(
        "path",
        element("title", escape(words)),
        d=path,
        class_="tie tie-across" if across else "tie",
        stroke_width=1 + (WIDEST - 1) * math.sqrt(pair.links / heaviest),
        marker_end="url(#tie-head)",
    )


def _box(run: Run, name: str, at: tuple[float, float], t: Texts, *, middle: bool) -> str:
    """A box that leads to its own neighbourhood; the lists say the same for those who hear it."""
    x, y = at
    leg = run.itinerary.legs.get(name)
    where = STAYS if leg is None else place_of(run, leg.id)
    word = t._("it stays") if leg is None else t._(PLACES[where])
    wave = "" if leg is None else f"{leg.wave} "
    shown = run.itinerary.names.get(name, name)
    left, top = x - BOX[0] / 2, y - BOX[1] / 2
    said = f"{SIGNS[where]} {wave}{word}"
    rim = f"around-box box-{where}{' box-middle' if middle else ''}"
    inside = (
        element("title", escape(f"{shown} ({name}): {wave}{word}"))
        + element("rect", x=left, y=top, width=BOX[0], height=BOX[1], rx=5, class_=rim)
        + _text(left + 9, y - 4, shown, "around-name")
        + _text(left + 9, y + 14, said, "around-where")
    )
    if middle:
        return element("g", inside)
    # Twice the same way by keyboard would be one too many: the lists have the links, too.
    return element("a", inside, href=f"/graph/{quote(name, safe='')}", tabindex="-1")


def _text(x: float, y: float, text: str, class_: str) -> str:
    """A line in a box, cut where it would leave it; the whole text is in the box's title."""
    room = int((BOX[0] - 18) / LETTER[class_])
    cut = text if len(text) <= room else text[: room - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return label(x, y, cut, class_=class_)
