"""The command's own part: its defaults, what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli.app import run


def test_whole_sample_and_its_links_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sample", "here", "--subsystems", "10", "--links", "100", "--seed", "4"]
    assert run([*words, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["subsystems"] == {"moving": 10, "staying": 1, "partners": 1}
    assert facts["links"] == 100
    assert facts["seed"] == 4
    assert "links.csv" in facts["files"]
    assert facts["edited"] == []
    assert run(["sample", "here", "--links-only", "--parquet"]) == 0
    shown = capsys.readouterr()
    assert "written: links.parquet" in shown.out
    assert "next: migrator check here" in shown.err
    assert not Path("here/links.csv").exists()


def test_default_is_the_default_estate(capsys: pytest.CaptureFixture[str]) -> None:
    # Few links, so that the test is quick; all else is left to the defaults.
    assert run(["sample", "here", "--links", "100", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["subsystems"]["moving"] == 77
    assert facts["seed"] == 1


def test_edited_files_are_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", "here", "--subsystems", "5", "--links", "50"]) == 0
    Path("here/people.yaml").unlink()
    assert run(["sample", "here", "--links-only"]) == 0
    assert "people.yaml differ from what the generator writes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        (["--subsystems", "0"], "sample-arguments"),
        (["--links", "0"], "sample-arguments"),
        (["--links-only", "--subsystems", "77"], "sample-arguments"),
        (["--links-only", "--force"], "sample-arguments"),
        (["--links-only"], "sample-folder"),
        (["--subsystems", "many"], "usage"),
    ],
)
def test_nonsense_names_its_page_and_exits_2(
    words: list[str], reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sample", "here", *words]) == 2
    assert f"see: runbooks/{reference}.md" in capsys.readouterr().err
    assert not Path("here").exists()


def test_links_zero_is_not_taken_for_the_recorded_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["sample", "here", "--subsystems", "5", "--links", "50"]) == 0
    assert run(["sample", "here", "--links-only", "--links", "0"]) == 2
    assert "--links 0" in capsys.readouterr().err
