"""`migrator lint`: does this plan hold, with this inventory?

Prints every finding at once, with the line of the plan file it is about and how to mend it. It
judges nothing itself: `plan/lint.py` does. With `--format json` the document has the same keys
whether the plan can be read or not, so that a program needs one way to read it.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import (
    InventoryOption,
    PlanArgument,
    PlanWithInventory,
    fault_of,
    open_plan,
    open_with_inventory,
    page_of,
)
from migrator.errors import InputError
from migrator.plan.findings import errors
from migrator.plan.lint_means import without_dry_run

if TYPE_CHECKING:
    from migrator.plan.findings import Finding


def command(
    plan: PlanArgument,
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Check a hand-edited plan against its inventory; name everything that does not hold.

    \b
    Examples:
      migrator lint plans/ours.yaml
      migrator lint plans/ours.yaml --inventory inventories/ours
      migrator lint plans/ours.yaml --format json | jq '.findings[] | select(.severity == "error")'

    Exit code 0: the plan may be run (warnings may be listed). 2: errors are to be mended.
    """
    try:
        opened = open_with_inventory(open_plan(plan), inventory)
    except InputError as error:
        if form is Format.text:
            raise
        output.emit(_unread(plan, error))
        raise typer.Exit(error.exit_code) from None
    findings = opened.lint()
    if form is Format.json:
        output.emit(_facts(opened, findings))
    else:
        _show(opened, findings)
    if _count(findings, "error"):
        raise typer.Exit(InputError.exit_code)


def _show(opened: PlanWithInventory, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        severity = finding.severity.value
        word = output.colour(severity, "red" if severity == "error" else "yellow")
        output.show(f"{word}: {fault_of(finding, opened.file.document)}")
        output.show(f"    {finding.hint} [{finding.rule}]")
    wrong, doubtful = _count(findings, "error"), _count(findings, "warning")
    if wrong:
        output.show(f"{opened.file.path}: {wrong} errors, {doubtful} warnings; not to be run")
        output.say(f"see: runbooks/{page_of(errors(findings))}.md")
    else:
        output.show(f"{opened.file.path}: no errors, {doubtful} warnings; it may be run")
    untried_line(opened)


def untried_line(opened: PlanWithInventory) -> None:
    """Say of which acts `migrator amend` could not try out a file; nothing where of none."""
    from migrator.plan.findings import listing

    acts = without_dry_run(opened.plan.recipes.values())
    if acts:
        what = "1 act by command declares" if len(acts) == 1 else f"{len(acts)} acts by command do"
        no = "no dry run" if len(acts) == 1 else "not declare a dry run"
        output.say(f"{what} {no}, so that an amended file is not tried out: {listing(acts)}")


def _facts(opened: PlanWithInventory, findings: tuple[Finding, ...]) -> dict[str, object]:
    from migrator.plan.digest import plan_digest

    return {
        "plan": opened.file.path,
        "inventory": opened.inventory.folder,
        "digest": plan_digest(opened.plan),
        "errors": _count(findings, "error"),
        "warnings": _count(findings, "warning"),
        "without_dry_run": without_dry_run(opened.plan.recipes.values()),
        "findings": [
            {
                "severity": finding.severity,
                "rule": finding.rule,
                **asdict(fault_of(finding, opened.file.document)),
                "hint": finding.hint,
            }
            for finding in findings
        ],
        "error": None,
    }


def _unread(plan: Path, error: InputError) -> dict[str, object]:
    """The same document for a plan, or an inventory, that cannot be read at all."""
    return {
        "plan": plan,
        "inventory": None,
        "digest": None,
        "errors": max(error.count, 1),
        "warnings": 0,
        "without_dry_run": [],
        "findings": [
            {
                "severity": "error",
                "rule": error.reference,
                **asdict(fault),
                "hint": error.hint,
            }
            for fault in error.faults
        ],
        "error": output.error_facts(error),
    }


def _count(findings: tuple[Finding, ...], severity: str) -> int:
    return sum(finding.severity.value == severity for finding in findings)
