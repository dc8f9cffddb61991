"""A database's move that cannot go on: it says why in seconds, loses nothing, and goes on after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from migrator.errors import PermanentError, TransientError
from migrator.platform.postgresql.move import PostgresMove
from moving_databases import (
    LINES,
    Application,
    Estate,
    an_estate,
    at_work,
    clear_away,
    on_both,
    unreachable,
    until_it_wrote,
)

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    made = an_estate()
    yield made
    await clear_away(made)


async def to_the_grant(estate: Estate) -> PostgresMove:
    """The target has authority, and its writers may come in."""
    move = estate.move()
    await move.copy()
    await move.fence_source()
    await move.final_copy()
    await move.open_target()
    return move


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


async def test_a_sequence_that_moved_by_itself_is_no_difference_once_it_is_carried(
    estate: Estate,
) -> None:
    move = estate.move()
    await move.copy()
    await move.fence_source()
    estate.on("source", "SELECT setval('booking_id_seq', 5000)")
    assert "2 of 2 sequences set" in (await move.final_copy()).detail
    assert estate.on("target", "SELECT last_value FROM booking_id_seq") == [(5000,)]
    await move.open_target()
    estate.on("target", "SELECT nextval('booking_id_seq')")
    await move.fence_target()
    await move.bring_back()
    assert estate.on("source", "SELECT last_value FROM booking_id_seq") == [(5001,)]


async def test_a_change_that_could_not_be_applied_is_listed_as_lost_until_it_is_there(
    estate: Estate,
) -> None:
    move = await to_the_grant(estate)
    estate.on("source", "DELETE FROM reading WHERE number = 5")
    estate.on("target", "UPDATE reading SET value = 1 WHERE number = 5")  # finds nothing there
    await move.fence_target()
    kept = estate.ours("source"), estate.ours("target")
    back = await move.bring_back()
    assert back.outcome == "failed"
    assert [each.split(":")[0] for each in back.lost] == ["public.reading_old"]
    assert "(2025-12-06,5)" in back.lost[0]
    assert (estate.ours("source"), estate.ours("target")) == kept
    with pytest.raises(PermanentError) as caught:
        await move.open_source()
    assert caught.value.reference == "database-not-returned"
    with pytest.raises(PermanentError) as caught:
        await move.discard()
    assert caught.value.reference == "database-not-returned"

    estate.on("source", "INSERT INTO reading VALUES ('2025-12-06', 5, 1)")
    assert (await estate.move().bring_back()).outcome == "done"
    assert (await move.open_source()).outcome == "done"


async def test_a_conflict_on_the_way_back_is_told_in_seconds_and_ends_nothing(
    estate: Estate,
) -> None:
    move = await to_the_grant(estate)
    estate.on("source", "INSERT INTO account VALUES (1, 'x', 1)")
    estate.on("target", "INSERT INTO account VALUES (1, 'x', 2), (1, 'y', 2)")
    await move.fence_target()
    begun = time.monotonic()
    back = await move.bring_back()
    assert time.monotonic() - begun < 15
    assert back.outcome == "failed"
    assert "duplicate key value" in back.detail
    assert "account_pkey" in back.detail
    assert [each.split(":")[0] for each in back.lost] == ["public.account"]

    estate.on("source", "DELETE FROM account WHERE code = 'x'")
    assert (await move.bring_back()).outcome == "done"
    assert estate.on("source", "SELECT count(*) FROM account WHERE code IN ('x', 'y')") == [(2,)]


async def test_a_conflict_in_the_copy_is_told_with_the_servers_reason(estate: Estate) -> None:
    move = estate.move()
    await move.copy()
    estate.on("target", "INSERT INTO account VALUES (1, 'x', 1)")
    estate.on("source", "INSERT INTO account VALUES (1, 'x', 2)")
    await move.fence_source()
    begun = time.monotonic()
    with pytest.raises(PermanentError) as caught:
        await move.final_copy()
    assert time.monotonic() - begun < 15
    assert caught.value.reference == "database-stream-stopped"
    assert "duplicate key value" in str(caught.value)


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


async def test_a_source_that_is_away_for_some_seconds_delays_the_copy_and_no_more(
    estate: Estate,
) -> None:
    estate.on("source", f"INSERT INTO {LINES} (tag) SELECT 't1' FROM generate_series(1, 50000)")  # noqa: S608
    application = Application(estate, "source")
    move = estate.move()
    async with at_work(application):
        copying = asyncio.create_task(move.copy())
        await asyncio.sleep(0.4)
        await asyncio.to_thread(estate.source.stop, "immediate")
        await asyncio.sleep(1.5)
        await asyncio.to_thread(estate.source.start)
        assert (await copying).outcome == "done"
        await until_it_wrote(application)
        await move.fence_source()
        await asyncio.to_thread(estate.source.stop, "fast")
        finishing = asyncio.create_task(move.final_copy())
        await asyncio.sleep(1.0)
        await asyncio.to_thread(estate.source.start)
        assert (await finishing).outcome == "done"
    on_both(estate)


async def test_a_target_that_is_away_leaves_everything_unproved_by_name(estate: Estate) -> None:
    move = await to_the_grant(estate)
    await move.fence_target()
    estate.outage_seconds_max = 0.5
    away = estate.move()
    away.move = unreachable(estate, "target")
    back = await away.bring_back()
    assert back.outcome == "failed"
    assert len(back.lost) == 5
    assert all("not known" in each for each in back.lost)
    assert (await away.observe("bring_back")).outcome == "unknown"
    assert (await move.bring_back()).outcome == "done"


@pytest.mark.parametrize("side", ["source", "target"])
async def test_what_cannot_be_removed_from_an_end_that_is_away_is_named(
    estate: Estate, side: str
) -> None:
    await estate.move().copy()
    away = estate.move()
    away.move = unreachable(estate, side)
    gone = await away.discard()
    assert gone.outcome == "failed"
    left = [each for each in gone.remains if side in each]
    assert any(each.startswith("slot migrator_book") for each in left)
    other = "target" if side == "source" else "source"
    assert [each for each in estate.ours(other) if "subscription" in each or "slot" in each] == []
    again = await estate.move().discard()
    assert again.outcome == "done"
    assert estate.ours("source") == []


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


async def test_an_open_transaction_that_holds_up_the_slot_is_named(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.platform.postgresql.ways.SLOT_SECONDS_MAX", 0.5)
    import psycopg

    with psycopg.connect(
        host=str(estate.source.folder), dbname=estate.name, user=estate.role
    ) as connection:
        connection.execute("INSERT INTO account VALUES (1, 'x', 1)")
        with pytest.raises(TransientError) as caught:
            await estate.move().copy()
        assert caught.value.reference == "database-busy"
        assert f"of {estate.role} since" in str(caught.value)
        connection.commit()
    assert (await estate.move().copy()).outcome == "done"


async def test_a_broken_way_back_is_told_and_a_hand_carried_return_is_proved(
    estate: Estate,
) -> None:
    move = await to_the_grant(estate)
    name = move.names.back
    estate.on("source", f"ALTER SUBSCRIPTION {name} DISABLE")
    with pytest.raises(PermanentError) as caught:
        await move.open_target()
    assert caught.value.reference == "database-stream-lost"
    estate.on("target", "INSERT INTO account VALUES (1, 'x', 1)")
    await move.fence_target()
    back = await move.bring_back()
    assert back.outcome == "failed"
    assert "public.account" in back.lost[0]
    estate.on("source", "INSERT INTO account VALUES (1, 'x', 1)")
    assert (await move.bring_back()).outcome == "done"


async def test_a_server_that_does_not_reach_the_other_is_told(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.platform.postgresql.following.SILENT_SECONDS_MAX", 1.0)
    move = estate.move()
    astray = replace(move.move.source, peer_host="127.0.0.1", peer_port=1)
    move.move = replace(move.move, source=astray)
    found = await move.find()
    assert any("does not reach the source" in each for each in found.faults)
    with pytest.raises(TransientError) as caught:
        await move.copy()
    assert caught.value.reference == "database-peer-unreachable"


async def test_no_password_is_in_a_log_an_error_or_a_word(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVER", "s3cret'\\ word")
    role = f"mover_{estate.role}"
    for side in ("source", "target"):
        text = f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 's3cret''\\ word'"
        estate.on(side, text.replace("s3cret''\\ word", "other"))
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
