"""`migrator learn`: rehearsals into a file, and the file into a forecast."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.forecast.learned_text import read_learned
from migrator.schedule import process
from planned import a_planned_estate
from playing_weekends import PlainKernel


@pytest.fixture(autouse=True)
def _plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled here: the kernel's process has tests of its own."""
    monkeypatch.setattr(process, "Kernel", PlainKernel)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plan that was rehearsed once."""
    monkeypatch.chdir(tmp_path)
    path = str(a_planned_estate(tmp_path))
    assert app.run(["rehearse", path, "--seed", "1"]) == 0
    return path


def test_a_rehearsal_is_learned_from_only_where_that_is_said(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan
    assert app.run(["learn", "latest", "-o", "learned.yaml"]) == 2
    assert "runbooks/learned-rehearsals.md" in capsys.readouterr().err
    assert not Path("learned.yaml").exists()
    assert app.run(["learn", "latest", "latest", "--rehearsals", "-o", "learned.yaml"]) == 0
    shown = capsys.readouterr()
    assert "simulated" in shown.out
    assert "migrator forecast PLAN --learned learned.yaml" in shown.err
    found = read_learned(Path("learned.yaml"))
    assert [run.source for run in found.runs] == ["simulated"]  # named twice, counted once


def test_a_forecast_uses_what_was_learned_and_says_so(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["learn", "latest", "--rehearsals", "-o", "l.yaml"]) == 0
    text = Path("l.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if "act:" in line]
    assert lines
    capsys.readouterr()
    assert app.run(["forecast", plan, "--weekends", "10", "--learned", "l.yaml"]) == 0
    assert "learned from 1 run (1 simulated)" in capsys.readouterr().out


def test_the_documents_can_be_read_by_programs(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan
    capsys.readouterr()
    assert app.run(["learn", "latest", "--rehearsals", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["file"] is None
    assert facts["durations"]["kinds"]
    assert app.run(["learn", "latest", "--rehearsals"]) == 0
    assert capsys.readouterr().out.startswith("# What runs taught")


def test_a_learned_file_of_another_estate_is_refused(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["learn", "latest", "--rehearsals", "-o", "l.yaml"]) == 0
    path = Path("l.yaml")
    lines = [
        "estate: elsewhere" if x.startswith("estate:") else x
        for x in path.read_text("utf-8").splitlines()
    ]
    path.write_text("\n".join(lines), "utf-8")
    assert app.run(["forecast", plan, "--learned", "l.yaml"]) == 2
    assert "runbooks/learned-elsewhere.md" in capsys.readouterr().err


def test_a_forecast_from_where_a_run_stood(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    words = ["forecast", plan, "--weekends", "10", "--run", "latest"]
    assert app.run([*words, "--at", "2h"]) == 0
    assert "as of " in capsys.readouterr().out
    assert app.run([*words, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["at"] is not None
    assert all(wave["over"] for wave in facts["waves"])
    assert facts["would_help"] == []


def test_a_moment_without_a_run_and_a_run_of_another_plan_are_refused(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["forecast", plan, "--at", "03:00"]) == 2
    assert "--run RUN" in capsys.readouterr().err
    text = Path(plan).read_text("utf-8")
    Path("other.yaml").write_text(text.replace("name: small", "name: other"), "utf-8")
    assert app.run(["forecast", "other.yaml", "--run", "latest"]) == 2
    assert "runbooks/run-of-another-plan.md" in capsys.readouterr().err
