"""The first row of links.csv: are these our columns, and if not, what did the person mean?

Called by `load` before DuckDB sees the file, because DuckDB guesses where a person wants to be
told. Pure functions on text; nothing is read here.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from typing import Final

from migrator.errors import Fault
from migrator.inventory.model import LINK_COLUMNS

DELIMITER: Final = ","
OTHER_DELIMITERS: Final = {";": "';'", "\t": "a tab", "|": "'|'", ":": "':'"}

_COMMON_NAMES: Final = {
    "from": "source",
    "to": "target",
    "src": "source",
    "dst": "target",
    "destination": "target",
    "calls": "calls_per_day",
    "latency": "latency_class",
    "dataclass": "data_class",
    "link_id": "id",
}
"""What other tools call our columns; letters alone would not find these."""


def check_header(first_row: str, file: str) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Give the columns in the file's order, or the faults; any order of the columns is right."""
    columns = _split(first_row, DELIMITER)
    if set(columns) & set(LINK_COLUMNS) < set(LINK_COLUMNS):
        other = _likelier_delimiter(first_row, columns)
        if other is not None:
            message = (
                f"the columns are separated by {OTHER_DELIMITERS[other]}; "
                "links.csv is separated by commas"
            )
            return (), (Fault(file, 1, "", message),)
        if not set(columns) & set(LINK_COLUMNS) and not _meant(columns):
            expected = ",".join(LINK_COLUMNS)
            return (), (Fault(file, 1, "", f"the first row is no header; expected {expected}"),)
    return columns, check_columns(columns, file)


def check_columns(columns: Sequence[str], file: str) -> tuple[Fault, ...]:
    """Name every column that is missing, too many, doubled or misspelt."""
    faults = []
    missing = [name for name in LINK_COLUMNS if name not in columns]
    meant = _meant(columns)
    for position, name in enumerate(columns):
        if name in columns[:position]:
            faults.append(Fault(file, 1, name, f"column '{name}' stands twice"))
        elif name in LINK_COLUMNS:
            continue
        elif meant.get(name) in missing:
            right = meant[name]
            missing.remove(right)
            faults.append(Fault(file, 1, right, f"column '{name}' should be named '{right}'"))
        else:
            shown = f"column '{name}'" if name else f"column {position + 1}, which has no name,"
            message = f"{shown} is not known; the columns are {', '.join(LINK_COLUMNS)}"
            faults.append(Fault(file, 1, name, message))
    faults += [Fault(file, 1, name, f"column '{name}' is missing") for name in missing]
    return tuple(faults)


def _split(row: str, delimiter: str) -> tuple[str, ...]:
    """Split one row of CSV; quoted names lose their quotes."""
    return tuple(next(csv.reader([row], delimiter=delimiter), []))


def _likelier_delimiter(row: str, columns: tuple[str, ...]) -> str | None:
    """Find the delimiter that makes more of our columns appear than the comma does."""
    known = {other: len(set(_split(row, other)) & set(LINK_COLUMNS)) for other in OTHER_DELIMITERS}
    best = max(known, key=lambda other: known[other])
    return best if known[best] > len(set(columns) & set(LINK_COLUMNS)) else None


def _meant(columns: Sequence[str]) -> dict[str, str]:
    """Guess which of our columns an unknown name means; spelling, capitals and spaces apart."""
    meant = {}
    for name in columns:
        if name in LINK_COLUMNS:
            continue
        plain = name.strip().lower().replace(" ", "_").replace("-", "_")
        close = difflib.get_close_matches(plain, LINK_COLUMNS, n=1, cutoff=0.7)
        right = _COMMON_NAMES.get(plain) or (close[0] if close else None)
        if right is not None:
            meant[name] = right
    return meant
