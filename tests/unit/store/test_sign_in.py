"""What an invitation opens, and how often; what must not be guessed faster than it is slowed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.store.sign_in import SignIn
from migrator.store.sql import open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SignIn]:
    with open_store(tmp_path, practice=True) as store:
        yield store.sign_in("autumn")


def test_a_link_and_a_code_each_open_by_their_own_way_only(door: SignIn) -> None:
    (card,) = door.invite(["anna"], NOW, NOW + HOUR)
    assert door.invited(card.token, NOW) == "anna"
    # Codes are short: a way that does not count wrong ones must not know them.
    assert door.invited(card.code, NOW) is None
    assert door.spend_link(card.code, NOW, NOW + HOUR) is None
    assert door.spend_code(card.token, NOW, NOW + HOUR) is None
    assert door.spend_code(card.code.lower().replace("-", " "), NOW, NOW + HOUR) is not None
    assert door.spend_link(card.token, NOW, NOW + HOUR) is None, "it is one invitation"


def test_of_many_who_spend_one_invitation_at_once_one_gets_in(door: SignIn) -> None:
    (card,) = door.invite(["anna"], NOW, NOW + HOUR)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: door.spend_link(card.token, NOW, NOW + HOUR), range(16)))
    assert len([each for each in found if each is not None]) == 1


def test_an_invitation_ends_in_time_and_by_a_newer_one(door: SignIn) -> None:
    (card,) = door.invite(["anna"], NOW, NOW + HOUR)
    assert door.spend_link(card.token, NOW + HOUR, NOW + 2 * HOUR) is None
    door.invite(["anna"], NOW, NOW + HOUR)
    assert door.spend_link(card.token, NOW, NOW + HOUR) is None


def test_an_invitation_and_a_session_are_of_one_run(door: SignIn, tmp_path: Path) -> None:
    (card,) = door.invite(["anna"], NOW, NOW + HOUR)
    with open_store(tmp_path, practice=True) as store:
        other = store.sign_in("winter")
        assert other.spend_link(card.token, NOW, NOW + HOUR) is None
        assert other.spend_code(card.code, NOW, NOW + HOUR) is None
        spent = door.spend_link(card.token, NOW, NOW + HOUR)
        assert spent is not None
        assert other.session(spent[0], NOW) is None


def test_the_store_holds_no_secret_that_signs_anybody_in(door: SignIn, tmp_path: Path) -> None:
    (card,) = door.invite(["anna"], NOW, NOW + HOUR)
    spent = door.spend_code(card.code, NOW, NOW + HOUR)
    assert spent is not None
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert kept, "there is a store"
    for secret in (card.token, card.code, card.code.replace("-", ""), spent[0]):
        assert secret.encode() not in kept


def test_whether_sessions_hold_is_asked_for_many_at_once(door: SignIn) -> None:
    cards = door.invite(["anna", "bo", "cia"], NOW, NOW + HOUR)
    tokens = [found[0] for card in cards if (found := door.spend_link(card.token, NOW, NOW + HOUR))]
    door.leave(tokens[1], NOW)
    assert door.holding(tokens, NOW) == {tokens[0], tokens[2]}
    assert door.holding(tokens, NOW + HOUR) == frozenset()
    assert door.holding([], NOW) == frozenset()


def test_wrong_secrets_never_take_the_writers_lock(door: SignIn, tmp_path: Path) -> None:
    with (
        open_store(tmp_path, practice=True) as store,
        store._database.writing(),
    ):
        # Whoever asked for the lock here would wait for seconds, and then fail.
        assert door.spend_link("wrong", NOW, NOW + HOUR) is None
        assert door.spend_code("AAAA-AAAA", NOW, NOW + HOUR) is None
        door.leave("wrong", NOW)
