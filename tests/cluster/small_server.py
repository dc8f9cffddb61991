"""The program of every pod of the weekend's estate; its text is what the container runs.

It answers GET with its subsystem and side, and calls what it is told to call again and again,
telling the test's logbook what it heard (one datagram a call). With a database it takes rows by
POST and answers when they are committed. `ABOUT` in its environment says who it is. Nothing beyond
the standard library and nothing heavy of it: sixty of these share one small node.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import threading
import time
from typing import BinaryIO, TypedDict, cast

CALL_SECONDS = 3.0
SLOW_SECONDS = 2.5
TIMEOUT_SECONDS = 8.0


class Refused(Exception):
    """The database said no."""


class Database(TypedDict):
    """Where rows go."""

    host: str
    port: int
    user: str
    database: str


class About(TypedDict, total=False):
    """Who a server is, whom it calls, and where it tells what it heard."""

    subsystem: str
    side: str
    port: int
    calls: dict[str, tuple[str, int]]
    logbook: tuple[str, int] | None
    database: Database | None
    odd: dict[str, str]


def insert(database: Database, number: int) -> None:
    """Commit one row, or raise: PostgreSQL's own protocol, for a role that needs no password."""
    with socket.create_connection((database["host"], database["port"]), TIMEOUT_SECONDS) as sock:
        words = ["user", database["user"], "database", database["database"], ""]
        body = struct.pack("!i", 196608) + b"".join(word.encode() + b"\0" for word in words)
        sock.sendall(struct.pack("!i", len(body) + 4) + body)
        stream = cast("BinaryIO", sock.makefile("rb"))
        _until_ready(stream)
        text = f"INSERT INTO entry (number) VALUES ({number})".encode() + b"\0"  # noqa: S608 - a number
        sock.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
        _until_ready(stream)


def _until_ready(stream: BinaryIO) -> None:
    said = b""
    while True:
        head = stream.read(5)
        if len(head) < 5:
            raise Refused("the database went away")
        kind, length = struct.unpack("!ci", head)
        body = stream.read(length - 4)
        if kind == b"E":
            said = body
            if b"SFATAL" in body:
                raise Refused(body.decode(errors="replace"))
        if kind == b"R" and body[:4] != b"\0\0\0\0":
            raise Refused("it wants a password")
        if kind == b"Z":
            if said:
                raise Refused(said.decode(errors="replace"))
            return


def call(address: tuple[str, int], path: str = "/") -> str:
    """Ask once, on a new connection; the side that answered, or the word of the failure."""
    host, port = address
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            heard = b""
            while more := sock.recv(4096):
                heard += more
    except OSError as error:
        return word_of(error)
    return side_of(heard)


def side_of(heard: bytes) -> str:
    """The side that an answer names."""
    if not heard:
        return "closed"
    return next((side for side in ("old", "new") if f"side={side}".encode() in heard), "unknown")


def word_of(error: OSError) -> str:
    """One word for why a call failed."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError):
        return "reset"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, socket.gaierror):
        return "dns"
    return type(error).__name__


def report(about: About, callee: str, began: float, heard: str) -> None:
    """Tell the logbook; nobody there is fine."""
    row = [about["subsystem"], about["side"], callee, heard, began, time.time()]
    logbook = about.get("logbook")
    if logbook is None:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(json.dumps(row).encode(), tuple(logbook))


def keep_calling(about: About) -> None:
    """Call everything in turn, for ever."""
    while True:
        for callee, address in about["calls"].items():
            began = time.time()
            report(about, callee, began, call(address))
        time.sleep(CALL_SECONDS)


def answer(about: About, head: bytes) -> tuple[str, str]:
    """Status and body for a request. At an odd path: slow, other-side or failing."""
    method, path = head.split(b" ")[:2]
    side, odd = about["side"], about.get("odd", {}).get(path.decode("latin-1"), "")
    if odd == "slow":
        time.sleep(SLOW_SECONDS)
    if odd == "other-side":
        side = "old" if side == "new" else "new"
    name = f"side={side} subsystem={about['subsystem']}"
    if odd == "failing":
        return "503 Service Unavailable", name
    database = about.get("database")
    if method == b"POST" and path.startswith(b"/rows/") and database:
        try:
            insert(database, int(path[6:]))
        except (OSError, Refused) as error:
            return "503 Service Unavailable", f"{name} {error}"
        return "200 OK", f"{name} row committed"
    return "200 OK", name


def serve(about: About, sock: socket.socket) -> None:
    """Answer on one connection until the caller has enough."""
    with contextlib.suppress(OSError), sock:
        stream = sock.makefile("rb")
        while True:
            head = b""
            while (line := stream.readline()) not in (b"\r\n", b"\n", b""):
                head += line
            if not head:
                return
            status, body = answer(about, head)
            close = b"connection: close" in head.lower()
            words = "close" if close else "keep-alive"
            text = f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n"
            sock.sendall(f"{text}Connection: {words}\r\n\r\n{body}".encode())
            if close:
                return


def main() -> None:
    """Listen, and call."""
    about = cast("About", json.loads(os.environ["ABOUT"]))
    about["calls"] = json.loads(os.environ.get("CALLS", "{}"))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the first process ignores it otherwise
    with socket.create_server(("", about["port"]), backlog=128) as listening:
        if about["calls"]:
            threading.Thread(target=keep_calling, args=(about,), daemon=True).start()
        while True:
            sock, _ = listening.accept()
            threading.Thread(target=serve, args=(about, sock), daemon=True).start()


if __name__ == "__main__":
    main()
