"""Inventory + pairs -> DependencyGraph: who calls whom, and how much that weighs.

Called by the planner, the commands and the reports. An arc goes from the subsystem that calls to
the one that is called, so it reads "depends on". The graph holds all subsystems, also those that
stay: their links cross the platforms as soon as the other end has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory
from migrator.links.table import Pair

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class DependencyGraph:
    """Subsystems and the summed links between them.

    `nodes` are sorted. `arcs` are sorted by source and target. `weights` is w_ij of the plan's
    objective: the weight of both directions together, keyed by (lower id, higher id); a pair
    without links is absent, a pair whose links are never called is there with 0.
    """

    nodes: tuple[SubsystemId, ...]
    arcs: tuple[Pair, ...]
    weights: dict[tuple[SubsystemId, SubsystemId], int]

    @property
    def weight(self) -> int:
        """The weight of all links between different subsystems."""
        return sum(self.weights.values())

    @property
    def links(self) -> int:
        """The number of all links between different subsystems."""
        return sum(arc.links for arc in self.arcs)


def build_graph(inventory: Inventory, pairs: Sequence[Pair]) -> DependencyGraph:
    """Join the subsystems with their pairs; the order of the pairs does not matter."""
    nodes = tuple(sorted(subsystem.id for subsystem in inventory.subsystems))
    known = set(nodes)
    arcs = tuple(sorted(pairs, key=lambda pair: (pair.source, pair.target)))
    weights: dict[tuple[SubsystemId, SubsystemId], int] = {}
    for arc in arcs:
        assert arc.source in known, f"pair from unknown subsystem {arc.source}"
        assert arc.target in known, f"pair to unknown subsystem {arc.target}"
        assert arc.source != arc.target, f"inner links of {arc.source} are no pair"
        key = unordered(arc.source, arc.target)
        weights[key] = weights.get(key, 0) + arc.weight
    assert len({(arc.source, arc.target) for arc in arcs}) == len(arcs), "a pair stands twice"
    return DependencyGraph(nodes, arcs, dict(sorted(weights.items())))


def unordered(one: SubsystemId, other: SubsystemId) -> tuple[SubsystemId, SubsystemId]:
    """The key of `DependencyGraph.weights` for two subsystems in any order."""
    return (one, other) if one < other else (other, one)


def directed(graph: DependencyGraph) -> nx.DiGraph[SubsystemId]:
    """The same graph for networkx, for the modules of this package only; nodes in sorted order."""
    import networkx as nx

    network: nx.DiGraph[SubsystemId] = nx.DiGraph()
    network.add_nodes_from(graph.nodes)
    network.add_edges_from((arc.source, arc.target) for arc in graph.arcs)
    return network
