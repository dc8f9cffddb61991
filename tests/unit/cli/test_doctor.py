"""The doctor finds what is wrong, says what to do about it, and changes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import practising
from builders import write_inventory
from migrator.cli import app, doctor, doctor_machine
from migrator.plan.text import plan_to_text
from migrator.store.sql import open_store
from small_plan import a_plan


def test_every_finding_that_is_not_well_says_what_to_do() -> None:
    practising.begun()
    assert [f for f in doctor.examine(".migrator") if (f.verdict == "ok") != (f.mend == "")] == []


def test_findings_are_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["doctor"]) == 0
    assert "ok       Python: 3." in capsys.readouterr().out


def test_failed_finding_makes_the_command_fail_and_is_mended_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("migrator.cli.doctor_store.os.access", lambda _place, _mode: False)
    assert app.run(["doctor", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    failed = [each for each in findings if each["verdict"] == "failed"]
    assert [each["what"] for each in failed] == ["store"]
    assert failed[0].keys() == {"what", "found", "verdict", "mend"}
    assert app.run(["doctor"]) == 1
    assert "mend: give this user the folder" in capsys.readouterr().out


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    practising.begun()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    list(doctor.examine(".migrator"))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    shutil.rmtree(practising.FOLDER)
    list(doctor.examine(".migrator"))
    assert list(tmp_path.iterdir()) == []


def test_both_kinds_of_stores_are_looked_at() -> None:
    practising.begun()
    with open_store(practising.FOLDER, practice=False):
        pass
    stores = [each.found for each in doctor.examine(".migrator") if each.what == "store"]
    assert [("live, 0 runs" in text, "practice, 1 run," in text) for text in stores] == [
        (True, False),
        (False, True),
    ]


def test_broken_store_is_a_finding_and_the_rest_is_still_looked_at() -> None:
    practising.FOLDER.mkdir()
    (practising.FOLDER / "practice.db").write_bytes(b"poetry" * 99)
    findings = list(doctor.examine(".migrator"))
    assert [each.what for each in findings if each.verdict == "failed"] == ["store"]
    assert findings[-1].what == "clock"


def test_server_that_does_not_answer_is_one_finding_and_its_password_is_not_shown() -> None:
    findings = list(doctor.examine("postgresql://anna:hunter2@127.0.0.1:1/runs"))
    stores = [each for each in findings if each.what == "store"]
    assert [each.verdict for each in stores] == ["failed"]
    assert "hunter2" not in repr(findings)
    assert [each for each in findings if each.what == "fsync"] == []


def test_plan_adds_its_window_and_the_stores_place(tmp_path: Path) -> None:
    write_inventory(tmp_path / "estate")
    plan = tmp_path / "estate" / "plan.yaml"
    plan.write_text(plan_to_text(a_plan()), encoding="utf-8")
    findings = list(doctor.examine(".migrator", plan, tmp_path / "estate"))
    assert "it is over" in next(f for f in findings if f.what == "window").found
    assert "cannot be known" in next(f for f in findings if f.what == "store's place").found


def test_plan_that_is_none_is_input_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["doctor", "nothing.yaml"]) == 2
    assert "see: runbooks/plan-not-found.md" in capsys.readouterr().err


def test_the_help_and_the_status_load_neither_log_nor_metrics() -> None:
    program = (
        "import sys; from migrator.cli.app import run; run(['--help']); run(['status', 'latest']);"
        "print([m for m in ('structlog', 'prometheus_client') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_order_ends_with_the_clock_so_that_it_is_watched_for_as_long_as_possible() -> None:
    assert [each.what for each in doctor.examine(".migrator")][-1] == "clock"
    assert doctor_machine.Clocks.now().steady > 0
