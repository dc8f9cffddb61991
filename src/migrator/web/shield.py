"""What every answer carries and every question must keep: one layer around the whole application.

Plain ASGI, because a middleware that wraps bodies would slow a thousand streams down. It sets the
headers that keep foreign code and foreign frames out, and refuses a form that another site sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
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
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
YEAR_SECONDS: Final = 31_536_000


class Shield:
    """The layer. `tls`: the address is https, and browsers are told to stay there."""

    def __init__(self, app: App, *, tls: bool = False) -> None:
        """Stand around `app`."""
        self._app = app
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
                    headers.append((b"cache-control", b"no-store"))
            await send(message)

        if scope["method"] not in SAFE and not same_site(scope):
            await sealed(
                {
                    "type": "http.response.start",
                    "status": 403,
                    "headers": [(b"content-type", b"text/plain; charset=utf-8")],
                }
            )
            await sealed(
                {
                    "type": "http.response.body",
                    "body": b"This form was sent from another site, so nothing was done.\n",
                }
            )
            return
        await self._app(scope, receive, sealed)


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
    return origin is None or urlsplit(origin).netloc == headers.get(b"host", "")
