"""What must move together: atoms, from the declared hard relations and from nothing else.

Called by the planner, whose decisions are about atoms, and by `migrator graph`. Links never make
an atom: nearly all subsystems lie on one cycle of links, and a link can be bridged. A `before`
alone orders two atoms; together with a `with` it can close a circle, and then its members can
only switch at the same time. A circle of `before` alone is a contradiction, which the inventory's
checks report; here it becomes an atom, so that nothing breaks while somebody mends it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory, Relation, RelationKind

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Atom:
    """Subsystems that switch together. `id` is the lowest member's, members are sorted.

    `bonds` are the relations with at least two members here: why they must go together.
    """

    id: SubsystemId
    members: tuple[SubsystemId, ...]
    bonds: tuple[Relation, ...]


def atoms(inventory: Inventory) -> tuple[Atom, ...]:
    """Group the moving subsystems; each is in exactly one atom, most are alone. Sorted by id."""
    import networkx as nx

    moving = {subsystem.id for subsystem in inventory.moving}
    network: nx.DiGraph[SubsystemId] = nx.DiGraph()
    network.add_nodes_from(moving)
    for relation in inventory.relations:
        for earlier, later in _steps(relation, moving):
            network.add_edge(earlier, later)
            if relation.kind is RelationKind.WITH:
                network.add_edge(later, earlier)
    groups = (tuple(sorted(group)) for group in nx.strongly_connected_components(network))
    return tuple(
        Atom(members[0], members, _bonds(inventory, members)) for members in sorted(groups)
    )


def before_arcs(inventory: Inventory) -> tuple[tuple[SubsystemId, SubsystemId], ...]:
    """Say which atom switches before which, as sorted pairs of atom ids; never a circle."""
    home = atom_of(atoms(inventory))
    moving = set(home)
    arcs = {
        (home[earlier], home[later])
        for relation in inventory.relations
        if relation.kind is RelationKind.BEFORE
        for earlier, later in _steps(relation, moving)
    }
    return tuple(sorted(arc for arc in arcs if arc[0] != arc[1]))


def tie(
    inventory: Inventory, first: SubsystemId, second: SubsystemId
) -> tuple[tuple[SubsystemId, SubsystemId, Relation], ...] | None:
    """Say by which declarations `second` may not switch before `first`: a shortest chain of them.

    None if there is none. Two members of one atom are tied in both directions.
    """
    moving = {subsystem.id for subsystem in inventory.moving}
    following: dict[SubsystemId, list[tuple[SubsystemId, Relation]]] = {}
    for relation in inventory.relations:
        for earlier, later in _steps(relation, moving):
            following.setdefault(earlier, []).append((later, relation))
            if relation.kind is RelationKind.WITH:
                following.setdefault(later, []).append((earlier, relation))
    chains: dict[SubsystemId, tuple[tuple[SubsystemId, SubsystemId, Relation], ...]] = {first: ()}
    waiting = deque([first])
    while waiting and second not in chains:
        here = waiting.popleft()
        for there, relation in following.get(here, ()):
            if there not in chains:
                chains[there] = (*chains[here], (here, there, relation))
                waiting.append(there)
    return chains.get(second)


def atom_of(groups: tuple[Atom, ...]) -> dict[SubsystemId, SubsystemId]:
    """Say for each moving subsystem the id of its atom."""
    return {member: atom.id for atom in groups for member in atom.members}


def _steps(
    relation: Relation, moving: set[SubsystemId]
) -> tuple[tuple[SubsystemId, SubsystemId], ...]:
    """The neighbours in a relation's list; what does not move is passed over, not a gap."""
    members = [member for member in relation.members if member in moving]
    return tuple(pairwise(members))


def _bonds(inventory: Inventory, members: tuple[SubsystemId, ...]) -> tuple[Relation, ...]:
    """The relations that hold an atom together, in the inventory's order."""
    inside = set(members)
    return tuple(
        relation
        for relation in inventory.relations
        if len(inside.intersection(relation.members)) > 1
    )
