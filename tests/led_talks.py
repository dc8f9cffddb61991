"""Plays the agent's part in a check's talk: in memory, cut as a test likes, or over a real socket.

The agent's own loop has tests of its own; here one talk is led by the plainest code that can lead
it, so that a fault found here is the check's.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import NamedTuple

from migrator.probes.agent.wire import Look, Plain
from migrator.probes.checks.talk import Finding, Talk, Turn

Kind = Callable[[Look], Talk]


class Played(NamedTuple):
    """What came of a talk, what it sent, and whether it asked for TLS at the end."""

    finding: Finding | None
    sent: tuple[bytes, ...]
    asked_tls: bool


def a_look(kind: str, /, **args: Plain) -> Look:
    """One look at a host that nobody asks, with these arguments."""
    return Look(id="l1", kind=kind, host="192.0.2.1", port=4711, seconds=1.0, args=args)


def play(talk: Talk, chunks: Iterable[bytes], *, hangs_up: bool = False) -> Played:
    """Let the other end say these chunks. A talk that ended hears no more."""
    sent: list[bytes] = []
    turn = talk.begin()
    for chunk in chunks:
        sent += [turn.send] if turn.send else []
        if turn.done is not None or turn.start_tls:
            return Played(turn.done, tuple(sent), turn.start_tls)
        turn = talk.hear(chunk)
    sent += [turn.send] if turn.send else []
    if turn.done is None and hangs_up and not turn.start_tls:
        return Played(talk.closed(), tuple(sent), asked_tls=False)
    return Played(turn.done, tuple(sent), turn.start_tls)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The same bytes, cut at these places; no piece is empty."""
    at = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    pieces = [data[start:end] for start, end in pairwise(at)]
    return [piece for piece in pieces if piece]


def found(talk: Talk, chunks: Iterable[bytes], *, hangs_up: bool = False) -> Finding:
    """What came of a talk that must have ended."""
    finding = play(talk, chunks, hangs_up=hangs_up).finding
    assert finding is not None, "the talk did not end"
    return finding


def over_socket(talk: Talk, address: tuple[str, int], *, seconds: float = 5.0) -> Finding:
    """Lead a talk with a real server."""
    if talk.transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.settimeout(seconds)
            plain.connect(address)
            return _lead(talk, plain, talk.begin())
    with ExitStack() as opened:
        connection = opened.enter_context(socket.create_connection(address, timeout=seconds))
        if talk.look.get("tls") and talk.tls != "inside":
            connection = opened.enter_context(_secured(connection, talk))
            talk.secured({}, "", "")
        return _lead(talk, connection, talk.begin(), opened)


def _lead(
    talk: Talk, connection: socket.socket, turn: Turn, opened: ExitStack | None = None
) -> Finding:
    while True:
        if turn.send:
            connection.sendall(turn.send)
        if turn.done is not None:
            return turn.done
        if turn.start_tls:
            assert opened is not None, "no TLS over udp"
            connection = opened.enter_context(secure := _secured(connection, talk))
            turn = talk.secured({}, secure.version() or "", "")
            continue
        data = connection.recv(4096)
        if not data and talk.transport != "udp":
            return talk.closed()
        turn = talk.hear(data)


def _secured(connection: socket.socket, talk: Talk) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    names: tuple[str, ...] = getattr(talk, "alpn", ())
    if names:
        context.set_alpn_protocols(list(names))
    return context.wrap_socket(connection)
