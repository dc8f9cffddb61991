"""What invitations and sessions promise, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from migrator.store import tables
from migrator.store.refusals import Cause
from migrator.store.sessions import Coming, Session
from migrator.store.sign_in import CODE_LETTERS, SignIn
from migrator.store.sql import Store, open_store
from postgresql_server import server

NOW = datetime(2023, 10, 13, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
MINUTE = timedelta(minutes=1)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture(params=["sqlite", POSTGRESQL])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    where = tmp_path / "store" if request.param == "sqlite" else server().database()
    with open_store(where, practice=True) as opened:
        yield opened


@pytest.fixture
def sign_in(store: Store) -> SignIn:
    return store.sign_in("autumn")


def test_an_invitation_signs_in_once_by_its_link(sign_in: SignIn) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, LATER)
    assert sign_in.invited(invited.token, NOW) == "anna"
    spent = sign_in.spend_link(invited.token, NOW, LATER)
    assert spent is not None
    token, session = spent
    assert (session.person, session.until) == ("anna", LATER)
    assert sign_in.session(token, NOW + MINUTE) == session
    assert sign_in.invited(invited.token, NOW) is None
    assert sign_in.spend_link(invited.token, NOW, LATER) is None
    assert sign_in.spend_code(invited.code, NOW, LATER) is None, "the code ends with its link"


def test_a_code_is_no_link_and_a_link_no_code(sign_in: SignIn) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, LATER)
    assert sign_in.invited(invited.code, NOW) is None
    assert sign_in.spend_link(invited.code, NOW, LATER) is None
    assert sign_in.spend_code(invited.token, NOW, LATER) is None


def test_looking_at_a_link_spends_nothing(sign_in: SignIn) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, LATER)
    for _ in range(3):
        assert sign_in.invited(invited.token, NOW) == "anna"
    assert sign_in.first_sessions() == {}
    assert sign_in.spend_link(invited.token, NOW, LATER) is not None


@pytest.mark.parametrize("typed", [str, str.lower, lambda code: code.replace("-", " ") + " "])
def test_a_code_may_be_typed_as_people_type(sign_in: SignIn, typed: type[str]) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, LATER)
    assert set(invited.code) <= {*CODE_LETTERS, "-"}
    spent = sign_in.spend_code(typed(invited.code), NOW, LATER)
    assert spent is not None
    assert spent[1].person == "anna"


def test_what_has_run_out_or_belongs_to_another_run_opens_nothing(
    store: Store, sign_in: SignIn
) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, NOW + MINUTE)
    assert store.sign_in("spring").spend_link(invited.token, NOW, LATER) is None
    assert store.sign_in("spring").spend_code(invited.code, NOW, LATER) is None
    assert sign_in.spend_link(invited.token, NOW + MINUTE, LATER) is None
    spent = sign_in.spend_link(invited.token, NOW, NOW + 2 * MINUTE)
    assert spent is not None
    token, _ = spent
    assert store.sign_in("spring").session(token, NOW) is None
    assert sign_in.session(token, NOW + 2 * MINUTE) is None
    assert sign_in.session("guessed", NOW) is None


def test_a_new_invitation_ends_the_older_one_of_the_same_person_only(sign_in: SignIn) -> None:
    anna, bo = sign_in.invite(["anna", "bo"], NOW, LATER)
    (again,) = sign_in.invite(["anna"], NOW, LATER)
    assert sign_in.invited(anna.token, NOW) is None
    assert sign_in.invited(again.token, NOW) == "anna"
    assert sign_in.invited(bo.token, NOW) == "bo"


def test_whoever_leaves_is_out_and_another_device_stays(sign_in: SignIn) -> None:
    tokens = []
    for _ in range(2):
        (invited,) = sign_in.invite(["anna"], NOW, LATER)
        spent = sign_in.spend_code(invited.code, NOW, LATER)
        assert spent is not None
        tokens.append(spent[0])
    sign_in.leave(tokens[0], NOW)
    assert sign_in.session(tokens[0], NOW) is None
    assert sign_in.session(tokens[1], NOW) is not None
    assert sign_in.first_sessions() == {"anna": NOW}


def test_the_store_knows_no_secret(store: Store, sign_in: SignIn) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, LATER)
    spent = sign_in.spend_link(invited.token, NOW, LATER)
    assert spent is not None
    with store._database.reading() as connection:
        rows = [
            *connection.execute(select(tables.invitations)).all(),
            *connection.execute(select(tables.sessions)).all(),
        ]
    kept = repr(rows)
    for secret in (invited.token, invited.code, invited.code.replace("-", ""), spent[0]):
        assert secret not in kept


def test_a_second_device_gets_in_once_and_ends_with_the_first(sign_in: SignIn) -> None:
    (invited,) = sign_in.invite(["anna"], NOW, LATER)
    spent = sign_in.spend_link(invited.token, NOW, LATER, "Edge, Windows")
    assert spent is not None
    offered = sign_in.devices.offer(spent[0], NOW)
    assert offered is not None
    phone = Coming("device", "Firefox, Android")
    assert sign_in.devices.spend_code("anna", "no digits", phone, NOW, LATER) is None
    second = sign_in.devices.spend_code("anna", offered.code, phone, NOW, LATER)
    assert second is not None
    assert sign_in.devices.spend_link(offered.token, phone, NOW, LATER) is None
    assert [each.device for each in sign_in.sessions.of(["anna"], 9)].count(phone.device) == 1
    assert sign_in.sessions.end_all("anna", "lead", NOW) == 2
    assert sign_in.holding([spent[0], second[0]], NOW) == frozenset()


def test_a_providers_answer_is_taken_once_and_its_roles_come_back(sign_in: SignIn) -> None:
    session = Session("anna", LATER, "provider", ("auditor", "handler"))
    token = sign_in.admit(session, "", "state", NOW)
    assert token is not None
    assert sign_in.session(token, NOW) == session
    assert sign_in.admit(session, "", "state", NOW) is None


def test_refusals_of_two_processes_are_one_count(store: Store, sign_in: SignIn) -> None:
    cause = Cause(NOW, "wrong-code", "")
    for _ in range(2):
        store.sign_in("autumn").refusals.keep({cause: (21, NOW)}, NOW)
    (row,) = sign_in.refusals.newest(9)
    assert (row.cause, row.count, row.last) == (cause, 42, NOW)
