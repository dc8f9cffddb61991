"""Looking at single links again: the rows behind a pair, for a person or a probe's list.

Called by `migrator graph --why` and by reports. Always limited: this is a look, never a hot path.
"""

from __future__ import annotations

from typing import Final

from migrator.ids import ComponentId, LinkId, SubsystemId
from migrator.inventory.model import LINK_COLUMNS, LatencyClass
from migrator.links import database
from migrator.links.table import LinkRow, LinkTable

LIMIT_MAX: Final = 10_000
"""A person reads no more, and a caller that wants more wants columns and not objects."""


def example_links(
    table: LinkTable,
    source: SubsystemId,
    target: SubsystemId,
    limit: int,
) -> tuple[LinkRow, ...]:
    """Give up to `limit` links from `source` to `target`, those with the most calls first."""
    assert 0 <= limit <= LIMIT_MAX, "a drill is a look at some rows"
    if table.parquet is None:
        return ()
    here = [component for component, owner in table.owners.items() if owner == source]
    there = [component for component, owner in table.owners.items() if owner == target]
    with database.connect() as connection:
        rows = connection.execute(
            f"SELECT {', '.join(LINK_COLUMNS)} FROM {database.parquet(table.parquet)}"  # noqa: S608
            " WHERE source IN (SELECT unnest($1::VARCHAR[]))"
            " AND target IN (SELECT unnest($2::VARCHAR[]))"
            " ORDER BY calls_per_day DESC, id LIMIT $3",
            [here, there, limit],
        ).fetchall()
    return tuple(_link_row(row) for row in rows)


def _link_row(row: tuple[object, ...]) -> LinkRow:
    """Turn one row, in the order of LINK_COLUMNS, into the object a person looks at."""
    link, start, end, protocol, port, data_class, calls, latency, criticality, evidence = map(
        _text, row
    )
    return LinkRow(
        id=LinkId(link),
        source=ComponentId(start),
        target=ComponentId(end),
        protocol=protocol,
        port=int(port) if port else None,
        data_class=data_class,
        calls_per_day=int(calls),
        latency_class=LatencyClass(latency),
        criticality=int(criticality),
        evidence=evidence,
    )


def _text(value: object) -> str:
    """A missing value and an empty one are the same here, as they are in the digest."""
    return "" if value is None else str(value)
