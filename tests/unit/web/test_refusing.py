"""Refusals are counted in little room, and wait for a store that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from migrator.errors import EnvironmentFailed
from migrator.reports.texts import texts
from migrator.store.refusals import Cause, Refused
from migrator.web.refusing import WAITING_MAX, WORDS, Kind, Refusing


class Kept:
    """A store's rows."""

    def __init__(self) -> None:
        self.away = False
        self.rows: list[Mapping[Cause, tuple[int, datetime]]] = []

    def keep(self, counted: Mapping[Cause, tuple[int, datetime]], now: datetime) -> None:
        assert now.tzinfo is not None
        if self.away:
            raise EnvironmentFailed("store-unreachable", "the store is away", hint="wait")
        self.rows.append(dict(counted))

    def newest(self, count: int) -> tuple[Refused, ...]:
        return ()


def total(rows: list[Mapping[Cause, tuple[int, datetime]]]) -> int:
    return sum(count for row in rows for count, _ in row.values())


def test_what_waits_for_a_store_that_is_away_is_written_later() -> None:
    kept = Kept()
    refusing = Refusing(kept)
    refusing.note(Kind.WRONG_CODE)
    kept.away = True
    asyncio.run(refusing.keep())
    refusing.note(Kind.WRONG_CODE)
    kept.away = False
    asyncio.run(refusing.keep())
    asyncio.run(refusing.keep())
    assert total(kept.rows) == 2
    assert len(kept.rows) == 1, "nothing is written where nothing waits"


def test_however_many_people_are_refused_what_waits_has_a_limit() -> None:
    refusing = Refusing(Kept())
    for n in range(3 * WAITING_MAX):
        refusing.note(Kind.NO_RIGHT, f"person-{n}")
    assert len(refusing._waiting) <= WAITING_MAX + 2
    assert sum(count for count, _ in refusing._waiting.values()) == 3 * WAITING_MAX


def test_at_the_end_what_waits_is_written_and_else_nothing() -> None:
    kept = Kept()

    async def play(*kinds: Kind) -> None:
        refusing = Refusing(kept)
        task = asyncio.create_task(refusing.keep_up())
        await asyncio.sleep(0)
        for kind in kinds:
            refusing.note(kind)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(play())
    assert kept.rows == []
    asyncio.run(play(Kind.OTHER_SITE))
    assert total(kept.rows) == 1


def test_every_kind_has_words_in_both_languages() -> None:
    swedish, english = texts("sv", "Europe/Stockholm"), texts("en", "Europe/Stockholm")
    for kind in Kind:
        assert swedish._(WORDS[kind]) != english._(WORDS[kind])
