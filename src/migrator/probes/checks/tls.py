"""The check of TLS itself: chain, name, from when to when the certificate holds, and the version.

`ca` ("system" or certificates as text), `verify` and `min_version` are the session's business and
good for every kind that speaks through TLS; this kind says in its words what a person must do.
"""

from __future__ import annotations

from time import time
from typing import cast

from migrator.probes.agent.wire import MISMATCH, OK, TLS, Look
from migrator.probes.checks.certificate import day
from migrator.probes.checks.talk import Finding, Talk, Turn

DAY = 86_400
DAYS_MAX = 10_000
NAMES_SHOWN = 3


class TlsTalk(Talk):
    """Arguments: `days_min` (so many days it must still hold), `holds` (in its names), and those
    of the session. `because` is for the second look at a certificate that was distrusted.
    """

    tls = "always"

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        args = look.get("args", {})
        strange = set(args) - {"ca", "verify", "min_version", "days_min", "holds", "because"}
        if strange:
            raise ValueError(f"tls knows no argument {', '.join(sorted(strange))}")
        days_min, holds = args.get("days_min", 0), args.get("holds", "")
        if isinstance(days_min, bool) or not isinstance(days_min, (int, float)):
            raise ValueError("days_min is no number")  # noqa: TRY004 - the one error of bad arguments
        if not 0 <= days_min <= DAYS_MAX or not isinstance(holds, str):
            raise ValueError(f"days_min is not from 0 to {DAYS_MAX}, or holds is no text")
        self.days_min, self.holds = days_min, holds
        self.because = str(args.get("because", ""))

    def secured(self, certificate: dict[str, object], version: str, cipher: str) -> Turn:
        """TLS stands, so the session's demands hold; what is left are the days and the names."""
        seen, ends = described(certificate), certificate.get("not_after")
        left = (ends - time()) / DAY if isinstance(ends, (int, float)) else None
        held = "" if left is None else lasting(left, ends)
        if self.because:
            told = f"{self.because}; {held}; {seen}" if held else f"{self.because}; {seen}"
            return Turn(done=Finding(TLS, seen, told))
        detail = "; ".join(part for part in (held, seen, version, cipher) if part)
        seen = f"{seen}\n{version} {cipher}"
        if left is not None and left < self.days_min:
            return Turn(done=Finding(TLS, seen, f"fewer than {self.days_min:g} days: {detail}"))
        if self.holds not in seen:
            return Turn(done=Finding(MISMATCH, seen, f"no {self.holds!r} in: {detail}"))
        return Turn(done=Finding(OK, seen, detail))


def described(certificate: dict[str, object]) -> str:
    """Whose it is and who says so, for a person; also the text in which marks are looked for."""
    names = cast("list[str]", certificate.get("names") or [])
    shown = ", ".join(names[:NAMES_SHOWN]) + (" ..." if len(names) > NAMES_SHOWN else "")
    parts = (
        ("for", certificate.get("subject")),
        ("names", shown),
        ("from", certificate.get("issuer")),
    )
    return ", ".join(f"{label} {value}" for label, value in parts if value)


def lasting(left: float, ends: object) -> str:
    """How long it still holds, or since when it does not."""
    if left < 0:
        return f"expired {day(ends)}, {-left:.0f} days ago"
    return f"holds until {day(ends)}, {left:.0f} days"
