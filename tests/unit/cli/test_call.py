"""`migrator call FILE`: a notices file is looked over, and its channels are tried out."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

import practising
from calls import FILE
from migrator.cli import app


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notices.yaml"
    path.write_text(FILE)
    return path


def test_a_right_file_is_told_in_a_line_and_nothing_is_sent(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["call", str(file)]) == 0
    told = capsys.readouterr()
    assert "mode on; channels: mail, ops; 4 people" in told.out
    assert "nothing was sent" in told.err


def test_a_wrong_file_is_refused_with_its_faults(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(FILE.replace("mode: on", "mode: loud"))
    assert app.run(["call", str(file)]) == 2
    assert "runbooks/notices-file.md" in capsys.readouterr().err


def test_every_channel_is_tried_and_each_answer_told(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file.write_text(FILE.replace("2525", str(port)).replace(":9/", f":{port}/"))
    monkeypatch.setenv("OPS_SECRET", "s3cret")
    asked = ["call", str(file), "--test", "--to", "me@example.org"]
    assert app.run(asked) == 1
    told = capsys.readouterr().out
    assert told.count("FAILED") == 2
    assert "s3cret" not in told
    assert app.run([*asked, "--format", "json"]) == 1
    tested = json.loads(capsys.readouterr().out)["tested"]
    assert [(each["channel"], each["took"]) for each in tested] == [("mail", False), ("ops", False)]


def test_a_test_by_mail_wants_an_address(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["call", str(file), "--test"]) == 2
    assert "--to ADDRESS" in capsys.readouterr().err


def test_a_secret_that_is_not_there_is_a_channel_that_failed(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPS_SECRET", raising=False)
    assert app.run(["call", str(file), "--test", "--to", "me@example.org"]) == 1
    assert "OPS_SECRET is not set" in capsys.readouterr().out


def test_whom_a_rehearsal_would_have_called_is_written_down_and_counted(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.played()
    assert app.run(["call", str(file), "--of", "latest", "--format", "json"]) == 0
    counted = json.loads(capsys.readouterr().out)["would_call"]
    written = [*(practising.FOLDER / "calls" / "played-would-be").glob("*.txt")]
    assert sum(counted.values()) == len(written)
    assert app.run(["call", str(file), "--of", "latest"]) == 0
    assert "written, and not sent" in capsys.readouterr().out
