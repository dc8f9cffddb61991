"""A look at a store that changes nothing: for `migrator doctor`, which must not mend what it finds.

Opening a store makes tables, carries older ones over and turns the log on; this only reads. A store
of another version is told by its number and not read further.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.base import OptionEngine
from sqlalchemy.exc import ArgumentError, DBAPIError

from migrator.errors import EnvironmentFailed, InputError
from migrator.store import tables
from migrator.store.address import SERVERS, is_server, store_path
from migrator.store.database import damaged, kind_of
from migrator.store.machine import Holder, Machine, ThisMachine
from migrator.store.mounts import refuse_network
from migrator.store.sqlite import driver

CONNECT_SECONDS_MAX: Final = 5
BUSY_MS_MAX: Final = 2000

SERVER_LOSES: Final = (("fsync", "off"), ("full_page_writes", "off"))
"""Settings of a server with which a committed fact may be gone after a power cut. A session of ours
never runs with synchronous_commit off, whatever the server's default is."""


@dataclass(frozen=True, slots=True)
class SeenLease:
    """Who leads a run, or did so last without giving it back."""

    run: str
    mode: str  # virtual, scaled or wall
    epoch: int
    holder: str  # in words
    pid: int | None  # None: on another machine, or in a container beside ours
    gone: bool  # that process has certainly ended
    seconds_left: float  # of the lease; negative: it ran out so long ago
    ended: bool  # the run is over


@dataclass(frozen=True, slots=True)
class Look:
    """What was found of one store."""

    place: str
    kind: str  # practice or live
    version: int
    version_known: int
    engine: str
    log: str  # of SQLite: wal or another mode; empty on a server
    runs: int
    leases: tuple[SeenLease, ...]
    loses: tuple[str, ...]  # settings of a server that lose commits


def look(where: str, *, practice: bool, machine: Machine | None = None) -> Look | None:
    """Look at the store of one kind in a folder, file or database; None where there is none.

    Raises InputError for an address that is none, EnvironmentFailed for what cannot be read.
    """
    server = is_server(where)
    engine: Engine | OptionEngine
    if server:
        url = server_address(where)
        place, schema = url.render_as_string(hide_password=True), f"migrator_{kind_of(practice)}"
        engine = _server(url).execution_options(schema_translate_map={None: schema})
    else:
        path = store_path(where, practice=practice)
        if not path.exists():
            return None
        refuse_network(path.parent)
        place, schema, engine = str(path), "", _file(path)
    try:
        with engine.connect() as connection:
            return _look(connection, place, schema, machine or ThisMachine())
    except DBAPIError as error:
        said = " ".join(str(error.orig or error).split())
        raise EnvironmentFailed(
            "store-unreachable" if server else "store-failed",
            f"{place} cannot be read: {said}",
            hint="start the server or mend the address"
            if server
            else "put back a backup, or "
            "name the right --store; the machine's log shows errors of the disk: journalctl -k",
        ) from error
    finally:
        engine.dispose()


def server_address(where: str) -> URL:
    """The address of a server, read."""
    try:
        return make_url(where).set(drivername=SERVERS[0])
    except (ArgumentError, ValueError) as error:
        raise InputError(
            "store-address",
            "the store's address cannot be read as postgresql+psycopg://USER@HOST:PORT/DATABASE",
            hint="a password with : / @ or # in it is written with percent signs",
        ) from error


def server_hosts(where: str) -> tuple[str, ...]:
    """The hosts that an address of a server names; none where it is a socket of this machine."""
    url = server_address(where)
    named = url.query.get("host", ())
    hosts = [url.host or "", *(named.split(",") if isinstance(named, str) else named)]
    return tuple(host.partition(":")[0] for host in hosts if host and not host.startswith("/"))


def _file(path: Path) -> Engine:
    # Mode rw: a mistyped file is not made. The path may hold what an address gives a meaning.
    query = {"mode": "rw", "uri": "true"}
    address = URL.create("sqlite", database=f"file:{quote(str(path.resolve()))}", query=query)
    return create_engine(address, module=driver())


def _server(url: URL) -> Engine:
    try:
        return create_engine(url, connect_args={"connect_timeout": CONNECT_SECONDS_MAX})
    except ImportError as error:
        raise InputError(
            "postgresql-extra",
            f"the library for PostgreSQL is not installed here: {error}",
            hint="install migrator with its extra: migrator[postgresql]",
        ) from error


def _look(connection: Connection, place: str, schema: str, machine: Machine) -> Look | None:
    log = ""
    loses: tuple[str, ...] = ()
    if schema:
        engine = f"PostgreSQL {_asked(connection, 'show server_version').split()[0]}"
        loses = tuple(
            f"{name}={value}"
            for name, value in SERVER_LOSES
            if _asked(connection, f"show {name}") == value
        )
    else:
        _asked(connection, f"pragma busy_timeout={BUSY_MS_MAX}")
        connection.exec_driver_sql("pragma query_only=on")
        log = _asked(connection, "pragma journal_mode")
        engine = f"SQLite {_asked(connection, 'select sqlite_version()')}"
    found = set(inspect(connection).get_table_names(schema=schema or None))
    if not found and schema:
        return None
    if tables.meta.name not in found:
        raise damaged(place, "it is a database of something else")
    row = connection.execute(select(tables.meta.c.schema_version, tables.meta.c.kind)).first()
    if row is None:
        raise damaged(place, "it does not say which version it has")
    readable = row.schema_version == tables.SCHEMA_VERSION
    return Look(
        place=place,
        kind=row.kind,
        version=row.schema_version,
        version_known=tables.SCHEMA_VERSION,
        engine=engine,
        log=log,
        runs=connection.execute(select(func.count()).select_from(tables.runs)).scalar_one(),
        leases=_leases(connection, machine, on_server=bool(schema)) if readable else (),
        loses=loses,
    )


def _leases(connection: Connection, machine: Machine, *, on_server: bool) -> tuple[SeenLease, ...]:
    leases, runs, journal = tables.leases, tables.runs, tables.journal
    me = machine.myself()
    now = machine.seconds()
    if on_server:
        clock = text("select extract(epoch from clock_timestamp())")
        now = float(connection.execute(clock).scalar_one())
    rows = connection.execute(
        select(leases, runs.c.mode)
        .join(runs, runs.c.name == leases.c.run)
        .where(leases.c.holder.is_not(None))
        .order_by(leases.c.run)
    ).all()
    found = []
    for row in rows:
        holder = Holder(**json.loads(row.holder))
        # A file has one machine; on a server only the processes of this machine can be judged.
        gone = (not on_server or holder.boot == me.boot) and machine.is_gone(holder)
        here = (holder.boot, holder.space) == (me.boot, me.space)
        last = connection.execute(
            select(journal.c.kind)
            .where(journal.c.run == row.run)
            .order_by(journal.c.seq.desc())
            .limit(1)
        ).scalar_one_or_none()
        found.append(
            SeenLease(
                run=row.run,
                mode=row.mode,
                epoch=row.epoch,
                holder=str(holder),
                pid=holder.pid if here else None,
                gone=gone,
                seconds_left=row.until - now,
                ended=last == "RunEnded",
            )
        )
    return tuple(found)


def _asked(connection: Connection, question: str) -> str:
    return str(cast("object", connection.exec_driver_sql(question).scalar_one()))
