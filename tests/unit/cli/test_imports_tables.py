"""`migrator import csv`, `azure-migrate` and `aws-discovery`: what they print, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli.app import run

TABLE = "from,to,port\nweb,db,5432\nweb,db,many\n"
MAP = "columns: {source: from, target: to, port: port}\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text(MAP, encoding="utf-8")
    Path("flows.csv").write_text(TABLE, encoding="utf-8")
    return Path("flows.csv")


def test_bad_rows_stop_the_import_with_their_lines(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", "csv", str(table), "--map", "map.yaml", "-o", "out"]) == 2
    said = capsys.readouterr().err
    assert "flows.csv:3: port: 'many' is no port" in said
    assert "runbooks/table-rows.md" in said
    assert not Path("out").exists()


def test_the_counts_and_what_columns_were_taken_for_are_shown(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["import", "csv", str(table), "--map", "map.yaml", "-o", "out", "--skip-bad-rows"]
    assert run(arguments) == 0
    said = capsys.readouterr()
    assert "rows_bad" in said.out
    assert "written to out" in said.out
    assert "flows.csv  from    source" in said.out
    assert run(["check", "out"]) == 0


def test_the_json_has_the_promised_keys(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["import", "csv", str(table), "--map", "map.yaml", "-o", "out", "--skip-bad-rows"]
    assert run([*arguments, "--dry-run", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["folder"] is None
    assert (facts["links"], facts["rows"], facts["rows_bad"]) == (1, 2, 1)
    assert not Path("out").exists()


def test_a_draft_of_a_map_goes_to_a_file_and_works(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", "csv", str(table), "--suggest-map"]) == 0
    said = capsys.readouterr()
    assert "3 columns found" in said.err
    Path("map.yaml").write_text(said.out, encoding="utf-8")
    arguments = ["import", "csv", str(table), "--map", "map.yaml", "-o", "out", "--skip-bad-rows"]
    assert run(arguments) == 0


@pytest.mark.parametrize("left_out", ["--map", "-o"])
def test_without_a_map_or_a_folder_it_says_what_is_missing(
    table: Path, capsys: pytest.CaptureFixture[str], left_out: str
) -> None:
    options = {"--map": "map.yaml", "-o": "out"}
    del options[left_out]
    given = [word for pair in options.items() for word in pair]
    assert run(["import", "csv", str(table), *given]) == 2
    assert "--suggest-map" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["azure-migrate", "aws-discovery"])
def test_a_file_of_another_kind_is_input_to_mend(
    table: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["import", name, str(table), "-o", "out"]) == 2
    assert "runbooks/" in capsys.readouterr().err
