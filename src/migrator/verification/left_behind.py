"""The reference of what a test leaves in the system, as a handler may write it down.

Called by `engine/verdicts.py`. The journal never forgets, so nothing may stand there that could be
somebody's personal number, and no prose: a case number, an amount's reference, an id.
"""

from __future__ import annotations

import re
from typing import Final

REFERENCE_CHARACTERS_MAX: Final = 60
"""Longer than any case number; shorter than a story about a person."""

_SHAPE: Final = re.compile(r"[\w./:# -]+")
_PERSONAL: Final = re.compile(r"(?<!\d)(?:\d{2})?\d{2}[01]\d[0-9]\d[-+ ]?\d{4}(?!\d)")
"""Year, month, day (a co-ordination number's day is 60 higher) and four digits."""


def reference_fault(text: str) -> str:
    """What is wrong with a reference; empty for a good one."""
    if len(text) > REFERENCE_CHARACTERS_MAX:
        return (
            f"the reference has {len(text)} characters; write the test case's own number, "
            f"at most {REFERENCE_CHARACTERS_MAX}"
        )
    if not _SHAPE.fullmatch(text):
        return "a reference is letters, digits, spaces and - _ . / : #; the rest goes into the note"
    if _PERSONAL.search(text):
        return (
            "the reference looks like a personal number, which must not stand here; write the "
            "test case's own number"
        )
    return ""
