"""Who reaches whom by links: why A depends on B, what is around X, whom X takes down.

Called by `migrator graph` and by reports. An arc means "depends on", so whoever reaches X is
affected when X is down, and what X reaches can take X down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator.graph.build import DependencyGraph
from migrator.ids import SubsystemId
from migrator.links.table import Pair


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What lies within `depth` hops of the centre, links taken in either direction.

    `distance` holds every member, the centre with 0. `arcs` are all arcs between members.
    """

    centre: SubsystemId
    depth: int
    distance: dict[SubsystemId, int]
    arcs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What hangs on a subsystem and what it hangs on; `all_` includes the direct ones."""

    subsystem: SubsystemId
    affected_directly: tuple[SubsystemId, ...]
    affected: tuple[SubsystemId, ...]
    needs_directly: tuple[SubsystemId, ...]
    needs: tuple[SubsystemId, ...]


def why(
    graph: DependencyGraph, source: SubsystemId, target: SubsystemId
) -> tuple[Pair, ...] | None:
    """Give the way by which `source` depends on `target`: fewest hops, then the most weight.

    None if there is none; nothing to go where both are the same.
    """
    leaving = _by_end(graph.arcs, outgoing=True)
    best: dict[SubsystemId, tuple[int, tuple[Pair, ...]]] = {source: (0, ())}
    frontier = [source]
    while frontier and target not in best:
        found: dict[SubsystemId, tuple[int, tuple[Pair, ...]]] = {}
        for here in frontier:
            weight, way = best[here]
            for arc in leaving.get(here, ()):
                total = weight + arc.weight
                # The frontier is sorted, so of two equally heavy ways the lower ids win.
                if arc.target not in best and total > found.get(arc.target, (-1, ()))[0]:
                    found[arc.target] = (total, (*way, arc))
        best |= found
        frontier = sorted(found)
    return best[target][1] if target in best else None


def around(graph: DependencyGraph, centre: SubsystemId, depth: int) -> Neighbourhood:
    """Collect what lies within `depth` hops of a subsystem, whoever calls whom."""
    assert depth >= 0, "a neighbourhood has a size"
    leaving = _by_end(graph.arcs, outgoing=True)
    entering = _by_end(graph.arcs, outgoing=False)
    distance = {centre: 0}
    frontier = [centre]
    for hops in range(1, depth + 1):
        near = {arc.target for here in frontier for arc in leaving.get(here, ())}
        near |= {arc.source for here in frontier for arc in entering.get(here, ())}
        frontier = sorted(near - distance.keys())
        distance |= dict.fromkeys(frontier, hops)
    arcs = tuple(arc for arc in graph.arcs if arc.source in distance and arc.target in distance)
    return Neighbourhood(centre, depth, distance, arcs)


def reach(graph: DependencyGraph, subsystem: SubsystemId) -> Reach:
    """Say who is affected when a subsystem is down, and what it needs itself."""
    callers = _names(_by_end(graph.arcs, outgoing=False), outgoing=False)
    called = _names(_by_end(graph.arcs, outgoing=True), outgoing=True)
    return Reach(
        subsystem=subsystem,
        affected_directly=callers.get(subsystem, ()),
        affected=_closure(callers, subsystem),
        needs_directly=called.get(subsystem, ()),
        needs=_closure(called, subsystem),
    )


def _by_end(arcs: Sequence[Pair], *, outgoing: bool) -> dict[SubsystemId, list[Pair]]:
    """Group arcs by the subsystem that they leave, or by the one that they enter."""
    grouped: dict[SubsystemId, list[Pair]] = {}
    for arc in arcs:
        grouped.setdefault(arc.source if outgoing else arc.target, []).append(arc)
    return grouped


def _names(
    grouped: Mapping[SubsystemId, Sequence[Pair]], *, outgoing: bool
) -> dict[SubsystemId, tuple[SubsystemId, ...]]:
    """Keep only the other ends of grouped arcs."""
    return {
        node: tuple(sorted(arc.target if outgoing else arc.source for arc in arcs))
        for node, arcs in grouped.items()
    }


def _closure(
    following: Mapping[SubsystemId, Sequence[SubsystemId]], start: SubsystemId
) -> tuple[SubsystemId, ...]:
    """Everything that can be reached, without the start itself."""
    seen = {start}
    waiting = [start]
    while waiting:
        for there in following.get(waiting.pop(), ()):
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return tuple(sorted(seen - {start}))
