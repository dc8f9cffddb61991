"""SARIF, as GitHub reads it."""

from __future__ import annotations

import json

from migrator.reports.findings import Finding, Severity
from migrator.reports.sarif import sarif_json

FINDINGS = (
    Finding(
        "plan-late",
        Severity.ERROR,
        "w02 ends late",
        "./plans/åtta vågor.yaml",
        12,
        "move it",
        "unsound-plan",
    ),
    Finding(
        "plan-late",
        Severity.WARNING,
        "w03 ends late",
        "plans/x.yaml",
        None,
        "move it",
        "unsound-plan",
    ),
    Finding(
        "assumed", Severity.NOTE, "8 durations are assumed", "plans/x.yaml", 3, "", "unsound-plan"
    ),
)


def test_results_point_to_their_rules_and_places() -> None:
    document = json.loads(sarif_json(FINDINGS, "0.1.0"))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["plan-late", "assumed"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert result["partialFingerprints"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]


def test_a_path_is_a_uri_and_a_file_as_a_whole_has_no_line() -> None:
    first, second, _ = json.loads(sarif_json(FINDINGS, "0.1.0"))["runs"][0]["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "plans/%C3%A5tta%20v%C3%A5gor.yaml"
    assert place["region"] == {"startLine": 12}
    assert "region" not in second["locations"][0]["physicalLocation"]


def test_a_rule_leads_to_its_runbook_page() -> None:
    (run,) = json.loads(sarif_json(FINDINGS, "0.1.0"))["runs"]
    assert "runbooks/unsound-plan.md" in run["tool"]["driver"]["rules"][0]["help"]["text"]


def test_nothing_found_is_a_run_without_results() -> None:
    (run,) = json.loads(sarif_json((), "0.1.0"))["runs"]
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []
