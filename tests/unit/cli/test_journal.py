"""`migrator journal` shows, proves, exports and imports; results go to stdout, talk to stderr."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.store.sql import open_store
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, 2, 3, tzinfo=UTC)
STORE = Path(".migrator")


@pytest.fixture(autouse=True)
def head() -> str:
    """Three lines of a practice run in the default store; the hash of the second."""
    with open_store(STORE, practice=True) as store:
        journal = store.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        events = [ev.RunPaused("short break"), ev.RunResumed(""), ev.RunPaused("e\x1b[2J\x9b")]
        lines = journal.append([Entry(AT, "anna", event) for event in events])
        journal.release()
    return lines[1].hash


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert app.run(["journal", *arguments]) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def spoil(statement: str) -> None:
    with closing(sqlite3.connect(STORE / "practice.db")) as raw:
        raw.execute(statement)
        raw.commit()


def test_the_lines_are_shown_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, "show", "latest")

    assert out.splitlines()[:2] == [
        '     1  2023-10-14T01:02:03Z  anna  RunPaused  reason="short break"',
        "     2  2023-10-14T01:02:03Z  anna  RunResumed",
    ]
    assert err == "ÖVNING/PRACTICE weekend\n"


def test_what_somebody_pasted_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, _ = told(capsys, "show", "latest", "--after", "2")

    assert out.endswith('reason="e\\u001b[2J\\u009b"\n')
    assert len(out.splitlines()) == 1


def test_lines_are_shown_to_programs_as_they_are_stored(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, _ = told(capsys, "show", "weekend", "--after", "1", "--format", "json")

    facts = json.loads(out)
    assert (facts["run"], facts["practice"]) == ("weekend", True)
    assert [(line["seq"], line["kind"]) for line in facts["lines"]] == [
        (2, "RunResumed"),
        (3, "RunPaused"),
    ]
    assert facts["lines"][0]["data"] == {"reason": ""}


def test_a_journal_is_proven(capsys: pytest.CaptureFixture[str], head: str) -> None:
    out, _ = told(capsys, "verify", "latest", "--expect", head[:16].upper())

    assert "all 3 lines are as they were written" in out
    assert "the expected head is line 2" in out

    facts = json.loads(told(capsys, "verify", "latest", "--expect", head, "--format", "json")[0])
    assert (facts["lines"], facts["expected_line"]) == (3, 2)


def test_an_edited_line_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    spoil("update journal set data = replace(data, 'short', 'long') where seq = 1")

    _, err = told(capsys, "verify", "latest", code=1)

    assert "line 1 of the journal of weekend was edited" in err
    assert "see: runbooks/journal-edited.md" in err


def test_a_cut_end_is_seen_by_the_head_from_paper(
    capsys: pytest.CaptureFixture[str], head: str
) -> None:
    spoil("delete from journal where seq > 1")
    told(capsys, "verify", "latest")  # the chain alone cannot know

    _, err = told(capsys, "verify", "latest", "--expect", head, code=1)

    assert "see: runbooks/journal-cut.md" in err


def test_a_cut_end_is_seen_by_the_heads_beside_the_store(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open_store(STORE, practice=True) as store:
        store.journal("weekend", lead=False).keep_head()
    spoil("delete from journal where seq > 1")

    _, err = told(capsys, "verify", "latest", code=1)

    assert "ends with line 1; line 3 is known to have been there" in err


@pytest.mark.parametrize("expect", ["abc", "x" * 64])
def test_a_head_that_is_none_is_a_slip_of_the_pen(
    capsys: pytest.CaptureFixture[str], expect: str
) -> None:
    _, err = told(capsys, "verify", "latest", "--expect", expect, code=2)

    assert "64 digits" in err


def test_an_exported_run_is_imported_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "export", "latest", "-o", "weekend.jsonl")

    _, err = told(capsys, "import", "weekend.jsonl", "--store", "there")

    assert err == "there/practice.db: weekend, 3 lines, all proven\n"
    assert told(capsys, "show", "latest", "--store", "there") == told(capsys, "show", "latest")
    told(capsys, "import", "weekend.jsonl", "--store", "there", code=2)


def test_what_was_done_is_told_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "export", "latest", "-o", "x.jsonl", "--format", "json")
    assert json.loads(out) == {"file": "x.jsonl", "lines": 3, "run": "weekend"}

    out, _ = told(capsys, "import", "x.jsonl", "--store", "there", "--format", "json")
    assert json.loads(out) == {"lines": 3, "run": "weekend", "store": "there/practice.db"}


def test_a_spoilt_export_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "export", "latest", "-o", "x.jsonl")
    text = Path("x.jsonl").read_text(encoding="ascii")
    Path("x.jsonl").write_text(text.replace("short", "long"), encoding="ascii")

    _, err = told(capsys, "import", "x.jsonl", "--store", "there", code=1)

    assert "line 1 of the journal of weekend was edited" in err
    assert not Path("there").exists()


def test_an_edited_journal_is_not_exported(capsys: pytest.CaptureFixture[str]) -> None:
    spoil("delete from journal where seq = 2")

    told(capsys, "export", "latest", "-o", "x.jsonl", code=1)

    assert not Path("x.jsonl").exists()


def test_an_unknown_run_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(capsys, "show", "wekend", code=2)
    assert "did you mean weekend" in err

    _, err = told(capsys, "show", "weekend", "--live", code=2)
    assert "see: runbooks/store-missing.md" in err
