"""Journals that conductors of a simulation take over from each other: in memory, or SQLite itself.

`Fenced` is a MemoryJournal that knows epochs; it passes the contract suite of journals
(`test_simulation.py` holds it up). `SqliteStore` is the real one: each conductor opens the file
for itself, as a process of its own would, and a lease of a dead one has run out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from migrator.engine.ports import Entry, Line, OperatorCommand
from migrator.plan.model import Itinerary
from migrator.store import tables
from migrator.store.lease import passed
from migrator.store.memory import MemoryJournal
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal

RUN: Final = "soak"


class Led(Protocol):
    """A journal that somebody leads, as far as a simulation needs it."""

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Add facts; refused once the epoch has passed."""
        ...

    def lines(self, after: int = 0) -> Sequence[Line]:
        """The lines after `after`."""
        ...

    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """The commands that wait."""
        ...

    def submit(self, command: OperatorCommand) -> None:
        """Put a command on the desk."""
        ...

    def itinerary(self) -> Itinerary:
        """The pinned itinerary."""
        ...


class Fenced(MemoryJournal):
    """The journal of one run in memory, as whoever leads it in one epoch sees it."""

    def __init__(self, run_name: str, itinerary: Itinerary, shared: Fenced | None = None) -> None:
        """Begin a journal, or take over `shared`, whose epoch passes by it."""
        super().__init__(run_name, itinerary)
        self._first: Fenced = self if shared is None else shared._first
        self._latest = 1
        self._first._latest += shared is not None
        self._epoch = self._first._latest
        if shared is not None:
            first = self._first
            self._chain, self._lines = first._chain, first._lines
            self._commands, self._waiting = first._commands, first._waiting
            self._answers = first._answers

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Add facts, all or none; none once somebody else has taken over."""
        if self._epoch != self._first._latest:
            raise passed(self.run_name, self._epoch)
        return super().append(entries)


class Stores(Protocol):
    """Where a run is kept while its conductors come and go."""

    def lead(self) -> Led:
        """Take the run over, as a new process."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class MemoryStore:
    """A run in memory."""

    def __init__(self, itinerary: Itinerary) -> None:
        """Nothing is written yet."""
        self._itinerary = itinerary
        self._journal: Fenced | None = None

    def lead(self) -> Led:
        """Take it over."""
        self._journal = Fenced(RUN, self._itinerary, self._journal)
        return self._journal

    def close(self) -> None:
        """There is nothing to let go of."""


class SqliteStore:
    """A run in a file, led by one process after the other."""

    def __init__(self, itinerary: Itinerary, folder: Path) -> None:
        """Nothing is written yet."""
        self._itinerary = itinerary
        self._folder = folder
        self._open: list[Store] = []

    def lead(self) -> Led:
        """Open the file anew and take the run over; the lease of the one before has run out."""
        store = open_store(self._folder, practice=True)
        first = not self._open
        self._open.append(store)
        if first:
            made: SqlJournal = store.create_run(
                RUN, self._itinerary, seed=1, mode="virtual", target="nowhere", plan_digest=""
            )
            return made
        with store._database.writing() as connection:
            connection.execute(tables.leases.update().values(until=0.0))
        return store.journal(RUN, lead=True)

    def close(self) -> None:
        """Close every connection that a dead process would have lost."""
        for store in self._open:
            store.close()
