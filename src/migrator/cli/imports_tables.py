r"""`migrator import` for tables: CSV by a column map, and the exports of two migration products.

Registered by `imports.py`. Each sub-command reads, writes a folder unless `--dry-run` is given, and
prints where every row went; coverage.md in that folder says it in detail.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.imports_finish import (
    DryRunOption,
    FolderOption,
    ForceOption,
    NameOption,
    OwnerOption,
)
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.importers.table_import import Outcome, Wanted

OptionalFolderOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="DIR", help="The inventory's folder.")
]
SkipOption = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Go on without rows that cannot be used.")
]
WindowOption = Annotated[
    float | None,
    typer.Option("--window-days", min=0.01, help="How long was looked; else first to last row."),
]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `migrator import`."""
    app.command("csv")(csv_command)
    app.command("azure-migrate")(azure_migrate_command)
    app.command("aws-discovery")(aws_discovery_command)


def csv_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Tables of connections, all alike.")
    ],
    *,
    column_map: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAP.yaml", help="What the columns mean."),
    ] = None,
    suggest_map: Annotated[
        bool, typer.Option("--suggest-map", help="Print a draft of a map for the first file.")
    ] = False,
    folder: OptionalFolderOption = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    skip_bad_rows: SkipOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read tables of connections by a saved column map.

    Rows are summed to links by source, target, protocol and port. Every row is counted: in a link,
    or with the reason why not. Addresses that nothing names keep their links.

    \b
    Examples:
      migrator import csv flows.csv --suggest-map > map.yaml
      migrator import csv flows.csv --map map.yaml -o inventories/estate --dry-run
      migrator import csv flows-1.csv flows-2.csv --map map.yaml -o inventories/estate

    docs/importing-tables.md explains the map.
    """
    if suggest_map:
        _suggest(files[0], form)
        return
    if column_map is None or folder is None:
        missing = "--map" if column_map is None else "--output"
        raise InputError(
            "usage",
            f"missing option {missing}",
            hint="name a map with --map and the inventory's folder with -o; --suggest-map drafts a "
            "map",
        )
    from migrator.importers.csv_links import import_csv

    wanted = _wanted(folder, owner, name, force=force, dry_run=dry_run, skip=skip_bad_rows)
    _finish(import_csv(files, column_map, wanted), wanted, form)


def azure_migrate_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Dependency exports of one project.")
    ],
    *,
    folder: FolderOption,
    day_first: Annotated[
        bool, typer.Option("--day-first", help="3/4/2026 is the third of April.")
    ] = False,
    window_days: WindowOption = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    skip_bad_rows: SkipOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read dependency exports (CSV) of Azure Migrate, the older form or the newer.

    Servers become subsystems, connections become links. The ids of machines in that cloud are not
    taken over. Servers without a name are known by their address.

    \b
    Examples:
      migrator import azure-migrate dependencies.csv -o inventories/estate --dry-run
      migrator import azure-migrate march.csv april.csv -o inventories/estate --day-first
    """
    from migrator.importers.azure_migrate import import_azure_migrate

    wanted = _wanted(folder, owner, name, force=force, dry_run=dry_run, skip=skip_bad_rows)
    outcome = import_azure_migrate(files, wanted, day_first=day_first, window_days=window_days)
    _finish(outcome, wanted, form)


def aws_discovery_command(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The export's zip, or the folder it became.")
    ],
    *,
    folder: FolderOption,
    management_ports: Annotated[
        list[int] | None,
        typer.Option(
            "--management-port",
            metavar="PORT",
            min=0,
            max=65_535,
            help="Leave out what goes to this port; 0 for none. Usually 17472.",
        ),
    ] = None,
    window_days: WindowOption = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    skip_bad_rows: SkipOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read an export of AWS Application Discovery Service (the agents' six tables).

    A connection that the agents of both ends report counts once. Hosts are named by osInfo,
    addresses by networkInterface.

    \b
    Examples:
      migrator import aws-discovery export.zip -o inventories/estate --dry-run
      migrator import aws-discovery export/ -o inventories/estate --management-port 0
    """
    from migrator.importers.aws_discovery import MANAGEMENT_PORTS, import_aws_discovery

    wanted = _wanted(folder, owner, name, force=force, dry_run=dry_run, skip=skip_bad_rows)
    outcome = import_aws_discovery(
        path,
        wanted,
        management_ports=MANAGEMENT_PORTS if management_ports is None else management_ports,
        window_days=window_days,
    )
    _finish(outcome, wanted, form)


def _suggest(path: Path, form: Format) -> None:
    """Print a draft of a map, and how sure it is."""
    from migrator.importers.column_map_suggest import suggest_map
    from migrator.importers.csv_links import refuse_missing

    refuse_missing([path])
    draft = suggest_map(path)
    if form is Format.json:
        output.emit({"map": draft.text, "guesses": [asdict(each) for each in draft.guesses]})
        return
    output.show(draft.text.rstrip("\n"))
    unsure = sum(each.sure != "sure" for each in draft.guesses)
    output.say(f"{len(draft.guesses)} columns found, {unsure} of them not for sure")
    if not {"source", "source_ip"} & {each.role for each in draft.guesses} or not {
        "target",
        "target_ip",
    } & {each.role for each in draft.guesses}:
        output.say("an end of the connections was not found: write its column into the map")


def _wanted(
    folder: Path, owner: str, name: str, *, force: bool, dry_run: bool, skip: bool
) -> Wanted:
    """Gather what the command line says about the result."""
    from migrator.importers.table_import import Wanted

    return Wanted(folder, owner, name, force=force, dry_run=dry_run, skip_bad_rows=skip)


def _finish(outcome: Outcome, wanted: Wanted, form: Format) -> None:
    """Print what was found and where it stands."""
    if form is Format.json:
        folder = None if wanted.dry_run else str(wanted.folder)
        output.emit({**outcome.summary, "folder": folder})
        return
    output.show(output.table(("what", "count"), list(outcome.summary.items())))
    columns = [
        (each.file, column, role) for each in outcome.report.tables for role, column in each.columns
    ]
    output.show()
    output.show(output.table(("file", "column", "taken for"), columns))
    for fault in outcome.report.faults:
        output.say(f"not used: {fault}")
    if wanted.dry_run:
        output.say("nothing was written (--dry-run)")
        return
    output.show(f"written to {wanted.folder}")
    output.say(f"read {wanted.folder / 'coverage.md'}, then: migrator check {wanted.folder}")
