"""`migrator approve` writes an approval for the merge request, or says whether one counts."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest

from migrator.cli import app, approve
from migrator.cli.plan_files import open_plan, open_with_inventory
from migrator.plan.seal import make_seal, seal_to_text
from planned import a_planned_estate, edit


def seal_beside(plan: Path, *, passed: bool = True) -> Path:
    """Write what a dry run would write."""
    seal = make_seal(
        "small",
        open_with_inventory(open_plan(plan), None).inputs(),
        passed=passed,
        seed=1,
        steps_exercised=["switch"],
        undos_exercised=["remove"],
        waves_unwound=["w01"],
        not_exercised=[],
    )
    path = plan.with_suffix(".seal.json")
    path.write_text(seal_to_text(seal), "utf-8")
    return path


def check(plan: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    capsys.readouterr()
    code = app.run(["approve", str(plan), "--check", "--format", "json"])
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return code, facts


def test_an_approval_is_written_beside_the_plan_and_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    assert app.run(["approve", str(plan), "--as", "anna", "--statement", "go"]) == 0
    said = capsys.readouterr()
    assert "anna (asserted; user " in said.out
    assert "without a dry run" in said.err
    assert (tmp_path / "plan.approval.yaml").is_file()
    code, facts = check(plan, capsys)
    assert (code, facts["valid"]) == (0, True)
    assert not list(tmp_path.glob("*.new"))


def test_a_second_approval_is_added_and_the_first_is_left(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    assert app.run(["approve", str(plan), "--as", "anna"]) == 0
    first = (tmp_path / "plan.approval.yaml").read_text("utf-8")
    assert app.run(["approve", str(plan), "--as", "bo"]) == 0
    assert (tmp_path / "plan.approval.yaml").read_text("utf-8").startswith(first)


def test_the_seal_beside_the_plan_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    seal_beside(plan)
    assert app.run(["approve", str(plan), "--as", "anna"]) == 0
    assert "seal " in capsys.readouterr().out


def test_a_seal_that_was_named_is_taken_and_the_facts_are_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    seal = seal_beside(plan).rename(tmp_path / "other.json")
    arguments = ["approve", str(plan), "--as", "anna", "--seal", str(seal), "--format", "json"]
    assert app.run(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert len(facts["approval"]["seal"].replace(" ", "")) == 16


@pytest.mark.parametrize("passed", [True, False])
def test_a_seal_that_does_not_fit_is_refused(tmp_path: Path, *, passed: bool) -> None:
    plan = a_planned_estate(tmp_path)
    seal_beside(plan, passed=passed)
    if passed:
        edit(plan, "soak: 30m,", "soak: 25m,")
    assert app.run(["approve", str(plan), "--as", "anna"]) == 2
    assert not (tmp_path / "plan.approval.yaml").exists()


def test_a_seal_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    assert app.run(["approve", str(plan), "--as", "anna", "--seal", "no.json"]) == 2
    assert "runbooks/seal-not-found.md" in capsys.readouterr().err


def test_nobody_approves_what_lint_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    edit(plan, "waves_per_attempt_max: 3", "waves_per_attempt_max: 0")
    edit(plan, "deadline: 1h", "deadline: 0m")
    assert app.run(["approve", str(plan), "--as", "anna"]) == 2
    said = capsys.readouterr().err
    assert "2 things do not hold" in said
    assert "runbooks/unsound-plan.md" in said


def test_nobody_approves_a_plan_for_another_inventory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    edit(tmp_path / "estate" / "subsystems.yaml", "cpu: 4", "cpu: 5")
    assert app.run(["approve", str(plan), "--as", "anna"]) == 2
    assert "runbooks/plan-for-another-inventory.md" in capsys.readouterr().err


def test_whoever_decides_at_no_gate_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    assert app.run(["approve", str(plan), "--as", "cia"]) == 2
    assert "anna, bo" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--as", "anna", "--check"]])
def test_one_either_approves_or_asks(tmp_path: Path, arguments: list[str]) -> None:
    assert app.run(["approve", str(a_planned_estate(tmp_path)), *arguments]) == 2


def test_without_an_approval_a_live_run_will_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    assert app.run(["approve", str(plan), "--check"]) == 3
    assert "nobody has approved" in capsys.readouterr().out


def test_a_change_that_lapses_the_approval_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    app.run(["approve", str(plan), "--as", "anna"])
    edit(plan, "soak: 30m,", "soak: 25m,")
    capsys.readouterr()
    assert app.run(["approve", str(plan), "--check"]) == 3
    said = capsys.readouterr().out
    assert "anna" in said
    assert "the plan changed: policy (lapses it)" in said


def test_a_change_that_the_policy_tolerates_is_named_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    edit(plan, "inventory, links, manifests, program_major]", "inventory]")
    app.run(["approve", str(plan), "--as", "anna"])
    approvals = tmp_path / "plan.approval.yaml"
    edit(approvals, "program_version: ", 'program_version: "9.9.9" # was ')
    capsys.readouterr()
    assert app.run(["approve", str(plan), "--check"]) == 0
    assert "it was 9.9.9 (tolerated by the policy)" in capsys.readouterr().out


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert approve._system_user().startswith("uid ")
