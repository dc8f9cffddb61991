"""What the prober says of real listeners, and to whom it says it."""

from __future__ import annotations

import ast
import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from migrator.platform.kubernetes import prober
from migrator.platform.kubernetes.prober_script import (
    BANNER,
    BODY,
    CONNECTION,
    Asked,
    Found,
    Prober,
    error_class,
    looks,
    request_of,
)

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Process = asyncio.subprocess.Process
Speaks = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(speaks: Speaks) -> AsyncIterator[int]:
    """A listener on loopback; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speaks(reader, writer)
        except ConnectionError:
            pass  # whoever looked has hung up
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def saying(said: bytes, *, after_asked: bool = True) -> Speaks:
    async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after_asked:
            await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    return speaks


def asked(port: int, wants: str = BODY, **more: object) -> Asked:
    plain: Asked = {
        "id": "one",
        "host": "127.0.0.1",
        "port": port,
        "path": "/whoami",
        "wants": wants,
        "tls": False,
        "seconds": 2.0,
    }
    return plain | more  # type: ignore[return-value]  # a test names fields that are there


async def one(look: Asked) -> Found:
    (found,) = await looks([look])
    return found


@pytest.mark.parametrize(
    ("said", "status", "text"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nside=new and more", 200, "side=new"),
        (b"HTTP/1.0 200 OK\r\n\r\nside=new", 200, "side=new"),
        (
            CHUNKED + b"4\r\nside\r\n4;x\r\n=new\r\n0\r\n\r\n",
            200,
            "side=new",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9000, 200, "x" * 4096),
        (b"no HTTP at all", 0, "no HTTP at all"),
        (b"still\r\n\r\nnone", 0, "still\r\n\r\n"),
    ],
)
async def test_a_look_reads_the_body_of_a_get(said: bytes, status: int, text: str) -> None:
    async with listening(saying(said)) as port:
        found = await one(asked(port))
    assert (found["status"], found["text"], found["error"]) == (status, text, "")
    assert found["connected"]
    assert found["source"] == "127.0.0.1"
    assert 0 < found["milliseconds"] <= found["at_milliseconds"]


async def test_a_look_reads_what_a_server_says_first() -> None:
    async with listening(saying(b"220 old.example", after_asked=False)) as port:
        assert (await one(asked(port, BANNER)))["text"] == "220 old.example"


async def test_a_connection_alone_needs_no_word() -> None:
    async with listening(saying(b"")) as port:
        found = await one(asked(port, CONNECTION))
    assert found["connected"]
    assert (found["text"], found["error"]) == ("", "")


@pytest.mark.parametrize(
    ("said", "wants", "error"),
    [
        (b"", BODY, "closed"),
        (b"", BANNER, "closed"),
        (CHUNKED + b"9\r\nabc", BODY, "closed"),
        (CHUNKED + b"zz\r\n", BODY, "failed"),
        (CHUNKED + b"9" * 40_000, BODY, "failed"),
    ],
)
async def test_a_server_that_hangs_up_or_talks_nonsense_is_told_apart(
    said: bytes, wants: str, error: str
) -> None:
    async with listening(saying(said, after_asked=wants == BODY)) as port:
        found = await one(asked(port, wants))
    assert (found["connected"], found["error"]) == (True, error)


async def test_a_reset_is_told_apart() -> None:
    async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        linger = (1).to_bytes(4, sys.byteorder) + bytes(4)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async with listening(resets) as port:
        assert (await one(asked(port)))["error"] == "reset"


async def test_a_port_without_a_listener_refuses() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = await one(asked(taken.getsockname()[1]))
    assert (found["connected"], found["error"]) == (False, "refused")


async def test_silence_is_a_timeout() -> None:
    async def waits(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(waits) as port:
        found = await one(asked(port, BANNER, seconds=0.01))
    assert (found["connected"], found["error"]) == (True, "timeout")


async def test_a_name_that_is_none_and_a_path_that_is_none_are_told() -> None:
    assert (await one(asked(1, host="a" * 70 + ".invalid")))["error"] == "dns"
    async with listening(saying(b"")) as port:
        found = await one(asked(port, path="/x HTTP/1.1\r\nEvil: yes"))
    assert found["error"] == "failed"


async def test_a_listener_without_tls_is_told() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.0 400 plain\r\n\r\n")

    async with listening(plain) as port:
        assert (await one(asked(port, tls=True)))["error"] == "tls"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (socket.gaierror(-2, "no such name"), "dns"),
        (OSError(113, "No route to host"), "unreachable"),
        (OSError(1, "Operation not permitted"), "unreachable"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 101]"), "refused"),
        (OSError("something else"), "failed"),
        (TimeoutError(), "timeout"),
    ],
)
def test_each_error_has_one_word(error: BaseException, word: str) -> None:
    assert error_class(error) == word


def test_a_request_names_host_and_port() -> None:
    assert b"\r\nHost: web.shop.svc\r\n" in request_of("web.shop.svc", 80, "/")
    assert b"\r\nHost: [fd00::1]:8080\r\n" in request_of("fd00::1", 8080, "/")


async def test_rounds_are_connections_of_their_own_in_the_order_of_time() -> None:
    connections = []

    async def counts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer.get_extra_info("peername"))
        await saying(b"HTTP/1.0 200 -\r\n\r\nhello")(reader, writer)

    async with listening(counts) as port:
        found = await looks([asked(port), asked(port, id="two")], rounds=3)
    assert len(set(connections)) == 6
    assert sorted(each["id"] for each in found) == ["one"] * 3 + ["two"] * 3
    times = [each["at_milliseconds"] for each in found]
    assert times == sorted(times)


# --- serving ------------------------------------------------------------------------------------


async def posted(port: int, line: str, body: bytes = b"", length: int | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = len(body) if length is None else length
    writer.write(f"{line} HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    return answer


def a_batch(port: int, **more: object) -> bytes:
    batch = {"key": "k", "rounds": 1, "pause_seconds": 0, "looks": [asked(port)]}
    return json.dumps(batch | more).encode()


async def test_a_batch_is_answered_line_by_line_and_ends_with_who_answered() -> None:
    async with (
        listening(saying(b"HTTP/1.0 200 -\r\n\r\nhello")) as front,
        listening(Prober("k", "d1g3st").answer) as port,
    ):
        answer = await posted(port, "POST /looks", a_batch(front, rounds=2))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    *found, last = [json.loads(line) for line in body.splitlines()]
    assert [each["text"] for each in found] == ["hello", "hello"]
    assert (last["digest"], last["n"]) == ("d1g3st", 2)


async def test_whoever_does_not_know_the_key_gets_no_look() -> None:
    looked = []

    async def notes(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        looked.append(True)

    async with listening(notes) as front, listening(Prober("k", "").answer) as port:
        answer = await posted(port, "POST /looks", a_batch(front, key="guess"))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert looked == []


@pytest.mark.parametrize(
    ("line", "body", "length", "code"),
    [
        ("GET /ready", b"", None, 200),
        ("GET /looks", b"", None, 404),
        ("POST /looks", b"{}", None, 400),
        ("POST /looks", b"[", None, 400),
        ("POST /looks", b"", 2_000_000, 413),
        ("POST /looks", a_batch(1, rounds=5000), None, 413),
    ],
)
async def test_what_is_no_batch_is_refused(
    line: str, body: bytes, length: int | None, code: int
) -> None:
    async with listening(Prober("k", "").answer) as port:
        assert (await posted(port, line, body, length)).startswith(f"HTTP/1.1 {code} ".encode())


# --- the text that is shipped -------------------------------------------------------------------


def test_the_text_is_python_3_9_and_imports_nothing_of_ours() -> None:
    tree = ast.parse(prober.script(), feature_version=(3, 9))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - {"__future__"} <= sys.stdlib_module_names


@pytest.mark.slow
async def test_the_shipped_text_serves_and_ends_when_it_is_asked_to(tmp_path: object) -> None:
    async with shipped(str(tmp_path), prober.digest()) as (process, port):
        reader, writer = await connected(port)
        writer.write(b"GET /ready HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"ready\n")
        writer.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.slow
async def test_a_text_that_was_changed_on_the_way_never_runs(tmp_path: object) -> None:
    async with shipped(str(tmp_path), "0" * 64) as (process, _):
        _, said = await process.communicate()
        assert process.returncode == 1
        assert b"not the text that migrator sent" in said


@asynccontextmanager
async def shipped(folder: str, digest: str) -> AsyncIterator[tuple[Process, int]]:
    """The prober as a container starts it."""
    text, key = f"{folder}/prober.py", f"{folder}/key"
    with open(text, "w", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - a small file
        file.write(prober.script())
    with open(key, "w", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - a small file
        file.write("k\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-I", "-c", prober._BEGIN, text, digest, key, str(port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process, port
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(20):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
