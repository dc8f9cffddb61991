"""Drive a check's talk without a socket, and say what it said: for the unit tests of checks.

`converse` plays the other end from a script, whole or one byte at a time, since a talk must not
care how the network cuts what it hears.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrator.probes.agent.wire import Look, Plain
from migrator.probes.checks.registry import talk_for
from migrator.probes.checks.talk import Finding, Talk, Turn


@dataclass
class Spoken:
    """What a talk did: the bytes of each turn, and how it ended (None: it waits for more)."""

    sent: list[bytes] = field(default_factory=list)
    finding: Finding | None = None
    onward: Look | None = None
    started_tls: int = 0
    waits: list[float] = field(default_factory=list)

    @property
    def word(self) -> str:
        """The word of the finding; empty while there is none."""
        return self.finding.word if self.finding else ""

    @property
    def over(self) -> bool:
        """Tell whether the talk ended."""
        return self.finding is not None or self.onward is not None

    def take(self, turn: Turn) -> None:
        """Note what one turn asked for."""
        if turn.send:
            self.sent.append(turn.send)
        self.started_tls += turn.start_tls
        if turn.wait:
            self.waits.append(turn.wait)
        self.finding, self.onward = turn.done, turn.onward


def a_look(kind: str, host: str = "192.0.2.1", port: int = 80, **more: object) -> Look:
    """A look with everything it needs; `more` are further fields, `args` among them."""
    look: dict[str, object] = {"id": "l1", "kind": kind, "host": host, "port": port, **more}
    return look  # type: ignore[return-value]  # tests hand over nonsense on purpose


def converse(
    look: Look | Talk,
    *heard: bytes,
    size: int = 0,
    certificate: Mapping[str, object] | None = None,
    ends: str = "",
) -> Spoken:
    """Begin a talk and let it hear these bytes, one piece a turn or `size` bytes at a time.

    `certificate` says that TLS stands first; where the talk asks for TLS by itself, it gets the
    same (or an empty one) right after the piece at which it asked. `ends` is what follows if the
    talk is not done by then: "closed", "late" or "waited".
    """
    talk = look if isinstance(look, Talk) else talk_for(look)
    spoken = Spoken()
    shown: dict[str, object] = dict(certificate or {})
    if certificate is not None and talk.tls != "inside":
        spoken.take(talk.secured(shown, "TLSv1.3", "TLS_AES_256_GCM_SHA384"))
    if not spoken.over:
        take(talk, spoken, talk.begin(), shown)
    pieces = [p[i : i + size] for p in heard for i in range(0, len(p), size)] if size else heard
    for piece in pieces:
        if spoken.over:
            break
        take(talk, spoken, talk.hear(piece), shown)
    if not spoken.over and ends == "closed":
        spoken.finding = talk.closed()
    elif not spoken.over and ends == "late":
        spoken.finding = talk.late()
    elif not spoken.over and ends == "waited":
        spoken.take(talk.waited())
    return spoken


def take(talk: Talk, spoken: Spoken, turn: Turn, shown: dict[str, object]) -> None:
    """Note a turn, and play the start of TLS where it asks for it."""
    spoken.take(turn)
    if turn.start_tls and not spoken.over:
        spoken.take(talk.secured(shown, "TLSv1.3", "TLS_AES_256_GCM_SHA384"))


def args_of(**args: Plain) -> dict[str, Plain]:
    """Arguments of a look, with their types."""
    return args
