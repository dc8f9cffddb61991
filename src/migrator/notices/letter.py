"""A message on its way: what every channel carries, and what a channel has to keep.

One contract suite holds for all channels, the fake among them: tests/contracts/test_notices.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

TEXT_MAX: Final = 20_000
"""Characters of a message; a mail of a hundred things is read by nobody."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in words. `id` stays the same however often it is sent.

    `to` is the address; a webhook needs none. `facts` is the same as data, for programs.
    """

    id: str
    person: str
    to: str
    subject: str
    text: str
    language: str
    facts: Mapping[str, object]


class Channel(Protocol):
    """A way to somebody. Called in a thread of its own, which may be left hanging."""

    def send(self, letter: Letter) -> str:
        """Hand the letter in, and say what the other side answered.

        Raises TransientError where it may be tried again, PermanentError where that is useless.
        It must come back in bounded time; whoever calls does not rely on that.
        """
        ...


def one_line(text: str) -> str:
    """A text as it may stand in a header or a title: one line, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
