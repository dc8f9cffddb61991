"""A plan changed as people ask: read it, change it, show who moved and why, write it.

Called by `plan` (--from) and by `replan`, which knows besides what of a run has started. What is
changed and what is refused is decided in `planner/changes.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.change_options import (
    Asked,
    Estate,
    earlier_in,
    say_supposed,
    supposed_estate,
    understood,
)
from migrator.cli.output import Format

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanFile, PlanWithInventory
    from migrator.links.table import Pair
    from migrator.planner.change_basis import Started
    from migrator.planner.changes import ChangedPlan

Show = Callable[[str], None]

HOURS: Final = frozenset({"gate-time", "window", "constraint"})
"""Of the changes that a comparison of two plans finds, those that are told beside who moved."""


def change(
    base: PlanFile,
    opened: PlanWithInventory,
    asked: Asked,
    *,
    out: Path | None,
    seed: int,
    evaluations: int | None,
    form: Format,
    name: str | None = None,
    started: Started | None = None,
) -> ChangedPlan:
    """Change a plan as asked, show what that moves and why, and write it where it shall be.

    Where something has started and no file is named, it is shown and not kept.
    """
    from migrator.cli.fault_lines import with_lines
    from migrator.plan.text import plan_to_text
    from migrator.planner.change_basis import Basis
    from migrator.planner.changes import change_plan

    estate = supposed_estate(opened.inventory, asked)
    requests = understood(asked, estate.inventory, earlier_in(base, new_search=False))
    basis = Basis(
        plan=base.plan,
        inventory=estate.inventory,
        pairs=opened.pairs,
        links=opened.links.count,
        links_digest=opened.links.digest,
        requests=requests,
        started=started,
    )
    with with_lines(opened.inventory), output.progress("Changing the plan"):
        changed = change_plan(
            basis,
            name=name or (out.stem if out is not None else base.plan.name),
            path=path_from(opened.inventory.folder, out),
            seed=seed,
            evaluations=evaluations,
        )
    if out is not None:
        from migrator.cli.report import write

        out.parent.mkdir(parents=True, exist_ok=True)
        names = {s.id: s.name for s in estate.inventory.subsystems}
        write(out, plan_to_text(changed.plan, names))
    if form is Format.json:
        output.emit(_facts(changed, base, estate, opened.pairs, out))
    elif out is None and started is None:
        names = {s.id: s.name for s in estate.inventory.subsystems}
        output.show(plan_to_text(changed.plan, names).rstrip("\n"))
        _show(changed, base, estate, opened.pairs, output.say)
    else:
        _show(changed, base, estate, opened.pairs, output.show)
    say_supposed(estate, out)
    if out is not None:
        output.say(f"written: {out}")
    return changed


def path_from(folder: Path, out: Path | None) -> str:
    """The inventory's path as the plan file names it: relative where that is possible."""
    if out is None:
        return folder.as_posix()
    try:
        return Path(os.path.relpath(folder, out.parent)).as_posix()
    except ValueError:  # on another drive
        return folder.resolve().as_posix()


def _show(
    changed: ChangedPlan, base: PlanFile, estate: Estate, pairs: tuple[Pair, ...], show: Show
) -> None:
    """What was asked for whole waves, who moved and why, and what that does to hours and costs."""
    from migrator.plan.diff import cost_lines, diff_plans

    names = {s.id: s.name for s in estate.inventory.subsystems}
    diff = diff_plans(base.plan, changed.plan, names, pairs, estate.inventory)
    for line in changed.told:
        show(line)
    if changed.moved:
        rows = [(m.subsystem, m.before or "-", m.after, m.why) for m in changed.moved]
        show(output.table(("moved", "from", "to", "because"), rows))
    elif not changed.told:
        show("nobody moved to another wave")
    others = 0
    for change_ in diff.changes:
        if change_.kind in HOURS:
            show(change_.text)
        others += change_.kind == "move-time"
    if others:
        show(
            "1 move has other hours in its wave"
            if others == 1
            else f"{others} moves have other hours in their waves"
        )
    for line in cost_lines(diff):
        show(f"cost: {line}")
    show(
        f"{len(changed.moved)} of {sum(len(w.moves) for w in changed.plan.waves)} subsystems moved,"
        f" {changed.evaluations} evaluations"
    )


def _facts(
    changed: ChangedPlan, base: PlanFile, estate: Estate, pairs: tuple[Pair, ...], out: Path | None
) -> dict[str, object]:
    from migrator.plan.diff import cost_lines, diff_plans
    from migrator.plan.digest import plan_digest

    diff = diff_plans(base.plan, changed.plan, None, pairs, estate.inventory)
    return {
        "plan": out,
        "from": base.path,
        "name": changed.plan.name,
        "digest": plan_digest(changed.plan),
        "moved": [asdict(each) for each in changed.moved],
        "told": list(changed.told),
        "changes": [asdict(each) for each in diff.changes],
        "cost_lines": list(cost_lines(diff)),
        "waves": [
            {"id": w.id, "gate": w.gate.at, "moves": [m.subsystem for m in w.moves]}
            for w in changed.plan.waves
        ],
        **asdict(changed.plan.figures),
        "what_if": [asdict(each) for each in estate.supposed],
        "left_out": [out.subsystem for out in estate.left_out],
    }
