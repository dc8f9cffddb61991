"""Two PostgreSQL servers and an application that writes, for tests of a database that moves.

The servers are Debian's, started once for each process of tests (`postgresql_server.py`); each
test gets a database, a role and tables of its own on both. The application keeps a ledger of what
was committed, and comes back whenever it is thrown out.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final, cast

import pytest

from migrator.platform.postgresql.ends import DatabaseEnd, DatabaseMove
from migrator.platform.postgresql.move import PostgresMove
from migrator.platform.postgresql.naming import Mark
from postgresql_server import Server, programs

if TYPE_CHECKING:
    from psycopg import AsyncConnection

# Commits are kept when a server is stopped as if it was killed: the ledger takes them as promised.
OPTIONS: Final = (
    "-c fsync=off -c full_page_writes=off -c wal_level=logical -c max_prepared_transactions=5 "
    "-c max_replication_slots=30 -c max_wal_senders=30 -c wal_retrieve_retry_interval=300ms "
    "-c max_worker_processes=40 -c max_logical_replication_workers=30 -c logging_collector=on"
)
SCHEMA: Final = '''
CREATE SCHEMA "Ord er";
CREATE TABLE "Ord er"."Line ""it%ems""" (
  id bigserial PRIMARY KEY, tag text NOT NULL, "The name" text, body bytea, doc jsonb,
  at timestamptz, amount float8, twice float8 GENERATED ALWAYS AS (amount * 2) STORED);
CREATE TABLE account (
  region int, code text, balance numeric(12, 2), PRIMARY KEY (region, code));
CREATE TABLE booking (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, region int, code text, said text,
  FOREIGN KEY (region, code) REFERENCES account);
CREATE TABLE reading (day date, number int, value real, PRIMARY KEY (day, number))
  PARTITION BY RANGE (day);
CREATE TABLE reading_old PARTITION OF reading FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE reading_new PARTITION OF reading FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
'''
GRANTS: Final = """
GRANT ALL ON SCHEMA "Ord er", public TO {role};
GRANT ALL ON ALL TABLES IN SCHEMA "Ord er", public TO {role};
GRANT ALL ON ALL SEQUENCES IN SCHEMA "Ord er", public TO {role};
"""
LINES: Final = '"Ord er"."Line ""it%ems"""'
TABLES: Final = (LINES, "account", "booking", "reading")
FILL: Final = f"""
INSERT INTO {LINES} (tag, "The name", body, doc, at, amount) SELECT 't' || n, 'namn ' || n,
  decode(md5(n::text), 'hex'), jsonb_build_object('n', n), '2026-03-29 01:30Z'::timestamptz
  + n * interval '1 min', n / 3.0 FROM generate_series(1, 3000) n;
INSERT INTO account SELECT n % 7, 'k"' || n, n * 1.5 FROM generate_series(1, 200) n;
INSERT INTO booking (region, code, said) SELECT region, code, E'rad\\n' || code FROM account;
INSERT INTO reading SELECT '2025-12-01'::date + n, n, n / 7.0 FROM generate_series(1, 60) n;
"""  # noqa: S608 - the tests' own text

# A per cent sign stands for a parameter, so the table's own is doubled.
WRITES: Final = {
    "insert": 'INSERT INTO "Ord er"."Line ""it%%ems""" AS t '
    '(tag, "The name", body, doc, at, amount) '
    "VALUES (%(tag)s, %(name)s, %(body)s, %(doc)s::jsonb, now(), %(amount)s) ",
    "update": 'UPDATE "Ord er"."Line ""it%%ems""" t SET "The name" = %(name)s, '
    "amount = %(amount)s, body = %(body)s, doc = %(doc)s::jsonb WHERE tag = %(tag)s ",
    "delete": 'DELETE FROM "Ord er"."Line ""it%%ems""" t WHERE tag = %(tag)s ',
}

_NUMBERS: Final = count(1)


@cache
def servers() -> tuple[Server, Server]:
    """The two servers of this process; the test is skipped where none can be started."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed here")
    return Server(found, OPTIONS), Server(found, OPTIONS)


def end_on(server: Server, name: str, *, user: str = "migrator") -> DatabaseEnd:
    """An end that is reached over the server's socket."""
    return DatabaseEnd(str(server.folder), 5432, name, user)


@dataclass
class Estate:
    """A database on both servers with its writer, and the acts on it."""

    source: Server
    target: Server
    name: str
    role: str
    attempt: int = 1
    epoch: int = 1
    tables: tuple[str, ...] = ()
    told: list[str] = field(default_factory=list)
    outage_seconds_max: float = 20.0

    @property
    def declared(self) -> DatabaseMove:
        """What a cut-over file would say."""
        return DatabaseMove(
            self.name,
            end_on(self.source, self.name),
            end_on(self.target, self.name),
            (self.role,),
            self.tables,
        )

    def move(self, *, epoch: int = 0, run: str = "r1", attempt: int = 0) -> PostgresMove:
        """The acts, as a new process would make them."""
        mark = Mark(run, epoch or self.epoch, f"{run}/w1/book/{attempt or self.attempt}")
        return PostgresMove(
            "book",
            self.declared,
            mark,
            tell=self.told.append,
            outage_seconds_max=self.outage_seconds_max,
        )

    def on(self, side: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as a person with all rights would."""
        return self.server(side).sql(self.name, statement)

    def server(self, side: str) -> Server:
        """The server of a side."""
        return self.source if side == "source" else self.target

    def rows(self, side: str, table: str) -> list[tuple[object, ...]]:
        """The rows of a table as text, in one order."""
        text = f"SELECT ROW(t.*)::text FROM {table} t ORDER BY 1"  # noqa: S608 - our own names
        return self.on(side, text)

    def ours(self, side: str) -> list[str]:
        """Every publication, subscription and slot on a side that is in this database."""
        text = (
            "SELECT 'publication ' || pubname FROM pg_publication UNION ALL "
            "SELECT 'subscription ' || subname FROM pg_subscription WHERE subdbid = "
            "(SELECT oid FROM pg_database WHERE datname = current_database()) UNION ALL "
            "SELECT 'slot ' || slot_name FROM pg_replication_slots "
            "WHERE database = current_database() ORDER BY 1"
        )
        return [str(name) for (name,) in self.on(side, text)]


def an_estate(schema: str = SCHEMA, fill: str = FILL, **words: object) -> Estate:
    """A new database on both servers; its rows are on the source."""
    source, target = servers()
    number = next(_NUMBERS)
    estate = Estate(source, target, f"book{number}", f"app{number}", **words)  # type: ignore[arg-type]
    for side in ("source", "target"):
        server = estate.server(side)
        server.sql("postgres", f"CREATE DATABASE {estate.name}")
        server.sql("postgres", f"CREATE ROLE {estate.role} LOGIN")
        server.sql("postgres", f"ALTER DATABASE {estate.name} SET TimeZone = 'UTC'")
        estate.on(side, schema)
        if schema == SCHEMA:
            estate.on(side, GRANTS.format(role=estate.role))
    estate.on("source", fill)
    return estate


async def clear_away(estate: Estate) -> None:
    """End what a test left, so that no slot or worker disturbs the next."""
    for side in ("source", "target"):
        for (name,) in estate.on(side, MINE_SUBSCRIBED):
            estate.on(side, f'ALTER SUBSCRIPTION "{name}" DISABLE')
            estate.on(side, f'ALTER SUBSCRIPTION "{name}" SET (slot_name = NONE)')
            estate.on(side, f'DROP SUBSCRIPTION "{name}"')
    for side in ("source", "target"):
        for _ in range(100):
            left = estate.on(
                side,
                "SELECT CASE WHEN active_pid IS NULL "
                "THEN pg_drop_replication_slot(slot_name)::text "
                "ELSE pg_terminate_backend(active_pid)::text END FROM pg_replication_slots "
                "WHERE database = current_database()",
            )
            if not left:
                break
            await asyncio.sleep(0.05)
        estate.server(side).sql("postgres", f"DROP DATABASE {estate.name} WITH (FORCE)")


MINE_SUBSCRIBED: Final = (
    "SELECT subname FROM pg_subscription WHERE subdbid = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass
class Application:
    """Writes as its role through one side at a time, keeps a ledger, and never gives up.

    A row is known by its tag. What was on its way when the connection was lost is in doubt, until
    somebody looks (`settle`).
    """

    estate: Estate
    side: str
    ledger: dict[str, str] = field(default_factory=dict)
    doubts: set[str] = field(default_factory=set)
    refused: int = 0
    writes: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def work(self) -> None:
        """Write until cancelled."""
        import psycopg

        while True:
            try:
                await self._session()
            except psycopg.Error:
                self.refused += 1
            await asyncio.sleep(0.02)

    async def _session(self) -> None:
        import psycopg

        end = end_on(self.estate.server(self.side), self.estate.name, user=self.estate.role)
        connection = await psycopg.AsyncConnection[tuple[object, ...]].connect(
            host=end.host, dbname=end.database, user=end.user, autocommit=True
        )
        async with connection:
            while True:
                await self._write(connection)
                self.writes += 1
                await asyncio.sleep(0)

    async def _write(self, connection: AsyncConnection[tuple[object, ...]]) -> None:
        kind = self.chance.choice(("insert", "insert", "update", "delete"))
        known = list(self.ledger)
        tag = str(uuid.uuid4()) if kind == "insert" or not known else self.chance.choice(known)
        text = WRITES["insert" if tag not in self.ledger else kind]
        self.doubts.add(tag)
        cursor = await connection.execute(
            (text + "RETURNING ROW(t.*)::text").encode(),
            {
                "tag": tag,
                "name": f'å "{self.chance.random()}" \\ \n',
                "body": self.chance.randbytes(40),
                "doc": json.dumps({"x": self.chance.random(), "y": [None, "ö"]}),
                "amount": self.chance.random() * 10 ** self.chance.randint(-20, 20),
            },
        )
        (row,) = cast("tuple[str]", await cursor.fetchone())
        if kind == "delete" and tag in self.ledger:
            del self.ledger[tag]
        else:
            self.ledger[tag] = row
        self.doubts.discard(tag)

    def settle(self) -> None:
        """Take what the database has for each tag whose last write was on its way."""
        for tag in self.doubts:
            text = f"SELECT ROW(t.*)::text FROM {LINES} t WHERE tag = '{tag}'"  # noqa: S608
            rows = self.estate.on(self.side, text)
            self.ledger.pop(tag, None)
            if rows:
                self.ledger[tag] = str(rows[0][0])
        self.doubts.clear()

    def on(self, side: str) -> dict[str, str]:
        """What a side has of everything that was written here."""
        text = f"SELECT tag, ROW(t.*)::text FROM {LINES} t WHERE tag !~ '^t[0-9]+$'"  # noqa: S608
        rows = self.estate.on(side, text)
        return {str(tag): str(row) for tag, row in rows}


@asynccontextmanager
async def at_work(application: Application) -> AsyncIterator[Application]:
    """The application works beside what happens inside."""
    task = asyncio.create_task(application.work())
    try:
        yield application
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_it_wrote(application: Application, more: int = 50) -> None:
    """Wait until the application has written so much more."""
    wanted = application.writes + more
    for _ in range(2000):
        if application.writes >= wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"no writes: {application.refused} sign-ins were refused")


async def to_the_grant(estate: Estate) -> PostgresMove:
    """The target has authority, and its writers may come in."""
    move = estate.move()
    await move.copy()
    await move.fence_source()
    await move.final_copy()
    await move.open_target()
    return move


@asynccontextmanager
async def held_up(estate: Estate, side: str, table: str) -> AsyncIterator[None]:
    """Whoever writes to the table waits; whoever reads does not."""
    import psycopg

    connection = await psycopg.AsyncConnection[tuple[object, ...]].connect(
        host=str(estate.server(side).folder), dbname=estate.name, user="migrator"
    )
    async with connection:
        await connection.execute(f"LOCK {table} IN EXCLUSIVE MODE".encode())
        yield


def on_both(estate: Estate) -> None:
    """Assert that every table is the same on both sides."""
    for table in TABLES:
        assert estate.rows("source", table) == estate.rows("target", table), table


def unreachable(estate: Estate, side: str) -> DatabaseMove:
    """The same move with one end that nobody answers for."""
    end = estate.declared.source if side == "source" else estate.declared.target
    away = replace(end, host="127.0.0.1", port=1)
    if side == "source":
        return replace(estate.declared, source=away)
    return replace(estate.declared, target=away)
