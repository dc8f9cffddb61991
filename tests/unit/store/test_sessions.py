"""How sessions are listed and ended, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.store.sessions import SESSIONS_MAX, Session
from migrator.store.sign_in import SignIn
from migrator.store.sql import open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SignIn]:
    with open_store(tmp_path, practice=True) as store:
        yield store.sign_in("autumn")


def signed_in(
    door: SignIn, person: str = "anna", device: str = "Edge, Windows", at: datetime = NOW
) -> str:
    (card,) = door.invite([person], at, at + HOUR)
    spent = door.spend_link(card.token, at, at + HOUR, device)
    assert spent is not None
    return spent[0]


def test_a_person_sees_her_own_devices_and_ends_one_of_them(door: SignIn) -> None:
    stays = signed_in(door)
    goes = signed_in(door, device="Firefox, Android", at=NOW + timedelta(minutes=1))
    signed_in(door, "bo")
    phone, desk = door.sessions.of(["anna"], 10)
    assert (phone.device, phone.way) == ("Firefox, Android", "link")
    assert door.sessions.here(stays) == desk.id
    later = NOW + timedelta(minutes=2)
    assert door.sessions.end("anna", phone.id, "anna", later)
    assert door.session(goes, later) is None
    assert door.session(stays, later) is not None
    assert not door.sessions.end("anna", phone.id, "anna", later), "it has ended"
    assert [each.holds(later) for each in door.sessions.of(["anna"], 10)] == [False, True]


def test_nobody_ends_another_persons_session_as_ones_own(door: SignIn) -> None:
    token = signed_in(door)
    assert not door.sessions.end("bo", door.sessions.here(token), "bo", NOW)
    assert door.session(token, NOW) is not None


def test_ending_all_of_a_person_leaves_her_no_way_back(door: SignIn) -> None:
    tokens = [signed_in(door) for _ in range(3)]
    others = signed_in(door, "bo")
    offered = door.devices.offer(tokens[0], NOW)
    (card,) = door.invite(["anna"], NOW, NOW + HOUR)
    assert door.sessions.end_all("anna", "lead", NOW) == 3
    assert door.holding([*tokens, others], NOW) == {others}
    assert door.invited(card.token, NOW) is None
    assert offered is not None
    assert door.devices.offered(offered.token, NOW) is None
    assert {each.ended_by for each in door.sessions.of(["anna"], 10)} == {"lead"}


def test_who_signs_in_on_too_many_devices_loses_the_oldest(door: SignIn) -> None:
    second = timedelta(seconds=1)
    tokens = [signed_in(door, at=NOW + n * second) for n in range(SESSIONS_MAX + 2)]
    now = NOW + (SESSIONS_MAX + 3) * second
    assert door.holding(tokens, now) == set(tokens[2:])


def test_what_a_provider_said_is_taken_once(door: SignIn) -> None:
    session = Session("anna", NOW + HOUR, "provider", ("auditor",))
    token = door.admit(session, "Safari, iPhone", "state-1", NOW)
    assert token is not None
    assert door.session(token, NOW) == session
    assert door.admit(session, "Safari, iPhone", "state-1", NOW + timedelta(minutes=59)) is None
    assert door.admit(session, "Safari, iPhone", "state-2", NOW) is not None


def test_a_session_is_named_without_its_secret(door: SignIn) -> None:
    token = signed_in(door)
    (kept,) = door.sessions.of(None, 10)
    assert kept.id
    assert kept.id not in token
    assert door.session(kept.id, NOW) is None
