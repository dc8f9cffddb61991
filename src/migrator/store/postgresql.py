"""A store on a PostgreSQL server: several hosts, one leader for each run, standbys that wait.

Opened by `sql.py` for a URL. Practice and live runs lie in two schemas of one database. The lease
row and its epoch are the truth, measured by the server's clock; a session lock only shortens the
wait for a leader that has died, and a lost one costs nothing but time. Who waits for commands is
woken by NOTIFY, and looks once a second anyway. It wants a direct connection: behind a pooler that
hands sessions round, neither the lock nor the waking works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateSchema

from migrator.errors import EnvironmentFailed, InputError, MigratorError, TransientError
from migrator.store.address import SERVERS
from migrator.store.database import UNREACHABLE, Database, kind_of
from migrator.store.lease import Terms
from migrator.store.machine import Holder, Machine, boot_seconds

if TYPE_CHECKING:
    from psycopg import Connection as Session

OUTAGE_SECONDS_MAX: Final = 5.0
"""How long an opened store waits for its server to come back: half a lease."""

CONNECT_SECONDS_MAX: Final = 5
WAIT_MS_MAX: Final = 5000
"""How long a writer waits for a lock; and how long a frozen one may hold up all others."""

LOOK_SECONDS: Final = 1.0
"""A lost notification costs this long."""

UNRENEWED_SECONDS: Final = 4.0
"""Leaders renew every 2.5 s. Whose lock is free and whose lease is this old has ended: after a
restart of the server alone every lock is free, and every leader renews in time."""

# States of the server, as it codes them. Class 08: the connection; 57P: it ends or begins.
LOST: Final = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")
BUSY: Final = ("55P03", "40P01", "40001")
REFUSED: Final = ("42501", "25006")
FULL: Final = ("53100",)


class PostgresqlDatabase(Database):
    """The schema of one kind of runs in a database on a server."""

    def __init__(self, url: str, *, practice: bool, create: bool, folder: Path) -> None:
        """Open the schema, or create it. Raises InputError or EnvironmentFailed."""
        self.practice = practice
        self.folder = folder
        self.schema = f"migrator_{kind_of(practice)}"
        address = _parsed(url)
        self.place = f"{address.render_as_string(hide_password=True)} ({kind_of(practice)})"
        self.label = _server(address)
        self._locks: set[str] = set()
        self._lock_session: Session[tuple[object, ...]] | None = None
        self._ears: Session[tuple[object, ...]] | None = None
        self._version = 0
        self._looked = 0.0
        self._opened = False
        self._given_up = False
        try:
            engine = create_engine(
                address,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": CONNECT_SECONDS_MAX,
                    "application_name": "migrator",
                },
            )
        except ImportError as error:
            raise InputError(
                "postgresql-extra",
                f"the library for PostgreSQL is not installed here: {error}",
                hint="install migrator with its extra: migrator[postgresql]",
            ) from error
        event.listen(engine, "connect", _connected)
        self._engine = engine.execution_options(schema_translate_map={None: self.schema})
        try:
            self._prepare(create=create)
        except MigratorError:
            self.close()
            raise
        self._opened = True

    def data_version(self) -> int:
        """A number that changes when a command may have come, and at least once a second."""
        if boot_seconds() - self._looked >= LOOK_SECONDS:
            self._looked = boot_seconds()
            self._version += 1
            if self._ears is None:
                self._listen()
        if self._ears is not None:
            try:
                self._version += len(list(self._ears.notifies(timeout=0)))
            except _driver_error():
                self._deaf()
        return self._version

    def bell(self, run: str) -> int | None:
        """The connection on which notifications come."""
        if self._ears is None:
            return None
        try:
            return self._ears.fileno()
        except _driver_error():
            self._deaf()
            return None

    def terms(self, connection: Connection, machine: Machine, *, locked: bool = False) -> Terms:
        """Leases are measured by the server's clock; `locked`: we hold the run's session lock."""
        now = connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one()
        me = machine.myself()

        def gone(holder: Holder, since: float) -> bool:
            # The processes of this very machine can be looked at; others are only heard of.
            if holder.boot == me.boot and machine.is_gone(holder):
                return True
            return locked and holder.session and since > UNRENEWED_SECONDS

        return Terms(float(now), replace(me, session=locked), gone)

    def lock(self, run: str) -> bool:
        """Try to hold the session lock of a run. Nothing is lost where it cannot be had."""
        if run in self._locks and self._lock_session is not None:
            return True
        try:
            if self._lock_session is None:
                self._locks.clear()
                self._lock_session = self._session_of_its_own()
            held = self._ask("pg_try_advisory_lock", run)
        except DBAPIError:
            return False
        except _driver_error():
            self._lose_locks()
            return False
        if held:
            self._locks.add(run)
        return held

    def unlock(self, run: str) -> None:
        """Let go of a run's session lock."""
        if run not in self._locks:
            return
        self._locks.discard(run)
        try:
            self._ask("pg_advisory_unlock", run)
        except _driver_error():
            self._lose_locks()  # the server has dropped them

    def look_after(self) -> None:
        """A restart of the server drops the locks of those who lead: take them again."""
        lost = set(self._locks)
        try:
            if self._lock_session is not None:
                self._lock_session.execute("select 1")
        except _driver_error():
            self._lose_locks()
            for run in lost:
                self.lock(run)

    def erase(self, erasing: Callable[[Connection], bool]) -> bool:
        """Freed rows are swept; the server's own log and its backups are beyond our reach."""
        with self.writing() as connection:
            done = erasing(connection)
        with self._failing(), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql(f"vacuum {self.schema}.notes, {self.schema}.blobs")
        return done

    def close(self) -> None:
        """Let go of the server; it drops our locks."""
        self._deaf()
        self._lose_locks()
        super().close()

    # --- inside ---------------------------------------------------------------------------------

    def _connect(self) -> Connection:
        """Connect; once the store was opened, wait for a server that is starting again.

        Who has waited in vain does not wait again before the server was back: a commit that is
        tried three times, and a lease that is given back, would each wait as long once more.
        """
        patience = 0.0 if self._given_up or not self._opened else OUTAGE_SECONDS_MAX
        waited, pause = 0.0, 0.05
        while True:
            try:
                with self._failing():
                    connection = super()._connect()
            except TransientError:
                if waited >= patience:
                    self._given_up = True
                    raise
            else:
                self._given_up = False
                return connection
            time.sleep(pause)
            waited += pause
            pause = min(pause * 2, 1.0)

    def _alone(self, connection: Connection, *, quiet: bool) -> None:
        if not quiet:
            connection.execute(
                text("select pg_advisory_xact_lock(hashtextextended(:schema, 0))"),
                {"schema": self.schema},
            )
            # Sent when the transaction commits, and only then.
            connection.execute(text("select pg_notify(:schema, '')"), {"schema": self.schema})

    def _one_moment(self, connection: Connection) -> Connection:
        return connection.execution_options(isolation_level="REPEATABLE READ")

    def _make_room(self, connection: Connection) -> None:
        connection.execute(CreateSchema(self.schema, if_not_exists=True))

    def _session_of_its_own(self) -> Session[tuple[object, ...]]:
        """A connection that no transaction uses, and that commits each statement by itself."""
        raw = self._engine.raw_connection()
        session = cast("Session[tuple[object, ...]]", raw.driver_connection)
        raw.detach()  # ours to close: the pool forgets it
        session.autocommit = True
        return session

    def _listen(self) -> None:
        try:
            self._ears = self._session_of_its_own()
            self._ears.execute(f"listen {self.schema}".encode())
        except (DBAPIError, _driver_error()):
            self._deaf()  # whoever looks at the desk next hears of it

    def _deaf(self) -> None:
        ears, self._ears = self._ears, None
        if ears is not None:
            ears.close()

    def _lose_locks(self) -> None:
        session, self._lock_session = self._lock_session, None
        self._locks.clear()
        if session is not None:
            session.close()

    def _ask(self, function: str, run: str) -> bool:
        assert self._lock_session is not None, "made by lock"
        row = self._lock_session.execute(
            f"select {function}(hashtextextended(%s, 0))".encode(), [f"{self.schema}/{run}"]
        ).fetchone()
        return row is not None and bool(row[0])

    def _named(self, error: BaseException) -> MigratorError:
        state = getattr(error, "sqlstate", None)
        said = " ".join(str(error).split())
        if state is None or state.startswith(LOST):
            return TransientError(
                UNREACHABLE,
                f"the database {self.place} cannot be reached: {said}",
                hint="start the server or mend the address; a run goes on from its last fact",
            )
        if state in BUSY:
            return TransientError(
                "store-busy",
                f"{self.place} was being written by another process for "
                f"{WAIT_MS_MAX / 1000:.0f} s: {said}",
                hint="try again; if it stays so, look who waits for whom: pg_stat_activity",
            )
        if state in FULL:
            return EnvironmentFailed(
                "disk-full",
                f"the disk of {self.place} is full; nothing is half written",
                hint="make room on the server's disk, then run the same command again",
            )
        if state in REFUSED:
            return EnvironmentFailed(
                "store-not-writable",
                f"{self.place} cannot be written: {said}",
                hint="give this user the database (CREATE, for the first time), on the primary",
            )
        return EnvironmentFailed(
            "store-failed",
            f"{self.place} could not be used: {said}",
            hint="look at the server's own log",
        )


def _parsed(url: str) -> URL:
    """The address, with our driver in it."""
    from sqlalchemy.engine import make_url

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InputError(
            "store-address",
            "the store's address cannot be read as postgresql+psycopg://USER@HOST:PORT/DATABASE",
            hint="a password with : / @ or # in it is written with percent signs; better, leave "
            "it out and keep it in ~/.pgpass",
        ) from error
    return parsed.set(drivername=SERVERS[0])


def _server(address: URL) -> str:
    """Which database this is, without user and password: a socket's folder is named in the query.

    Two servers must never share a name, or the heads of one would accuse the other of a cut.
    """

    def said(key: str) -> str:
        value = address.query.get(key, "")
        return value if isinstance(value, str) else ",".join(value)

    host, port = address.host or said("host"), address.port or said("port")
    return f"{host}:{port}/{address.database or said('dbname')}"


def _connected(connection: Session[tuple[object, ...]], _record: object) -> None:
    """Settings of a session: a server whose default is to lie about commits is told not to."""
    connection.autocommit = True
    connection.execute(
        "select set_config('lock_timeout', %s, false), "
        "set_config('idle_in_transaction_session_timeout', %s, false), "
        "set_config('synchronous_commit', case current_setting('synchronous_commit') "
        "when 'off' then 'on' else current_setting('synchronous_commit') end, false)",
        [f"{WAIT_MS_MAX}ms", f"{WAIT_MS_MAX}ms"],
    )
    connection.autocommit = False


def _driver_error() -> type[Exception]:
    import psycopg

    return psycopg.Error
