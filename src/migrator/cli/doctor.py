"""`migrator doctor`: has this machine what a run needs? Asked before the window, not in it.

Each finding says what was looked at, what was found and, where it is not well, how to mend it. The
looks themselves stand in `doctor_machine.py` and `doctor_store.py`; here is their order, and how
they are told. The command changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption

if TYPE_CHECKING:
    from migrator.cli.doctor_machine import Finding

HUES: Final = {"ok": "green", "warning": "yellow", "failed": "red"}
LOCALE: Final = Path(__file__).parent.parent / "locale"


def command(
    plan: Annotated[
        Path | None,
        typer.Argument(
            metavar="PLAN", help="Look at its window and its inventory, too.", show_default=False
        ),
    ] = None,
    *,
    inventory: Annotated[
        Path | None,
        typer.Option("--inventory", metavar="DIR", help="Its inventory, if not as the plan says."),
    ] = None,
    store: Annotated[
        str, typer.Option("--store", metavar="FOLDER", help="Where runs are kept, or an address.")
    ] = ".migrator",
    form: FormatOption = Format.text,
) -> int:
    """Check this machine, its store and a plan's hours for what a run needs.

    \b
    Examples:
      migrator doctor
      migrator doctor plans/ours.yaml
      migrator doctor --store postgresql://migrator@db/migrator --format json

    Exit code 0: nothing failed, though there may be warnings. 1: something failed.
    """
    findings = list(examine(store, plan, inventory))
    if form is Format.json:
        output.emit({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            word = output.colour(finding.verdict.ljust(7), HUES[finding.verdict])
            output.show(f"{word}  {finding.what}: {finding.found}")
            if finding.mend:
                output.show(f"         mend: {finding.mend}")
    return 1 if any(finding.verdict == "failed" for finding in findings) else 0


def examine(
    where: str, plan: Path | None = None, inventory: Path | None = None
) -> Iterator[Finding]:
    """Look at everything, for a store that stands (or would stand) at an address."""
    from migrator.cli import doctor_machine, doctor_store
    from migrator.store.address import is_server, store_path

    before = doctor_machine.Clocks.now()
    yield doctor_machine.python()
    yield doctor_machine.sqlite()
    yield doctor_machine.packages()
    yield doctor_machine.zones()
    yield doctor_machine.catalogues(LOCALE)
    findings, found = doctor_store.stores(where)
    yield from findings
    if unwritable := doctor_store.writable(where):
        yield unwritable
    # On a server, what is beside the store (heads, caches) is still kept here.
    beside = Path(".migrator/x") if is_server(where) else store_path(where, practice=True)
    folder = doctor_store.existing(beside.parent)
    yield doctor_machine.disk(folder)
    if not is_server(where):
        yield doctor_machine.file_system(folder)
        yield doctor_machine.syncs(folder)
    yield from doctor_store.leaders(found)
    if plan is not None:
        yield from _of_plan(where, plan, inventory)
    yield doctor_machine.terminal()
    yield doctor_machine.login_shell()
    yield doctor_machine.clock(before, doctor_machine.Clocks.now(), doctor_machine.clock_is_kept())


def _of_plan(where: str, path: Path, inventory: Path | None) -> Iterator[Finding]:
    from migrator.cli.doctor_store import place_of, window
    from migrator.cli.plan_files import inventory_folder, open_plan
    from migrator.conductor.clock import wall_now
    from migrator.inventory.reader import read_inventory

    file = open_plan(path)
    yield window(file.plan.window, wall_now())
    estate = read_inventory(inventory_folder(file, inventory))
    moving = [move.subsystem for wave in file.plan.waves for move in wave.moves]
    yield place_of(where, estate, moving)
