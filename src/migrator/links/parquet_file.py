"""Is links.parquet a Parquet file with our ten columns and their types?

Called by `load` before the values are checked. Text must be text and numbers whole numbers: a
port that became 443.0 on its way through another tool is refused here, because nobody can say
what else that tool changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import Fault
from migrator.inventory.model import LINK_COLUMNS
from migrator.links import database
from migrator.links.checks import MAY_BE_EMPTY
from migrator.links.digest import NUMBERS
from migrator.links.header import check_columns

if TYPE_CHECKING:
    import duckdb

_MAGIC: Final = b"PAR1"
_WHOLE: Final = frozenset(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)


def form_fault(path: Path) -> Fault | None:
    """Tell whether the bytes can be Parquet at all; it is marked at both ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 4))
        tail = file.read(4)
    if size == 0:
        return Fault(path.name, None, "", "the file is empty")
    if head != _MAGIC:
        return Fault(
            path.name, None, "", "the file is not Parquet; if it is CSV, name it links.csv"
        )
    if tail != _MAGIC or size < 12:
        return Fault(path.name, None, "", "the file is cut off; its end is missing")
    return None


def column_faults(
    connection: duckdb.DuckDBPyConnection, path: Path, file: str
) -> tuple[Fault, ...]:
    """Name every column that is missing, too many, misspelt or of another type."""
    described = connection.execute(
        f"DESCRIBE SELECT * FROM {database.parquet(path)}"  # noqa: S608  -- the path is quoted
    ).fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    # A Parquet file has no header row; its faults belong to the file as a whole.
    faults = [
        Fault(fault.file, None, fault.path, fault.message)
        for fault in check_columns(tuple(types), file)
    ]
    for name in LINK_COLUMNS:
        if name in types and not _fits(name, types[name]):
            wanted = "whole numbers" if name in NUMBERS else "text"
            message = f"column '{name}' has the type {types[name]} where {wanted} are expected"
            faults.append(Fault(file, None, name, message.replace("text are", "text is")))
    return tuple(faults)


def _fits(name: str, sql_type: str) -> bool:
    """Tell whether a column's type can hold it without being changed; all empty is a type too."""
    if sql_type == '"NULL"':
        return name in MAY_BE_EMPTY
    if name in NUMBERS:
        return sql_type in _WHOLE
    return sql_type == "VARCHAR" or sql_type.startswith("ENUM")
