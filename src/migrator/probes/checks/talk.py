"""What a kind of check is to the agent's loop: a conversation over one connection, without I/O."""

from __future__ import annotations

from typing import NamedTuple

from migrator.probes.agent.wire import CLOSED, OK, TIMEOUT, Look, Plain


class Finding(NamedTuple):
    """How a conversation ended. `seen` is the text in which the sides' marks are looked for."""

    word: str
    seen: str = ""
    detail: str = ""


class Turn(NamedTuple):
    """What to do next: send these bytes, begin TLS after them, or end with a finding.

    An empty turn waits for more. `wait` asks for `waited` after so many seconds, whatever comes
    meanwhile. `onward` ends this connection and goes on with another look in place of this one
    (same id, host and patience): a redirect, a second opinion. It passes the allow-list and the
    caps again.
    """

    send: bytes = b""
    start_tls: bool = False
    done: Finding | None = None
    wait: float = 0.0
    onward: Look | None = None


class Talk:
    """One conversation. The loop calls `begin` once connected, and `hear` for what comes.

    The plain class is the whole check of a port that only has to accept.
    """

    transport = "tcp"  # or udp, or none: `alone` is called instead of everything else
    tls = "asked"  # asked: where the look says so; always; inside: the talk itself says start_tls
    alpn: tuple[str, ...] = ()  # what is offered to be spoken inside TLS; some servers insist

    def __init__(self, look: Look) -> None:
        """Raises ValueError, with words for a person, for arguments that it cannot use."""
        self.look = look

    def begin(self) -> Turn:
        """Connected, and through TLS where that comes first."""
        return Turn(done=Finding(OK))

    def secured(self, certificate: dict[str, object], version: str, cipher: str) -> Turn:
        """TLS stands; called before `begin` where TLS comes first, and after `start_tls`.

        `certificate` is what the other end showed, as `checks.certificate` reads it, whether it was
        verified or not.
        """
        return Turn()

    def distrusted(self, reason: str) -> Turn:
        """The certificate does not hold, for this reason; `seen` may still tell the sides apart.

        The plain answer looks a second time without verifying, to say when it expired and whose
        name it bears, and then still finds `tls`.
        """
        args: dict[str, Plain] = {"verify": False, "because": reason}
        onward = Look(
            id=self.look["id"], kind="tls", host=self.look["host"], port=self.look["port"]
        )
        onward["args"] = args
        for key in ("seconds", "server_name", "old", "new"):
            if key in self.look:
                onward[key] = self.look[key]
        return Turn(onward=onward)

    def hear(self, data: bytes) -> Turn:
        """Bytes came; for udp, one datagram."""
        return Turn()

    def closed(self) -> Finding:
        """The other end hung up before the talk was done."""
        return Finding(CLOSED)

    def waited(self) -> Turn:
        """The time that a turn asked for with `wait` is over."""
        return Turn()

    def late(self) -> Finding:
        """The try's time ended first; a talk that heard half an answer may say so."""
        return Finding(TIMEOUT)

    def alone(self, seconds: float) -> Finding:
        """The whole look, where `transport` is none: blocks for at most so long, in a thread."""
        return Finding(OK)
