"""What the layer around the pages lets through: whose forms, of what kind, for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.web.shield import Message, Receive, Scope, Send, Shield, same_site
from run_with_pages import ASKED, Pages, pages_of_a_run


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def scope(**headers: str) -> Scope:
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"type": "http", "method": "POST", "path": "/verdicts", "headers": pairs}


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "https://pages.test"}, False),
        ({"origin": "https://pages.test", "host": "pages.test"}, True),
        ({"origin": "https://pages.test.evil.test", "host": "pages.test"}, False),
        ({"origin": "https://pages.test@evil.test", "host": "pages.test"}, False),
        ({"origin": "null", "host": "pages.test"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://[", "host": "pages.test"}, False),
        ({"host": "pages.test"}, True),
    ],
)
def test_a_form_is_ours_by_what_the_browser_says_of_it(headers: dict[str, str], ours: bool) -> None:
    assert same_site(scope(**headers)) is ours


def test_browsers_may_say_to_ourselves_where_a_form_comes_from(pages: Pages) -> None:
    # With no-referrer they send `Origin: null` with every form, and those that know no
    # Sec-Fetch-Site (or are on plain http) could send none at all.
    assert pages.client.get("/sign-in").headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "text/plain", "x/y"])
def test_forms_of_a_kind_that_no_page_sends_are_not_read(pages: Pages, kind: str) -> None:
    pages.sign_in(ASKED)
    body = b'--b\r\nContent-Disposition: form-data; name="said"\r\n\r\nworks\r\n--b--\r\n'
    for path in ("/withdrawals", "/sign-in", "/sign-out", "/language"):
        answer = pages.client.post(path, content=body, headers={"content-type": kind})
        assert answer.status_code == 415, path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "FOO"])
def test_other_methods_do_nothing(pages: Pages, method: str) -> None:
    pages.sign_in(ASKED)
    for path in ("/verdicts", "/checks", f"/in/{pages.invitation(ASKED).token}"):
        answer = pages.client.request(method, path, follow_redirects=False)
        assert answer.status_code in {404, 405}, path
    assert pages.leader.journal.take_commands() == ()


def test_pages_are_kept_by_nobody_and_styles_are_asked_about_again(pages: Pages) -> None:
    pages.sign_in(ASKED)
    for path in ("/checks", "/sign-in", "/nowhere", "/static/nowhere.css"):
        assert pages.client.get(path).headers["cache-control"] == "no-store", path
    first = pages.client.get("/static/migrator.css")
    assert first.headers["cache-control"] == "no-cache"
    again = pages.client.get(
        "/static/migrator.css", headers={"if-none-match": first.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/%00",
        "/static/",
        "/static/" + "a" * 5000,
        "/in/" + "a" * 5000,
        "/in/..%2f..%2fstatic%2fpages.js",
        "/in/%00%ff",
        "/checks/" + "%F0%9F%92%A9" * 500,
        "/receipts/" + "0" * 5000,
        "/receipts/%ED%A0%80",
    ],
)
def test_no_address_leads_out_of_what_is_served(pages: Pages, path: str) -> None:
    pages.sign_in(ASKED)
    assert pages.client.get(path).status_code == 404


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        while True:
            await receive()

    async def forever() -> Message:
        await asyncio.Event().wait()
        return {}

    async def play() -> list[Message]:
        said: list[Message] = []

        async def send(message: Message) -> None:
            said.append(message)

        shield = Shield(application, body_seconds=0.01)
        kind = "application/x-www-form-urlencoded"
        await shield(scope(content_type=kind, content_length="9"), forever, send)
        return said

    start, _ = asyncio.run(play())
    assert start["status"] == 408
