"""From the rows of tables to an inventory folder: the way that all importers of tables share.

`csv_links.py`, `azure_migrate.py` and `aws_discovery.py` read rows into DuckDB's table `seen` and
call `conclude`; what is left is the same for all: who the ends are, what the values mean, links per
(source, target, protocol, port), and the folder. Rows are never Python objects. Every row is
counted once: in a link, or with the reason why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import Fault, InputError
from migrator.importers import flow_hosts, table_values
from migrator.importers.column_map import ROLES, ColumnMap, bind
from migrator.importers.coverage import Collector, Coverage, Ignored, Noted, Unresolved
from migrator.importers.draft import Draft
from migrator.importers.evidence import CRITICALITY_ASSUMED, EvidenceKind, Strength
from migrator.importers.flow_hosts import HostRules, Placed
from migrator.importers.table_file import TableFile, open_table
from migrator.importers.table_report import TableReport, TableSeen, report_data, report_page
from migrator.importers.write import inventory_texts, write_folder
from migrator.links import csv_map_flows as flows
from migrator.links.csv_map import FAULTS_KEPT_MAX, RowsRead, read_rows

if TYPE_CHECKING:
    from migrator.links.csv_map import Connection

HOSTS_MAX: Final = 200_000
"""The largest estates have some tens of thousands; more are the addresses of a whole net."""

CSV_LINKS_MAX: Final = 100_000
"""Beyond this links are written as Parquet: a tenth of the size, and read twice as quickly."""

UNKNOWN_TOPIC: Final = "no name"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says about the result."""

    folder: Path
    owner: str
    name: str = ""
    force: bool = False
    dry_run: bool = False
    skip_bad_rows: bool = False


@dataclass(slots=True)
class Gathered:
    """What was read so far; `files` are the names by number, as in DuckDB's column `file`."""

    format: str
    evidence: EvidenceKind
    files: list[str] = field(default_factory=list)
    tables: list[TableSeen] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    bad: dict[str, int] = field(default_factory=dict)
    collector: Collector = field(default_factory=Collector)
    second_looks: int = 0  # rows in which the other end reports a connection once more
    digests: dict[str, str] = field(default_factory=dict)  # of a file's bytes -> its name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import of tables came to."""

    summary: Mapping[str, int]
    report: TableReport


def read_table(
    connection: Connection,
    path: Path,
    column_map: ColumnMap,
    gathered: Gathered,
    work: Path,
    *,
    shown: str = "",
) -> TableFile | None:
    """Read one file's rows into `seen`; None where the same bytes were read before."""
    shown = _shown(shown or path.name, gathered.files)
    file = open_table(path, shown, column_map.looks, work)
    earlier = gathered.digests.get(file.sha256)
    if earlier is not None:
        why = f"the same bytes as {earlier}; counted once"
        gathered.collector.ignored.add(Ignored(shown, 1, "the whole file", why))
        return None
    gathered.digests[file.sha256] = shown
    reading = bind(column_map, file.header, file.table.columns, shown)
    number = len(gathered.files)
    gathered.files.append(shown)
    rows = read_rows(connection, file.table, number, reading, work)
    _account(gathered, column_map, shown, rows)
    used = {place for places in reading.roles.values() for place in places}
    used |= {test.column for test in reading.keep}
    gathered.tables.append(
        TableSeen(
            file=shown,
            encoding=file.encoding,
            delimiter=file.delimiter_said,
            sha256=file.sha256,
            rows=rows.used + rows.bad_rows + sum(rows.dropped.values()),
            used=rows.used,
            columns=tuple(
                (role, ", ".join(_named(file.header, place) for place in reading.roles[role]))
                for role in (*ROLES, "observer", "source_port")
                if role in reading.roles
            ),
            unused=tuple(name for place, name in enumerate(file.header) if place not in used),
        )
    )
    return file


def conclude(
    connection: Connection,
    gathered: Gathered,
    column_map: ColumnMap,
    wanted: Wanted,
    work: Path,
) -> Outcome:
    """Make links and subsystems of what was read, and write them unless it is a dry run."""
    for role in table_values.VALUES:
        _take_values(connection, role, column_map, gathered)
    _refuse_bad_rows(gathered, skip=wanted.skip_bad_rows)
    placed = _place(connection, column_map.hosts)
    sums = flows.sum_links(connection, column_map.window_days, per_day=column_map.per_day)
    if not sums.links:
        raise InputError(
            "table-no-links",
            f"no link came of {sum(each.rows for each in gathered.tables):,} rows"
            f" ({sums.inside:,} inside one component, {sums.local:,} of a machine with itself)",
            hint="look at the map: its conditions under `keep`, and which columns are the ends",
        )
    ports = (*flow_hosts.STORE_PORTS, *flow_hosts.QUEUE_PORTS)
    answers = flows.answers_on(connection, ports)
    linked = flows.linked(connection)
    subsystems = flow_hosts.subsystems(placed, linked, answers)
    use = flows.use_of(connection, sorted(placed.unknown))
    coverage = _coverage(gathered, placed, use, sums)
    name = wanted.name or wanted.folder.resolve().name or gathered.format
    draft = Draft(name, subsystems, (), (), coverage)
    report = TableReport(
        evidence=gathered.evidence.value,
        tables=tuple(gathered.tables),
        sums=sums,
        bad=dict(sorted(gathered.bad.items())),
        faults=tuple(gathered.faults),
        unknown=tuple(
            (placed.unknown[one], *use[one])
            for one in sorted(use, key=lambda each: (-use[each][1], each))
        ),
        learned=len(placed.learned),
        window_given=column_map.window_days is not None or column_map.per_day,
        per_day=column_map.per_day,
        calls_counted=any(role == "calls" for each in gathered.tables for role, _ in each.columns),
        criticality_given="criticality" in {**column_map.roles, **column_map.constants},
        data_class_given="data_class" in {**column_map.roles, **column_map.constants},
        parquet=sums.links > CSV_LINKS_MAX,
        second_looks=gathered.second_looks,
    )
    if not wanted.dry_run:
        _write(connection, gathered, draft, report, wanted, work)
    return Outcome(_summary(draft, report), report)


def _shown(name: str, taken: Sequence[str]) -> str:
    """A file's name in reports and evidence: the same on every machine, and one file's only."""
    plain = "".join(sign if sign.isprintable() and sign not in ";()" else "_" for sign in name)
    shown, number = plain, 2
    while shown in taken:
        shown, number = f"{plain} ({number})".translate({40: "_", 41: "_"}), number + 1
    return shown


def _named(header: Sequence[str], place: int) -> str:
    return header[place] if place < len(header) and header[place] else f"#{place + 1}"


def _account(gathered: Gathered, column_map: ColumnMap, shown: str, rows: RowsRead) -> None:
    """Keep the counts and the faults of one file's rows."""
    for role, number in rows.bad.items():
        gathered.bad[role] = gathered.bad.get(role, 0) + number
    gathered.faults += rows.faults
    gathered.collector.saw(shown)
    gathered.collector.kinds[shown]["row"] = rows.used
    for condition, number in rows.dropped.items():
        test = column_map.keep[condition]
        why = f"not kept: {test.said}"
        gathered.collector.ignored.add(Ignored(shown, 1, f"{number:,} rows", why))


def _take_values(
    connection: Connection, role: str, column_map: ColumnMap, gathered: Gathered
) -> None:
    """Say what each different value of a role means; rows with a value that means nothing go."""
    meant = table_values.meanings(role, flows.different(connection, role), column_map)
    flows.place_values(connection, role, meant)
    if None in meant.values():
        why = table_values.WHY[role]
        count, faults = flows.unusable(connection, role, gathered.files, why)
        gathered.bad[role] = gathered.bad.get(role, 0) + count
        gathered.faults += faults


def _refuse_bad_rows(gathered: Gathered, *, skip: bool) -> None:
    """Stop where rows cannot be used, unless the person said to go on without them."""
    count = sum(gathered.bad.values())
    gathered.faults.sort(key=lambda fault: (fault.file, fault.line or 0))
    del gathered.faults[FAULTS_KEPT_MAX:]
    for fault in gathered.faults:
        said = f"{fault.path}: {fault.message}" if fault.path else fault.message
        gathered.collector.ignored.add(Ignored(fault.file, fault.line or 0, "row", said))
    if not count or skip:
        return
    kinds = ", ".join(f"{role}: {number:,}" for role, number in sorted(gathered.bad.items()))
    rows = sum(each.rows for each in gathered.tables)
    raise InputError(
        "table-rows",
        f"{count:,} of {rows:,} rows cannot be used ({kinds})",
        hint="mend the rows, translate or filter the values in the map, or go on without them: "
        "--skip-bad-rows",
        faults=tuple(gathered.faults),
        count=count,
    )


def _place(connection: Connection, rules: HostRules) -> Placed:
    """Say which component every end is."""
    count = flows.count_ends(connection)
    if count > HOSTS_MAX:
        raise InputError(
            "import-too-large",
            f"{count:,} different ends are more than the {HOSTS_MAX:,} that one import takes",
            hint="filter what is outside the estate under `keep`, or name its networks under "
            "`hosts: external`, and check which columns are the ends",
        )
    placed = flow_hosts.place(flows.different_ends(connection), rules)
    flows.place_ends(connection, placed.ends)
    return placed


def _coverage(
    gathered: Gathered,
    placed: Placed,
    use: Mapping[str, tuple[int, int]],
    sums: flows.LinkSums,
) -> Coverage:
    """The facts in the form that all importers share."""
    collector, file = gathered.collector, gathered.files[0] if gathered.files else ""
    for component, (links, calls) in use.items():
        why = f"no name is known; {links:,} links with {calls:,} calls a day are kept on it"
        collector.unresolved.add(Unresolved(component, placed.unknown[component], why, file, 0, ""))
    for address, names in placed.doubtful.items():
        said = f"stood beside {len(names)} names: {', '.join(names[:5])}; none of them was taken"
        collector.notes.add(Noted("one address, several names", address, said, file, 0))
    for number, why in (
        (sums.inside, "both ends are one component"),
        (sums.local, "a machine that talks to itself"),
    ):
        if number:
            collector.ignored.add(Ignored(file, 0, f"{number:,} rows", why))
    return collector.freeze(gathered.format)


def _summary(draft: Draft, report: TableReport) -> dict[str, int]:
    """The counts that the command prints; every row is in one of these counts of rows."""
    rows = sum(each.rows for each in report.tables if each.of_connections)
    bad = sum(report.bad.values())
    return {
        "subsystems": len(draft.subsystems),
        "components": draft.components,
        "links": report.sums.links,
        "unknown_addresses": len(report.unknown),
        "rows": rows,
        "rows_in_links": report.sums.rows - report.sums.inside - report.sums.local,
        "rows_inside_one_component": report.sums.inside,
        "rows_of_a_machine_with_itself": report.sums.local,
        "rows_seen_by_the_other_end_too": report.second_looks,
        "rows_not_kept": rows - report.sums.rows - report.second_looks - bad,
        "rows_bad": bad,
    }


def _write(
    connection: Connection,
    gathered: Gathered,
    draft: Draft,
    report: TableReport,
    wanted: Wanted,
    work: Path,
) -> None:
    """Write the folder; the links go from DuckDB to their file without passing through here."""
    links = "links.parquet" if report.parquet else "links.csv"
    words = flows.Words(
        evidence=gathered.evidence.value,
        strength=Strength.SEEN.value,
        files=tuple(gathered.files),
        criticality=CRITICALITY_ASSUMED,
        latency_by_protocol=table_values.LATENCY_BY_PROTOCOL,
        latency_by_port=table_values.LATENCY_BY_PORT,
    )
    flows.write_links(connection, words, work / links)
    summary = _summary(draft, report)
    texts = inventory_texts(draft, wanted.owner)
    texts["coverage.md"] = report_page(draft, report, summary)
    data = report_data(draft, report, summary)
    write_folder(wanted.folder, texts, data, {links: work / links}, force=wanted.force)
