"""One exchange: bounded answers, no journey to another host, no secret in an error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from migrator.errors import PermanentError
from migrator.platform.legacy.exchange import (
    ANSWER_BYTES_MAX,
    BrokenOffError,
    Request,
    Response,
    exchange,
    parts,
)


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these raw answers, one for each connection, and notes first lines."""
    asked = list[str]()

    def serve() -> None:
        for answer in answers:
            try:
                line, _ = listener.accept()
            except OSError:
                return  # the test is over
            with line, suppress(OSError):
                words = b""
                while not words.endswith(b"\r\n\r\n"):
                    words += line.recv(65_536) or b"\r\n\r\n"
                if words.strip():
                    asked.append(words.split(b"\r\n")[0].decode())
                    line.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


async def ask(url: str, method: str = "GET", **headers: str) -> Response:
    """Ask with little patience."""
    return await exchange(Request(method, url, headers), 5)


def redirect(to: str, status: int = 302) -> bytes:
    """An answer that sends us on."""
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_an_answer_is_cut_at_its_limit() -> None:
    body = b"x" * (ANSWER_BYTES_MAX + 1)
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + body, b"HTTP/1.1 200 OK\r\n\r\n" + body[1:]) as (
        url,
        _,
    ):
        assert (await ask(url)).cut
        whole = await ask(url)
    assert (whole.cut, len(whole.body)) == (False, ANSWER_BYTES_MAX)


async def test_it_goes_on_at_the_same_host_only_and_repeats_no_deed() -> None:
    with answering(redirect("/next?a=1"), OK) as (url, asked):
        assert (await ask(url + "/first")).body == b"ok"
        assert asked == ["GET /first HTTP/1.1", "GET /next?a=1 HTTP/1.1"]
    with answering(OK) as (other, strayed):
        for to, status, method in (
            (other, 302, "GET"),
            (other, 307, "POST"),
            ("/done", 303, "POST"),
            ("//localhost/", 302, "GET"),
        ):
            with answering(redirect(to, status)) as (url, asked):
                assert (await ask(url, method)).status == status
                assert len(asked) == 1
        assert strayed == []
    with answering(redirect("/next", 307), OK) as (url, asked):
        assert (await ask(url, "POST")).status == 200
        assert asked[1] == "POST /next HTTP/1.1"


async def test_going_round_in_circles_ends() -> None:
    with answering(*[redirect("/a"), redirect("/b")] * 5) as (url, asked):
        assert (await ask(url)).status == 302
    assert len(asked) == 5


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTT"])
async def test_an_answer_that_is_none_is_broken_off(answer: bytes) -> None:
    with answering(answer) as (url, _), pytest.raises(BrokenOffError):
        await ask(url)


async def test_a_header_that_cannot_be_sent_is_not_repeated_in_the_error() -> None:
    with answering(OK) as (url, asked), pytest.raises(PermanentError) as caught:
        await ask(url, Authorization="hunter2\nX-Evil: 1")
    assert caught.value.reference == "call-header"
    assert "hunter2" not in f"{caught.value.message} {caught.value.__cause__}"
    assert caught.value.__suppress_context__
    assert asked == []


@pytest.mark.parametrize(
    "url",
    ["", "host", "ftp://host/", "http:///x", "http://h:x/", "http://h/a b", "http://u:pw-1@h/"],
)
def test_an_address_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        parts(url)
    assert caught.value.reference == "call-address"
    assert "pw-1" not in caught.value.message
