"""A journal in memory: of a rehearsal or a dry run, kept in a store only when it has ended.

Made by `wiring`, used by the conductor through `engine.ports.Journal`. It chains its lines like
the journal on disk, and passes the same contract suite (tests/contracts/test_journal.py). Nothing
of it outlives the process: a run that people wait for never uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from migrator.engine.events import Event
from migrator.engine.ports import Entry, Line, OperatorCommand
from migrator.plan.model import Itinerary
from migrator.store.chain import Chain
from migrator.store.desk import answers, doubled, readable

NO_CODES: Final[Mapping[str, str]] = MappingProxyType({})


class MemoryJournal:
    """The journal of one run in one process. Its epoch is always 1: nobody can take it over."""

    def __init__(
        self, run_name: str, itinerary: Itinerary, codes: Mapping[str, str] = NO_CODES
    ) -> None:
        """Begin an empty journal; `codes` are digests of single-use codes by person."""
        self.run_name = run_name
        self.codes = codes
        self._itinerary = itinerary
        self._chain = Chain(run_name)
        self._lines: list[Line] = []
        self._commands: dict[str, OperatorCommand] = {}
        self._waiting: dict[str, OperatorCommand] = {}
        self._answers: dict[str, tuple[Event, ...]] = {}

    @property
    def head(self) -> str:
        """The hash of the last line; 64 zeros before the first."""
        return self._chain.head

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Add facts, all or none."""
        if not entries:
            return ()
        _, lines = self._chain.write(entries, epoch=1)
        for command, answer in answers(lines).items():
            self._waiting.pop(command, None)
            self._answers.setdefault(command, tuple(line.event for line in answer))
        self._lines.extend(lines)
        self._chain.advance(lines[-1])
        return lines

    def lines(self, after: int = 0) -> Sequence[Line]:
        """The lines after `after`, in order."""
        return self._lines[after:]

    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """The commands that wait for an answer, oldest first."""
        return tuple(self._waiting.values())

    def submit(self, command: OperatorCommand) -> None:
        """Put a command on the desk. The same one may come twice; it is answered once."""
        readable(command)
        known = self._commands.get(command.id)
        if known is None:
            self._commands[command.id] = self._waiting[command.id] = command
        elif known != command:
            raise doubled(command)

    def answer_of(self, command_id: str) -> tuple[Event, ...] | None:
        """What became of a command; None while it waits."""
        return self._answers.get(command_id)

    def itinerary(self) -> Itinerary:
        """The itinerary that the run works from."""
        return self._itinerary
