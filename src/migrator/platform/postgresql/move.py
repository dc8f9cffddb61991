"""One PostgreSQL database of a move: every act on it, each safe to repeat, each with its look.

Made by the platform for one act or several. Both sides of a crash meet here: an act begun again
finds what the last one left, and `observe` ends whatever of it still runs before it answers. A
server that goes away for a moment is waited for; no act leaves an open session behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

from migrator.engine.ports import ActResult
from migrator.errors import TransientError
from migrator.platform.postgresql import backward, clearing, forward, writers
from migrator.platform.postgresql.catalog import chosen, read_tables, shown
from migrator.platform.postgresql.comparing import Comparison, compare
from migrator.platform.postgresql.ends import DatabaseMove
from migrator.platform.postgresql.following import look_at
from migrator.platform.postgresql.holding import Held, held
from migrator.platform.postgresql.naming import Mark, Stage, application_name, names_of
from migrator.platform.postgresql.readiness import Findings
from migrator.platform.postgresql.session import opened_session
from migrator.platform.postgresql.ways import subscription

OUTAGE_SECONDS_MAX: Final = 60.0
"""So long a server may be away in the middle of an act: a restart, a fail-over."""

PAUSE_SECONDS: Final = 0.5
STEADY_SECONDS: Final = 10.0
"""An act that came this far saw the server well: the next outage is another one."""

BOTH: Final = ("source", "target")

_T = TypeVar("_T")


async def grant_all(moves: Sequence[PostgresMove]) -> list[ActResult]:
    """Grant the databases of one subsystem: every way back first, then the log-ins."""
    for each in moves:
        await each.make_way_back()
    return [await each.open_target() for each in moves]


class PostgresMove:
    """The acts on one database.

    `mark.token` must be the same for all acts of one attempt of the move and their repeats; another
    token's copy is a leftover, and is made anew. `tell` gets words on how far an act is.
    """

    def __init__(
        self,
        subsystem: str,
        move: DatabaseMove,
        mark: Mark,
        *,
        tell: Callable[[str], None] = lambda _words: None,
        outage_seconds_max: float = OUTAGE_SECONDS_MAX,
    ) -> None:
        """Nothing is opened yet."""
        self.move = move
        self.mark = mark
        self.names = names_of(subsystem, move.name)
        self._tell = tell
        self._outage_seconds_max = outage_seconds_max

    async def find(self) -> Findings:
        """What is wrong, and what is not carried. Takes no lock and leaves nothing."""

        async def act() -> Findings:
            name = application_name(self.names, self.mark)
            async with (
                opened_session("source", self.move.source, name) as source,
                opened_session("target", self.move.target, name) as target,
            ):
                return await forward.find(self.move, source, target)

        return await self._patiently(act)

    async def check(self) -> ActResult:
        """The same as an act. Raises PermanentError with all faults."""
        found = await self.find()
        if found.faults:
            raise forward.not_ready(self.move, found.faults)
        notes = f"; {'; '.join(found.notes)}" if found.notes else ""
        return ActResult("done", f"{self.move.name} can be moved and come back{notes}")

    async def copy(self) -> ActResult:
        """Copy all tables, and keep the target following."""
        return await self._with(lambda at: forward.copy(self.move, at, self._tell), *BOTH)

    async def fence_source(self) -> ActResult:
        """Keep the writers out of the source, and prove it."""
        return await self._fence("source")

    async def fence_target(self) -> ActResult:
        """Keep the writers out of the target, and prove it.

        A target that does not answer is taken as fenced while nobody was ever let in there: the
        copy had fenced it before.
        """
        try:
            return await self._fence("target")
        except TransientError as error:
            return ActResult("done", await self._unless_granted(error))

    async def final_copy(self) -> ActResult:
        """The last rows and the sequences, with both sides' writers out; proved equal."""
        return await self._with(lambda at: forward.final_copy(self.move, at, self._tell), *BOTH)

    async def make_way_back(self) -> ActResult:
        """The first half of a grant: the source follows the target, and nobody is let in yet.

        A role logs in to every database of its server: where a subsystem has several there, all
        their ways back are made before the first `open_target` (`grant_all`).
        """
        return await self._with(lambda at: backward.make_way_back(self.move, at, self._tell), *BOTH)

    async def open_target(self) -> ActResult:
        """Grant: the way back first, then the writers' log-in on the target."""
        return await self._with(lambda at: backward.open_target(self.move, at, self._tell), *BOTH)

    async def open_source(self, *, accept_loss: bool = False) -> ActResult:
        """The writers' log-in on the source; refused while rows are on the target only."""
        return await self._with(
            lambda at: backward.open_source(self.move, at, accept_loss=accept_loss), "source"
        )

    async def bring_back(self) -> ActResult:
        """Return what was written on the target. Failed, with `lost`, where it is not proved."""
        try:
            return await self._with(
                lambda at: backward.bring_back(self.move, at, self._tell), *BOTH
            )
        except TransientError as error:
            try:
                return ActResult("done", await self._unless_granted(error))
            except TransientError as still:
                if still.reference != "database-unreachable":
                    raise
            lost = tuple(f"{each}: not known: {error.message}" for each in await self._tables())
            return ActResult("failed", f"unproven: {error.message}", lost=lost)

    async def compare(self) -> Comparison:
        """Compare both ends as they are; rows that are on their way count as different."""

        async def act() -> Comparison:
            async with held(self.move, self.names, self.mark, *BOTH) as at:
                tables = await forward.agreed_tables(self.move, at)
                sequences = await forward.moved_sequences(self.move, at, tables)
                return await compare(at.source, at.target, tables, sequences, tell=self._tell)

        return await self._patiently(act)

    async def discard(self, *, give_up_way_back: bool = False) -> ActResult:
        """Remove what is ours from both ends; failed, with `remains`, where one is away.

        `give_up_way_back`: the target keeps what was written there (commit, or an accepted loss).
        """
        async with self._whoever_answers() as (at, away):
            return await clearing.discard(self.move, at, away, give_up_way_back=give_up_way_back)

    async def observe(self, act: str) -> ActResult:
        """Whether an act of that name took effect: done, not_done, or unknown."""
        looks: dict[str, Callable[[], Awaitable[tuple[bool, str]]]] = {
            "copy": self._copied,
            "fence_source": lambda: self._out("source"),
            "fence_target": lambda: self._out("target"),
            "open_source": lambda: self._in("source"),
            "final_copy": lambda: self._came_to(Stage.FINAL, Stage.GRANTED, Stage.RETURNED),
            "open_target": self._granted,
            "bring_back": self._returned,
            "discard": self._discarded,
        }
        try:
            done, words = await looks[act]()
        except TransientError as error:
            if act not in {"fence_target", "bring_back"}:
                return ActResult("unknown", error.message)
            try:
                return ActResult("done", await self._unless_granted(error))
            except TransientError:
                return ActResult("unknown", error.message)
        return ActResult("done" if done else "not_done", words)

    async def _unless_granted(self, error: TransientError) -> str:
        """Words where a target that is away does not matter. Raises the error where it does.

        The source's mark is written before anybody is let in on the target, so it knows.
        """
        if error.reference != "database-unreachable":
            raise error
        async with held(self.move, self.names, self.mark, "source") as at:
            stage = await at.stage()
        if stage is None or stage is Stage.GRANTED:
            raise error
        return f"{error.message}; nobody is let in there: the source's mark says {stage.value}"

    async def _copied(self) -> tuple[bool, str]:
        async with held(self.move, self.names, self.mark, *BOTH) as at:
            if await at.ours((Stage.FINAL, Stage.GRANTED, Stage.RETURNED)):
                return True, "it is past its copy"
            way = forward.way_out(at)
            if (
                not await at.ours((Stage.COPYING,))
                or await subscription(at.target, way.name) is None
            ):
                return False, "there is no copy of this attempt"
            look = await look_at(way, "0/0")
            said = f"{look.ready} of {look.tables} tables are in step"
            return look.enabled and not look.lost and look.ready == look.tables, said

    async def _out(self, side: str) -> tuple[bool, str]:
        async with held(self.move, self.names, self.mark, side) as at:
            seen = await writers.look(at.ends[side], self.move.writers)
            return seen.out, str(seen)

    async def _in(self, side: str) -> tuple[bool, str]:
        async with held(self.move, self.names, self.mark, side) as at:
            seen = await writers.look(at.ends[side], self.move.writers)
            return set(seen.may_log_in) == set(self.move.writers), str(seen)

    async def _came_to(self, *stages: Stage) -> tuple[bool, str]:
        async with held(self.move, self.names, self.mark, *BOTH) as at:
            stage = await at.stage()
            words = "nothing is marked" if stage is None else f"it is marked {stage.value}"
            return await at.ours(stages), words

    async def _granted(self) -> tuple[bool, str]:
        done, words = await self._came_to(Stage.GRANTED)
        if not done:
            return False, words
        opened, seen = await self._in("target")
        return opened, f"{words}; {seen}"

    async def _returned(self) -> tuple[bool, str]:
        async with held(self.move, self.names, self.mark, *BOTH) as at:
            stage = await at.stage()
            if stage is Stage.RETURNED:
                return True, await backward.said_before(self.move, at)
            if stage in {Stage.COPYING, Stage.FINAL}:
                return True, "nobody was let in on the target"
            return False, "it is not proved to be back"

    async def _discarded(self) -> tuple[bool, str]:
        async with held(self.move, self.names, self.mark, *BOTH) as at:
            done = await clearing.nothing_left(at)
            return done, "nothing of ours is left" if done else "something of ours is left"

    async def _fence(self, side: str) -> ActResult:
        async def act(at: Held) -> ActResult:
            return ActResult("done", await writers.fence(at.ends[side], self.move.writers))

        return await self._with(act, side)

    async def _with(self, act: Callable[[Held], Awaitable[ActResult]], *sides: str) -> ActResult:
        async def once() -> ActResult:
            async with held(self.move, self.names, self.mark, *sides) as at:
                return await act(at)

        return await self._patiently(once)

    async def _patiently(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Do an act, and again while a server is away: every act may be repeated."""
        loop = asyncio.get_running_loop()
        away_since = loop.time()
        while True:
            begun = loop.time()
            try:
                return await act()
            except TransientError as error:
                if error.reference != "database-unreachable":
                    raise
                now = loop.time()
                if now - begun > STEADY_SECONDS:
                    away_since = now
                if now - away_since > self._outage_seconds_max:
                    raise
                self._tell(f"{error.message}; trying again")
            await asyncio.sleep(PAUSE_SECONDS)

    @asynccontextmanager
    async def _whoever_answers(self) -> AsyncIterator[tuple[Held, dict[str, str]]]:
        """The ends that answer now, and the last words of those that do not."""
        away: dict[str, str] = {}
        async with AsyncExitStack() as stack:
            ends = {}
            for side in BOTH:
                try:
                    at = await stack.enter_async_context(
                        held(self.move, self.names, self.mark, side)
                    )
                    ends[side] = at.ends[side]
                except TransientError as error:
                    if error.reference != "database-unreachable":
                        raise
                    away[side] = error.message
            yield Held(self.mark, self.names, ends), away

    async def _tables(self) -> tuple[str, ...]:
        """The names of the tables, as whichever end answers has them."""
        async with self._whoever_answers() as (at, _):
            for session in at.ends.values():
                tables = chosen(await read_tables(session), self.move.tables)
                return tuple(shown(table.name) for table in tables)
        return (self.move.name,)
