"""A database's move that cannot go on: it says why in seconds, loses nothing, and goes on after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from migrator.errors import PermanentError, TransientError
from moving_databases import (
    LINES,
    Application,
    Estate,
    an_estate,
    at_work,
    clear_away,
    held_up,
    on_both,
    to_the_grant,
    unreachable,
    until_it_wrote,
)

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    made = an_estate()
    yield made
    await clear_away(made)


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


async def test_a_target_that_is_gone_before_the_grant_does_not_hold_up_the_way_back(
    estate: Estate,
) -> None:
    move = estate.move()
    await move.copy()
    await move.fence_source()
    await move.final_copy()
    estate.outage_seconds_max = 0.5
    away = estate.move()
    away.move = unreachable(estate, "target")
    for act in (away.fence_target, away.bring_back):
        result = await act()
        assert (result.outcome, result.lost) == ("done", ())
        assert "nobody is let in there" in result.detail
    assert (await away.observe("bring_back")).outcome == "done"
    await away.open_source()
    await to_the_grant(estate)
    with pytest.raises(TransientError):
        await away.fence_target()


async def test_a_server_without_a_free_worker_is_told_from_one_that_is_not_reached(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.platform.postgresql.following.SILENT_SECONDS_MAX", 0.5)
    # As if the one worker that the server may have were another database's.
    monkeypatch.setattr("migrator.platform.postgresql.following.WORKERS", "SELECT 1, 1")
    move = estate.move()
    copied = await move.copy()
    assert copied.outcome == "done"
    name = move.names.out
    estate.on("target", f"ALTER SUBSCRIPTION {name} CONNECTION 'host=/nowhere dbname=x'")
    await move.fence_source()
    with pytest.raises(TransientError) as caught:
        await move.final_copy()
    assert caught.value.reference == "database-busy"
    monkeypatch.undo()
    monkeypatch.setattr("migrator.platform.postgresql.following.SILENT_SECONDS_MAX", 0.5)
    with pytest.raises(TransientError) as caught:
        await move.final_copy()
    assert caught.value.reference == "database-peer-unreachable"


async def test_slots_of_tables_whose_copy_was_broken_off_are_removed_without_the_target(
    estate: Estate,
) -> None:
    move = estate.move()
    async with held_up(estate, "target", "account"):
        copying = asyncio.create_task(move.copy())
        for _ in range(500):
            await asyncio.sleep(0.02)
            if [each for each in estate.ours("source") if each.startswith("slot pg_")]:
                break
        else:
            raise AssertionError(estate.ours("source"))
        copying.cancel()
        await asyncio.wait({copying})
        away = estate.move()
        away.move = unreachable(estate, "target")
        assert any("slot pg_" in each for each in (await away.discard()).changes)
        assert estate.ours("source") == []
    assert (await estate.move().discard()).outcome == "done"
    assert (await estate.move().copy()).outcome == "done"
