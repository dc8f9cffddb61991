"""What a picture of the graph shows: a choice of subsystems and arcs small enough to be read.

`dot.py` and `picture.py` draw it, `migrator graph` chooses which. A whole estate drawn at once is
a ball of wool that explains nothing, so a view leaves things out, and `left_out` says in words
what; that sentence stands in every picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.graph.atoms import Atom
from migrator.graph.build import DependencyGraph
from migrator.graph.hubs import hubs
from migrator.graph.reach import Neighbourhood
from migrator.ids import SubsystemId
from migrator.links.table import Pair

HUBS_DRAWN_MAX: Final = 18
"""More names than this do not fit around a circle without touching each other."""

HUB_ARCS_DRAWN_MAX: Final = 45

OUTER_ARCS_DRAWN_MAX: Final = 40
"""Arcs that do not touch the centre are the background of the answer, not the answer."""

COLUMN_MAX: Final = 16
"""A column of sixteen boxes is what a screen shows without scrolling."""


@dataclass(frozen=True, slots=True)
class View:
    """A picture's content. `column` places a layered picture; empty means: around a circle.

    `arcs` are sorted by weight, the heaviest first; `focus` are the subsystems asked about.
    """

    title: str
    nodes: tuple[SubsystemId, ...]
    arcs: tuple[Pair, ...]
    column: dict[SubsystemId, int]
    focus: tuple[SubsystemId, ...]
    atoms: tuple[Atom, ...]
    left_out: str


def view_of_all(graph: DependencyGraph, groups: Sequence[Atom], estate: str) -> View:
    """Leave nothing out: for programs that lay graphs out, never for the eye."""
    return View(
        title=estate,
        nodes=graph.nodes,
        arcs=_by_weight(graph.arcs),
        column={},
        focus=(),
        atoms=tuple(atom for atom in groups if len(atom.members) > 1),
        left_out=f"All {len(graph.nodes)} subsystems and all {len(graph.arcs)} pairs.",
    )


def view_of_hubs(graph: DependencyGraph, groups: Sequence[Atom], estate: str) -> View:
    """Choose the heaviest subsystems and the heaviest arcs between them."""
    nodes = tuple(hub.subsystem for hub in hubs(graph, HUBS_DRAWN_MAX))
    inside = _by_weight(arc for arc in graph.arcs if arc.source in nodes and arc.target in nodes)
    arcs = inside[:HUB_ARCS_DRAWN_MAX]
    drawn = sum(arc.weight for arc in arcs)
    share = drawn / graph.weight if graph.weight else 1.0
    return View(
        title=f"{estate}: the heaviest subsystems",
        nodes=tuple(sorted(nodes)),
        arcs=arcs,
        column={},
        focus=(),
        atoms=tuple(atom for atom in groups if len(atom.members) > 1),
        left_out=(
            f"{len(nodes)} of {len(graph.nodes)} subsystems and {len(arcs)} of {len(graph.arcs)} "
            f"pairs are drawn; they carry {share:.0%} of the link weight."
        ),
    )


def view_of_neighbourhood(
    graph: DependencyGraph, hood: Neighbourhood, groups: Sequence[Atom]
) -> View:
    """Place callers left and called ones right of the centre, the heaviest of each column."""
    column = {hood.centre: 0}
    heaviest: dict[SubsystemId, int] = {hood.centre: 0}
    for hops in range(1, hood.depth + 1):
        ring = [node for node, distance in hood.distance.items() if distance == hops]
        for node in ring:
            side, weight = _side(node, hood, column)
            # A subsystem that hangs on one that was left out is left out, too.
            if side:
                heaviest[node] = weight
                column[node] = side
        for side in (-hops, hops):
            full = sorted(
                (node for node in ring if column.get(node) == side),
                key=lambda node: (-heaviest[node], node),
            )
            for node in full[COLUMN_MAX:]:
                del column[node]
    between = _by_weight(
        arc
        for arc in hood.arcs
        if arc.source in column
        and arc.target in column
        and abs(column[arc.source] - column[arc.target]) == 1
    )
    own = [arc for arc in between if hood.centre in {arc.source, arc.target}]
    others = [arc for arc in between if hood.centre not in {arc.source, arc.target}]
    arcs = _by_weight([*own, *others[:OUTER_ARCS_DRAWN_MAX]])
    return View(
        title=f"Around {hood.centre}, {hood.depth} hop{'' if hood.depth == 1 else 's'}",
        nodes=tuple(sorted(column)),
        arcs=arcs,
        column=column,
        focus=(hood.centre,),
        atoms=_atoms_inside(groups, column),
        left_out=(
            f"{len(column)} of {len(hood.distance)} subsystems and {len(arcs)} of "
            f"{len(hood.arcs)} pairs are drawn: the heaviest, and arcs between neighbouring "
            f"columns. The estate has {len(graph.nodes)} subsystems."
        ),
    )


def view_of_route(route: Sequence[Pair], groups: Sequence[Atom]) -> View:
    """Place the subsystems of a way from left to right."""
    assert route, "a way has at least one hop"
    nodes = (route[0].source, *(arc.target for arc in route))
    column = {node: place for place, node in enumerate(nodes)}
    return View(
        title=f"Why {nodes[0]} depends on {nodes[-1]}",
        nodes=tuple(sorted(nodes)),
        arcs=_by_weight(route),
        column=column,
        focus=(nodes[0], nodes[-1]),
        atoms=_atoms_inside(groups, column),
        left_out="A shortest way by links; there may be others.",
    )


def _side(
    node: SubsystemId, hood: Neighbourhood, column: Mapping[SubsystemId, int]
) -> tuple[int, int]:
    """Find the column of a subsystem from its links with the ring inside; 0 if it has none."""
    hops = hood.distance[node]
    left = right = 0
    linked = {-1: False, 1: False}
    for arc in hood.arcs:
        ends = {arc.source, arc.target}
        if node not in ends:
            continue
        (other,) = ends - {node}
        if other not in column or abs(column[other]) != hops - 1:
            continue
        # Next to the centre the direction decides; further out the neighbour's own side does.
        calls = column[other] < 0 or (column[other] == 0 and arc.source == node)
        linked[-1 if calls else 1] = True
        left += arc.weight if calls else 0
        right += 0 if calls else arc.weight
    if not any(linked.values()):
        return 0, 0
    goes_left = left > right or (left == right and linked[-1])
    return (-hops if goes_left else hops), left + right


def _atoms_inside(groups: Sequence[Atom], nodes: Mapping[SubsystemId, int]) -> tuple[Atom, ...]:
    """The atoms of which at least two members are drawn."""
    return tuple(atom for atom in groups if len(nodes.keys() & set(atom.members)) > 1)


def _by_weight(arcs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Sort arcs, the heaviest first."""
    return tuple(sorted(arcs, key=lambda arc: (-arc.weight, arc.source, arc.target)))
