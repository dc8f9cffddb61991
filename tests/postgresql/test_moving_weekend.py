"""A database's weekend between two real servers: there with its data, and back with the new."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moving_databases import (
    Application,
    Estate,
    an_estate,
    at_work,
    clear_away,
    on_both,
    until_it_wrote,
)

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    made = an_estate()
    yield made
    await clear_away(made)


async def to_the_target(estate: Estate, application: Application) -> None:
    """Copy under load, fence, the last of it, grant: all of it with the application at work."""
    move = estate.move()
    async with at_work(application):
        await until_it_wrote(application)
        assert (await move.copy()).outcome == "done"
        await until_it_wrote(application)
        await move.fence_source()
        assert (await move.final_copy()).outcome == "done"
    application.settle()


async def test_everything_written_on_the_target_is_on_the_source_again(estate: Estate) -> None:
    move, application = estate.move(), Application(estate, "source")
    assert "can be moved" in (await move.check()).detail
    await to_the_target(estate, application)
    assert application.on("target") == application.on("source") == application.ledger

    granted = await move.open_target()
    assert granted.outcome == "done"
    application.side = "target"
    async with at_work(application):
        await until_it_wrote(application, 200)
        estate.on("target", "UPDATE account SET balance = -balance WHERE region = 3")
        estate.on("target", "DELETE FROM booking WHERE id % 5 = 0")
        estate.on("target", "TRUNCATE reading_old")
        assert (await move.fence_target()).outcome == "done"
    application.settle()
    written = application.on("target")
    assert written == application.ledger

    back = await move.bring_back()
    assert (back.outcome, back.lost) == ("done", ())
    assert "nothing is lost" in back.detail
    assert application.on("source") == application.ledger
    on_both(estate)
    assert (await move.open_source()).outcome == "done"
    application.side = "source"
    async with at_work(application):
        await until_it_wrote(application)  # serial keys go on where the target was
    gone = await move.discard()
    assert gone.outcome == "done"
    assert estate.ours("source") == []
    assert [each.split()[0] for each in estate.ours("target")] == ["publication"]
    assert len(gone.remains) == 1
