"""A backup is whole and proven or not there; who writes goes on writing meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import InputError, JournalError
from migrator.store.backup import back_up
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store", practice=True) as opened:
        yield opened


@pytest.fixture
def journal(store: Store) -> SqlJournal:
    made = store.create_run(
        "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
    )
    made.append([Entry(AT, "engine", ev.RunPaused("x" * 500)) for _ in range(50)])
    return made


def test_a_backup_is_one_file_with_everything_in_it(
    store: Store, journal: SqlJournal, tmp_path: Path
) -> None:
    made = back_up(store, tmp_path / "there" / "copy.db")

    assert [path.name for path in (tmp_path / "there").iterdir()] == ["copy.db"]
    assert (made.runs["weekend"].count, made.runs["weekend"].head) == (50, journal.head)
    with open_store(made.file, practice=True) as copy:
        assert tuple(copy.journal("weekend", lead=False).lines()) == tuple(journal.lines())


def test_a_run_goes_on_while_it_is_copied(
    store: Store, journal: SqlJournal, tmp_path: Path
) -> None:
    enough = Event()

    def write() -> None:
        while not enough.is_set():
            journal.append([Entry(AT, "engine", ev.RunPaused("meanwhile"))] * 3)

    writer = Thread(target=write)
    writer.start()
    try:
        made = [back_up(store, tmp_path / f"{number}.db") for number in range(3)]
    finally:
        enough.set()
        writer.join()

    counts = [each.runs["weekend"].count for each in made]
    assert counts == sorted(counts)
    assert all((count - 50) % 3 == 0 for count in counts)  # whole commits only
    assert journal.verify().count >= counts[-1]


def test_a_backup_is_never_written_over(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("an older one")

    with pytest.raises(InputError) as caught:
        back_up(store, target)

    assert caught.value.reference == "backup-exists"
    assert target.read_text() == "an older one"


def test_a_copy_that_is_not_proven_does_not_become_a_backup(
    store: Store, journal: SqlJournal, tmp_path: Path
) -> None:
    assert journal.verify().count == 50
    with store._database.writing() as connection:
        connection.exec_driver_sql("update journal set actor = 'somebody' where seq = 7")

    with pytest.raises(JournalError, match="line 7"):
        back_up(store, tmp_path / "there" / "copy.db")

    assert list((tmp_path / "there").iterdir()) == []


def test_a_store_that_was_put_back_shows_what_it_has_forgotten(
    store: Store, journal: SqlJournal, tmp_path: Path
) -> None:
    made = back_up(store, tmp_path / "copy.db")
    journal.append([Entry(AT, "engine", ev.RunPaused("after the copy"))])
    journal.keep_head()
    journal.release()
    store.close()
    (store.folder / "practice.db").write_bytes(made.file.read_bytes())

    with open_store(store.folder, practice=True) as again, pytest.raises(JournalError) as caught:
        again.journal("weekend", lead=False).verify()

    assert caught.value.reference == "journal-cut"
    assert "line 51 is known to have been there" in caught.value.message
