"""A session on one end of a moving database: the one door of this package to the driver.

Made by `holding.py` for one act, closed with it. Every statement has a time limit, every session
writes and reads text in one way, so that two servers show a row alike. A password is read from its
reference when a session opens; it must never be in an error, and never in a server's log because of
us.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar, cast

from migrator.errors import InputError, MigratorError, PermanentError, TransientError
from migrator.platform.legacy.secret_values import Secrets, read_secrets
from migrator.platform.postgresql.ends import DatabaseEnd
from migrator.platform.postgresql.naming import connection_text

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Error

Row = tuple[object, ...]
_One = TypeVar("_One")
_Two = TypeVar("_Two")

CONNECT_SECONDS_MAX: Final = 5
STATEMENT_SECONDS: Final = 30.0
"""For what is no work on rows: the longest waits for a lock, and that has a limit of its own."""

SETTINGS: Final = {
    "bytea_output": "hex",
    "client_connection_check_interval": "1s",  # a statement whose asker is gone ends
    "client_min_messages": "error",
    "DateStyle": "ISO, MDY",
    "extra_float_digits": "1",
    "idle_in_transaction_session_timeout": "12h",
    "IntervalStyle": "postgres",
    "lc_monetary": "C",
    "lock_timeout": "10s",
    "search_path": "pg_catalog",
    "synchronous_commit": "local",  # our own marks survive a power cut, whatever the default
    "TimeZone": "UTC",
    "xmloption": "content",
}

QUIET: Final = {
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "pg_stat_statements.track": "none",
}
"""For superusers only: the statement that has a subscription's password in it is not logged."""

SIGN_IN: Final = (
    "authentication failed",
    "does not exist",
    "fe_sendauth: no password supplied",
    "is not permitted to log in",
    "no pg_hba.conf entry",
    "permission denied for database",
)
"""A failed sign-in has no code; a server that speaks another language is taken as unreachable."""


class Session:
    """One open connection. Used by one task at a time."""

    def __init__(
        self, side: str, end: DatabaseEnd, secrets: Secrets, opened: AsyncConnection[Row]
    ) -> None:
        """Made by `opened_session` only."""
        self.side = side  # "source" or "target", as errors say it
        self.end = end
        self._secrets = self._hidden = secrets
        self._opened = opened
        self.version = opened.info.server_version // 10_000

    async def rows(
        self, text: str, *values: object, seconds: float = STATEMENT_SECONDS
    ) -> list[Row]:
        """Run one statement. Raises TransientError or PermanentError in the server's words."""
        import psycopg

        try:
            await self._limit(seconds)
            cursor = await self._opened.execute(text.encode(), values or None)
            return await cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            # Without the driver's own error: it may repeat a statement that has a password in it.
            raise self._meant(error) from None

    async def value(self, text: str, *values: object, seconds: float = STATEMENT_SECONDS) -> object:
        """The first column of the first row; None where there is none."""
        rows = await self.rows(text, *values, seconds=seconds)
        return rows[0][0] if rows else None

    async def number(self, text: str, *values: object, seconds: float = STATEMENT_SECONDS) -> int:
        """The first column of the first row, a number; 0 where it is null."""
        found = await self.value(text, *values, seconds=seconds)
        return int(cast("int", found)) if found is not None else 0

    async def truth(self, text: str, *values: object) -> bool:
        """Whether the first column of the first row is true."""
        return await self.value(text, *values) is True

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Everything that is read inside is of one moment."""
        await self.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            await self._end("ROLLBACK")

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Everything that is written inside is there at once, or not at all."""
        await self.rows("BEGIN")
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                await self._end("ROLLBACK")
        await self.rows("COMMIT")

    def conninfo(self, application: str) -> str:
        """How the other end's server reaches this one. Has the password in it, where there is one.

        Its caller gives it to one statement and to nothing else.
        """
        end = self.end
        return connection_text(
            {
                "host": end.peer_host or end.host,
                "port": str(end.peer_port or end.port),
                "dbname": end.database,
                "user": end.user,
                "password": self._secrets.values.get(self.side, ""),
                "application_name": application,
                "connect_timeout": str(CONNECT_SECONDS_MAX),
                "keepalives_idle": "10",
                "keepalives_interval": "5",
                "keepalives_count": "3",
            }
        )

    def hidden(self, text: str) -> str:
        """The text without either end's password."""
        return self._hidden.hidden(text)

    def hide_too(self, other: Session) -> None:
        """The other end's password goes through this session in a subscription: hide it as well."""
        self._hidden = Secrets({**self._secrets.values, **other._secrets.values})

    async def set_up(self, application: str) -> None:
        """The settings of every session."""
        for key, value in {**SETTINGS, "application_name": application}.items():
            await self.rows("SELECT set_config(%s, %s, false)", key, value)
        if await self.truth("SELECT current_setting('is_superuser') = 'on'"):
            for key, value in QUIET.items():
                await self.rows("SELECT set_config(%s, %s, false)", key, value)

    async def _limit(self, seconds: float) -> None:
        if self._opened.info.transaction_status.name != "INERROR":
            limit = f"SET statement_timeout = {round(seconds * 1000)}"
            await self._opened.execute(limit.encode())

    async def _end(self, word: str) -> None:
        """End a transaction; a connection that is gone has ended it already."""
        import psycopg

        try:
            await self._opened.execute(word.encode())
        except psycopg.Error:
            await self._opened.close()

    def _meant(self, error: Error) -> MigratorError:
        # The parts, not the whole: that shows the line of the statement where it is wrong.
        parts = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
        said = "; ".join(part for part in parts if part) or str(error)
        state = error.sqlstate
        if state is not None and state.startswith("08") and not self._opened.broken:
            # We still hear this server: it is the other one that it does not reach.
            return TransientError(
                "database-peer-unreachable",
                f"the {self.side}'s server cannot connect to the other one: {self.hidden(said)}",
                hint="try psql from that server's host: peer_host, peer_port, pg_hba.conf",
            )
        return meant(self.side, self.end, state, self.hidden(said))


def meant(side: str, end: DatabaseEnd, state: str | None, said: str) -> MigratorError:
    """The error that a server's words mean. They are cleaned by the caller."""
    place = f"{side} database {end.database} on {end.host}:{end.port}"
    first = said.strip().splitlines()[0] if said.strip() else "no word"
    if state is None or state.startswith("08") or state in {"57P01", "57P02", "57P03"}:
        return TransientError(
            "database-unreachable",
            f"the {place} does not answer: {first}",
            hint="it is tried again; look at the server, its port and the network",
        )
    if state == "42501":
        return PermanentError(
            "database-forbidden",
            f"the {place} does not allow it to {end.user}: {first}",
            hint="give the role the rights that docs/postgresql.md lists",
        )
    # Two sessions that change one role at once: an internal error, in English everywhere.
    if (
        "concurrently updated" in first
        or state in {"55P03", "57014", "40P01", "40001", "55006"}
        or state.startswith("53")
    ):
        return TransientError(
            "database-busy",
            f"the {place} was too busy: {first}",
            hint="it is tried again; look at what holds locks there (pg_stat_activity)",
        )
    return PermanentError(
        "database-refused",
        f"the {place} refused ({state}): {said.strip()}",
        hint="read the server's words; the same statement would be refused again",
    )


@asynccontextmanager
async def opened_session(side: str, end: DatabaseEnd, application: str) -> AsyncIterator[Session]:
    """A session that is closed at the end. Raises what `Session.rows` raises, or InputError."""
    try:
        import psycopg
    except ImportError as error:
        raise InputError(
            "postgresql-extra",
            f"the library for PostgreSQL is not installed here: {error}",
            hint="install migrator with its extra: migrator[postgresql]",
        ) from error
    secrets = read_secrets({side: end.password} if end.password else {})
    try:
        async with asyncio.timeout(CONNECT_SECONDS_MAX * 2):
            opened = await psycopg.AsyncConnection[Row].connect(
                host=end.host,
                port=end.port,
                dbname=end.database,
                user=end.user,
                password=secrets.values.get(side),
                autocommit=True,
                connect_timeout=CONNECT_SECONDS_MAX,
                prepare_threshold=None,
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
            )
    except (psycopg.Error, TimeoutError) as error:
        said = secrets.hidden(str(error)) or "no answer in time"
        if any(words in said for words in SIGN_IN):
            raise PermanentError(
                "database-sign-in",
                f"the {side} database {end.database} on {end.host}:{end.port} lets {end.user} "
                f"not in: {said.strip().splitlines()[0]}",
                hint="correct user, password reference, database name or pg_hba.conf",
            ) from error
        raise meant(side, end, None, said) from error
    try:
        session = Session(side, end, secrets, opened)
        await session.set_up(application)
        yield session
    finally:
        await opened.close()


async def both(
    one: Coroutine[object, object, _One], two: Coroutine[object, object, _Two]
) -> tuple[_One, _Two]:
    """Wait for two at once; when one fails, the other is ended before its error goes on."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(two)
    try:
        one_said, two_said = await asyncio.gather(first, second)
        return one_said, two_said
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
