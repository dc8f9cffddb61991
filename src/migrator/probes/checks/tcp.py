"""The check of a port: it accepts, and where asked it stays open or says its banner.

A port that accepts and hangs up at once (a load balancer without anybody behind it) looks alive to
a bare connect; `stays_ms` tells the two apart. Never sends a byte.
"""

from __future__ import annotations

from migrator.probes.agent.wire import CLOSED, MISMATCH, OK, TIMEOUT, Look
from migrator.probes.checks.talk import Finding, Talk, Turn

STAYS_MS_MAX = 60_000
BANNER_BYTES_MAX = 4096
"""No banner is longer; what is, is no banner."""


class TcpTalk(Talk):
    """Arguments: `banner` (a text to wait for), `stays_ms` (must not hang up within that time).

    Where a mark of a side is asked for, the first words are waited for too.
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        args = look.get("args", {})
        banner, stays_ms = args.get("banner", ""), args.get("stays_ms", 0)
        if not isinstance(banner, str):
            raise ValueError("tcp: banner is not a text")  # noqa: TRY004 - the one error of bad arguments
        if not isinstance(stays_ms, (int, float)) or not 0 <= stays_ms <= STAYS_MS_MAX:
            raise ValueError(f"tcp: stays_ms is not a number from 0 to {STAYS_MS_MAX}")
        self.banner = banner
        self.stays = stays_ms / 1000
        self.marks = [mark for mark in (look.get("old"), look.get("new")) if mark]
        self.heard = b""
        self.lingering = False

    def begin(self) -> Turn:
        """Connected; done unless there is something to wait for."""
        if self.banner or self.marks:
            return Turn()
        return self._linger(Finding(OK))

    def hear(self, data: bytes) -> Turn:
        """Collect the banner until it holds what is looked for."""
        if self.lingering:
            return Turn()
        self.heard += data[: BANNER_BYTES_MAX - len(self.heard)]
        text = self._text()
        marked = not self.marks or any(mark in text for mark in self.marks)
        if self.banner in text and marked:
            return self._linger(Finding(OK, text, text))
        if len(self.heard) >= BANNER_BYTES_MAX:
            return Turn(done=self._unheld(text))
        return Turn()

    def waited(self) -> Turn:
        """It stayed open for as long as it should."""
        text = self._text()
        return Turn(done=Finding(OK, text, text))

    def closed(self) -> Finding:
        """Hung up: what came before may be a banner, only not the one looked for."""
        if self.lingering:
            return Finding(CLOSED, self._text(), "accepted, then hung up")
        if self.heard:
            return self._unheld(self._text())
        return Finding(CLOSED, "", "accepted, then hung up without a word")

    def late(self) -> Finding:
        """Silence, or a banner without what it should hold."""
        if self.heard:
            return self._unheld(self._text())
        return Finding(TIMEOUT, "", "accepted, but never said a word")

    def _linger(self, finding: Finding) -> Turn:
        if not self.stays:
            return Turn(done=finding)
        self.lingering = True
        return Turn(wait=self.stays)

    def _unheld(self, text: str) -> Finding:
        if self.banner not in text:
            return Finding(MISMATCH, text, f"no {self.banner!r} in: {text}")
        # The banner is right and only no side's mark is in it: that is for the side to say.
        return Finding(OK, text, text)

    def _text(self) -> str:
        return self.heard.decode("utf-8", "replace")
