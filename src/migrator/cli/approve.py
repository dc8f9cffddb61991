"""`migrator approve`: write an approval of a plan for the merge request, or say whether one counts.

Who approves is as asserted; the user of the operating system is written beside it. The rules, such
as who may approve and what makes an approval lapse, are in `plan/approval.py`. The approvals file
only ever grows: a person's yes is never rewritten.
"""

from __future__ import annotations

import getpass
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import (
    InventoryOption,
    PlanArgument,
    PlanWithInventory,
    approvals_of,
    approvals_text,
    beside,
    open_plan,
    open_with_inventory,
    read_seal,
    refuse_unsound,
    seal_of,
)
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.plan.approval import Approval, ApprovalVerdict

HELD: Final = 3
"""The exit code where a person has to act: no approval counts."""


def command(
    plan: PlanArgument,
    person: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who approves: an id of people.yaml.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Say what changed since, and whether one still counts.")
    ] = False,
    seal: Annotated[
        Path | None,
        typer.Option("--seal", metavar="FILE", help="The dry run's seal, if not beside the plan."),
    ] = None,
    statement: Annotated[
        str, typer.Option("--statement", metavar="TEXT", help="What the approver wants to add.")
    ] = "",
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> int:
    """Write an approval of a plan, for the merge request; or check the approvals it has.

    \b
    Examples:
      migrator approve plans/ours.yaml --as anna
      migrator approve plans/ours.yaml --as anna --statement "after the rehearsal of 2 October"
      migrator approve plans/ours.yaml --check --format json

    With --check: exit code 0 where one approval counts, 3 where none does.
    """
    if check == (person is not None):
        raise InputError(
            "usage",
            "either approve (--as NAME) or ask about approvals (--check)",
            hint="`migrator approve --help` shows both, with examples",
        )
    opened = open_with_inventory(open_plan(plan), inventory)
    if person is None:
        return _check(opened, form)
    _approve(opened, person, seal, statement, form)
    return 0


def _approve(
    opened: PlanWithInventory, person: str, seal: Path | None, statement: str, form: Format
) -> None:
    from migrator.conductor.clock import wall_now
    from migrator.ids import PersonId
    from migrator.plan.approval import add_approval, approval_path, make_approval

    refuse_unsound(opened)
    path = opened.file.path
    place = beside(path, approval_path(path))
    approval = make_approval(
        opened.plan,
        opened.inventory,
        opened.inputs(),
        PersonId(person),
        _system_user(),
        wall_now(),
        seal=seal_of(path) if seal is None else read_seal(seal),
        statement=statement,
    )
    text = add_approval(approvals_text(path), approval, str(place))
    # Written whole and put in place in one go: half an approval would be none, and hard to see.
    fresh = place.with_name(place.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(place)
    if form is Format.json:
        output.emit({"written": place, "approval": asdict(approval)})
        return
    output.show(f"{person} (asserted; user {approval.system_user}) approves {approval.approved}")
    output.show(f"written: {place}")
    if approval.seal is None:
        output.say("no seal: this plan was approved without a dry run (`migrator dry-run`)")
    else:
        output.show(f"seal {approval.seal}")


def _check(opened: PlanWithInventory, form: Format) -> int:
    from migrator.plan.approval import standing

    approvals = approvals_of(opened.file.path)
    found = standing(opened.plan, opened.inventory, opened.inputs(), approvals)
    valid = any(verdict.valid for _, verdict in found)
    if form is Format.json:
        output.emit(
            {
                "plan": opened.file.path,
                "valid": valid,
                "approvals": [_facts(approval, verdict) for approval, verdict in found],
            }
        )
        return 0 if valid else HELD
    for approval, verdict in found:
        _show(approval, verdict)
    if not found:
        output.show(f"nobody has approved {opened.file.path}")
    output.show(
        "a live run may start" if valid else "a live run will not start: no approval counts"
    )
    return 0 if valid else HELD


def _show(approval: Approval, verdict: ApprovalVerdict) -> None:
    counts = "counts" if verdict.valid else "has lapsed"
    output.show(f"{approval.person}, {approval.at:%Y-%m-%d %H:%M} UTC: {counts}")
    for text in verdict.changed:
        lapses = "lapses it" if text in verdict.lapsed_because else "tolerated by the policy"
        output.show(f"  {text} ({lapses})")


def _facts(approval: Approval, verdict: ApprovalVerdict) -> dict[str, object]:
    return {
        "person": approval.person,
        "system_user": approval.system_user,
        "at": approval.at,
        "approved": approval.approved,
        "statement": approval.statement,
        "seal": approval.seal,
        "valid": verdict.valid,
        "changed": list(verdict.changed),
        "lapsed_because": list(verdict.lapsed_because),
    }


def _system_user() -> str:
    """The operating system's user; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
