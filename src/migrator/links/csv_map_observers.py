"""One connection that two observers report is one: joins what both ends' agents saw.

Called by `importers/aws_discovery.py` between `csv_map.read_rows` and `csv_map_flows`. The table
`seen` then holds rows of outbound files, in which the observer is the source, and of inbound files,
in which it is the target. Afterwards it holds each connection once, with the names that the
observers lend to their ends. DuckDB joins; rows never become objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from migrator.links.csv_map import Connection

_TUPLE: Final = "source_ip, source_port, target_ip, port, protocol"


def pairs_of(connection: Connection, number: int) -> tuple[tuple[str, str], ...]:
    """The different (source, target) texts of one file, which are then taken out of `seen`.

    For tables that are no connections: which agent has which name, or which address.
    """
    rows = connection.execute(
        "SELECT DISTINCT source || source_ip, target FROM seen WHERE file = $1 ORDER BY ALL",
        [number],
    ).fetchall()
    connection.execute("DELETE FROM seen WHERE file = $1", [number])
    return tuple((str(first), str(second)) for first, second in rows)


def join_observers(
    connection: Connection,
    outbound: Sequence[int],
    inbound: Sequence[int],
    names: Mapping[str, str],
) -> int:
    """Make one of what both ends saw; give the number of rows that were the second look.

    Where several observers report the same addresses and ports (networks that exist on every
    machine), each of one side is joined with one of the other. A connection counts as often as
    the end that reported it more often says.
    """
    connection.execute("CREATE TABLE observers (agent VARCHAR, name VARCHAR)")
    connection.execute(
        "INSERT INTO observers SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[])",
        [list(names.keys()), list(names.values())],
    )
    before = _rows(connection)
    for side, files in (("outbound", outbound), ("inbound", inbound)):
        connection.execute(
            f"CREATE TABLE {side} AS SELECT {_TUPLE}, observer, sum(rows)::BIGINT AS rows,"  # noqa: S608
            " min(first) AS first, max(last) AS last, min_by(file, (file::BIGINT << 40) + line)"
            " AS file, min_by(line, (file::BIGINT << 40) + line) AS line,"
            f" row_number() OVER (PARTITION BY {_TUPLE} ORDER BY observer) AS nth"
            f" FROM seen WHERE list_contains($1::INTEGER[], file) GROUP BY {_TUPLE}, observer",
            [list(files)],
        )
    connection.execute("DELETE FROM seen")
    connection.execute(
        "INSERT INTO seen (file, source, source_ip, target, target_ip, protocol, port, data_class,"  # noqa: S608
        " criticality, source_port, observer, rows, calls, first, last, line)"
        " SELECT coalesce(o.file, i.file), coalesce(a.name, o.observer, ''), source_ip,"
        " coalesce(b.name, i.observer, ''), target_ip, protocol, port, '', '', '', '',"
        " greatest(o.rows, i.rows), greatest(o.rows, i.rows), least(o.first, i.first),"
        " greatest(o.last, i.last), coalesce(o.line, i.line)"
        f" FROM outbound AS o FULL JOIN inbound AS i USING ({_TUPLE}, nth)"
        " LEFT JOIN observers AS a ON a.agent = o.observer"
        " LEFT JOIN observers AS b ON b.agent = i.observer"
    )
    return before - _rows(connection)


def drop_ports(connection: Connection, ports: Sequence[int]) -> dict[int, int]:
    """Take out the rows to these ports; give their number by port."""
    rows = connection.execute(
        "SELECT try_cast(port AS INTEGER) AS p, sum(rows)::BIGINT FROM seen"
        " WHERE list_contains($1::INTEGER[], p) GROUP BY p ORDER BY p",
        [list(ports)],
    ).fetchall()
    connection.execute(
        "DELETE FROM seen WHERE list_contains($1::INTEGER[], try_cast(port AS INTEGER))",
        [list(ports)],
    )
    return {int(port): int(number) for port, number in rows}


def _rows(connection: Connection) -> int:
    row = connection.execute("SELECT coalesce(sum(rows), 0)::BIGINT FROM seen").fetchone()
    assert row is not None, "an aggregate without groups always has one row"
    return int(row[0])
