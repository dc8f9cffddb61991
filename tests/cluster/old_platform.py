"""An old platform for the tests: one process with a real listener for each subsystem, and a control.

Run inside the lab's network `old` by `lab.run`. Every listener answers GET with its subsystem and
`side=old`. The control (port 9000) is what the recipes' http acts call: it is a test's world, and
says so; the sockets are real. A fence closes the listener, so that a new connection is refused with
a reset, and resets every connection that is open.

    POST /SUBSYSTEM/fence|start-source|quiesce|...   do the act (its token: Idempotency-Key)
    GET  /SUBSYSTEM                                  {"state": "open" or "fenced", "served": n}
    GET  /                                           everything, with every token that took effect
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

CONTROL_PORT = 9000
FIRST_PORT = 8100


@dataclass
class Listener:
    """One subsystem on the old side."""

    name: str
    port: int
    server: asyncio.Server | None = None
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    served: int = 0
    resets: int = 0

    async def start(self) -> None:
        """Listen; listening already is fine."""
        if self.server is None:
            self.server = await asyncio.start_server(self._serve, "0.0.0.0", self.port)  # noqa: S104

    async def fence(self) -> None:
        """Refuse new connections and reset the open ones."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for writer in tuple(self.open):
            sock = writer.get_extra_info("socket")
            # Linger of zero seconds: the peer gets a reset and knows at once.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            self.resets += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while head := await _request(reader):
                body = f"side=old subsystem={self.name}".encode()
                keep = b"close" not in head.lower()
                writer.write(_answer(body, keep=keep))
                await writer.drain()
                self.served += 1
                if not keep:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = b""
    while line := await reader.readline():
        head += line
        if line in {b"\r\n", b"\n"}:
            return head
    return b""


def _answer(body: bytes, *, keep: bool, status: str = "200 OK") -> bytes:
    words = "keep-alive" if keep else "close"
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: {words}\r\n\r\n"
    return head.encode() + body


class Control:
    """What the recipes call."""

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self.listeners = listeners
        self.effects: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await _request(reader)).decode()
            words = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
            length = int({k.lower(): v for k, v in words.items()}.get("content-length", 0))
            await reader.readexactly(length)
            method, path, *_ = head.split()
            token = {k.lower(): v for k, v in words.items()}.get("idempotency-key", "")
            found = await self._do(method, path.strip("/"), token)
            status = "404 Not Found" if found is None else "200 OK"
            writer.write(_answer(json.dumps(found).encode(), keep=False, status=status))
            await writer.drain()
        writer.close()

    async def _do(self, method: str, path: str, token: str) -> object:
        name, _, act = path.partition("/")
        if not name:
            return {"listeners": {k: _facts(v) for k, v in self.listeners.items()},
                    "effects": self.effects}  # fmt: skip
        listener = self.listeners.get(name)
        if listener is None:
            return None
        if method == "POST":
            if act == "fence":
                await listener.fence()
            elif act == "start-source":
                await listener.start()
            effect = f"{token} {name}/{act}"
            if effect not in self.effects:
                self.effects.append(effect)
        return _facts(listener)


def _facts(listener: Listener) -> dict[str, object]:
    state = "fenced" if listener.server is None else "open"
    return {"state": state, "served": listener.served, "resets": listener.resets}


async def main(names: list[str]) -> None:
    """Listen for all subsystems, on ports in their order."""
    listeners = {name: Listener(name, FIRST_PORT + n) for n, name in enumerate(names)}
    for each in listeners.values():
        await each.start()
    control = await asyncio.start_server(Control(listeners).serve, "0.0.0.0", CONTROL_PORT)  # noqa: S104
    async with control:
        await control.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
