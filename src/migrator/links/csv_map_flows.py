"""From the groups of `seen` to links: who the ends are, what the values mean, calls per day.

Called by the importers of tables after `csv_map.read_rows`. They ask for the different ends and
values, decide in Python what each means, and hand the answer back; the joining and summing stay in
DuckDB. A group whose ends are one component, or whose end is the machine itself, makes no link and
is counted. Nothing is dropped here without a count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import Fault
from migrator.inventory.model import LINK_COLUMNS, LatencyClass
from migrator.links import database
from migrator.links.checks import CALLS_MAX
from migrator.links.csv_map import FAULTS_KEPT_MAX

if TYPE_CHECKING:
    import duckdb

LOCAL: Final = ""
"""The component of an address that means the machine itself."""

SECONDS_A_DAY: Final = 86_400
ROW_GROUP_ROWS: Final = 65_536
_LINE_BITS: Final = 40
"""File and line in one number, so that the first of many is one minimum."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a link carries that its rows do not say."""

    evidence: str  # the kind of evidence, as in importers/evidence.py
    strength: str
    files: Sequence[str]  # as shown, by the file's number
    criticality: int
    latency_by_protocol: Mapping[str, LatencyClass]
    latency_by_port: Mapping[int, LatencyClass]


@dataclass(frozen=True, slots=True)
class LinkSums:
    """What came out: links, and the rows that made none."""

    links: int
    calls: int
    rows: int
    inside: int  # rows whose two ends are one component
    local: int  # rows with an end that is the machine itself
    days: float
    first: int | None  # seconds since 1970; None: no row says when
    last: int | None
    by_protocol: dict[str, int]


def different(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    """The different texts in a column of `seen`, sorted."""
    rows = connection.execute(
        f"SELECT DISTINCT {column} FROM seen ORDER BY ALL"  # noqa: S608  -- a name of our own
    ).fetchall()
    return tuple(str(text) for (text,) in rows)


def count_ends(connection: duckdb.DuckDBPyConnection) -> int:
    """How many different ends there are; asked before anybody fetches them."""
    row = connection.execute(f"SELECT count(*) FROM ({_ENDS})").fetchone()  # noqa: S608
    assert row is not None, "a count always has one row"
    return int(row[0])


def different_ends(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str], ...]:
    """The different (name, address) pairs of both sides, sorted; one of the two may be empty."""
    rows = connection.execute(f"{_ENDS} ORDER BY ALL").fetchall()
    return tuple((str(name), str(address)) for name, address in rows)


_ENDS: Final = (
    "SELECT source AS name, source_ip AS ip FROM seen UNION SELECT target, target_ip FROM seen"
)


def place_ends(connection: duckdb.DuckDBPyConnection, ends: Mapping[tuple[str, str], str]) -> None:
    """Say which component each (name, address) is; LOCAL for the machine itself."""
    connection.execute("CREATE TABLE ends (name VARCHAR, ip VARCHAR, component VARCHAR)")
    connection.execute(
        "INSERT INTO ends SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]),"
        " unnest($3::VARCHAR[])",
        [[name for name, _ in ends], [ip for _, ip in ends], list(ends.values())],
    )


def place_values(
    connection: duckdb.DuckDBPyConnection, column: str, meant: Mapping[str, str | None]
) -> None:
    """Say what each text of a column means; None where it cannot be used."""
    connection.execute(f"CREATE TABLE meant_{column} (text VARCHAR, value VARCHAR)")
    connection.execute(
        f"INSERT INTO meant_{column} SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[])",
        [list(meant), list(meant.values())],
    )


def unusable(
    connection: duckdb.DuckDBPyConnection, column: str, files: Sequence[str], why: str
) -> tuple[int, tuple[Fault, ...]]:
    """Count the rows whose value means nothing, name the first, and take them out of `seen`."""
    rows = connection.execute(
        f"SELECT s.file, s.line, s.{column}, s.rows, sum(s.rows) OVER ()"  # noqa: S608
        f" FROM seen AS s JOIN meant_{column} AS m ON m.text = s.{column}"
        f" WHERE m.value IS NULL ORDER BY s.file, s.line LIMIT {FAULTS_KEPT_MAX}"
    ).fetchall()
    connection.execute(
        f"DELETE FROM seen WHERE {column} IN"  # noqa: S608
        f" (SELECT text FROM meant_{column} WHERE value IS NULL)"
    )
    faults = []
    for file, line, text, number, _ in rows:
        shown = " ".join(str(text).split())[:60]
        more = f" (and {int(number) - 1:,} more rows like it)" if int(number) > 1 else ""
        message = why.format(value=shown) + more
        faults.append(Fault(files[int(file)], int(line), column, message))
    return (int(rows[0][4]) if rows else 0), tuple(faults)


def sum_links(
    connection: duckdb.DuckDBPyConnection, days: float | None, *, per_day: bool
) -> LinkSums:
    """Make the table `links`; `days` is the window where somebody gave it, else it is seen.

    `per_day`: the calls are a day's already, so that no window divides them.
    """
    connection.execute(
        "CREATE TABLE flows AS SELECT s.component AS source, t.component AS target,"  # noqa: S608
        " p.value AS protocol, try_cast(nullif(o.value, '') AS INTEGER) AS port,"
        " nullif(d.value, '') AS data_class, try_cast(nullif(c.value, '') AS TINYINT)"
        " AS criticality, rows, calls, first, last,"
        f" (file::BIGINT << {_LINE_BITS}) + line AS place"
        " FROM seen JOIN ends AS s ON s.name = seen.source AND s.ip = seen.source_ip"
        " JOIN ends AS t ON t.name = seen.target AND t.ip = seen.target_ip"
        " JOIN meant_protocol AS p ON p.text = seen.protocol"
        " JOIN meant_port AS o ON o.text = seen.port"
        " JOIN meant_data_class AS d ON d.text = seen.data_class"
        " JOIN meant_criticality AS c ON c.text = seen.criticality"
    )
    local = "(source = '' OR target = '')"
    row = connection.execute(
        "SELECT coalesce(sum(rows), 0)::BIGINT,"  # noqa: S608
        f" coalesce(sum(rows) FILTER ({local}), 0)::BIGINT,"
        f" coalesce(sum(rows) FILTER (NOT {local} AND source = target), 0)::BIGINT,"
        " min(first), max(last) FROM flows"
    ).fetchone()
    assert row is not None, "an aggregate without groups always has one row"
    rows, own, inside, first, last = row
    connection.execute("DROP TABLE seen")
    seen = 0.0 if first is None else (int(last) - int(first)) / SECONDS_A_DAY
    window = 1.0 if per_day else max(1.0, seen if days is None else days)
    connection.execute(
        "CREATE TABLE links AS SELECT source, target, protocol, port,"  # noqa: S608
        f" {_classes(connection)} AS data_class,"
        " max(criticality) AS criticality, sum(rows)::BIGINT AS rows, sum(calls) AS calls,"
        f" {_per_day(window)} AS calls_per_day, min(first) AS first, max(last) AS last,"
        " min(place) AS place"
        f" FROM flows WHERE NOT {local} AND source <> target"
        " GROUP BY source, target, protocol, port"
    )
    connection.execute("DROP TABLE flows")
    protocols = connection.execute(
        "SELECT protocol, count(*), sum(calls)::DOUBLE FROM links GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return LinkSums(
        links=sum(int(number) for _, number, _ in protocols),
        calls=sum(int(calls) for _, _, calls in protocols),
        rows=int(rows),
        inside=int(inside),
        local=int(own),
        days=window,
        first=None if first is None else int(first),
        last=None if last is None else int(last),
        by_protocol={str(name): int(number) for name, number, _ in protocols},
    )


def _classes(connection: duckdb.DuckDBPyConnection) -> str:
    """The classes of data of a link as SQL; where no row has one, none is gathered.

    Gathering texts needs memory for each link that cannot move to disk.
    """
    row = connection.execute("SELECT count(DISTINCT data_class), min(data_class) FROM flows")
    found = row.fetchone()
    assert found is not None, "an aggregate without groups always has one row"
    if int(found[0]) <= 1:
        return "coalesce(min(data_class), '')"
    return "coalesce(string_agg(DISTINCT data_class, ' + ' ORDER BY data_class), '')"


def _per_day(days: float) -> str:
    """Calls a day as SQL: rounded, but a link in use has at least one."""
    each = f"round(sum(calls)::DOUBLE / {days!r})"
    return (
        f"CASE WHEN sum(calls) = 0 THEN 0 ELSE least(greatest({each}, 1), {CALLS_MAX}) END::BIGINT"
    )


def answers_on(
    connection: duckdb.DuckDBPyConnection, ports: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    """Which components are called on which of these ports."""
    rows = connection.execute(
        "SELECT target, list(DISTINCT port ORDER BY port) FROM links"
        " WHERE port IN (SELECT unnest($1::INTEGER[])) GROUP BY target ORDER BY target",
        [list(ports)],
    ).fetchall()
    return {str(component): tuple(int(port) for port in found) for component, found in rows}


def use_of(
    connection: duckdb.DuckDBPyConnection, components: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """How many links each of these components has at either end, and with how many calls a day."""
    rows = connection.execute(
        "SELECT c, count(*), sum(calls_per_day)::BIGINT FROM (SELECT source AS c, calls_per_day"
        " FROM links UNION ALL SELECT target, calls_per_day FROM links)"
        " WHERE c IN (SELECT unnest($1::VARCHAR[])) GROUP BY c ORDER BY c",
        [list(components)],
    ).fetchall()
    return {str(component): (int(links), int(calls)) for component, links, calls in rows}


def linked(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The components at which a link begins or ends."""
    rows = connection.execute("SELECT source FROM links UNION SELECT target FROM links").fetchall()
    return frozenset(str(component) for (component,) in rows)


def write_links(connection: duckdb.DuckDBPyConnection, words: Words, target: Path) -> None:
    """Write the links as links.csv or links.parquet, by the name's ending."""
    if target.suffix == ".parquet":
        form = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
    else:
        form = "FORMAT csv, HEADER true"
    connection.execute("CREATE TABLE shown (file INTEGER, name VARCHAR)")
    connection.execute(
        "INSERT INTO shown SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[])",
        [list(range(len(words.files))), list(words.files)],
    )
    columns = {
        "id": "'l-' || substr(sha256(source || chr(0) || target || chr(0) || protocol || chr(0)"
        " || coalesce(port::VARCHAR, '')), 1, 16)",
        "latency_class": _latency(words),
        "criticality": f"coalesce(criticality, {int(words.criticality)})",
        "evidence": _evidence(words),
    }
    listed = ", ".join(f"{columns.get(name, name)} AS {name}" for name in LINK_COLUMNS)
    connection.execute(
        f"COPY (SELECT {listed} FROM links"  # noqa: S608  -- names are our own, texts are quoted
        f" JOIN shown ON shown.file = links.place >> {_LINE_BITS}"
        " ORDER BY source, target, protocol, port NULLS FIRST)"
        f" TO {database.text(str(target))} ({form})"
    )


def _latency(words: Words) -> str:
    """The latency class as SQL: by protocol first, then by port."""
    cases = [
        f"WHEN protocol = {database.text(name)} THEN {database.text(kind.value)}"
        for name, kind in sorted(words.latency_by_protocol.items())
    ] + [
        f"WHEN port = {port} THEN {database.text(kind.value)}"
        for port, kind in sorted(words.latency_by_port.items())
    ]
    cases = cases or ["WHEN false THEN ''"]
    return f"CASE {' '.join(cases)} ELSE {database.text(LatencyClass.INTERACTIVE.value)} END"


def _evidence(words: Words) -> str:
    """The evidence column as SQL: where the first row stands, how many there are, when seen."""
    line = f"(place & {(1 << _LINE_BITS) - 1})"
    first, last = (
        f"strftime(to_timestamp({one})::TIMESTAMP, '%Y-%m-%d')" for one in ("first", "last")
    )
    times = f"CASE WHEN first IS NULL THEN '' ELSE ', ' || {first} || ' to ' || {last} END"
    return (
        f"{database.text(words.evidence + ' ')} || shown.name || ':' || {line} || ' '"
        f" || rows || CASE rows WHEN 1 THEN ' row' ELSE ' rows' END || {times}"
        f" || {database.text(f' ({words.strength})')}"
    )
