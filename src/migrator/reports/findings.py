"""What a check in CI found, neutral of any tool: findings with a place, cases with an outcome.

Made by `dry-run`, `lint` and `check`; turned into files by `junit.py`, `codequality.py` and
`sarif.py`. Frozen data only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"  # the plan must not be run
    WARNING = "warning"  # a person should look
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `file` is relative to the repository; `line` None for a file as a whole."""

    rule: str  # kebab-case
    severity: Severity
    message: str
    file: str
    line: int | None
    hint: str
    page: str  # the runbook page that says what to do; many rules may share one

    @property
    def fingerprint(self) -> str:
        """The same finding has the same fingerprint when lines above it come or go."""
        text = f"{self.rule}\x1f{self.file}\x1f{self.message}"
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Case:
    """One exercise: done, failed (`failure` says why) or left out (`skipped` says why)."""

    name: str
    group: str
    seconds: float
    failure: str | None
    skipped: str | None


def fingerprints(findings: tuple[Finding, ...] | list[Finding]) -> list[str]:
    """One fingerprint for each finding; twins are told apart by their number."""
    seen: dict[str, int] = {}
    found = []
    for finding in findings:
        base = finding.fingerprint
        seen[base] = seen.get(base, 0) + 1
        nth = seen[base]
        found.append(base if nth == 1 else hashlib.sha256(f"{base}{nth}".encode()).hexdigest())
    return found
