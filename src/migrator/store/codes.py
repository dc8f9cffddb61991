"""Single-use codes: how a person who is not at the keyboard proves to be the second one.

`migrator codes` makes them and writes them down once, for the people who decide; the store keeps
their digests, the engine compares digests, and a spent one is in the journal. A code itself is
never stored. Sixty random bits: nobody guesses one in a weekend, and they can be read out.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two signs that are not mistaken for each other, on paper or by ear: no 0, 1, I, O."""

GROUPS: Final = 3
GROUP: Final = 4


def new_code() -> str:
    """Make a code such as 7KQM-2XWD-RB9T."""
    signs = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP)]
    return "-".join("".join(signs[i : i + GROUP]) for i in range(0, len(signs), GROUP))


def code_digest(code: str) -> str:
    """The digest by which a code is known; however it was typed, dashes, spaces and case aside."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
