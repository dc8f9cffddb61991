"""One act at a time on a database, and never one of an older epoch.

`held` opens the sessions of an act and takes a lock on each end, source first. A session of the
same run and of this or an older epoch that still holds it belongs to a process that is gone, frozen
or cancelled: it is ended, so that nothing of it can come late. The mark that both ends keep says
how far the move is; writing it is how an act tells the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.platform.postgresql.ends import DatabaseMove
from migrator.platform.postgresql.naming import (
    Kept,
    Mark,
    Names,
    Stage,
    application_name,
    comment_of,
    holder_of,
    kept_in,
    literal,
    quoted,
    short,
)
from migrator.platform.postgresql.session import Session, opened_session

LOCK_SECONDS_MAX: Final = 10.0
LOOK_SECONDS: Final = 0.1

HOLDERS: Final = """
SELECT l.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND l.classid::bigint = %s::bigint >> 32 AND l.objid::bigint = %s::bigint & 4294967295
"""


@dataclass(frozen=True, slots=True)
class Held:
    """The sessions of an act. Asking for an end that was not opened is a bug."""

    mark: Mark
    names: Names
    ends: dict[str, Session]

    @property
    def source(self) -> Session:
        """The session on the source."""
        return self.ends["source"]

    @property
    def target(self) -> Session:
        """The session on the target."""
        return self.ends["target"]

    async def kept(self, session: Session) -> Kept | None:
        """The mark of an end."""
        return await kept_of(session, self.names.mark)

    async def stage(self) -> Stage | None:
        """How far the move is, by the ends that are open. Either end's GRANTED counts."""
        found = [await self.kept(session) for session in self.ends.values()]
        stages = [kept.stage for kept in found if kept is not None]
        if Stage.GRANTED in stages:
            return Stage.GRANTED
        return next((stage for stage in stages if stage is not None), None)

    async def ours(self, stages: tuple[Stage, ...]) -> bool:
        """Whether this attempt has come to one of the stages, as every open end says."""
        found = [await self.kept(session) for session in self.ends.values()]
        return all(
            kept is not None
            and (kept.mark.run, kept.mark.token) == (self.mark.run, self.mark.token)
            and kept.stage in stages
            for kept in found
        )

    async def write(self, session: Session, stage: Stage, **notes: object) -> None:
        """Write the mark of an end, durably."""
        before = await self.kept(session) or Kept(self.mark)
        same = before.mark.token == self.mark.token and before.mark.run == self.mark.run
        kept = Kept(self.mark, notes=before.notes if same else {}).at(stage, **notes)
        name = quoted(self.names.mark)
        async with session.together():
            if await kept_of(session, self.names.mark) is None:
                await session.rows(f"DROP PUBLICATION IF EXISTS {name}")
                await session.rows(f"CREATE PUBLICATION {name}")
            await session.rows(f"COMMENT ON PUBLICATION {name} IS {literal(comment_of(kept))}")


async def kept_of(session: Session, publication: str) -> Kept | None:
    """The mark in the comment of a publication; None where there is none, or none of ours."""
    comment = await session.value(
        "SELECT obj_description(oid, 'pg_publication') FROM pg_publication WHERE pubname = %s",
        publication,
    )
    return kept_in(comment if isinstance(comment, str) else None)


@asynccontextmanager
async def held(move: DatabaseMove, names: Names, mark: Mark, *sides: str) -> AsyncIterator[Held]:
    """The ends of an act, locked. Raises PermanentError where the epoch has passed."""
    async with AsyncExitStack() as stack:
        ends = {}
        for side in sides:
            end = move.source if side == "source" else move.target
            name = application_name(names, mark)
            session = await stack.enter_async_context(opened_session(side, end, name))
            await _lock(session, names, mark)
            ends[side] = session
            _refuse_older(await kept_of(session, names.mark), mark, session)
        for session in ends.values():
            for other in ends.values():
                session.hide_too(other)
        yield Held(mark, names, ends)


def _refuse_older(kept: Kept | None, mark: Mark, session: Session) -> None:
    if kept is not None and kept.mark.run == mark.run and kept.mark.epoch > mark.epoch:
        raise _passed(session, kept.mark.epoch, mark)


def _passed(session: Session, seen: int, mark: Mark) -> PermanentError:
    return PermanentError(
        "epoch-passed",
        f"the {session.side} database {session.end.database} was worked on in epoch {seen}; "
        f"this process is of epoch {mark.epoch}",
        hint="another process leads the run; nothing needs to be repeated here",
    )


async def _lock(session: Session, names: Names, mark: Mark) -> None:
    """Take the lock of the act; it is free again when the session ends, however that ends."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LOCK_SECONDS_MAX
    while not await session.truth("SELECT pg_try_advisory_lock(%s)", names.lock):
        others = await session.rows(HOLDERS, names.lock, names.lock)
        for pid, application in others:
            holder = holder_of(str(application))
            if holder is None or holder[0] != short(mark.run):
                continue
            if holder[1] > mark.epoch:
                raise _passed(session, holder[1], mark)
            await session.rows("SELECT pg_terminate_backend(%s)", pid)
        if loop.time() > deadline:
            who = ", ".join(f"process {pid} ({name})" for pid, name in others) or "somebody"
            raise TransientError(
                "database-in-use",
                f"another run works on the {session.side} database {session.end.database}: {who}",
                hint="wait for the other run, or end its session (pg_terminate_backend)",
            )
        await asyncio.sleep(LOOK_SECONDS)
