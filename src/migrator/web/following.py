"""Keeps a run up to date for all pages of one process, and tells the stream what changed.

One task per process reads the journal; pages show what it has folded. A frame names what changed
and whom it is for, so that a thousand handlers do not all ask for a new page when one of them has
ticked. At most four frames a second: what comes between is told together.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final

from migrator.conductor.clock import seconds, wall_now
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Line
from migrator.errors import MigratorError
from migrator.store import presence
from migrator.web.hub import Hub
from migrator.web.seen import LINES_KEPT_MAX, SeenRun

LOOK_SECONDS: Final = 0.05
"""How often the store is asked whether anything was committed; asking costs microseconds."""
FRAME_SECONDS: Final = 0.25
TROUBLE_SECONDS: Final = 1.0
LINGER_SECONDS: Final = 10.0
"""A form that is sent, or a reload, closes a page for a moment: nobody has left because of that."""
LOOKS_PER_CLOCK: Final = 20
"""The leader and its clock are read once a second at least."""


class Following:
    """A run that is followed, and the hub that tells of it."""

    def __init__(self, seen: SeenRun, hub: Hub, clock: Callable[[], float] = seconds) -> None:
        """Follow `seen`; nothing is read before `keep_up`. `clock` gives seconds."""
        self.seen = seen
        self.hub = hub
        self.trouble: tuple[datetime, str] | None = None  # since when nothing could be read
        self._version: int | None = None
        self._process = secrets.token_hex(8)
        self._clock = clock
        self._at_pages: Counter[str] = Counter()
        self._left: dict[str, float] = {}  # when somebody's last page was closed
        self._told: frozenset[str] = frozenset()

    @contextmanager
    def at_a_page(self, person: str) -> Iterator[None]:
        """Somebody has a page open for as long as the block lasts."""
        self._at_pages[person] += 1
        try:
            yield
        finally:
            self._at_pages[person] -= 1
            self._left[person] = self._clock()

    def here(self) -> frozenset[str]:
        """Who has a page open, or had one a moment ago."""
        since = self._clock() - LINGER_SECONDS
        self._left = {person: left for person, left in self._left.items() if left > since}
        return frozenset((*(+self._at_pages), *self._left))

    async def tell_presence(self) -> None:
        """Say who is here, in practice runs, until cancelled; at the end that nobody is."""
        if not self.seen.practice:
            return
        try:
            while True:
                await self._say(self.here())
                for _ in range(int(presence.TELL_SECONDS / FRAME_SECONDS)):
                    await asyncio.sleep(FRAME_SECONDS)
                    if self.here() != self._told:
                        break
        finally:
            with suppress(MigratorError):
                presence.tell(self.seen.journal, self._process, (), wall_now())

    async def _say(self, people: frozenset[str]) -> None:
        if people or people != self._told:
            self._told = people
            journal = self.seen.journal
            with suppress(MigratorError):  # said again in a moment
                await asyncio.to_thread(presence.tell, journal, self._process, people, wall_now())

    async def keep_up(self) -> None:
        """Read and tell until cancelled."""
        looks, expected = 0, self.seen.expected
        while True:
            looks += 1
            try:
                fresh = await asyncio.to_thread(self._fresh, looks % LOOKS_PER_CLOCK == 0)
            except MigratorError as error:
                # The store is away. What is shown is old, and says so until it comes back.
                self.trouble = self.trouble or (wall_now(), error.message)
                await asyncio.sleep(TROUBLE_SECONDS)
                continue
            self.trouble = None
            if self.seen.expected != expected and not fresh:
                expected = self.seen.expected
                self.hub.publish(frame(self.seen, []))  # the turn-back clock has moved
            if not fresh:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            self.take(fresh)
            await asyncio.sleep(FRAME_SECONDS)

    def take(self, fresh: Iterable[Line]) -> None:
        """Fold lines and tell of them; on the loop's thread, where pages read the run."""
        lines = list(fresh)
        seen = self.seen
        for line in lines:
            apply(seen.run, line.at, line.event)
        seen.itinerary = seen.run.itinerary
        seen.recent = [*seen.recent, *lines][-LINES_KEPT_MAX:]
        self.hub.publish(frame(seen, lines))

    def _fresh(self, with_clock: bool) -> tuple[Line, ...]:  # noqa: FBT001 - one caller
        """What is new in the journal; in a thread, because a database is asked."""
        seen = self.seen
        version = seen.journal.data_version()
        changed = version != self._version
        if changed or with_clock:
            seen.leader = seen.journal.leader()
            kept = seen.journal.facts("clock")
            seen.reading = kept if isinstance(kept, dict) else {}
            seen.expected = seen.journal.facts("forecast")
        if not changed:
            return ()
        self._version = version
        return tuple(seen.journal.lines(seen.run.seq))


def frame(seen: SeenRun, lines: Iterable[Line]) -> bytes:
    """What happened, as one event of the stream: which waves, and for whom it matters."""
    return told_upto(seen, lines, seen.run.seq)


def told_upto(seen: SeenRun, lines: Iterable[Line], seq: int) -> bytes:
    """The same, of lines up to one that need not be the last: whoever comes back goes on there."""
    people: set[str] = set()
    waves: set[str] = set()
    for line in lines:
        people |= concerned(seen, line.event)
        wave = getattr(line.event, "wave", None)
        if isinstance(wave, str):
            waves.add(wave)
    data = {"seq": seq, "people": sorted(people), "waves": sorted(waves)}
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"id: {seq}\nevent: run\ndata: {body}\n\n".encode()


def concerned(seen: SeenRun, event: ev.Event) -> set[str]:
    """Whose own page an event changes."""
    check = getattr(event, "check", None)
    if not isinstance(check, str):
        return set()
    leg = next((each for each in seen.itinerary.checks if each.id == check), None)
    found = set(leg.eligible) if leg is not None else set()
    person = getattr(event, "person", None)
    return found | ({person} if isinstance(person, str) else set())
