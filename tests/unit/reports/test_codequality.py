"""Code Quality JSON, as GitLab reads it."""

from __future__ import annotations

import json

from migrator.reports.codequality import codequality_json
from migrator.reports.findings import Finding, Severity

FINDINGS = (
    Finding(
        "plan-late",
        Severity.ERROR,
        "w02 ends late",
        "./plans/x.yaml",
        12,
        "move it",
        "unsound-plan",
    ),
    Finding(
        "assumed",
        Severity.NOTE,
        "8 durations are assumed",
        "plans/x.yaml",
        None,
        "",
        "unsound-plan",
    ),
)


def test_each_finding_has_what_gitlab_asks_for() -> None:
    first, second = json.loads(codequality_json(FINDINGS))
    assert set(first) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert first["severity"] == "critical"
    assert first["location"] == {"path": "plans/x.yaml", "lines": {"begin": 12}}
    assert second["severity"] == "info"
    assert second["location"]["lines"]["begin"] == 1


def test_nothing_found_is_an_empty_list() -> None:
    assert json.loads(codequality_json(())) == []
