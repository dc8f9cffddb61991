"""`migrator backup` names what it copied, run by run, and says which store was meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.store.sql import open_store
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
STORE = Path(".migrator")


@pytest.fixture(autouse=True)
def head() -> str:
    """One line of a practice run in the default store; its hash."""
    with open_store(STORE, practice=True) as store:
        journal = store.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        (line,) = journal.append([Entry(AT, "anna", ev.RunPaused(""))])
        journal.release()
    return line.hash


def test_the_copy_is_told_with_its_heads(capsys: pytest.CaptureFixture[str], head: str) -> None:
    assert app.run(["backup", "-o", "copy.db"]) == 0

    captured = capsys.readouterr()
    assert captured.out == f"weekend: 1 lines, head {head}\n"
    assert captured.err == "copy.db: 1 practice runs, every journal proven\n"


def test_a_copy_without_a_name_lies_beside_the_store(
    capsys: pytest.CaptureFixture[str], head: str
) -> None:
    assert app.run(["backup", "--format", "json"]) == 0

    facts = json.loads(capsys.readouterr().out)
    assert Path(facts["file"]).parent == STORE / "backups"
    assert facts["runs"] == {"weekend": {"lines": 1, "head": head}}
    with open_store(facts["file"], practice=True, create=False) as copy:
        assert [row.name for row in copy.runs()] == ["weekend"]


def test_nothing_is_guessed_where_there_are_both_kinds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    open_store(STORE, practice=False).close()

    assert app.run(["backup", "-o", "copy.db"]) == 2
    assert "say --live or --practice" in capsys.readouterr().err
    assert app.run(["backup", "--live", "-o", "live.db"]) == 0
    assert app.run(["backup", "--practice", "-o", "practice.db"]) == 0


def test_no_store_is_no_backup(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["backup", "--store", "elsewhere"]) == 2
    assert "see: runbooks/store-missing.md" in capsys.readouterr().err
