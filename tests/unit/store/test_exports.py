"""A run goes to a file and comes back proven; whatever was changed on the way is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import InputError, JournalError, MigratorError
from migrator.plan.itinerary import itinerary_digest
from migrator.store.chain import Chain
from migrator.store.exports import Exported, read, write
from migrator.store.pinned import to_blob
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
ITINERARY = an_itinerary(1, 1)


def a_run(count: int = 4) -> Exported:
    """A run with `count` lines, the first of which says how it was begun."""
    started = ev.RunStarted(
        "weekend", "virtual", True, "x", AT, None, 1.0, 7, "p",
        itinerary_digest(ITINERARY), "0.1", ("anna",),
    )  # fmt: skip
    events = [started, *(ev.RunPaused(f"reason {n} Å") for n in range(1, count))][:count]
    written, _ = Chain("weekend").write([Entry(AT, "anna", event) for event in events], 1)
    facts = {"ledger": {"rows_lost": 0}}
    return Exported("weekend", True, to_blob(ITINERARY), written, facts, "12:00")


def fault(path: Path) -> tuple[int | None, str]:
    with pytest.raises(JournalError) as caught:
        read(path)
    (found,) = caught.value.faults
    return found.line, found.path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weekend.jsonl"
    write(a_run(), path)
    return path


def test_what_was_exported_is_read(file: Path) -> None:
    assert read(file) == a_run()
    assert not list(file.parent.glob("*.part"))


def test_a_run_without_a_line_is_a_run(tmp_path: Path) -> None:
    write(a_run(0), tmp_path / "x")

    assert read(tmp_path / "x") == a_run(0)


def test_every_line_is_json_of_its_own(file: Path) -> None:
    header, *lines = [json.loads(line) for line in file.read_text().splitlines()]

    assert (header["run"], header["lines"], header["head"]) == ("weekend", 4, lines[-1]["hash"])
    assert lines[1]["data"] == {"reason": "reason 1 Å"}


def test_an_edited_line_is_named(file: Path) -> None:
    file.write_text(file.read_text().replace("reason 2", "reason 3"))

    assert fault(file) == (3, "edited")  # line 3 of the journal


def test_a_line_in_another_form_is_named_by_its_place_in_the_file(file: Path) -> None:
    file.write_text(file.read_text().replace('"reason":"reason 2', '"reason": "reason 2'))

    assert fault(file) == (4, "edited")


def test_the_first_bad_line_is_named_not_the_first_unreadable_one(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    lines[2] = lines[2].replace("reason", "season")
    lines[3] = "{\n"
    file.write_text("".join(lines))

    assert fault(file) == (2, "edited")


def test_a_missing_line_is_named(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:2], *lines[3:]]))

    assert fault(file) == (2, "missing")


def test_a_doubled_line_is_named(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:3], *lines[2:]]))

    assert fault(file) == (2, "doubled")


def test_a_file_that_was_cut_at_the_end_of_a_line_is_seen(file: Path) -> None:
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))

    assert fault(file) == (4, "cut")


def test_a_file_that_was_cut_inside_a_line_is_seen(file: Path) -> None:
    file.write_text(file.read_text()[:-1])

    assert fault(file) == (5, "edited")


def test_a_line_more_than_the_header_says_is_seen(tmp_path: Path, file: Path) -> None:
    write(a_run(5), tmp_path / "longer")
    last = (tmp_path / "longer").read_text().splitlines(keepends=True)[-1]
    file.write_text(file.read_text() + last)

    assert fault(file) == (6, "edited")


def test_an_edited_header_is_named(file: Path) -> None:
    file.write_text(file.read_text().replace('"practice":true,"proof"', '"practice":false,"proof"'))

    assert fault(file) == (1, "edited")


def test_a_header_in_another_form_is_named(file: Path) -> None:
    file.write_text(file.read_text().replace('"practice":true', '"practice": true', 1))

    assert fault(file) == (1, "edited")


def test_a_header_of_another_run_is_seen(tmp_path: Path, file: Path) -> None:
    other = a_run()
    write(Exported("weekend", False, to_blob(ITINERARY), other.lines, {}, ""), tmp_path / "other")
    header = (tmp_path / "other").read_text().splitlines(keepends=True)[0]
    file.write_text(header + "".join(file.read_text().splitlines(keepends=True)[1:]))

    assert fault(file) == (1, "edited")


@pytest.mark.parametrize("text", ["", "x\n", "[]\n", "{}\n", '{"format":"migrator journal 2"}\n'])
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)

    with pytest.raises(InputError) as caught:
        read(tmp_path / "x")

    assert caught.value.reference == "journal-import"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read(tmp_path / "x")


def test_no_byte_can_be_changed_unseen(tmp_path: Path) -> None:
    """Bytes all over a small export, each changed in its lowest bit, one at a time."""
    path = tmp_path / "small"
    write(a_run(2), path)
    content = path.read_bytes()
    body = content.index(b"\n") + 1
    for place in [*range(0, body, 499), *range(body - 40, len(content), 7)]:
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(MigratorError) as caught:
            read(path)
        assert caught.value.reference.startswith("journal-"), place


def test_a_failed_export_leaves_the_older_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(a_run(2), file)

    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.part"))
