"""What a database says of itself: tables, sequences, roles, limits. Reads only.

Called by the acts before they trust anything; `readiness.py` judges what is read here. Names are
always (schema, name) as the catalogue writes them, never as a person types them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from migrator.platform.postgresql.naming import quoted
from migrator.platform.postgresql.session import Row, Session

USERS_OWN: Final = """
n.nspname NOT IN ('information_schema') AND n.nspname !~ '^pg_' AND NOT EXISTS
(SELECT FROM pg_depend e
  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
"""
"""Neither the server's own nor an extension's: those belong to whoever installs the extension."""

TABLES: Final = f"""
SELECT n.nspname, c.relname, c.relpersistence = 'u', c.relreplident::text,
pg_has_role(c.relowner, 'USAGE'),
ARRAY(SELECT a.attname FROM pg_index i
  JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place) ON true
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
  WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate AND i.indisvalid ORDER BY k.place),
ARRAY(SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
  || CASE WHEN a.attgenerated <> '' THEN ' generated' ELSE '' END
  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attname),
ARRAY(SELECT a.attname FROM pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname),
ARRAY(SELECT t.tgname FROM pg_trigger t
  WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') ORDER BY t.tgname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {USERS_OWN} ORDER BY 1, 2
"""  # noqa: S608 - made of our own text

SEQUENCES: Final = f"""
SELECT n.nspname, c.relname, tn.nspname, t.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
  AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND {USERS_OWN} ORDER BY 1, 2
"""  # noqa: S608 - the same

OTHERS: Final = f"""
SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('m', 'f') AND {USERS_OWN} ORDER BY 1, 2, 3
"""  # noqa: S608 - the same

ROLES: Final = """
SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolname = current_user
FROM pg_roles r WHERE r.rolname = ANY (%s)
"""

SERVER: Final = """
SELECT current_setting('server_version'), current_setting('wal_level'),
pg_encoding_to_char(d.encoding), current_setting('is_superuser') = 'on',
current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots),
current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication),
least(current_setting('max_logical_replication_workers')::int,
  current_setting('max_worker_processes')::int - 1)
  - (SELECT count(*) FROM pg_stat_subscription WHERE pid IS NOT NULL),
(SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_prepared_xacts),
ARRAY(SELECT extname FROM pg_extension ORDER BY 1), pg_is_in_recovery(),
(SELECT system_identifier::text FROM pg_control_system())
FROM pg_database d WHERE d.datname = current_database()
"""

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """An ordinary table: a partition counts as one, a partitioned table has no rows itself."""

    name: Name
    unlogged: bool = False
    identity: str = "d"  # pg_class.relreplident
    owned: bool = True
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()  # name, type and whether it is generated
    column_names: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()  # those that fire when replicated rows come


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence and the table whose column it numbers, where it does."""

    name: Name
    table: Name | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the subsystem logs in with."""

    name: str
    may_log_in: bool
    superuser: bool = False
    ourselves: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """What a server can do, and what of it is free."""

    version: str
    major: int
    wal_level: str
    encoding: str
    superuser: bool
    slots_free: int
    senders_free: int
    workers_free: int
    large_objects: int
    prepared: int
    extensions: tuple[str, ...]
    standby: bool = False
    system: str = ""  # the same for two databases of one server


@dataclass(frozen=True, slots=True)
class Estate:
    """One end as a whole."""

    server: Server
    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    roles: tuple[Role, ...]
    others: tuple[str, ...] = ()  # what has rows or answers and is no table

    def table(self, name: Name) -> Table | None:
        """The table of that name."""
        return next((table for table in self.tables if table.name == name), None)


def shown(name: Name) -> str:
    """A table's or sequence's name for people."""
    return ".".join(name)


def in_sql(name: Name) -> str:
    """A table's or sequence's name for SQL."""
    return ".".join(quoted(part) for part in name)


async def read_estate(session: Session, writers: Iterable[str]) -> Estate:
    """Everything at once."""
    (server,) = await session.rows(SERVER)
    roles = await session.rows(ROLES, list(writers))
    return Estate(
        _server(session.version, server),
        await read_tables(session),
        await read_sequences(session),
        tuple(Role(str(r[0]), r[1] is True, r[2] is True, r[3] is True) for r in roles),
        tuple(f"{kind} {schema}.{name}" for kind, schema, name in await session.rows(OTHERS)),
    )


async def read_tables(session: Session) -> tuple[Table, ...]:
    """All tables that are users' own."""
    return tuple(_table(row) for row in await session.rows(TABLES))


async def read_sequences(session: Session) -> tuple[Sequence, ...]:
    """All sequences that are users' own."""
    return tuple(
        Sequence(
            (str(schema), str(name)),
            None if of is None else (str(of_schema), str(of)),
        )
        for schema, name, of_schema, of in await session.rows(SEQUENCES)
    )


def chosen(tables: Iterable[Table], wanted: tuple[str, ...]) -> tuple[Table, ...]:
    """The tables that move: those named, or all that keep their rows through a crash."""
    if not wanted:
        return tuple(table for table in tables if not table.unlogged)
    return tuple(table for table in tables if shown(table.name) in wanted)


def carried(
    sequences: Iterable[Sequence], tables: Iterable[Table], wanted: tuple[str, ...]
) -> tuple[Sequence, ...]:
    """The sequences that move: all, or those of the tables that were named."""
    moved = {table.name for table in tables}
    return tuple(each for each in sequences if not wanted or each.table in moved)


def _table(row: Row) -> Table:
    schema, name, unlogged, identity, owned, key, columns, names, triggers = row
    return Table(
        (str(schema), str(name)),
        unlogged is True,
        str(identity),
        owned is True,
        _texts(key),
        _texts(columns),
        _texts(names),
        _texts(triggers),
    )


def _server(major: int, row: Row) -> Server:
    version, wal, encoding, superuser, *numbers, extensions, standby, system = row
    slots, senders, workers, large, prepared = (int(cast("int", number)) for number in numbers)
    return Server(
        version=str(version),
        major=major,
        wal_level=str(wal),
        encoding=str(encoding),
        superuser=superuser is True,
        slots_free=slots,
        senders_free=senders,
        workers_free=workers,
        large_objects=large,
        prepared=prepared,
        extensions=_texts(extensions),
        standby=standby is True,
        system=str(system),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in cast("list[object]", value))
