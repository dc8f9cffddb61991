"""What goes to stdout, what to stderr, and when there is colour."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

import pytest

from migrator.cli import output
from migrator.errors import Fault, InputError


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_results_and_talk_go_separate_ways(capsys: pytest.CaptureFixture[str]) -> None:
    output.show("a result")
    output.say("some talk")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("a result\n", "some talk\n")


def test_json_has_sorted_keys_and_keeps_swedish_letters(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({"b": 1, "a": "våg"})
    text = capsys.readouterr().out
    assert text == '{\n  "a": "våg",\n  "b": 1\n}\n'


def test_json_knows_the_values_that_facts_are_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    class Kind(Enum):
        BATCH = "batch"

    @dataclass(frozen=True)
    class Wave:
        id: str

    output.emit(
        {
            "at": datetime(2031, 3, 1, 22, tzinfo=UTC),
            "kind": Kind.BATCH,
            "path": Path("plans/x.yaml"),
            "set": {"b", "a"},
            "soak": timedelta(minutes=30),
            "wave": Wave("w1"),
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "at": "2031-03-01T22:00:00+00:00",
        "kind": "batch",
        "path": "plans/x.yaml",
        "set": ["a", "b"],
        "soak": 1800.0,
        "wave": {"id": "w1"},
    }


def test_json_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        output.emit({"thing": object()})


def test_table_lines_up_words_left_and_numbers_right() -> None:
    assert output.table(["wave", "moves"], [["pilot", 3], ["w2", 12]]).splitlines() == [
        "wave   moves",
        "pilot      3",
        "w2        12",
    ]


def test_table_without_rows_is_its_header() -> None:
    assert output.table(["wave", "moves"], []) == "wave  moves"


def test_colour_is_for_terminals_only() -> None:
    assert output.colour("red", "red", io.StringIO()) == "red"
    assert output.colour("red", "red", Terminal()) == "\x1b[31mred\x1b[0m"


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_is_off_where_the_person_says_so(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert output.colour("red", "red", Terminal()) == "red"


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("reading links", 10) as advance:
        advance(5)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_progress_names_the_task_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with output.progress("reading links", 10) as advance:
        advance(5)
    assert "reading links" in terminal.getvalue()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["check", "x", "--format", "json"], True),
        (["check", "--format=json", "x"], True),
        (["check", "x", "--format", "text"], False),
        (["check", "json"], False),
        (["--format"], False),
        ([], False),
    ],
)
def test_wish_for_json_is_read_from_the_words(arguments: list[str], wanted: bool) -> None:
    assert output.wants_json(arguments) is wanted


def an_error(faults: int, count: int | None = None) -> InputError:
    """An input error with so many faults."""
    listed = tuple(Fault("links.csv", row, "target", "unknown") for row in range(1, faults + 1))
    return InputError("unknown-component", "broken", hint="mend it", faults=listed, count=count)


def test_error_shows_twenty_faults_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.fail(an_error(23, count=4711), as_json=False) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: broken"
    assert lines[1] == "  links.csv:1: target: unknown"
    assert lines[20:] == [
        "  links.csv:20: target: unknown",
        "  and 4691 more",
        "mend: mend it",
        "see: runbooks/unknown-component.md",
    ]


def test_error_with_few_faults_counts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    output.fail(an_error(2), as_json=False)
    assert "more" not in capsys.readouterr().err


def test_error_as_json_has_every_part_under_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.fail(an_error(1), as_json=True) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "error": {
            "reference": "unknown-component",
            "message": "broken",
            "hint": "mend it",
            "count": 1,
            "faults": [{"file": "links.csv", "line": 1, "path": "target", "message": "unknown"}],
        }
    }
    assert said.err == ""
