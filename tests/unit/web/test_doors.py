"""How a hostile visitor fares at the doors: guesses, races, forged forms, sessions of before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2 as httpx
import pytest

from migrator.web.doors import WRONG_IN_ALL, WRONG_MINUTES, WRONG_PER_ADDRESS, Patience, network
from migrator.web.guests import STREAMS_MAX
from run_with_pages import ASKED, OTHER, Pages, pages_of_a_run

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
COOKIE = "__Host-migrator"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def test_a_code_is_no_link_so_guesses_are_always_counted(pages: Pages) -> None:
    code = pages.invitation(ASKED).code
    assert pages.client.get(f"/in/{code}").status_code == 404
    assert pages.client.post(f"/in/{code}").status_code == 403


def test_guesses_in_the_same_instant_are_counted_like_any_others(pages: Pages) -> None:
    async def guess_all() -> list[int]:
        there = httpx.ASGITransport(pages.client.app)
        async with httpx.AsyncClient(transport=there, base_url="https://pages.test") as client:
            answers = await asyncio.gather(
                *(client.post("/sign-in", data={"code": f"AAAA-{n:04}"}) for n in range(40))
            )
            return [each.status_code for each in answers]

    found = asyncio.run(guess_all())
    assert found.count(403) == WRONG_PER_ADDRESS
    assert found.count(429) == 40 - WRONG_PER_ADDRESS


def test_who_types_a_right_code_has_not_guessed(pages: Pages) -> None:
    for _ in range(WRONG_PER_ADDRESS + 1):
        code = pages.invitation(ASKED).code
        answer = pages.client.post("/sign-in", data={"code": code}, follow_redirects=False)
        assert answer.status_code == 303


def test_ten_thousand_wrong_codes_open_nothing_and_end_in_time() -> None:
    patience = Patience()
    tried = 0
    for n in range(10_000):
        address = f"10.0.{n // 256}.{n % 256}"
        if not patience.spent(address, NOW):
            patience.note(address, NOW)
            tried += 1
    assert tried == WRONG_IN_ALL
    assert not patience.spent("10.9.9.9", NOW + timedelta(minutes=WRONG_MINUTES, seconds=1))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "testclient", True),
    ],
)
def test_who_has_a_whole_network_of_addresses_is_one_guesser(
    one: str, other: str, same: bool
) -> None:
    assert (network(one) == network(other)) is same


def test_signing_in_gives_a_new_session_and_ends_the_one_before(pages: Pages) -> None:
    pages.client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="pages.test")
    link = f"/in/{pages.invitation(ASKED).token}"
    answer = pages.client.post(link, follow_redirects=False)
    given = answer.headers["set-cookie"]
    assert "chosen-by-somebody-else" not in given
    first = given.partition("=")[2].partition(";")[0]
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(given.split("; "))
    pages.client.cookies.clear()
    pages.client.cookies.set(COOKIE, first)
    pages.client.post(f"/in/{pages.invitation(OTHER).token}", follow_redirects=False)
    pages.client.cookies.clear()
    pages.client.cookies.set(COOKIE, first)
    assert pages.client.get("/checks", follow_redirects=False).status_code == 303


def test_a_session_that_was_left_is_not_taken_again(pages: Pages) -> None:
    pages.sign_in(ASKED)
    kept = pages.client.cookies[COOKIE]
    pages.client.post("/sign-out", data=pages.form("/checks", "/sign-out"))
    pages.client.cookies.clear()
    pages.client.cookies.set(COOKIE, kept)
    assert pages.client.get("/checks", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "å" * 9, "0" * 129, "\x00", "." * 97])
def test_a_forged_form_token_does_nothing(pages: Pages, token: str) -> None:
    pages.sign_in(ASKED)
    pages.client.post("/sign-out", data={"form": token})
    assert pages.client.get("/checks", follow_redirects=False).status_code == 200
    deed = {"command": "5f0c1c5e-6a53-4c86-9f7a-0d2b7f1f7a11", "saw": "1", "target": "w01"}
    answer = pages.client.post("/withdrawals", data={**deed, "form": token})
    assert answer.status_code == 422
    assert pages.leader.journal.take_commands() == ()


def test_two_pages_of_a_session_share_no_token_whose_letters_could_be_weighed(
    pages: Pages,
) -> None:
    pages.sign_in(ASKED)
    one, other = (pages.form("/checks", "/sign-out")["form"] for _ in range(2))
    assert not set(zip(*[iter(one)] * 8, strict=False)) & set(
        zip(*[iter(other)] * 8, strict=False)
    ), "compressed pages tell how long a guess matched"
    pages.client.post("/sign-out", data={"form": one})
    assert pages.client.get("/checks", follow_redirects=False).status_code == 303, "either holds"


def test_behind_a_proxy_wrong_codes_count_for_whom_the_proxy_names(pages: Pages) -> None:
    entry = pages.client.app.state.entry  # type: ignore[attr-defined] # starlette's own

    def guess(forwarded: str) -> int:
        headers = {"x-forwarded-for": forwarded}
        return pages.client.post("/sign-in", data={"code": "x"}, headers=headers).status_code

    pages.client.app.state.entry = replace(entry, proxied=True)  # type: ignore[attr-defined]
    for n in range(WRONG_PER_ADDRESS):
        # What a guesser writes there himself stands before what the proxy adds.
        assert guess(f"198.51.100.{n}, 192.0.2.7") == 403
    assert guess("198.51.100.99, 192.0.2.7") == 429
    assert guess("192.0.2.8") == 403, "somebody else behind the same proxy"


def test_without_a_proxy_nobody_says_who_she_is(pages: Pages) -> None:
    for n in range(WRONG_PER_ADDRESS + 1):
        headers = {"x-forwarded-for": f"192.0.2.{n}"}
        answer = pages.client.post("/sign-in", data={"code": "x"}, headers=headers)
    assert answer.status_code == 429


def test_a_session_with_too_many_streams_gets_no_other(pages: Pages) -> None:
    pages.sign_in(ASKED)
    guests = pages.client.app.state.guests  # type: ignore[attr-defined] # starlette's own
    with ExitStack() as held:
        for _ in range(STREAMS_MAX):
            held.enter_context(guests.listening(pages.client.cookies[COOKIE]))
        assert pages.client.get("/stream").status_code == 429
        assert pages.client.get("/checks").status_code == 200
