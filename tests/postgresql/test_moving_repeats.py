"""A database's move that dies anywhere: whatever of it is begun again ends in the same place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from migrator.engine.ports import ActResult
from migrator.errors import MigratorError, PermanentError, TransientError
from migrator.platform.postgresql.move import PostgresMove
from migrator.platform.postgresql.session import Row, Session
from moving_databases import LINES, Estate, an_estate, clear_away, on_both

pytestmark = pytest.mark.postgresql

WAY = ("copy", "fence_source", "final_copy", "open_target", "fence_target", "bring_back")
AFTERWARDS = ("open_source", "discard")
NEW = f"INSERT INTO {LINES} (tag, amount) VALUES ('new', 0.1) RETURNING 1"  # noqa: S608


class Killed(BaseException):
    """The process is gone: nothing after this is done."""


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    made = an_estate()
    yield made
    await clear_away(made)


def act_of(move: PostgresMove, name: str) -> Callable[[], Awaitable[ActResult]]:
    """The act of that name."""
    acts: dict[str, Callable[[], Awaitable[ActResult]]] = {
        "copy": move.copy,
        "fence_source": move.fence_source,
        "final_copy": move.final_copy,
        "open_target": move.open_target,
        "fence_target": move.fence_target,
        "bring_back": move.bring_back,
        "open_source": move.open_source,
        "discard": move.discard,
    }
    return acts[name]


def write_where_granted(estate: Estate, name: str) -> None:
    """What the application would write as soon as it may."""
    if name == "open_target":
        assert estate.on("target", NEW) == [(1,)]


async def test_every_act_may_come_twice_and_is_seen_to_be_done(estate: Estate) -> None:
    for name in (*WAY, *AFTERWARDS):
        assert (await estate.move().observe(name)).outcome == "not_done", name
        first = await act_of(estate.move(), name)()
        again = await act_of(estate.move(), name)()
        assert (first.outcome, again.outcome) == ("done", "done"), name
        assert (await estate.move().observe(name)).outcome == "done", name
        write_where_granted(estate, name)
    on_both(estate)
    assert ("new",) in estate.on("source", f"SELECT tag FROM {LINES}")  # noqa: S608


class Dying:
    """Lets an act die before or after its nth statement that changes something."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        self.after = False
        self.seen = 0
        real = Session.rows
        dying = self

        async def rows(
            session: Session, text: str, *values: object, seconds: float = 30.0
        ) -> list[Row]:
            if not dying.changes(text):
                return await real(session, text, *values, seconds=seconds)
            dying.seen += 1
            dying.left -= 1
            if dying.left == 0 and not dying.after:
                raise Killed
            found = await real(session, text, *values, seconds=seconds)
            if dying.left == 0:
                raise Killed
            return found

        monkeypatch.setattr(Session, "rows", rows)

    @staticmethod
    def changes(text: str) -> bool:
        words = ("SELECT pg_create", "SELECT pg_drop", "SELECT setval", "COMMIT", "ALTER", "DROP")
        return text.startswith((*words, "TRUNCATE", "CREATE"))

    def at(self, nth: int, *, after: bool) -> None:
        """Die there."""
        self.left, self.after, self.seen = nth, after, 0


@pytest.mark.parametrize("after", [False, True])
async def test_an_act_that_dies_at_any_statement_is_done_by_its_repeat(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    dying = Dying(monkeypatch)
    for name in (*WAY, *AFTERWARDS):
        nth = 0
        while True:
            nth += 1
            assert nth < 40, name
            dying.at(nth, after=after)
            try:
                result = await act_of(estate.move(), name)()
            except Killed:
                sides = [writers_may_come_in(estate, side) for side in ("source", "target")]
                assert sides != [True, True] or (name, nth) == ("copy", 1)
                continue
            break
        assert result.outcome == "done", (name, result)
        assert dying.seen < nth, name  # it got through without dying
        write_where_granted(estate, name)
    on_both(estate)
    assert ("new",) in estate.on("source", f"SELECT tag FROM {LINES}")  # noqa: S608
    assert estate.ours("source") == []


def writers_may_come_in(estate: Estate, side: str) -> bool:
    """Whether the role has its log-in."""
    text = f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{estate.role}'"  # noqa: S608
    return estate.on(side, text) == [(True,)]


async def test_an_act_that_is_cancelled_at_any_moment_is_done_by_its_repeat(
    estate: Estate,
) -> None:
    for name in WAY:
        for moment in (0.0, 0.03, 0.1, 0.3):
            task = asyncio.ensure_future(act_of(estate.move(), name)())
            await asyncio.wait({task}, timeout=moment)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        result = await act_of(estate.move(), name)()
        assert result.outcome == "done", (name, result)
        write_where_granted(estate, name)
    on_both(estate)


async def test_another_attempt_empties_the_copy_of_the_first_and_begins_anew(
    estate: Estate,
) -> None:
    for name in (*WAY, *AFTERWARDS):
        await act_of(estate.move(), name)()
    estate.on("source", f"DELETE FROM {LINES} WHERE id % 2 = 0")  # noqa: S608
    estate.attempt = 2
    for name in WAY:
        result = await act_of(estate.move(), name)()
        assert result.outcome == "done", (name, result)
    on_both(estate)


async def test_another_attempt_takes_over_what_the_first_left_half_made(estate: Estate) -> None:
    await estate.move().copy()
    assert (await estate.move(attempt=2).observe("copy")).outcome == "not_done"
    result = await estate.move(attempt=2, run="r2").copy()
    assert any("leftover" in each for each in result.changes)
    assert (await estate.move(attempt=2, run="r2").observe("copy")).outcome == "done"


async def test_an_older_epoch_changes_nothing_any_more(estate: Estate) -> None:
    await estate.move(epoch=4).copy()
    before = estate.ours("source"), estate.ours("target")
    for name in WAY:
        with pytest.raises(PermanentError) as caught:
            await act_of(estate.move(epoch=3), name)()
        assert caught.value.reference == "epoch-passed"
    assert (estate.ours("source"), estate.ours("target")) == before


async def test_a_frozen_act_of_an_older_epoch_is_ended_by_the_newer_one(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps with its lock held, wakes when it was displaced, and can do nothing."""
    real = Session.rows
    frozen, woken = asyncio.Event(), asyncio.Event()

    async def rows(
        session: Session, text: str, *values: object, seconds: float = 30.0
    ) -> list[Row]:
        if text.startswith("SELECT pg_create") and not frozen.is_set():
            frozen.set()
            await woken.wait()
        return await real(session, text, *values, seconds=seconds)

    monkeypatch.setattr(Session, "rows", rows)
    old = asyncio.ensure_future(estate.move(epoch=1).copy())
    await frozen.wait()
    assert (await estate.move(epoch=2).copy()).outcome == "done"
    woken.set()
    with pytest.raises(MigratorError) as caught:
        await old
    assert caught.value.reference == "epoch-passed"
    assert (await estate.move(epoch=2).observe("copy")).outcome == "done"


async def test_another_run_at_work_on_the_database_is_waited_for_and_never_ended(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.platform.postgresql.holding.LOCK_SECONDS_MAX", 0.2)
    real = Session.rows
    frozen, woken = asyncio.Event(), asyncio.Event()

    async def rows(
        session: Session, text: str, *values: object, seconds: float = 30.0
    ) -> list[Row]:
        if text.startswith("SELECT pg_create") and not frozen.is_set():
            frozen.set()
            await woken.wait()
        return await real(session, text, *values, seconds=seconds)

    monkeypatch.setattr(Session, "rows", rows)
    one = asyncio.ensure_future(estate.move(run="r1").copy())
    await frozen.wait()
    with pytest.raises(TransientError) as caught:
        await estate.move(run="r2").copy()
    assert caught.value.reference == "database-in-use"
    woken.set()
    assert (await one).outcome == "done"
