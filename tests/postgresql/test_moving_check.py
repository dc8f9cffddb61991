"""What a database's check finds on real servers, before anything is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from migrator.errors import PermanentError
from moving_databases import Estate, an_estate, clear_away, end_on, servers

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    made = an_estate()
    yield made
    await clear_away(made)


async def test_a_database_that_can_move_has_no_faults_and_leaves_no_trace(
    estate: Estate,
) -> None:
    found = await estate.move().find()
    assert found.faults == ()
    assert estate.ours("source") == estate.ours("target") == []


async def test_every_fault_is_named_at_once(estate: Estate) -> None:
    for side in ("source", "target"):
        estate.on(side, "CREATE TABLE keyless (a int)")
        estate.on(side, "CREATE TABLE later (a int, CONSTRAINT k PRIMARY KEY (a) DEFERRABLE)")
        estate.on(side, "CREATE TABLE silent (a int PRIMARY KEY)")
    estate.on("target", "ALTER TABLE silent REPLICA IDENTITY NOTHING")
    estate.on("source", "CREATE UNLOGGED TABLE cache (a int PRIMARY KEY)")
    estate.on("source", "CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one")
    estate.on("source", "CREATE TABLE only_here (a int PRIMARY KEY)")
    estate.on("target", "CREATE TABLE only_there (a int PRIMARY KEY)")
    estate.on("target", "ALTER TABLE account ADD more text, DROP balance")
    estate.on("source", "CREATE SEQUENCE counter")
    estate.on("source", "SELECT lo_create(0)")
    estate.on("source", "CREATE EXTENSION IF NOT EXISTS plpgsql")
    move = estate.move()
    move.move = replace(move.move, writers=(estate.role, "nobody_knows", "migrator"))
    with pytest.raises(PermanentError) as caught:
        await move.check()
    assert caught.value.reference == "database-not-ready"
    said = {fault.message for fault in caught.value.faults}
    differ = "public.account: columns differ: only on the source"
    key = "has no primary key (a deferrable one does not count)"
    for expected in (
        f"source: public.keyless {key}",
        f"target: public.keyless {key}",
        f"source: public.later {key}",
        "target: public.silent has REPLICA IDENTITY NOTHING: updates and deletes cannot travel",
        "target: there is no table public.only_here",
        "source: there is no table public.only_there, which the target has",
        f"{differ} balance numeric(12,2); only on the target more text",
        "target: there is no sequence public.counter",
        "source: it has 1 large objects, which cannot travel",
        "target: there is no role nobody_knows",
        "source: migrator is our own user; a fence would lock us out, too",
    ):
        assert expected in said
    notes = (await move.find()).notes
    assert "not carried: rows of public.cache (unlogged)" in notes
    assert "not carried: materialized view public.seen" in notes


async def test_a_table_without_a_primary_key_is_refused_by_the_copy_too(estate: Estate) -> None:
    for side in ("source", "target"):
        estate.on(side, "CREATE TABLE keyless (a int)")
    with pytest.raises(PermanentError, match=r"public\.keyless has no primary key"):
        await estate.move().copy()
    assert estate.ours("source") == estate.ours("target") == []


async def test_only_the_tables_that_are_named_are_moved(estate: Estate) -> None:
    estate.tables = ("public.account", "public.booking")
    for side in ("source", "target"):
        estate.on(side, "CREATE TABLE keyless (a int)")
    move = estate.move()
    found = await move.find()
    assert found.faults == ()
    assert "not carried: rows of public.keyless (not among the tables of the move)" in found.notes
    await move.copy()
    await move.fence_source()
    assert "1 of 1 sequences set" in (await move.final_copy()).detail
    assert estate.on("target", "SELECT count(*) FROM booking") == [(200,)]
    assert estate.on("target", "SELECT count(*) FROM reading") == [(0,)]
    estate.tables = ("public.nowhere",)
    found = await estate.move().find()
    assert "source: there is no table public.nowhere" in found.faults


async def test_a_database_that_is_not_there_and_a_user_that_nobody_knows_are_told(
    estate: Estate,
) -> None:
    source, _ = servers()
    for end in (end_on(source, "nowhere"), end_on(source, estate.name, user="nobody_knows")):
        move = estate.move()
        move.move = replace(move.move, source=end)
        with pytest.raises(PermanentError) as caught:
            await move.find()
        assert caught.value.reference == "database-sign-in"


async def test_a_user_without_the_rights_is_told_before_anything_is_written(
    estate: Estate,
) -> None:
    source, _ = servers()
    move = estate.move()
    move.move = replace(move.move, source=end_on(source, estate.name, user=estate.role))
    found = await move.find()
    assert any("our user is no superuser" in each for each in found.faults)
    assert any("belongs to a role" in each for each in found.faults)
    with pytest.raises(PermanentError) as caught:
        await move.copy()
    assert caught.value.reference in {"database-not-ready", "database-forbidden"}
