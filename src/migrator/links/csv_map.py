"""Other people's tables of connections, read and summed in columns: millions of rows, no objects.

Called by the importers of tables, which say what column means what (a Reading) and get a table
`seen` in DuckDB: one row for each different (source, target, protocol, port, ...) as it was
written, with the number of rows, the calls, the times and the first line. What the texts mean is
decided there, on hundreds of thousands of groups; here only what every single row needs. DuckDB is
believed where each line of the file gave a row or a named reject; any other file goes the exact
way (`csv_rows.whole_rows`), so that a line number is never wrong and no row is lost in silence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from migrator.errors import EnvironmentFailed, Fault
from migrator.links import csv_map_sql, csv_rows, database
from migrator.links.csv_map_sql import KEYS, TEXTS, Condition, Pick

if TYPE_CHECKING:
    import duckdb

Connection: TypeAlias = "duckdb.DuckDBPyConnection"
"""What `open_tables` gives; importers hand it on and never ask it anything themselves."""

MEMORY_LIMIT_MB: Final = 300
"""DuckDB's own share; with the interpreter and the library's code the process stays below 500."""

IN_MEMORY_BYTES_MAX: Final = 64_000_000

BUFFER_BYTES: Final = 4_000_000
LINE_BYTES_MAX: Final = 1_000_000
REJECTS_MAX: Final = 10_000
"""Beyond this a file is not a table with some bad rows; the exact way counts them all."""

FAULTS_KEPT_MAX: Final = 20
SPARE_COLUMNS: Final = 64
"""How many fields a row of a ragged table may have beyond its header."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """A file in UTF-8 and its form. `header_line` is 0 where there is no header."""

    path: Path
    shown: str
    delimiter: str
    columns: int
    header_line: int
    lines: int  # of the whole file, a last one without its break counted, empty ones at the end not
    plain: bool  # no line ends by a carriage return alone, and no byte is zero
    ragged: bool = False  # rows may be shorter or longer than the header


@dataclass(frozen=True, slots=True)
class Reading:
    """What is wanted of each row: a role's columns (the first that is not empty counts)."""

    roles: Mapping[str, tuple[int, ...]]
    keep: tuple[Condition, ...] = ()
    picks: Mapping[str, Pick] = field(default_factory=dict)
    time_formats: tuple[str, ...] = ("iso",)
    times_must_fit: bool = True


@dataclass(frozen=True, slots=True)
class RowsRead:
    """What became of one file's rows; every row is in exactly one of these counts."""

    used: int
    dropped: dict[int, int]  # by the condition that dropped them
    bad: dict[str, int]  # by the role whose value could not be used; "row" for broken rows
    faults: tuple[Fault, ...]  # the first ones, by line

    @property
    def bad_rows(self) -> int:
        """How many rows could not be used."""
        return sum(self.bad.values())


@contextmanager
def open_tables(
    work: Path, zone: str = "UTC", input_bytes: int = 0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with the empty table `seen`; what fails in it is the machine's fault."""
    import duckdb

    try:
        with database.connect(work) as connection:
            connection.execute(f"SET TimeZone = {database.text(zone)}")
            connection.execute(f"SET memory_limit = '{MEMORY_LIMIT_MB}MB'")
            # DuckDB draws on stdout where it takes the program for a notebook.
            connection.execute("SET enable_progress_bar = false")
            if input_bytes > IN_MEMORY_BYTES_MAX:
                # Tables on disk are packed and leave memory where it is short. Each statement then
                # waits for the disk, which a small table is not worth.
                connection.execute(f"ATTACH {database.text(str(work / 'rows.duckdb'))} AS rows")
                connection.execute("USE rows")
            connection.execute(csv_map_sql.SEEN)
            yield connection
    except duckdb.OperationalError as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        if "No space left" in str(error):
            raise EnvironmentFailed(
                "disk-full",
                f"the disk is full; the rows could not be summed in {work}",
                hint="make room, or name another folder by TMPDIR; nothing was written",
            ) from error
        raise EnvironmentFailed(
            "links-store-failed",
            f"the tables could not be read or summed: {said}",
            hint="check that the files can be read and the temporary folder written",
        ) from error


def pattern_fault(pattern: str) -> str | None:
    """Say why DuckDB cannot use a regular expression; None if it can."""
    return _fault_of("SELECT regexp_matches('', $1)", pattern)


def time_format_fault(text: str) -> str | None:
    """Say why a format of times cannot be used; None if it can."""
    if text in csv_map_sql.NAMED_TIMES:
        return None
    return _fault_of("SELECT try_strptime('x', $1)::VARCHAR", text)


def _fault_of(question: str, value: str) -> str | None:
    import duckdb

    with database.connect() as connection:
        try:
            connection.execute(question, [value])
        except duckdb.Error as error:
            return str(error).splitlines()[0].partition(": ")[2] or "it cannot be used"
    return None


def read_rows(
    connection: duckdb.DuckDBPyConnection,
    table: TextTable,
    number: int,
    reading: Reading,
    work: Path,
) -> RowsRead:
    """Add one file's rows to `seen`, as file `number`."""
    import duckdb

    relation, rejects = _relation(table), list[tuple[int, str]]()
    broken = csv_rows.Broken(0, ())
    try:
        rows = _sum(connection, relation, number, reading)
        rejects = _rejects(connection)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error:
        _forget_rejects(connection)
        rows = -1  # the exact way will say what is wrong, or that nothing is
    header = table.header_line
    if not table.plain or rows + len(rejects) + header != table.lines:
        connection.execute("DELETE FROM seen WHERE file = $1", [number])
        whole = work / f"whole-{number}.parquet"
        names = csv_map_sql.column_names(table.columns + _spare(table))
        form = csv_rows.Form(table.delimiter, header, ragged=table.ragged, shown=table.shown)
        broken = csv_rows.whole_rows(table.path, names, whole, form)
        relation, rejects = database.parquet(whole), []
        _sum(connection, relation, number, reading)
    elif rejects:
        broken = _broken(table.shown, rejects)
        _shift(connection, number, header, [line - header - 1 for line, _ in rejects])
    return _read(connection, relation, table, number, reading, broken, [r[0] for r in rejects])


def _spare(table: TextTable) -> int:
    return SPARE_COLUMNS if table.ragged else 0


def _relation(table: TextTable) -> str:
    """The file as something to select `line`, c0, c1 and so on from; nothing is guessed."""
    names = csv_map_sql.column_names(table.columns + _spare(table))
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    # A ragged row is filled up; then quoted line breaks cannot be read in parallel.
    ragged = "strict_mode=false, null_padding=true, parallel=false" if table.ragged else ""
    return (
        f"(SELECT row_number() OVER () + {table.header_line} AS line, *"  # noqa: S608
        f" FROM read_csv({database.file_name(table.path)}, columns={{{types}}}, header=false,"
        f" skip={table.header_line}, auto_detect=false, delim={database.text(table.delimiter)},"
        f" quote='\"', escape='\"', {ragged or 'strict_mode=true'}, store_rejects=true,"
        f" rejects_limit={REJECTS_MAX}, buffer_size={BUFFER_BYTES},"
        f" max_line_size={LINE_BYTES_MAX}))"
    )


def _sum(
    connection: duckdb.DuckDBPyConnection, relation: str, number: int, reading: Reading
) -> int:
    """Group the rows into `seen`; give their number."""
    connection.execute(
        f"INSERT INTO seen {csv_map_sql.grouped(relation, number, reading.roles, _rules(reading))}"
    )
    row = connection.execute(
        "SELECT coalesce(sum(rows), 0) FROM seen WHERE file = $1", [number]
    ).fetchone()
    assert row is not None, "an aggregate without groups always has one row"
    return int(row[0])


def _rules(reading: Reading) -> csv_map_sql.Rules:
    return csv_map_sql.Rules(
        reading.keep, reading.picks, reading.time_formats, reading.times_must_fit
    )


def _rejects(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    """The lines that DuckDB passed over, and its word for why; the table is emptied."""
    rows = connection.execute(
        "SELECT line, min(error_type::VARCHAR) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    _forget_rejects(connection)
    return [(int(line), str(kind)) for line, kind in rows]


def _forget_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    """Take away the tables that DuckDB makes for each reading and never empties."""
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


_REJECTED: Final = {
    "MISSING COLUMNS": "fewer fields than the header has",
    "TOO MANY COLUMNS": "more fields than the header has; one that holds the separator is quoted",
    "LINE SIZE OVER MAXIMUM": f"the row is longer than {LINE_BYTES_MAX:,} bytes",
}


def _broken(shown: str, rejects: list[tuple[int, str]]) -> csv_rows.Broken:
    """The rejects as faults."""
    faults = [
        Fault(shown, line, "", _REJECTED.get(kind, "the row cannot be read"))
        for line, kind in rejects[:FAULTS_KEPT_MAX]
    ]
    return csv_rows.Broken(len(rejects), tuple(faults))


def _shift(
    connection: duckdb.DuckDBPyConnection, number: int, header: int, before: list[int]
) -> None:
    """Count the passed-over lines into the lines of the rows that follow them.

    `before[i]` is how many rows and rejects stand before reject i, so a row whose count of rows
    is above before[i] - i comes after it.
    """
    connection.execute("CREATE TEMP TABLE shifts (above BIGINT, rejects BIGINT)")
    connection.execute(
        "INSERT INTO shifts SELECT a, max(b) FROM"
        " (SELECT unnest($1::BIGINT[]) AS a, unnest($2::BIGINT[]) AS b) GROUP BY a",
        [[place - i for i, place in enumerate(before)], list(range(1, len(before) + 1))],
    )
    connection.execute(
        "UPDATE seen SET line = seen.line + moved.rejects FROM (SELECT s.rowid AS number, f.rejects"
        " FROM seen AS s ASOF JOIN shifts AS f ON s.line - $2::BIGINT > f.above"
        " WHERE s.file = $1) AS moved"
        " WHERE seen.rowid = moved.number",
        [number, header],
    )
    connection.execute("DROP TABLE shifts")


def _read(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    table: TextTable,
    number: int,
    reading: Reading,
    broken: csv_rows.Broken,
    rejected: list[int],
) -> RowsRead:
    """Count what became of the rows, look up the first bad ones, and take them out of `seen`."""
    counts = connection.execute(
        "SELECT dropped, bad, sum(rows)::BIGINT FROM seen WHERE file = $1 GROUP BY ALL", [number]
    ).fetchall()
    bad = {str(role): int(n) for _, role, n in counts if role is not None}
    faults = list(broken.faults)
    if bad:
        question = csv_map_sql.bad_rows(relation, reading.roles, _rules(reading), FAULTS_KEPT_MAX)
        free = [line - i for i, line in enumerate(rejected)]
        for line, role, value in connection.execute(question).fetchall():
            moved = int(line) + bisect_right(free, int(line))
            faults.append(Fault(table.shown, moved, str(role), _why_bad(str(role), str(value))))
        _forget_rejects(connection)
    if broken.count:
        bad["row"] = broken.count
    connection.execute(
        "DELETE FROM seen WHERE file = $1 AND (dropped IS NOT NULL OR bad IS NOT NULL)", [number]
    )
    faults.sort(key=lambda fault: fault.line or 0)
    return RowsRead(
        used=sum(int(n) for drop, role, n in counts if drop is None and role is None),
        dropped={int(drop): int(n) for drop, _, n in counts if drop is not None},
        bad=dict(sorted(bad.items())),
        faults=tuple(faults[:FAULTS_KEPT_MAX]),
    )


def _why_bad(role: str, value: str) -> str:
    """What is wrong with one value."""
    shown = " ".join(value.split())
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    if role in {"source", "target"}:
        return f"neither a name nor an address of the {role}"
    if role == "calls":
        return f"'{shown}' is not a whole number of calls"
    return f"'{shown}' is not a time in any of the map's formats"


assert set(KEYS) <= set(TEXTS), "what is grouped by is read first"
