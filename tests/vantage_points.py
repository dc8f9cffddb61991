"""Vantage points that see what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from migrator.platform.kubernetes.looking import Answered, Look, VantageLost

Says = Callable[[Look, int], str]
"""What a front answers to the nth look: a text, `!word` for an error, `LOST` for nobody to ask."""


class Scripted:
    """Answers by a function of the look and its number, a millisecond after each other."""

    def __init__(self, name: str, says: Says, *, inside: bool = True) -> None:
        self.name, self.inside = name, inside
        self.asked: dict[str, int] = {}
        self._says = says

    async def look(
        self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
    ) -> tuple[Answered, ...]:
        await asyncio.sleep(0)
        return tuple(self._one(each) for _ in range(rounds) for each in batch)

    def _one(self, look: Look) -> Answered:
        number = self.asked[look.id] = self.asked.get(look.id, 0) + 1
        said = self._says(look, number)
        if said == "LOST":
            raise VantageLost("it is gone")
        error = said[1:] if said.startswith("!") else ""
        now = asyncio.get_running_loop().time() + number / 1000
        return Answered(look.id, not error, error, "" if error else said, 0, 1.0, now, "")


def always(text: str) -> Says:
    return lambda _look, _number: text


def first(count: int, text: str, then: str) -> Says:
    """So many times the one, and the other for ever."""
    return lambda _look, number: text if number <= count else then
