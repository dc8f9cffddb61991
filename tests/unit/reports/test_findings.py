"""Findings and their fingerprints."""

from __future__ import annotations

from dataclasses import replace

from migrator.reports.findings import Finding, Severity, fingerprints

ONE = Finding(
    "plan-late", Severity.ERROR, "w02 ends late", "plans/x.yaml", 12, "move it", "unsound-plan"
)


def test_a_fingerprint_survives_lines_that_come_or_go_above() -> None:
    assert ONE.fingerprint == replace(ONE, line=99, hint="another hint").fingerprint
    assert ONE.fingerprint != replace(ONE, message="w03 ends late").fingerprint


def test_twins_have_fingerprints_of_their_own() -> None:
    found = fingerprints([ONE, ONE, replace(ONE, line=3)])
    assert len(set(found)) == 3
    assert found[0] == ONE.fingerprint
