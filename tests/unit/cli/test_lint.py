"""`migrator lint` names everything in a hand-edited plan that does not hold, with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from planned import a_planned_estate, edit


def lint(plan: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = app.run(["lint", str(plan), "--format", "json"])
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return code, facts


def test_a_plan_as_it_was_made_may_be_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    assert app.run(["lint", str(plan)]) == 0
    said = capsys.readouterr().out
    assert "warning:" in said
    assert "no errors" in said


def test_every_error_has_its_line_and_the_exit_code_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    line = edit(plan, "recipe: stateless", "recipe: stateful")
    edit(plan, "waves_per_attempt_max: 3", "waves_per_attempt_max: 0")
    assert app.run(["lint", str(plan)]) == 2
    said = capsys.readouterr()
    assert f"error: {plan}:{line}: waves[" in said.out
    assert "2 errors" in said.out
    assert "runbooks/unsound-plan.md" in said.err


def test_the_facts_for_programs_carry_rule_line_and_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    line = edit(
        plan, "gates: {default: no-go, deadline: 1h}", "gates: {default: no-go, deadline: 0m}"
    )
    code, facts = lint(plan, capsys)
    assert (code, facts["errors"]) == (2, 1)
    findings = facts["findings"]
    assert isinstance(findings, list)
    assert findings[0] == {
        "severity": "error",
        "rule": "policy",
        "file": str(plan),
        "line": line,
        "path": "policy.gates.deadline",
        "message": "a gate with 0 minutes to answer",
        "hint": "write a deadline such as 1h",
    }


def test_the_keys_are_the_same_for_a_plan_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    _, right = lint(plan, capsys)
    line = edit(plan, "default: no-go", "default: go")
    code, wrong = lint(plan, capsys)
    assert code == 2
    assert set(wrong) == set(right)
    findings = wrong["findings"]
    assert isinstance(findings, list)
    assert [(f["rule"], f["line"]) for f in findings] == [("broken-plan", line)]


def test_an_unreadable_plan_is_an_error_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["lint", str(tmp_path / "none.yaml")]) == 2
    assert "runbooks/plan-not-found.md" in capsys.readouterr().err


def test_a_changed_inventory_makes_it_a_plan_for_another_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    edit(tmp_path / "estate" / "subsystems.yaml", "cpu: 4", "cpu: 5")
    code, facts = lint(plan, capsys)
    assert code == 2
    findings = facts["findings"]
    assert isinstance(findings, list)
    assert findings[0]["rule"] == "plan-for-another-inventory"


def test_an_inventory_that_has_moved_must_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    (tmp_path / "estate").rename(tmp_path / "elsewhere")
    assert app.run(["lint", str(plan)]) == 2
    assert "--inventory DIR" in capsys.readouterr().err
    assert app.run(["lint", str(plan), "--inventory", str(tmp_path / "elsewhere")]) == 0


def test_acts_whose_amended_files_could_not_be_tried_out_are_a_remark_and_no_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    command = "in_doubt: repeat, command: {run: [sh, x.sh], files: [x.sh]}"
    _, before = lint(plan, capsys)
    edit(plan, "undo: [remove]}", f"undo: [remove], {command}}}")
    code, facts = lint(plan, capsys)
    acts = facts["without_dry_run"]
    assert isinstance(acts, list)
    assert [str(act).partition("/")[2] for act in acts] == ["prepare"]
    assert (code, facts["warnings"]) == (0, before["warnings"])
    assert app.run(["lint", str(plan)]) == 0
    said = "1 act by command declares no dry run, so that an amended file is not tried out: "
    assert f"{said}{acts[0]}" in capsys.readouterr().err
    edit(plan, command, f"{command}, dry_run: {{run: [sh, x.sh, check], files: [x.sh]}}")
    _, facts = lint(plan, capsys)
    assert facts["without_dry_run"] == before["without_dry_run"] == []
