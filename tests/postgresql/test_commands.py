"""The commands that take `--store` take an address on a server, and say so where they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import app
from postgresql_server import server

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(root: Path) -> str:
    """A database in which the end of an older run is kept."""
    made = server().database()
    kept = root / "tests" / "replays" / "completed-0.1.0.jsonl"
    assert app.run(["journal", "import", str(kept), "--store", made]) == 0
    return made


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert app.run(list(words)) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_a_run_is_shown_proven_and_exported_as_it_was(
    capsys: pytest.CaptureFixture[str], url: str, root: Path
) -> None:
    assert "all 454 lines are" in told(capsys, "journal", "verify", "latest", "--store", url)
    shown = told(capsys, "journal", "show", "latest", "--after", "453", "--store", url)
    assert "RunEnded" in shown

    told(capsys, "journal", "export", "latest", "-o", "again.jsonl", "--store", url)

    kept = root / "tests" / "replays" / "completed-0.1.0.jsonl"
    assert Path("again.jsonl").read_bytes() == kept.read_bytes()


def test_the_state_of_a_run_is_told(capsys: pytest.CaptureFixture[str], url: str) -> None:
    facts = json.loads(told(capsys, "status", "latest", "--store", url, "--format", "json"))

    assert facts["state"] == "ended"


def test_codes_are_made_for_the_people_who_decide(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    told(capsys, "codes", "latest", "--store", url, "-o", "codes.txt")

    assert Path("codes.txt").stat().st_mode & 0o777 == 0o600
    assert "codes were made" in told(capsys, "codes", "latest", "--store", url, code=2)


def test_a_backup_is_left_to_the_servers_own_tools(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert "pg_dump" in told(capsys, "backup", "--store", url, "-o", "copy.db", code=2)
    assert not Path("copy.db").exists()
