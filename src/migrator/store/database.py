"""One door to the databases: how a transaction begins, how it fails, how old the tables are.

`sqlite.py` and `postgresql.py` fill in what differs; `sql.py` and `sql_journal.py` speak SQLAlchemy
through the two context managers here and nothing else, and cannot tell one database from the other.
Every failure leaves as an error of ours. What must never happen: a transaction that is held while
anything else than SQL is done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, inspect, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from migrator.errors import EnvironmentFailed, InputError, MigratorError, TransientError
from migrator.store import tables
from migrator.store.lease import Terms
from migrator.store.machine import Machine, ThisMachine

UNREACHABLE: Final = "store-unreachable"
"""The reference of the one failure after which nobody knows whether the commit was made."""


class Database(ABC):
    """An opened store, its tables made and of this program's version.

    `place` names it for a person, without passwords. `folder` is on this machine: there lies what
    is kept beside a store and never in it, under `label` where it is not the folder's own store.
    `schema` is empty where the database has none.
    """

    place: str
    label: str = ""
    folder: Path
    practice: bool
    schema: str = ""
    _engine: Engine

    @contextmanager
    def writing(self, *, quiet: bool = False) -> Iterator[Connection]:
        """A transaction that waits for every other writer before it reads; all or nothing.

        A `quiet` one wakes nobody, and keeps out only those whose rows it locks: appends.
        """
        with self._failing():
            connection = self._connect()
            with connection, connection.begin():
                self._alone(connection, quiet=quiet)
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the store and stops nobody."""
        with self._failing(), self._connect() as connection:
            yield self._one_moment(connection)

    @abstractmethod
    def data_version(self) -> int:
        """A number that changes when a command may have come; asking costs microseconds."""

    def bell(self, run: str) -> int | None:
        """A descriptor that can be read from when a command may have come to a run led here.

        None: nothing rings, and `data_version` must be asked often. It takes in what rang.
        """
        return None

    def ring(self, run: str) -> None:  # noqa: B027 - a server wakes by itself
        """Wake whoever leads a run, after the commit that put something on its desk."""

    def take_down_bell(self, run: str) -> None:  # noqa: B027 - see ring
        """Stop being woken, before somebody else may lead the run."""

    @abstractmethod
    def terms(self, connection: Connection, machine: Machine, *, locked: bool = False) -> Terms:
        """By which clock leases are measured here, who we are, and who is known to be gone."""

    def lock(self, run: str) -> bool:
        """Try to hold a lock that ends with this process: it only makes a take-over quicker."""
        return False

    def unlock(self, run: str) -> None:  # noqa: B027 - where there is none, nothing is let go
        """Let go of the lock of a run."""

    def look_after(self) -> None:  # noqa: B027 - most databases look after themselves
        """What a leader does for the store whenever it renews its lease."""

    @abstractmethod
    def erase(self, erasing: Callable[[Connection], bool]) -> bool:
        """Run a transaction that erases, and leave as little of what was there as can be."""

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # --- opening --------------------------------------------------------------------------------

    def _prepare(self, *, create: bool) -> None:
        """Make the tables where there are none; else see whether this store may be used."""
        with self.reading() as connection:
            found = set(inspect(connection).get_table_names(schema=self.schema or None))
        if not found:
            if not create:
                raise missing(self.place, practice=self.practice)
            with self.writing() as connection:
                self._make_room(connection)
                # Another process may have been here in the meantime.
                if not inspect(connection).has_table("meta", schema=self.schema or None):
                    tables.metadata.create_all(connection, checkfirst=False)
                    connection.execute(
                        tables.meta.insert().values(
                            schema_version=tables.SCHEMA_VERSION, kind=kind_of(self.practice)
                        )
                    )
        elif tables.meta.name not in found:
            raise damaged(self.place, "it is a database of something else")
        if self._checked() < tables.SCHEMA_VERSION:
            # Alembic takes a tenth of a second to load; a store of today never needs it.
            from migrator.store.migrate import carry_over

            with self.writing() as connection:
                terms = self.terms(connection, ThisMachine())
                carry_over(connection, terms, self.place, self.schema)

    def _make_room(self, connection: Connection) -> None:  # noqa: B027 - a file is room enough
        """Make what the tables lie in."""

    def _checked(self) -> int:
        """The version of the tables, if this program may use them for runs of this kind."""
        with self.reading() as connection:
            row = connection.execute(
                select(tables.meta.c.schema_version, tables.meta.c.kind)
            ).one_or_none()
        if row is None:
            raise damaged(self.place, "it does not say which version it has")
        version, kind = row
        if version > tables.SCHEMA_VERSION:
            raise EnvironmentFailed(
                "store-newer",
                f"{self.place} was made by a newer migrator: its tables have version {version}, "
                f"this program knows version {tables.SCHEMA_VERSION}",
                hint="use the newer program for this store, or another --store",
            )
        if kind != kind_of(self.practice):
            raise InputError(
                "store-mode",
                f"{self.place} holds {kind} runs; a {kind_of(self.practice)} run never goes there",
                hint=f"name another --store for {kind_of(self.practice)} runs",
            )
        return int(version)

    # --- what differs ---------------------------------------------------------------------------

    def _connect(self) -> Connection:
        return self._engine.connect()

    def _alone(self, connection: Connection, *, quiet: bool) -> None:  # noqa: B027 - see sqlite.py
        """Keep other writers out; called at the beginning of a writing transaction."""

    @abstractmethod
    def _one_moment(self, connection: Connection) -> Connection:
        """The connection, told to show one moment for as long as it is used."""

    @abstractmethod
    def _named(self, error: BaseException) -> MigratorError:
        """Name a failure by what a person can do about it."""

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn what the database says into our words."""
        try:
            yield
        except IntegrityError:
            raise  # a rule of the tables was broken: only who wrote knows what it means
        except DBAPIError as error:
            raise self._named(error.orig or error) from error


P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


def once_more(act: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Do a thing a second time when the connection was lost: for what may be done twice.

    The second time waits for the database to come back, as long as a lease allows.
    """

    def patient(self: S, /, *arguments: P.args, **named: P.kwargs) -> R:
        try:
            return act(self, *arguments, **named)
        except TransientError as error:
            if error.reference != UNREACHABLE:
                raise
        return act(self, *arguments, **named)

    return patient


def kind_of(practice: bool) -> str:  # noqa: FBT001 - the two kinds of runs
    """The kind of runs that a store holds, as it is written down in it."""
    return "practice" if practice else "live"


def missing(place: str, *, practice: bool) -> InputError:
    """There is no such store, and the caller did not want one made."""
    return InputError(
        "store-missing",
        f"there is no store at {place}: no {kind_of(practice)} run was begun or kept there",
        hint="go to the folder in which the run was begun, or name it with --store",
    )


def damaged(place: str, why: str) -> EnvironmentFailed:
    """What is there is not ours, or not whole."""
    return EnvironmentFailed(
        "store-damaged",
        f"{place} is no store of migrator, or it is damaged: {why}",
        hint="name the right --store, or put back a backup",
    )
