"""Who listens: each stream belongs to a session, and ends soon after the session has.

`pages.py` asks before a stream begins, `stream.py` while it lasts. One task per process asks the
store about all of them together, because a thousand streams that asked one by one would be most of
its work. What must never happen: a stream that tells somebody who has signed out, for hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from migrator.conductor.clock import wall_now
from migrator.errors import MigratorError

STREAMS_MAX: Final = 24
"""Of one session. A browser opens six to a host; without a limit one visitor could take all the
connections there are."""
LOOK_SECONDS: Final = 5.0


class Sessions(Protocol):
    """What is needed of the store."""

    def holding(self, tokens: Collection[str], now: datetime) -> frozenset[str]:
        """Which of these secrets are of sessions that have not ended."""
        ...


@dataclass(slots=True, eq=False)
class Guest:
    """A session with at least one stream."""

    streams: int = 0
    gone: bool = False  # the session has ended


class Guests:
    """The sessions that have streams in this process. `wake` makes every stream look up."""

    def __init__(self, sessions: Sessions, wake: Callable[[], None]) -> None:
        """Nobody listens yet."""
        self._sessions = sessions
        self._wake = wake
        self._guests: dict[str, Guest] = {}

    def has_room(self, token: str) -> bool:
        """Tell whether a session may have one stream more."""
        guest = self._guests.get(token)
        return guest is None or guest.streams < STREAMS_MAX

    @contextmanager
    def listening(self, token: str) -> Iterator[Guest]:
        """A session has one stream more for as long as the block lasts."""
        # Many may have asked for room in the same instant.
        if not self.has_room(token):
            yield Guest(gone=True)
            return
        guest = self._guests.setdefault(token, Guest())
        guest.streams += 1
        try:
            yield guest
        finally:
            guest.streams -= 1
            if guest.streams == 0 and self._guests.get(token) is guest:
                del self._guests[token]

    async def look_out(self) -> None:
        """See every few seconds who has gone, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """See who has gone. While the store is away everybody stays: nothing is told either."""
        asked = dict(self._guests)
        if not asked:
            return
        try:
            held = await asyncio.to_thread(self._sessions.holding, list(asked), wall_now())
        except MigratorError:
            return
        gone = [guest for token, guest in asked.items() if token not in held]
        for guest in gone:
            guest.gone = True
        if gone:
            self._wake()
