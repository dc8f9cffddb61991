"""The links of several inventories as one table: the same link seen thrice is one link.

Called by `importers/joining.py`, which says who is who; here only rows are joined, in columns, so
that hundreds of thousands of links take seconds. Two rows are the same link where source, target,
protocol and port are the same. A row that says less joins one that says more: an end that is only
known as a subsystem joins a link between components of it, a missing port the lowest port that
fits, a general word (tcp) the protocol that is named. Calls are added within one inventory, because
its rows are different flows, and the largest sum of all inventories counts, because theirs are the
same flows seen again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import EnvironmentFailed
from migrator.inventory.model import LINK_COLUMNS
from migrator.links import database
from migrator.links.checks import CALLS_MAX

if TYPE_CHECKING:
    import duckdb

GENERAL: Final = ("tcp", "database", "messaging")
"""Words that say less than a protocol does; `tcp` says least."""

EVIDENCE_CHARACTERS_MAX: Final = 20_000
"""A cell that a spreadsheet still opens; the inventories that were joined keep the rest."""

FINDINGS: Final = ("seen-not-declared", "declared-never-seen")


@dataclass(frozen=True, slots=True)
class JoinedSource:
    """One inventory's links: its name in evidence, its file, and whether people declared them."""

    name: str
    parquet: Path | None  # None: an inventory without links
    declared: bool


@dataclass(frozen=True, slots=True)
class JoinedEnd:
    """Who a component of one inventory is. `component` is None: only the subsystem is known."""

    source: int
    own: str
    component: str | None
    subsystem: str


@dataclass(frozen=True, slots=True)
class JoinedCounts:
    """What became of the rows."""

    rows: tuple[int, ...]  # of each source, in order
    links: int
    inner: int  # rows whose two ends turned out to be one component
    by_sources: dict[int, int]  # how many inventories saw it -> how many links
    alone: tuple[int, ...]  # of each source, the links that no other one has
    findings: dict[str, int]  # only where a source is declared


def join_links(
    sources: Sequence[JoinedSource],
    ends: Iterable[JoinedEnd],
    first_components: Mapping[str, str],
    work: Path,
) -> JoinedCounts:
    """Write links.csv, and findings.csv where a source is declared, into the work folder.

    `first_components` says for each subsystem which component stands for it where none is named.
    """
    import duckdb

    try:
        with database.connect(work) as connection:
            _fill(connection, sources, ends, first_components)
            _resolve(connection)
            inner = _number(connection, "SELECT count(*) FROM named WHERE source = target")
            _join(connection)
            _write(connection, work / "links.csv", _LINKS)
            findings: dict[str, int] = {}
            if any(each.declared for each in sources):
                _write(connection, work / "findings.csv", _FINDINGS)
                for word in FINDINGS:
                    condition = f"finding = {database.text(word)}"
                    findings[word] = _number(
                        connection,
                        f"SELECT count(*) FROM ({_FINDINGS}) WHERE {condition}",  # noqa: S608
                    )
            return _counts(connection, len(sources), inner, findings)
    except duckdb.Error as error:
        raise EnvironmentFailed(
            "links-store-failed",
            f"the links could not be joined: {str(error).splitlines()[0]}",
            hint="make room on the disk of the temporary folder and join again",
        ) from error


def _fill(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[JoinedSource],
    ends: Iterable[JoinedEnd],
    first_components: Mapping[str, str],
) -> None:
    """The tables of sources, of ends, of components that stand for subsystems, and of rows."""
    listed = list(ends)
    connection.execute(
        "CREATE TABLE sources AS SELECT unnest($1::INTEGER[]) AS k, unnest($2::VARCHAR[]) AS name,"
        " unnest($3::BOOLEAN[]) AS declared",
        [
            list(range(len(sources))),
            [each.name for each in sources],
            [each.declared for each in sources],
        ],
    )
    connection.execute(
        "CREATE TABLE ends AS SELECT unnest($1::INTEGER[]) AS k, unnest($2::VARCHAR[]) AS own,"
        " unnest($3::VARCHAR[]) AS component, unnest($4::VARCHAR[]) AS subsystem",
        [
            [each.source for each in listed],
            [each.own for each in listed],
            [each.component for each in listed],
            [each.subsystem for each in listed],
        ],
    )
    connection.execute(
        "CREATE TABLE stands AS"
        " SELECT unnest($1::VARCHAR[]) AS subsystem, unnest($2::VARCHAR[]) AS component",
        [list(first_components.keys()), list(first_components.values())],
    )
    columns = ", ".join(LINK_COLUMNS)
    files = [
        f"SELECT {number} AS k, {columns} FROM {database.parquet(each.parquet)}"  # noqa: S608
        for number, each in enumerate(sources)
        if each.parquet is not None
    ]
    empty = ", ".join(f"NULL::{_type(name)} AS {name}" for name in LINK_COLUMNS)
    rows = " UNION ALL ".join([*files, f"SELECT 0 AS k, {empty} WHERE false"])
    general = ", ".join(database.text(word) for word in GENERAL)
    connection.execute(
        f"CREATE TABLE seen AS SELECT r.k, r.id, s.subsystem AS s_sub, t.subsystem AS t_sub,"  # noqa: S608
        f" s.component AS s_comp, t.component AS t_comp, r.port::INTEGER AS port,"
        f" CASE WHEN r.protocol NOT IN ({general}) THEN r.protocol END AS spoken, r.protocol,"
        " r.data_class, r.calls_per_day::BIGINT AS calls_per_day, r.latency_class,"
        " r.criticality::INTEGER AS criticality, r.evidence"
        f" FROM ({rows}) r JOIN ends s ON s.k = r.k AND s.own = r.source"
        " JOIN ends t ON t.k = r.k AND t.own = r.target"
    )


def _type(column: str) -> str:
    return "BIGINT" if column in {"port", "calls_per_day", "criticality"} else "VARCHAR"


def _resolve(connection: duckdb.DuckDBPyConnection) -> None:
    """Let every row that says less join one that says more: ends, then ports, then protocols."""
    connection.execute(
        """
        CREATE TABLE ended AS
        WITH precise AS (
            SELECT DISTINCT s_sub, t_sub, s_comp, t_comp, port FROM seen
            WHERE s_comp IS NOT NULL AND t_comp IS NOT NULL
        ), vague AS (
            SELECT DISTINCT s_sub, t_sub, s_comp, t_comp, port FROM seen
            WHERE s_comp IS NULL OR t_comp IS NULL
        ), found AS (
            SELECT v.s_sub, v.t_sub, v.s_comp, v.t_comp, v.port,
                first({'s': p.s_comp, 't': p.t_comp}
                      ORDER BY p.port NULLS LAST, p.s_comp, p.t_comp) AS hit
            FROM vague v JOIN precise p ON p.s_sub = v.s_sub AND p.t_sub = v.t_sub
                AND (v.s_comp IS NULL OR v.s_comp = p.s_comp)
                AND (v.t_comp IS NULL OR v.t_comp = p.t_comp)
                AND (v.port IS NULL OR p.port IS NULL OR v.port = p.port)
            GROUP BY ALL
        )
        SELECT seen.* EXCLUDE (s_comp, t_comp),
            coalesce(seen.s_comp, hit.s, s.component) AS source,
            coalesce(seen.t_comp, hit.t, t.component) AS target
        FROM seen
        LEFT JOIN found ON found.s_sub = seen.s_sub AND found.t_sub = seen.t_sub
            AND found.s_comp IS NOT DISTINCT FROM seen.s_comp
            AND found.t_comp IS NOT DISTINCT FROM seen.t_comp
            AND found.port IS NOT DISTINCT FROM seen.port
        LEFT JOIN stands s ON s.subsystem = seen.s_sub
        LEFT JOIN stands t ON t.subsystem = seen.t_sub
        """
    )
    connection.execute(
        """
        CREATE TABLE ported AS
        WITH ports AS (
            SELECT DISTINCT source, target, port, spoken FROM ended WHERE port IS NOT NULL
        ), without AS (
            SELECT DISTINCT source, target, spoken FROM ended WHERE port IS NULL
        ), found AS (
            SELECT w.source, w.target, w.spoken,
                coalesce(min(p.port) FILTER (p.spoken = w.spoken), min(p.port)) AS hit
            FROM without w JOIN ports p ON p.source = w.source AND p.target = w.target
                AND (w.spoken IS NULL OR p.spoken IS NULL OR w.spoken = p.spoken)
            GROUP BY ALL
        )
        SELECT ended.* REPLACE (coalesce(ended.port, found.hit) AS port)
        FROM ended LEFT JOIN found ON found.source = ended.source AND found.target = ended.target
            AND found.spoken IS NOT DISTINCT FROM ended.spoken
        """
    )
    connection.execute(
        """
        CREATE TABLE named AS
        WITH words AS (
            SELECT source, target, port, coalesce(
                min(spoken), min(protocol) FILTER (protocol <> 'tcp'), 'tcp') AS word
            FROM ported GROUP BY ALL
        )
        SELECT ported.* REPLACE (coalesce(ported.spoken, words.word) AS protocol)
        FROM ported JOIN words ON words.source = ported.source AND words.target = ported.target
            AND words.port IS NOT DISTINCT FROM ported.port
        """
    )


def _join(connection: duckdb.DuckDBPyConnection) -> None:
    """One row a link, with what each inventory says of it."""
    connection.execute(
        f"""
        CREATE TABLE joined AS
        WITH each AS (
            SELECT source, target, protocol, port, k, min(s_sub) AS s_sub, min(t_sub) AS t_sub,
                min(id) AS id, least(sum(calls_per_day), {CALLS_MAX})::BIGINT AS calls,
                coalesce(min(data_class) FILTER (data_class <> ''), '') AS data_class,
                arg_min(latency_class, id) AS latency_class, max(criticality) AS criticality,
                array_to_string(list_sort(list_distinct(list(evidence))), '; ') AS evidence
            FROM named WHERE source <> target GROUP BY source, target, protocol, port, k
        ), one AS (
            SELECT source, target, protocol, port, min(s_sub) AS s_sub, min(t_sub) AS t_sub,
                CASE WHEN min(each.k) = 0 THEN arg_min(id, each.k) ELSE 'l-' || left(sha256(
                    concat_ws('|', source, target, protocol, coalesce(port::VARCHAR, ''))), 16)
                END AS id,
                max(calls) AS calls,
                coalesce(arg_min(data_class, each.k) FILTER (data_class <> ''), '') AS data_class,
                arg_min(latency_class, each.k) AS latency_class,
                arg_min(criticality, each.k) AS criticality,
                left(string_agg(name || ': ' || evidence, '; ' ORDER BY each.k),
                    {EVIDENCE_CHARACTERS_MAX}) AS evidence,
                string_agg(name, ', ' ORDER BY each.k) AS seen_by,
                count(*) AS sources, min(each.k) AS first_k,
                bool_or(declared) AS is_declared, bool_or(NOT declared) AS is_seen
            FROM each JOIN sources ON sources.k = each.k
            GROUP BY source, target, protocol, port
        )
        SELECT * FROM one
        """  # noqa: S608 - made of our own numbers
    )
    if _number(connection, "SELECT count(*) - count(DISTINCT id) FROM joined"):
        # The first inventory's name for one link may be what another link is called by its ends.
        connection.execute(
            """
            CREATE OR REPLACE TABLE joined AS
            SELECT * REPLACE (CASE WHEN row_number() OVER (
                    PARTITION BY id ORDER BY source, target, protocol, port) = 1 THEN id
                ELSE 'l-' || left(sha256(concat_ws('|', id, source, target, protocol, port)), 16)
                END AS id)
            FROM joined
            """
        )


_LINKS: Final = (
    "SELECT id, source, target, protocol, port, data_class, calls AS calls_per_day,"
    " latency_class, criticality, evidence FROM joined"
    " ORDER BY source, target, protocol, port NULLS FIRST"
)

_FINDINGS: Final = (
    "SELECT CASE WHEN is_seen THEN 'seen-not-declared' ELSE 'declared-never-seen' END AS finding,"
    " id, s_sub AS source_subsystem, source, t_sub AS target_subsystem, target, protocol, port,"
    # A spreadsheet runs a cell that begins with one of these signs.
    " calls AS calls_per_day, regexp_replace(seen_by, '^([=+@-])', '''\\1') AS seen_by,"
    " regexp_replace(evidence, '^([=+@-])', '''\\1') AS evidence"
    " FROM joined WHERE is_seen <> is_declared"
    " ORDER BY finding DESC, calls DESC, source, target, protocol, port NULLS FIRST"
)


def _write(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    connection.execute(f"COPY ({query}) TO {database.text(str(path))} (FORMAT csv, HEADER)")


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None, "a count answers with one row"
    return int(found[0])


def _counts(
    connection: duckdb.DuckDBPyConnection, sources: int, inner: int, findings: dict[str, int]
) -> JoinedCounts:
    rows = dict(connection.execute("SELECT k, count(*) FROM seen GROUP BY k").fetchall())
    alone = dict(
        connection.execute(
            "SELECT first_k, count(*) FROM joined WHERE sources = 1 GROUP BY ALL"
        ).fetchall()
    )
    by_sources = connection.execute(
        "SELECT sources, count(*) FROM joined GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return JoinedCounts(
        rows=tuple(int(rows.get(k, 0)) for k in range(sources)),
        links=sum(int(number) for _, number in by_sources),
        inner=inner,
        by_sources={int(number): int(count) for number, count in by_sources},
        alone=tuple(int(alone.get(k, 0)) for k in range(sources)),
        findings=findings,
    )
