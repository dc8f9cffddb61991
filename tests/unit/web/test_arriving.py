"""Questions that never end: of a stranger who sends slowly, much, or nonsense."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from migrator.web import serving
from migrator.web.arriving import HEAD_BYTES_MAX, Arriving
from migrator.web.shield import Receive, Scope, Send


class Hasty(Arriving):
    """One that waits as long as a test may."""

    head_seconds = 0.3


async def greeting(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and answer."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.fixture
def port() -> Iterator[int]:
    config = uvicorn.Config(greeting, port=0, log_level="critical", lifespan="off", http=Hasty)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def ended(talk: socket.socket) -> bool:
    """Wait until the other side has closed."""
    try:
        while talk.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def pour(talk: socket.socket, begun: bytes, piece: bytes) -> None:
    """Send and send."""
    talk.sendall(begun)
    for _ in range(400 * HEAD_BYTES_MAX // len(piece)):
        talk.sendall(piece)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\na: "])
def test_a_head_that_never_ends_is_not_waited_for(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as talk:
        talk.sendall(begun)
        assert ended(talk)


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\na: ", b"GET / HTTP/1.1\r\n"])
def test_a_head_without_end_is_not_kept(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hasty, "head_seconds", 60.0)
    piece = b"b" * 4096 if not begun.endswith(b"\n") else b"b: c\r\n" * 700
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as talk,
        pytest.raises(ConnectionError),
    ):
        pour(talk, begun, piece)


@pytest.mark.parametrize(
    "question",
    [b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n", b"GET\0/\r\n\r\n"],
)
def test_nonsense_is_answered_once_and_closed(port: int, question: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as talk:
        talk.sendall(question)
        assert ended(talk)


def test_questions_that_are_said_in_time_are_answered_one_after_the_other(port: int) -> None:
    question = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 70000\r\n\r\n" + b"c" * 70_000
    with socket.create_connection(("127.0.0.1", port), timeout=10) as talk:
        for _ in range(3):
            talk.sendall(question)
            said = b""
            while not said.endswith(b"hi"):
                said += talk.recv(65536)
            assert said.startswith(b"HTTP/1.1 200")


def test_a_process_may_open_as_many_files_as_it_takes_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    enough = serving.CONNECTIONS_MAX + serving.FILES_BESIDE
    for limits in ((1024, 500_000), (1024, 2000), (200_000, 500_000), (1024, -1)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, found=limits: found)
        serving.make_room()
    assert given == [(enough, 500_000), (2000, 2000), (enough, -1)]
