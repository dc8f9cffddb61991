"""Durations as people write them (`90s`, `40m`, `1h30m`) to minutes and back.

Called by `schema.py` at the door, by `plan/text.py`, and wherever a duration is shown. What
`format_minutes` writes, `parse_minutes` reads back to the very same number. Nothing here rounds.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

MINUTES_MAX: Final = 366 * 24 * 60
"""No step of one weekend takes a year; a longer figure is a slip of the unit."""

_TEXT: Final = re.compile(
    r"(?:(?P<h>\d{1,9}(?:\.\d{1,40})?)h)?(?:(?P<m>\d{1,9}(?:\.\d{1,400})?)m)?"
    r"(?:(?P<s>\d{1,9}(?:\.\d{1,40})?)s)?",
    re.ASCII,
)


def parse_minutes(text: str | float) -> float:
    """Minutes from `90s`, `40m`, `1h30m`, `2h`, or a plain number of minutes.

    Raises ValueError with a sentence that says what is wanted; the door makes a fault of it.
    """
    if not isinstance(text, str):
        # Compared before float(): an integer may be too large to become one.
        return _checked(float(text) if abs(text) <= MINUTES_MAX else math.inf, text)
    squeezed = text.strip().replace(" ", "")
    match = _TEXT.fullmatch(squeezed)
    if not squeezed or match is None:
        raise ValueError(f"wants a duration such as 90s, 40m or 1h30m, found '{text}'")
    if match["m"] is not None and match["h"] is None and match["s"] is None:
        return _checked(float(match["m"]), text)
    seconds = (
        Decimal(match["h"] or 0) * 3600 + Decimal(match["m"] or 0) * 60 + Decimal(match["s"] or 0)
    )
    return _checked(float(seconds) / 60, text)


def format_minutes(minutes: float) -> str:
    """The shortest customary text: `2h`, `1h30m`, `40m`, `90s` below two minutes, else `2m30s`."""
    assert math.isfinite(minutes), "a duration is a number"
    assert minutes >= 0, "a duration is never negative"
    seconds = round(minutes * 60)
    if seconds / 60 != minutes:
        # No whole number of seconds: decimal minutes, so that nothing is lost on the way back.
        return f"{Decimal(repr(float(minutes))):f}m"
    if seconds < 120 and seconds % 60:
        return f"{seconds}s"
    whole, rest = divmod(seconds, 60)
    hours, whole = divmod(whole, 60)
    text = f"{hours}h" if hours else ""
    text += f"{whole}m" if whole or not (hours or rest) else ""
    return text + (f"{rest}s" if rest else "")


def _checked(minutes: float, text: str | float) -> float:
    if not math.isfinite(minutes) or not 0 <= minutes <= MINUTES_MAX:
        raise ValueError(f"wants a duration from 0 to one year, found {text!r}")
    return minutes
