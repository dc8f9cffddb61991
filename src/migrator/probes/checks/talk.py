"""What a kind of check is to the agent's loop: a conversation over one connection, without I/O."""

from __future__ import annotations

from typing import NamedTuple

from migrator.probes.agent.wire import OK, Look


class Finding(NamedTuple):
    """How a conversation ended. `seen` is the text in which the sides' marks are looked for."""

    word: str
    seen: str = ""
    detail: str = ""


class Turn(NamedTuple):
    """What to do next: send these bytes, begin TLS after them, or end with a finding."""

    send: bytes = b""
    start_tls: bool = False
    done: Finding | None = None


class Talk:
    """One conversation. The loop calls `begin` once connected, and `hear` for what comes.

    The plain class is the whole check of a port that only has to accept.
    """

    transport = "tcp"  # or udp, or none: for what is no connection at all
    tls = "asked"  # asked: where the look says so; always; inside: the talk itself says start_tls

    def __init__(self, look: Look) -> None:
        """Raises ValueError, with words for a person, for arguments that it cannot use."""
        self.look = look

    def begin(self) -> Turn:
        """Connected, and through TLS where that comes first."""
        return Turn(done=Finding(OK))

    def secured(self, certificate: dict[str, object], version: str, cipher: str) -> Turn:
        """TLS stands; called before `begin` where TLS comes first, and after `start_tls`."""
        return Turn()

    def hear(self, data: bytes) -> Turn:
        """Bytes came; for udp, one datagram."""
        return Turn()

    def closed(self) -> Finding:
        """The other end hung up before the talk was done."""
        return Finding("closed")
