"""What a server's words mean for who acts next, and two waits of which one fails."""

from __future__ import annotations

import asyncio

import pytest

from migrator.errors import PermanentError, TransientError
from migrator.platform.postgresql.ends import DatabaseEnd
from migrator.platform.postgresql.session import both, meant

END = DatabaseEnd("db.example", 5432, "people", "migrator")


@pytest.mark.parametrize(
    ("state", "reference", "kind"),
    [
        (None, "database-unreachable", TransientError),
        ("08006", "database-unreachable", TransientError),
        ("57P01", "database-unreachable", TransientError),
        ("57014", "database-busy", TransientError),
        ("55P03", "database-busy", TransientError),
        ("53100", "database-busy", TransientError),
        ("42501", "database-forbidden", PermanentError),
        ("42P01", "database-refused", PermanentError),
    ],
)
def test_a_state_says_who_acts_next(
    state: str | None, reference: str, kind: type[Exception]
) -> None:
    error = meant("source", END, state, "the server's words\nand more")
    assert (error.reference, type(error)) == (reference, kind)
    assert "source database people on db.example:5432" in error.message
    assert "the server's words" in error.message


async def test_when_one_of_two_fails_the_other_is_ended_first() -> None:
    ended = []

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("long")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await both(long(), failing())
    assert ended == ["long"]


async def test_two_that_go_well_give_both_answers() -> None:
    async def one() -> int:
        return 1

    async def two() -> str:
        return "two"

    assert await both(one(), two()) == (1, "two")
