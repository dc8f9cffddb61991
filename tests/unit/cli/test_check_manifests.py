"""`migrator check` judges the manifests, too, and tells what they hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import edited, write_inventory
from migrator.cli import app
from migrator.cli.check_manifests import FINDINGS_SHOWN_MAX, ManifestsSeen
from migrator.platform.kubernetes.manifest_files import Finding
from migrator.platform.kubernetes.manifest_schema import installed_schemas

SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"
)
CUTOVER = "fronts:\n  - service: web\n    old: [{addresses: [10.0.0.9], number: 80}]\n"


def an_inventory(folder: Path, subsystem: str = "", **files: str) -> Path:
    """The small estate with manifests for one of its subsystems."""
    place = write_inventory(folder, **({"subsystems": subsystem} if subsystem else {}))
    manifests = place / "manifests" / "ledger"
    manifests.mkdir(parents=True)
    for name, text in files.items():
        (manifests / f"{name}.yaml").write_text(text, encoding="utf-8")
    return place


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = app.run(["check", str(folder), "--format", "json"])
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return code, facts


def test_what_the_manifests_hold_is_counted_and_findings_do_not_fail_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, facts = check(an_inventory(tmp_path / "ours", app=SERVICE, cutover=CUTOVER), capsys)
    assert code == 0
    schemas = installed_schemas()
    assert facts["manifests"] == {
        "subsystems": 1,
        "objects": 1,
        "by_kind": {"Service": 1},
        "fronts": 1,
        "databases": 0,
        "fields_checked": schemas.version if schemas else None,
        "findings": [
            {
                "file": "manifests/ledger/app.yaml",
                "line": 4,
                "path": "spec.selector",
                "rule": "front-without-pods",
                "message": "chooses no pods of these manifests; the new side would stay empty",
            }
        ],
    }


def test_people_see_them_in_the_table_and_the_findings_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["check", str(an_inventory(tmp_path / "o", app=SERVICE, cutover=CUTOVER))]) == 0
    told = capsys.readouterr()
    assert any(line.split() == ["manifests", "1", "1", "Service"] for line in told.out.splitlines())
    assert "warning: manifests/ledger/app.yaml:4: spec.selector: chooses no pods" in told.err


def test_faults_have_their_file_and_line_for_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = SERVICE.replace("name: web}", "name: web, namespace: other}")
    folder = an_inventory(tmp_path / "ours", app=wrong, cutover=CUTOVER.replace("web", "wbe"))
    assert app.run(["check", str(folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "manifests/ledger/app.yaml:3: metadata.namespace: wants the subsystem's" in told.err
    assert "manifests/ledger/cutover.yaml:2: fronts[0].service: no Service 'wbe'" in told.err
    assert "see: runbooks/invalid-manifests.md" in told.err


def test_faults_have_them_for_programs_under_the_same_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, right = check(write_inventory(tmp_path / "right"), capsys)
    code, facts = check(an_inventory(tmp_path / "wrong", app="kind: X\n"), capsys)
    assert (code, set(facts)) == (2, set(right))
    assert right["manifests"] == ManifestsSeen().facts()
    assert facts["faults"] == [
        {"file": "manifests/ledger/app.yaml", "line": 1, "path": "", "message": message}
        for message in ("the key 'apiVersion' is missing", "the key 'metadata.name' is missing")
    ]


def test_faults_of_inventory_and_manifests_are_told_together_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = edited("subsystems", "kind: batch", "kind: bach")
    folder = an_inventory(tmp_path / "ours", text, app="kind: X\n---\na: [\n", more="kind: X\n")
    code, facts = check(folder, capsys)
    faults = facts["faults"]
    assert isinstance(faults, list)
    assert (code, facts["fault_count"]) == (2, 4)
    assert [fault["file"] for fault in faults] == [
        "manifests/ledger/app.yaml",
        *["manifests/ledger/more.yaml"] * 2,
        "subsystems.yaml",
    ]


def test_more_findings_than_a_screen_holds_are_counted() -> None:
    findings = tuple(Finding("a.yaml", n, "", "r", "m") for n in range(FINDINGS_SHOWN_MAX + 3))
    lines = ManifestsSeen(findings=findings).warnings()
    assert len(lines) == FINDINGS_SHOWN_MAX + 1
    assert lines[-1] == "and 3 more; --format json has them all"
    assert ManifestsSeen(findings=findings[:1]).warnings() == ["warning: a.yaml:0: m"]


def test_fields_that_nobody_checked_are_told() -> None:
    (line,) = ManifestsSeen(subsystems=1).warnings()
    assert "install migrator[schemas]" in line
    assert ManifestsSeen(subsystems=1, fields_checked="1.37").warnings() == []
