"""`migrator forecast`: a plan in, one screen or one document out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.forecast.text import from_json
from migrator.schedule import process
from planned import a_planned_estate, edit
from playing_weekends import PlainKernel


@pytest.fixture(autouse=True)
def _plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled here: the kernel's process has tests of its own."""
    monkeypatch.setattr(process, "Kernel", PlainKernel)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert app.run(["forecast", *words, "--weekends", "10"]) == 0
    return capsys.readouterr().out


def test_the_screen_answers_first_and_says_what_it_rests_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, str(a_planned_estate(tmp_path))).splitlines()
    assert lines[0] == "small, before the weekend: 10 weekends played, seed 1"
    assert lines[2].startswith("fits ")
    assert lines[2].endswith("% of weekends: all moved by Sun 18:00, rollback included")
    assert any(line.startswith("turn back ") for line in lines)
    assert "On the longest chain most often" in lines
    assert lines[-1].startswith("  - ")


def test_the_document_is_a_forecast_that_is_read_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = str(a_planned_estate(tmp_path))
    text = told(capsys, plan, "--format", "json", "--seed", "3")
    forecast = from_json(text, "stdout")
    assert (forecast.plan, forecast.seed, forecast.weekends) == ("small", 3, 10)
    assert told(capsys, plan, "--format", "json", "--seed", "3") == text
    assert json.loads(text)["would_help"] == []


def test_where_going_back_no_longer_fits_what_would_help_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    subsystems = tmp_path / "estate" / "subsystems.yaml"
    text = subsystems.read_text("utf-8")
    assert "unwind:" in text
    slow = "\n".join(
        line.split("unwind:")[0] + "unwind: {p50: 40h, p80: 50h}" if "unwind:" in line else line
        for line in text.splitlines()
    )
    subsystems.write_text(slow, "utf-8")
    assert app.run(["forecast", str(plan), "--weekends", "10"]) == 0
    shown = capsys.readouterr()
    assert "warning" in shown.err  # the estate is not the one that the plan was made from
    assert "What would help, each tried alone" in shown.out
    assert "twice the engineers and handlers" in shown.out
    assert "full unwind after" in shown.out


def test_a_plan_that_is_none_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_planned_estate(tmp_path)
    line = edit(plan, "name: small", "nome: small")
    assert app.run(["forecast", str(plan)]) == 2
    assert f":{line}: " in capsys.readouterr().err


def test_a_kernel_that_gives_no_answer_is_the_machines_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise process.KernelFailed("the process that simulates weekends ended in mid-answer")

    monkeypatch.setattr(PlainKernel, "weekends", silent)
    assert app.run(["forecast", str(a_planned_estate(tmp_path))]) == 1
    assert "runbooks/forecast-no-answer.md" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--weekends", "9"), ("--weekends", "10001"), ("--seed", "-1")])
def test_a_count_that_makes_no_sense_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    assert app.run(["forecast", str(tmp_path / "plan.yaml"), *words]) == 2
    assert "see: runbooks/usage.md" in capsys.readouterr().err
