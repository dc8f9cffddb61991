"""What a provider may answer, and what of it is believed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest

from identity_provider import CLIENT, PAGES, SECRET, Forger, forger
from migrator.conductor.clock import wall_now
from migrator.web import provider as module
from migrator.web.id_token import TokenRefused
from migrator.web.provider import (
    Arrived,
    Provider,
    ProviderAway,
    Settings,
    Started,
    arrived,
    is_safe,
    trouble,
)

DISCOVERY: Final = "/.well-known/openid-configuration"


@pytest.fixture
def liar() -> Iterator[Forger]:
    with forger() as found:
        yield found


def settings(issuer: str = "https://id.test", secret: str | None = SECRET) -> Settings:
    return Settings("A", issuer, CLIENT, secret, PAGES, ("openid",), "email")


def played(provider: Provider, liar: Forger, later: timedelta = timedelta()) -> Arrived:
    async def play() -> Arrived:
        now = wall_now()
        _, started = await provider.begin(now + later)
        liar.nonce = started.nonce
        return await provider.finish(started, {"state": started.state, "code": "c"}, now)

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"issuer": "https://another.test"}, "the settings say"),
        ({"token_endpoint": "http://id.test/token"}, "token_endpoint is no https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint is no https"),
        ({"userinfo_endpoint": "http://id.test/me"}, "userinfo_endpoint is no https"),
        ({"jwks_uri": None}, "does not say its jwks_uri"),
        ({"token_endpoint": ["https://id.test"]}, "does not say its token_endpoint"),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_asked_further(
    liar: Forger, changed: dict[str, object], why: str
) -> None:
    liar.described = changed
    assert why in trouble(settings(liar.issuer), wall_now())
    assert {path for path, _ in liar.asked} == {DISCOVERY}


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"), (200, b"[]"), (200, b"\xff"), (200, b"[" * 100_000), (200, b""),
        (200, b'{"a": "' + b"x" * module.ANSWER_BYTES_MAX + b'"}'), (302, b"{}"), (404, b"{}"),
        (500, b""), (204, b""),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_provider_that_is_away(
    liar: Forger, answer: tuple[int, bytes]
) -> None:
    liar.answers[DISCOVERY] = answer
    assert trouble(settings(liar.issuer), wall_now())
    assert "/elsewhere" not in {path for path, _ in liar.asked}, "nobody is followed elsewhere"


def test_a_provider_that_nobody_reaches_is_away() -> None:
    assert "does not answer" in trouble(settings("http://127.0.0.1:9"), wall_now())


def test_one_that_answers_as_it_should_is_no_trouble_and_is_asked_once_an_hour(
    liar: Forger,
) -> None:
    assert trouble(settings(liar.issuer), wall_now()) == ""
    provider = Provider(settings(liar.issuer))
    liar.asked.clear()

    async def play() -> None:
        now = wall_now()
        for minutes in (0, 1, 59, 61):
            await provider.doors(now + timedelta(minutes=minutes))

    asyncio.run(play())
    assert len(liar.asked) == 2


def test_the_keys_are_read_once_and_anew_when_a_token_names_another(
    liar: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from joserfc.jwk import RSAKey

    provider = Provider(settings(liar.issuer))
    assert played(provider, liar).person == "anna@agency.test"
    played(provider, liar)
    read = [path for path, _ in liar.asked if path == "/keys"]
    assert len(read) == 1
    liar.key = RSAKey.generate_key(2048, {"kid": "newer"})
    liar.shown.append(liar.key)
    with pytest.raises(TokenRefused):  # so soon after the last time nobody is asked again
        played(provider, liar)
    monkeypatch.setattr(module, "KEYS_AGAIN", timedelta(0))
    assert played(provider, liar).person == "anna@agency.test"


def test_a_provider_that_shows_no_usable_key_is_away(liar: Forger) -> None:
    liar.shown.clear()
    with pytest.raises(ProviderAway, match="no key"):
        played(Provider(settings(liar.issuer)), liar)


def test_the_secret_goes_into_the_head_else_into_the_form_as_the_provider_wants(
    liar: Forger,
) -> None:
    played(Provider(settings(liar.issuer)), liar)
    form = liar.asked[-2][1] if liar.asked[-1][0] == "/keys" else liar.asked[-1][1]
    told = base64.b64decode(form["head"].removeprefix("Basic ")).decode()
    assert told == "migrator:a%20secret%3A%20of-the-client%2F%25"
    assert "client_secret" not in form
    assert len(form["code_verifier"]) >= 43

    liar.asked.clear()
    liar.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    played(Provider(settings(liar.issuer)), liar)
    (form,) = (form for path, form in liar.asked if path == "/token")
    assert (form["client_id"], form["client_secret"], form["head"]) == (CLIENT, SECRET, "")

    liar.asked.clear()
    played(Provider(settings(liar.issuer, None)), liar)
    (form,) = (form for path, form in liar.asked if path == "/token")
    assert (form["client_id"], form["head"]) == (CLIENT, "")
    assert "client_secret" not in form


def test_what_the_token_leaves_out_is_asked_for_and_must_be_of_the_same_person(
    liar: Forger,
) -> None:
    liar.described = {"userinfo_endpoint": f"{liar.issuer}/me"}
    liar.left_out = frozenset({"email"})
    liar.answers["/me"] = (200, json.dumps({"sub": "42", "email": "bo@agency.test"}).encode())
    assert played(Provider(settings(liar.issuer)), liar).person == "bo@agency.test"
    assert dict(liar.asked)["/me"]["head"] == "Bearer a"
    liar.answers["/me"] = (200, json.dumps({"sub": "43", "email": "bo@agency.test"}).encode())
    with pytest.raises(TokenRefused, match="userinfo"):
        played(Provider(settings(liar.issuer)), liar)


def test_an_answer_without_an_id_token_signs_nobody_in(liar: Forger) -> None:
    for body in (b"{}", b'{"id_token": 5}', b'{"id_token": null, "access_token": "a"}'):
        liar.answers["/token"] = (200, body)
        with pytest.raises(TokenRefused, match="ID token"):
            played(Provider(settings(liar.issuer)), liar)


def test_why_a_code_was_refused_is_told_in_the_providers_word_and_no_more(liar: Forger) -> None:
    liar.answers["/token"] = (400, b'{"error": "invalid_client", "error_description": "s3cret"}')
    with pytest.raises(TokenRefused, match=r"400: invalid_client$"):
        played(Provider(settings(liar.issuer)), liar)
    liar.answers["/token"] = (400, b'{"error": "<b>\\n"}')
    with pytest.raises(TokenRefused, match=r"400$"):
        played(Provider(settings(liar.issuer)), liar)
    liar.answers["/token"] = (429, b"{}")
    with pytest.raises(ProviderAway):
        played(Provider(settings(liar.issuer)), liar)


def test_one_signs_out_there_only_where_there_is_a_place_for_it(liar: Forger) -> None:
    assert asyncio.run(Provider(settings(liar.issuer)).goodbye(wall_now())) == ""
    liar.described = {"end_session_endpoint": f"{liar.issuer}/bye?tenant=1"}
    found = asyncio.run(Provider(settings(liar.issuer)).goodbye(wall_now()))
    assert found.startswith(f"{liar.issuer}/bye?tenant=1&client_id=migrator&")
    liar.answers[DISCOVERY] = (500, b"")
    assert asyncio.run(Provider(settings(liar.issuer)).goodbye(wall_now())) == ""


@pytest.mark.parametrize(
    ("claims", "person"),
    [
        ({"email": " Anna@Agency.test "}, "anna"),
        ({"email": "bo@agency.test"}, "bo@agency.test"),
        ({"email": "bo@agency.test", "email_verified": True}, "bo@agency.test"),
        ({"email": "anna@agency.test", "email_verified": False}, ""),
        ({"email": ["anna@agency.test"]}, ""),
        ({}, ""),
    ],
)
def test_a_claim_names_a_person_as_the_settings_say(claims: dict[str, object], person: str) -> None:
    told = Settings(
        "A", "https://id.test", CLIENT, None, PAGES, ("openid",), "email",
        people={"anna@agency.test": "anna"},
    )  # fmt: skip
    assert arrived(told, claims).person == person


def test_of_an_address_only_what_stands_before_the_at_may_be_the_id() -> None:
    told = Settings(
        "A", "https://id.test", CLIENT, None, PAGES, ("openid",), "upn", before_at=True,
        roles_claim="role", roles={"audit": "auditor"},
    )  # fmt: skip
    assert arrived(told, {"upn": "Anna@agency.test", "role": "audit"}) == Arrived(
        "anna", ("auditor",)
    )
    assert arrived(told, {"upn": "anna"}) == Arrived("anna", ())


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://id.test", True), ("http://localhost:8080/x", True), ("http://127.0.0.1", True),
        ("http://[::1]:8", True), ("http://id.test", False), ("ftp://id.test", False),
        ("https://", False), ("https://a:b@id.test", False), ("//id.test", False), ("", False),
        ("http://127.0.0.1.id.test", False), ("https://[", False), ("javascript:alert(1)", False),
    ],
)  # fmt: skip
def test_an_address_is_safe_where_nobody_on_the_way_reads_along(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


@pytest.mark.parametrize("kept", ["", "..", "a.b.", "a.b", "a.b.c.d"])
def test_what_a_browser_kept_is_read_only_as_it_was_written(kept: str) -> None:
    assert Started.read(kept) is None
    whole = Started("a", "b", "c")
    assert Started.read(whole.kept()) == whole
