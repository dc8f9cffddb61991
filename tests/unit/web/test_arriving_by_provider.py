"""Signing in by a provider, as a browser does it; and what a hostile one gets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2 as httpx
import pytest
from joserfc.jwk import RSAKey

from identity_provider import CLIENT, PAGES, SECRET, Canaille, Forger, canaille, forger
from migrator.conductor.clock import wall_now
from migrator.web import provider as provider_module
from migrator.web.doors import WRONG_PER_ADDRESS, Entry
from migrator.web.provider import Provider, Settings
from pages import read_page
from run_with_pages import ASKED, DECIDER, OTHER, Pages, pages_of_a_run

COOKIE: Final = "__Host-migrator"
ARRIVING: Final = f"{COOKIE}-arriving"
MAIL: Final = "anna@agency.test"


@pytest.fixture(scope="module")
def real() -> Iterator[Canaille]:
    with canaille() as found:
        yield found


@pytest.fixture
def liar() -> Iterator[Forger]:
    with forger() as found:
        yield found


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        found.client.headers["accept-language"] = "en"
        found.client.follow_redirects = False
        yield found


def settings(issuer: str, **changed: object) -> Settings:
    usual = Settings(
        "Agency sign-in", issuer, CLIENT, SECRET, PAGES, ("openid", "email", "groups"), "email",
        people={MAIL: ASKED}, algorithms=("RS256", "RS512"),
    )  # fmt: skip
    return replace(usual, **changed)  # type: ignore[arg-type] # by a test's own names


def by(pages: Pages, issuer: str, **changed: object) -> Pages:
    """Let these pages' people sign in by a provider."""
    state = pages.client.app.state  # type: ignore[attr-defined] # starlette's own
    state.entry = replace(entry(pages), provider=Provider(settings(issuer, **changed)))
    return pages


def entry(pages: Pages) -> Entry:
    found = pages.client.app.state.entry  # type: ignore[attr-defined] # starlette's own
    assert isinstance(found, Entry)
    return found


def gone_to(pages: Pages) -> str:
    """Press the button; the answer is where the browser is sent."""
    answer = pages.client.get("/sign-in/provider")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def asked(there: str) -> dict[str, str]:
    return {name: each[0] for name, each in parse_qs(urlsplit(there).query).items()}


def come_back(pages: Pages, liar: Forger, **changed: str) -> int:
    """Go to a lying provider and come back with its answer."""
    there = asked(gone_to(pages))
    liar.nonce = there["nonce"]
    return back(pages, {"code": "c-1", "state": there["state"], **changed})


def back(pages: Pages, answer: Mapping[str, str]) -> int:
    return arrived(pages, f"/sign-in/back?{urlencode(answer)}").status_code


def arrived(pages: Pages, address: str) -> httpx.Response:
    """What a browser shows that is sent back: the page of what went wrong, or the way in."""
    answer = pages.client.get(address)
    if answer.headers.get("location", "").startswith("/sign-in?"):
        return pages.client.get(answer.headers["location"])
    return answer


def is_in(pages: Pages) -> bool:
    return pages.client.get("/devices").status_code == 200


def kinds(pages: Pages) -> list[str]:
    return sorted(row.cause.kind for row in asyncio.run(entry(pages).refusing.newest(50)))


# --- a real provider -----------------------------------------------------------------------------


def test_whom_a_real_provider_has_signed_in_is_who_the_plan_says(
    pages: Pages, real: Canaille
) -> None:
    by(pages, real.issuer)
    real.sign_in_as("Anna", MAIL)
    returned = real.visit(gone_to(pages))
    assert returned.startswith(f"{PAGES}/sign-in/back?")
    answer = pages.client.get(returned)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/"
    given = dict(each.partition("=")[::2] for each in answer.headers.get_list("set-cookie"))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(given[COOKIE].split("; "))
    assert "Max-Age=0" in given[ARRIVING]
    assert pages.client.get("/checks").status_code == 200
    shown = read_page(pages.client.get("/devices").text).text
    assert "by the sign-in service" in shown
    (kept,) = entry(pages).sign_in.sessions.of([ASKED], 10)
    assert kept.until - kept.made == timedelta(hours=12)


def test_a_code_of_a_real_provider_opens_once_and_in_the_browser_that_asked(
    pages: Pages, real: Canaille
) -> None:
    by(pages, real.issuer)
    real.sign_in_as("Anna", MAIL)
    there = gone_to(pages)
    kept = pages.client.cookies[ARRIVING]
    returned = real.visit(there)
    pages.client.cookies.clear()
    assert arrived(pages, returned).status_code == 403, "another browser has no question open"
    pages.client.cookies.set(ARRIVING, kept, domain="pages.test")
    assert arrived(pages, returned).status_code == 303
    pages.client.cookies.clear()
    pages.client.cookies.set(ARRIVING, kept, domain="pages.test")
    assert arrived(pages, returned).status_code == 403, "sent again it opens nothing"
    assert not is_in(pages)


def test_a_real_provider_holds_us_to_the_verifier_of_our_own_question(
    pages: Pages, real: Canaille
) -> None:
    by(pages, real.issuer)
    real.sign_in_as("Anna", MAIL)
    returned = real.visit(gone_to(pages))
    state, nonce, _ = pages.client.cookies[ARRIVING].split(".")
    pages.client.cookies.clear()
    pages.client.cookies.set(ARRIVING, f"{state}.{nonce}.{'x' * 43}", domain="pages.test")
    assert arrived(pages, returned).status_code == 403
    assert not is_in(pages)


def test_when_a_real_provider_changes_its_keys_people_still_get_in(
    pages: Pages, real: Canaille, monkeypatch: pytest.MonkeyPatch
) -> None:
    by(pages, real.issuer)
    real.sign_in_as("Anna", MAIL)
    assert arrived(pages, real.visit(gone_to(pages))).status_code == 303
    real.change_keys()
    monkeypatch.setattr(provider_module, "KEYS_AGAIN", timedelta(0))
    assert arrived(pages, real.visit(gone_to(pages))).status_code == 303


def test_somebody_whom_the_plan_does_not_name_gets_a_page_that_says_so(
    pages: Pages, real: Canaille
) -> None:
    by(pages, real.issuer)
    real.sign_in_as("Stranger", "stranger@agency.test")
    answer = arrived(pages, real.visit(gone_to(pages)))
    assert answer.status_code == 403
    assert "you are not in the plan for this weekend" in read_page(answer.text).text
    assert not is_in(pages)
    assert kinds(pages) == ["provider-stranger"]


def test_who_signs_out_is_told_that_the_provider_still_knows_her(
    pages: Pages, real: Canaille
) -> None:
    by(pages, real.issuer)
    real.sign_in_as("Anna", MAIL)
    arrived(pages, real.visit(gone_to(pages)))
    left = pages.client.post("/sign-out", data=pages.form("/devices", "/sign-out"))
    shown = read_page(pages.client.get(left.headers["location"]).text)
    (out,) = [each for each in shown.outside if each.startswith(real.issuer)]
    assert asked(out) == {"client_id": CLIENT, "post_logout_redirect_uri": f"{PAGES}/sign-in"}
    assert not is_in(pages)


# --- one that lies -------------------------------------------------------------------------------


def test_the_question_is_another_one_each_time_and_holds_no_secret(
    pages: Pages, liar: Forger
) -> None:
    by(pages, liar.issuer)
    first, second = asked(gone_to(pages)), asked(gone_to(pages))
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 43, "256 bits"
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert first["redirect_uri"] == f"{PAGES}/sign-in/back", "and nothing that a visitor said"
    verifier = pages.client.cookies[ARRIVING].split(".")[2]
    assert verifier not in str(first)
    assert SECRET not in str(first)


def test_an_honest_answer_opens_which_is_what_the_next_ones_differ_from(
    pages: Pages, liar: Forger
) -> None:
    assert come_back(by(pages, liar.issuer), liar) == 303
    assert is_in(pages)


def test_a_token_signed_with_another_key_is_refused(pages: Pages, liar: Forger) -> None:
    other = RSAKey.generate_key(2048, {"kid": str(liar.key.kid)})
    liar.token = lambda claims: liar.signed(claims, other)
    assert come_back(by(pages, liar.issuer), liar) == 403
    assert not is_in(pages)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"}, {"iss": "https://another.test"}, {"nonce": "of-somebody-else"},
        {"exp": 1}, {"iat": 1, "exp": 4_000_000_000}, {"sub": ""},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_a_token_with_a_wrong_claim_is_refused(
    pages: Pages, liar: Forger, changed: dict[str, object]
) -> None:
    liar.claims = changed
    assert come_back(by(pages, liar.issuer), liar) == 403
    assert not is_in(pages)
    assert kinds(pages) == ["provider-answer"]


def test_an_answer_with_another_state_or_issuer_asks_the_provider_nothing(
    pages: Pages, liar: Forger
) -> None:
    by(pages, liar.issuer)
    assert come_back(pages, liar, state="guessed") == 403
    assert come_back(pages, liar, iss="https://another.test") == 403
    assert come_back(pages, liar, state="\u00e5") == 403
    assert not [path for path, _ in liar.asked if path == "/token"]


def test_a_provider_that_names_itself_in_answers_must_do_so(pages: Pages, liar: Forger) -> None:
    liar.described = {"authorization_response_iss_parameter_supported": True}
    by(pages, liar.issuer)
    assert come_back(pages, liar) == 403
    assert come_back(pages, liar, iss=liar.issuer) == 303


def test_an_answer_that_was_taken_is_not_taken_again_even_by_a_careless_provider(
    pages: Pages, liar: Forger
) -> None:
    by(pages, liar.issuer)
    there = asked(gone_to(pages))
    liar.nonce, kept = there["nonce"], pages.client.cookies[ARRIVING]
    answer = {"code": "c-1", "state": there["state"]}
    assert back(pages, answer) == 303
    pages.client.cookies.clear()
    pages.client.cookies.set(ARRIVING, kept, domain="pages.test")
    assert back(pages, answer) == 403
    assert not is_in(pages)


@pytest.mark.parametrize("kept", ["", "..", "a.b", "a.b.c.d", "\x7f.x.y"])
def test_a_cookie_that_is_none_of_ours_is_no_question(
    pages: Pages, liar: Forger, kept: str
) -> None:
    by(pages, liar.issuer)
    pages.client.cookies.set(ARRIVING, kept, domain="pages.test")
    assert back(pages, {"code": "c", "state": "a"}) == 403


def test_who_says_no_at_the_provider_is_told_so_kindly(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer)
    there = asked(gone_to(pages))
    denied = urlencode({"error": "access_denied", "state": there["state"]})
    answer = arrived(pages, f"/sign-in/back?{denied}")
    assert answer.status_code == 403
    assert "Agency sign-in did not sign you in" in read_page(answer.text).text


def test_while_the_provider_is_away_invitations_work(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer)
    liar.answers["/.well-known/openid-configuration"] = (503, b"")
    answer = arrived(pages, "/sign-in/provider")
    assert answer.status_code == 503
    assert "Agency sign-in does not answer just now" in read_page(answer.text).text
    code = pages.invitation(OTHER).code
    assert pages.client.post("/sign-in", data={"code": code}).status_code == 303
    assert is_in(pages)
    assert kinds(pages) == ["provider-away"]


def test_a_provider_that_goes_away_half_way_is_nobodys_wrong_answer(
    pages: Pages, liar: Forger
) -> None:
    by(pages, liar.issuer)
    for path in ("/token", "/keys"):
        liar.answers = {path: (500, b"")}
        for _ in range(WRONG_PER_ADDRESS):
            assert come_back(pages, liar) == 503
    liar.answers = {}
    assert come_back(pages, liar) == 303


def test_wrong_answers_without_end_do_not_reach_the_provider(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer)
    liar.answers = {"/token": (400, b'{"error": "invalid_grant"}')}
    found = [come_back(pages, liar) for _ in range(WRONG_PER_ADDRESS + 3)]
    assert found == [403] * WRONG_PER_ADDRESS + [429] * 3
    assert len([path for path, _ in liar.asked if path == "/token"]) == WRONG_PER_ADDRESS


def test_claims_give_roles_only_as_the_settings_say(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer, roles_claim="groups", roles={"audit": "auditor"})
    liar.claims = {"groups": ["audit", "decision_maker", 7]}
    assert come_back(pages, liar) == 303
    assert pages.client.get("/journal").status_code == 200, "as an auditor"
    assert pages.client.get("/checks").status_code == 200, "and as the plan says"
    form = pages.form("/devices", "/devices/new")["form"]
    deed = {
        "form": form, "command": "5f0c1c5e-6a53-4c86-9f7a-0d2b7f1f7a11", "saw": "1",
        "target": "w01", "verb": "abort", "reason": "because",
    }  # fmt: skip
    assert pages.client.post("/decisions", data=deed).status_code == 403


def test_an_auditor_from_elsewhere_looks_and_never_acts(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer, roles_claim="groups", roles={"audit": "auditor", "lead": "wave_lead"})
    liar.claims = {"groups": ["audit", "lead"], "email": "auditor@elsewhere.test"}
    assert come_back(pages, liar) == 303
    assert pages.client.get("/journal").status_code == 200
    assert pages.client.get("/access").status_code == 200
    form = pages.form("/devices", "/devices/new")["form"]
    answer = pages.client.post("/access/end", data={"form": form, "person": ASKED})
    assert answer.status_code == 403
    liar.claims = {"groups": ["lead"], "email": "leader@elsewhere.test"}
    assert come_back(pages, liar) == 403, "whom the plan does not name leads nothing"


def test_a_second_device_of_a_provider_session_is_the_same_visitor(
    pages: Pages, liar: Forger
) -> None:
    by(pages, liar.issuer, roles_claim="groups", roles={"audit": "auditor"})
    liar.claims = {"groups": ["audit"]}
    come_back(pages, liar)
    offered = entry(pages).sign_in.devices.offer(pages.client.cookies[COOKIE], wall_now())
    assert offered is not None
    pages.client.cookies.clear()
    assert pages.client.post(f"/in/{offered.token}").status_code == 303
    assert pages.client.get("/journal").status_code == 200


def test_signing_in_by_the_provider_ends_the_session_of_before(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer)
    pages.sign_in(DECIDER)
    before = pages.client.cookies[COOKIE]
    assert come_back(pages, liar) == 303
    assert entry(pages).sign_in.session(before, wall_now()) is None


def test_without_a_provider_there_is_no_such_page(pages: Pages) -> None:
    assert pages.client.get("/sign-in/provider").status_code == 404
    assert pages.client.get("/sign-in/back?code=x&state=y").status_code == 404
    assert "/sign-in/provider" not in read_page(pages.client.get("/sign-in").text).outside


def test_the_sign_in_page_names_the_provider_in_both_languages(pages: Pages, liar: Forger) -> None:
    by(pages, liar.issuer)
    for language, words in (("en", "Sign in with Agency"), ("sv", "Logga in med Agency")):
        answer = pages.client.get("/sign-in", headers={"accept-language": language})
        assert words in read_page(answer.text).text
