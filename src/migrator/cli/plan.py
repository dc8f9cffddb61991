"""`migrator plan`: make a plan from an inventory and write it where people review it.

Reads, asks `planner/`, writes and prints; what is planned, and what is refused, is decided there.
The plan is checked by the independent lint before it is shown, so that a defect of the planner
never looks like a good plan.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.app import INTERRUPTED
from migrator.cli.link_cache import CACHE
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.ids import SubsystemId, WaveId
    from migrator.inventory.model import Inventory
    from migrator.links.table import LinkTable, Pair
    from migrator.plan.model import Plan
    from migrator.planner.build import Planned

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The inventory's folder.")]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where to write the plan (YAML)."),
]
Seed = Annotated[int, typer.Option(help="Chance of the search; the same seed, the same plan.")]
Evaluations = Annotated[
    int | None,
    typer.Option(
        min=1, help="How many schedules to try [default: by the estate's size].", show_default=False
    ),
]
Largest = Annotated[
    int | None,
    typer.Option(
        "--moves-per-wave-max",
        min=1,
        help="The largest wave [default: by the estate's size].",
        show_default=False,
    ),
]
Keep = Annotated[
    Path | None,
    typer.Option(
        "--keep", metavar="PLAN", help="Keep the pins and constraints of this earlier plan."
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        help="The plan's name [default: the file's or the inventory's].", show_default=False
    ),
]


def command(
    folder: Folder,
    *,
    out: Out = None,
    seed: Seed = 1,
    evaluations: Evaluations = None,
    moves_per_wave_max: Largest = None,
    keep: Keep = None,
    name: Name = None,
    form: FormatOption = Format.text,
) -> None:
    """Make a plan: waves, moves, steps, gates.

    Without -o the plan is printed. Ctrl-C ends the search with the best plan so far.

    \b
    Examples:
      migrator plan inventories/ours -o plans/ours.yaml
      migrator plan inventories/ours -o plans/ours.yaml --seed 2 --evaluations 20000
      migrator plan inventories/ours -o plans/ours.yaml --keep plans/ours.yaml
      migrator plan inventories/ours --format json | jq .exposure_hours

    Exit code 0: the plan is made. 2: there is none; what binds is named, with figures.
    130: interrupted; the best plan so far is written.
    """
    from migrator.inventory.reader import read_inventory
    from migrator.links.load import read_links
    from migrator.links.pairs import subsystem_pairs
    from migrator.plan.text import plan_to_text, read_plan
    from migrator.planner.build import plan_estate
    from migrator.planner.search import default_evaluations

    kept = None if keep is None else read_plan(keep)
    if out is not None and keep is None:
        _refuse_lost_pins(out)
    inventory = read_inventory(folder)
    with output.progress("Reading the links"):
        table = read_links(inventory, CACHE)
        pairs = subsystem_pairs(table, inventory)
    tries = evaluations or default_evaluations(len(inventory.moving))
    with output.progress("Planning", tries) as advance:
        planned = plan_estate(
            inventory,
            pairs,
            seed=seed,
            evaluations=tries,
            name=name or (out.stem if out is not None else inventory.name),
            on_progress=_follow(advance),
            constraints=None if kept is None else kept.constraints,
            moves_per_wave_max=moves_per_wave_max,
            pins=None if kept is None else _pins(kept),
            path=_seen_from(folder, out),
            links=table,
        )
    text = plan_to_text(planned.plan, {s.id: s.name for s in inventory.subsystems})
    if out is not None:
        from migrator.cli.report import write

        out.parent.mkdir(parents=True, exist_ok=True)
        write(out, text)
    if form is Format.json:
        output.emit(_facts(planned, inventory, pairs, table, out))
    elif out is None:
        output.show(text.rstrip("\n"))
    else:
        _show(planned, inventory, pairs, table, out)
    if planned.interrupted:
        done = planned.plan.figures.evaluations
        output.say(f"interrupted: the best plan of {done} of {tries} evaluations")
        raise typer.Exit(INTERRUPTED)


def _follow(advance: output.Advance) -> Callable[[int, int, float], None]:
    """Turn the search's total so far into steps of a progress display."""
    told = 0

    def progress(done: int, _total: int, _hours: float) -> None:
        nonlocal told
        advance(done - told)
        told = done

    return progress


def _pins(plan: Plan) -> dict[SubsystemId, WaveId]:
    return {move.subsystem: wave.id for wave in plan.waves for move in wave.moves if move.pinned}


def _refuse_lost_pins(out: Path) -> None:
    """A plan that people have pinned moves in is not overwritten as if they had not."""
    from migrator.plan.text import read_plan

    if not out.is_file():
        return
    try:
        pins = _pins(read_plan(out))
    except InputError:
        return  # what cannot be read as a plan holds no pins
    if pins:
        raise InputError(
            "pins-would-be-lost",
            f"{out} is a plan in which people have pinned {len(pins)} moves",
            hint=f"--keep {out} leaves them where they are; or write to another file",
        )


def _seen_from(folder: Path, out: Path | None) -> str:
    """The inventory's path as the plan file names it: relative where that is possible."""
    if out is None:
        return folder.as_posix()
    try:
        return Path(os.path.relpath(folder, out.parent)).as_posix()
    except ValueError:  # on another drive
        return folder.resolve().as_posix()


def _facts(
    planned: Planned,
    inventory: Inventory,
    pairs: tuple[Pair, ...],
    table: LinkTable,
    out: Path | None,
) -> dict[str, object]:
    from migrator.plan.digest import plan_digest

    plan = planned.plan
    return {
        "plan": out,
        "name": plan.name,
        "waves": [
            {
                "id": wave.id,
                "name": wave.name,
                "pilot": wave.pilot,
                "gate": wave.gate.at,
                "moves": [move.subsystem for move in wave.moves],
            }
            for wave in plan.waves
        ],
        **asdict(plan.figures),
        "digest": plan_digest(plan),
        "peers": {name: asdict(peer) for name, peer in planned.peers.items()},
        "assumed": list(plan.assumed),
        "lint_errors": _lint_errors(plan, inventory, pairs, table),
        "interrupted": planned.interrupted,
    }


def _lint_errors(
    plan: Plan, inventory: Inventory, pairs: tuple[Pair, ...], table: LinkTable
) -> int:
    from migrator.plan.findings import errors
    from migrator.plan.lint import lint_plan

    return len(errors(lint_plan(plan, inventory, pairs, table.digest)))


def _show(
    planned: Planned,
    inventory: Inventory,
    pairs: tuple[Pair, ...],
    table: LinkTable,
    out: Path,
) -> None:
    from migrator.inventory.times import told_apart, zone

    plan, figures = planned.plan, planned.plan.figures
    where = zone(plan.window.time_zone)
    rows = []
    for wave in plan.waves:
        critical = sum(inventory.by_id[m.subsystem].criticality == 5 for m in wave.moves)
        end = max(move.end for move in wave.moves)
        rows.append(
            (
                wave.id,
                f"{wave.gate.at:%a %H:%M}{told_apart(wave.gate.at, where)}",
                len(wave.moves),
                critical,
                f"{end:%a %H:%M}{told_apart(end, where)}",
                wave.name,
            )
        )
    output.show(output.table(("wave", "gate", "moves", "critical", "end", "name"), rows))
    window = (plan.window.end - plan.window.start).total_seconds() / 3600
    output.show(
        f"length {figures.makespan_hours:.1f} h of a window of {window:.1f} h,"
        f" undoing everything at least {figures.unwind_all_hours:.1f} h"
    )
    if planned.peers:
        others = ", ".join(
            f"{peer.exposure_hours:.1f} h {name}"
            + ("" if peer.valid else " (which breaks the window or an appointment)")
            for name, peer in planned.peers.items()
        )
        output.show(f"exposure {figures.exposure_hours:.2f} h; without the search: {others}")
    output.show(
        f"seed {figures.seed}, {figures.evaluations} evaluations, {len(plan.stays)} stay,"
        f" {len(plan.assumed)} things assumed"
    )
    wrong = _lint_errors(plan, inventory, pairs, table)
    if wrong:
        output.say(f"the independent check finds {wrong} errors in it: migrator lint {out}")
    output.say(f"written: {out}")
    output.say(f"next: migrator lint {out}, migrator explain {out} ID, migrator rehearse {out}")
