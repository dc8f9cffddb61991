"""`migrator plan`: make a plan from an inventory, or change one as people ask, and write it.

Reads, asks `planner/`, writes and prints; what is planned, and what is refused, is decided there.
With --from the plan that stands is changed as little as may be; without it a new one is searched.
The plan is checked by the independent lint before it is shown, so that a defect of the planner
never looks like a good plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.app import INTERRUPTED
from migrator.cli.change_options import (
    Allow,
    Critical,
    Forbid,
    Merge,
    Pin,
    Split,
    Unpin,
    WhatIf,
    Without,
    asked_for,
    say_supposed,
    supposed_estate,
)
from migrator.cli.link_cache import CACHE
from migrator.cli.output import Format, FormatOption
from migrator.cli.time_limit import TimeLimit, timed
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.cli.change_options import Asked
    from migrator.inventory.model import Inventory
    from migrator.links.table import LinkTable, Pair
    from migrator.plan.model import Plan, PlannedMove
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
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds",
        min=0.1,
        help="End the search after so long with the best plan so far, which then says so.",
        show_default=False,
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
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="PLAN", help="Change this plan, and as little of it as may be."),
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
    seconds: Seconds = None,
    from_plan: From = None,
    keep: Keep = None,
    pin: Pin = None,
    unpin: Unpin = None,
    forbid: Forbid = None,
    allow: Allow = None,
    merge: Merge = None,
    split: Split = None,
    moves_per_wave_max: Largest = None,
    critical_per_wave_max: Critical = None,
    without: Without = None,
    what_if: WhatIf = None,
    name: Name = None,
    form: FormatOption = Format.text,
) -> None:
    """Make a plan: waves, moves, steps, gates.

    Without -o the plan is printed. Ctrl-C ends the search with the best plan so far.

    With --from nobody is moved who need not be, and for each who is it is said why.
    --what-if and --without suppose another estate; lint refuses such a plan until the files say it.

    \b
    Examples:
      migrator plan inventories/ours -o plans/ours.yaml
      migrator plan inventories/ours -o plans/ours.yaml --seed 2 --evaluations 20000
      migrator plan inventories/ours -o plans/ours.yaml --keep plans/ours.yaml
      migrator plan inventories/ours -o plans/new.yaml --from plans/ours.yaml \\
          --pin claims=w03 --forbid ledger=w02,w03 --merge w06+w07
      migrator plan inventories/ours --what-if "+3 handlers benefits 22:00-06:00" \\
          --what-if "copy 400" --without archive --format json
      migrator plan inventories/ours --format json | jq .exposure_hours

    Exit code 0: the plan is made. 2: there is none; what binds is named, with figures.
    130: interrupted; the best plan so far is written.
    """
    asked = asked_for(
        pin=pin,
        unpin=unpin,
        forbid=forbid,
        allow=allow,
        merge=merge,
        split=split,
        moves_per_wave_max=moves_per_wave_max,
        critical_per_wave_max=critical_per_wave_max,
        without=without,
        what_if=what_if,
    )
    wanted = _Wanted(folder, out, seed, evaluations, seconds, name, asked)
    if from_plan is not None:
        if keep is not None:
            raise InputError(
                "usage",
                "--from and --keep do not go together",
                hint="--from PLAN changes that plan; --keep PLAN searches anew with its pins",
            )
        from migrator.cli.plan_changes import change
        from migrator.cli.plan_files import open_plan, open_with_inventory

        base = open_plan(from_plan)
        opened = open_with_inventory(base, folder)
        change(
            base,
            opened,
            asked,
            out=out,
            seed=seed,
            evaluations=evaluations,
            form=form,
            name=name,
        )
        return
    _plan_anew(wanted, keep, form)


NAMED_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was typed about a new plan."""

    folder: Path
    out: Path | None
    seed: int
    evaluations: int | None
    seconds: float | None
    name: str | None
    asked: Asked


def _plan_anew(wanted: _Wanted, keep: Path | None, form: Format) -> None:
    from migrator.cli.change_options import earlier_in, understood
    from migrator.cli.fault_lines import with_lines
    from migrator.cli.plan_changes import path_from
    from migrator.cli.plan_files import open_plan
    from migrator.inventory.reader import read_inventory
    from migrator.links.load import read_links
    from migrator.links.pairs import subsystem_pairs
    from migrator.plan.text import plan_to_text
    from migrator.planner.build import plan_estate, usual_evaluations
    from migrator.schedule.process import Kernel

    folder, out, asked = wanted.folder, wanted.out, wanted.asked
    kept = None if keep is None else open_plan(keep)
    if out is not None and keep is None:
        _refuse_lost_pins(out)
    estate = supposed_estate(read_inventory(folder), asked)
    inventory = estate.inventory
    earlier = None if kept is None else earlier_in(kept, new_search=True)
    requests = understood(asked, inventory, earlier)
    with output.progress("Reading the links"):
        table = read_links(inventory, CACHE)
        pairs = subsystem_pairs(table, inventory)
    kernel = Kernel()
    tries = wanted.evaluations or usual_evaluations(len(inventory.moving), len(pairs), kernel)
    limit = TimeLimit(wanted.seconds)
    with kernel, with_lines(inventory), output.progress("Planning", tries) as advance:
        planned = plan_estate(
            inventory,
            pairs,
            seed=wanted.seed,
            evaluations=tries,
            name=wanted.name or (out.stem if out is not None else inventory.name),
            on_progress=_follow(advance, limit),
            constraints=None if kept is None else kept.plan.constraints,
            moves_per_wave_max=asked.typed.moves_per_wave_max,
            pins=requests.wave_of_pin(),
            tighten=requests.tighten,
            path=path_from(folder, out),
            links=table,
            kernel=kernel,
        )
    if limit.passed:
        planned = timed(planned, wanted.seconds, tries)
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
    _say_at_once(inventory)
    say_supposed(estate, out)
    if limit.passed:
        done = planned.plan.figures.evaluations
        output.say(f"{wanted.seconds:g} s are over: the best plan of {done} of {tries} evaluations")
    if planned.interrupted:
        done = planned.plan.figures.evaluations
        output.say(f"interrupted: the best plan of {done} of {tries} evaluations")
        raise typer.Exit(INTERRUPTED)


def _follow(advance: output.Advance, limit: TimeLimit) -> Callable[[int, int, float], None]:
    """Turn the search's total so far into steps of a progress display, and keep the time."""
    told = 0

    def progress(done: int, _total: int, _hours: float) -> None:
        nonlocal told
        advance(done - told)
        told = done
        limit.look()

    return progress


def _say_at_once(inventory: Inventory) -> None:
    """Name whoever is said to move in no time: a plan of zeros is right and of no use."""
    names = [s.id for s in inventory.moving if s.durations["move"].p50 == 0]
    if names:
        some = ", ".join(names[:NAMED_MAX]) + (" and others" if len(names) > NAMED_MAX else "")
        output.say(f"note: {len(names)} of the subsystems are said to move in no time: {some}")


def _pins(plan: Plan) -> tuple[PlannedMove, ...]:
    return tuple(move for wave in plan.waves for move in wave.moves if move.pinned)


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
            hint=f"--from {out} changes that plan, --keep {out} makes a new one, both with the "
            "pins; or write to another file",
        )


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
    shown = plan.certificate
    if shown is not None and shown.mean_hours is not None and shown.end_hours_p80 is not None:
        output.show(
            f"on {shown.weekends:,} weekends that the search had not seen: exposure"
            f" {shown.mean_hours:.2f} h, four of five end within {shown.end_hours_p80:.1f} h"
        )
    output.show(
        f"seed {figures.seed}, {figures.evaluations} evaluations, {len(plan.stays)} stay,"
        f" {len(plan.assumed)} things assumed"
    )
    wrong = _lint_errors(plan, inventory, pairs, table)
    if wrong:
        output.say(f"the independent check finds {wrong} errors in it: migrator lint {out}")
    output.say(f"written: {out}")
    output.say(f"next: migrator lint {out}, migrator forecast {out}, migrator rehearse {out}")
