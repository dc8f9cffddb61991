"""Reads the dependency export of Azure Migrate, in its older and its newer form.

Called by `cli/imports_tables.py`. Both forms are one column map: names of columns are compared
without case, because that differs between versions, and what only one form has is optional. The
older form has a row per slot of some hours and counts nothing, so a row is a call; the newer one
counts connections. The ids of machines in that cloud mean nothing here and are not taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from migrator.importers.column_map import ColumnMap, RoleColumns
from migrator.importers.csv_links import import_by_map
from migrator.importers.evidence import EvidenceKind
from migrator.importers.table_import import Outcome, Wanted
from migrator.links.csv_map_sql import Pick

MONTH_FIRST: Final = ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y")
DAY_FIRST: Final = ("%d/%m/%Y %H:%M", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")
OTHER: Final = ("iso", "%d.%m.%Y %H:%M", "%d.%m.%Y")

_SLOT: Final = r"^(\S+) +([0-9]{1,2}:[0-9]{2}) *- *([0-9]{1,2}:[0-9]{2})$"
"""A day and two hours; what is written otherwise passes through unchanged."""

_WHEN: Final = ("Time slot", "Date")

MAP: Final = ColumnMap(
    file="azure-migrate",
    roles={
        "source": RoleColumns(("Source server name",)),
        "source_ip": RoleColumns(("Source IP",)),
        "target": RoleColumns(("Destination server name",)),
        "target_ip": RoleColumns(("Destination IP",)),
        "port": RoleColumns(("Destination port",)),
        "protocol": RoleColumns(("Protocol",)),
        "calls": RoleColumns(("Connection Count",)),
        "first_seen": RoleColumns(_WHEN, Pick(_SLOT, r"\1 \2")),
        "last_seen": RoleColumns(_WHEN, Pick(_SLOT, r"\1 \3")),
    },
    constants={"protocol": "tcp"},  # what the product looks at; the newest form may say otherwise
    optional=frozenset(("protocol", "calls", "first_seen", "last_seen")),
)


def import_azure_migrate(
    files: Sequence[Path],
    wanted: Wanted,
    *,
    day_first: bool = False,
    window_days: float | None = None,
) -> Outcome:
    """Import exports of one project; `day_first` where 3/4/2026 is the third of April."""
    formats = (*(DAY_FIRST if day_first else MONTH_FIRST), *OTHER)
    column_map = replace(MAP, time_formats=formats, window_days=window_days)
    return import_by_map(files, column_map, wanted, "azure-migrate", EvidenceKind.AZURE_MIGRATE)
