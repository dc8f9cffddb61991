"""links.csv or links.parquet -> LinkTable: read, checked against the inventory, kept as Parquet.

Called by the commands and by reports, through `read_links`. Every row is checked before anybody
uses one; all faults are counted and the first ones kept. A file that was checked before, against
the same components, is taken from the cache folder without opening DuckDB. Nothing outside the
cache folder is ever written.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import EnvironmentFailed, Fault, InputError
from migrator.ids import ComponentId, SubsystemId
from migrator.inventory.model import LINK_COLUMNS, Inventory
from migrator.links import cache, checks, csv_rows, database, header, parquet_file
from migrator.links.digest import combine, links_digest
from migrator.links.pairs import sum_pairs
from migrator.links.table import LinkTable

if TYPE_CHECKING:
    import duckdb

CSV_BUFFER_BYTES: Final = 4_000_000
"""Each thread holds two such blocks: 4 MB is as quick as 32 MB here and takes an eighth."""

LINE_BYTES_MAX: Final = 1_000_000
"""No honest row is longer; DuckDB needs a limit below its block."""

ROW_GROUP_ROWS: Final = 65_536

PAIRS_KEPT_MAX: Final = 50_000
"""Three times as many as an estate of 1,000 subsystems has; more would make the note heavy."""

_NONE_BROKEN: Final = csv_rows.Broken(0, ())


def read_links(inventory: Inventory, cache_folder: Path | None) -> LinkTable:
    """Read the estate's links; raise InputError with all faults of the file at once.

    Without a cache folder the checked Parquet file is temporary and goes with the LinkTable.
    """
    owners = database.component_owners(inventory)
    if inventory.links_file is None:
        return LinkTable(0, combine(0, 0), None, {}, owners)
    path = inventory.folder / inventory.links_file
    try:
        if cache_folder is None:
            keeper = cache.Keeper()
            return _read(path, owners, keeper.folder, keeper)
        key = cache.key(path, owners)
        table = cache.find(cache_folder, key, owners)
        if table is None:
            table = cache.keep(cache_folder, key, lambda work: _read(path, owners, work))
        return table
    except OSError as error:
        raise _environment_failed(path, error) from error


def _read(
    path: Path, owners: dict[ComponentId, SubsystemId], work: Path, keeper: object = None
) -> LinkTable:
    """Check the file and leave its rows as `links.parquet` in the work folder."""
    import duckdb

    kept = work / "links.parquet"
    relation = database.parquet(kept)
    stage = _stage_parquet if path.suffix == ".parquet" else _stage_csv
    try:
        with database.connect(work) as connection:
            database.fill_components(connection, owners)
            texts = stage(connection, path, kept)
            # A Parquet file in one row group keeps one core busy; the digest takes the other.
            with database.meanwhile(connection, lambda own: links_digest(own, relation)) as digest:
                if not checks.looks_right(connection, relation):
                    _search(connection, path, texts, kept.with_name("rows.parquet"))
                protocols = connection.execute(
                    f"SELECT protocol, count(*) FROM {relation} GROUP BY ALL ORDER BY ALL"  # noqa: S608
                ).fetchall()
                pairs = sum_pairs(connection, kept, owners)
    except duckdb.Error as error:
        raise _failed(path, error) from error
    by_protocol = {str(name): int(number) for name, number in protocols}
    return LinkTable(
        count=sum(by_protocol.values()),
        digest=digest(),
        parquet=kept,
        by_protocol=by_protocol,
        owners=owners,
        pairs=pairs if len(pairs) <= PAIRS_KEPT_MAX else None,
        keeper=keeper,
    )


def _stage_parquet(connection: duckdb.DuckDBPyConnection, path: Path, kept: Path) -> str:
    """Copy a Parquet file byte for byte: what is checked is what stays. Give its rows as texts."""
    fault = parquet_file.form_fault(path)
    if fault is not None:
        raise _unreadable(path, (fault,))
    shutil.copyfile(path, kept)
    faults = parquet_file.column_faults(connection, kept, path.name)
    if faults:
        raise _wrong_columns(path, faults)
    return checks.texts(database.parquet(kept))


def _stage_csv(connection: duckdb.DuckDBPyConnection, path: Path, kept: Path) -> str:
    """Write a CSV file's rows as Parquet, unchecked; give them as texts with their lines."""
    import duckdb

    row = csv_rows.first_row(path)
    if not row.strip():
        what = "the first row is empty" if path.stat().st_size else "the file is empty"
        raise _unreadable(path, (Fault(path.name, None, "", what),))
    columns, faults = header.check_header(row, path.name)
    if faults:
        # A wrong encoding spoils the header too, and is then what is to be mended.
        fault = csv_rows.encoding_fault(path)
        raise _wrong_columns(path, faults) if fault is None else _unreadable(path, (fault,))
    relation = _csv_relation(path, columns)
    try:
        rows = _write_parquet(connection, relation, kept)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error:
        rows = -1  # the csv module will say what is wrong, or that nothing is
    # DuckDB silently drops rows of a file with mixed line ends: it is believed only where every
    # line gave a row. Other files are right or wrong for Python's csv module to say.
    if csv_rows.line_is_row(path, rows):
        return f"(SELECT row_number() OVER () + 1 AS line, * FROM {relation})"  # noqa: S608
    fault = csv_rows.encoding_fault(path)
    if fault is not None:
        raise _unreadable(path, (fault,))
    whole = kept.with_name("whole.parquet")
    broken = csv_rows.whole_rows(path, columns, whole)
    texts = database.parquet(whole)
    if broken.count:
        _search(connection, path, texts, kept.with_name("rows.parquet"), broken)
    _write_parquet(connection, texts, kept)
    return texts


def _search(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    texts: str,
    rows: Path,
    broken: csv_rows.Broken = _NONE_BROKEN,
) -> None:
    """Find what is wrong in the rows and raise it; return if it was a false alarm."""
    # Some twenty questions follow, which should not each read the source again.
    connection.execute(
        f"COPY (SELECT * FROM {texts}) TO {database.text(str(rows))} (FORMAT parquet)"  # noqa: S608
    )
    components = connection.execute("SELECT component FROM components ORDER BY ALL").fetchall()
    known = [str(name) for (name,) in components]
    found = checks.find_faults(connection, database.parquet(rows), path.name, known)
    by_kind = ({"broken rows": broken.count} if broken.count else {}) | found.by_kind
    if by_kind:
        first = sorted((*broken.faults, *found.faults), key=lambda fault: fault.line or 0)
        raise _wrong_rows(path, by_kind, tuple(first))


def _csv_relation(path: Path, columns: tuple[str, ...]) -> str:
    """Write a CSV file as something to select texts from; nothing is guessed."""
    types = ", ".join(f"{database.text(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv({database.file_name(path)}, columns={{{types}}}, header=true,"
        " auto_detect=false, delim=',', quote='\"', escape='\"', strict_mode=true,"
        f" buffer_size={CSV_BUFFER_BYTES}, max_line_size={LINE_BYTES_MAX})"
    )


def _write_parquet(connection: duckdb.DuckDBPyConnection, relation: str, kept: Path) -> int:
    """Stream texts into a Parquet file of typed columns, in their order; give their number."""
    written = connection.execute(
        f"COPY ({checks.typed(relation)}) TO {database.text(str(kept))}"
        f" (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
    ).fetchone()
    assert written is not None, "COPY answers with the number of rows"
    return int(written[0])


def _unreadable(path: Path, faults: tuple[Fault, ...]) -> InputError:
    """The bytes are not what the file's name says."""
    return InputError(
        "links-unreadable",
        f"{path.name} cannot be read as a table of links",
        hint="save it again as CSV (UTF-8, commas) or as Parquet",
        faults=faults,
    )


def _wrong_columns(path: Path, faults: tuple[Fault, ...]) -> InputError:
    """It is a table, but not with our columns."""
    return InputError(
        "links-columns",
        f"{path.name} does not have the columns {','.join(LINK_COLUMNS)} as they should be",
        hint="name the columns exactly so, in any order, separated by commas; in Parquet, numbers"
        " are whole numbers and the rest is text",
        faults=faults,
    )


def _wrong_rows(path: Path, by_kind: dict[str, int], faults: tuple[Fault, ...]) -> InputError:
    """The columns are right and some rows are not; every fault is counted."""
    count = sum(by_kind.values())
    kinds = ", ".join(f"{kind}: {number:,}" for kind, number in by_kind.items())
    return InputError(
        "links-rows",
        f"{path.name} has {count:,} fault{'' if count == 1 else 's'} ({kinds})",
        hint="mend the rows named here, or take them out; then check again",
        faults=faults[: checks.FAULTS_KEPT_MAX],
        count=count,
    )


def _failed(path: Path, error: duckdb.Error) -> InputError | EnvironmentFailed:
    """Tell a damaged Parquet file, which fails in many ways, from a disk or memory that is full."""
    import duckdb

    ours = isinstance(error, duckdb.OutOfMemoryException) or "No space left" in str(error)
    if path.suffix != ".parquet" or ours:
        return _environment_failed(path, error)
    fault = Fault(path.name, None, "", f"the file is damaged: {_first_line(error)}")
    return _unreadable(path, (fault,))


def _environment_failed(path: Path, error: Exception) -> EnvironmentFailed:
    """The disk, the memory or a permission, not the links."""
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
        return EnvironmentFailed(
            "disk-full",
            f"the disk is full; the checked links of {path.name} could not be kept",
            hint="make room and run the same command again; nothing half-written is used",
        )
    return EnvironmentFailed(
        "links-store-failed",
        f"the links of {path.name} could not be read or kept: {_first_line(error)}",
        hint="check that the file can be read, and the cache and temporary folders written",
    )


def _first_line(error: Exception) -> str:
    """A library's message without its many lines of advice."""
    return (str(error).splitlines() or [type(error).__name__])[0]
