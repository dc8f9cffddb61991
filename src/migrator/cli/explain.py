"""`migrator explain`: why a subsystem moves when it does, in sentences and figures.

The words of the text form stand here; every fact and figure comes from `planner/explain.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import (
    InventoryOption,
    PlanArgument,
    PlanWithInventory,
    open_plan,
    open_with_inventory,
)
from migrator.errors import EnvironmentFailed
from migrator.ids import SubsystemId

if TYPE_CHECKING:
    from migrator.planner.explain import Alternative, Explanation

WEEKENDS: Final = 400
"""A difference of five minutes shows; the same weekends are played for each."""


def command(
    plan: PlanArgument,
    subsystem: Annotated[str, typer.Argument(metavar="SUBSYSTEM", help="Its id.")],
    inventory: InventoryOption = None,
    *,
    turn_back: Annotated[
        bool,
        typer.Option(
            "--turn-back", help="Play sampled weekends, too: until when one could turn back."
        ),
    ] = False,
    form: FormatOption = Format.text,
) -> None:
    """Explain why a subsystem moves when it does, and what one wave earlier or later would cost.

    \b
    Examples:
      migrator explain plans/ours.yaml personregister
      migrator explain plans/ours.yaml personregister --turn-back
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
    turns = _turn_backs(opened, found) if turn_back else None
    if form is Format.json:
        output.emit(asdict(found) if turns is None else {**asdict(found), "turn_back": turns})
        return
    _show(found)
    if turns is not None:
        output.show()
        output.show(f"Until when everything could go back ({WEEKENDS} sampled weekends)")
        for what, until in turns.items():
            shown = "at any hour that was looked at" if until is None else f"{until:%a %H:%M}"
            output.show(f"  {what}: {shown}")


def _turn_backs(opened: PlanWithInventory, found: Explanation) -> dict[str, datetime | None]:
    """The turn-back time of the plan as it is, and with the subsystem a wave to either side.

    The same weekends are played for all of them, so that their difference is no chance.
    """
    from migrator.planner.explain import with_moves_in
    from migrator.schedule.process import Kernel, KernelFailed
    from migrator.wiring.forecasting import forecast_plan

    mates = {found.subsystem, *found.together}
    plans = {"as planned": opened.plan}
    for word, other in (("earlier", found.earlier), ("later", found.later)):
        if other is not None and other.refused is None:
            plans[f"{word}, in {other.wave}"] = with_moves_in(opened.plan, mates, other.wave)
    turns = {}
    try:
        with Kernel() as kernel, output.progress("Playing weekends", len(plans)) as advance:
            for word, plan in plans.items():
                forecast = forecast_plan(
                    plan, opened.inventory, opened.pairs, kernel=kernel, weekends=WEEKENDS
                )
                turns[word] = forecast.turn_back.latest
                advance(1)
    except KernelFailed as failed:
        raise EnvironmentFailed(
            "forecast-no-answer",
            str(failed),
            hint="try again without --turn-back; `migrator doctor` says what this machine lacks",
        ) from failed
    return turns


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
        f"{other.wave} would change exposure by {_signed(other.exposure_change_hours)} h,"
        f" the end by {_signed(other.end_change_hours)} h"
        f" and undoing everything by {_signed(other.unwind_change_hours)} h{invalid}"
    )


def _signed(hours: float | None) -> str:
    return "?" if hours is None else f"{hours:+.2f}"


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
