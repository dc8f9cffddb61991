"""One HTTP exchange that can be cancelled at any moment, over the standard library's client.

Called by `calls.py`. Runs in a thread of its own, whose connection is shut when the task is
cancelled or takes too long. It follows no redirect to another host, reads no proxy settings, and
an error of it never repeats a header's value.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from migrator.errors import PermanentError

ANSWER_BYTES_MAX: Final = 64 * 1024
CONNECT_SECONDS_MAX: Final = 10.0
REDIRECTS_MAX: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEEP_THE_METHOD: Final = frozenset({307, 308})
_HARMLESS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; `cut` tells that there was more than is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool


class NotReachedError(Exception):
    """No connection came about: certainly nothing was begun."""


class BrokenOffError(Exception):
    """The request was on its way when the connection broke: nobody knows."""


@dataclass(slots=True)
class _Line:
    """The connection that the thread uses now, so that it can be shut from outside."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    used: socket.socket | None = None
    shut: bool = False

    def use(self, connected: socket.socket) -> None:
        """Remember it; a connection that comes too late is shut at once."""
        with self.lock:
            self.used = connected
            if self.shut:
                self._shut(connected)

    def end(self) -> None:
        """Wake the thread up from whatever it waits for."""
        with self.lock:
            self.shut = True
            if self.used is not None:
                self._shut(self.used)

    def _shut(self, connected: socket.socket) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(
                connected, socket.SHUT_RDWR
            )  # below TLS: its reader is elsewhere


async def exchange(request: Request, seconds_max: float) -> Response:
    """Ask, and wait for the answer. Raises NotReachedError or BrokenOffError."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Response] = loop.create_future()
    line = _Line()

    def hand_over(response: Response | None, error: BaseException | None) -> None:
        if answer.done():
            return  # nobody waits for it any more
        if error is not None:
            answer.set_exception(error)
        elif response is not None:
            answer.set_result(response)

    def work() -> None:
        response, error = None, None
        try:
            response = _follow(request, line)
        except (NotReachedError, BrokenOffError, PermanentError) as failed:
            error = failed
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            loop.call_soon_threadsafe(hand_over, response, error)

    # A daemon, since the system's look-up of a name can hang where nothing can wake it up.
    threading.Thread(target=work, name="http", daemon=True).start()
    try:
        async with asyncio.timeout(seconds_max):
            return await answer
    except TimeoutError as error:
        if line.used is None:
            raise NotReachedError(f"no connection within {seconds_max:g} s") from error
        raise BrokenOffError(f"no answer within {seconds_max:g} s") from error
    finally:
        line.end()


def parts(url: str) -> SplitResult:
    """The parts of an address that may be called. Raises PermanentError for any other."""
    try:
        split = urlsplit(url)
        good = split.scheme in {"http", "https"} and bool(split.hostname) and split.port != 0
    except ValueError:
        good = False
    if not good or split.username is not None or any(ord(c) <= 32 or ord(c) > 126 for c in url):
        raise PermanentError(
            "call-address",
            f"{_without_user(url)!r} is no address that can be called",
            hint="write http://host/path or https://host/path; secrets belong into `secrets`",
        )
    return split


def _without_user(url: str) -> str:
    """The address without what stands before an @: it may be a password."""
    before, mark, after = url.rpartition("@")
    return f"{before.partition('//')[0]}//...@{after}" if mark else url


def _follow(request: Request, line: _Line) -> Response:
    """One exchange, and those to which the same host sends us on."""
    method, url, body = request.method, request.url, request.body
    for _ in range(REDIRECTS_MAX):
        response = _once(method, url, request.headers, body, line)
        target = urljoin(url, response.headers.get("location", ""))
        if response.status not in _REDIRECTS or not _same_place(url, target):
            return response
        if method not in _HARMLESS and response.status not in _KEEP_THE_METHOD:
            return response  # the answer to a deed is where it says; the deed is not repeated
        url = target
    return response


def _same_place(url: str, target: str) -> bool:
    """Tell whether both are at the same host, port and protocol: headers may go there too."""
    one, other = urlsplit(url), urlsplit(target)
    return target != url and (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _once(method: str, url: str, headers: Mapping[str, str], body: bytes, line: _Line) -> Response:
    split = parts(url)
    assert split.hostname is not None, "checked by parts"
    connection: http.client.HTTPConnection
    if split.scheme == "https":
        connection = http.client.HTTPSConnection(
            split.hostname,
            split.port,
            timeout=CONNECT_SECONDS_MAX,
            context=ssl.create_default_context(),
        )
    else:
        connection = http.client.HTTPConnection(
            split.hostname, split.port, timeout=CONNECT_SECONDS_MAX
        )
    with contextlib.closing(connection):
        try:
            connection.connect()
        except (OSError, UnicodeError) as error:
            raise NotReachedError(_why(error)) from error
        connected = connection.sock
        connected.settimeout(None)  # from here on the task's own time-out rules
        line.use(connected)
        path = (split.path or "/") + (f"?{split.query}" if split.query else "")
        try:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            text = b"" if method == "HEAD" else answer.read(ANSWER_BYTES_MAX + 1)
        except ValueError:
            # Its message repeats the header's value, which may be a secret.
            raise _odd_header() from None
        except (OSError, http.client.HTTPException) as error:
            raise BrokenOffError(_why(error)) from error
        fields = {name.lower(): value for name, value in answer.getheaders()}
        cut = len(text) > ANSWER_BYTES_MAX
        return Response(answer.status, fields, text[:ANSWER_BYTES_MAX], cut)


def _odd_header() -> PermanentError:
    return PermanentError(
        "call-header",
        "a header or the method has a character that HTTP does not allow",
        hint="look for line breaks in the plan and in the file with the secret",
    )


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
