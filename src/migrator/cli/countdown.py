"""How much time is left until something, as screens count it down.

Used by `status`, `watch`, `decide` and the turn-back clock, so that all of them say it alike.
"""

from __future__ import annotations

from datetime import datetime


def left(until: datetime, now: datetime) -> str:
    """How much time is left: 1 h 05 min, 12 min 30 s, or that it is over."""
    seconds = int((until - now).total_seconds())
    if seconds <= 0:
        return "now"
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
