"""What is known of each link over all sweeps, and one link's way through them.

Called by `migrator links` with the folders of judged sweeps, the oldest first. The newest sweep
that had a link in scope says what is known of it: what was proved a week ago and could not be
looked at since is unproved, because something may have happened since.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from migrator.links import database
from migrator.probes.damage import told_of
from migrator.probes.model import LINKS_FILE, RESULTS_FILE, VERDICTS_FILE, NoLook
from migrator.probes.summary import Counts
from migrator.probes.verdicts import NOT_LOOKED, words

if TYPE_CHECKING:
    import duckdb

COLUMNS: Final = (
    *("link", "source", "target", "source_subsystem", "target_subsystem", "protocol", "port"),
    *("criticality", "vantage", "verdict", "reason", "word", "detail", "side", "expected"),
    *("total_ms", "before_word", "before_ms", "sweep", "rule"),
)
"""What is given of a link, in this order; `owner` and the rule's words come behind."""

RULE_COLUMNS: Final = ("owner", "why", "instead", "until")
"""Of waived and untestable links: who answers for it, why, what is watched instead, until when."""

ASIDE: Final = ("untestable", "waived")

BLOCK_ROWS: Final = 10_000

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Judged:
    """A sweep: its folder, its id, and the words of its rules by verdict and number.

    One that was planned and never judged knows why links have no look, and of no link more.
    """

    folder: Path
    id: str
    rules: tuple[tuple[str, int, tuple[str, str, str, str]], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which links are asked for; empty means all."""

    verdicts: tuple[str, ...] = ()
    subsystem: str = ""  # at either end
    link: str = ""

    @property
    def condition(self) -> str:
        """As SQL."""
        parts = ["true"]
        if self.verdicts:
            parts.append(f"verdict IN ({', '.join(map(database.text, self.verdicts))})")
        if self.subsystem:
            name = database.text(self.subsystem)
            parts.append(f"(source_subsystem = {name} OR target_subsystem = {name})")
        if self.link:
            parts.append(f"link = {database.text(self.link)}")
        return " AND ".join(parts)


class Known:
    """The links of all given sweeps, each as the newest one knows it. Open it with `knowing`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sweeps: Sequence[Judged]) -> None:
        """Name what is asked for; nothing is read yet."""
        self._connection = connection
        rows = [
            (place, verdict, number, *said)
            for place, sweep in enumerate(sweeps)
            for verdict, number, said in sweep.rules
        ]
        names = ("place", "of_verdict", "number", *RULE_COLUMNS)
        kinds = ("INTEGER", "VARCHAR", "INTEGER", *("VARCHAR" for _ in RULE_COLUMNS))
        columns = ", ".join(
            f"unnest(?::{kind}[]) AS {name}" for name, kind in zip(names, kinds, strict=True)
        )
        connection.execute(
            f"CREATE TABLE rules AS SELECT {columns}",
            [[row[number] for row in rows] for number in range(len(names))],
        )
        every = " UNION ALL ".join(_rows(place, sweep) for place, sweep in enumerate(sweeps))
        connection.execute(
            "CREATE VIEW every AS SELECT e.*, "  # noqa: S608 - quoted
            + ", ".join(f"coalesce(r.{name}, '') AS {name}" for name in RULE_COLUMNS)
            + f" FROM ({every}) AS e LEFT JOIN rules AS r"
            " ON r.place = e.place AND r.of_verdict = e.verdict AND r.number = e.rule"
        )
        newest = "QUALIFY row_number() OVER (PARTITION BY link ORDER BY place DESC) = 1"
        # One sweep has each link once; a window over millions of rows is not for nothing.
        connection.execute(
            f"CREATE VIEW known AS SELECT * FROM every {newest if len(sweeps) > 1 else ''}"  # noqa: S608 - ours
        )

    def counts(self, subsystem: str = "") -> tuple[Counts, ...]:
        """What coverage is made of."""
        rows = self._connection.execute(
            "SELECT target_subsystem, source_subsystem, verdict, reason, count(*),"  # noqa: S608 - quoted
            " count(*) FILTER (WHERE touched) FROM known"
            f" WHERE {Wanted(subsystem=subsystem).condition} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return tuple(
            Counts(str(end), str(start), str(verdict), str(reason), int(links), int(touched))
            for end, start, verdict, reason, links, touched in rows
        )

    def aside(self, subsystem: str = "") -> list[dict[str, object]]:
        """Who answers for links that are not judged, why, and how many they are; most first."""
        names = ("verdict", *RULE_COLUMNS, "links")
        rows = self._connection.execute(
            f"SELECT verdict, {', '.join(RULE_COLUMNS)}, count(*) FROM known"  # noqa: S608 - quoted
            f" WHERE {Wanted(ASIDE, subsystem).condition}"
            f" GROUP BY ALL ORDER BY count(*) DESC, verdict, {', '.join(RULE_COLUMNS)}"
        ).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def number(self, wanted: Wanted) -> int:
        """How many links are asked for."""
        row = self._connection.execute(
            f"SELECT count(*) FROM known WHERE {wanted.condition}"  # noqa: S608 - quoted
        ).fetchone()
        assert row is not None, "a count always has one row"
        return int(row[0])

    def links(self, wanted: Wanted, limit: int) -> list[dict[str, object]]:
        """Some links, those that matter most first."""
        return list(self._rows(f"{self._select('known', wanted)} LIMIT {int(limit)}"))

    def history(self, link: str) -> list[dict[str, object]]:
        """One link in every sweep that had it in scope, the oldest first."""
        columns = ", ".join((*COLUMNS, *RULE_COLUMNS))
        found = f"SELECT {columns} FROM every WHERE link = {database.text(link)} ORDER BY place"  # noqa: S608 - quoted
        return list(self._rows(found))

    def near(self, link: str, limit: int = 3) -> list[str]:
        """Links whose names are nearest to one that is not there."""
        rows = self._connection.execute(
            "SELECT link FROM known ORDER BY levenshtein(link, $1), link LIMIT $2", [link, limit]
        ).fetchall()
        return [str(name) for (name,) in rows]

    def write(self, wanted: Wanted, path: Path) -> None:
        """Write all links that are asked for, in the form that the file's name ends in."""
        select = self._select("known", wanted)
        if path.suffix == ".parquet":
            self._connection.execute(f"COPY ({select}) TO {database.text(str(path))}")
            return
        with path.open("w", encoding="utf-8", newline="") as file:
            (_write_csv if path.suffix == ".csv" else _write_json)(file, self._rows(select))

    def _select(self, view: str, wanted: Wanted) -> str:
        columns = ", ".join((*COLUMNS, *RULE_COLUMNS))
        return (
            f"SELECT {columns} FROM {view} WHERE {wanted.condition}"  # noqa: S608 - quoted
            " ORDER BY criticality DESC, link"
        )

    def _rows(self, select: str) -> Iterator[dict[str, object]]:
        names = (*COLUMNS, *RULE_COLUMNS)
        found = self._connection.execute(select)
        while rows := found.fetchmany(BLOCK_ROWS):
            for row in rows:
                yield dict(zip(names, row, strict=True))


@contextmanager
def knowing(sweeps: Sequence[Judged], work: Path) -> Iterator[Known]:
    """Ask about the links of these sweeps, the oldest first; `work` takes what is too large."""
    assert sweeps, "without a sweep there is nothing to know"
    names = Path(", ".join(sweep.id for sweep in sweeps))
    with told_of(names), database.connect(work) as connection:
        yield Known(connection, sweeps)


def _rows(place: int, sweep: Judged) -> str:
    """Select one sweep's links with their verdicts."""
    results, verdicts = sweep.folder / RESULTS_FILE, sweep.folder / VERDICTS_FILE
    links = database.parquet(sweep.folder / LINKS_FILE)
    detail, joined = "''", ""
    if results.exists():
        detail = "coalesce(r.detail, '')"
        joined = f" LEFT JOIN {database.parquet(results)} AS r ON r.look = v.look"
    judged = database.parquet(verdicts) if verdicts.exists() else _planned(links)
    own = "".join(
        f"l.{name}, "
        for name in ("source", "target", "source_subsystem", "target_subsystem", "protocol")
    )
    return (
        f"SELECT v.link, {own}l.port, l.criticality, l.vantage, v.verdict, v.reason, v.word,"  # noqa: S608 - quoted
        f" {detail} AS detail, v.side, v.expected, v.total_ms, v.before_word, v.before_ms,"
        f" {database.text(sweep.id)} AS sweep, v.rule, l.touched, {place} AS place"
        f" FROM {judged} AS v JOIN {links} AS l ON l.link = v.link{joined}"
    )


def _planned(links: str) -> str:
    """Select what is known of links before any look: why none can be made, or that none was."""
    decided = words(NoLook.UNTESTABLE.value, NoLook.WAIVED.value)
    return (
        f"(SELECT link, look, CASE WHEN reason IN {decided} THEN reason ELSE 'unproved' END"  # noqa: S608 - our own words
        f" AS verdict, CASE WHEN reason IN {decided} THEN '' WHEN reason = '' THEN '{NOT_LOOKED}'"
        " ELSE reason END AS reason, rule, expected, '' AS side, '' AS word,"
        " NULL::DOUBLE AS total_ms, '' AS before_word, NULL::DOUBLE AS before_ms"
        f" FROM {links})"
    )


# --- Files -----------------------------------------------------------------------------------


def tame(value: object) -> object:
    """A text as a spreadsheet shows it and never runs it: what begins a formula is quoted.

    Ids come from other people's files and details from whoever answered, so any of them may be
    made to look like a formula.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write_csv(file: TextIO, rows: Iterator[dict[str, object]]) -> None:
    writer = csv.writer(file)
    writer.writerow((*COLUMNS, *RULE_COLUMNS))
    writer.writerows([tame(value) for value in row.values()] for row in rows)


def _write_json(file: TextIO, rows: Iterator[dict[str, object]]) -> None:
    """Write a list, a link a line, without ever holding it as a whole."""
    before = "[\n"
    for row in rows:
        file.write(before + json.dumps(row, ensure_ascii=False, sort_keys=True))
        before = ",\n"
    file.write("[]\n" if before == "[\n" else "\n]\n")
