"""A Casual gateway that is none: a fake built from the documented layout of two messages.

It shows that the check speaks and hears that layout over a real connection. That a real domain
speaks it too is what the layout's own document says, and no test here.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def reply_to(request: bytes, name: str = "domain-new", version: int | None = None) -> bytes:
    """What an inbound gateway of this domain says: the newest version that both know."""
    kind, correlation, size = struct.unpack_from("!Q16sQ", request)
    assert (kind, size) == (7200, len(request) - 32)
    execution, length = request[32:48], struct.unpack_from("!Q", request, 64)[0]
    spoken = 72 + length
    (count,) = struct.unpack_from("!Q", request, spoken)
    offered = struct.unpack_from(f"!{count}Q", request, spoken + 8)
    assert len(request) == spoken + 8 + 8 * count
    known = [each for each in offered if 1000 <= each <= 1003]
    chosen = version if version is not None else max(known, default=0)
    return message(7201, correlation, execution, name, chosen)


def message(kind: int, correlation: bytes, execution: bytes, name: str, *numbers: int) -> bytes:
    """A connect message of the domain of this name."""
    text = name.encode()
    payload = execution + bytes(range(16)) + struct.pack("!Q", len(text)) + text
    payload += struct.pack(f"!{len(numbers)}Q", *numbers)
    return struct.pack("!Q16sQ", kind, correlation, len(payload)) + payload


@contextmanager
def gateway(name: str) -> Iterator[tuple[str, int]]:
    """An inbound gateway that answers each caller in small pieces."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(5)
                request = b""
                while len(request) < 32 or len(request) < 32 + int.from_bytes(request[24:32]):
                    request += caller.recv(7)
                answer = reply_to(request, name)
                for at in range(0, len(answer), 11):
                    caller.sendall(answer[at : at + 11])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)
