"""What a database's move refuses, or sees to: order, fences, other people's rows, passwords."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from migrator.errors import PermanentError
from migrator.platform.postgresql import following
from migrator.platform.postgresql.move import PostgresMove
from migrator.platform.postgresql.ways import Way
from moving_databases import (
    LINES,
    Estate,
    an_estate,
    clear_away,
    held_up,
    to_the_grant,
)

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    made = an_estate()
    yield made
    await clear_away(made)


async def test_a_row_that_is_not_the_same_is_named_before_the_grant(estate: Estate) -> None:
    move = estate.move()
    await move.copy()
    await move.fence_source()
    estate.on("target", "UPDATE account SET balance = 7 WHERE region = 2 AND code = 'k\"9'")
    estate.on("target", f"DELETE FROM {LINES} WHERE id IN (11, 12)")  # noqa: S608
    with pytest.raises(PermanentError) as caught:
        await move.final_copy()
    assert caught.value.reference == "database-differs"
    assert 'account: 200 rows on the source, 200 on the target; keys such as (2,"k""9")' in str(
        caught.value
    )
    assert "3000 rows on the source, 2998 on the target; keys such as (11), (12)" in str(
        caught.value
    )
    with pytest.raises(PermanentError) as caught:
        await move.open_target()
    assert caught.value.reference == "database-not-final"


async def test_an_accepted_loss_opens_the_source_and_keeps_the_rows_of_the_target(
    estate: Estate,
) -> None:
    move = await to_the_grant(estate)
    estate.on("source", "DELETE FROM reading WHERE number = 5")
    estate.on("target", "UPDATE reading SET value = 1 WHERE number = 5")
    await move.fence_target()
    assert (await move.bring_back()).outcome == "failed"
    assert (await move.open_source(accept_loss=True)).outcome == "done"
    gone = await move.discard(give_up_way_back=True)
    assert (gone.outcome, estate.ours("source"), estate.ours("target")) == ("done", [], [])
    with pytest.raises(PermanentError) as caught:
        await estate.move(attempt=2).copy()
    assert caught.value.reference == "database-target-not-empty"
    assert estate.on("target", "SELECT value FROM reading WHERE number = 5") == [(1.0,)]


async def test_rows_of_the_target_that_are_nobodys_copy_are_never_overwritten(
    estate: Estate,
) -> None:
    estate.on("target", "INSERT INTO account VALUES (1, 'x', 1)")
    with pytest.raises(PermanentError) as caught:
        await estate.move().copy()
    assert caught.value.reference == "database-target-not-empty"
    assert "public.account" in str(caught.value)
    await to_the_grant_after_emptying(estate)
    for attempt in (1, 2):
        with pytest.raises(PermanentError) as caught:
            await estate.move(attempt=attempt).copy()
        assert caught.value.reference == "database-granted"


async def to_the_grant_after_emptying(estate: Estate) -> None:
    """A person has looked at the rows and thrown them away."""
    estate.on("target", "TRUNCATE account CASCADE")
    await to_the_grant(estate)


async def test_a_writer_in_a_transaction_is_ended_and_one_that_prepared_it_is_named(
    estate: Estate,
) -> None:
    estate.on("source", f"GRANT {estate.role} TO migrator")
    server = estate.source
    import psycopg

    with psycopg.connect(
        host=str(server.folder), dbname=estate.name, user=estate.role
    ) as connection:
        connection.execute("INSERT INTO account VALUES (1, 'x', 1)")
        await estate.move().fence_source()
        assert estate.on("source", "SELECT 1 FROM account WHERE code = 'x'") == []
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(host=str(server.folder), dbname=estate.name, user=estate.role)
    estate.on(
        "source",
        f"SET SESSION AUTHORIZATION {estate.role}; BEGIN; "
        "LOCK booking IN ROW EXCLUSIVE MODE; SELECT pg_current_xact_id(); "
        "PREPARE TRANSACTION 'left'",
    )
    with pytest.raises(PermanentError) as caught:
        await estate.move().fence_source()
    assert caught.value.reference == "database-not-fenced"
    assert f"left of {estate.role}" in str(caught.value)
    assert (await estate.move().observe("fence_source")).outcome == "not_done"
    estate.on("source", "ROLLBACK PREPARED 'left'")
    assert (await estate.move().observe("fence_source")).outcome == "done"


async def test_a_role_that_somebody_let_in_again_stops_the_last_copy_and_the_grant(
    estate: Estate,
) -> None:
    move = estate.move()
    await move.copy()
    for act in (move.final_copy, move.open_target):
        estate.on("source", f"ALTER ROLE {estate.role} LOGIN")
        with pytest.raises(PermanentError) as caught:
            await act()
        assert caught.value.reference == "database-not-fenced" or act == move.open_target
        await move.fence_source()
        await move.final_copy()
    estate.on("source", f"ALTER ROLE {estate.role} LOGIN")
    with pytest.raises(PermanentError) as caught:
        await move.open_target()
    assert caught.value.reference == "database-not-fenced"


async def test_rows_written_on_the_source_after_the_final_copy_are_not_left_behind(
    estate: Estate,
) -> None:
    """Opened and fenced again by hand, behind our back: the stream has them before the grant."""
    move = estate.move()
    await move.copy()
    await move.fence_source()
    await move.final_copy()
    estate.on("source", "INSERT INTO account VALUES (1, 'late', 1)")
    await move.open_target()
    assert estate.on("target", "SELECT 1 FROM account WHERE code = 'late'") == [(1,)]


async def test_opening_the_source_again_asks_for_another_final_copy(estate: Estate) -> None:
    move = estate.move()
    await move.copy()
    await move.fence_source()
    await move.final_copy()
    await move.open_source()
    await move.fence_source()
    with pytest.raises(PermanentError) as caught:
        await move.open_target()
    assert caught.value.reference == "database-not-final"
    await move.final_copy()
    assert (await move.open_target()).outcome == "done"


async def test_a_table_that_came_after_the_copy_is_taken_along_by_its_repeat(
    estate: Estate,
) -> None:
    move = estate.move()
    await move.copy()
    for side in ("source", "target"):
        estate.on(side, "CREATE TABLE late (id int PRIMARY KEY)")
    estate.on("source", "INSERT INTO late VALUES (1)")
    await move.fence_source()
    with pytest.raises(PermanentError) as caught:
        await move.final_copy()
    assert caught.value.reference == "database-not-ready"
    assert "public.late" in str(caught.value)
    await move.copy()
    await move.final_copy()
    assert estate.on("target", "SELECT id FROM late") == [(1,)]


async def test_no_password_is_in_a_log_an_error_or_a_word(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVER", "s3cret'\\ word")
    role = f"mover_{estate.role}"
    for side in ("source", "target"):
        text = f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 's3cret''\\ word'"
        estate.on(side, text.replace("s3cret''\\ word", "other"))
        estate.on(side, f"ALTER ROLE {role} SET log_statement = 'all'")
        estate.on(side, f"ALTER ROLE {role} SET log_min_duration_statement = 0")
    move = estate.move()
    ends = [
        replace(end, user=role, password="env:MOVER")
        for end in (move.move.source, move.move.target)
    ]
    move.move = replace(move.move, source=ends[0], target=ends[1])
    assert "can be moved" in (await move.check()).detail
    result = await move.copy()
    said = f"{result} {estate.told} {move!r}"
    for side in ("source", "target"):
        for log in (estate.server(side).folder / "data" / "log").glob("*.log"):
            said += log.read_text(encoding="utf-8")
    assert "s3cret" not in said
    (kept,) = estate.on("target", "SELECT subconninfo FROM pg_subscription WHERE subenabled")
    assert "s3cret" in str(kept)
    estate.on("source", f"ALTER ROLE {role} NOLOGIN")
    with pytest.raises(PermanentError) as caught:
        await estate_as(move, estate).copy()
    assert caught.value.reference == "database-sign-in"
    assert "s3cret" not in str(caught.value)


def estate_as(move: PostgresMove, estate: Estate) -> PostgresMove:
    """The same move by a new process."""
    again = estate.move()
    again.move = move.move
    return again


async def test_a_writer_whom_the_target_does_not_know_stops_the_grant_before_it_begins(
    estate: Estate,
) -> None:
    estate.on("target", f"DROP OWNED BY {estate.role}")
    estate.on("target", f"DROP ROLE {estate.role}")
    move = estate.move()
    await move.copy()
    await move.fence_source()
    await move.final_copy()
    with pytest.raises(PermanentError) as caught:
        await move.open_target()
    assert caught.value.reference == "database-not-ready"
    assert (await move.observe("open_target")).outcome == "not_done"
    estate.on("target", f"CREATE ROLE {estate.role}")
    assert (await move.open_target()).outcome == "done"


async def test_somebody_else_who_commits_during_the_comparison_is_no_difference(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    async def reached_and_then_a_row(
        way: Way, point: str, tell: Callable[[str], None]
    ) -> following.Look:
        look = await following.wait_until_reached(way, point, tell)
        if not written:
            written.append("cron")
            estate.on("source", "INSERT INTO account VALUES (1, 'cron', 1)")
        return look

    move = estate.move()
    await move.copy()
    await move.fence_source()
    name = "migrator.platform.postgresql.forward.wait_until_reached"
    monkeypatch.setattr(name, reached_and_then_a_row)
    assert (await move.final_copy()).outcome == "done"
    assert estate.on("target", "SELECT 1 FROM account WHERE code = 'cron'") == [(1,)]


async def test_a_final_copy_waits_for_a_target_that_is_behind(estate: Estate) -> None:
    """Nothing is applied while somebody holds the table there: the act waits, and is right."""
    move = estate.move()
    await move.copy()
    async with held_up(estate, "target", "account"):
        estate.on("source", "UPDATE account SET balance = balance + 1")
        await move.fence_source()
        finishing = asyncio.create_task(move.final_copy())
        done, _ = await asyncio.wait({finishing}, timeout=1.0)
        assert not done
    assert (await finishing).outcome == "done"
    assert "differ" not in str(estate.told)


async def test_a_return_waits_for_a_source_that_is_behind(estate: Estate) -> None:
    move = await to_the_grant(estate)
    async with held_up(estate, "source", "account"):
        estate.on("target", "UPDATE account SET balance = balance + 1")
        await move.fence_target()
        returning = asyncio.create_task(move.bring_back())
        done, _ = await asyncio.wait({returning}, timeout=1.0)
        assert not done
    assert (await returning).outcome == "done"
    assert estate.rows("source", "account") == estate.rows("target", "account")
