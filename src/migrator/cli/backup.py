"""`migrator backup`: a copy of the store while its runs go on, with every journal in it proven.

For stores in files; PostgreSQL has tools of its own. Reads the store, writes one new file. What to
do with a backup, and what a restored store has forgotten, is in runbooks/decision-restore.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrator.cli import output
from migrator.cli.app import STATE_FOLDER
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError


def command(
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.db", help="The file to write.")
    ] = None,
    store: Annotated[
        str, typer.Option("--store", metavar="FOLDER|FILE", help="Where runs are kept.")
    ] = str(STATE_FOLDER),
    practice: Annotated[
        bool | None, typer.Option("--practice/--live", help="Which store, where there are both.")
    ] = None,
    form: FormatOption = Format.text,
) -> None:
    """Copy a store to one file while its runs go on, and prove every journal in the copy.

    \b
    Examples:
      migrator backup
      migrator backup --live -o /media/usb/before-wave-3.db

    Without -o the copy goes to the folder backups beside the store; better is another disk. A
    store on PostgreSQL is backed up by pg_dump. To put a copy back: runbooks/decision-restore.md.
    """
    from migrator.conductor.clock import wall_now
    from migrator.store.backup import back_up
    from migrator.store.find import stores_in

    opened = stores_in(store, practice=practice)
    try:
        if len(opened) > 1:
            raise InputError(
                "usage",
                f"{store} has a store of live runs and one of practice runs",
                hint="say --live or --practice",
            )
        (one,) = opened
        kind = "practice" if one.practice else "live"
        default = f"{one.path.stem}-{wall_now():%Y%m%dT%H%M%S}.db"
        made = back_up(one, target or one.folder / "backups" / default)
    finally:
        for each in opened:
            each.close()
    if form is Format.json:
        runs = {
            run: {"lines": proven.count, "head": proven.head} for run, proven in made.runs.items()
        }
        output.emit({"file": made.file, "kind": kind, "runs": runs})
        return
    for run, proven in made.runs.items():
        output.show(f"{run}: {proven.count} lines, head {proven.head}")
    output.say(f"{made.file}: {len(made.runs)} {kind} runs, every journal proven")
