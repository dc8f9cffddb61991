"""`migrator report`, `print` and `brief`, from real files to pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from pages import read_page
from planned import a_planned_estate


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return a_planned_estate(tmp_path)


@pytest.fixture
def rehearsed(plan: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The name of a rehearsal that is kept in the default store."""
    app.run(["rehearse", str(plan), "--no-accidents", "--format", "json"])
    name = json.loads(capsys.readouterr().out)["run"]
    assert isinstance(name, str)
    return name


def test_a_report_is_a_page_by_default_when_a_file_is_named(
    rehearsed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["report", rehearsed, "-o", "report.html", "--lang", "sv"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "report.html" in said.err
    page = read_page(Path("report.html").read_text("utf-8"))
    assert page.language == "sv"
    assert page.text.count("ÖVNING") >= 3
    assert page.unbalanced == []
    assert not list(Path().glob(".report*"))


def test_a_run_is_reported_from_the_store_that_holds_it(
    rehearsed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".migrator").rename("elsewhere")
    assert app.run(["report", rehearsed, "--store", "elsewhere", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == rehearsed
    assert app.run(["report", rehearsed]) == 2


def test_without_a_file_the_facts_go_to_stdout(
    rehearsed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["report", "latest", "--lang", "en"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("PRACTICE")
    assert app.run(["report", rehearsed, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["run"] == rehearsed
    assert facts["both_live_seconds"] == 0
    assert facts["journal_hash"] in text


def test_the_language_follows_the_environment_unless_told(
    rehearsed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    app.run(["report", rehearsed])
    assert capsys.readouterr().out.startswith("ÖVNING")
    app.run(["report", rehearsed, "--lang", "en"])
    assert capsys.readouterr().out.startswith("PRACTICE")


def test_a_file_in_no_folder_is_refused_before_anything_is_written(
    rehearsed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["report", rehearsed, "-o", "nowhere/report.html"]) == 2
    assert "runbooks/output-not-possible.md" in capsys.readouterr().err


def test_the_paper_runbook_is_live_unless_marked_as_practice(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["print", str(plan), "--lang", "en"]) == 0
    assert capsys.readouterr().out.startswith("LIVE")
    assert app.run(["print", str(plan), "--practice", "-o", "p.html", "--lang", "sv"]) == 0
    page = read_page(Path("p.html").read_text("utf-8"))
    assert "ÖVNING" in page.text
    assert "SKARPT" not in page.text


def test_the_decision_sheet_takes_the_seal_that_lies_beside_the_plan(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["brief", str(plan), "--lang", "en"]) == 0
    assert "No dry run is sealed for this plan." in capsys.readouterr().out
    assert app.run(["brief", str(plan), "--seal", "absent.json"]) == 2
    assert "runbooks/seal-not-found.md" in capsys.readouterr().err
