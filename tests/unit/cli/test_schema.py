"""`migrator schema` writes one schema per file, and the line that editors read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.cli.schema import all_schemas, schema_name
from migrator.inventory.schema import json_schemas


def test_one_schema_is_written_per_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["schema", "-o", str(tmp_path / "schemas")]) == 0
    written = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert written == {schema_name(name) for name in all_schemas()}
    people = json.loads((tmp_path / "schemas" / "people.schema.json").read_text(encoding="utf-8"))
    assert people == json_schemas()["people.yaml"]
    line = f"# yaml-language-server: $schema={tmp_path / 'schemas' / 'people.schema.json'}"
    assert line in capsys.readouterr().out


def test_all_schemas_are_printed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["schema", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == all_schemas()


def test_the_file_of_probes_has_a_schema_beside_those_of_the_inventory() -> None:
    assert set(all_schemas()) == {*json_schemas(), "probes.yaml"}


def test_without_a_folder_people_are_told_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["schema"]) == 2
    assert "-o DIR" in capsys.readouterr().err
