"""`migrator diff`: what changed from one plan to another, in words, and what it costs.

For the people who review a plan. The changes come from `plan/diff.py`; the costs are reckoned anew
from the planned switches, because the figures in a file are those of the day it was made.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import (
    InventoryOption,
    PlanFile,
    PlanWithInventory,
    open_plan,
    open_with_inventory,
)
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.plan.costs import Costs
    from migrator.plan.diff import Diff


def command(
    before: Annotated[Path, typer.Argument(metavar="A", help="The plan as it was.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The plan as it is.")],
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Say in words what changed between two plans, and what it costs.

    \b
    Examples:
      migrator diff plans/ours.yaml plans/ours-edited.yaml
      git show main:plans/ours.yaml > /tmp/was.yaml && migrator diff /tmp/was.yaml plans/ours.yaml

    Exposure is reckoned with the inventory of B, which is looked for where B says.
    """
    from migrator.plan.diff import cost_lines, diff_plans

    was, now = open_plan(before), open_plan(after)
    estate = _estate(now, inventory)
    diff = diff_plans(
        was.plan,
        now.plan,
        names={s.id: s.name for s in estate.inventory.subsystems} if estate else None,
        pairs=estate.pairs if estate else None,
        inventory=estate.inventory if estate else None,
    )
    if form is Format.json:
        output.emit(_facts(diff, cost_lines(diff)))
        return
    if diff.same:
        output.show("the two plans mean the same")
        return
    for change in diff.changes:
        output.show(change.text)
    costs = cost_lines(diff)
    output.show()
    for line in costs:
        output.show(f"cost: {line}")
    if not costs:
        output.show("cost: nothing that could be reckoned is different")


def _estate(file: PlanFile, inventory: Path | None) -> PlanWithInventory | None:
    """The inventory that says what changes cost; a diff is of use without one."""
    try:
        return open_with_inventory(file, inventory)
    except InputError as error:
        if inventory is not None:
            raise
        output.say(f"without exposure: {error.message}")
        return None


def _facts(diff: Diff, lines: tuple[str, ...]) -> dict[str, object]:
    return {
        "same": diff.same,
        "digests": list(diff.digests),
        "changes": [asdict(change) for change in diff.changes],
        "costs": {"before": _costs(diff.before), "after": _costs(diff.after)},
        "cost_lines": list(lines),
    }


def _costs(costs: Costs) -> dict[str, object]:
    return {
        "exposure_hours": None if costs.exposure_hours is None else round(costs.exposure_hours, 4),
        "makespan_hours": round(costs.makespan_hours, 4),
        "moves": costs.moves,
        "critical": costs.critical,
    }
