"""Servers for tests, on loopback, with the faults that real ones have.

`serving` runs one in a thread: it says its `banner`, answers what it hears by `answer`, and can be
slow, hang up, reset, stay silent or never accept. It notes when it was connected to, which is the
target's own view of the caps.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[bytes], bytes]
"""Everything heard so far on a connection to what is said now; empty while it listens on."""


@dataclass
class Served:
    """A server, and what it saw."""

    host: str = "127.0.0.1"
    port: int = 0
    accepted: list[float] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    open: int = 0
    most_open: int = 0


@dataclass(frozen=True)
class Manner:
    """How a server behaves."""

    banner: bytes = b""
    answer: Answer | None = None
    slow: float = 0.0  # seconds before it says anything
    hangs_up: bool = False  # right after accepting
    resets: bool = False  # the same, rudely
    stays_open: bool = False  # after its answer
    tls: ssl.SSLContext | None = None


@contextmanager
def serving(
    manner: Manner | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Served]:
    """A server for as long as the block lasts; only after it everybody who connected is counted."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    listener.setblocking(False)
    served = Served(host, listener.getsockname()[1])
    over = threading.Event()
    threads: list[threading.Thread] = []

    waking, woken = socket.socketpair()

    def accept() -> None:
        while not over.is_set():
            select.select([listener, woken], [], [])
            # To the last one that has connected, even when the block is over by now.
            while (connection := accepted(listener)) is not None:
                served.accepted.append(time.monotonic())
                one = threading.Thread(
                    target=attend, args=(connection, served, manner or Manner(), over), daemon=True
                )
                threads.append(one)
                one.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield served
    finally:
        over.set()
        waking.send(b"!")
        accepting.join()
        for each in (listener, waking, woken):
            each.close()
        for thread in threads:
            thread.join()


def accepted(listener: socket.socket) -> socket.socket | None:
    """The next connection, if anybody is waiting."""
    try:
        connection, _ = listener.accept()
    except OSError:  # nobody is, or whoever was has gone
        return None
    connection.setblocking(True)
    return connection


def attend(
    connection: socket.socket, served: Served, manner: Manner, over: threading.Event
) -> None:
    """One connection."""
    served.open += 1
    served.most_open = max(served.most_open, served.open)
    try:
        with connection, suppress(OSError):
            connection.settimeout(10)
            if manner.resets:
                reset(connection)
                return
            if manner.hangs_up:
                return
            spoken = connection
            if manner.tls is not None:
                spoken = manner.tls.wrap_socket(connection, server_side=True)
            with spoken:
                say(spoken, served, manner, over)
    finally:
        served.open -= 1


def say(spoken: socket.socket, served: Served, manner: Manner, over: threading.Event) -> None:
    """The conversation."""
    if over.wait(manner.slow):
        return
    if manner.banner:
        spoken.sendall(manner.banner)
    heard = b""
    while not over.is_set():
        if not getattr(spoken, "pending", int)() and not select.select([spoken], [], [], 0.05)[0]:
            continue
        data = spoken.recv(65536)
        if not data:
            break
        heard += data
        answer = manner.answer(heard) if manner.answer is not None else b""
        if answer:
            served.heard.append(heard)
            spoken.sendall(answer)
            heard = b""
            if not manner.stays_open:
                break


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def unanswering(host: str = "127.0.0.1") -> Iterator[Served]:
    """A port whose queue is full: the kernel drops whoever knocks, and nobody ever answers."""
    with socket.socket() as listener:
        listener.bind((host, 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        # The queue of length 0 takes one connection, on some kernels two; the rest stay half-open.
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((host, port))
            fillers.append(filler)
        try:
            yield Served(host, port)
        finally:
            for filler in fillers:
                filler.close()


@contextmanager
def unbound(host: str = "127.0.0.1") -> Iterator[Served]:
    """A port that is taken, and on which nobody listens: refused for as long as the block lasts."""
    with socket.socket() as taken:
        taken.bind((host, 0))
        yield Served(host, taken.getsockname()[1])
