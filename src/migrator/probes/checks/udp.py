"""UDP where an answer can be had: one datagram out, one back. Silence is never a good answer.

That a datagram was sent proves nothing, not even that a machine is there; so a look without an
answer is a timeout, and a link whose protocol never answers belongs under `untestable`. What is
sent is the argument and nothing else. Identity: the text of the answer.
"""

from __future__ import annotations

from migrator.probes.agent.wire import TIMEOUT, Look
from migrator.probes.checks.arguments import Arguments, judged, readable
from migrator.probes.checks.talk import Finding, Talk, Turn

SEND_BYTES_MAX = 1_200
"""What every network carries in one piece."""


class UdpTalk(Talk):
    """The first datagram that comes back is the answer."""

    transport = "udp"

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("send", "send_hex"), tls=False)
        self._holds = given.holds
        text, digits = given.text("send"), given.text("send_hex", longest=2 * SEND_BYTES_MAX)
        if bool(text) == bool(digits):
            raise ValueError("udp needs send (a text) or send_hex (bytes), one of the two")
        try:
            self._send = text.encode() if text else bytes.fromhex(digits)
        except ValueError:
            raise ValueError("send_hex must be pairs of hexadecimal digits") from None
        if not self._send or len(self._send) > SEND_BYTES_MAX:
            raise ValueError(f"udp sends between 1 and {SEND_BYTES_MAX} bytes")

    def begin(self) -> Turn:
        """Ask."""
        return Turn(send=self._send)

    def hear(self, data: bytes) -> Turn:
        """An answer of no bytes is one too."""
        seen = readable(data)
        detail = readable(data, 100) or "an empty answer"
        return Turn(done=judged(self._holds, seen, detail))

    def late(self) -> Finding:
        """Nobody there, a firewall that drops, a datagram lost or a server that keeps silent."""
        return Finding(TIMEOUT, "", "no answer, which over UDP says nothing of why")
