"""`migrator drift`: what did somebody else change in the objects that migrator applied?

Asks the cluster about every object of every subsystem of a plan and changes nothing there. It
judges nothing itself: `platform/kubernetes/drift.py` does. Values that may be secret are masked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import InventoryOption, PlanArgument, inventory_folder, open_plan

if TYPE_CHECKING:
    from migrator.inventory.yaml_text import Plain
    from migrator.platform.kubernetes.drift import Compared, Drift
    from migrator.platform.kubernetes.subject import Subject

SHOWN_MAX: Final = 60
"""Characters of a value in a line; JSON has it whole."""


def command(
    plan: PlanArgument,
    context: Annotated[str, typer.Option(metavar="NAME", help="The cluster's kubeconfig context.")],
    kubeconfig: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The kubeconfig, if not where kubectl looks."),
    ] = None,
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> int:
    """Name what somebody else changed in the objects that migrator applied.

    \b
    Examples:
      migrator drift plans/ours.yaml --context target
      migrator drift plans/ours.yaml --context target --format json | jq .drifts

    Exit code 0: everything is as it was applied. 1: something was changed, or could not be
    compared. 2: the plan or the manifests are to be mended first.
    """
    from migrator.platform.kubernetes.manifest_folders import read_subjects
    from migrator.platform.kubernetes.transport import load_library

    file = open_plan(plan)
    known = read_subjects(inventory_folder(file, inventory))
    moving = {str(move.subsystem) for wave in file.plan.waves for move in wave.moves}
    subjects = {name: subject for name, subject in known.items() if name in moving}
    load_library()
    with output.progress("Comparing the objects"):
        compared = asyncio.run(_compared(subjects, context, kubeconfig))
    if form is Format.json:
        output.emit(_facts(compared))
    else:
        _show(compared)
    clean = not any(each.drifts or each.untold for each in compared.values())
    return 0 if clean else 1


async def _compared(
    subjects: Mapping[str, Subject], context: str, kubeconfig: Path | None
) -> dict[str, Compared]:
    from migrator.conductor.clock import wall_now
    from migrator.platform.kubernetes.connecting import connected
    from migrator.platform.kubernetes.drift import compare

    async with connected(context, wall=wall_now, kubeconfig=kubeconfig) as client:
        return {name: await compare(client, subject) for name, subject in subjects.items()}


def _facts(compared: Mapping[str, Compared]) -> dict[str, object]:
    """All of it for programs."""
    return {
        "drifts": [
            {
                "subsystem": subsystem,
                "object": str(drift.name),
                "path": drift.path,
                "manager": drift.manager or None,
                "time": drift.time or None,
                "ours": drift.ours,
                "theirs": drift.theirs,
            }
            for subsystem, found in compared.items()
            for drift in found.drifts
        ],
        "compared": sum(len(found.compared) for found in compared.values()),
        "not_applied": [str(name) for found in compared.values() for name in found.not_ours],
        "not_compared": [
            {"object": str(name), "why": why}
            for found in compared.values()
            for name, why in found.untold
        ],
    }


def _show(compared: Mapping[str, Compared]) -> None:
    for subsystem, found in compared.items():
        for drift in found.drifts:
            output.show(f"{subsystem}: {drift.name} {drift.path}: {_sentence(drift)}")
        for name, why in found.untold:
            output.show(f"{subsystem}: {name} could not be compared: {why}")
    drifts = sum(len(found.drifts) for found in compared.values())
    objects = sum(len(found.compared) for found in compared.values())
    absent = sum(len(found.not_ours) for found in compared.values())
    output.show(
        f"{drifts} fields changed by others in {objects} objects; "
        f"{absent} objects are not there, or there and not applied by migrator"
    )
    if drifts:
        output.say("see: runbooks/drift-found.md")


def _sentence(drift: Drift) -> str:
    when = f" at {drift.time}" if drift.time else ""
    if drift.ours is None:
        return f"{drift.who}{when} added {_value(drift.theirs)}"
    theirs = "nothing" if drift.theirs is None else _value(drift.theirs)
    return f"{drift.who}{when} made it {theirs}; ours is {_value(drift.ours)}"


def _value(value: Plain) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."
