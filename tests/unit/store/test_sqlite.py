"""How a store opens and fails: each failure in our words, and nothing half written."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import EnvironmentFailed, TransientError
from migrator.store import mounts, sqlite
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from migrator.store.sqlite import SqliteDatabase
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[SqliteDatabase]:
    made = SqliteDatabase(tmp_path / "practice.db", practice=True)
    yield made
    made.close()


def failed(reference: str) -> pytest.RaisesExc[EnvironmentFailed]:
    return pytest.RaisesExc(EnvironmentFailed, check=lambda error: error.reference == reference)


def pragma(opened: SqliteDatabase, name: str) -> object:
    with opened.reading() as connection:
        return connection.exec_driver_sql(f"pragma {name}").scalar_one()


def test_a_commit_is_on_the_disk_when_it_returns(opened: SqliteDatabase) -> None:
    assert pragma(opened, "journal_mode") == "wal"
    assert pragma(opened, "synchronous") == 2  # FULL
    assert pragma(opened, "foreign_keys") == 1


def test_a_writer_holds_the_lock_before_it_has_read_anything(
    opened: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS_MAX", 1)
    second = SqliteDatabase(opened.path, practice=True)

    with opened.writing(), failed("store-busy") as caught, second.writing():
        pass

    assert isinstance(caught.value, TransientError)
    second.close()


def test_a_reader_is_not_stopped_by_a_writer_and_sees_one_moment(opened: SqliteDatabase) -> None:
    count = text("select count(*) from notes")
    with opened.reading() as reader:
        assert reader.execute(count).scalar_one() == 0
        with opened.writing() as writer:
            writer.execute(text("insert into notes (digest) values ('x')"))
        assert reader.execute(count).scalar_one() == 0


def test_only_commands_that_wait_are_indexed(opened: SqliteDatabase) -> None:
    with opened.reading() as connection:
        made = connection.exec_driver_sql(
            "select sql from sqlite_master where name = 'commands_waiting'"
        ).scalar_one()
    assert str(made).endswith("WHERE answer IS NULL")


def test_a_store_of_sqlite_never_loads_what_servers_need(tmp_path: Path) -> None:
    program = (
        "import sys; from migrator.store.sql import open_store; "
        f"open_store({str(tmp_path)!r}, practice=True).close(); "
        "sys.exit('sqlalchemy.dialects.postgresql' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_journal_that_was_proven_to_be_led_is_not_read_again_for_the_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path, practice=True) as store:
        led = store.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        led.append([Entry(AT, "engine", ev.RunPaused("first"))])
        led.release()
        again = store.journal("weekend", lead=True)
        read = SqlJournal.written
        reads: list[int] = []

        def counted(journal: SqlJournal, after: int = 0) -> object:
            reads.append(after)
            return read(journal, after)

        monkeypatch.setattr(SqlJournal, "written", counted)
        assert [line.seq for line in again.lines()] == [1]
        assert reads == []  # the lines of the proof
        again.append([Entry(AT, "engine", ev.RunPaused("second"))])
        assert [line.seq for line in again.lines()] == [1, 2]
        again.verify()
        again.append([Entry(AT, "engine", ev.RunPaused("third"))])
        assert [line.seq for line in again.lines()] == [1, 2, 3]  # a proof grows old
        again.verify()
        assert [line.seq for line in again.lines(2)] == [3]


def test_the_data_version_changes_when_anybody_commits(opened: SqliteDatabase) -> None:
    other = SqliteDatabase(opened.path, practice=True)
    before = opened.data_version()
    assert opened.data_version() == before
    with other.writing() as connection:
        connection.execute(text("insert into notes (digest) values ('x')"))

    after = opened.data_version()
    with opened.writing() as connection:
        connection.execute(text("insert into notes (digest) values ('y')"))

    assert before != after != opened.data_version()
    other.close()


def test_a_full_disk_is_named_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        journal = store.create_run(
            "weekend", an_itinerary(), seed=1, mode="virtual", target="", plan_digest=""
        )
        journal.append([Entry(AT, "engine", ev.RunPaused("a"))])
        large = [Entry(AT, "engine", ev.RunPaused("x" * 2000)) for _ in range(50)]
        with store._database.reading() as connection:  # the pool has this one connection
            connection.exec_driver_sql("pragma max_page_count=1")  # none but those that are there

        with failed("disk-full"):
            journal.append(large)
        with store._database.reading() as connection:
            connection.exec_driver_sql("pragma max_page_count=1000000")

        assert journal.verify().count == 1
        with failed("disk-full"):  # nobody knows here what was kept; who reads it anew does
            journal.append(large)
        journal.release()
        assert store.journal("weekend", lead=True).append(large)[0].seq == 2


def test_a_file_that_is_no_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "practice.db"
    path.write_text("people, places, " * 100)

    with failed("store-damaged"):
        open_store(tmp_path, practice=True)

    assert path.read_text() == "people, places, " * 100


def test_a_database_of_something_else_is_not_touched(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "practice.db")) as raw:
        raw.execute("create table bills (number integer)")

    with failed("store-damaged"):
        open_store(tmp_path, practice=True)

    with closing(sqlite3.connect(tmp_path / "practice.db")) as raw:
        assert raw.execute("select name from sqlite_master").fetchall() == [("bills",)]


def test_a_log_that_finds_no_room_is_a_full_disk_too(
    opened: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_WRITE"
    usage = type(shutil.disk_usage("."))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 4096))
    assert opened._named(error).reference == "disk-full"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, 10**9))
    assert opened._named(error).reference == "store-failed"


def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    open_store(tmp_path, practice=True).close()
    path = tmp_path / "practice.db"
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996  # the page that lists the tables
    path.write_bytes(content)

    with failed("store-damaged"):
        open_store(tmp_path, practice=True)


def test_a_store_of_a_newer_program_is_not_opened(opened: SqliteDatabase) -> None:
    with opened.writing() as connection:
        connection.execute(text("update meta set schema_version = 99"))

    with failed("store-newer") as caught:
        SqliteDatabase(opened.path, practice=True)

    assert "version 99" in caught.value.message


def test_a_store_that_cannot_be_written_is_named(opened: SqliteDatabase) -> None:
    with opened.reading() as connection:
        connection.exec_driver_sql("pragma query_only=on")

    with failed("store-not-writable"), opened.writing() as connection:
        connection.execute(text("insert into notes (digest) values ('x')"))


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "practice.db").mkdir()

    with failed("store-not-writable"):
        open_store(tmp_path, practice=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with failed("store-not-writable"):
            SqliteDatabase(tmp_path / "practice.db", practice=True)
    finally:
        tmp_path.chmod(0o700)


def test_what_else_the_database_says_is_passed_on(opened: SqliteDatabase) -> None:
    with failed("store-failed") as caught, opened.writing() as connection:
        connection.execute(text("insert into nowhere values (1)"))

    assert "no such table" in caught.value.message


def test_a_network_file_system_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "mounts"
    listed.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(mounts, "MOUNTS", listed)

    with failed("network-file-system"):
        open_store(tmp_path, practice=True)

    assert not (tmp_path / "practice.db").exists()


def test_an_old_library_leaves_the_log_to_the_leader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "SQLITE_SAFE", (99, 0, 0))
    made = SqliteDatabase(tmp_path / "practice.db", practice=True)
    log = tmp_path / "practice.db-wal"

    assert pragma(made, "wal_autocheckpoint") == 0
    assert log.stat().st_size > 0
    made.look_after()
    assert log.stat().st_size == 0
    made.close()


def _open(path: str, barrier: Any) -> None:  # noqa: ANN401 - multiprocessing's own
    barrier.wait()
    SqliteDatabase(Path(path), practice=True).close()


def test_two_processes_may_make_the_same_store(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    children = [
        context.Process(target=_open, args=(str(tmp_path / "practice.db"), barrier))
        for _ in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(timeout=20)

    assert [child.exitcode for child in children] == [0, 0]


class _Contended:
    """A connection that is told "locked" some times before it may turn its file to WAL."""

    def __init__(self, refusals: int, name: str = "SQLITE_BUSY") -> None:
        self.left = refusals
        self.name = name
        self.asked = 0

    def execute(self, _statement: str) -> None:
        self.asked += 1
        if self.left:
            self.left -= 1
            error = sqlite.driver().OperationalError("database is locked")
            error.sqlite_errorname = self.name
            raise error


def test_a_file_is_turned_to_wal_although_another_process_does_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite, "WAL_PAUSE_SECONDS", 0.0)
    contended = _Contended(refusals=3)
    sqlite._turn_to_wal(cast("sqlite.DriverConnection", contended))
    assert contended.asked == 4

    with pytest.raises(sqlite.driver().OperationalError):
        sqlite._turn_to_wal(cast("sqlite.DriverConnection", _Contended(sqlite.WAL_TRIES_MAX)))
    broken = _Contended(refusals=1, name="SQLITE_IOERR")
    with pytest.raises(sqlite.driver().OperationalError):
        sqlite._turn_to_wal(cast("sqlite.DriverConnection", broken))
    assert broken.asked == 1


def test_nobody_waits_for_a_closed_store(tmp_path: Path) -> None:
    store: Store = open_store(tmp_path, practice=True)
    store.create_run("r", an_itinerary(), seed=1, mode="virtual", target="", plan_digest="")
    store.close()

    (tmp_path / "practice.db").unlink()
    assert not (tmp_path / "practice.db-wal").exists()  # emptied and removed by the last one out
