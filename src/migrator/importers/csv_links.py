"""Reads anybody's table of connections by a column map: the door for every format of its own.

Called by `cli/imports_tables.py`. Some files, one map, one inventory; a table of hosts beside the
map may say whose the addresses are. The work folder holds what is read again or sorted, and goes
when the import ends. No network, no formula, no code from a map is ever run.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.column_map import ColumnMap, read_column_map
from migrator.importers.evidence import EvidenceKind
from migrator.importers.flow_hosts import HostRules, KnownHost
from migrator.importers.table_file import Looks, open_table
from migrator.importers.table_import import Gathered, Outcome, Wanted, conclude, read_table
from migrator.inventory.model import Kind
from migrator.links.csv_map import open_tables

HOST_COLUMNS: Final = ("address", "component", "subsystem", "kind")


def import_csv(files: Sequence[Path], map_path: Path, wanted: Wanted) -> Outcome:
    """Import tables by a map in a file."""
    return import_by_map(files, read_column_map(map_path), wanted, "csv", EvidenceKind.FLOW_TABLE)


def import_by_map(
    files: Sequence[Path],
    column_map: ColumnMap,
    wanted: Wanted,
    format_name: str,
    evidence: EvidenceKind,
) -> Outcome:
    """Import tables by a map; the ways of other importers meet here."""
    refuse_missing(files)
    gathered = Gathered(format_name, evidence)
    with TemporaryDirectory(prefix="migrator-import-") as name:
        work = Path(name)
        rules = _with_table(column_map, work)
        complete = replace(column_map, hosts=rules)
        size = sum(path.stat().st_size for path in files)
        with open_tables(work, column_map.zone, size) as connection:
            for path in files:
                read_table(connection, path, complete, gathered, work)
            return conclude(connection, gathered, complete, wanted, work)


def refuse_missing(files: Sequence[Path]) -> None:
    """Name every file that is not there, before any is read."""
    missing = tuple(
        Fault(str(path), None, "", "there is no such file") for path in files if not path.is_file()
    )
    if missing:
        raise InputError(
            "import-path-missing",
            "nothing can be read there",
            hint="name files that exist",
            faults=missing,
        )


def _with_table(column_map: ColumnMap, work: Path) -> HostRules:
    """The map's hosts and those of the table beside it; the map's own word counts more."""
    path = column_map.hosts_table
    if path is None:
        return column_map.hosts
    known = read_hosts(path, work)
    return replace(column_map.hosts, known={**known, **column_map.hosts.known})


def read_hosts(path: Path, work: Path) -> dict[str, KnownHost]:
    """Read a table of hosts: address (or name), component, and perhaps subsystem and kind."""
    refuse_missing([path])
    file = open_table(path, path.name, Looks(), work)
    names = [name.lower() for name in file.header]
    faults = [
        Fault(path.name, 1, column, f"the column '{column}' is missing")
        for column in HOST_COLUMNS[:2]
        if column not in names
    ]
    known: dict[str, KnownHost] = {}
    with file.table.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=file.table.delimiter)
        next(reader, None)
        for row in reader:
            cells = {name: cell.strip() for name, cell in zip(names, row, strict=False)}
            address, component = cells.get("address", ""), cells.get("component", "")
            if faults[:1] and faults[0].line == 1:
                break
            if not address or not component:
                if any(cells.values()):
                    said = "a host needs an address and a component"
                    faults.append(Fault(path.name, reader.line_num, "", said))
                continue
            kind = cells.get("kind", "").lower()
            if kind and kind not in {each.value for each in Kind}:
                words = ", ".join(each.value for each in Kind)
                faults.append(
                    Fault(path.name, reader.line_num, "kind", f"'{kind}' is not one of {words}")
                )
                continue
            known[address] = KnownHost(
                component, cells.get("subsystem") or None, Kind(kind) if kind else None
            )
    if faults:
        raise InputError(
            "map-faults",
            f"the table of hosts {path.name} has {len(faults)} faults",
            hint=f"its columns are {', '.join(HOST_COLUMNS)}; the last two may be left out",
            faults=tuple(faults[:200]),
            count=len(faults),
        )
    return known
