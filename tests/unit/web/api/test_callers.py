"""Who is let in, and what a cookie alone may not do."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from migrator.conductor.clock import wall_now
from migrator.store.tokens import Tokens
from migrator.web.api.callers import WRONG_MAX, WRONG_MINUTES, Wrong
from migrator.web.refusing import Kind
from programs import API, Program, a_program
from run_with_pages import ASKED, CHECK, DECIDER, NAME, Pages


def a_hold() -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "verb": "hold", "target": "w01", "reason": "odd", "seen": 1}


def test_a_stranger_gets_nothing_and_is_told_how_to_come_in(pages: Pages) -> None:
    answer = Program(pages, "").get("/run")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:migrator:no-token"


@pytest.mark.parametrize("token", ["migrator_wrong", "x", "migrator_" + "å" * 10])
def test_a_wrong_token_is_nobodys(pages: Pages, token: str) -> None:
    headers = {b"authorization": b"Bearer " + token.encode()}
    answer = pages.client.get(f"{API}/run", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:migrator:token-wrong")


def test_a_token_that_was_ended_opens_nothing_more(pages: Pages) -> None:
    tokens, now = Tokens(pages.store.database, NAME), wall_now()
    secret, made = tokens.make(DECIDER, "a wall", "", now, now + timedelta(hours=1))
    program = Program(pages, secret)
    assert program.get("/run").status_code == 200
    tokens.end(made.id, now)
    assert program.get("/run").status_code == 401


def test_wrong_tokens_are_slowed_down_and_right_ones_pass(pages: Pages) -> None:
    wrong, right = Program(pages, "migrator_wrong"), a_program(pages, DECIDER)
    statuses = [wrong.get("/run").status_code for _ in range(WRONG_MAX + 1)]
    assert statuses == [401] * WRONG_MAX + [429]
    assert right.get("/run").status_code == 200


def test_wrong_tokens_are_forgotten_in_time_and_need_little_room() -> None:
    wrong, now = Wrong(), wall_now()
    for _ in range(1000):
        wrong.spent("192.0.2.1", now)
    assert len(wrong.late["192.0.2.1"]) == WRONG_MAX
    assert wrong.spent("192.0.2.1", now)
    assert not wrong.spent("192.0.2.1", now + timedelta(minutes=WRONG_MINUTES))


def test_a_flood_from_many_addresses_needs_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.web.api.callers.ADDRESSES_MAX", 10)
    wrong = Wrong()
    for number in range(50):
        wrong.spent(f"192.0.2.{number}", wall_now())
    assert len(wrong.late) == 10


def test_a_browser_looks_with_its_cookie_and_does_nothing_without_its_form_token(
    pages: Pages,
) -> None:
    pages.sign_in(DECIDER)
    client = pages.client
    me = client.get(f"{API}/me").json()
    assert me["person"] == DECIDER
    for headers in ({}, {"x-form-token": "forged"}):
        answer = client.post(f"{API}/commands", json=a_hold(), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:migrator:form-token")
    assert pages.leader.journal.take_commands() == ()
    headers = {"x-form-token": me["form_token"]}
    assert client.post(f"{API}/commands", json=a_hold(), headers=headers).status_code == 202


def test_a_token_counts_and_not_the_cookie_beside_it(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    wrong = Program(pages, "migrator_wrong")
    assert wrong.get("/run").status_code == 401
    basic = pages.client.get(f"{API}/run", headers={"authorization": "Basic YTpi"})
    assert basic.status_code == 401
    handler = a_program(pages, ASKED)
    assert handler.get("/me").json()["person"] == ASKED


@pytest.mark.parametrize("only", ["look", "alarm", "report"])
def test_a_narrowed_token_gives_no_verb(pages: Pages, only: str) -> None:
    program = a_program(pages, DECIDER, only)
    assert program.get("/me").json()["verbs"] == []
    assert program.give("hold", "w01", reason="odd").status_code == 403
    looks = 200 if only == "look" else 403
    assert program.get("/run").status_code == looks
    assert program.get("/journal").status_code == looks


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read(pages: Pages, kind: str) -> None:
    program = a_program(pages, DECIDER)
    answer = pages.client.post(
        f"{API}/commands", content=b"{}", headers={**program.named, "content-type": kind}
    )
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:migrator:kind")


def test_another_sites_page_gets_nothing_done(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    form = pages.client.get(f"{API}/me").json()["form_token"]
    answer = pages.client.post(
        f"{API}/commands",
        json=a_hold(),
        headers={"sec-fetch-site": "cross-site", "x-form-token": form},
    )
    assert answer.status_code == 403
    assert pages.leader.journal.take_commands() == ()


def test_a_verdict_from_a_program_is_its_persons(pages: Pages) -> None:
    told = {"verdict": "works", "side": "new"}
    assert a_program(pages, ASKED).give("tick", CHECK, details=told).status_code == 202
    (command,) = pages.leader.journal.take_commands()
    assert (command.actor, command.asserted) == (ASKED, False)


def test_what_is_refused_is_counted_by_kind_and_person(pages: Pages) -> None:
    entry = pages.client.app.state.entry  # type: ignore[attr-defined] # starlette's own
    noted: list[tuple[Kind, str]] = []
    entry.refusing.note = lambda kind, person="": noted.append((kind, person))
    Program(pages, "migrator_wrong").get("/run")
    a_program(pages, ASKED).give("hold", "w01", reason="odd")
    assert noted == [(Kind.WRONG_TOKEN, ""), (Kind.NO_RIGHT, ASKED)]
