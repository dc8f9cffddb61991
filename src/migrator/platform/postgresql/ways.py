"""One direction of replication: publication, slot and subscription, made and removed.

Called by the acts of `move.py` with both sessions of an act. The slot is made by us on the
publisher and not by the subscription, so that each statement is either done or not, and a crash
between them leaves something that can be told and removed. A subscription is always taken off its
slot before it is dropped: then neither needs the other end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from migrator.errors import TransientError
from migrator.platform.postgresql.catalog import Table, in_sql
from migrator.platform.postgresql.naming import (
    Kept,
    Mark,
    comment_of,
    kept_in,
    literal,
    quoted,
)
from migrator.platform.postgresql.session import Session

SLOT_SECONDS_MAX: Final = 120.0
"""A slot waits for every transaction that was open when it was asked for."""

END_SECONDS_MAX: Final = 15.0
LOOK_SECONDS: Final = 0.1

SUBSCRIPTION: Final = """
SELECT s.oid, s.subenabled, obj_description(s.oid, 'pg_subscription') FROM pg_subscription s
WHERE s.subname = %s
AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

OLDEST: Final = """
SELECT pid, coalesce(usename, ''), extract(epoch FROM now() - xact_start)::int
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
ORDER BY xact_start LIMIT 3
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A direction: rows go from the publisher to the subscriber, under one name on both."""

    name: str
    publisher: Session
    subscriber: Session


async def publish(session: Session, name: str, tables: tuple[Table, ...], mark: Mark) -> None:
    """Make the publication of exactly these tables, or make the one that is there so."""
    only = ", ".join(f"ONLY {in_sql(table.name)}" for table in tables)
    async with session.together():
        if await session.number("SELECT count(*) FROM pg_publication WHERE pubname = %s", name):
            await session.rows(f"ALTER PUBLICATION {quoted(name)} SET TABLE {only}")
        else:
            await session.rows(f"CREATE PUBLICATION {quoted(name)} FOR TABLE {only}")
        comment = literal(comment_of(Kept(mark)))
        await session.rows(f"COMMENT ON PUBLICATION {quoted(name)} IS {comment}")


async def published(session: Session, name: str) -> frozenset[tuple[str, str]]:
    """The tables of a publication."""
    rows = await session.rows(
        "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = %s", name
    )
    return frozenset((str(schema), str(table)) for schema, table in rows)


async def make_slot(session: Session, name: str) -> None:
    """Make a slot from which everything written from now on can be read."""
    try:
        await session.rows(
            "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')",
            name,
            seconds=SLOT_SECONDS_MAX,
        )
    except TransientError as error:
        if error.reference != "database-busy":
            raise
        raise TransientError(
            "database-busy",
            f"a slot on the {session.side} waited {SLOT_SECONDS_MAX:.0f} s for open transactions: "
            f"{await open_transactions(session) or 'none is seen any more'}",
            hint="end the named transactions, then retry the act",
        ) from error


async def open_transactions(session: Session) -> str:
    """The oldest transactions that have written, for people."""
    rows = await session.rows(OLDEST)
    return ", ".join(f"process {pid} of {user} since {age} s" for pid, user, age in rows)


async def subscribe(way: Way, mark: Mark, *, copy: bool) -> None:
    """Make the subscription on a slot that is there, with its mark, at once."""
    session = way.subscriber
    conninfo = literal(way.publisher.conninfo(way.name))
    async with session.together():
        await session.rows(
            f"CREATE SUBSCRIPTION {quoted(way.name)} CONNECTION {conninfo} "
            f"PUBLICATION {quoted(way.name)} WITH (create_slot = false, "
            f"slot_name = {quoted(way.name)}, copy_data = {str(copy).lower()}, "
            f"synchronous_commit = 'local')"
        )
        comment = literal(comment_of(Kept(mark)))
        await session.rows(f"COMMENT ON SUBSCRIPTION {quoted(way.name)} IS {comment}")


async def subscription(session: Session, name: str) -> tuple[int, bool, Kept | None] | None:
    """The subscription's number, whether it is enabled, and its mark; None where it is not."""
    rows = await session.rows(SUBSCRIPTION, name)
    if not rows:
        return None
    number, enabled, comment = rows[0]
    return int(str(number)), enabled is True, kept_in(None if comment is None else str(comment))


async def slot_is_there(session: Session, name: str) -> bool:
    """Whether the slot is there, in use or not."""
    text = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s"
    return await session.number(text, name) == 1


async def unsubscribe(session: Session, name: str) -> bool:
    """Drop the subscription without asking the publisher; False where there was none."""
    if await subscription(session, name) is None:
        return False
    await session.rows(f"ALTER SUBSCRIPTION {quoted(name)} DISABLE")
    async with session.together():
        await session.rows(f"ALTER SUBSCRIPTION {quoted(name)} SET (slot_name = NONE)")
        await session.rows(f"DROP SUBSCRIPTION {quoted(name)}")
    return True


async def drop_slots(session: Session, name: str, subscriber: Subscriber | None) -> tuple[str, ...]:
    """Drop the slot, and those of tables whose copy was broken off; who reads from one is ended."""
    pattern = "^$" if subscriber is None else subscriber.pattern
    text = (
        "SELECT slot_name, active_pid FROM pg_replication_slots "
        "WHERE slot_name = %s OR slot_name ~ %s ORDER BY slot_name"
    )
    loop = asyncio.get_running_loop()
    deadline = loop.time() + END_SECONDS_MAX
    dropped: list[str] = []
    while rows := await session.rows(text, name, pattern):
        for slot, pid in rows:
            if pid is not None:
                await session.rows("SELECT pg_terminate_backend(%s)", pid)
                continue
            # It may be taken again between the look and the drop, by a worker that is just ending.
            gone = await session.rows(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                "WHERE slot_name = %s AND active_pid IS NULL",
                slot,
            )
            dropped += [str(slot)] if gone else []
        if loop.time() > deadline:
            raise TransientError(
                "database-busy",
                f"the slot {rows[0][0]} on the {session.side} stays in use",
                hint="end the process that reads from it (pg_replication_slots.active_pid)",
            )
        await asyncio.sleep(LOOK_SECONDS)
    return tuple(dropped)


async def unpublish(session: Session, name: str) -> bool:
    """Drop the publication; False where there was none."""
    if not await session.number("SELECT count(*) FROM pg_publication WHERE pubname = %s", name):
        return False
    await session.rows(f"DROP PUBLICATION {quoted(name)}")
    return True


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription as its publisher knows it: tables that are being copied have own slots."""

    number: int
    system: str

    @property
    def pattern(self) -> str:
        """The names of those slots, as PostgreSQL makes them."""
        return f"^pg_{self.number}_sync_[0-9]+_{self.system}$"


async def subscriber_of(session: Session, name: str) -> Subscriber | None:
    """What the slots of a subscription's tables are called on the publisher."""
    found = await subscription(session, name)
    if found is None:
        return None
    system = await session.value("SELECT system_identifier FROM pg_control_system()")
    return Subscriber(found[0], str(system))


def noted_subscriber(kept: Kept | None) -> Subscriber | None:
    """The same, as the publisher's own mark has it: for when the subscription cannot be asked."""
    number = 0 if kept is None else kept.number("sub")
    return Subscriber(number, str(kept.number("system"))) if kept is not None and number else None


async def remove(way: Way, noted: Subscriber | None = None) -> tuple[str, ...]:
    """Remove a whole direction; what was there."""
    subscriber = await subscriber_of(way.subscriber, way.name) or noted
    gone = []
    if await unsubscribe(way.subscriber, way.name):
        gone.append(f"subscription {way.name} on the {way.subscriber.side}")
    side = way.publisher.side
    gone += [
        f"slot {slot} on the {side}"
        for slot in await drop_slots(way.publisher, way.name, subscriber)
    ]
    if await unpublish(way.publisher, way.name):
        gone.append(f"publication {way.name} on the {side}")
    return tuple(gone)
