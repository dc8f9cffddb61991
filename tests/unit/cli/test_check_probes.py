"""`migrator check` judges probes.yaml with everything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import write_inventory
from migrator.cli import app
from migrator.cli.check_manifests import ManifestsSeen
from migrator.cli.check_probes import ProbesSeen, error_of
from migrator.errors import Fault

PROBES = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}, {id: idle, kind: here}]
stands: [{old: here, new: here}]
addresses: {web.app: 10.0.0.1}
waived: [{link: l-1, who: Kim, why: known, until: 2020-01-01}]
"""
WRONG = Fault("probes.yaml", 1, "allow", "no network is allowed")


def estate(folder: Path, probes: str) -> Path:
    write_inventory(folder)
    (folder / "probes.yaml").write_text(probes, "utf-8")
    return folder


def test_what_is_declared_is_counted_and_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["check", str(estate(tmp_path, PROBES))]) == 0
    said = capsys.readouterr()
    assert "1 addresses, 1 waived" in said.out
    assert "probes.yaml:5: waived[0].until: the waiver of Kim ended on 2020-01-01" in said.err
    assert "the vantage point 'idle' speaks for nobody" in said.err
    assert "waived[0].link: there is no link 'l-1'" in said.err


def test_faults_of_the_file_end_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = estate(tmp_path, PROBES.replace("10.0.0.0/8", "0.0.0.0/0"))
    assert app.run(["check", str(folder), "--format", "json"]) == 2
    facts = json.loads(capsys.readouterr().out)
    assert [fault["file"] for fault in facts["faults"]] == ["probes.yaml"]
    assert facts["error"]["reference"] == "invalid-probes"
    assert facts["probes"]["declared"] is True


def test_a_folder_without_the_file_says_so_in_json_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_inventory(tmp_path)
    assert app.run(["check", str(tmp_path)]) == 0
    assert "vantage points" not in capsys.readouterr().out
    assert app.run(["check", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["probes"]["declared"] is False


def test_faults_of_manifests_and_of_probes_are_told_together() -> None:
    broken = Fault("manifests/a/b.yaml", 1, "", "broken")
    manifests, probes = ManifestsSeen(faults=(broken,)), ProbesSeen(True, faults=(WRONG,))
    both = error_of(Path("ours"), manifests, probes)
    assert both is not None
    assert both.faults == (broken, WRONG)
    assert "have 2 faults" in both.message
    assert error_of(Path("ours"), ManifestsSeen(), ProbesSeen()) is None
    one = error_of(Path("ours"), manifests, ProbesSeen())
    assert one is not None
    assert one.faults == (broken,)
