"""Links into looks, in columns: the part of planning a sweep that is counted in millions.

Called by `planning.py` alone, in a child process. Every link in scope becomes one row, with a look
or with the reason why it has none; a link never becomes a Python object. The tables that go in are
small (components, addresses, rules), what comes out are files. What decides is here and only here:
which check, which address, which vantage point; `planning.py` says what each of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from migrator.links import database
from migrator.probes.model import LINKS_COLUMNS, LOOKS_COLUMNS, NoLook

if TYPE_CHECKING:
    import duckdb

    Connection: TypeAlias = duckdb.DuckDBPyConnection

Table: TypeAlias = dict[str, tuple[str, Sequence[object]]]
"""Column: DuckDB's type and the values, all of one length."""

NOWHERE, SAME, OUTSIDE = -1, -2, -3
"""Instead of an address: none declared, one for both sides, one that is not allowed."""

ROW_GROUP_ROWS: Final = 65_536
LOOK_DIGITS: Final = 20
"""Eighty bits: two of ten million different looks share an id once in ten thousand million."""

NARROW_FIRST: Final = ("link", "t", "s", "t_owner", "s_owner", "port", "protocol")
"""What a rule may name, the narrowest first: links are counted in millions, protocols in tens."""

BLOCK_BYTES: Final = 1_000_000
_LINES: Final = "lines.jsonl"


def failures() -> tuple[type[Exception], ...]:
    """What can go wrong with a disk, a memory or a file, in one tuple for an except."""
    import duckdb

    return OSError, duckdb.Error


def missing_links(links: Path | None, wanted: Sequence[str]) -> list[str]:
    """Those of some links' ids that the checked links do not have."""
    if links is None:
        return list(wanted)
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT w.id FROM (SELECT unnest($1::VARCHAR[]) AS id) w"  # noqa: S608 - quoted
            f" ANTI JOIN {database.parquet(links)} l ON w.id = l.id ORDER BY ALL",
            [list(wanted)],
        ).fetchall()
    return [str(row[0]) for row in rows]


def fill(connection: Connection, name: str, table: Table) -> None:
    """Make a small table; the order of its rows does not matter."""
    columns = ", ".join(f"{column} {kind}" for column, (kind, _) in table.items())
    connection.execute(f"CREATE TABLE {name} ({columns})")
    unnested = ", ".join(
        f"unnest(${number}::{kind}[])" for number, (kind, _) in enumerate(table.values(), start=1)
    )
    values = [list(column) for _, column in table.values()]
    if values and values[0]:
        connection.execute(f"INSERT INTO {name} SELECT {unnested}", values)


def choose_links(connection: Connection, links: Path | None, below: int | None) -> None:
    """Make `scoped`: the members' links and the sample of the rest.

    `below` is the sample's share of 2**64. None: every link is chosen, and counts as touched. A
    pair of components is drawn by two numbers that depend on the seed and their names alone, so
    the same pairs are drawn from any order of rows, and before a move as after it.
    """
    source = _no_links() if links is None else database.parquet(links)
    touched = "(s.member OR t.member)" if below is not None else "true"
    sample = f" WHERE {touched} OR xor(s.drawn, t.drawn_as_target) < {below}" if below else ""
    if below == 0:
        sample = f" WHERE {touched}"
    connection.execute(
        "CREATE TABLE scoped AS SELECT l.id AS link, s.n AS s, t.n AS t, s.owner AS s_owner,"  # noqa: S608 - ours
        " t.owner AS t_owner, s.speaker AS speaker, l.protocol AS protocol,"
        " l.port::INTEGER AS port, l.criticality::INTEGER AS criticality,"
        f" {touched} AS touched FROM {source} l JOIN components s ON l.source = s.component"
        f" JOIN components t ON l.target = t.component{sample}"
    )


def _no_links() -> str:
    """A table of links without rows."""
    texts = ", ".join(f"''::VARCHAR AS {name}" for name in ("id", "source", "target", "protocol"))
    return f"(SELECT {texts}, 0 AS port, 0 AS criticality WHERE false)"


def excuse(connection: Connection) -> None:
    """Make `excused(link, number)`: the first rule of `excuses` that takes a link out."""
    _first_rule(connection, "excused", "excuses", "scoped", "link")


def ask(connection: Connection) -> None:
    """Make `asks`: what is asked of whom, for whom. Links that ask the same are one row.

    A row has its look, or the reason why there is none; `chosen` is the check that is made.
    """
    connection.execute(
        "CREATE TABLE wants AS SELECT row_number() OVER () AS ask, *"
        " FROM (SELECT DISTINCT speaker, t, t_owner, protocol, port FROM scoped)"
    )
    _first_rule(connection, "ruled", "rules", "wants", "ask")
    # A rule's own number is its check's; the checks that protocols get come after them.
    address = "CASE WHEN v.side = 'new' THEN t.from_new ELSE t.from_old END"
    connection.execute(
        "CREATE TABLE addressed AS SELECT w.ask, w.speaker, w.t, w.protocol, w.port AS link_port,"  # noqa: S608 - ours
        f" v.vantage, v.side AS caller_side, t.side AS target_side, {address} AS place,"
        " coalesce(r.number, p.chosen, (SELECT chosen FROM by_protocol WHERE protocol = ''))"
        " AS chosen FROM wants w JOIN speakers v ON w.speaker = v.speaker"
        " JOIN components t ON w.t = t.n LEFT JOIN ruled r ON w.ask = r.ask"
        " LEFT JOIN by_protocol p ON lower(w.protocol) = p.protocol"
    )
    reason = (
        f"CASE WHEN a.target_side = 'none' OR a.caller_side = 'none' THEN '{NoLook.NO_SIDE.value}'"
        f" WHEN a.vantage < 0 THEN '{NoLook.NO_VANTAGE.value}'"
        f" WHEN a.place = {SAME} THEN '{NoLook.SAME_ADDRESS.value}'"
        f" WHEN a.place = {NOWHERE} THEN '{NoLook.NO_ADDRESS.value}'"
        f" WHEN a.place = {OUTSIDE} THEN '{NoLook.NOT_ALLOWED.value}'"
        f" WHEN c.kind = '' THEN '{NoLook.NO_CHECK.value}'"
        " WHEN c.needs_port AND coalesce(d.port, a.link_port) IS NULL"
        f" THEN '{NoLook.NO_PORT.value}' ELSE '' END"
    )
    # The parts are texts without line ends, so no two different looks are written alike.
    parts = "concat_ws(chr(10), origin, host, port, digest)"
    connection.execute(
        "CREATE TABLE asks AS SELECT *, CASE WHEN reason = '' THEN"  # noqa: S608 - ours
        f" substr(md5({parts}), 1, {LOOK_DIGITS}) ELSE '' END"
        " AS look FROM (SELECT a.*, d.host, d.network, d.host_json,"
        " coalesce(d.port, a.link_port, 0) AS port, v.origin, c.digest, c.marked,"
        f" {reason} AS reason FROM addressed a JOIN checks c ON a.chosen = c.chosen"
        " LEFT JOIN places d ON a.place = d.place LEFT JOIN vantages v ON a.vantage = v.vantage)"
    )


def forget_proved(connection: Connection, results: Sequence[Path]) -> None:
    """Take away the looks that were proved before for every link that they are the look of.

    Proved means that the newest of the results, which come first, is ok, and has the mark of the
    side that is expected now.
    """
    earlier = " UNION ALL ".join(
        f"SELECT {age} AS age, look, word, side FROM {database.parquet(path)}"  # noqa: S608 - ours
        for age, path in enumerate(results)
    )
    connection.execute(
        f"CREATE TABLE proved AS SELECT look, side FROM (SELECT * FROM ({earlier})"  # noqa: S608 - ours
        " QUALIFY row_number() OVER (PARTITION BY look ORDER BY age) = 1) WHERE word = 'ok'"
    )
    connection.execute(
        "CREATE TABLE stale AS SELECT a.look FROM asks a LEFT JOIN proved p ON a.look = p.look"
        " WHERE a.look <> '' GROUP BY a.look HAVING bool_and(p.look IS NOT NULL"
        " AND (NOT a.marked OR p.side = a.target_side))"
    )
    connection.execute(
        f"UPDATE asks SET look = '', reason = '{NoLook.UNCHANGED.value}'"  # noqa: S608 - ours
        " WHERE look IN (SELECT look FROM stale)"
    )


def map_links(connection: Connection, out: Path, *, excuses: bool) -> None:
    """Write links.parquet and make `used`: how many links each look has, and how critical."""
    joined = " LEFT JOIN excused x ON l.link = x.link" if excuses else ""
    joined += " LEFT JOIN excuses e ON x.number = e.number" if excuses else ""
    left_out = "x.number IS NOT NULL" if excuses else "false"
    excused = "e.reason" if excuses else "''"
    values = {
        "link": "l.link",
        "look": f"CASE WHEN {left_out} THEN '' ELSE a.look END",
        "reason": f"CASE WHEN {left_out} THEN {excused} ELSE a.reason END",
        "rule": "e.rule" if excuses else "NULL::INTEGER",
        "touched": "l.touched",
        "source": "s.component",
        "target": "t.component",
        "source_subsystem": "s.subsystem",
        "target_subsystem": "t.subsystem",
        "protocol": "l.protocol",
        "port": "l.port",
        "criticality": "l.criticality",
        "vantage": "coalesce(v.id, '')",
        "expected": "CASE WHEN t.side = 'none' THEN '' ELSE t.side END",
    }
    assert tuple(values) == tuple(name for name, _ in LINKS_COLUMNS), "the columns of the model"
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    connection.execute(
        f"CREATE VIEW mapped AS SELECT {columns} FROM scoped l JOIN asks a"  # noqa: S608 - ours
        " ON l.speaker = a.speaker AND l.t = a.t AND l.protocol = a.protocol"
        " AND l.port IS NOT DISTINCT FROM a.link_port"
        " JOIN components s ON l.s = s.n JOIN components t ON l.t = t.n"
        f" LEFT JOIN vantages v ON a.vantage = v.vantage{joined}"
    )
    _copy(connection, "mapped", out)
    connection.execute(
        "CREATE TABLE used AS SELECT look, count(*)::INTEGER AS links,"  # noqa: S608 - ours
        f" max(criticality) AS criticality FROM {database.parquet(out)} WHERE look <> ''"
        " GROUP BY look"
    )


def order_looks(connection: Connection, out: Path) -> None:
    """Make `looks`, each vantage point's in the order in which they are made, and write them.

    The critical ones first; among equals every host gets its first look before any its second, in
    the order of the looks' digests, which is as good as drawn.
    """
    connection.execute(
        "CREATE TABLE looks AS WITH chosen AS (SELECT look, min(vantage) AS vantage,"
        " min(place) AS at, min(port) AS port, min(chosen) AS chosen FROM asks WHERE look <> ''"
        " GROUP BY look), turns AS (SELECT c.*, u.links, u.criticality, p.host, p.network,"
        " p.host_json, row_number() OVER (PARTITION BY c.vantage, u.criticality, p.host"
        " ORDER BY c.look) AS turn FROM chosen c JOIN used u USING (look)"
        " JOIN places p ON c.at = p.place)"
        " SELECT *, row_number() OVER (PARTITION BY vantage ORDER BY criticality DESC, turn, look)"
        "::INTEGER AS place FROM turns ORDER BY vantage, place"
    )
    values = {
        "look": "l.look",
        "vantage": "v.id",
        "place": "l.place",
        "kind": "c.kind",
        "host": "l.host",
        "port": "l.port::INTEGER",
        "criticality": "l.criticality",
        "links": "l.links",
        "marked": "c.marked",
        "rule": "c.rule",
    }
    assert tuple(values) == tuple(name for name, _ in LOOKS_COLUMNS), "the columns of the model"
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    connection.execute(
        f"CREATE VIEW told AS SELECT {columns} FROM looks l JOIN vantages v"  # noqa: S608 - ours
        " ON l.vantage = v.vantage JOIN checks c ON l.chosen = c.chosen"
    )
    _copy(connection, "told", out)


def write_lines(connection: Connection, work: Path, files: Sequence[Path]) -> None:
    """Write every vantage point's lines, in its order. `files` are by the vantage points' numbers.

    One file is written by DuckDB and then cut, because a query for each of a thousand vantage
    points would take longer than the whole plan.
    """
    head, host, port = '{"id":"', '","host":', ',"port":'
    line = f"'{head}' || l.look || '{host}' || l.host_json || '{port}' || l.port || c.tail"
    joined = "looks l JOIN checks c ON l.chosen = c.chosen"
    whole = work / _LINES
    # Lines of JSON hold no control characters, so nothing in them is ever quoted.
    connection.execute(
        f"COPY (SELECT {line} AS line FROM {joined} ORDER BY l.vantage, l.place)"  # noqa: S608 - ours
        f" TO {database.text(str(whole))} (FORMAT csv, HEADER false, DELIMITER '\x02',"
        " QUOTE '\x01', ESCAPE '\x01')"
    )
    sizes = connection.execute(
        f"SELECT l.vantage, sum(strlen({line}) + 1)::BIGINT FROM {joined} GROUP BY ALL ORDER BY ALL"  # noqa: S608 - ours
    ).fetchall()
    with whole.open("rb") as source:
        for vantage, size in sizes:
            with files[int(vantage)].open("wb") as target:
                _copy_bytes(source, target, int(size))
        assert not source.read(1), "every line belongs to a vantage point"
    whole.unlink()


def counts(connection: Connection, links: Path) -> tuple[int, int, dict[str, int]]:
    """Links in scope, those that are touched, and those without a look by reason."""
    rows = connection.execute(
        f"SELECT reason, count(*), count(*) FILTER (touched) FROM {database.parquet(links)}"  # noqa: S608 - ours
        " GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    reasons = {str(reason): int(number) for reason, number, _ in rows if reason}
    return sum(int(row[1]) for row in rows), sum(int(row[2]) for row in rows), reasons


def busiest(connection: Connection) -> Iterable[tuple[int, int, int, int, int, int]]:
    """For each vantage point with looks: number, looks, those at its busiest target and network,
    and the most vantage points that look at any of its targets and of its networks.
    """
    rows = connection.execute(
        "WITH t AS (SELECT vantage, host, port, count(*) AS n, count(*) OVER"
        " (PARTITION BY host, port) AS shared FROM looks GROUP BY vantage, host, port),"
        " w AS (SELECT vantage, network, count(*) AS n, count(*) OVER (PARTITION BY network)"
        " AS shared FROM looks GROUP BY vantage, network),"
        " targets AS (SELECT vantage, sum(n) AS looks, max(n) AS n, max(shared) AS shared"
        " FROM t GROUP BY vantage),"
        " networks AS (SELECT vantage, max(n) AS n, max(shared) AS shared FROM w GROUP BY vantage)"
        " SELECT vantage, looks, targets.n, networks.n, targets.shared, networks.shared"
        " FROM targets JOIN networks USING (vantage) ORDER BY ALL"
    ).fetchall()
    for vantage, looks, target, network, sharing, sharing_network in rows:
        yield (
            int(vantage),
            int(looks),
            int(target),
            int(network),
            int(sharing),
            int(sharing_network),
        )


def _first_rule(connection: Connection, name: str, rules: str, rows: str, key: str) -> None:
    """Make a table of the lowest number among the rules that fit each row, by the row's key.

    Each rule is looked up by the narrowest thing that it names, so a thousand rules about single
    components cost no more than one.
    """
    columns = {
        str(row[0])
        for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()  # noqa: S608 - ours
    }
    keys = [each for each in NARROW_FIRST if each in columns]
    fits = " AND ".join(f"(r.{each} IS NULL OR r.{each} = w.{each})" for each in keys)
    arms = []
    for place, each in enumerate(keys):
        first = "".join(f" AND r.{before} IS NULL" for before in keys[:place])
        arms.append(
            f"SELECT w.{key}, r.number FROM {rows} w JOIN {rules} r ON r.{each} = w.{each}"  # noqa: S608 - ours
            f" WHERE {fits}{first}"
        )
    none = " AND ".join(f"r.{each} IS NULL" for each in keys)
    arms.append(f"SELECT w.{key}, r.number FROM {rows} w, {rules} r WHERE {none}")  # noqa: S608 - ours
    connection.execute(
        f"CREATE TABLE {name} AS SELECT {key}, min(number) AS number"  # noqa: S608 - ours
        f" FROM ({' UNION ALL '.join(arms)}) GROUP BY {key}"
    )


def _copy(connection: Connection, view: str, out: Path) -> None:
    connection.execute(
        f"COPY (FROM {view}) TO {database.text(str(out))}"
        f" (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
    )


def _copy_bytes(source: BinaryIO, target: BinaryIO, size: int) -> None:
    left = size
    while left:
        block = source.read(min(left, BLOCK_BYTES))
        assert block, "the file is as long as its lines"
        target.write(block)
        left -= len(block)
