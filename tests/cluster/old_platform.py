"""An old platform for the tests: real listeners, the old names that lead to them, and a control.

Run inside the lab's network `old` by `lab.run`, with a JSON file that says who is there. Every
listener answers GET with its subsystem and `side=old`, and calls what it calls by the old names.
An old name is a port of its own: it leads to the old listener, or, while its bridge is open, to the
cluster's front at a port of the nodes, wherever that leads. The control is what the recipes' http
acts call: it is a test's world, and says so; the sockets are real. A fence closes the listener, so
that a new connection is refused with a reset, and resets every connection that is open.

    POST /SUBSYSTEM/fence|start-source|quiesce|open-bridge|close-bridge|...   (Idempotency-Key)
    GET  /SUBSYSTEM       {"state": "open" or "fenced", "bridge": "open" or "closed", ...}
    GET  /                everything, with every token that took effect
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cluster import small_server

CONTROL_PORT = 9000
FIRST_PORT = 8100
FIRST_NAME = 7100
"""Old names are ports, in the order of the listeners."""

Address = tuple[str, int]


@dataclass
class Listener:
    """One subsystem on the old side."""

    name: str
    port: int
    calls: Mapping[str, Address] = field(default_factory=dict)
    logbook: Address | None = None
    database: small_server.Database | None = None
    server: asyncio.Server | None = None
    calling: asyncio.Task[None] | None = None
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    served: int = 0
    resets: int = 0

    async def start(self) -> None:
        """Listen; listening already is fine."""
        if self.server is None:
            self.server = await asyncio.start_server(self._serve, "0.0.0.0", self.port)  # noqa: S104
        if self.calls and self.calling is None:
            self.calling = asyncio.create_task(self._call())

    async def fence(self) -> None:
        """Refuse new connections and reset the open ones."""
        if self.server is not None:
            self.server.close()
            self.server = None
        if self.calling is not None:
            self.calling.cancel()
            self.calling = None
        for writer in tuple(self.open):
            _reset(writer)
            self.resets += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while head := await _request(reader):
                status, body = await self._answered(head.encode())
                keep = "connection: close" not in head.lower()
                writer.write(_answer(body.encode(), keep=keep, status=status))
                await writer.drain()
                self.served += 1
                if not keep:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    @property
    def about(self) -> small_server.About:
        """Who it is, as a pod's server is told."""
        return {
            "side": "old",
            "subsystem": self.name,
            "logbook": self.logbook,
            "database": self.database,
        }

    async def _answered(self, head: bytes) -> tuple[str, str]:
        """A row is written beside the loop; everything else is answered at once."""
        if head.startswith(b"POST"):
            return await asyncio.to_thread(small_server.answer, self.about, head)
        return small_server.answer(self.about, head)

    async def _call(self) -> None:
        while True:
            for callee, address in self.calls.items():
                began = time.time()
                heard = await asyncio.to_thread(small_server.call, address)
                small_server.report(self.about, callee, began, heard)
            await asyncio.sleep(small_server.CALL_SECONDS)


@dataclass
class Name:
    """An old name: where it leads, for every new connection."""

    port: int
    old: Address
    new: Address | None
    bridged: bool = False
    server: asyncio.Server | None = None

    async def start(self) -> None:
        """Take connections in."""
        self.server = await asyncio.start_server(self._serve, "0.0.0.0", self.port)  # noqa: S104

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = self.new if self.bridged and self.new is not None else self.old
        try:
            there, onward = await asyncio.open_connection(*target)
        except OSError:
            _reset(writer)
            return
        try:
            await asyncio.gather(_pipe(reader, onward), _pipe(there, writer))
        finally:
            onward.close()
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while more := await reader.read(65536):
            writer.write(more)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except ConnectionError:
        _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Linger of zero seconds: the peer gets a reset and knows at once."""
    with suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> str:
    head = b""
    while line := await reader.readline():
        head += line
        if line in {b"\r\n", b"\n"}:
            return head.decode()
    return ""


def _answer(body: bytes, *, keep: bool, status: str = "200 OK") -> bytes:
    words = "keep-alive" if keep else "close"
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: {words}\r\n\r\n"
    return head.encode() + body


class Control:
    """What the recipes call."""

    def __init__(self, listeners: Mapping[str, Listener], names: Mapping[str, Name]) -> None:
        self.listeners = listeners
        self.names = names
        self.effects: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await _request(reader)
            rows = (line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
            words = {key.lower(): value for key, value in rows}
            await reader.readexactly(int(words.get("content-length", 0)))
            method, path, *_ = head.split()
            found = await self._do(method, path.strip("/"), words.get("idempotency-key", ""))
            status = "404 Not Found" if found is None else "200 OK"
            writer.write(_answer(json.dumps(found).encode(), keep=False, status=status))
            await writer.drain()
        writer.close()

    async def _do(self, method: str, path: str, token: str) -> object:
        name, _, act = path.partition("/")
        if not name:
            return {"listeners": {k: self._facts(k) for k in self.listeners},
                    "effects": self.effects}  # fmt: skip
        listener = self.listeners.get(name)
        if listener is None:
            return None
        if method == "POST":
            await self._act(listener, act)
            effect = f"{token} {name}/{act}"
            if effect not in self.effects:
                self.effects.append(effect)
        return self._facts(name)

    async def _act(self, listener: Listener, act: str) -> None:
        """Every act may come twice: the second time it finds everything done."""
        if act in {"fence", "quiesce"}:
            await listener.fence()
        elif act == "start-source":
            await listener.start()
        elif act in {"open-bridge", "close-bridge"}:
            self.names[listener.name].bridged = act == "open-bridge"

    def _facts(self, name: str) -> dict[str, object]:
        listener = self.listeners[name]
        return {
            "state": "fenced" if listener.server is None else "open",
            "bridge": "open" if self.names[name].bridged else "closed",
            "served": listener.served,
            "resets": listener.resets,
        }


async def main(about: Mapping[str, dict[str, object]]) -> None:
    """Listen for all subsystems, on ports in their order, under their old names."""
    listeners: dict[str, Listener] = {}
    names: dict[str, Name] = {}
    own = "127.0.0.1"
    ports = {name: number for number, name in enumerate(about)}
    for name, row in about.items():
        port = FIRST_PORT + ports[name]
        calls = {callee: (own, FIRST_NAME + ports[callee]) for callee in _texts(row, "calls")}
        listeners[name] = Listener(
            name, port, calls, _address(row.get("logbook")), _database(row.get("database"))
        )
        front = _address(row.get("front"))
        names[name] = Name(FIRST_NAME + ports[name], (own, port), front)
    for name in about:
        await names[name].start()
    for name in about:
        await listeners[name].start()
    control = Control(listeners, names).serve
    server = await asyncio.start_server(control, "0.0.0.0", CONTROL_PORT)  # noqa: S104
    async with server:
        await server.serve_forever()


def _texts(row: Mapping[str, object], key: str) -> list[str]:
    found = row.get(key)
    return [str(each) for each in found] if isinstance(found, list) else []


def _address(found: object) -> Address | None:
    return (str(found[0]), int(found[1])) if isinstance(found, list) else None


def _database(found: object) -> small_server.Database | None:
    if not isinstance(found, dict):
        return None
    host, port, user, name = (found[key] for key in ("host", "port", "user", "database"))
    return {"host": str(host), "port": int(port), "user": str(user), "database": str(name)}


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
