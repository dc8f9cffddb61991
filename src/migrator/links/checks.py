"""The checks of the links' values, in columns: one quick verdict, and a slow search for the rows.

`load` asks `looks_right` about the typed columns of every file, in some hundredths of a second.
Only when the answer is no does `find_faults` look at the rows as they were written, count every
fault and keep the first ones with their row. Both must judge alike; a test makes every kind of
fault and expects both to see it.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from migrator.errors import Fault
from migrator.inventory.model import LINK_COLUMNS, LatencyClass
from migrator.links import database
from migrator.links.digest import NUMBERS

if TYPE_CHECKING:
    import duckdb

FAULTS_KEPT_MAX: Final = 20
"""The first twenty show the pattern; the count says how many there are."""

PORT_MAX: Final = 65_535
CALLS_MAX: Final = 10**12
"""A million million calls a day is a typing error; a hundred times that still adds exactly."""

NAMES_COMPARED_MAX: Final = 2_000

TEXT_COLUMNS: Final = tuple(name for name in LINK_COLUMNS if name not in NUMBERS)
MAY_BE_EMPTY: Final = frozenset({"port", "data_class", "evidence"})
"""A link may have no port, an unknown data class and no evidence; all else decides something."""

LATENCIES: Final = tuple(kind.value for kind in LatencyClass)

_LATENCY_LIST: Final = ", ".join(database.text(name) for name in LATENCIES)


@dataclass(frozen=True, slots=True)
class Found:
    """All faults of the rows: how many in all, by kind, and the first ones in row order."""

    by_kind: dict[str, int]
    faults: tuple[Fault, ...]

    @property
    def count(self) -> int:
        """The number of all faults, kept or not."""
        return sum(self.by_kind.values())


@dataclass(frozen=True, slots=True)
class _Search:
    """One kind of fault: which rows have it, and the words for it. `value` is an SQL text."""

    kind: str  # for the summary, in which its number follows
    column: str
    condition: str
    message: str  # {value} is what stands there, {known} the nearest component
    value: str


def typed(relation: str) -> str:
    """Select the ten columns with their types from a relation of texts.

    What is no number becomes one that is outside the allowed range, so that the verdict sees it
    and an empty port stays empty.
    """
    return (
        "SELECT id, source, target, protocol,"  # noqa: S608  -- names are our own
        f" CASE WHEN coalesce(port, '') <> '' THEN {_whole('port', 'INTEGER')} END AS port,"
        f" data_class, {_whole('calls_per_day', 'BIGINT')} AS calls_per_day, latency_class,"
        f" {_whole('criticality', 'TINYINT')} AS criticality,"
        f" evidence FROM {relation}"
    )


def texts(relation: str) -> str:
    """Select typed columns as texts with their row number; a Parquet file's first row is row 1."""
    casts = ", ".join(f"{name}::VARCHAR AS {name}" for name in LINK_COLUMNS)
    return f"(SELECT row_number() OVER () AS line, {casts} FROM {relation})"  # noqa: S608


def looks_right(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Tell whether all rows of typed columns are right; needs the table `components`."""
    # A known component or latency class is neither empty nor contains a unit separator.
    free = [name for name in TEXT_COLUMNS if name not in {"source", "target", "latency_class"}]
    empty = " OR ".join(f"coalesce({name}, '') = ''" for name in free if name not in MAY_BE_EMPTY)
    unit = " OR ".join(f"contains({name}, chr(31))" for name in free)
    values = connection.execute(
        "SELECT count(*) FILTER ("  # noqa: S608  -- names are our own
        f"{empty} OR coalesce({unit}, false)"
        f" OR NOT (port IS NULL OR port BETWEEN 1 AND {PORT_MAX})"
        f" OR calls_per_day IS NULL OR calls_per_day NOT BETWEEN 0 AND {CALLS_MAX}"
        " OR criticality IS NULL OR criticality NOT BETWEEN 1 AND 5"
        f" OR latency_class IS NULL OR latency_class NOT IN ({_LATENCY_LIST}))"
        # Two ids with one hash would be a false alarm, which the search for faults clears up.
        f", count(*) - count(DISTINCT hash(id)) FROM {relation}"
    ).fetchone()
    strangers = connection.execute(
        f"SELECT count(*) FROM (SELECT source AS c FROM {relation} UNION"  # noqa: S608
        f" SELECT target FROM {relation})"
        " WHERE c IS NULL OR c NOT IN (SELECT component FROM components)"
    ).fetchone()
    return values == (0, 0) and strangers == (0,)


def find_faults(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    file: str,
    known: Sequence[str],
) -> Found:
    """Count and name what is wrong in rows of texts that carry their `line`."""
    by_kind: dict[str, int] = {}
    near: dict[str, str] = {}  # one wrong name often stands in thousands of rows
    found: list[tuple[int, int, Fault]] = []
    for search in _searches(relation):
        rows = connection.execute(
            f"SELECT line, {search.value}, count(*) OVER () FROM {relation} AS r"  # noqa: S608
            f" WHERE {search.condition} ORDER BY line LIMIT {FAULTS_KEPT_MAX}"
        ).fetchall()
        if rows:
            by_kind[search.kind] = by_kind.get(search.kind, 0) + int(rows[0][2])
        position = LINK_COLUMNS.index(search.column)
        for line, value, _ in rows:
            shown = _shortened(str(value or ""))
            if "{near}" in search.message and shown not in near:
                near[shown] = nearest(shown, known)
            message = search.message.format(value=shown, near=near.get(shown, ""))
            found.append((int(line), position, Fault(file, int(line), search.column, message)))
    found.sort(key=lambda entry: entry[:2])
    return Found(by_kind, tuple(fault for _, _, fault in found[:FAULTS_KEPT_MAX]))


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which known name was probably meant, as the end of a sentence; empty if none is near."""
    if len(known) > NAMES_COMPARED_MAX:
        # Comparing with all names of a large estate takes a quarter of a second for each fault.
        half = max(2, len(name) // 2)
        known = [one for one in known if one[:half] == name[:half] or one[-half:] == name[-half:]]
        known = known[:NAMES_COMPARED_MAX]
    close = difflib.get_close_matches(name, known, n=1)
    return f"; the nearest is '{close[0]}'" if close else ""


def _searches(relation: str) -> tuple[_Search, ...]:
    """All kinds of faults; what a row may suffer from at once is counted for each."""
    searches = [
        _Search(f"empty {name}", name, f"coalesce({name}, '') = ''", f"{name} is empty", "''")
        for name in LINK_COLUMNS
        if name not in MAY_BE_EMPTY
    ]
    searches += [
        _Search(
            "unit separators",
            name,
            f"contains(coalesce({name}, ''), chr(31))",
            f"{name} contains the control character U+001F",
            "''",
        )
        for name in TEXT_COLUMNS
    ]
    searches += [
        _Search(
            f"unknown {end} components",
            end,
            f"coalesce({end}, '') <> '' AND {end} NOT IN (SELECT component FROM components)",  # noqa: S608
            f"{end} component '{{value}}' does not exist{{near}}",
            end,
        )
        for end in ("source", "target")
    ]
    searches.append(
        _Search(
            "doubled ids",
            "id",
            "id IN (SELECT d.id FROM (SELECT id, min(line) AS first"  # noqa: S608
            f" FROM {relation} WHERE coalesce(id, '') <> '' GROUP BY id HAVING count(*) > 1) AS d"
            " WHERE d.first < r.line)",
            "link id '{value}' is used by an earlier row",
            "id",
        )
    )
    searches += [
        _number("ports", "port", "INTEGER", f"1 to {PORT_MAX}, or empty", (1, PORT_MAX)),
        _number("calls", "calls_per_day", "BIGINT", "0 or more", (0, CALLS_MAX)),
        _number("criticalities", "criticality", "TINYINT", "1 to 5", (1, 5)),
        _Search(
            "unknown latency classes",
            "latency_class",
            f"coalesce(latency_class, '') <> '' AND latency_class NOT IN ({_LATENCY_LIST})",
            f"latency_class '{{value}}' is not one of {', '.join(LATENCIES)}",
            "latency_class",
        ),
    ]
    return tuple(searches)


def _number(
    kind: str, column: str, sql_type: str, allowed: str, limits: tuple[int, int]
) -> _Search:
    """Search for values that are no whole number, or one outside its limits."""
    low, high = limits
    return _Search(
        f"wrong {kind}",
        column,
        f"coalesce({column}, '') <> '' AND {_whole(column, sql_type)} NOT BETWEEN {low} AND {high}",
        f"{column} '{{value}}' is not a whole number in the range {allowed}",
        column,
    )


def _whole(column: str, sql_type: str) -> str:
    """Turn a text of digits into a number, and all else into -1.

    A cast alone would make whole numbers of 443.7, of 1e3 and of blanks around them.
    """
    # Of the ways to see a sign that is no digit this one costs nothing beside the cast itself.
    return (
        f"CASE WHEN {column} = '' OR {column} GLOB '*[!0-9]*' THEN -1"
        f" ELSE coalesce(try_cast({column} AS {sql_type}), -1) END"
    )


def _shortened(value: str) -> str:
    """Keep a message on one line, whatever stands in the file."""
    plain = "".join(" " if sign in "\r\n\t" else sign for sign in value)
    return plain if len(plain) <= 60 else f"{plain[:57]}..."
