"""What `migrator graph` knows about an estate before it answers: read once, for every form.

`graph.py` reads it, `graph_text.py` words it. Nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.cli import output
from migrator.cli.link_cache import CACHE

if TYPE_CHECKING:
    from migrator.graph.atoms import Atom
    from migrator.graph.build import DependencyGraph
    from migrator.ids import SubsystemId
    from migrator.inventory.model import Inventory
    from migrator.links.table import LinkTable


@dataclass(frozen=True, slots=True)
class Estate:
    """What every form of the answer is made from."""

    inventory: Inventory
    table: LinkTable
    graph: DependencyGraph
    atoms: tuple[Atom, ...]

    @property
    def names(self) -> dict[SubsystemId, str]:
        """Each subsystem's name."""
        return {subsystem.id: subsystem.name for subsystem in self.inventory.subsystems}


def read_estate(folder: Path) -> Estate:
    """Read the inventory and its links, and build the graph."""
    from migrator.graph.atoms import atoms
    from migrator.graph.build import build_graph
    from migrator.inventory.reader import read_inventory
    from migrator.links.load import read_links
    from migrator.links.pairs import subsystem_pairs

    inventory = read_inventory(folder)
    with output.progress("Reading the links"):
        table = read_links(inventory, CACHE)
        pairs = subsystem_pairs(table, inventory)
    return Estate(inventory, table, build_graph(inventory, pairs), atoms(inventory))
