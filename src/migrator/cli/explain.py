"""`migrator explain`: why a subsystem moves when it does, in sentences and figures.

The words of the text form stand here; every fact and figure comes from `planner/explain.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import InventoryOption, PlanArgument, open_plan, open_with_inventory
from migrator.ids import SubsystemId

if TYPE_CHECKING:
    from migrator.planner.explain import Alternative, Explanation


def command(
    plan: PlanArgument,
    subsystem: Annotated[str, typer.Argument(metavar="SUBSYSTEM", help="Its id.")],
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Explain why a subsystem moves when it does, and what one wave earlier or later would cost.

    \b
    Examples:
      migrator explain plans/ours.yaml personregister
      migrator explain plans/ours.yaml personregister --format json | jq .earlier
    """
    from migrator.plan.lint import ANOTHER_INVENTORY
    from migrator.planner.explain import explain

    opened = open_with_inventory(open_plan(plan), inventory)
    found = explain(opened.plan, opened.inventory, opened.pairs, SubsystemId(subsystem))
    if any(finding.rule == ANOTHER_INVENTORY for finding in opened.lint()):
        output.say(
            f"warning: {plan} was made from another inventory than {opened.inventory.folder};"
            f" `migrator lint` says what differs"
        )
    if form is Format.json:
        output.emit(asdict(found))
    else:
        _show(found)


def _show(found: Explanation) -> None:
    pilot = ", the pilot" if found.pilot else ""
    output.show(f"{found.name} ({found.subsystem})")
    output.show(
        f"moves in {found.wave} {found.wave_name} (wave {found.place} of {found.waves}{pilot})"
    )
    output.show(
        f"gate {found.gate:%a %H:%M}, start {found.start:%a %H:%M},"
        f" switch {found.switch:%a %H:%M}, end {found.end:%a %H:%M}"
    )
    output.show()
    output.show("Why")
    for sentence in found.because:
        output.show(f"  - {sentence}")
    for relation in found.relations:
        members = ", ".join(relation.members)
        output.show(f"  - {relation.kind.value}: {members} ({relation.owner}: {relation.reason})")
    output.show()
    output.show("Its strongest links")
    rows = [
        (
            n.subsystem,
            n.links,
            f"{n.share:.0%}",
            n.wave or "stays",
            "-" if n.switch is None else f"{n.switch:%a %H:%M}",
            "for good" if n.split_hours is None else f"{n.split_hours:.1f} h",
        )
        for n in found.neighbours
    ]
    header = ("subsystem", "links", "weight", "wave", "switch", "split")
    output.show(_indent(output.table(header, rows)) if rows else "  none")
    output.show()
    output.show("One wave to either side")
    output.show(f"  earlier: {_alternative(found.earlier, 'it is in the first wave')}")
    output.show(f"  later:   {_alternative(found.later, 'it is in the last wave')}")
    output.show()
    output.show("Verified by")
    for check in found.checks:
        who = f"{check.eligible} people may" if check.eligible else "nobody is named, anybody may"
        output.show(f"  {check.name}: {check.quorum} must, {who}")
    if found.assumed:
        output.show()
        output.show("Assumed, because nobody gave it")
        for line in found.assumed:
            output.show(f"  {line.partition(': ')[2]}")


def _alternative(other: Alternative | None, edge: str) -> str:
    if other is None:
        return f"not possible: {edge}"
    if other.refused is not None:
        return f"{other.wave} is not possible: {other.refused}"
    invalid = f"; and {other.invalid}" if other.invalid else ""
    return (
        f"{other.wave} would change exposure by {_signed(other.exposure_change_hours)} h"
        f" and the end by {_signed(other.end_change_hours)} h{invalid}"
    )


def _signed(hours: float | None) -> str:
    return "?" if hours is None else f"{hours:+.2f}"


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
