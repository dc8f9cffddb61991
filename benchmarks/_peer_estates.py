"""The estates on which planner_peers.py compares: generated ones, and real systems' files.

Real systems are read from their files beside the project, as the importers read them; what nobody
wrote there (durations, people, the window) is the importers' stated assumption, so their figures
show that the comparison holds on other people's links, not how long those systems would take.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from migrator.importers.casual import read_casual
from migrator.importers.compose import read_compose
from migrator.importers.draft import Draft
from migrator.importers.kubernetes import read_kubernetes
from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.importers.write import write_draft
from migrator.inventory.model import Inventory
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.links.table import LinkTable, Pair

SAMPLES: Final = Path(__file__).parents[2] / "shared" / "samples"
TICKETS: Final = SAMPLES / "train-ticket"
DOMAINS: Final = SAMPLES / "casual"

REAL: Final[dict[str, Callable[[], Draft]]] = {
    "online-boutique": lambda: read_kubernetes([SAMPLES / "online-boutique"]),
    "opentelemetry-demo": lambda: read_compose([SAMPLES / "opentelemetry-demo" / "compose.yaml"]),
    "train-ticket": lambda: read_kubernetes([TICKETS], [TICKETS / "quickstart-docker-compose.yml"]),
    "casual": lambda: read_casual(sorted(DOMAINS.glob("**/*.yaml"))),
}


class Estate(NamedTuple):
    """An estate that was read as any other."""

    inventory: Inventory
    table: LinkTable
    pairs: tuple[Pair, ...]


def generated(folder: Path, subsystems: int, links: int, seed: int) -> Estate:
    """A sample of a size by the generator's own seed."""
    write_sample(folder, Size(subsystems, links, seed))
    return read(folder)


def real(folder: Path, name: str) -> Estate | str:
    """One of the real systems; a word on why it cannot be had."""
    if not SAMPLES.is_dir():
        return "its files are not beside the project"
    write_draft(REAL[name](), folder, force=False)
    estate = read(folder)
    return estate if estate.pairs else "its files prove no link"


def read(folder: Path) -> Estate:
    """An inventory with its links."""
    inventory = read_inventory(folder)
    table = read_links(inventory, None)
    return Estate(inventory, table, tuple(subsystem_pairs(table, inventory)))
