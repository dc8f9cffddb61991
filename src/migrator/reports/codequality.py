"""Findings as the Code Quality JSON that GitLab shows beside the changed lines.

Called by `dry-run` and `lint`. GitLab wants a line for every finding; a file as a whole is line 1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from migrator.reports.findings import Finding, Severity, fingerprints

_SEVERITIES: Final = {
    Severity.ERROR: "critical",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
}


def codequality_json(findings: Sequence[Finding]) -> str:
    """The file's text; an empty list where nothing was found."""
    issues = [
        {
            "description": f"{finding.message} ({finding.hint})"
            if finding.hint
            else finding.message,
            "check_name": finding.rule,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": finding.file.removeprefix("./"),
                "lines": {"begin": finding.line or 1},
            },
        }
        for finding, fingerprint in zip(findings, fingerprints(list(findings)), strict=True)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
