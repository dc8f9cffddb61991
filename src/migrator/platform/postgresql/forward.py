"""From the source to the target: what may move, the copy that follows, and the last of it, proved.

The acts `copy` and `final_copy` of `move.py`, on sessions that hold the locks. Every repeat finds
what is there and goes on. A table of the target is emptied only where the mark says that its rows
are a copy; where they might be the only ones, nothing here touches them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from migrator.engine.ports import ActResult
from migrator.errors import Fault, PermanentError, TransientError
from migrator.platform.postgresql.catalog import (
    Sequence,
    Table,
    chosen,
    in_sql,
    read_estate,
    read_sequences,
    read_tables,
    shown,
)
from migrator.platform.postgresql.comparing import carry_sequences, compare
from migrator.platform.postgresql.ends import DatabaseMove
from migrator.platform.postgresql.following import (
    point_of,
    wait_until_in_step,
    wait_until_reached,
)
from migrator.platform.postgresql.holding import Held
from migrator.platform.postgresql.naming import Stage, literal, quoted
from migrator.platform.postgresql.readiness import Findings, judge, tables_differ
from migrator.platform.postgresql.session import Session, both
from migrator.platform.postgresql.ways import (
    Way,
    make_slot,
    noted_subscriber,
    publish,
    published,
    remove,
    slot_is_there,
    subscribe,
    subscriber_of,
    subscription,
)
from migrator.platform.postgresql.writers import fence, require_out

Tell = Callable[[str], None]

LOST_SHOWN_MAX: Final = 20
EMPTY_SECONDS_MAX: Final = 600.0
ROUNDS: Final = 2
"""Somebody who is none of the writers may commit between the point and the comparison: once more
tells that from a row that is not the same."""


def way_out(held: Held) -> Way:
    """The direction from the source to the target."""
    return Way(held.names.out, held.source, held.target)


async def find(move: DatabaseMove, source: Session, target: Session) -> Findings:
    """Everything that is wrong with a move, and everything that is not carried."""
    here, there = await both(read_estate(source, move.writers), read_estate(target, move.writers))
    found = judge(move, here, there)
    if not (here.server.superuser and there.server.superuser):
        return found
    peers = (await _peer(target, source), await _peer(source, target))
    return Findings((*found.faults, *filter(None, peers)), found.notes)


async def agreed_tables(move: DatabaseMove, held: Held) -> tuple[Table, ...]:
    """The tables that move, the same on both ends. Raises PermanentError with what differs."""
    here, there = await both(read_tables(held.source), read_tables(held.target))
    faults = tuple(tables_differ(move, here, there))
    if faults:
        raise not_ready(move, faults)
    tables = chosen(here, move.tables)
    if not tables:
        raise not_ready(move, ("source: there are no tables",))
    return tables


async def moved_sequences(
    move: DatabaseMove, held: Held, tables: tuple[Table, ...]
) -> tuple[Sequence, ...]:
    """The sequences whose state travels, by what the source has."""
    names = {table.name for table in tables}
    found = await read_sequences(held.source)
    return tuple(each for each in found if not move.tables or each.table in names)


def not_ready(move: DatabaseMove, faults: tuple[str, ...]) -> PermanentError:
    """The error with all faults at once."""
    return PermanentError(
        "database-not-ready",
        f"database {move.name} cannot be moved: {'; '.join(faults)}",
        hint="mend all of it on the named side, then check again",
        faults=tuple(Fault(f"database {move.name}", None, "", fault) for fault in faults),
    )


async def copy(move: DatabaseMove, held: Held, tell: Tell) -> ActResult:
    """Copy every table and keep following; the target's writers are kept out from here on."""
    await _refuse_granted(move, held)
    tables = await agreed_tables(move, held)
    fenced = await fence(held.target, move.writers)
    way = way_out(held)
    found = await subscription(held.target, way.name)
    changes: tuple[str, ...] = ()
    ours = await held.ours((Stage.COPYING, Stage.FINAL))
    if found is not None and ours and await slot_is_there(held.source, way.name):
        await _go_on(held, way, tables, enabled=found[1])
    else:
        changes = await _begin(held, way, tables)
    await _note_subscriber(held, way)
    look = await wait_until_in_step(way, tell)
    return ActResult(
        "done",
        f"{look.tables} tables of {move.name} are copied and follow the source; {fenced}",
        changes,
    )


async def final_copy(move: DatabaseMove, held: Held, tell: Tell) -> ActResult:
    """Wait for the last of it with the writers out, carry the sequences, and prove it equal."""
    if await held.ours((Stage.GRANTED,)):
        return ActResult("done", f"{move.name}: the target has authority already")
    if not await held.ours((Stage.COPYING, Stage.FINAL)):
        raise PermanentError(
            "database-no-copy",
            f"{move.name} was not copied by this attempt: there is nothing to finish",
            hint="run the copy of this attempt first",
        )
    await both(require_out(held.source, move.writers), require_out(held.target, move.writers))
    tables = await agreed_tables(move, held)
    await _require_published(move, held, tables)
    sequences = await moved_sequences(move, held, tables)
    for _ in range(ROUNDS):
        point = await point_of(held.source)
        await wait_until_reached(way_out(held), point, tell)
        moved = await carry_sequences(held.source, held.target, sequences)
        comparison = await compare(held.source, held.target, tables, sequences, tell=tell)
        if comparison.equal:
            break
    await both(require_out(held.source, move.writers), require_out(held.target, move.writers))
    if not comparison.equal:
        raise PermanentError(
            "database-differs",
            f"the ends of {move.name} differ though the target has all up to {point}: "
            f"{'; '.join(comparison.lost[:LOST_SHOWN_MAX])}",
            hint="find out who wrote on the target, or what fired there; then copy anew",
        )
    await held.write(held.source, Stage.FINAL)
    await held.write(held.target, Stage.FINAL)
    return ActResult(
        "done",
        f"the target has all of {move.name} up to {point}: {comparison}, equal; "
        f"{moved} of {len(sequences)} sequences set",
    )


async def _refuse_granted(move: DatabaseMove, held: Held) -> None:
    if await held.stage() is Stage.GRANTED:
        raise PermanentError(
            "database-granted",
            f"rows of {move.name} on the target may be the only ones: its writers were let in",
            hint="bring back what was written there, or give the way back up (discard), first",
        )


async def _begin(held: Held, way: Way, tables: tuple[Table, ...]) -> tuple[str, ...]:
    """Begin a copy from nothing, after clearing away what another attempt left."""
    back = Way(held.names.back, held.target, held.source)
    noted = noted_subscriber(await held.kept(held.source))
    gone = (*await remove(way, noted), *await remove(back))
    await _empty(held, tables)
    # From here on the rows of the target are a copy, whatever happens.
    await held.write(held.target, Stage.COPYING)
    await held.write(held.source, Stage.COPYING)
    await publish(held.source, way.name, tables, held.mark)
    await make_slot(held.source, way.name)
    await subscribe(way, held.mark, copy=True)
    return (
        *(f"deleted {each} (a leftover)" for each in gone),
        f"created publication and slot {way.name} on the source",
        f"created subscription {way.name} on the target",
    )


async def _empty(held: Held, tables: tuple[Table, ...]) -> None:
    """Empty what an earlier attempt copied. Raises PermanentError where the rows may be others'."""
    full = []
    for table in tables:
        text = f"SELECT EXISTS (SELECT FROM ONLY {in_sql(table.name)})"  # noqa: S608 - quoted
        if await held.target.truth(text):
            full.append(table)
    if not full:
        return
    kept = await held.kept(held.target)
    if kept is None or kept.stage is None or kept.stage is Stage.GRANTED:
        raise PermanentError(
            "database-target-not-empty",
            "there are rows on the target that are no copy of ours: "
            f"{', '.join(shown(table.name) for table in full)}",
            hint="empty these tables by hand, if their rows are worth nothing, then retry",
        )
    names = ", ".join(f"ONLY {in_sql(table.name)}" for table in tables)
    await held.target.rows(f"TRUNCATE {names}", seconds=EMPTY_SECONDS_MAX)


async def _go_on(held: Held, way: Way, tables: tuple[Table, ...], *, enabled: bool) -> None:
    """Go on with the copy of this attempt; tables that came meanwhile are taken along."""
    for session in (held.source, held.target):
        await held.write(session, Stage.COPYING)
    if await published(held.source, way.name) != {table.name for table in tables}:
        await publish(held.source, way.name, tables, held.mark)
    if not enabled:
        await held.target.rows(f"ALTER SUBSCRIPTION {quoted(way.name)} ENABLE")
    await held.target.rows(f"ALTER SUBSCRIPTION {quoted(way.name)} REFRESH PUBLICATION")


async def _note_subscriber(held: Held, way: Way) -> None:
    """Keep on the source what the slots of its tables are called, should the target be lost."""
    subscriber = await subscriber_of(held.target, way.name)
    assert subscriber is not None, "it was made or found a moment ago"
    notes = {"sub": subscriber.number, "system": subscriber.system}
    await held.write(held.source, Stage.COPYING, **notes)


async def _require_published(move: DatabaseMove, held: Held, tables: tuple[Table, ...]) -> None:
    there = await published(held.source, held.names.out)
    came = [shown(table.name) for table in tables if table.name not in there]
    if came:
        raise PermanentError(
            "database-not-ready",
            f"tables came to {move.name} after its copy: {', '.join(came)}",
            hint="open the source, repeat the copy (it takes them along), then fence again",
        )


async def _peer(asker: Session, asked: Session) -> str:
    """Whether one server reaches the other for replication: tried, and taken back."""
    name = quoted("migrator_tries_to_connect")
    conninfo = literal(asked.conninfo("migrator"))
    try:
        async with asker.together():
            # PostgreSQL 16 and newer warn of a missing publication only; so do 14 and 15.
            await asker.rows(
                f"CREATE SUBSCRIPTION {name} CONNECTION {conninfo} PUBLICATION {name} "
                "WITH (create_slot = false, slot_name = NONE, enabled = false)"
            )
            raise _TakenBack
    except _TakenBack:
        return ""
    except (PermanentError, TransientError) as error:
        if error.reference == "database-unreachable":
            raise
        return f"{asker.side}: its server does not reach the {asked.side}: {error.message}"


class _TakenBack(Exception):
    """Ends the transaction of a trial."""
