"""A chain names the first line that is not as it was written, and says what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry, Line
from migrator.errors import JournalError
from migrator.store.chain import (
    NO_HASH,
    Chain,
    Head,
    Written,
    encode_json,
    to_line,
    to_written,
    verify,
    written_hash,
)

AT = datetime(2023, 10, 14, 3, 30, tzinfo=UTC)


def some_lines(count: int = 5, *, run: str = "r") -> list[Line]:
    """Lines of a journal, a minute apart."""
    chain = Chain(run)
    lines: list[Line] = []
    for number in range(count):
        event = ev.RunPaused(f"reason {number}")
        _, made = chain.write([Entry(AT + timedelta(minutes=number), "anna", event)], epoch=1)
        chain.advance(made[-1])
        lines += made
    return lines


def rehashed(line: Line, **changes: object) -> Line:
    """A line that somebody changed and gave the hash that fits."""
    changed = replace(line, **changes)  # type: ignore[arg-type]  # a test's own data
    return replace(changed, hash=written_hash("r", to_written(changed)))


def fault_of(lines: Sequence[Line | Written], *known: Head) -> tuple[int | None, str, str]:
    with pytest.raises(JournalError) as caught:
        verify("r", lines, known)
    (fault,) = caught.value.faults
    assert f"line {fault.line}" in caught.value.message or fault.path == "cut"
    return fault.line, fault.path, caught.value.reference


def test_a_hash_is_the_sha256_of_the_line_as_canonical_json() -> None:
    (line,) = some_lines(1)

    text = json.dumps(
        [
            "r",
            1,
            "2023-10-14T03:30:00+00:00",
            1,
            "anna",
            "RunPaused",
            1,
            {"reason": "reason 0"},
            NO_HASH,
        ],
        separators=(",", ":"),
        sort_keys=True,
    )

    assert line.hash == hashlib.sha256(text.encode()).hexdigest()


def test_untouched_lines_are_proven_up_to_their_head() -> None:
    lines = some_lines()

    proven = verify("r", lines, [Head(3, lines[2].hash)])

    assert (proven.count, proven.head) == (5, lines[4].hash)


def test_an_empty_journal_is_proven() -> None:
    assert verify("r", []).head == NO_HASH


def test_a_changed_line_is_named() -> None:
    lines = some_lines()
    lines[2] = replace(lines[2], actor="bertil")

    assert fault_of(lines) == (3, "edited", "journal-edited")


def test_a_changed_line_with_a_new_hash_is_named_by_the_one_that_follows() -> None:
    lines = some_lines()
    lines[2] = rehashed(lines[2], actor="bertil")

    assert fault_of(lines) == (3, "edited", "journal-edited")


def test_a_first_line_that_follows_something_is_named() -> None:
    lines = some_lines()
    lines[0] = rehashed(lines[0], prev_hash="1" * 64)

    assert fault_of(lines) == (1, "edited", "journal-edited")


def test_a_changed_last_line_with_a_new_hash_is_seen_by_a_head_kept_elsewhere() -> None:
    lines = some_lines()
    head = Head(5, lines[4].hash)
    lines[4] = rehashed(lines[4], actor="bertil")

    assert fault_of(lines, head) == (5, "edited", "journal-edited")


def test_a_missing_line_is_named() -> None:
    lines = some_lines()
    del lines[2]

    assert fault_of(lines) == (3, "missing", "journal-cut")


def test_a_line_that_is_there_twice_is_named() -> None:
    lines = some_lines()
    lines.insert(2, lines[1])

    assert fault_of(lines) == (2, "doubled", "journal-doubled")


def test_a_cut_end_is_seen_by_a_head_kept_elsewhere() -> None:
    lines = some_lines()
    head = Head(5, lines[4].hash)

    assert fault_of(lines[:3], head) == (4, "cut", "journal-cut")


def test_lines_of_another_run_are_not_taken_for_this_ones() -> None:
    assert fault_of(some_lines(run="other")) == (1, "edited", "journal-edited")


def test_an_escaped_letter_put_in_plainly_is_a_change() -> None:
    (line,) = some_lines(1)
    row = to_written(replace(line, event=ev.RunPaused("Łódź")))
    row = row._replace(hash=written_hash("r", row))
    verify("r", [row])

    assert fault_of([row._replace(data=row.data.replace("\\u0141", "Ł"))])[:2] == (1, "edited")


def test_the_hash_does_not_depend_on_the_zone_in_which_a_time_was_said() -> None:
    event = ev.RunPaused("")
    utc = Entry(AT, "anna", event)
    stockholm = Entry(AT.astimezone(timezone(timedelta(hours=2))), "anna", event)

    assert Chain("r").write([utc], 1)[1][0].hash == Chain("r").write([stockholm], 1)[1][0].hash


def test_writing_does_not_advance_the_chain() -> None:
    chain = Chain("r")

    chain.write([Entry(AT, "anna", ev.RunPaused(""))], 1)

    assert (chain.count, chain.head) == (0, NO_HASH)


def test_a_stored_line_gives_back_its_event() -> None:
    event = ev.StepStarted("web", "copy", 1, 2, "token", AT)
    written, (line,) = Chain("r").write([Entry(AT, "engine", event)], 4)

    assert to_line(written[0]) == line
    assert to_written(line) == written[0]


def test_a_line_of_a_newer_version_is_not_guessed_at() -> None:
    (line,) = some_lines(1)

    with pytest.raises(JournalError, match="of version 99") as caught:
        to_line(to_written(line)._replace(version=99))

    assert caught.value.reference == "journal-unknown-kind"


@pytest.mark.parametrize(
    "change", [{"data": "{"}, {"at": "yesterday"}, {"data": "{}"}, {"data": "[1]"}]
)
def test_a_line_that_cannot_be_read_counts_as_edited(change: dict[str, str]) -> None:
    (line,) = some_lines(1)

    with pytest.raises(JournalError) as caught:
        to_line(to_written(line)._replace(**change))  # type: ignore[arg-type]  # a test's own data

    assert caught.value.reference == "journal-edited"


def test_a_number_without_a_json_form_never_reaches_a_journal() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_json({"speed": float("nan")})
