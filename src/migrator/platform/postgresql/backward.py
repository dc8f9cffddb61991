"""Authority to the target, with the way back made first; and what was written there, brought back.

The acts `make_way_back`, `open_target`, `open_source` and `bring_back` of `move.py`, on sessions
that hold the locks. No writer is let in on the target before the source follows it, and nothing of
the way back is removed before both ends were proved equal.
"""

from __future__ import annotations

from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.platform.postgresql.catalog import Table
from migrator.platform.postgresql.comparing import Comparison, carry_sequences, compare
from migrator.platform.postgresql.ends import DatabaseMove
from migrator.platform.postgresql.following import look_at, point_of, wait_until_reached
from migrator.platform.postgresql.forward import (
    ROUNDS,
    Tell,
    agreed_tables,
    moved_sequences,
    way_out,
)
from migrator.platform.postgresql.holding import Held
from migrator.platform.postgresql.naming import Stage, quoted
from migrator.platform.postgresql.session import both
from migrator.platform.postgresql.ways import (
    Way,
    make_slot,
    publish,
    remove,
    slot_is_there,
    subscribe,
    subscription,
)
from migrator.platform.postgresql.writers import let_in, require_out, require_there


def way_back(held: Held) -> Way:
    """The direction from the target to the source."""
    return Way(held.names.back, held.target, held.source)


async def make_way_back(move: DatabaseMove, held: Held, tell: Tell) -> ActResult:
    """Let the source follow the target, and mark that rows may come there; let nobody in yet."""
    if await held.stage() is Stage.GRANTED:
        return await _still_whole(move, held)
    if not await held.ours((Stage.FINAL,)):
        raise PermanentError(
            "database-not-final",
            f"{move.name} is not proved equal by this attempt; nobody may write on the target",
            hint="fence the source and run the final copy of this attempt first",
        )
    await both(require_out(held.source, move.writers), require_out(held.target, move.writers))
    await require_there(held.target, move.writers)
    tables = await agreed_tables(move, held)
    out, back = way_out(held), way_back(held)
    await _nothing_came_since(move, held, tables, tell)
    # Both directions at once would send every row round for ever.
    gone = (*await remove(out), *await remove(back))
    await publish(held.target, back.name, tables, held.mark)
    await make_slot(held.target, back.name)
    await subscribe(back, held.mark, copy=False)
    point = await point_of(held.target)
    await wait_until_reached(back, point, tell)
    xid = await held.target.value("SELECT pg_current_xact_id()::xid::text")
    await both(require_out(held.source, move.writers), require_out(held.target, move.writers))
    await held.write(held.source, Stage.GRANTED, xid=xid)
    await held.write(held.target, Stage.GRANTED, xid=xid)
    return ActResult(
        "done",
        f"the source follows the target of {move.name} since {point}, tried",
        (
            *(f"deleted {each}" for each in gone),
            f"created publication and slot {back.name} on the target",
            f"created subscription {back.name} on the source",
        ),
    )


async def _nothing_came_since(
    move: DatabaseMove, held: Held, tables: tuple[Table, ...], tell: Tell
) -> None:
    """The proof of the final copy holds still: the stream says so, or rows that are compared."""
    out = way_out(held)
    found = await subscription(held.target, out.name)
    if found is not None and found[1] and await slot_is_there(held.source, out.name):
        await wait_until_reached(out, await point_of(held.source), tell)
        return
    # An earlier try has begun to take the stream down, or somebody else has.
    sequences = await moved_sequences(move, held, tables)
    comparison = await compare(held.source, held.target, tables, sequences, tell=tell)
    if not comparison.equal:
        raise PermanentError(
            "database-differs",
            f"the ends of {move.name} differ since the final copy: {'; '.join(comparison.lost)}",
            hint="find out who wrote; then copy anew",
        )


async def open_target(move: DatabaseMove, held: Held, tell: Tell) -> ActResult:
    """Let the writers in on the target, once the source follows it."""
    made = await make_way_back(move, held, tell)
    opened = await let_in(held.target, move.writers)
    return ActResult("done", f"{made.detail}; {opened}", made.changes)


async def _still_whole(move: DatabaseMove, held: Held) -> ActResult:
    """A repeat: the way back must still be whole before anybody is let in."""
    kept = await held.kept(held.source)
    if kept is None or (kept.mark.run, kept.mark.token) != (held.mark.run, held.mark.token):
        raise PermanentError(
            "database-granted",
            f"another attempt let the writers of {move.name} in on the target",
            hint="bring back what was written there, or give the way back up (discard), first",
        )
    await require_out(held.source, move.writers)
    look = await look_at(way_back(held), "0/0")
    if look.lost or not look.enabled:
        raise PermanentError(
            "database-stream-lost",
            f"the source does not follow the target of {move.name} any more",
            hint="find out who changed it; the runbook says what can still be saved",
        )
    for session in (held.source, held.target):
        await held.write(session, Stage.GRANTED, xid=kept.number("xid"))
    return ActResult("done", f"the source follows the target of {move.name}")


async def open_source(move: DatabaseMove, held: Held, *, accept_loss: bool) -> ActResult:
    """Let the writers in on the source again, unless rows are still on the target only."""
    kept = await held.kept(held.source)
    stage = None if kept is None else kept.stage
    if stage is Stage.GRANTED and not accept_loss:
        raise PermanentError(
            "database-not-returned",
            f"what was written on the target of {move.name} is not proved to be back",
            hint="bring it back first, or have two people accept the loss",
        )
    if stage is Stage.GRANTED:
        back = held.names.back
        if await subscription(held.source, back) is not None:
            # What comes late must not fall among what is written here from now on.
            await held.source.rows(f"ALTER SUBSCRIPTION {quoted(back)} DISABLE")
    elif stage is Stage.FINAL:
        # What was proved equal is so no longer: a grant needs another final copy.
        await held.write(held.source, Stage.COPYING)
    return ActResult("done", await let_in(held.source, move.writers))


async def bring_back(move: DatabaseMove, held: Held, tell: Tell) -> ActResult:
    """Bring back what was written on the target, and prove that all of it is there."""
    await require_out(held.target, move.writers)
    stage = await held.stage()
    if stage in {Stage.COPYING, Stage.FINAL}:
        return ActResult(
            "done", f"{move.name}: nobody was let in on the target, nothing is to be brought back"
        )
    if stage is Stage.RETURNED:
        return ActResult("done", await said_before(move, held), await _gone(held))
    await require_out(held.source, move.writers)
    tables = await agreed_tables(move, held)
    sequences = await moved_sequences(move, held, tables)
    kept = await held.kept(held.target)
    for _ in range(ROUNDS):
        trouble = "" if stage is None else await _trouble(held, tell)
        await carry_sequences(held.target, held.source, sequences)
        comparison = await compare(
            held.source,
            held.target,
            tables,
            sequences,
            since_xid=0 if kept is None else kept.number("xid"),
            tell=tell,
        )
        if comparison.equal or trouble:
            break
    await both(require_out(held.source, move.writers), require_out(held.target, move.writers))
    if not comparison.equal:
        return _unproved(move, comparison, trouble)
    noted = {"rows": comparison.rows, "written": comparison.written}
    await held.write(held.target, Stage.RETURNED, **noted)
    await held.write(held.source, Stage.RETURNED, **noted)
    return ActResult("done", f"{await said_before(move, held)}; {comparison}", await _gone(held))


async def _trouble(held: Held, tell: Tell) -> str:
    """Wait until the source has all of the target; why it has not, for the comparison to judge."""
    try:
        await wait_until_reached(way_back(held), await point_of(held.target), tell)
    except (PermanentError, TransientError) as error:
        if error.reference == "database-unreachable":
            raise
        return error.message
    return ""


async def said_before(move: DatabaseMove, held: Held) -> str:
    """The figures of a proved return, as the mark keeps them."""
    kept = await held.kept(held.target)
    rows, written = (0, 0) if kept is None else (kept.number("rows"), kept.number("written"))
    return (
        f"proved: all {rows} rows of {move.name} on the target are on the source, among them "
        f"{written} that were written on the target; nothing is lost"
    )


async def _gone(held: Held) -> tuple[str, ...]:
    return tuple(f"deleted {each}" for each in await remove(way_back(held)))


def _unproved(move: DatabaseMove, comparison: Comparison, trouble: str) -> ActResult:
    why = f" ({trouble})" if trouble else ""
    return ActResult(
        "failed",
        f"unproven: the source of {move.name} does not have all that the target has{why}; "
        f"{comparison}; nothing was removed",
        lost=comparison.lost,
    )
