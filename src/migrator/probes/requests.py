"""What a child process is asked about sweeps, from plain data to plain data.

`child.py` finds these functions by name; `asking.py` sends what they take. A request says where
files are and what stands in them already, so that a conductor reads an inventory once and plans a
hundred sweeps from it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from migrator.ids import ComponentId, SubsystemId
from migrator.probes.facts import (
    DeclaredFacts,
    SweepFacts,
    declared_facts,
    declared_from,
    sweep_facts,
)
from migrator.probes.model import Purpose


class EstateFacts(TypedDict):
    """The links of an estate, checked, and whose components are whose."""

    links: str | None  # the checked Parquet file; None: there are no links
    links_digest: str
    count: int
    owners: dict[ComponentId, SubsystemId]


class DeclaredRequest(TypedDict):
    """Read an inventory's probes.yaml and links. `cache` keeps the checked links."""

    inventory: str
    cache: str
    today: str


class DeclaredAnswer(TypedDict):
    """What an inventory declares; None where it has no probes.yaml."""

    declared: DeclaredFacts | None
    estate: EstateFacts
    warnings: list[str]


class PlanRequest(TypedDict):
    """Plan a sweep; the words are those of `planning.Asked`."""

    id: str
    sweeps: str
    purpose: str
    scope: str
    members: list[SubsystemId]
    sides: dict[SubsystemId, str]
    seed: int
    today: str
    estate: EstateFacts
    declared: DeclaredFacts
    since: NotRequired[str]  # the earlier sweep's id, or its folder


def declared(request: dict[str, object]) -> DeclaredAnswer:
    """Read and check an inventory's probes.yaml and its links. InputError with all faults."""
    from migrator.inventory.reader import read_inventory
    from migrator.links.load import read_links
    from migrator.probes.declared import examine_folder
    from migrator.probes.unmatched import unmatched

    asked = cast("DeclaredRequest", request)
    inventory = read_inventory(Path(asked["inventory"]))
    examined = examine_folder(inventory, date.fromisoformat(asked["today"]))
    if examined is not None and examined.declared is None:
        raise examined.error()
    table = read_links(inventory, Path(asked["cache"]))
    found = None if examined is None else examined.declared
    warnings = () if examined is None else examined.warnings
    if found is not None:
        warnings = (*warnings, *unmatched(found, table))
    return {
        "declared": None if found is None else declared_facts(found),
        "estate": {
            "links": None if table.parquet is None else str(table.parquet),
            "links_digest": table.digest,
            "count": table.count,
            "owners": table.owners,
        },
        "warnings": [str(each) for each in warnings],
    }


def plan(request: dict[str, object]) -> SweepFacts:
    """Plan a sweep; the answer is what its sweep.json holds."""
    from migrator.probes.planning import Asked, plan_sweep

    asked = cast("PlanRequest", request)
    estate = asked["estate"]
    return sweep_facts(
        plan_sweep(
            Asked(
                id=asked["id"],
                sweeps=Path(asked["sweeps"]),
                purpose=Purpose(asked["purpose"]),
                scope=asked["scope"],
                members=tuple(asked["members"]),
                sides=asked["sides"],
                seed=asked["seed"],
                today=date.fromisoformat(asked["today"]),
                links=None if estate["links"] is None else Path(estate["links"]),
                links_digest=estate["links_digest"],
                owners=estate["owners"],
                declared=declared_from(asked["declared"]),
                since=_since(asked),
            )
        )
    )


def _since(asked: PlanRequest) -> str:
    """The earlier sweep's id where it lies beside this one, so that both can be moved together."""
    since = asked.get("since", "")
    beside = Path(since).parent == Path(asked["sweeps"])
    return Path(since).name if beside else since
