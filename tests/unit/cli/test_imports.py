"""`migrator import`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli.app import run

IMPORTS = Path(__file__).parent.parent.parent / "fixtures" / "imports"
KEYS = {
    *("subsystems", "components", "links", "ignored"),
    *("suspected", "unresolved", "secrets_masked", "folder"),
}


def test_the_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["import", "kubernetes", str(IMPORTS / "bakery"), "-o", "out"]
    assert run([*arguments, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert set(facts) == KEYS
    assert (facts["subsystems"], facts["links"], facts["folder"]) == (7, 7, "out")
    assert Path("out", "coverage.md").exists()


def test_compose_takes_a_folder_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "compose", str(IMPORTS / "bakery-compose"), "-o", "out"]) == 0
    said = capsys.readouterr()
    assert "written to out" in said.out
    assert "migrator check out" in said.err


def test_a_dry_run_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["import", "compose", str(IMPORTS / "bakery-compose"), "-o", "out", "--dry-run"]
    assert run([*arguments, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] is None
    assert not Path("out").exists()


def test_a_compose_file_may_add_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    compose = str(IMPORTS / "bakery-compose" / "compose.yaml")
    arguments = ["import", "kubernetes", str(IMPORTS / "bakery"), "--compose", compose, "-o", "out"]
    assert run(arguments) == 0
    assert "compose.yaml:" in Path("out", "links.csv").read_text(encoding="utf-8")
    assert capsys.readouterr().out


def test_a_missing_path_is_input_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "kubernetes", "nowhere", "-o", "out"]) == 2
    assert "runbooks/import-path-missing.md" in capsys.readouterr().err
