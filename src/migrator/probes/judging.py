"""A sweep's results -> verdicts, causes and a summary, written into the sweep's folder.

Runs in a child process (`child.py`), as it opens DuckDB. It reads what the sweep's folder and the
baseline's hold and nothing else, so it can be done again at any time: after a crash, with another
baseline, or with a waiver that was written since. Every link in scope gets exactly one verdict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypedDict, cast

from migrator.links import database
from migrator.probes import keeping, paces, reasons
from migrator.probes.agent import wire
from migrator.probes.compaction import REPEATS_FILE, compact
from migrator.probes.damage import told_of
from migrator.probes.facts import DeclaredFacts, declared_from, read_sweep
from migrator.probes.model import (
    LINKS_FILE,
    LOOKS_FILE,
    RESULTS_FILE,
    SUMMARY_FILE,
    VERDICTS_COLUMNS,
    VERDICTS_FILE,
    Match,
    NoLook,
    SweepPlan,
    Untestable,
    Waiver,
)
from migrator.probes.summary import Counts, Summary, Untested, Waived, summary_facts
from migrator.probes.verdicts import WORSE, Verdict, verdicts_sql, words

if TYPE_CHECKING:
    import duckdb

CHAIN_MAX: Final = 20
"""Sweeps that lean on earlier ones, one behind the other; a longer chain is not followed."""

EXAMPLES_MAX: Final = 5


def judge(
    folder: Path,
    *,
    baseline: Path | None,
    untestable: Sequence[Untestable],
    waived: Sequence[Waiver],
    today: date,
) -> Summary:
    """Judge a sweep as far as it got; write verdicts.parquet and summary.json, and give the latter.

    A waiver holds through its last day (`today` is the day in the window's zone). `untestable` and
    `waived` are those of probes.yaml, in its order, as the links' rules count along it.
    """
    plan = read_sweep(folder)
    with (
        told_of(folder),
        TemporaryDirectory(prefix=".judging-", dir=folder) as work,
        database.connect(Path(work)) as connection,
    ):
        compacted = compact(connection, folder)
        # From here on no order of rows means anything, and keeping it costs much memory.
        connection.execute("SET preserve_insertion_order = false")
        chain = _chain(connection, baseline)
        _views(connection, folder, chain, _earlier(plan))
        _waivers(connection, waived, today)
        slow, suspects = paces.find_slow(connection, rows=_pairs(chain), repeats=_repeats(folder))
        _fill(connection, "slow_looks", slow)
        judged = Path(work) / "judged.parquet"
        losses = keeping.kept_losses(folder)
        _copy(connection, _judged(compared=bool(chain), lost=losses), judged)
        connection.execute(f"CREATE VIEW judged AS SELECT * FROM {database.parquet(judged)}")  # noqa: S608 - quoted
        explained, examined = reasons.explain_worse(connection)
        _write_verdicts(connection, folder)
        summary = Summary(
            sweep=plan.id,
            purpose=plan.purpose.value,
            scope=plan.scope,
            baseline=read_sweep(baseline).id if baseline else "",
            day=today.isoformat(),
            links=plan.links,
            touched=plan.touched,
            counts=_counts(connection),
            examples=_examples(connection),
            causes=explained.causes,
            unexplained=explained.rest,
            examined=examined,
            waived=_waived(connection, waived, today),
            untestable=_untested(connection, untestable),
            lost=losses,
            suspects=len(suspects),
            dark=_dark(connection),
            results_digest=compacted.digest,
            warnings=(*plan.warnings, *_warnings(folder, compacted.lines)),
        )
    keeping.keep_suspects(folder, suspects)
    _write_summary(folder, summary)
    return summary


class Asked(TypedDict):
    """What the verb `judge` of a child process is asked."""

    folder: str
    baseline: str | None
    declared: DeclaredFacts | None  # None: no rule of probes.yaml holds
    today: str


def judge_asked(request: dict[str, object]) -> dict[str, object]:
    """Judge as a child process is asked to; the answer is the summary as plain data."""
    asked = cast("Asked", request)
    rules = declared_from(asked["declared"]) if asked["declared"] is not None else None
    summary = judge(
        Path(asked["folder"]),
        baseline=Path(asked["baseline"]) if asked["baseline"] else None,
        untestable=rules.untestable if rules else (),
        waived=rules.waived if rules else (),
        today=date.fromisoformat(asked["today"]),
    )
    return summary_facts(summary)


# --- What is read ----------------------------------------------------------------------------


def _chain(connection: duckdb.DuckDBPyConnection, sweep: Path | None) -> list[Path]:
    """A sweep and the earlier ones that its unchanged links lean on, the newest first."""
    chain: list[Path] = []
    while sweep is not None and sweep not in chain and len(chain) < CHAIN_MAX:
        plan = read_sweep(sweep)
        if not (sweep / RESULTS_FILE).exists():
            compact(connection, sweep)
        chain.append(sweep)
        sweep = _earlier(plan)
    return chain


def _earlier(plan: SweepPlan) -> Path | None:
    """The sweep that an only_changed one leans on; None where it is gone."""
    earlier = plan.folder.parent / plan.since if plan.since else None
    return earlier if earlier is not None and earlier.is_dir() else None


def _views(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    chain: Sequence[Path],
    earlier: Path | None,
) -> None:
    """Name what is asked for below: links, looks, results, what was before, and earlier words."""
    for name, file in (("links", LINKS_FILE), ("looks", LOOKS_FILE), ("results", RESULTS_FILE)):
        source = database.parquet(folder / file)
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {source}")  # noqa: S608 - quoted
    connection.execute(f"CREATE VIEW before AS {_before(chain)}")
    connection.execute(
        "CREATE VIEW earlier AS SELECT link, verdict FROM "  # noqa: S608 - quoted
        + database.parquet(earlier / VERDICTS_FILE)
        if earlier is not None and (earlier / VERDICTS_FILE).exists()
        else "CREATE VIEW earlier AS SELECT '' AS link, '' AS verdict WHERE false"
    )


def _before(chain: Sequence[Path]) -> str:
    """Select what the baseline knows of each link: what it saw itself, else what it leans on."""
    if not chain:
        return (
            "SELECT '' AS link, '' AS look, '' AS word, '' AS side, '' AS expected,"
            " 0.0::DOUBLE AS total_ms WHERE false"
        )
    parts = [
        f"SELECT l.link, l.look, r.word, r.side, l.expected, r.total_ms, {depth} AS depth"  # noqa: S608 - quoted
        f" FROM {database.parquet(sweep / LINKS_FILE)} AS l"
        f" JOIN {database.parquet(sweep / RESULTS_FILE)} AS r ON r.look = l.look"
        f" WHERE r.word NOT IN {words(*wire.PROVES_NOTHING)}"
        for depth, sweep in enumerate(chain)
    ]
    if len(parts) == 1:
        return parts[0]
    return (
        f"SELECT * FROM ({' UNION ALL '.join(parts)})"  # noqa: S608 - quoted
        " QUALIFY row_number() OVER (PARTITION BY link ORDER BY depth) = 1"
    )


def _waivers(connection: duckdb.DuckDBPyConnection, waived: Sequence[Waiver], today: date) -> None:
    """Name the links that a waiver holds for today, each with the first rule that matches."""
    cases = "".join(
        f" WHEN {_matches(each.match)} THEN {number}"
        for number, each in enumerate(waived)
        if each.until >= today
    )
    rule = f"CASE{cases} END" if cases else "NULL::INTEGER"
    connection.execute(
        f"CREATE VIEW waivers AS SELECT link, {rule} AS waiver FROM links"  # noqa: S608 - quoted
    )


def _matches(match: Match) -> str:
    """Write as SQL whether a link is one that a rule is for."""
    wanted = {
        "protocol": match.protocol,
        "target": match.component,
        "target_subsystem": match.subsystem,
        "port": match.port,
        "source": match.source,
        "source_subsystem": match.source_subsystem,
        "link": match.link,
    }
    parts = [
        f"{column} = {value if isinstance(value, int) else database.text(value)}"
        for column, value in wanted.items()
        if value is not None
    ]
    return " AND ".join(parts) or "true"


# --- What is asked ---------------------------------------------------------------------------


def _pairs(chain: Sequence[Path]) -> str:
    """Select each look that answered now and before, with its times, its target and its viewer."""
    if not chain:
        return ""
    return (
        "SELECT DISTINCT l.look, l.vantage, l.target, l.target_subsystem, r.total_ms AS now_ms,"  # noqa: S608 - our own words
        " b.total_ms AS before_ms FROM links AS l JOIN results AS r ON r.look = l.look"
        f" JOIN before AS b ON b.link = l.link WHERE r.word = '{wire.OK}' AND b.word = '{wire.OK}'"
    )


def _repeats(folder: Path) -> str:
    """Select the times of looks made more than once; empty where none was."""
    path = folder / REPEATS_FILE
    return database.parquet(path) if path.exists() else ""


def _fill(connection: duckdb.DuckDBPyConnection, table: str, looks: Sequence[str]) -> None:
    connection.execute(
        f"CREATE TABLE {table} AS SELECT DISTINCT unnest($1::VARCHAR[]) AS look",
        [list(looks)],
    )


def _judged(*, compared: bool, lost: Mapping[str, str]) -> str:
    """Select every link with its verdict and what the columns of verdicts.parquet ask for."""
    lost_list = ", ".join(map(database.text, sorted(lost))) or "NULL"
    cases = (
        "(SELECT l.link, l.look, l.reason AS why_no_look,"  # noqa: S608 - quoted
        " CASE WHEN l.reason = '' THEN w.waiver ELSE l.rule END AS rule,"
        " l.touched, l.source, l.target, l.source_subsystem, l.target_subsystem, l.protocol,"
        " l.port, l.criticality, l.vantage, l.expected, r.word, coalesce(r.side, '') AS side,"
        " coalesce(r.detail, '') AS detail, coalesce(nullif(r.address, ''), k.host, '') AS address,"
        " r.oks, r.tries, r.total_ms, b.word AS before_word, coalesce(b.side, '') AS before_side,"
        " coalesce(b.expected, '') AS before_expected, b.total_ms AS before_ms,"
        f" coalesce(k.marked, false) AS marked, {str(compared).lower()} AS compared,"
        f" s.look IS NOT NULL AS slow, coalesce(l.vantage IN ({lost_list}), false) AS lost,"
        " w.waiver IS NOT NULL AS waived, coalesce(e.verdict, '') AS earlier"
        " FROM links AS l JOIN waivers AS w ON w.link = l.link"
        " LEFT JOIN looks AS k ON k.look = l.look LEFT JOIN results AS r ON r.look = l.look"
        " LEFT JOIN before AS b ON b.link = l.link LEFT JOIN earlier AS e ON e.link = l.link"
        " LEFT JOIN slow_looks AS s ON s.look = l.look)"
    )
    return verdicts_sql(cases)


# --- What is written -------------------------------------------------------------------------


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, path: Path) -> None:
    connection.execute(f"COPY ({rows}) TO {database.text(str(path))} (FORMAT parquet)")


def _write_verdicts(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write verdicts.parquet, whole or not at all; `link_causes` was made with the causes."""
    filled = {"cause": "c.cause", "word": "coalesce(j.word, '')"}
    filled["before_word"] = "coalesce(j.before_word, '')"
    columns = ", ".join(
        f"{filled.get(name, f'j.{name}')}::{kind} AS {name}" for name, kind in VERDICTS_COLUMNS
    )
    rows = f"SELECT {columns} FROM judged AS j LEFT JOIN link_causes AS c ON c.link = j.link"  # noqa: S608 - our own names
    draft = folder / f".{VERDICTS_FILE}.part"
    _copy(connection, rows, draft)
    draft.replace(folder / VERDICTS_FILE)


def _write_summary(folder: Path, summary: Summary) -> None:
    draft = folder / f".{SUMMARY_FILE}.part"
    text = json.dumps(summary_facts(summary), ensure_ascii=False, indent=1, sort_keys=True)
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(folder / SUMMARY_FILE)


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[Counts, ...]:
    """Count by who answers, who calls, verdict and reason: all that coverage is made of."""
    rows = connection.execute(
        "SELECT target_subsystem, source_subsystem, verdict, reason, count(*),"
        " count(*) FILTER (WHERE touched) FROM judged GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(
        Counts(str(end), str(start), str(verdict), str(reason), int(links), int(touched))
        for end, start, verdict, reason, links, touched in rows
    )


def _examples(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The worse links that matter most; the same ones every time."""
    rows = connection.execute(
        f"SELECT link FROM judged WHERE verdict IN {words(*WORSE)}"  # noqa: S608 - our own words
        f" ORDER BY criticality DESC, link LIMIT {EXAMPLES_MAX}"
    ).fetchall()
    return tuple(str(link) for (link,) in rows)


def _dark(connection: duckdb.DuckDBPyConnection) -> int:
    """Links that worked in the baseline and of which nothing is known now."""
    row = connection.execute(
        f"SELECT count(*) FROM judged WHERE verdict = '{Verdict.UNPROVED.value}'"  # noqa: S608 - our own words
        f" AND before_word = '{wire.OK}' AND reason <> '{NoLook.NO_SIDE.value}'"
    ).fetchone()
    return int(row[0]) if row else 0


def _by_rule(connection: duckdb.DuckDBPyConnection, verdict: str) -> dict[int, int]:
    rows = connection.execute(
        "SELECT rule, count(*) FROM judged WHERE verdict = $1 AND rule IS NOT NULL GROUP BY rule",
        [verdict],
    ).fetchall()
    return {int(rule): int(number) for rule, number in rows}


def _waived(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Waiver], today: date
) -> tuple[Waived, ...]:
    links = _by_rule(connection, "waived")
    return tuple(
        Waived(each.who, each.why, each.until.isoformat(), each.until < today, links.get(number, 0))
        for number, each in enumerate(rules)
    )


def _untested(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Untestable]
) -> tuple[Untested, ...]:
    links = _by_rule(connection, "untestable")
    return tuple(
        Untested(each.reason, each.owner, each.watch, links.get(number, 0))
        for number, each in enumerate(rules)
    )


def _warnings(folder: Path, results: Mapping[str, int]) -> list[str]:
    """What a person should know of the files and clocks behind the verdicts."""
    said: list[str] = []
    for vantage in keeping.vantages_kept(folder):
        # Reading line by line takes seconds a million; counting them says whether it is needed.
        if keeping.lines_in(folder, vantage) != results.get(vantage, 0):
            said += keeping.read_back(folder, vantage).warnings
    return [*said, *keeping.skew_warnings(keeping.kept_skews(folder))]
