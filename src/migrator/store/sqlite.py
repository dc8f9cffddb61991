"""A store in a file: SQLite, one machine, one writer at a time.

Opened by `sql.py`. Every writing transaction takes the write lock when it begins, because a read
that turns into a write later would lose an update without an error. A process that is frozen inside
such a transaction cannot be displaced; a transaction takes a millisecond.
"""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol, cast

from sqlalchemy import Connection, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import URL

from migrator.errors import EnvironmentFailed, MigratorError, TransientError
from migrator.store.address import FILES
from migrator.store.bells import Bells
from migrator.store.database import Database, damaged
from migrator.store.lease import Terms
from migrator.store.machine import Machine
from migrator.store.mounts import refuse_network

BUSY_MS_MAX: Final = 5000
"""How long a writer waits for another one; a commit takes a millisecond."""

SQLITE_SAFE: Final = (3, 51, 3)
"""Before it, two checkpoints and a commit in the same instant could corrupt the file."""

WAL_TRIES_MAX: Final = 100
WAL_PAUSE_SECONDS: Final = 0.02
"""Turning a file to WAL takes a millisecond: two seconds of asking again is a stuck process."""

_FREE_BYTES_MIN: Final = 1_000_000
"""Below this a write-ahead log of one commit may not fit any more."""


class _Cursor(Protocol):
    def fetchone(self) -> tuple[object, ...] | None: ...


class DriverConnection(Protocol):
    """What of the driver's connection is used here; pysqlite3 ships no types."""

    isolation_level: str | None

    def execute(self, statement: str) -> _Cursor:
        """Run a statement."""
        ...

    def backup(self, target: DriverConnection, /) -> None:
        """Copy the whole database into another one."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class SqliteDatabase(Database):
    """An opened store file."""

    def __init__(self, path: Path, *, practice: bool) -> None:
        """Open or create the file. Raises InputError or EnvironmentFailed, and leaves no trace."""
        self.path = path
        self.place = str(path)
        self.folder = path.parent
        self.practice = practice
        self.label = "" if path.name in FILES.values() else path.name
        refuse_network(path.parent)
        library = driver()
        self._old_library = _version(library) < SQLITE_SAFE
        self._engine = create_engine(URL.create("sqlite", database=str(path)), module=library)
        event.listen(self._engine, "connect", self._connected)
        event.listen(self._engine, "begin", _begun)
        self._watcher: PoolProxiedConnection | None = None
        self._bells = Bells(path)
        try:
            self._prepare(create=True)
        except MigratorError:
            self.close()
            raise

    def data_version(self) -> int:
        """A number that changes when anybody has committed anything."""
        self._bells.hear()
        with self._failing():
            if self._watcher is None:
                # A connection of its own that never writes: SQLite counts others' commits only.
                self._watcher = self._engine.raw_connection()
            watching = cast("DriverConnection", self._watcher.driver_connection)
            row = watching.execute("pragma data_version").fetchone()
        assert row is not None, "a pragma that answers always"
        return cast("int", row[0])

    def bell(self, run: str) -> int | None:
        """A named pipe beside the file."""
        return self._bells.hang(run)

    def ring(self, run: str) -> None:
        """Write a sign into the pipe of whoever leads the run."""
        self._bells.ring(run)

    def take_down_bell(self, run: str) -> None:
        """Remove the pipe."""
        self._bells.take_down(run)

    def terms(self, connection: Connection, machine: Machine, *, locked: bool = False) -> Terms:
        """Leases are measured by the boot clock, and every process with this file open is here."""
        return Terms(machine.seconds(), machine.myself(), lambda holder, _: machine.is_gone(holder))

    def look_after(self) -> None:
        """On an old library only the leader empties the log: see SQLITE_SAFE."""
        if self._old_library:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Move the log into the file and empty it; waits for nobody, and may do nothing."""
        with self._failing():
            raw = self._engine.raw_connection()
            try:
                cast("DriverConnection", raw.driver_connection).execute(
                    "pragma wal_checkpoint(truncate)"
                )
            finally:
                raw.close()

    def erase(self, erasing: Callable[[Connection], bool]) -> bool:
        """Freed pages are overwritten, and the log that still holds the text is emptied."""
        with self.writing() as connection:
            connection.exec_driver_sql("pragma secure_delete=on")
            done = erasing(connection)
        self.checkpoint()
        return done

    def copy_to(self, path: Path) -> None:
        """Copy the store as it is at this moment; who writes goes on writing meanwhile."""
        with self._failing():
            raw = self._engine.raw_connection()
            try:
                target: DriverConnection = driver().connect(str(path))
                try:
                    # In one step, so within one read: SQLite's log lets others write beside it.
                    cast("DriverConnection", raw.driver_connection).backup(target)
                    # A copy is one file: nothing of it may stay behind in a log beside it.
                    target.execute("pragma journal_mode=delete").fetchone()
                    found = target.execute("pragma quick_check").fetchone()
                finally:
                    target.close()
            finally:
                raw.close()
        if found != ("ok",):
            raise damaged(self.place, f"its copy is not whole: {found}")

    def close(self) -> None:
        """Let go of the file."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self._bells.close()
        super().close()

    def _connected(self, connection: DriverConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver never begins by itself
        connection.execute(f"pragma busy_timeout={BUSY_MS_MAX}")
        _turn_to_wal(connection)
        pragmas = ["synchronous=full", "foreign_keys=on"]
        if self._old_library:
            pragmas.append("wal_autocheckpoint=0")
        for pragma in pragmas:
            connection.execute(f"pragma {pragma}")

    def _one_moment(self, connection: Connection) -> Connection:
        return connection.execution_options(begin="DEFERRED")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            with super()._failing():
                yield
        except _driver_error() as error:  # by the driver's own connections
            raise self._named(error) from error

    def _free_bytes(self) -> int:
        try:
            return shutil.disk_usage(self.path.parent).free
        except OSError:  # the folder is gone: that is another fault than a full disk
            return _FREE_BYTES_MIN

    def _named(self, error: BaseException) -> MigratorError:
        name = str(getattr(error, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")):
            return damaged(self.place, str(error))
        # On a full disk the write-ahead log's own file fails first, as a plain I/O error.
        full = name.startswith("SQLITE_IOERR") and self._free_bytes() < _FREE_BYTES_MIN
        if full or name.startswith("SQLITE_FULL"):
            return EnvironmentFailed(
                "disk-full",
                f"the disk is full: {self.place} could not be written; nothing is half written",
                hint="make room on the disk, then run the same command again",
            )
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            return EnvironmentFailed(
                "store-not-writable",
                f"{self.place} cannot be opened for writing: {error}",
                hint="give this user the folder and all files in it, or name another --store",
            )
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return TransientError(
                "store-busy",
                f"{self.place} was being written by another process for {BUSY_MS_MAX / 1000:.0f} s",
                hint="try again; if it stays so, find who holds the file: fuser -v FILE",
            )
        return EnvironmentFailed(
            "store-failed",
            f"{self.place} could not be used: {error}",
            hint="look at the machine's own log for errors of this disk: journalctl -k",
        )


def driver() -> ModuleType:
    """The newer of the two SQLite libraries that may be here."""
    try:
        other = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return max((sqlite3, other), key=_version)


def _begun(connection: Connection) -> None:
    how = str(connection.get_execution_options().get("begin", "IMMEDIATE"))
    connection.exec_driver_sql(f"BEGIN {how}")


def _turn_to_wal(connection: DriverConnection) -> None:
    """Turn a file to WAL, also while another process does the same.

    SQLite does not wait for its busy time-out here: two processes that both hold a read lock and
    both want the write lock are told "locked" at once, and one of them must simply ask again.
    """
    for tries_left in reversed(range(WAL_TRIES_MAX)):
        try:
            connection.execute("pragma journal_mode=wal")
        except _driver_error() as error:
            busy = str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
            if not busy or not tries_left:
                raise
            time.sleep(WAL_PAUSE_SECONDS)
        else:
            return


def _driver_error() -> type[Exception]:
    kind = getattr(driver(), "Error")  # noqa: B009 - the module has no types
    assert isinstance(kind, type)
    assert issubclass(kind, Exception)
    return kind


def _version(library: ModuleType) -> tuple[int, ...]:
    return tuple(map(int, str(library.sqlite_version).split(".")))
