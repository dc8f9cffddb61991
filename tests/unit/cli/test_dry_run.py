"""`migrator dry-run` as a CI sees it: exit codes, and files that name every fault with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from migrator.cli import app
from planned import a_planned_estate, edit

FILES: Final = ("--junit", "d.xml", "--codequality", "q.json", "--sarif", "s.sarif")
ROOT = Path(__file__).parents[3]


def exercised(plan: Path, *options: str) -> int:
    return app.run(["dry-run", str(plan), *FILES, *options])


def issues() -> list[dict[str, object]]:
    found = json.loads(Path("q.json").read_text("utf-8"))
    assert isinstance(found, list)
    return found


def place(issue: dict[str, object]) -> tuple[object, object]:
    location = issue["location"]
    assert isinstance(location, dict)
    return location["path"], location["lines"]["begin"]


def failures() -> list[tuple[str, str]]:
    cases = ET.parse("d.xml").getroot().iter("testcase")  # noqa: S314 - we wrote it
    return [(c.get("name", ""), f.text or "") for c in cases for f in c.iter("failure")]


def pages() -> set[str]:
    """The runbook pages that the SARIF file sends people to."""
    (run,) = json.loads(Path("s.sarif").read_text("utf-8"))["runs"]
    return {rule["help"]["text"].rpartition(" ")[2] for rule in run["tool"]["driver"]["rules"]}


def test_a_sound_plan_passes_and_is_sealed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    command = "in_doubt: repeat, command: {run: [sh, x.sh], files: [x.sh]}"
    edit(plan, "undo: [remove]}", f"undo: [remove], {command}}}")
    assert exercised(plan, "--format", "json") == 0
    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert "1 act by command declares no dry run" in said.err
    assert facts["passed"] is True
    assert facts["failures"] == []
    assert Path("plan.seal.json").exists()
    assert failures() == []
    assert all(issue["severity"] == "minor" for issue in issues())


def test_each_error_of_an_unsound_plan_is_a_case_of_its_own_with_its_line(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    line = edit(plan, "recipe: stateless", "recipe: statelesss")
    edit(plan, "waves_per_attempt_max: 3", "waves_per_attempt_max: 0")
    assert exercised(plan) == 2
    assert not Path("plan.seal.json").exists()
    found = failures()
    assert len(found) == len({name for name, _ in found}) >= 2
    assert any(f"{plan.as_posix()}:{line}:" in text for _, text in found)
    assert (plan.as_posix(), line) in [place(issue) for issue in issues()]


def test_every_rule_leads_to_a_page_that_exists(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    edit(plan, "recipe: stateless", "recipe: statelesss")
    edit(tmp_path / "estate" / "subsystems.yaml", "cpu: 4", "cpu: 5")
    assert exercised(plan) == 2
    assert pages() >= {"runbooks/unsound-plan.md", "runbooks/plan-for-another-inventory.md"}
    assert all((ROOT / page).is_file() for page in pages())


def test_a_plan_that_cannot_be_read_is_told_in_the_files_too(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    line = edit(plan, "default: no-go", "default: go")
    assert exercised(plan) == 2
    (issue,) = issues()
    assert issue["check_name"] == "broken-plan"
    assert place(issue) == (plan.as_posix(), line)
    assert len(failures()) == 1
    assert pages() == {"runbooks/broken-plan.md"}


def test_a_fault_of_the_inventory_is_placed_in_the_inventorys_folder(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    line = edit(tmp_path / "estate" / "subsystems.yaml", "kind: batch", "kind: bach")
    assert exercised(plan) == 2
    (issue,) = issues()
    assert place(issue) == ((tmp_path / "estate" / "subsystems.yaml").as_posix(), line)


def test_a_plan_that_is_not_there_is_told_in_the_files_too() -> None:
    assert exercised(Path("plans/none.yaml")) == 2
    (issue,) = issues()
    assert place(issue) == ("plans/none.yaml", 1)
