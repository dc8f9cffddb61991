"""Waiting for a direction of replication: until every table is in step, until a point is reached.

Called by the acts. The server tries for ever to apply what it cannot apply, without a word to
whoever waits; so each look also counts its errors, and a stream that stopped is told with its
reason in seconds. Nothing is changed here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from migrator.errors import PermanentError, TransientError
from migrator.platform.postgresql.session import Session
from migrator.platform.postgresql.ways import Way, open_transactions

LOOK_SECONDS: Final = 0.2
TELL_SECONDS: Final = 5.0
COPY_SECONDS_MAX: Final = 24 * 3600.0
REACH_SECONDS_MAX: Final = 1800.0

ERRORS_MAX: Final = 2
"""A lost connection counts as one error; a row that cannot be applied comes again and again."""

SILENT_SECONDS_MAX: Final = 60.0
"""So long may nobody read from the slot: a server that restarts is back by then."""

LOG_BYTES_MAX: Final = 65_536
REASON_CHARS_MAX: Final = 600

LOOK: Final = """
SELECT s.subenabled, (SELECT count(*) FROM pg_subscription_rel r WHERE r.srsubid = s.oid),
(SELECT count(*) FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate = 'r'),
(SELECT coalesce(sum(p.tuples_processed), 0)::bigint FROM pg_stat_progress_copy p
  WHERE p.datname = current_database() AND p.type = 'CALLBACK')
FROM pg_subscription s WHERE s.subname = %s
"""

ERRORS: Final = """
SELECT apply_error_count, sync_error_count FROM pg_stat_subscription_stats WHERE subname = %s
"""

SLOT: Final = """
SELECT active, coalesce(wal_status, ''), confirmed_flush_lsn::text,
coalesce(confirmed_flush_lsn >= %s::pg_lsn, false),
greatest(0, coalesce(pg_wal_lsn_diff(%s::pg_lsn, confirmed_flush_lsn), 0))::bigint
FROM pg_replication_slots WHERE slot_name = %s
"""

WORKERS: Final = """
SELECT count(*), current_setting('max_logical_replication_workers')::int
FROM pg_stat_subscription WHERE pid IS NOT NULL
"""

LOG: Final = """
SELECT pg_read_file(f, greatest(0, (pg_stat_file(f)).size - %s), %s, true)
FROM pg_current_logfile('stderr') f WHERE f IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a direction."""

    enabled: bool
    tables: int
    ready: int
    rows: int  # of the tables that are being copied right now
    apply_errors: int
    sync_errors: int
    active: bool
    lost: bool
    position: str  # how far the subscriber has it safely
    reached: bool
    behind: int  # bytes


@dataclass(slots=True)
class Watch:
    """Tells a stream that stopped from one that is slow. Pure: it gets looks and their times."""

    name: str
    first: Look | None = None
    marker: tuple[str, int] = ("", 0)
    errors: int = 0
    active_at: float = field(default=0.0)

    def trouble(self, look: Look, now: float) -> str:
        """The reference of what is wrong; empty where nothing is."""
        if self.first is None:
            self.first, self.active_at = look, now
        if look.active:
            self.active_at = now
        if (look.position, look.ready) != self.marker:
            self.marker, self.errors = (look.position, look.ready), look.apply_errors
        if look.lost or not look.enabled:
            return "database-stream-lost"
        if look.apply_errors - self.errors >= ERRORS_MAX:
            return "database-stream-stopped"
        if look.active and look.sync_errors - self.first.sync_errors >= ERRORS_MAX:
            return "database-stream-stopped"
        if now - self.active_at > SILENT_SECONDS_MAX:
            return "database-peer-unreachable"
        return ""


async def point_of(session: Session) -> str:
    """A position that everything committed so far lies before, safely on the server's disk."""
    await session.rows("SELECT pg_logical_emit_message(true, 'migrator', 'point')")
    return str(await session.value("SELECT pg_current_wal_flush_lsn()"))


async def look_at(way: Way, point: str) -> Look:
    """Look at both ends of a direction once. Raises PermanentError where it is not whole."""
    there = await way.subscriber.rows(LOOK, way.name)
    slot = await way.publisher.rows(SLOT, point, point, way.name)
    if not there or not slot:
        missing = "the subscription" if not there else f"the slot on the {way.publisher.side}"
        raise _lost(way, f"{missing} {way.name} is not there")
    errors = [(0, 0)]
    if way.subscriber.version >= 15:
        found = await way.subscriber.rows(ERRORS, way.name)
        errors = cast("list[tuple[int, int]]", found) or errors
    enabled, tables, ready, rows = there[0]
    active, status, position, reached, behind = slot[0]
    return Look(
        enabled is True,
        cast("int", tables),
        cast("int", ready),
        cast("int", rows),
        *errors[0],
        active is True,
        status == "lost",
        str(position),
        reached is True,
        cast("int", behind),
    )


async def wait_until_in_step(way: Way, tell: Callable[[str], None]) -> Look:
    """Wait until every table is copied and follows the stream."""

    async def said(look: Look) -> str:
        waits = "" if look.rows else await open_transactions(way.publisher)
        return (
            f"{look.ready} of {look.tables} tables are in step, {look.rows} rows of others copied"
            + (f"; open on the {way.publisher.side}: {waits}" if waits else "")
        )

    # Every write of the source moves its position; that of the slot is no measure here.
    return await _wait(way, "0/0", COPY_SECONDS_MAX, said, tell, copying=True)


async def wait_until_reached(way: Way, point: str, tell: Callable[[str], None]) -> Look:
    """Wait until the subscriber has everything before the point, safely."""

    async def said(look: Look) -> str:
        return f"the {way.subscriber.side} is {look.behind} bytes behind {point}"

    return await _wait(way, point, REACH_SECONDS_MAX, said, tell)


async def _wait(
    way: Way,
    point: str,
    seconds_max: float,
    said: Callable[[Look], object],
    tell: Callable[[str], None],
    *,
    copying: bool = False,
) -> Look:
    loop = asyncio.get_running_loop()
    begun = told = loop.time()
    watch = Watch(way.name)
    while True:
        look = await look_at(way, point)
        if look.ready == look.tables and (copying or look.reached):
            return look
        now = loop.time()
        if reference := watch.trouble(look, now):
            raise await _trouble(way, reference)
        if now - begun > seconds_max:
            raise TransientError(
                "database-stream-slow",
                f"{way.name} did not get there in {seconds_max:.0f} s: {await _text(said, look)}",
                hint="look at the load of both servers, then retry the act: it goes on from here",
            )
        if now - told > TELL_SECONDS:
            told = now
            tell(await _text(said, look))
        await asyncio.sleep(LOOK_SECONDS)


async def _text(said: Callable[[Look], object], look: Look) -> str:
    answer = said(look)
    return str(await answer) if asyncio.iscoroutine(answer) else str(answer)


async def _trouble(way: Way, reference: str) -> PermanentError | TransientError:
    side = way.subscriber.side
    if reference == "database-peer-unreachable":
        (busy, most) = (await way.subscriber.rows(WORKERS))[0]
        if cast("int", busy) >= cast("int", most):
            return TransientError(
                "database-busy",
                f"all {most} replication workers of the {side}'s server are at work: none is free "
                f"for {way.name}",
                hint="raise max_logical_replication_workers and max_worker_processes there",
            )
        return TransientError(
            "database-peer-unreachable",
            f"the {side}'s server has not connected to the {way.publisher.side} for "
            f"{SILENT_SECONDS_MAX:.0f} s ({way.name})",
            hint="try psql from that server's host; peer_host, peer_port, pg_hba.conf, password",
        )
    if reference == "database-stream-lost":
        return _lost(way, f"{way.name} was disabled, or its slot fell too far behind")
    return PermanentError(
        "database-stream-stopped",
        f"the {side} cannot apply what {way.name} brings: {await _reason(way.subscriber)}",
        hint="mend what the server names (a row, a column, a right) on that side, then retry",
    )


def _lost(way: Way, why: str) -> PermanentError:
    return PermanentError(
        "database-stream-lost",
        f"rows do not travel from the {way.publisher.side} to the {way.subscriber.side}: {why}",
        hint="find out who changed it; the runbook says what can still be saved",
    )


async def _reason(session: Session) -> str:
    """The last error of a replication worker in the server's log, where the server shows it."""
    try:
        rows = await session.rows(LOG, LOG_BYTES_MAX, LOG_BYTES_MAX)
    except (PermanentError, TransientError) as error:
        rows = [(f"({error.reference})",)]
    found = last_error(session.hidden(str(rows[0][0]))) if rows else ""
    return found or f"the reason is in the server log of the {session.side}"


def last_error(log: str) -> str:
    """The last error that a worker of a subscription met, without the statement. Pure."""
    blocks = re.split(r"^(?=.*?\b(?:ERROR|LOG|FATAL|WARNING):  )", log, flags=re.MULTILINE)
    for block in reversed(blocks):
        if "ERROR:  " not in block:
            continue
        if not re.search(r"replication (origin|target|worker)|CONTEXT:  COPY ", block):
            continue
        words = re.findall(r"(?:ERROR|DETAIL):  (.*)", block)
        about = re.findall(r'for replication target relation "([^"]*)"', block)
        text = ": ".join([*(f"{name}" for name in about[:1]), *words])
        return text[:REASON_CHARS_MAX]
    return ""
