"""From millions of links to hundreds of pairs of subsystems, with integer weights.

Called by graph, planner and reports with a checked LinkTable. The links' parts (criticality,
latency class, calls) stay in the Parquet file, so other latency weights need another sum and no
other reading of the input. Weights are rounded per link and then added as integers: sums of
floating-point numbers differ from run to run when two threads add them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from migrator.ids import LinkId, SubsystemId
from migrator.inventory.model import LATENCY_WEIGHT, Inventory, LatencyClass
from migrator.links import database
from migrator.links.table import LinkTable, Pair

EXAMPLES_MAX: Final = 3
"""Three link ids are enough for a person to recognise what a pair is about."""

WEIGHT_SCALE: Final = 1000
"""Three decimals of criticality x latency weight x ln(1 + calls) survive the rounding."""


def subsystem_pairs(
    table: LinkTable,
    inventory: Inventory,
    latency_weight: Mapping[LatencyClass, int] = LATENCY_WEIGHT,
) -> tuple[Pair, ...]:
    """Sum the links to directed pairs of different subsystems, sorted by source and target."""
    if table.parquet is None:
        return ()
    classes = tuple(LatencyClass)
    counts = ", ".join(
        f"count(*) FILTER (latency_class = {database.text(kind.value)})" for kind in classes
    )
    with database.connect() as connection:
        database.fill_components(connection, database.component_owners(inventory))
        rows = connection.execute(
            "SELECT a.subsystem, b.subsystem, count(*),"  # noqa: S608  -- made of our own names
            f" sum({_link_weight(latency_weight)})::HUGEINT, sum(calls_per_day)::HUGEINT,"
            f" min(id, {EXAMPLES_MAX}), {counts}"
            f" FROM {database.parquet(table.parquet)} AS l"
            " JOIN components AS a ON a.component = l.source"
            " JOIN components AS b ON b.component = l.target"
            " WHERE a.subsystem <> b.subsystem GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return tuple(
        Pair(
            source=SubsystemId(source),
            target=SubsystemId(target),
            links=int(links),
            weight=int(weight),
            calls_per_day=int(calls),
            by_latency={
                kind: int(number) for kind, number in zip(classes, numbers, strict=True) if number
            },
            examples=tuple(LinkId(link) for link in examples),
        )
        for source, target, links, weight, calls, examples, *numbers in rows
    )


def inner_links(table: LinkTable, inventory: Inventory) -> dict[SubsystemId, int]:
    """Count the links that stay inside a subsystem; they never cross platforms, so no pair."""
    if table.parquet is None:
        return {}
    with database.connect() as connection:
        database.fill_components(connection, database.component_owners(inventory))
        rows = connection.execute(
            "SELECT a.subsystem, count(*)"  # noqa: S608  -- made of our own names
            f" FROM {database.parquet(table.parquet)} AS l"
            " JOIN components AS a ON a.component = l.source"
            " JOIN components AS b ON b.component = l.target"
            " WHERE a.subsystem = b.subsystem GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return {SubsystemId(subsystem): int(number) for subsystem, number in rows}


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
