"""How a second device gets in, and what six digits withstand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from migrator.store import tables
from migrator.store.devices import HOLDS, WRONG_MAX, Offered
from migrator.store.sessions import Coming
from migrator.store.sign_in import SignIn
from migrator.store.sql import open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PHONE = Coming("device", "Firefox, Android")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SignIn]:
    with open_store(tmp_path, practice=True) as store:
        yield store.sign_in("autumn")


def signed_in(door: SignIn, person: str = "anna") -> str:
    (card,) = door.invite([person], NOW, NOW + HOUR)
    spent = door.spend_link(card.token, NOW, NOW + HOUR, "Edge, Windows")
    assert spent is not None
    return spent[0]


def offer(door: SignIn, session: str) -> Offered:
    found = door.devices.offer(session, NOW)
    assert found is not None
    return found


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_six_digits_let_one_more_device_in_once(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    assert len(card.code) == 6
    spent = door.devices.spend_code("anna", f" {card.code[:3]} {card.code[3:]}", PHONE, NOW, NOW)
    assert spent is not None
    assert spent[1].person == "anna"
    assert door.devices.spend_code("anna", card.code, PHONE, NOW, NOW + HOUR) is None
    assert door.devices.spend_link(card.token, PHONE, NOW, NOW + HOUR) is None


def test_the_link_of_a_qr_code_lets_in_once_and_looking_spends_nothing(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    assert door.devices.offered(card.token, NOW) == "anna"
    assert door.devices.offered(card.code, NOW) is None, "a code is no link"
    spent = door.devices.spend_link(card.token, PHONE, NOW, NOW + HOUR)
    assert spent is not None
    assert door.session(spent[0], NOW) is not None
    assert door.devices.offered(card.token, NOW) is None


def test_a_code_is_of_the_person_who_is_named_with_it(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    offer(door, signed_in(door, "bo"))
    assert door.devices.spend_code("bo", card.code, PHONE, NOW, NOW + HOUR) is None
    assert door.devices.spend_code("nobody", card.code, PHONE, NOW, NOW + HOUR) is None


def test_after_five_minutes_nothing_of_it_holds(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    late = NOW + HOLDS
    assert door.devices.spend_code("anna", card.code, PHONE, late, late + HOUR) is None
    assert door.devices.spend_link(card.token, PHONE, late, late + HOUR) is None


def test_a_few_wrong_codes_void_the_right_one_but_not_the_link(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    for _ in range(WRONG_MAX):
        assert door.devices.spend_code("anna", wrong(card.code), PHONE, NOW, NOW + HOUR) is None
    assert door.devices.spend_code("anna", card.code, PHONE, NOW, NOW + HOUR) is None
    assert door.devices.spend_link(card.token, PHONE, NOW, NOW + HOUR) is not None


def test_one_wrong_code_less_and_the_right_one_holds(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    for _ in range(WRONG_MAX - 1):
        door.devices.spend_code("anna", wrong(card.code), PHONE, NOW, NOW + HOUR)
    assert door.devices.spend_code("anna", card.code, PHONE, NOW, NOW + HOUR) is not None


def test_guesses_of_one_instant_are_all_counted(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda _: door.devices.spend_code("anna", wrong(card.code), PHONE, NOW, NOW + HOUR),
                range(12),
            )
        )
    with door.devices._database.reading() as connection:
        row = connection.execute(select(tables.second_devices)).one()
    assert (row.wrong, row.code) == (WRONG_MAX, None)


def test_of_many_who_send_the_right_code_at_once_one_gets_in(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda _: door.devices.spend_code("anna", card.code, PHONE, NOW, NOW + HOUR),
                range(8),
            )
        )
    assert len([each for each in found if each is not None]) == 1


def test_a_code_ends_with_the_session_that_made_it_and_with_a_newer_one(door: SignIn) -> None:
    session = signed_in(door)
    card = offer(door, session)
    newer = offer(door, session)
    assert door.devices.spend_link(card.token, PHONE, NOW, NOW + HOUR) is None
    door.leave(session, NOW)
    assert door.devices.spend_code("anna", newer.code, PHONE, NOW, NOW + HOUR) is None
    assert door.devices.offer(session, NOW) is None, "and who has left lets nobody in"


def test_a_second_device_stays_no_longer_than_the_first_one(door: SignIn) -> None:
    card = offer(door, signed_in(door))
    spent = door.devices.spend_link(card.token, PHONE, NOW, NOW + 9 * HOUR)
    assert spent is not None
    assert spent[1].until == NOW + HOUR
    assert door.session(spent[0], NOW + HOUR) is None


def test_what_is_kept_is_one_row_a_person_however_often_somebody_asks(door: SignIn) -> None:
    session = signed_in(door)
    for _ in range(30):
        offer(door, session)
    with door.devices._database.reading() as connection:
        rows = connection.execute(select(func.count()).select_from(tables.second_devices))
        assert rows.scalar_one() == 1


def test_a_code_is_of_one_run(door: SignIn, tmp_path: Path) -> None:
    card = offer(door, signed_in(door))
    with open_store(tmp_path, practice=True) as store:
        other = store.sign_in("winter").devices
        assert other.offered(card.token, NOW) is None
        assert other.spend_code("anna", card.code, PHONE, NOW, NOW + HOUR) is None


def test_strangers_never_take_the_writers_turn(door: SignIn, tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store, store._database.writing():
        # Whoever asked for the lock here would wait for seconds, and then fail.
        assert door.devices.spend_code("anna", "123456", PHONE, NOW, NOW + HOUR) is None
        assert door.devices.spend_link("wrong", PHONE, NOW, NOW + HOUR) is None
