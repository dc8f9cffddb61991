"""The subsystems by wave, and the heaviest links that the waves cut.

Called by `gallery.py`. Waves stand below each other in their order, as in the picture over time;
arcs are drawn only between waves, since a pair inside one wave is hardly split. An estate too large
for names is drawn as squares of wave against wave.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from migrator.ids import SubsystemId
from migrator.plan.model import WaveLeg
from migrator.reports.drawing import parts
from migrator.reports.drawing.figure import WIDTH, Column, Figure, Key, Table
from migrator.reports.drawing.scene import Scene, shown_share
from migrator.reports.svg import TICK_WIDTH, bar, element, label
from migrator.reports.texts import Texts

NAME: Final = "graph"
NODES_MAX: Final = 160
"""More boxes with names would fill more than a screen and a half."""

ARCS_MAX: Final = 32
"""Enough for the pairs that decide the exposure; more arcs hide each other."""

HUBS: Final = 6
NAME_WIDTH: Final = 98
ACROSS: Final = 6
BOX_HEIGHT: Final = 24
BOX_GAP: Final = 8
LINE: Final = 32
BETWEEN: Final = 34
"""Room between two waves, in which the arcs are seen."""

CELL_MAX: Final = 34
SQUARES_LEFT: Final = 150

Ends = tuple[SubsystemId, SubsystemId]


@dataclass(frozen=True, slots=True)
class Tie:
    """Both directions between two subsystems that move, in the order of their waves."""

    early: SubsystemId
    late: SubsystemId
    links: int
    weight: int


def graph_figure(t: Texts, scene: Scene, *, nodes_max: int = NODES_MAX) -> Figure | None:
    """Names and arcs, or squares for a large estate; None where no links are between moves."""
    ties, inside = _ties(scene)
    if not ties and not inside:
        return None
    if len(scene.itinerary.legs) > nodes_max:
        return _squares(t, scene, ties, inside)
    return _named(t, scene, ties, inside)


def _ties(scene: Scene) -> tuple[list[Tie], list[Tie]]:
    """The pairs between waves and those inside one, the heaviest first."""
    legs = scene.itinerary.legs
    order = {wave.id: n for n, wave in enumerate(scene.itinerary.waves)}
    sums: dict[Ends, tuple[int, int]] = {}
    for pair in scene.itinerary.pairs:
        if pair.source not in legs or pair.target not in legs or pair.source == pair.target:
            continue
        ends = sorted((pair.source, pair.target), key=lambda each: (order[legs[each].wave], each))
        links, weight = sums.get((ends[0], ends[1]), (0, 0))
        sums[ends[0], ends[1]] = (links + pair.links, weight + pair.weight)
    found = [Tie(early, late, *both) for (early, late), both in sums.items()]
    found.sort(key=lambda tie: (-tie.weight, tie.early, tie.late))
    cut = [tie for tie in found if legs[tie.early].wave != legs[tie.late].wave]
    return cut, [tie for tie in found if legs[tie.early].wave == legs[tie.late].wave]


def _named(t: Texts, scene: Scene, ties: list[Tie], inside: list[Tie]) -> Figure:
    drawn = ties[:ARCS_MAX]
    hubs = _hubs(ties)
    lines = _lines(scene.itinerary.waves, drawn)
    place, bands, height = _places(scene.itinerary.waves, lines)
    body = [parts.patterns(NAME)]
    for wave, (top, bottom) in zip(scene.itinerary.waves, bands, strict=True):
        middle = (top + bottom) / 2
        body.append(element("line", x1=0, y1=top - 12, x2=WIDTH, y2=top - 12, class_="row"))
        body.append(label(0, middle, wave.id, class_="strong"))
        size = t.ngettext("%(num)s subsystem", "%(num)s subsystems", len(wave.moves))
        body.append(label(0, middle + 15, size, class_="tick"))
    heaviest = drawn[0].weight if drawn else 1
    # The heavy ones last, on top of the others; boxes hide what only passes behind them.
    body.extend(_arc(t, scene, tie, place, heaviest) for tie in reversed(drawn))
    for name, at in place.items():
        body.append(_box(scene, name, at, hub=name in hubs))
    body.extend(_ends(tie, place) for tie in drawn)
    return Figure(
        NAME,
        t._("Subsystems by wave, and the heaviest links between waves"),
        _described(t, scene, drawn, ties),
        int(height),
        "".join(body),
        (
            Key(element("path", d="M0 7H30", class_="tie", stroke_width=4.0),
                t._("links between waves, wider by weight")),
            Key(element("rect", x=2, y=2, width=26, height=10, class_="box hub"),
                t._("one of those with most weight between waves")),
        ),
        _notes(t, drawn, ties, inside),
        _table(t, scene, ties),
    )  # fmt: skip


def _hubs(ties: Sequence[Tie]) -> frozenset[SubsystemId]:
    """Those with the most weight between waves."""
    weight: dict[SubsystemId, int] = {}
    for tie in ties:
        for end in (tie.early, tie.late):
            weight[end] = weight.get(end, 0) + tie.weight
    return frozenset(sorted(weight, key=lambda name: (-weight[name], name))[:HUBS])


def _lines(waves: Sequence[WaveLeg], drawn: Sequence[Tie]) -> dict[str, list[list[SubsystemId]]]:
    """The boxes of each wave in lines; who is tied to earlier waves stands below its partners.

    One sweep from the first wave down puts each box at the mean place of its partners above it,
    and one back does the same from below, weighed by the ties that are drawn.
    """
    at: dict[SubsystemId, float] = {}
    orders: dict[str, list[SubsystemId]] = {}
    for wave in waves:
        orders[wave.id] = sorted(wave.moves)
        _spread_out(orders[wave.id], at)
    for sweep in (waves, tuple(reversed(waves)), waves):
        for wave in sweep:
            wanted = _wanted(orders[wave.id], drawn, at)
            orders[wave.id] = _sorted_by(orders[wave.id], wanted)
            _spread_out(orders[wave.id], at)
    found: dict[str, list[list[SubsystemId]]] = {}
    for wave in waves:
        count = -(-len(orders[wave.id]) // ACROSS)
        # Dealt out in columns, so that neighbours in the order stay neighbours in place.
        found[wave.id] = [orders[wave.id][n::count] for n in range(count)] if count else []
    return found


def _sorted_by(
    names: Sequence[SubsystemId], wanted: Mapping[SubsystemId, float]
) -> list[SubsystemId]:
    return sorted(names, key=lambda name: (wanted[name], name))


def _spread_out(order: Sequence[SubsystemId], at: dict[SubsystemId, float]) -> None:
    for number, name in enumerate(order):
        at[name] = (number + 0.5) / len(order)


def _wanted(
    names: Sequence[SubsystemId], drawn: Sequence[Tie], at: Mapping[SubsystemId, float]
) -> dict[SubsystemId, float]:
    sums = dict.fromkeys(names, (0.0, 0.0))
    for tie in drawn:
        for end, other in ((tie.early, tie.late), (tie.late, tie.early)):
            if end in sums:
                place, weight = sums[end]
                sums[end] = (place + at[other] * tie.weight, weight + tie.weight)
    return {
        name: round(place / weight, 6) if weight else at[name]
        for name, (place, weight) in sums.items()
    }


def _places(
    waves: Sequence[WaveLeg], lines: Mapping[str, list[list[SubsystemId]]]
) -> tuple[dict[SubsystemId, parts.Place], list[tuple[float, float]], float]:
    """The middle of every box, each wave's stretch, and how high it all is."""
    place: dict[SubsystemId, parts.Place] = {}
    bands = []
    step = (WIDTH - NAME_WIDTH) / ACROSS
    top = 16.0
    for wave in waves:
        start = top
        for line in lines[wave.id]:
            shift = (ACROSS - len(line)) / 2
            for number, name in enumerate(line):
                x = NAME_WIDTH + step * (number + shift + 0.5)
                place[name] = (x, top + BOX_HEIGHT / 2)
            top += LINE
        top = max(top, start + LINE)
        bands.append((start, top - LINE + BOX_HEIGHT))
        top += BETWEEN
    return place, bands, top - BETWEEN + 8


def _half() -> float:
    """Half a box's width."""
    return (WIDTH - NAME_WIDTH) / ACROSS / 2 - BOX_GAP / 2


def _box(scene: Scene, name: SubsystemId, at: parts.Place, *, hub: bool) -> str:
    x, y = at
    shown = scene.itinerary.names.get(name, name)
    rect = element(
        "rect",
        element("title", escape(f"{shown} ({name})")),
        x=x - _half(), y=y - BOX_HEIGHT / 2, width=2 * _half(), height=BOX_HEIGHT, rx=4,
        class_="box hub" if hub else "box",
    )  # fmt: skip
    words = _cut(shown, 2 * _half() - 12)
    # Strong letters are wider and would not fit; the strong frame is enough.
    return rect + label(x, y + 4, words, anchor="middle", class_="small")


def _cut(text: str, width: float) -> str:
    """The text as far as the axis's small letters have room."""
    room = int(width / TICK_WIDTH)
    return text if len(text) <= room else text[: room - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _arc(
    t: Texts, scene: Scene, tie: Tie, place: Mapping[SubsystemId, parts.Place], heaviest: int
) -> str:
    (x1, y1), (x2, y2) = place[tie.early], place[tie.late]
    y1, y2 = y1 + BOX_HEIGHT / 2, y2 - BOX_HEIGHT / 2
    bend = min(max((y2 - y1) / 2, 14.0), 60.0)
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
    title = element("title", escape(_tie_words(t, scene, tie)))
    return element("path", title, d=path, class_="tie", stroke_width=_wide(tie, heaviest))


def _wide(tie: Tie, heaviest: int) -> float:
    return 1.0 + 6.0 * math.sqrt(tie.weight / heaviest)


def _ends(tie: Tie, place: Mapping[SubsystemId, parts.Place]) -> str:
    """A dot where an arc really ends, as others pass behind boxes."""
    (x1, y1), (x2, y2) = place[tie.early], place[tie.late]
    return "".join(
        element("circle", cx=x, cy=y, r=2.6, class_="tie-end")
        for x, y in ((x1, y1 + BOX_HEIGHT / 2), (x2, y2 - BOX_HEIGHT / 2))
    )


def _tie_words(t: Texts, scene: Scene, tie: Tie) -> str:
    names = scene.itinerary.names
    legs = scene.itinerary.legs
    return t.ngettext(
        "%(first)s (%(early)s) and %(other)s (%(late)s): %(num)s link, weight %(weight)s",
        "%(first)s (%(early)s) and %(other)s (%(late)s): %(num)s links, weight %(weight)s",
        tie.links,
        first=names.get(tie.early, tie.early),
        early=legs[tie.early].wave,
        other=names.get(tie.late, tie.late),
        late=legs[tie.late].wave,
        weight=t.number(tie.weight),
    )


def _described(t: Texts, scene: Scene, drawn: Sequence[Tie], ties: Sequence[Tie]) -> str:
    if not ties:
        return t._("No link is cut by the waves.")
    said = [_tie_words(t, scene, tie) for tie in drawn[:ARCS_MAX]]
    return "; ".join(said) + "."


def _notes(
    t: Texts, drawn: Sequence[Tie], ties: Sequence[Tie], inside: Sequence[Tie]
) -> tuple[str, ...]:
    between = sum(tie.weight for tie in ties)
    whole = between + sum(tie.weight for tie in inside)
    said = [
        t._(
            "%(inside)s of the link weight between moves lies inside waves.",
            inside=shown_share(t, 1 - between / whole if whole else 0.0),
        )
    ]
    if len(drawn) < len(ties):
        said.append(
            t._(
                "Drawn are the %(drawn)s heaviest of %(all)s pairs between waves, with %(share)s of"
                " the weight between them; all are in the table.",
                drawn=t.number(len(drawn)),
                all=t.number(len(ties)),
                share=shown_share(t, sum(tie.weight for tie in drawn) / between),
            )
        )
    return tuple(said)


def _table(t: Texts, scene: Scene, ties: Sequence[Tie]) -> Table:
    names, legs = scene.itinerary.names, scene.itinerary.legs
    columns = (
        Column("early", t._("Earlier")),
        Column("early_wave", t._("Its wave")),
        Column("late", t._("Later")),
        Column("late_wave", t._("Its wave")),
        Column("links", t._("Links")),
        Column("weight", t._("Weight")),
    )
    rows = tuple(
        (
            names.get(tie.early, tie.early),
            legs[tie.early].wave,
            names.get(tie.late, tie.late),
            legs[tie.late].wave,
            tie.links,
            tie.weight,
        )
        for tie in ties
    )
    return Table(columns, rows)


def _squares(t: Texts, scene: Scene, ties: list[Tie], inside: list[Tie]) -> Figure:
    """Wave against wave: the larger the square, the more weight is cut between the two."""
    legs, waves = scene.itinerary.legs, scene.itinerary.waves
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for tie in (*ties, *inside):
        key = (legs[tie.early].wave, legs[tie.late].wave)
        links, weight = sums.get(key, (0, 0))
        sums[key] = (links + tie.links, weight + tie.weight)
    heaviest = max((weight for _, weight in sums.values()), default=1) or 1
    cell = min(CELL_MAX, (WIDTH - SQUARES_LEFT) / max(len(waves), 1))
    body = []
    for number, wave in enumerate(waves):
        y = 30 + cell * (number + 0.5)
        size = t.ngettext("%(num)s subsystem", "%(num)s subsystems", len(wave.moves))
        words = f"{wave.id}  {size}"
        body.append(label(SQUARES_LEFT - 10, y + 4, words, anchor="end", class_="tick"))
        if number % max(1, math.ceil(30 / cell)) == 0:
            body.append(
                label(SQUARES_LEFT + cell * (number + 0.5), 16, wave.id, anchor="middle",
                      class_="tick")
            )  # fmt: skip
        body.append(
            element(
                "line",
                x1=SQUARES_LEFT,
                y1=y + cell / 2,
                x2=SQUARES_LEFT + cell * len(waves),
                y2=y + cell / 2,
                class_="grid",
            )
        )
    place: dict[str, int] = {wave.id: n for n, wave in enumerate(waves)}
    for (early, late), (links, weight) in sorted(sums.items()):
        side = (cell - 3) * math.sqrt(weight / heaviest)
        x = SQUARES_LEFT + cell * (place[late] + 0.5) - side / 2
        y = 30 + cell * (place[early] + 0.5) - side / 2
        kind = "cell inside" if early == late else "cell"
        said = t.ngettext(
            "%(early)s and %(late)s: %(num)s link, weight %(weight)s",
            "%(early)s and %(late)s: %(num)s links, weight %(weight)s",
            links, early=early, late=late, weight=t.number(weight),
        )  # fmt: skip
        body.append(bar(x, y, side, max(side, 2.0), kind, said))
    columns = (
        Column("early_wave", t._("Earlier wave")),
        Column("late_wave", t._("Later wave")),
        Column("links", t._("Links")),
        Column("weight", t._("Weight")),
    )
    rows = sorted(
        ((early, late, *both) for (early, late), both in sums.items()),
        key=lambda row: (-row[3], row[0], row[1]),
    )
    return Figure(
        NAME,
        t._("Links between waves"),
        t._("The heaviest: %(pairs)s.", pairs="; ".join(
            f"{early} \N{EN DASH} {late}" for early, late, *_ in rows[:5] if early != late
        )),
        int(40 + cell * len(waves)),
        "".join(body),
        (
            Key(element("rect", x=9, y=1, width=12, height=12, class_="cell"),
                t._("cut between the two waves, larger by weight")),
            Key(element("rect", x=9, y=1, width=12, height=12, class_="cell inside"),
                t._("inside one wave")),
        ),
        _notes(t, ties, ties, inside),
        Table(columns, tuple(rows)),
    )  # fmt: skip
