"""The coverage report of an import of tables: what each column was, and where every row went.

Called by `table_import.py`. The data has the keys of `coverage_report.coverage_data`, so that
programs read one form, and `tables` besides. Links were seen in use here, so what is assumed is
another list than for manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from migrator.errors import Fault
from migrator.importers.coverage_report import coverage_data
from migrator.importers.draft import Draft
from migrator.importers.evidence import CRITICALITY_ASSUMED
from migrator.links.csv_map_flows import LinkSums

ROWS_SHOWN_MAX: Final = 500
"""A page stays readable; coverage.json holds all."""


@dataclass(frozen=True, slots=True)
class TableSeen:
    """One file as it was read: its form, its columns and its rows."""

    file: str
    encoding: str
    delimiter: str
    sha256: str
    rows: int
    used: int
    columns: tuple[tuple[str, str], ...]  # role, the file's columns
    unused: tuple[str, ...]
    of_connections: bool = True  # else its rows say who is who, and are counted apart


@dataclass(frozen=True, slots=True)
class TableReport:
    """All that is said about an import of tables besides the Draft."""

    evidence: str
    tables: tuple[TableSeen, ...]
    sums: LinkSums
    bad: Mapping[str, int]
    faults: tuple[Fault, ...]
    unknown: tuple[tuple[str, int, int], ...]  # address, links, calls a day; the busiest first
    learned: int  # addresses whose name another row told
    window_given: bool
    per_day: bool
    calls_counted: bool
    criticality_given: bool
    data_class_given: bool
    parquet: bool
    second_looks: int = 0  # rows in which the other end reports a connection once more


def report_data(draft: Draft, report: TableReport, summary: Mapping[str, int]) -> dict[str, object]:
    """Everything, under stable keys."""
    sums = report.sums
    return {
        **coverage_data(draft),
        "summary": dict(summary),
        "links": {
            "by_evidence": {report.evidence: sums.links},
            "by_strength": {"seen": sums.links},
            "by_protocol": sums.by_protocol,
        },
        "without_links": [],
        "tables": [
            {**asdict(each), "columns": dict(each.columns), "unused": list(each.unused)}
            for each in report.tables
        ],
        "bad_rows": {
            "by_kind": dict(report.bad),
            "first": [str(fault) for fault in report.faults],
        },
        "unknown_addresses": [
            {"address": address, "links": links, "calls_per_day": calls}
            for address, links, calls in report.unknown
        ],
        "window": {
            "days": round(sums.days, 3),
            "first": _day(sums.first),
            "last": _day(sums.last),
        },
        "assumed": list(assumed(report)),
    }


def assumed(report: TableReport) -> tuple[str, ...]:
    """What the tables do not say and the inventory takes for granted."""
    said: list[str] = []
    days = f"{report.sums.days:g}" if report.window_given else f"{report.sums.days:.1f}"
    if not report.calls_counted:
        said.append("each row counts as one call: no column counts calls")
    if report.per_day:
        said.append("calls_per_day is what the table says: the map calls it a day's")
    elif not report.window_given and report.sums.first is None:
        said.append("the rows are taken for one day's: no column and no window says when they are")
    else:
        said.append(f"calls_per_day is the calls divided by the {days} days of the window")
    if not report.criticality_given:
        said.append(f"criticality is {CRITICALITY_ASSUMED} for every link: nobody ranked them")
    if not report.data_class_given:
        said.append("data_class is empty: the tables do not say what data the links carry")
    return (
        *said,
        "protocol is tcp where the table names none",
        (
            "latency_class follows from protocol and port: stores transactional, queues, mail and "
            "logs async, file transfers batch, all else interactive"
        ),
        "the kind of a subsystem is a guess from the ports on which it is called",
        (
            "durations, teams, people, the window of the move and the places are those of "
            "assumptions.yaml"
        ),
    )


def report_page(draft: Draft, report: TableReport, summary: Mapping[str, int]) -> str:
    """The report as Markdown."""
    coverage, sums = draft.coverage, report.sums
    window = f"{_day(sums.first)} to {_day(sums.last)}" if sums.first is not None else "not known"
    parts = [
        f"# What the import of {_cell(draft.name)} covers",
        (
            "Written by `migrator import`; do not edit, import again. Every link was seen in use; "
            "its evidence names the first of its rows. A link that was not used in the window is "
            f"not here. Window: {window} ({sums.days:.1f} days)."
        ),
        _table(("what", "how many"), list(summary.items())),
        _part(
            "Files",
            "",
            ("file", "rows", "usable", "encoding", "separator", "SHA-256 begins"),
            [
                (each.file, each.rows, each.used, each.encoding, each.delimiter, each.sha256[:12])
                for each in report.tables
            ],
        ),
        _part(
            "Columns",
            "What each column was taken for; columns that nothing was taken from are named last.",
            ("file", "meaning", "column"),
            [
                row
                for each in report.tables
                for row in (
                    *((each.file, role, column) for role, column in each.columns),
                    *([(each.file, "not used", ", ".join(each.unused))] if each.unused else []),
                )
            ],
        ),
        _part("Links by protocol", "", ("protocol", "links"), sorted(sums.by_protocol.items())),
        _part(
            "Addresses without a name",
            "Their links are kept, on components of the subsystem `unknown`. Name them in the "
            "map's `hosts`, the busiest first, and import again."
            + (
                f" {report.learned} addresses took the name that stood beside them in other rows."
                if report.learned
                else ""
            ),
            ("address", "links", "calls a day"),
            report.unknown,
        ),
        _part(
            "Rows that could not be used",
            f"{sum(report.bad.values())} in all; the first of them:",
            ("where", "why"),
            [
                (f"{each.file}:{each.line}", f"{each.path} {each.message}".strip())
                for each in report.faults
            ],
        ),
        _part(
            "Not used",
            "",
            ("file", "what", "why"),
            [(each.file, each.what, each.why) for each in coverage.ignored if each.what != "row"],
        ),
        _part(
            "To look at",
            "",
            ("topic", "about", "finding"),
            [(each.topic, each.about, each.said) for each in coverage.notes],
        ),
        _part(
            "Kinds of subsystem, and what they were concluded from",
            "",
            ("subsystem", "kind", "why"),
            [(each.id, each.kind.value, each.why) for each in draft.subsystems],
        ),
        "## Assumed",
        "\n".join(f"- {each}" for each in assumed(report)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _day(seconds: int | None) -> str | None:
    """A day in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _part(title: str, said: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A part of the page; empty where there are no rows."""
    if not rows:
        return ""
    rest = len(rows) - ROWS_SHOWN_MAX
    more = f"\n\nand {rest:,} more, in coverage.json" if rest > 0 else ""
    text = f"\n\n{said}" if said else ""
    return f"## {title}{text}\n\n{_table(header, rows[:ROWS_SHOWN_MAX])}{more}"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(header)} |", "|" + "---|" * len(header), *lines])


def _cell(value: object) -> str:
    """A value that cannot leave its cell, whatever stood in somebody's file."""
    text = " ".join(str(value).split())
    for character in "\\|<>`*_[]":
        text = text.replace(character, "\\" + character)
    return text
