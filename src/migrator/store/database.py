"""One door to the database: how it is opened, how a transaction begins, how it fails.

`sql.py` and `sql_journal.py` speak SQLAlchemy through the two context managers here and nothing
else. Every writing transaction takes SQLite's write lock when it begins, because a read that turns
into a write later would lose an update without an error; every failure leaves as an error of ours.
What must never happen: a transaction that is held while anything else than SQL is done.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol, cast

from sqlalchemy import Connection, PoolProxiedConnection, create_engine, event, inspect, select
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from migrator.errors import EnvironmentFailed, InputError, MigratorError, TransientError
from migrator.store import tables
from migrator.store.mounts import refuse_network

BUSY_MS_MAX: Final = 5000
"""How long a writer waits for another one; a commit takes a millisecond."""

SQLITE_SAFE: Final = (3, 51, 3)
"""Before it, two checkpoints and a commit in the same instant could corrupt the file."""


class _Cursor(Protocol):
    def fetchone(self) -> tuple[int, ...] | None: ...


class _Connection(Protocol):
    """What of the driver's connection is used here; pysqlite3 ships no types."""

    isolation_level: str | None

    def execute(self, statement: str) -> _Cursor: ...

    def close(self) -> None: ...


class Database:
    """An opened store file, its tables made and its version checked."""

    def __init__(self, path: Path, *, practice: bool) -> None:
        """Open or create the file. Raises InputError or EnvironmentFailed, and leaves no trace."""
        self.path = path
        self.practice = practice
        refuse_network(path.parent)
        driver = _driver()
        self._old_library = _version(driver) < SQLITE_SAFE
        url = URL.create("sqlite", database=str(path))
        self._engine: Engine = create_engine(url, module=driver)
        event.listen(self._engine, "connect", self._connected)
        event.listen(self._engine, "begin", _begun)
        self._watcher: PoolProxiedConnection | None = None
        try:
            self._prepare()
        except MigratorError:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its beginning; all or nothing."""
        with self._failing(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the store and stops nobody."""
        with self._failing(), self._engine.connect() as connection:
            yield connection.execution_options(begin="DEFERRED")

    def data_version(self) -> int:
        """A number that changes when anybody has committed anything; asking costs microseconds."""
        with self._failing():
            if self._watcher is None:
                # A connection of its own that never writes: SQLite counts others' commits only.
                self._watcher = self._engine.raw_connection()
            driver = cast("_Connection", self._watcher.driver_connection)
            row = driver.execute("pragma data_version").fetchone()
        assert row is not None, "a pragma that answers always"
        return row[0]

    def checkpoint(self) -> None:
        """Move the log into the file and empty it; waits for nobody, and may do nothing."""
        with self._failing():
            raw = self._engine.raw_connection()
            try:
                cast("_Connection", raw.driver_connection).execute(
                    "pragma wal_checkpoint(truncate)"
                )
            finally:
                raw.close()

    def checkpoint_if_old(self) -> None:
        """On an old library only the leader empties the log: see SQLITE_SAFE."""
        if self._old_library:
            self.checkpoint()

    def close(self) -> None:
        """Let go of the file."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self._engine.dispose()

    def _connected(self, connection: _Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver never begins by itself
        # The waiting time comes first: turning to WAL may meet another process that does.
        pragmas = [
            f"busy_timeout={BUSY_MS_MAX}",
            "journal_mode=wal",
            "synchronous=full",
            "foreign_keys=on",
        ]
        if self._old_library:
            pragmas.append("wal_autocheckpoint=0")
        for pragma in pragmas:
            connection.execute(f"pragma {pragma}")

    def _prepare(self) -> None:
        """Make the tables where there are none; else see whether this store may be used."""
        with self.reading() as connection:
            found = set(inspect(connection).get_table_names())
        if not found:
            with self.writing() as connection:
                # Another process may have been here in the meantime.
                if not inspect(connection).has_table("meta"):
                    tables.metadata.create_all(connection, checkfirst=False)
                    connection.execute(
                        tables.meta.insert().values(
                            schema_version=tables.SCHEMA_VERSION, kind=_kind(self.practice)
                        )
                    )
        elif tables.meta.name not in found:
            raise _damaged(self.path, "it is a database of something else")
        self._check_meta()

    def _check_meta(self) -> None:
        with self.reading() as connection:
            version, kind = connection.execute(
                select(tables.meta.c.schema_version, tables.meta.c.kind)
            ).one()
        if version > tables.SCHEMA_VERSION:
            raise EnvironmentFailed(
                "store-newer",
                f"{self.path} was made by a newer migrator: its tables have version {version}, "
                f"this program knows version {tables.SCHEMA_VERSION}",
                hint="use the newer program for this store, or another --store",
            )
        if kind != _kind(self.practice):
            raise InputError(
                "store-mode",
                f"{self.path} holds {kind} runs; a {_kind(self.practice)} run never goes there",
                hint=f"name another --store for {_kind(self.practice)} runs",
            )

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn what the database says into our words."""
        try:
            yield
        except IntegrityError:
            raise  # a rule of the tables was broken: only who wrote knows what it means
        except DBAPIError as error:
            raise _named(self.path, error.orig or error) from error
        except _driver_error() as error:  # by the driver's own connections
            raise _named(self.path, error) from error


def _begun(connection: Connection) -> None:
    how = str(connection.get_execution_options().get("begin", "IMMEDIATE"))
    connection.exec_driver_sql(f"BEGIN {how}")


def _kind(practice: bool) -> str:  # noqa: FBT001 - the two kinds of runs
    return "practice" if practice else "live"


def _driver() -> ModuleType:
    """The newer of the two SQLite libraries that may be here."""
    try:
        other = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return max((sqlite3, other), key=_version)


def _driver_error() -> type[Exception]:
    kind = getattr(_driver(), "Error")  # noqa: B009 - the module has no types
    assert isinstance(kind, type)
    assert issubclass(kind, Exception)
    return kind


def _version(driver: ModuleType) -> tuple[int, ...]:
    return tuple(map(int, str(driver.sqlite_version).split(".")))


def _named(path: Path, error: BaseException) -> MigratorError:
    """Name a failure of SQLite by what a person can do about it."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")):
        return _damaged(path, str(error))
    if name.startswith("SQLITE_FULL"):
        return EnvironmentFailed(
            "disk-full",
            f"the disk is full: {path} could not be written; nothing is half written",
            hint="make room on the disk, then run the same command again",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return EnvironmentFailed(
            "store-not-writable",
            f"{path} cannot be opened for writing: {error}",
            hint="give this user the folder and all files in it, or name another --store",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return TransientError(
            "store-busy",
            f"{path} was being written by another process for {BUSY_MS_MAX / 1000:.0f} s",
            hint="try again; if it stays so, find the process that holds the file: fuser -v FILE",
        )
    return EnvironmentFailed(
        "store-failed",
        f"{path} could not be used: {error}",
        hint="look at the machine's own log for errors of this disk: journalctl -k",
    )


def _damaged(path: Path, why: str) -> EnvironmentFailed:
    return EnvironmentFailed(
        "store-damaged",
        f"{path} is no store of migrator, or it is damaged: {why}",
        hint="name the right --store, or put back a backup",
    )
