"""Output of programs and answers of servers, made fit to be shown, journalled and read aloud.

Called by the performers on everything that comes from outside. What comes out has no secret, no
control character that a terminal would obey, and says where something was left out.
"""

from __future__ import annotations

import re
from typing import Final

from migrator.platform.legacy.secret_values import Secrets

LAST_LINES: Final = 12
LAST_CHARACTERS: Final = 1_200
"""Of an output so much goes into a detail or an error: it is journalled and read on a telephone."""

_SEQUENCES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, clipboards and other strings
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
_UNSHOWABLE: Final = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # what terminals obey
    "\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, turning
    "\U000e0000-\U000e007f\ufffd]+"
)
_RUN_SHOWN_MAX: Final = 4


def shown(data: bytes, secrets: Secrets) -> str:
    """Bytes as text for people: secrets struck out, nothing in it that a terminal obeys."""
    text = secrets.hidden(data.decode("utf-8", "replace"))
    text = _SEQUENCES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    # Once more: colours in the midst of a secret hid it from the first look.
    return secrets.hidden(_UNSHOWABLE.sub(_said, secrets.hidden(text)))


def shown_cut(head: bytes, tail: bytes, left_out: int, secrets: Secrets) -> str:
    """An output of which only both ends were kept, with the cut said."""
    if not left_out:
        return shown(head + tail, secrets)
    head, tail = secrets.trimmed(head, tail)
    return f"{shown(head, secrets)}\n... {size(left_out)} left out ...\n{shown(tail, secrets)}"


PROGRESS: Final = "migrator: progress"
"""How a line of progress begins."""


def last_lines(text: str) -> str:
    """The end of an output: where a program says what went wrong."""
    lines = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    # Progress is shown while it goes on; at the end it only hides what was said besides.
    lines = [line for line in lines if not line.startswith(PROGRESS)] or lines
    kept = "\n".join(lines[-LAST_LINES:])
    if len(kept) > LAST_CHARACTERS:
        return "..." + kept[-LAST_CHARACTERS:]
    return kept


def size(count: int) -> str:
    """A number of bytes for people: decimal units, groups of three digits."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= factor:
            return f"{count // factor:,} {unit}".replace(",", " ")
    return f"{count} bytes"


def _said(match: re.Match[str]) -> str:
    count = len(match[0])
    return "\ufffd" * count if count <= _RUN_SHOWN_MAX else f"[{count} bytes that cannot be shown]"
