"""Whether a database can move, and come back: every fault at once, and what is not carried. Pure.

Called by `check` and, for tables that changed meanwhile, by the later acts. It judges what
`catalog.py` read; it asks no server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from migrator.platform.postgresql.catalog import (
    Estate,
    Role,
    Table,
    carried,
    chosen,
    shown,
)
from migrator.platform.postgresql.ends import DatabaseMove

MAJOR_OLDEST: Final = 14
"""Older servers do not say how far a copy is, and are out of support."""

PUBLISHES: Final = 3
"""Slots and senders: one for the stream, two for tables that are being copied."""

FOLLOWS: Final = 3
"""Workers that apply: the same three on the other end."""


@dataclass(frozen=True, slots=True)
class Findings:
    """`faults` must be mended before the move; `notes` are to be known, such as what stays."""

    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def judge(move: DatabaseMove, source: Estate, target: Estate) -> Findings:
    """Everything that is wrong, and everything that is not carried."""
    faults = (
        *_versions(source, target),
        *(fault for side, estate in _sides(source, target) for fault in _server(side, estate)),
        *_target_side(source, target),
        *(
            fault
            for side, estate in _sides(source, target)
            for fault in _roles(side, estate.roles, move.writers)
        ),
        *tables_differ(move, source.tables, target.tables),
        *_sequences_differ(move, source, target),
    )
    return Findings(faults, tuple(_notes(move, source, target)))


def tables_differ(
    move: DatabaseMove, source: tuple[Table, ...], target: tuple[Table, ...]
) -> Iterator[str]:
    """What keeps the tables from being carried in either direction."""
    there = {table.name: table for table in target}
    moved = chosen(source, move.tables)
    for name in sorted(set(move.tables) - {shown(table.name) for table in moved}):
        yield f"source: there is no table {name}"
    for table in moved:
        yield from _table("source", table)
        twin = there.get(table.name)
        if twin is None:
            yield f"target: there is no table {shown(table.name)}"
            continue
        yield from _table("target", twin)
        yield from _columns(table, twin)
        if table.key != twin.key and table.key and twin.key:
            yield (
                f"{shown(table.name)}: the primary key is ({', '.join(table.key)}) on the source "
                f"and ({', '.join(twin.key)}) on the target"
            )
    if not move.tables:
        known = {table.name for table in source}
        for more in sorted(there.keys() - known):
            yield f"source: there is no table {shown(more)}, which the target has"


def _table(side: str, table: Table) -> Iterator[str]:
    name = shown(table.name)
    if not table.key:
        yield f"{side}: {name} has no primary key (a deferrable one does not count)"
    if table.identity == "n":
        yield f"{side}: {name} has REPLICA IDENTITY NOTHING: updates and deletes cannot travel"
    if table.unlogged:
        yield f"{side}: {name} is unlogged: its rows cannot travel"
    if not table.owned:
        yield f"{side}: {name} belongs to a role that our user is no member of"


def _columns(table: Table, twin: Table) -> Iterator[str]:
    here, there = set(table.columns), set(twin.columns)
    if here != there:
        yield (
            f"{shown(table.name)}: columns differ: only on the source "
            f"{', '.join(sorted(here - there)) or 'none'}; only on the target "
            f"{', '.join(sorted(there - here)) or 'none'}"
        )


def _sides(source: Estate, target: Estate) -> tuple[tuple[str, Estate], ...]:
    return (("source", source), ("target", target))


def _versions(source: Estate, target: Estate) -> Iterator[str]:
    for side, estate in _sides(source, target):
        if estate.server.major < MAJOR_OLDEST:
            yield f"{side}: version {estate.server.version} is older than {MAJOR_OLDEST}"
    if target.server.major < source.server.major:
        yield (
            f"target: version {target.server.version} is older than the source's "
            f"{source.server.version}"
        )
    if source.server.system == target.server.system != "":
        yield "target: it is on the source's server, where each role has one log-in for both"
    if source.server.encoding != target.server.encoding:
        yield (
            f"target: encoding {target.server.encoding} is not the source's "
            f"{source.server.encoding}: rows could not be compared"
        )


def _server(side: str, estate: Estate) -> Iterator[str]:
    server = estate.server
    if server.standby:
        yield f"{side}: it is a standby; name its primary"
    if server.wal_level != "logical":
        yield f"{side}: wal_level is {server.wal_level}, not logical (needs a restart)"
    if not server.superuser:
        yield f"{side}: our user is no superuser, which subscriptions and roles need here"
    for what, free, needed in (
        ("replication slots (max_replication_slots)", server.slots_free, PUBLISHES),
        ("WAL senders (max_wal_senders)", server.senders_free, PUBLISHES),
        (
            "workers (max_logical_replication_workers, max_worker_processes)",
            server.workers_free,
            FOLLOWS,
        ),
    ):
        if free < needed:
            yield f"{side}: {free} {what} are free, {needed} are needed"
    if server.large_objects:
        yield f"{side}: it has {server.large_objects} large objects, which cannot travel"
    if server.prepared:
        yield f"{side}: {server.prepared} prepared transactions wait for their end"


def _target_side(source: Estate, target: Estate) -> Iterator[str]:
    missing = set(source.server.extensions) - set(target.server.extensions)
    if missing:
        yield f"target: these extensions are missing: {', '.join(sorted(missing))}"


def _roles(side: str, roles: tuple[Role, ...], writers: tuple[str, ...]) -> Iterator[str]:
    if not writers:
        yield f"{side}: no writers are declared: nothing could be fenced"
    known = {role.name for role in roles}
    for name in writers:
        if name not in known:
            yield f"{side}: there is no role {name}"
    for role in roles:
        if role.ourselves:
            yield f"{side}: {role.name} is our own user; a fence would lock us out, too"


def _sequences_differ(move: DatabaseMove, source: Estate, target: Estate) -> Iterator[str]:
    moved = carried(source.sequences, chosen(source.tables, move.tables), move.tables)
    there = {each.name for each in target.sequences}
    for each in moved:
        if each.name not in there:
            yield f"target: there is no sequence {shown(each.name)}"


def _notes(move: DatabaseMove, source: Estate, target: Estate) -> Iterator[str]:
    moved = chosen(source.tables, move.tables)
    for table in source.tables:
        if table not in moved:
            why = "unlogged" if table.unlogged else "not among the tables of the move"
            yield f"not carried: rows of {shown(table.name)} ({why})"
    for other in source.others:
        yield f"not carried: {other}"
    for side, estate in _sides(source, target):
        for table in estate.tables:
            if table.triggers:
                yield (
                    f"{side}: {', '.join(table.triggers)} of {shown(table.name)} fire for "
                    "replicated rows, too (ENABLE ALWAYS or REPLICA)"
                )
        for role in estate.roles:
            if role.superuser:
                yield f"{side}: the writer {role.name} is a superuser and can undo its own fence"
