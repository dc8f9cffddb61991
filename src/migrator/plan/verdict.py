"""Lint's errors as one InputError: a plan that does not hold is not run.

Called by `wiring.load_plan`. Warnings pass; `migrator lint` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from migrator.errors import Fault, InputError
from migrator.inventory.yaml_text import Document
from migrator.plan.findings import Finding, Severity
from migrator.plan.lint import ANOTHER_INVENTORY


def refuse_findings(path: Path, document: Document, findings: Iterable[Finding]) -> None:
    """Raise InputError with every finding that is an error; do nothing when there is none."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return
    another = any(finding.rule == ANOTHER_INVENTORY for finding in errors)
    raise InputError(
        ANOTHER_INVENTORY if another else "plan-does-not-hold",
        f"{path} cannot be run as it is: {errors[0].message}",
        hint=errors[0].hint if len(errors) == 1 else f"migrator lint {path} names all of them",
        faults=tuple(
            Fault(
                str(path),
                document.line(finding.path),
                ".".join(str(part) for part in finding.path),
                finding.message,
            )
            for finding in errors
        ),
    )
