"""`migrator draw`: a plan or a run in, pictures out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.schedule import process
from planned import a_planned_estate, edit
from playing_weekends import PlainKernel


@pytest.fixture(autouse=True)
def _plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled here: the kernel's process has tests of its own."""
    monkeypatch.setattr(process, "Kernel", PlainKernel)


@pytest.fixture
def plan(tmp_path: Path) -> str:
    return str(a_planned_estate(tmp_path))


def names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_a_plan_is_drawn_with_a_forecast_of_its_own(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["draw", plan, "-o", "pictures", "--weekends", "10", "--lang", "sv"]) == 0
    found = names("pictures")
    assert {"index.html", "waves.svg", "waves.csv", "turn-back.svg", "fan.svg"} <= found
    assert "Till när man kan vända om" in Path("pictures/turn-back.svg").read_text("utf-8")
    assert "written: pictures/index.html" in capsys.readouterr().err


def test_the_same_plan_gives_the_same_bytes(plan: str) -> None:
    for folder in ("one", "other"):
        assert app.run(["draw", plan, "-o", folder, "--weekends", "10"]) == 0
    for path in Path("one").iterdir():
        assert path.read_bytes() == (Path("other") / path.name).read_bytes()


def test_without_a_forecast_the_pictures_of_chance_are_left_out_and_named(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["draw", plan, "--no-forecast"]) == 0
    assert "waves.svg" in names("plan-pictures")
    assert "turn-back.svg" not in names("plan-pictures")
    assert "no facts for it: turn-back, fan, " in capsys.readouterr().err


def test_a_folder_holds_what_was_drawn_last_and_everything_else_that_was_there(plan: str) -> None:
    assert app.run(["draw", plan, "-o", "pictures", "--no-forecast"]) == 0
    Path("pictures/notes.txt").write_text("mine", "utf-8")
    assert app.run(["draw", plan, "-o", "pictures", "--no-forecast", "--only", "waves"]) == 0
    assert names("pictures") == {"index.html", "waves.svg", "waves.csv", "notes.txt"}


def test_what_no_drawing_wrote_is_not_written_over_unless_forced(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pictures").mkdir()
    Path("pictures/waves.svg").write_text("mine", "utf-8")
    again = ["draw", plan, "-o", "pictures", "--no-forecast"]
    assert app.run(again) == 2
    assert "runbooks/draw-folder-not-ours.md" in capsys.readouterr().err
    assert names("pictures") == {"waves.svg"}
    assert app.run([*again, "--force"]) == 0
    assert Path("pictures/waves.svg").read_text("utf-8") != "mine"


def test_a_file_is_no_folder(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pictures").write_text("mine", "utf-8")
    assert app.run(["draw", plan, "-o", "pictures", "--no-forecast", "--force"]) == 2
    assert "is a file" in capsys.readouterr().err


def test_a_run_is_drawn_with_the_forecast_of_its_plan(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app.run(["rehearse", plan, "--no-accidents", "--format", "json"])
    run = json.loads(capsys.readouterr().out)["run"]
    assert app.run(["forecast", plan, "--weekends", "10", "--format", "json"]) == 0
    Path("f.json").write_text(capsys.readouterr().out, "utf-8")
    assert app.run(["draw", run, "--forecast", "f.json"]) == 0
    folder = f"{run}-pictures"
    assert "fan.svg" in names(folder)
    assert "switched_actual" in Path(folder, "fan.csv").read_text("utf-8")
    assert app.run(["draw", "latest", "-o", "bare"]) == 0
    assert "fan.svg" not in names("bare")


def test_a_forecast_of_another_plan_is_refused(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["forecast", plan, "--weekends", "10", "--format", "json"]) == 0
    Path("f.json").write_text(capsys.readouterr().out, "utf-8")
    edit(Path(plan), "name: small", "name: other")
    assert app.run(["draw", plan, "--forecast", "f.json"]) == 2
    assert "runbooks/forecast-of-another-plan.md" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (["--only", "nothing"], "usage"),
        (["--forecast", "none.json"], "forecast-not-found"),
        (["--forecast", "f.json", "--no-forecast"], "usage"),
        (["--weekends", "20", "--no-forecast"], "usage"),
        (["--only", "fan", "--no-forecast"], "nothing-to-draw"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_page(
    plan: str, words: list[str], page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["draw", plan, "-o", "pictures", *words]) == 2
    assert f"runbooks/{page}.md" in capsys.readouterr().err
    assert not Path("pictures").exists()


def test_a_plan_that_is_not_there_is_not_taken_for_a_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.run(["draw", "nowhere.yaml"]) == 2
    assert "runbooks/plan-not-found.md" in capsys.readouterr().err
