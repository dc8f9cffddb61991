"""Somebody edits the journal by hand, or cuts it: the first bad line is named, on both stores.

Every column of every line, by a program beside ours. Who is about to lead such a run is refused,
since nobody may act on what somebody changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Executable

from interruptions.places import KINDS, places
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import JournalError, MigratorError
from migrator.store import tables
from migrator.store.sql import Store, open_store
from weekend import an_itinerary

AT: Final = datetime(2023, 10, 14, 1, tzinfo=UTC)
LINES: Final = 6
COMMIT: Final = 3
"""Lines in a commit: what is torn off in one piece."""

EDITS: Final[dict[str, object]] = {
    "at": "2023-10-14T02:00:00+00:00",
    "epoch": 7,
    "actor": "somebody",
    "kind": "RunResumed",
    "version": 9,
    "data": '{"reason":"another one"}',
    "prev_hash": "ab" * 32,
    "hash": "cd" * 32,
}

journal_table: Final = tables.journal
seq: Final = journal_table.c.seq


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with a run of six lines that nobody leads; its head is kept outside."""
    where, _ = places(request.param, tmp_path)()
    with open_store(where, practice=True) as opened:
        journal = opened.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        for first in range(1, LINES, COMMIT):
            journal.append(
                [Entry(AT, "anna", ev.RunPaused(f"why {first + n}")) for n in range(COMMIT)]
            )
        journal.keep_head()
        journal.release()
        yield opened


def by_hand(store: Store, *statements: Executable) -> None:
    """Change the tables as somebody with the database's own tools would."""
    with store._database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def change(line: int, **values: object) -> Executable:
    """Put other values into a line."""
    return journal_table.update().where(seq == line).values(**values)


def accusation(store: Store) -> JournalError:
    """What is said of the journal, to who verifies it and to who wants to lead it."""
    with pytest.raises(JournalError) as shown:
        store.journal("weekend", lead=False).verify()
    with pytest.raises(MigratorError) as led:
        store.journal("weekend", lead=True)
    assert (led.value.reference, led.value.message) == (shown.value.reference, shown.value.message)
    return shown.value


def test_the_line_that_was_edited_is_named_whatever_was_changed(store: Store) -> None:
    for line in store.journal("weekend", lead=False).written():
        for column, value in EDITS.items():
            by_hand(store, change(line.seq, **{column: value}))

            said = accusation(store)

            assert said.reference in {"journal-edited", "journal-unknown-kind"}, (line, column)
            assert f"line {line.seq}" in said.message, (line, column, said.message)
            by_hand(store, change(line.seq, **{column: getattr(line, column)}))
    assert store.journal("weekend", lead=True).verify().count == LINES


def test_a_line_that_was_taken_out_is_named(store: Store) -> None:
    by_hand(store, journal_table.delete().where(seq == 4))

    assert "line 4" in accusation(store).message


def test_two_lines_that_changed_places_are_named(store: Store) -> None:
    by_hand(store, change(2, seq=99), change(3, seq=2), change(99, seq=3))

    assert "line 2" in accusation(store).message


@pytest.mark.parametrize("left", range(LINES))
def test_a_tail_that_was_cut_off_is_seen_by_the_head_outside(store: Store, left: int) -> None:
    by_hand(store, journal_table.delete().where(seq > left))

    said = accusation(store)

    assert said.reference == "journal-cut"
    assert str(LINES) in said.message


def test_a_file_that_was_cut_short_is_damaged_and_says_so(tmp_path: Path) -> None:
    where, _ = places("sqlite", tmp_path)()
    with open_store(where, practice=True) as store:
        journal = store.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        for _ in range(40):
            journal.append([Entry(AT, "anna", ev.RunPaused("x" * 2000))])
        journal.keep_head()
        journal.release()
        path = store.path
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with (
            pytest.raises(MigratorError) as said,
            open_store(where, practice=True, create=False) as store,
        ):
            store.journal("weekend", lead=True)
        assert said.value.reference in {"store-damaged", "journal-cut", "journal-edited"}


def test_a_log_that_was_cut_short_leaves_whole_commits_and_the_head_outside_tells(
    tmp_path: Path,
) -> None:
    where, _ = places("sqlite", tmp_path)()
    with open_store(where, practice=True) as store:
        journal = store.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        store._file().checkpoint()
        for _ in range(20):
            journal.append([Entry(AT, "anna", ev.RunPaused(str(n))) for n in range(COMMIT)])
        journal.keep_head()
        log = store.path.with_name(store.path.name + "-wal").read_bytes()
        base = store.path.read_bytes()
        name = store.path.name
    for share in (0.15, 0.5, 0.85, 0.999):
        folder = tmp_path / str(share)
        folder.mkdir()
        shutil.copy(Path(where) / "heads.jsonl", folder)
        (folder / name).write_bytes(base)
        (folder / f"{name}-wal").write_bytes(log[: int(len(log) * share)])
        with open_store(folder, practice=True, create=False) as torn:
            lines = torn.journal("weekend", lead=False).written()
            assert len(lines) < 20 * COMMIT
            assert len(lines) % COMMIT == 0
            with pytest.raises(JournalError) as said:
                torn.journal("weekend", lead=False).verify()
            assert said.value.reference == "journal-cut"
