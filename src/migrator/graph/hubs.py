"""Hubs: the few subsystems through which most of the weight goes.

Called by `migrator graph` and by reports. A hub is where a wave hurts or helps most, so people
want them by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.graph.build import DependencyGraph
from migrator.ids import SubsystemId


@dataclass(frozen=True, slots=True)
class Hub:
    """One subsystem and all links between it and others.

    `share` is the part of all link weight that touches it (0 to 1). A link touches two
    subsystems, so the shares of all subsystems add up to 2.
    """

    subsystem: SubsystemId
    weight: int
    share: float
    links: int
    callers: int
    called: int


def hubs(graph: DependencyGraph, limit: int) -> tuple[Hub, ...]:
    """Give the subsystems with the most weight, heaviest first; those without links are none."""
    weight = dict.fromkeys(graph.nodes, 0)
    links = dict.fromkeys(graph.nodes, 0)
    callers = dict.fromkeys(graph.nodes, 0)
    called = dict.fromkeys(graph.nodes, 0)
    for arc in graph.arcs:
        called[arc.source] += 1
        callers[arc.target] += 1
        for end in (arc.source, arc.target):
            weight[end] += arc.weight
            links[end] += arc.links
    heaviest = sorted(
        (node for node in graph.nodes if links[node]),
        key=lambda node: (-weight[node], -links[node], node),
    )
    whole = graph.weight
    return tuple(
        Hub(
            subsystem=node,
            weight=weight[node],
            share=weight[node] / whole if whole else 0.0,
            links=links[node],
            callers=callers[node],
            called=called[node],
        )
        for node in heaviest[:limit]
    )
