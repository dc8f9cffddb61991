"""Estates and graphs written in a line: `a_graph("ab:5", "bc:1")`, `an_estate("abS", ...)`.

For tests of `graph/` and of what is built on it, where a subsystem is a letter and only its links
and relations matter. `builders.py` has the estate with people, hours and places.
"""

from __future__ import annotations

from collections.abc import Iterable

from builders import a_subsystem, an_inventory
from migrator.graph.build import DependencyGraph, build_graph
from migrator.ids import LinkId, SubsystemId
from migrator.inventory.model import Inventory, Kind, LatencyClass, Relation, RelationKind
from migrator.links.table import Pair


def an_estate(names: Iterable[str], *relations: Relation) -> Inventory:
    """One subsystem for each name, sorted; a name in capitals stays where it is."""
    return an_inventory(
        subsystems=tuple(
            a_subsystem(name, Kind.STAYS if name.isupper() else Kind.STATELESS)
            for name in sorted(names)
        ),
        relations=relations,
        digest="0" * 64,
    )


def a_pair(source: str, target: str, weight: int = 1, links: int = 1) -> Pair:
    """All links from one subsystem to another."""
    return Pair(
        source=SubsystemId(source),
        target=SubsystemId(target),
        links=links,
        weight=weight,
        calls_per_day=10 * links,
        by_latency={LatencyClass.ASYNC: links},
        examples=(LinkId(f"l-{source}-{target}"),),
    )


def a_graph(*arcs: str, nodes: str = "") -> DependencyGraph:
    """A graph from arcs like `ab:5` (a calls b, weight 5); `nodes` adds those without links."""
    pairs = [a_pair(arc[0], arc[1], int(arc[3:])) for arc in arcs]
    names = {*nodes, *(pair.source for pair in pairs), *(pair.target for pair in pairs)}
    return build_graph(an_estate(names), pairs)


def together(*members: str) -> Relation:
    """These move together."""
    return _relation(RelationKind.WITH, members)


def before(*members: str) -> Relation:
    """Each of these switches before the next one."""
    return _relation(RelationKind.BEFORE, members)


def _relation(kind: RelationKind, members: tuple[str, ...]) -> Relation:
    reason = f"{kind.value} {'-'.join(members)}"
    return Relation(kind, tuple(SubsystemId(member) for member in members), "Owner", reason)
