"""What the rest of the program sees of the links: plain frozen facts, no database.

`load` makes the LinkTable, `pairs` the Pairs, `drill` the LinkRows; graph, planner and reports
read them. Nothing here imports DuckDB, so everybody may import this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from migrator.ids import ComponentId, LinkId, SubsystemId
from migrator.inventory.model import LatencyClass


@dataclass(frozen=True, slots=True)
class LinkTable:
    """All links of an estate, checked, kept as a Parquet file with the columns LINK_COLUMNS.

    `digest` covers the canonical rows in any order (64 hex digits, see `digest.py`): a CSV and a
    Parquet file of the same rows have the same one. `parquet` is None for an estate without
    links. `owners` says whose component is whose; `pairs` are those of the usual weights, summed
    while the rows were at hand (None: too many to keep; whoever wants pairs asks
    `subsystem_pairs`). `keeper` owns the temporary folder of a table that was read without a
    cache folder; the file lives as long as the table.
    """

    count: int
    digest: str
    parquet: Path | None
    by_protocol: dict[str, int]
    owners: dict[ComponentId, SubsystemId] = field(default_factory=dict, repr=False, compare=False)
    pairs: tuple[Pair, ...] | None = field(default=None, repr=False, compare=False)
    keeper: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """All links from one subsystem to another, summed; source and target may not be the same.

    `weight` is the sum over the links of round(1000 x criticality x latency weight x ln(1 +
    calls per day)): an integer, so that it is the same in every run. `by_latency` counts links
    by latency class (absent: none). `examples` are up to three link ids, the lowest ones.
    """

    source: SubsystemId
    target: SubsystemId
    links: int
    weight: int
    calls_per_day: int
    by_latency: dict[LatencyClass, int]
    examples: tuple[LinkId, ...]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link, looked at by a person; `port` is None where the link has none."""

    id: LinkId
    source: ComponentId
    target: ComponentId
    protocol: str
    port: int | None
    data_class: str
    calls_per_day: int
    latency_class: LatencyClass
    criticality: int
    evidence: str
