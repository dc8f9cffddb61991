"""The prober: looks at addresses from where it stands and says what answered. It runs in a pod.

`prober.py` ships this file as text into the cluster, where any Python from 3.9 on runs it;
`looking.py` uses the same looks from this machine, so that every vantage point looks alike. Only
the standard library may be imported. It must never look for whoever does not know the key: it would
be a way around every network policy.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import re
import signal
import socket
import ssl
import sys
from typing import TypedDict

TEXT_BYTES_MAX = 4096
HEAD_BYTES_MAX = 16 * 1024
BATCH_BYTES_MAX = 1024 * 1024
ANSWERS_MAX = 1024
"""Of one batch, with every round counted: with four KiB each they fit into the pod's memory."""
AT_ONCE_MAX = 64
"""Connection tracking and half-open connections of a node have limits; a look must not be one."""
BATCHES_MAX = 16
SECONDS_MAX = 10.0
REQUEST_SECONDS_MAX = 60.0

REFUSED, RESET, CLOSED, TIMEOUT = "refused", "reset", "closed", "timeout"
DNS, UNREACHABLE, TLS, FAILED = "dns", "unreachable", "tls", "failed"

CONNECTION, BANNER, BODY = "connection", "banner", "body"

_BY_NUMBER = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.ECONNABORTED: RESET,
    errno.EPIPE: RESET,
    errno.ETIMEDOUT: TIMEOUT,
    errno.ENETUNREACH: UNREACHABLE,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETDOWN: UNREACHABLE,
    errno.EHOSTDOWN: UNREACHABLE,
    errno.EACCES: UNREACHABLE,
    errno.EPERM: UNREACHABLE,
}

_FAILURES = (asyncio.TimeoutError, OSError, ValueError, asyncio.LimitOverrunError)
"""Everything that the network, or nonsense from the other end, can make a look fail with."""


class Asked(TypedDict):
    """One look. `wants` is connection, banner (the server speaks first) or body (of a GET)."""

    id: str
    host: str
    port: int
    path: str
    wants: str
    tls: bool
    seconds: float


class Found(TypedDict):
    """What one look found. `at_milliseconds` counts from the batch's beginning to its end."""

    id: str
    connected: bool
    error: str
    text: str
    status: int
    milliseconds: float
    at_milliseconds: float
    source: str


# --- looking ----------------------------------------------------------------------------------


async def looks(batch: list[Asked], rounds: int = 1, pause_seconds: float = 0.0) -> list[Found]:
    """Look at everything at the same time, each `rounds` times with a pause; in order of time."""
    began = _now()
    gate = asyncio.Semaphore(AT_ONCE_MAX)
    found: list[Found] = []

    async def again_and_again(asked: Asked) -> None:
        for number in range(rounds):
            if number:
                await asyncio.sleep(pause_seconds)
            async with gate:
                found.append(await look(asked, began))

    await asyncio.gather(*(again_and_again(asked) for asked in batch))
    return found


async def look(asked: Asked, began: float) -> Found:
    """One look by a connection of its own; never raises for what the network does."""
    started = _now()
    found: Found = {
        "id": asked["id"],
        "connected": False,
        "error": "",
        "text": "",
        "status": 0,
        "milliseconds": 0.0,
        "at_milliseconds": 0.0,
        "source": "",
    }
    try:
        await asyncio.wait_for(_connect_and_read(asked, found), min(asked["seconds"], SECONDS_MAX))
    except _FAILURES as error:
        found["error"] = error_class(error)
    ended = _now()
    found["milliseconds"] = round((ended - started) * 1000, 1)
    found["at_milliseconds"] = round((ended - began) * 1000, 1)
    return found


def _now() -> float:
    return asyncio.get_running_loop().time()


def error_class(error: BaseException) -> str:
    """One word for why a look found nothing."""
    if isinstance(error, (asyncio.TimeoutError, socket.timeout)):
        return TIMEOUT
    if isinstance(error, (socket.gaierror, UnicodeError)):  # a name too long is none, either
        return DNS
    if isinstance(error, ssl.SSLError):
        return TLS
    if not isinstance(error, OSError):
        return FAILED
    # A name with several addresses fails with one error that has the others in its text.
    numbers = [error.errno] if error.errno else re.findall(r"Errno (\d+)", str(error))
    words = [_BY_NUMBER.get(int(number), FAILED) for number in numbers]
    return words[0] if words else FAILED


async def _connect_and_read(asked: Asked, found: Found) -> None:
    secure = _anybody() if asked["tls"] else None
    reader, writer = await asyncio.open_connection(
        asked["host"], asked["port"], ssl=secure, limit=HEAD_BYTES_MAX
    )
    try:
        found["connected"] = True
        found["source"] = str(writer.get_extra_info("sockname")[0])
        if asked["wants"] == BODY:
            writer.write(request_of(asked["host"], asked["port"], asked["path"]))
            await _read_answer(reader, found)
        elif asked["wants"] == BANNER:
            first = await reader.read(TEXT_BYTES_MAX)
            found["text"] = first.decode("utf-8", "replace")
            found["error"] = "" if first else CLOSED
    finally:
        writer.transport.abort()


def _anybody() -> ssl.SSLContext:
    """A look asks whether somebody answers, and whom; whether to trust them is not its question."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def request_of(host: str, port: int, path: str) -> bytes:
    """A GET that asks the server to hang up afterwards. Raises ValueError for a path that is none.

    The connection is closed by the other end then, which keeps this end's ports free.
    """
    if not path.isascii() or not path.isprintable() or " " in path or not path.startswith("/"):
        raise ValueError(path)
    named = f"[{host}]" if ":" in host else host
    named = named if port in {80, 443} else f"{named}:{port}"
    head = (f"GET {path} HTTP/1.1", f"Host: {named}", "User-Agent: migrator-prober", "Accept: */*")
    return "\r\n".join((*head, "Connection: close", "", "")).encode("ascii", "replace")


async def _read_answer(reader: asyncio.StreamReader, found: Found) -> None:
    """Read status and body, or the first bytes of whatever does not speak HTTP."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as cut:
        found["text"] = cut.partial[:TEXT_BYTES_MAX].decode("utf-8", "replace")
        found["error"] = "" if cut.partial else CLOSED
        return
    except asyncio.LimitOverrunError:
        found["text"] = (await reader.read(TEXT_BYTES_MAX)).decode("utf-8", "replace")
        return
    status = re.match(rb"HTTP/1\.\d (\d{3})", head)
    if status is None:
        found["text"] = head[:TEXT_BYTES_MAX].decode("utf-8", "replace")
        return
    found["status"] = int(status[1])
    headers = head.lower()
    try:
        if re.search(rb"\r\ntransfer-encoding:[^\r]*chunked", headers):
            body = await _read_chunks(reader)
        else:
            length = re.search(rb"\r\ncontent-length: *(\d+)", headers)
            most = min(int(length[1]), TEXT_BYTES_MAX) if length else TEXT_BYTES_MAX
            body = await _read_up_to(reader, most)
    except asyncio.IncompleteReadError:
        found["error"] = CLOSED
        return
    found["text"] = body.decode("utf-8", "replace")


async def _read_up_to(reader: asyncio.StreamReader, most: int) -> bytes:
    body = b""
    while len(body) < most:
        more = await reader.read(most - len(body))
        if not more:
            break
        body += more
    return body


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while len(body) < TEXT_BYTES_MAX:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            break
        body += await reader.readexactly(min(size, TEXT_BYTES_MAX - len(body)))
        if len(body) < TEXT_BYTES_MAX:
            await reader.readexactly(2)  # the line end behind each chunk
    return body


# --- serving ----------------------------------------------------------------------------------


class Prober:
    """Answers batches over HTTP: POST /looks. GET /ready is for the kubelet and needs no key."""

    def __init__(self, key: str, digest: str) -> None:
        """`digest` is that of the text which runs here, so that whoever asks can compare."""
        self._key = key.encode()
        self._digest = digest
        self._gate = asyncio.Semaphore(BATCHES_MAX)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request, one answer."""
        try:
            code, text = await asyncio.wait_for(self._served(reader), REQUEST_SECONDS_MAX)
            body = text.encode()
            head = f"HTTP/1.1 {code} -\r\nContent-Type: application/json-seq\r\n"
            head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await asyncio.wait_for(writer.drain(), SECONDS_MAX)
        except (asyncio.TimeoutError, OSError, EOFError, asyncio.LimitOverrunError):  # noqa: UP041
            pass  # whoever asked has gone, or never said what
        finally:
            writer.close()

    async def _served(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.split(b"\r\n", 1)[0]
        if line.startswith(b"GET /ready "):
            return 200, "ready\n"
        if not line.startswith(b"POST /looks "):
            return 404, "POST /looks\n"
        length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
        if length is None or int(length[1]) > BATCH_BYTES_MAX:
            return 413, "a batch says its length, and it is at most one MiB\n"
        body = await reader.readexactly(int(length[1]))
        try:
            said = json.loads(body)
            key, batch = str(said["key"]), [_asked(each) for each in said["looks"]]
            rounds, pause_seconds = int(said["rounds"]), float(said["pause_seconds"])
        except (ValueError, TypeError, KeyError) as error:
            return 400, f"no batch: {type(error).__name__}\n"
        if not hmac.compare_digest(key.encode(), self._key):
            return 403, "wrong key\n"
        if len(batch) * rounds > ANSWERS_MAX:
            return 413, f"at most {ANSWERS_MAX} answers\n"
        async with self._gate:
            began = _now()
            found = await looks(batch, rounds, pause_seconds)
            took = round((_now() - began) * 1000, 1)
        lines = [json.dumps(each) for each in found]
        # The last line tells a whole answer from one that was cut, and who gave it.
        lines.append(json.dumps({"digest": self._digest, "milliseconds": took, "n": len(found)}))
        return 200, "\n".join(lines) + "\n"


def _asked(said: dict[str, object]) -> Asked:
    return {
        "id": str(said["id"]),
        "host": str(said["host"]),
        "port": int(str(said["port"])),
        "path": str(said["path"]),
        "wants": str(said["wants"]),
        "tls": bool(said["tls"]),
        "seconds": float(str(said["seconds"])),
    }


async def serve(key: str, digest: str, port: int) -> None:
    """Serve until the pod is asked to end: the first process of a container has no habit of it."""
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    prober = Prober(key, digest)
    server = await asyncio.start_server(prober.answer, None, port, limit=HEAD_BYTES_MAX)
    await ending.wait()
    server.close()


if __name__ == "__main__":
    # The words behind `python3 -c`: this file, its digest, the key's file, the port.
    with open(sys.argv[3], encoding="utf-8") as file:  # noqa: PTH123 - nothing imported for one line
        asyncio.run(serve(file.read().strip(), sys.argv[2], int(sys.argv[4])))
