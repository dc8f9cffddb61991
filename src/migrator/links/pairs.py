"""From millions of links to hundreds of pairs of subsystems, with integer weights.

Called by graph, planner and reports with a checked LinkTable. The links' parts (criticality,
latency class, calls) stay in the Parquet file, so other latency weights need another sum and no
other reading of the input. Weights are rounded per link and then added as integers: sums of
floating-point numbers differ from run to run when two threads add them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.ids import ComponentId, LinkId, SubsystemId
from migrator.inventory.model import LATENCY_WEIGHT, Inventory, LatencyClass
from migrator.links import database
from migrator.links.table import LinkTable, Pair

if TYPE_CHECKING:
    import duckdb

EXAMPLES_MAX: Final = 3
"""Three link ids are enough for a person to recognise what a pair is about."""

PAIRS_WITH_EXAMPLES_MAX: Final = 100_000
"""Keeping three ids of each pair needs memory per pair that DuckDB cannot move to disk."""

WEIGHT_SCALE: Final = 1000
"""Three decimals of criticality x latency weight x ln(1 + calls) survive the rounding."""


def subsystem_pairs(
    table: LinkTable,
    inventory: Inventory,
    latency_weight: Mapping[LatencyClass, int] = LATENCY_WEIGHT,
) -> tuple[Pair, ...]:
    """Sum the links to directed pairs of different subsystems, sorted by source and target."""
    owners = database.component_owners(inventory)
    if table.parquet is None:
        return ()
    if table.pairs is not None and table.owners == owners and latency_weight == LATENCY_WEIGHT:
        return table.pairs
    with database.connect(table.parquet.parent) as connection:
        database.fill_components(connection, owners)
        return sum_pairs(connection, table.parquet, owners, latency_weight)


def sum_pairs(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    owners: Mapping[ComponentId, SubsystemId],
    latency_weight: Mapping[LatencyClass, int] = LATENCY_WEIGHT,
) -> tuple[Pair, ...]:
    """Sum checked links on a connection that has the table `components` of the same owners."""
    names = database.subsystems_in_order(owners)
    classes = tuple(LatencyClass)
    counts = ", ".join(
        f"count(*) FILTER (latency_class = {database.text(kind.value)})" for kind in classes
    )
    links = _owned_links(parquet)
    rows = connection.execute(
        f"SELECT source_owner, target_owner, count(*),"  # noqa: S608  -- made of our own names
        f" sum({_link_weight(latency_weight)})::HUGEINT, sum(calls_per_day)::HUGEINT,"
        f" {_examples(connection, links, len(names))}, {counts}"
        f" FROM {links} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(
        Pair(
            source=names[source],
            target=names[target],
            links=int(number),
            weight=int(weight),
            calls_per_day=int(calls),
            by_latency={
                kind: int(links) for kind, links in zip(classes, by_class, strict=True) if links
            },
            examples=tuple(LinkId(link) for link in examples),
        )
        for source, target, number, weight, calls, examples, *by_class in rows
        # Left to DuckDB, this condition becomes a join of all components with all components.
        if source != target
    )


def inner_links(table: LinkTable, inventory: Inventory) -> dict[SubsystemId, int]:
    """Count the links that stay inside a subsystem; they never cross platforms, so no pair."""
    if table.parquet is None:
        return {}
    owners = database.component_owners(inventory)
    names = database.subsystems_in_order(owners)
    with database.connect(table.parquet.parent) as connection:
        database.fill_components(connection, owners)
        rows = connection.execute(
            "SELECT source_owner, target_owner, count(*)"  # noqa: S608  -- made of our own names
            f" FROM {_owned_links(table.parquet)} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return {names[source]: int(number) for source, target, number in rows if source == target}


def _owned_links(parquet: Path) -> str:
    """The links with the subsystems of their ends, as something to select from."""
    return (
        "(SELECT l.*, a.owner AS source_owner, b.owner AS target_owner"  # noqa: S608
        f" FROM {database.parquet(parquet)} AS l"
        " JOIN components AS a ON a.component = l.source"
        " JOIN components AS b ON b.component = l.target)"
    )


def _examples(connection: duckdb.DuckDBPyConnection, links: str, subsystems: int) -> str:
    """Write the lowest link ids of a pair as SQL: three, or one where there are too many pairs."""
    few = subsystems * subsystems <= PAIRS_WITH_EXAMPLES_MAX
    if not few:
        row = connection.execute(
            "SELECT count(*) FROM"  # noqa: S608  -- made of our own names
            f" (SELECT DISTINCT source_owner, target_owner FROM {links})"
        ).fetchone()
        assert row is not None, "a count always has one row"
        few = int(row[0]) <= PAIRS_WITH_EXAMPLES_MAX
    return f"min(id, {EXAMPLES_MAX})" if few else "[min(id)]"


def _link_weight(latency_weight: Mapping[LatencyClass, int]) -> str:
    """Write the weight of one link as SQL; the only place where the formula stands."""
    cases = " ".join(
        f"WHEN {database.text(kind.value)} THEN {int(weight)}"
        for kind, weight in sorted(latency_weight.items(), key=lambda item: item[0].value)
    )
    return (
        f"round({WEIGHT_SCALE}.0::DOUBLE * criticality * (CASE latency_class {cases} END)"
        " * ln(1 + calls_per_day))::BIGINT"
    )
