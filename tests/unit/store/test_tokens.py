"""Tokens of programs: whose they are, how long they hold, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from migrator.store import tables
from migrator.store.sql import Store, open_store
from migrator.store.tokens import Tokens

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, practice=True) as found:
        yield found


@pytest.fixture
def tokens(store: Store) -> Tokens:
    return Tokens(store.database, "autumn")


def test_a_token_is_its_persons_until_its_time_has_passed(tokens: Tokens) -> None:
    secret, made = tokens.make("anna", "the wall", "look", NOW, NOW + DAY)
    assert tokens.held(secret, NOW) == made
    assert (made.person, made.label, made.only) == ("anna", "the wall", "look")
    assert tokens.held(secret, NOW + DAY) is None
    assert tokens.held(secret[:-1], NOW) is None
    assert tokens.held("", NOW) is None


def test_a_token_that_was_ended_opens_nothing_more(tokens: Tokens) -> None:
    secret, made = tokens.make("anna", "a script", "", NOW, NOW + DAY)
    other, kept = tokens.make("anna", "another", "", NOW, NOW + DAY)
    assert tokens.end(made.id, NOW)
    assert not tokens.end(made.id, NOW), "it ended before"
    assert tokens.held(secret, NOW) is None
    assert tokens.holding([secret, other, "nonsense"], NOW) == {other}
    assert tokens.all_held(NOW) == (kept,)


def test_a_token_is_of_one_run(store: Store, tokens: Tokens) -> None:
    secret, made = tokens.make("anna", "a script", "", NOW, NOW + DAY)
    winter = Tokens(store.database, "winter")
    assert winter.held(secret, NOW) is None
    assert winter.holding([secret], NOW) == frozenset()
    assert not winter.end(made.id, NOW)
    assert winter.all_held(NOW) == ()


def test_the_store_knows_no_secret(store: Store, tokens: Tokens) -> None:
    secret, _ = tokens.make("anna", "a script", "", NOW, NOW + DAY)
    with store.database.reading() as connection:
        rows = connection.execute(select(tables.tokens)).all()
    assert secret not in str(rows)


def test_a_name_with_wild_cards_ends_nothing(tokens: Tokens) -> None:
    secret, _ = tokens.make("anna", "a script", "", NOW, NOW + DAY)
    assert not tokens.end("%", NOW)
    assert tokens.held(secret, NOW) is not None
