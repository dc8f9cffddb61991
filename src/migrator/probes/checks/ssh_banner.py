"""SSH: who answers, by the line with which both ends begin. No key exchange, no sign-in.

A server says its identification first, perhaps after other lines (RFC 4253, 4.2). Ours goes back so
that its log tells who came, and the connection ends. Identity: that line. Two hosts installed alike
answer alike; the host key, which would tell them apart, is not looked at.
"""

from __future__ import annotations

from migrator.probes.agent.wire import CLOSED, PROTOCOL, STATUS, TIMEOUT, Look
from migrator.probes.checks.arguments import Arguments, judged, readable
from migrator.probes.checks.talk import Finding, Talk, Turn

OURS = b"SSH-2.0-migrator_probe\r\n"
LINE_BYTES_MAX = 1_024  # RFC 4253 allows 255 for the identification, and says nothing of the others
LINES_MAX = 50


class SshBannerTalk(Talk):
    """Waits for `SSH-`, answers, ends."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._holds = Arguments(look, (), tls=False).holds
        self._waiting = b""
        self._lines: list[bytes] = []

    def begin(self) -> Turn:
        """The server speaks first."""
        return Turn()

    def hear(self, data: bytes) -> Turn:
        """Read whole lines until the one that counts."""
        self._waiting += data
        while True:
            line, end, rest = self._waiting.partition(b"\n")
            if len(line) > LINE_BYTES_MAX:
                return Turn(done=Finding(PROTOCOL, "", "a line without an end: not SSH"))
            if not end:
                return Turn()
            self._waiting = rest
            self._lines.append(line.rstrip(b"\r"))
            if line.startswith(b"SSH-"):
                return self._judge(readable(self._lines[-1]))
            if len(self._lines) >= LINES_MAX:
                said = readable(self._lines[0], 100)
                return Turn(done=Finding(PROTOCOL, "", f"many lines and none of SSH's: {said}"))

    def closed(self) -> Finding:
        """A server with too many callers says so and hangs up."""
        said = self._said()
        return Finding(CLOSED, said, f"hung up after {said!r}" if said else "hung up at once")

    def late(self) -> Finding:
        """Whoever waits to be spoken to is no SSH server."""
        said = self._said()
        return Finding(TIMEOUT, said, f"said {said!r} and no more" if said else "said nothing")

    def _said(self) -> str:
        return readable(b" ".join([*self._lines, self._waiting[:LINE_BYTES_MAX]]), 200).strip()

    def _judge(self, line: str) -> Turn:
        seen = readable(b"\n".join(self._lines))
        # 1.99 is how a server of both versions calls itself.
        if not line.startswith(("SSH-2.0-", "SSH-1.99-")):
            return Turn(done=Finding(STATUS, seen, f"speaks no version 2: {line}"[:300]))
        return Turn(send=OURS, done=judged(self._holds, seen, line))
