"""The people of a run under fire: another process, which sees the journal and uses the desk.

They go on whether the conductor lives or not, as people do: they open the store for themselves,
read what was committed, and answer what waits for them. Some click twice. What they have been told
is accepted is written down here, outside the store: not one of these words may be lost.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interruptions.scenarios import Scenario
from migrator.engine.fold import apply
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.engine.states import FINAL_WAVES, CheckState, RunState, WaveState
from migrator.errors import EnvironmentFailed
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal

LOOK_SECONDS: Final = 0.008
TWICE: Final = 4
"""Every fourth word is said twice."""


class DeskPeople(threading.Thread):
    """Everybody who is asked something by a run. `given` are the words that the store took."""

    def __init__(self, store: str, run: str, scenario: Scenario) -> None:
        """Take part in this run."""
        super().__init__(name="people", daemon=True)
        self.given: dict[str, OperatorCommand] = {}
        self.doubled = 0
        self.failure: BaseException | None = None
        self._store, self._name, self._scenario = store, run, scenario
        self._tried: dict[tuple[str, str, str, int], int] = {}
        self._enough = threading.Event()

    def stop(self) -> None:
        """Send everybody home."""
        self._enough.set()
        self.join()
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        """Look, answer, look again; a store that is away is waited for."""
        while not self._enough.is_set():
            try:
                with open_store(self._store, practice=True, create=False) as store:
                    self._take_part(store.journal(self._name, lead=False))
            except EnvironmentFailed:
                self._enough.wait(LOOK_SECONDS)
            except BaseException as error:  # noqa: BLE001 - raised by who waits for the people
                self.failure = error
                return

    def _take_part(self, journal: SqlJournal) -> None:
        run, seen = new_run(journal.itinerary()), 0
        while not self._enough.wait(LOOK_SECONDS):
            for line in journal.lines(seen):
                apply(run, line.at, line.event)
                seen = line.seq
            if run.state is RunState.ENDED:
                return
            for command in self._wanted(run):
                if command.id not in self.given:
                    journal.submit(command)
                    self.given[command.id] = command
                    if len(self.given) % TWICE == 0:
                        journal.submit(command)
                        self.doubled += 1

    def _wanted(self, run: Run) -> Iterator[OperatorCommand]:
        """What somebody wants to say as the run stands."""
        for wave in run.waves.values():
            if wave.state is WaveState.DECIDING:
                yield self._command(run, "go", "anna", wave.id, wave.attempt)
            elif wave.state is WaveState.STUCK:
                # The same undo may be stuck again after it was tried again.
                move, _, undo = wave.stuck_on.partition("/")
                again = run.moves[move].undos[undo].nth
                yield self._command(run, "retry", "lena", wave.stuck_on, again)
        for check in run.checks.values():
            if check.state is CheckState.ASSIGNED and check.person not in check.ticks:
                verdict = "does_not_work" if check.id in self._scenario.refused else "works"
                yield self._command(run, "tick", check.person, check.id, check.attempt, verdict)
        for known in run.unsettled.values():
            # A run does not end while a disturbance has neither cause nor end.
            command = self._command(run, "close", known.owner or "anna", known.id, 1)
            yield replace(command, details=(("cause", "it did not work"),))
        if all(wave.state in FINAL_WAVES | {WaveState.COMMITTING} for wave in run.waves.values()):
            for wave in run.waves.values():
                if wave.state is WaveState.ACCEPTED:
                    yield self._command(run, "commit", "anna", wave.id, wave.attempt)

    def _command(
        self, run: Run, verb: str, actor: str, target: str, number: int, verdict: str = ""
    ) -> OperatorCommand:
        return OperatorCommand(
            id=f"{verb}/{target}/{actor}/{number}",
            verb=verb,
            actor=actor,
            asserted=True,
            target=target,
            reason="said at the desk",
            saw=0,
            details=(("verdict", verdict),) if verdict else (),
        )
