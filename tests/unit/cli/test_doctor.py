"""The doctor finds what is ill, and says what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfoNotFoundError

import pytest

from migrator.cli import app, doctor


def test_every_finding_that_is_not_well_says_what_to_do(tmp_path: Path) -> None:
    assert [f for f in doctor.examine(tmp_path) if f.verdict != "well" and not f.mend] == []


def test_old_sqlite_is_doubtful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = SimpleNamespace(sqlite_version="3.40.1", __name__="sqlite3")
    monkeypatch.setattr("migrator.cli.doctor.importlib.import_module", lambda _name: old)
    finding = next(f for f in doctor.examine(tmp_path) if f.what == "SQLite")
    assert (finding.verdict, finding.found) == ("doubtful", "3.40.1 through sqlite3")


def test_full_disk_is_doubtful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        "migrator.cli.doctor.shutil.disk_usage", lambda _folder: SimpleNamespace(free=1024)
    )
    finding = next(f for f in doctor.examine(tmp_path) if f.what == "disk")
    assert finding.verdict == "doubtful"


def test_store_that_cannot_be_written_makes_the_command_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("migrator.cli.doctor.os.access", lambda _place, _mode: False)
    assert app.run(["doctor", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f["what"] for f in findings if f["verdict"] == "ill"] == ["store"]


def test_findings_are_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["doctor"]) == 0
    assert "Python: 3." in capsys.readouterr().out


def test_machine_without_time_zones_is_ill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("zoneinfo.ZoneInfo", unknown)
    finding = next(f for f in doctor.examine(tmp_path) if f.what == "time zones")
    assert (finding.verdict, finding.mend) == ("ill", "install the package tzdata")


def test_catalogue_that_is_not_compiled_is_ill(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = tmp_path / "locale" / "sv" / "LC_MESSAGES" / "migrator.po"
    written.parent.mkdir(parents=True)
    written.write_text("", encoding="utf-8")
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "cli" / "doctor.py"))
    finding = next(f for f in doctor.examine(tmp_path) if f.what == "message catalogues")
    assert (finding.verdict, finding.found) == ("ill", "not compiled: sv")
    written.with_suffix(".mo").write_bytes(b"")
    finding = next(f for f in doctor.examine(tmp_path) if f.what == "message catalogues")
    assert (finding.verdict, finding.found) == ("well", "sv")


@pytest.mark.parametrize(("columns", "verdict"), [(60, "doubtful"), (80, "well")])
def test_narrow_terminal_is_doubtful(
    columns: int, verdict: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("COLUMNS", str(columns))
    finding = next(f for f in doctor.examine(tmp_path) if f.what == "terminal")
    assert finding.verdict == verdict
