"""`migrator diff` says in words what changed between two plans, and what it costs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from migrator.cli import app
from planned import a_planned_estate, edit


@pytest.fixture
def plans(tmp_path: Path) -> tuple[str, str]:
    """A plan, and the same plan with its makespan changed by hand."""
    before = a_planned_estate(tmp_path)
    after = Path(shutil.copy(before, tmp_path / "after.yaml"))
    edit(after, "soak: 30m,", "soak: 45m,")
    return str(before), str(after)


def test_a_plan_is_the_same_as_itself(
    plans: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["diff", plans[0], plans[0]]) == 0
    assert "mean the same" in capsys.readouterr().out


def test_changes_are_told_in_words_and_without_costs_that_says_so(
    plans: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["diff", *plans]) == 0
    said = capsys.readouterr().out
    assert "policy soak_minutes 30m -> 45m" in said
    assert "cost: nothing" in said


def test_costs_are_told_where_there_are_any(
    plans: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(plans[1]).read_text("utf-8")
    last = max(part.split('"')[1] for part in text.split("end: ")[2:])
    Path(plans[1]).write_text(text.replace(last, "2023-10-15T17:00+02:00"), "utf-8")
    assert app.run(["diff", *plans]) == 0
    assert "cost: makespan" in capsys.readouterr().out


def test_the_facts_for_programs_have_changes_and_both_costs(
    plans: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["diff", *plans, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["same"] is False
    assert facts["changes"] == [
        {
            "kind": "policy",
            "subject": "soak_minutes",
            "text": "policy soak_minutes 30m -> 45m",
        }
    ]
    assert facts["costs"]["before"]["exposure_hours"] == 0
    assert set(facts["costs"]["after"]) == {"exposure_hours", "makespan_hours", "moves", "critical"}


def test_without_its_inventory_a_diff_has_no_exposure(
    plans: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "estate").rename(tmp_path / "elsewhere")
    assert app.run(["diff", *plans, "--format", "json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["costs"]["before"]["exposure_hours"] is None
    assert "without exposure" in said.err


def test_an_inventory_that_was_named_must_be_there(plans: tuple[str, str], tmp_path: Path) -> None:
    assert app.run(["diff", *plans, "--inventory", str(tmp_path / "nowhere")]) == 2
