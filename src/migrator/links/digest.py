"""The digest of all links: the same for CSV and Parquet, for every order of the rows.

The formula, version 1, so that anybody can recompute it in any language:

1. A row becomes one text: its ten fields in the order of LINK_COLUMNS, joined by U+001F (unit
   separator). A missing value is the empty text, an integer is plain decimal. `load` refuses rows
   that contain U+001F, so two different rows never become the same text.
2. The row's number is the MD5 of that text in UTF-8, read as a 128-bit little-endian number.
3. The numbers of all rows are added, modulo 2^128. Adding makes the order unimportant, so nothing
   has to be sorted; a row that stands twice counts twice.
4. The digest is the SHA-256, as 64 hex digits, of `migrator-links-1 <count> <sum>` where the sum
   is 32 hex digits.

It shows that links have changed, by accident or by an editor. It is not a defence against
somebody who constructs rows to collide: the sum of MD5 values is too weak for that; the digest of
files under version control is for that. DuckDB's own hash() is never used, it changes by version.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from migrator.inventory.model import LINK_COLUMNS

if TYPE_CHECKING:
    import duckdb

NUMBERS: Final = frozenset({"port", "calls_per_day", "criticality"})
SEPARATOR: Final = "\x1f"

_LOW_64_BITS: Final = 2**64 - 1


def links_digest(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Digest the rows of `relation`, which has the columns LINK_COLUMNS."""
    fields = ", ".join(
        f"coalesce({name}::VARCHAR, '')" if name in NUMBERS else f"coalesce({name}, '')"
        for name in LINK_COLUMNS
    )
    # Two sums of 64 bits each, because DuckDB adds 128-bit numbers as floating point.
    row = connection.execute(
        f"SELECT count(*), sum((h >> 64)::UBIGINT)::HUGEINT,"  # noqa: S608  -- names are our own
        f" sum((h & {_LOW_64_BITS}::UHUGEINT)::UBIGINT)::HUGEINT"
        f" FROM (SELECT md5_number(concat_ws(chr(31), {fields})) AS h FROM {relation})"
    ).fetchone()
    assert row is not None, "an aggregate without groups always has one row"
    count, high, low = (int(value or 0) for value in row)
    return combine(count, (high << 64) + low)


def combine(count: int, total: int) -> str:
    """Finish the digest from the number of rows and the sum of their numbers."""
    tail = f"migrator-links-1 {count} {total % 2**128:032x}"
    return hashlib.sha256(tail.encode()).hexdigest()
