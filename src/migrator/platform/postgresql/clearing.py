"""Removing what is ours from both ends of a database, also when only one end answers.

The act `discard` of `move.py`. Rows stay where they are, and so does the mark that says that rows
of the target are a copy. A slot that cannot be removed is named: it keeps its server from throwing
away old WAL until the disk is full.
"""

from __future__ import annotations

from migrator.engine.ports import ActResult
from migrator.errors import PermanentError
from migrator.platform.postgresql.ends import DatabaseMove
from migrator.platform.postgresql.holding import Held
from migrator.platform.postgresql.naming import Kept, Names, Stage
from migrator.platform.postgresql.session import Session
from migrator.platform.postgresql.ways import (
    Way,
    drop_slots,
    noted_subscriber,
    remove,
    slot_is_there,
    subscription,
    unpublish,
    unsubscribe,
)


async def discard(
    move: DatabaseMove, held: Held, away: dict[str, str], *, give_up_way_back: bool
) -> ActResult:
    """Remove both directions. `away` are the ends that do not answer, with their last words."""
    stage = await held.stage()
    if stage is Stage.GRANTED and not give_up_way_back:
        raise PermanentError(
            "database-not-returned",
            f"what was written on the target of {move.name} is not proved to be back",
            hint="bring it back first; to give the way back up is a decision of its own",
        )
    gone: list[str] = []
    if not away:
        noted = noted_subscriber(await held.kept(held.source))
        gone += await remove(Way(held.names.out, held.source, held.target), noted)
        gone += await remove(Way(held.names.back, held.target, held.source))
    else:
        for session in held.ends.values():
            gone += await _one_end(session, held.names, await held.kept(session))
    changes = [f"deleted {each}" for each in gone]
    for session in held.ends.values():
        # Only a target whose rows are a copy keeps its mark: the next attempt may empty it.
        if session.side == "source" or stage is Stage.GRANTED:
            await unpublish(session, held.names.mark)
    remains = []
    if "target" in held.ends and stage is not None and stage is not Stage.GRANTED:
        remains.append(
            f"rows of {move.name} on the target, a copy, with their mark: publication "
            f"{held.names.mark}"
        )
    remains += [each for side, said in away.items() for each in _left(held.names, side, said)]
    return ActResult(
        "failed" if away else "done",
        f"{len(gone)} things of ours were removed from {move.name}"
        + (f"; the {' and the '.join(away)} did not answer" if away else ""),
        tuple(changes),
        remains=tuple(remains),
    )


async def nothing_left(held: Held) -> bool:
    """Whether both ends are free of publications, subscriptions and slots of ours."""
    for session in held.ends.values():
        mark = (held.names.mark,) if session.side == "source" else ()
        for name in (held.names.out, held.names.back, *mark):
            text = "SELECT count(*) FROM pg_publication WHERE pubname = %s"
            if (
                await session.number(text, name)
                or await subscription(session, name)
                or await slot_is_there(session, name)
            ):
                return False
    return True


async def _one_end(session: Session, names: Names, kept: Kept | None) -> list[str]:
    """Remove what one end has of both directions."""
    gone = []
    for name in (names.out, names.back):
        subscriber = noted_subscriber(kept) if name == names.out else None
        if await unsubscribe(session, name):
            gone.append(f"subscription {name} on the {session.side}")
        gone += [
            f"slot {slot} on the {session.side}"
            for slot in await drop_slots(session, name, subscriber)
        ]
        if await unpublish(session, name):
            gone.append(f"publication {name} on the {session.side}")
    return gone


def _left(names: Names, side: str, said: str) -> tuple[str, ...]:
    """What an end that does not answer still has, as far as anybody can know."""
    published, followed = (names.out, names.back) if side == "source" else (names.back, names.out)
    return (
        f"slot {published} on the {side}, where it exists ({said}); it keeps WAL there",
        f"publication {published} on the {side}, where it exists",
        f"subscription {followed} on the {side}, where it exists",
    )
