"""Results as they came -> results.parquet: columns, one row a look, and a digest of them.

Called by `judging.py` in a child process, when a sweep has ended or is judged as far as it got.
The lines stay as they are; this can be done again at any time and then says the same. A look that
was made several times keeps its last result, one that proves something before one that does not,
and the times of all its good ones go to a second file, for `slower.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.links import database
from migrator.probes.agent import wire
from migrator.probes.keeping import WORDS, vantages_kept
from migrator.probes.model import RESULTS_COLUMNS, RESULTS_FILE, results_file
from migrator.probes.verdicts import words

if TYPE_CHECKING:
    import duckdb

REPEATS_FILE: Final = "repeats.parquet"
REPEATS_COLUMNS: Final = (("look", "VARCHAR"), ("total_ms", "DOUBLE"))
"""The times of looks that were made more than once and answered; most sweeps have none."""

LINE_BYTES_MAX: Final = 1_000_000

_AS_THEY_COME: Final = (
    "{id: 'VARCHAR', word: 'VARCHAR', side: 'VARCHAR', oks: 'INTEGER', tries: 'INTEGER',"
    " connect_ms: 'DOUBLE', total_ms: 'DOUBLE', detail: 'VARCHAR', source: 'VARCHAR',"
    " address: 'VARCHAR'}"
)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What results.parquet holds: how many looks, and a digest of its rows in any order.

    `lines` counts the whole results that each vantage point's file has.
    """

    looks: int
    digest: str
    lines: dict[str, int]


def compact(connection: duckdb.DuckDBPyConnection, folder: Path) -> Compacted:
    """Make results.parquet of all lines that are whole; write it whole or not at all."""
    relation = _lines(folder)
    draft = folder / f".{RESULTS_FILE}.part"
    repeats = folder / REPEATS_FILE
    counted = connection.execute(
        "SELECT vantage, count(*), (SELECT count(DISTINCT look)"  # noqa: S608 - quoted
        f" FROM ({relation})) FROM ({relation}) GROUP BY vantage"
    ).fetchall()
    by_vantage = {str(vantage): int(number) for vantage, number, _ in counted}
    lines, looks = sum(by_vantage.values()), int(counted[0][2]) if counted else 0
    if lines == looks:
        repeats.unlink(missing_ok=True)
        rows = relation
    else:
        _write(
            connection,
            f"SELECT look, total_ms FROM (SELECT *, count(*) OVER (PARTITION BY look) AS times"  # noqa: S608 - quoted
            f" FROM ({relation})) WHERE times > 1 AND word = '{wire.OK}'",
            repeats,
        )
        rows = (
            f"SELECT * EXCLUDE (line) FROM (SELECT *, row_number() OVER () AS line"  # noqa: S608 - quoted
            f" FROM ({relation})) QUALIFY row_number() OVER (PARTITION BY look"
            f" ORDER BY word NOT IN {words(*wire.PROVES_NOTHING)} DESC, line DESC) = 1"
        )
    _write(connection, rows, draft)
    draft.replace(folder / RESULTS_FILE)
    return Compacted(looks, digest_of(connection, folder / RESULTS_FILE), by_vantage)


def digest_of(connection: duckdb.DuckDBPyConnection, results: Path) -> str:
    """Digest the rows of results.parquet, in no order.

    Each row becomes its eleven values as texts, joined by U+001F; a missing one is empty. The MD5
    of that text is a number of 128 bits, all numbers are added modulo 2^128, and the digest is the
    SHA-256 of `migrator-results-1 <count> <sum>`, the sum in 32 hex digits.
    """
    fields = ", ".join(f"coalesce({name}::VARCHAR, '')" for name, _ in RESULTS_COLUMNS)
    row = connection.execute(
        "SELECT count(*), sum((h >> 64)::UBIGINT)::HUGEINT,"  # noqa: S608 - our own names
        " sum((h & 18446744073709551615::UHUGEINT)::UBIGINT)::HUGEINT"
        f" FROM (SELECT md5_number(concat_ws(chr(31), {fields})) AS h"
        f" FROM {database.parquet(results)})"
    ).fetchone()
    assert row is not None, "an aggregate without groups always has one row"
    count, high, low = (int(value or 0) for value in row)
    total = ((high << 64) + low) % 2**128
    return hashlib.sha256(f"migrator-results-1 {count} {total:032x}".encode()).hexdigest()


def _lines(folder: Path) -> str:
    """Select every whole result of every vantage point, as RESULTS_COLUMNS, in the lines' order."""
    files = [
        f"SELECT *, {database.text(vantage)} AS vantage FROM"  # noqa: S608 - quoted
        f" read_json({database.file_name(results_file(folder, vantage))},"
        f" format = 'newline_delimited', columns = {_AS_THEY_COME}, ignore_errors = true,"
        f" maximum_object_size = {LINE_BYTES_MAX})"
        for vantage in vantages_kept(folder)
    ]
    if not files:
        empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in RESULTS_COLUMNS)
        return f"SELECT {empty} WHERE false"
    return (
        "SELECT id AS look, vantage, word, side, oks, tries, connect_ms, total_ms, detail,"  # noqa: S608 - quoted
        f" source AS source_address, address FROM ({' UNION ALL '.join(files)})"
        f" WHERE id <> '' AND word IN {words(*sorted(WORDS))} AND side IS NOT NULL"
        " AND oks IS NOT NULL AND tries IS NOT NULL AND total_ms IS NOT NULL"
    )


def _write(connection: duckdb.DuckDBPyConnection, rows: str, path: Path) -> None:
    connection.execute(f"COPY ({rows}) TO {database.text(str(path))} (FORMAT parquet)")
