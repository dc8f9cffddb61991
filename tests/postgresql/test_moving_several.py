"""Two databases of one subsystem, on the same two servers and under the same role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from migrator.errors import PermanentError
from migrator.platform.postgresql.move import PostgresMove, grant_all
from moving_databases import Application, Estate, an_estate, at_work, clear_away, until_it_wrote

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def estates() -> AsyncIterator[list[Estate]]:
    one, two = an_estate(), an_estate()
    for side in ("source", "target"):
        two.on(side, f"REASSIGN OWNED BY {two.role} TO migrator")
        two.on(side, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {one.role}")
    two.role = one.role
    yield [one, two]
    for each in (one, two):
        await clear_away(each)


async def to_the_final_copy(moves: list[PostgresMove]) -> None:
    """Each act for both at once, as a platform would."""
    await asyncio.gather(*(each.copy() for each in moves))
    await asyncio.gather(*(each.fence_source() for each in moves))
    await asyncio.gather(*(each.final_copy() for each in moves))


async def test_no_row_of_either_is_lost_though_one_log_in_opens_both(
    estates: list[Estate],
) -> None:
    moves = [each.move() for each in estates]
    await to_the_final_copy(moves)
    first = await moves[0].make_way_back()
    assert first.outcome == "done"
    assert (await moves[0].observe("open_target")).outcome == "not_done"
    assert (await moves[0].observe("fence_target")).outcome == "done"
    assert [each.outcome for each in await grant_all(moves)] == ["done", "done"]
    assert [each.outcome for each in await grant_all(moves)] == ["done", "done"]

    application = Application(estates[0], "target")
    async with at_work(application):
        await until_it_wrote(application)
        estates[1].on("target", "INSERT INTO account VALUES (1, 'x', 1)")
        await asyncio.gather(*(each.fence_target() for each in moves))
    back = await asyncio.gather(*(each.bring_back() for each in moves))
    assert [each.outcome for each in back] == ["done", "done"]
    application.settle()
    assert application.on("source") == application.ledger
    assert estates[1].on("source", "SELECT 1 FROM account WHERE code = 'x'") == [(1,)]


async def test_one_that_is_let_in_too_early_stops_the_other(estates: list[Estate]) -> None:
    moves = [each.move() for each in estates]
    await to_the_final_copy(moves)
    await moves[0].open_target()
    with pytest.raises(PermanentError) as caught:
        await moves[1].open_target()
    assert caught.value.reference == "database-not-fenced"


async def test_a_move_within_one_server_is_refused(estates: list[Estate]) -> None:
    move = estates[0].move()
    move.move = replace(move.move, target=replace(move.move.source, database=estates[1].name))
    found = await move.find()
    assert any("on the source's server" in each for each in found.faults)
