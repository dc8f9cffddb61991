"""What every answer carries and every question must keep: one layer around the whole application.

Plain ASGI, because a middleware that wraps bodies would slow a thousand streams down. It sets the
headers that keep foreign code and foreign frames out, refuses a form that another site sent or that
is of a kind that no page sends, and does not wait for one that never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

Message = MutableMapping[str, object]
Scope = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script and no inline style: a note that somebody typed can never become code."""

HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Another site learns no address, so no invitation. With `no-referrer` browsers would not tell
    # ourselves either where a form comes from, and those without Sec-Fetch-Site could send none.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
YEAR_SECONDS: Final = 31_536_000
FORM_KIND: Final = b"application/x-www-form-urlencoded"
"""What every page sends. Other kinds would bring alphabets of the sender's choice, and files."""
API: Final = "/api/"
"""Programs send JSON there; the API says itself what it takes, in the form of its answers."""
FORM_BYTES_MAX: Final = 64 * 1024
BODY_SECONDS_MAX: Final = 20.0
"""A form is a few kilobytes; whoever sends them for longer only keeps a place."""
PICTURE_KIND: Final = b"multipart/form-data"
TAKES_PICTURES: Final = frozenset({"/verdicts", "/pictures", "/pictures/drop"})
"""Where a form may bring a file; `checking.py` and `pictures.py` know who asks before they read."""
PICTURE_BYTES_MAX: Final = 15 * 1024 * 1024 + FORM_BYTES_MAX
PICTURE_SECONDS_MAX: Final = 120.0
"""For a photograph over a bad telephone network."""
LARGE_PAGE: Final = "/too-large"
"""The page for whoever sends more; a question for it is made here."""
LISTEN_SECONDS_MAX: Final = 20.0
"""A browser shows no answer before it has sent what it sends: so long it is heard and forgotten."""


class Shield:
    """The layer. `tls`: the address is https, and browsers are told to stay there.

    `refused` hears of each form that another site sent.
    """

    def __init__(
        self,
        app: App,
        *,
        tls: bool = False,
        body_seconds: float = BODY_SECONDS_MAX,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Stand around `app`."""
        self._app = app
        self._body_seconds = body_seconds
        self._refused = refused
        self._headers = list(HEADERS)
        if tls:
            self._headers.append((b"strict-transport-security", b"max-age=%d" % YEAR_SECONDS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                assert isinstance(headers, list), "starlette's headers are a list"
                given = {name for name, _ in headers}
                headers += [pair for pair in self._headers if pair[0] not in given]
                if b"cache-control" not in given:
                    headers.append((b"cache-control", _kept(scope, message)))
            await send(message)

        if scope["method"] in SAFE:
            await self._app(scope, receive, sealed)
        elif not same_site(scope):
            self._refused()
            await _say(sealed, 403, b"This form was sent from another site, so nothing was done.\n")
        elif _kind(scope) == PICTURE_KIND and scope["path"] in TAKES_PICTURES:
            if _length(scope) > PICTURE_BYTES_MAX:
                await self._too_large(scope, receive, sealed)
            else:
                seconds = max(self._body_seconds, PICTURE_SECONDS_MAX)
                await self._read(scope, receive, sealed, seconds)
        elif str(scope["path"]).startswith(API):
            await self._read(scope, receive, sealed, self._body_seconds)
        elif _kind(scope) not in {b"", FORM_KIND}:
            await _say(sealed, 415, b"No page sends forms of this kind, so nothing was done.\n")
        else:
            await self._read(scope, receive, sealed, self._body_seconds)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a page before anything is read, then hear out what is still being sent."""

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def begun(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await _heard_out(receive)
                message = {"type": "http.response.body", "body": b""}
            elif message["type"] == "http.response.start":
                headers = message["headers"]
                assert isinstance(headers, list), "starlette's headers are a list"
                headers.append((b"connection", b"close"))
            await send(message)

        pairs = scope["headers"]
        assert isinstance(pairs, list | tuple), "ASGI says so"
        asked = {
            **scope,
            "method": "GET",
            "path": LARGE_PAGE,
            "raw_path": LARGE_PAGE.encode(),
            "query_string": b"",
            "headers": [pair for pair in pairs if not pair[0].lower().startswith(b"content-")],
        }
        await self._app(asked, nothing, begun)

    async def _read(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        """Let a form be read, but not for ever."""
        until = asyncio.get_running_loop().time() + seconds
        whole = late = begun = False

        async def in_time() -> Message:
            nonlocal whole, late
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                late = True
                raise _TooSlowError from None
            whole = not message.get("more_body", False)
            return message

        async def once(message: Message) -> None:
            nonlocal begun
            # What the application makes of a form that ended too early is not an answer to it.
            if begun or not late:
                begun = True
                await send(message)

        try:
            await self._app(scope, in_time, once)
        except _TooSlowError:
            if begun:
                raise
        if late and not begun:
            await _say(send, 408, b"The form took too long to arrive, so nothing was done.\n")


class _TooSlowError(Exception):
    """A body that did not arrive in time."""


async def _heard_out(receive: Receive) -> None:
    """Take what is still being sent, for a while, and keep nothing of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS_MAX):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return


async def _say(send: Send, status: int, words: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})


def _kept(scope: Scope, message: Message) -> bytes:
    """What browsers may keep: styles, if they ask each time; of pages nothing."""
    fixed = str(scope["path"]).startswith("/static/") and message["status"] in {200, 304}
    return b"no-cache" if fixed else b"no-store"


def _kind(scope: Scope) -> bytes:
    pairs = scope["headers"]
    assert isinstance(pairs, list | tuple), "ASGI says so"
    given = [bytes(value) for name, value in pairs if bytes(name).lower() == b"content-type"]
    # Two of them are not ours, whatever they say.
    return b",".join(given).partition(b";")[0].strip().lower()


def _length(scope: Scope) -> int:
    """How many bytes a question says that it brings; none where it does not say."""
    pairs = scope["headers"]
    assert isinstance(pairs, list | tuple), "ASGI says so"
    given = [bytes(value) for name, value in pairs if bytes(name).lower() == b"content-length"]
    return int(given[0]) if given and given[0].isdigit() else 0


def same_site(scope: Scope) -> bool:
    """Tell whether a form comes from one of our own pages, by what the browser says of it.

    Browsers of today say Sec-Fetch-Site; older ones Origin. A program says neither, and carries no
    cookie that it was not given.
    """
    pairs = scope["headers"]
    assert isinstance(pairs, list | tuple), "ASGI says so"
    headers = {bytes(name).lower(): bytes(value).decode("latin-1") for name, value in pairs}
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get(b"origin")
    if origin is None:
        return True
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return False
    return place != "" and place == headers.get(b"host")
