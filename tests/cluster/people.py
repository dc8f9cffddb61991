"""The weekend's people: they say go and commit, tick what works, say no, and see to disturbances.

An onlooker that answers by commands on the run's desk, as another process would. A no may wait for
something to be seen first, so that it comes when there is something to take back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from migrator.engine import events as ev
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.store.sql_journal import SqlJournal


@dataclass(frozen=True, slots=True)
class _Asked:
    check: str
    person: str
    seq: int


class People:
    """Willing, except about the subsystems in `refused`: those get a no once theirs is true."""

    def __init__(
        self,
        journal: SqlJournal,
        refused: Mapping[str, Callable[[], bool]] | None = None,
        meanwhile: Callable[[Line], None] = lambda _line: None,
    ) -> None:
        """`meanwhile` hears every line."""
        self._journal = journal
        self._refused = refused or {}
        self._meanwhile = meanwhile
        self._waiting: list[tuple[_Asked, Callable[[], bool]]] = []
        self.lines: list[Line] = []

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Answer what is asked."""
        del run
        self.lines += lines
        for line in lines:
            self._meanwhile(line)
            event = line.event
            if isinstance(event, ev.GateOpened):
                self._say("go", event.wave, "anna", line.seq)
            elif isinstance(event, ev.WaveAccepted):
                self._say("commit", event.wave, "anna", line.seq)
            elif isinstance(event, ev.DisturbanceOpened):
                self._close(event.disturbance, event.owner, line.seq)
            elif isinstance(event, ev.CheckAssigned):
                asked = _Asked(event.check, event.person, line.seq)
                seen = self._refused.get(event.check.removeprefix("team.").partition("@")[0])
                if seen is None:
                    self._tick(asked, "works")
                else:
                    self._waiting.append((asked, seen))

    def on_beat(self, run: Run, now: object) -> None:
        """Say no where what was waited for has been seen."""
        del run, now
        for each in tuple(self._waiting):
            asked, seen = each
            if seen():
                self._waiting.remove(each)
                self._tick(asked, "does_not_work")

    def on_leaving(self, why: object) -> None:
        """Nothing to say."""

    def _tick(self, asked: _Asked, verdict: str) -> None:
        self._say("tick", asked.check, asked.person, asked.seq, ("verdict", verdict))

    def _close(self, disturbance: str, owner: str, seq: int) -> None:
        """A run does not end while a disturbance has neither cause nor end."""
        name = f"close-{disturbance}-{seq}"
        found = (("cause", "it did not work on the new side"),)
        self._journal.submit(
            OperatorCommand(name, "close", owner, True, disturbance, "it is seen to", seq, found)
        )

    def _say(self, verb: str, target: str, who: str, seq: int, *details: tuple[str, str]) -> None:
        name = f"{verb}-{target}-{seq}"
        self._journal.submit(OperatorCommand(name, verb, who, True, target, "", seq, details))
