"""Circles of links, explained: who is in them, which arcs are cheapest to bridge, and what follows.

Called by `migrator graph` and by reports. In a real estate the largest strongly connected
component of all links is nearly the whole estate, and an engineer who sees it fears that
everything must move at once. It must not: a link whose ends stand on different platforms is
bridged for that time. Only declared relations force subsystems together (`atoms.py`). Nothing
here may ever be used to merge subsystems.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.graph.build import DependencyGraph, directed
from migrator.ids import SubsystemId
from migrator.links.table import Pair

SWEEPS_MAX: Final = 20
"""The order improves in the first few sweeps; at 1,000 subsystems a sweep takes half a second."""


ARCS_MAX: Final = 10**7
"""More arcs than a graph of 1,000 subsystems can have, so that counting them never outweighs."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Subsystems of which each reaches each other by links.

    `links` and `weight` are those inside. `bridges` is a small set of light arcs whose bridging
    leaves no circle among the rest: a heuristic answer to a hard question (the minimum feedback
    arc set), so a lighter set may exist. `bridge_weight` is its weight; `example` is a shortest
    circle through the member with the heaviest links, the first one named once.
    """

    members: tuple[SubsystemId, ...]
    links: int
    weight: int
    bridges: tuple[Pair, ...]
    bridge_weight: int
    example: tuple[SubsystemId, ...]


def cycles(graph: DependencyGraph) -> tuple[Cycle, ...]:
    """Explain every circle of two or more subsystems, the largest first."""
    import networkx as nx

    found = [
        tuple(sorted(members))
        for members in nx.strongly_connected_components(directed(graph))
        if len(members) > 1
    ]
    return tuple(_explain(graph, members) for members in sorted(found, key=lambda m: (-len(m), m)))


def shortest_cycle(graph: DependencyGraph, through: SubsystemId) -> tuple[SubsystemId, ...] | None:
    """Find a shortest circle of links through one subsystem; None if it is in no circle."""
    following = _following(graph.arcs)
    came_from: dict[SubsystemId, SubsystemId] = {}
    waiting = deque([through])
    while waiting:
        here = waiting.popleft()
        for there in following.get(here, ()):
            if there == through:
                circle = [here]
                while circle[-1] != through:
                    circle.append(came_from[circle[-1]])
                return tuple(reversed(circle))
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return None


def feedback_arcs(nodes: Sequence[SubsystemId], arcs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Choose light arcs without which no circle is left: those that go back in a good order.

    The order comes from the greedy rule of Eades, Lin and Smyth with weights, then each
    subsystem is moved to its best place until nothing improves. A heuristic, the same every time.
    """
    order = _improved(_greedy_order(nodes, arcs), arcs)
    place = {node: number for number, node in enumerate(order)}
    return tuple(arc for arc in arcs if place[arc.source] > place[arc.target])


def _explain(graph: DependencyGraph, members: tuple[SubsystemId, ...]) -> Cycle:
    """Sum up one circle."""
    inside = set(members)
    arcs = tuple(arc for arc in graph.arcs if arc.source in inside and arc.target in inside)
    bridges = feedback_arcs(members, arcs)
    touching = dict.fromkeys(members, 0)
    for arc in arcs:
        touching[arc.source] += arc.weight
        touching[arc.target] += arc.weight
    heaviest = min(members, key=lambda member: (-touching[member], member))
    example = shortest_cycle(graph, heaviest)
    assert example is not None, "every member of a circle lies on a circle"
    return Cycle(
        members=members,
        links=sum(arc.links for arc in arcs),
        weight=sum(arc.weight for arc in arcs),
        bridges=tuple(sorted(bridges, key=lambda arc: (-arc.weight, arc.source, arc.target))),
        bridge_weight=sum(arc.weight for arc in bridges),
        example=example,
    )


def _following(arcs: Sequence[Pair]) -> dict[SubsystemId, list[SubsystemId]]:
    """Who is called by whom, in sorted order where the arcs are sorted."""
    following: dict[SubsystemId, list[SubsystemId]] = {}
    for arc in arcs:
        following.setdefault(arc.source, []).append(arc.target)
    return following


def _greedy_order(nodes: Sequence[SubsystemId], arcs: Sequence[Pair]) -> list[SubsystemId]:
    """Put sinks last and sources first; between them the one with the most outgoing surplus."""
    left = set(nodes)
    called: dict[SubsystemId, dict[SubsystemId, int]] = {node: {} for node in nodes}
    calling: dict[SubsystemId, dict[SubsystemId, int]] = {node: {} for node in nodes}
    for arc in arcs:
        called[arc.source][arc.target] = _cost(arc)
        calling[arc.target][arc.source] = _cost(arc)
    front: list[SubsystemId] = []
    back: list[SubsystemId] = []
    while left:
        sinks = [node for node in left if not called[node]]
        sources = [node for node in left if not calling[node]]
        if sinks:
            node = min(sinks)
            back.append(node)
        elif sources:
            node = min(sources)
            front.append(node)
        else:
            node = min(left, key=lambda n: (_surplus(calling[n], called[n]), n))
            front.append(node)
        left.remove(node)
        for other in called.pop(node):
            del calling[other][node]
        for other in calling.pop(node):
            del called[other][node]
    return front + back[::-1]


def _surplus(calling: Mapping[SubsystemId, int], called: Mapping[SubsystemId, int]) -> int:
    """What would go back, less what would go forward, if the subsystem stood in front."""
    return sum(calling.values()) - sum(called.values())


def _improved(order: list[SubsystemId], arcs: Sequence[Pair]) -> list[SubsystemId]:
    """Move each subsystem to the place where the least weight goes back, until none moves."""
    cost: dict[SubsystemId, dict[SubsystemId, int]] = {node: {} for node in order}
    for arc in arcs:
        # Positive: the subsystem wants to stand before the other, and the other after it.
        cost[arc.source][arc.target] = cost[arc.source].get(arc.target, 0) + _cost(arc)
        cost[arc.target][arc.source] = cost[arc.target].get(arc.source, 0) - _cost(arc)
    for _ in range(SWEEPS_MAX):
        moved = False
        for node in sorted(order):
            rest = [other for other in order if other != node]
            best = _best_place(rest, cost[node], order.index(node))
            if best != order.index(node):
                order = [*rest[:best], node, *rest[best:]]
                moved = True
        if not moved:
            break
    return order


def _best_place(rest: Sequence[SubsystemId], cost: Mapping[SubsystemId, int], now: int) -> int:
    """Find where in `rest` the least weight goes back; where it stands now unless it is better."""
    totals = [0]
    for other in rest:
        totals.append(totals[-1] + cost.get(other, 0))
    least = min(totals)
    return now if totals[now] == least else totals.index(least)


def _cost(arc: Pair) -> int:
    """What bridging an arc costs: its weight, and of equal weights the fewer arcs."""
    return arc.weight * ARCS_MAX + 1
