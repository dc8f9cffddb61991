"""What must go together, and what must switch before what: declared relations, nothing else.

Called by `problem.py`, `capacity.py` and `explain.py`. Links never force anything here: the cycles
of all links span nearly the whole estate, and a rule made of them would put everything into one
wave. The atoms come from `graph/atoms.py`; to change which subsystems go together, change this
file. Contradictions were refused at the door (inventory/checks.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from migrator.graph.atoms import atoms
from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory, Relation, RelationKind

Before = tuple[SubsystemId, SubsystemId]
"""The first switches before the second."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The hard relations of the subsystems that move.

    `atoms` cover every moving subsystem exactly once, sorted, members sorted. `before` holds the
    neighbours in the declared orders; what follows from them over several is not listed.
    """

    atoms: tuple[tuple[SubsystemId, ...], ...]
    before: tuple[Before, ...]


def find_rules(inventory: Inventory) -> Rules:
    """Read the declared relations."""
    moving = {subsystem.id for subsystem in inventory.moving}
    before: set[Before] = set()
    for relation in inventory.relations:
        if relation.kind is RelationKind.BEFORE:
            before.update(pairwise(name for name in relation.members if name in moving))
    groups = tuple(atom.members for atom in atoms(inventory))
    return Rules(atoms=groups, before=tuple(sorted(before)))


def relations_of(
    members: Iterable[SubsystemId], relations: Sequence[Relation]
) -> tuple[Relation, ...]:
    """The declarations with at least two of the members (one, where there is one member)."""
    wanted = set(members)
    least = min(2, len(wanted))
    return tuple(r for r in relations if len(wanted.intersection(r.members)) >= least)
