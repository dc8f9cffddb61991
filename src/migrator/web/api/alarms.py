"""Tells the run what was reported: few commands, however often the same thing came.

One task per process that serves pages. What is new becomes a command within a second; what comes
again is told once a minute with its count. The command's id follows from what the store has told
before, so two processes, or one that died in the middle, make one command of it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from migrator.conductor.clock import wall_now
from migrator.engine.disturbing import OPEN_MAX
from migrator.engine.ports import OperatorCommand
from migrator.errors import MigratorError, RefusedError
from migrator.incidents.model import SOURCE_PREFIX
from migrator.store.intake import Due, Intake
from migrator.web.seen import SeenRun

LOOK_SECONDS: Final = 1.0
AT_ONCE_MAX: Final = 20
"""Commands of one look. A flood of different alarms is told as fast as people could never read."""
PUT_OFF: Final = timedelta(seconds=10)
FAMILY: Final = uuid.UUID("8a1f2c6e-5b1d-4f5e-9a55-6c0d3d0f4f7b")
"""From which the ids of these commands are made; it means nothing and must never change."""
PASSED: Final = "whoever reported it says that it has passed"


class Alarms:
    """What came in about a run, on its way to the desk."""

    def __init__(self, seen: SeenRun, intake: Intake) -> None:
        """Nothing is told yet."""
        self._seen = seen
        self._intake = intake

    async def keep_telling(self) -> None:
        """Tell what is due, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Tell what is due now. While the store is away nothing is lost: it is due later, too."""
        if self._seen.played_out:
            return
        try:
            due = await asyncio.to_thread(self._intake.due, wall_now(), AT_ONCE_MAX)
            if due:
                full = len(self._seen.run.unsettled) >= OPEN_MAX
                open_ones = {each.key: each.id for each in self._seen.run.unsettled.values()}
                await asyncio.to_thread(self._tell, due, open_ones, full=full)
        except MigratorError:
            return

    def _tell(self, due: Sequence[Due], open_ones: dict[str, str], *, full: bool) -> None:
        done, later = [], []
        for each in due:
            if self._unanswered(each) or (full and not each.over and each.key not in open_ones):
                later.append(each)
            elif each.over:
                if each.key in open_ones:
                    self._submit(self._command(each, "log", open_ones[each.key]))
                done.append(each)
            else:
                # What opens one counts as one; how often it came is told to one that is open.
                times = max(1, each.count - each.told) if each.key in open_ones else 1
                given = self._submit(self._command(each, "disturb", each.target, times))
                done.append(_counted(each, given))
        if done:
            self._intake.told(done)
        if later:
            self._intake.put_off(later, wall_now() + PUT_OFF)

    def _unanswered(self, each: Due) -> bool:
        """Tell whether the last command about it still lies there: one of each is enough."""
        if each.asked == 0:
            return False
        before = _id(self._seen.name, each.key, each.asked - 1)
        journal = self._seen.journal
        return journal.command(before) is not None and journal.answer_of(before) is None

    def _command(self, each: Due, verb: str, target: str, times: int = 1) -> OperatorCommand:
        details: tuple[tuple[str, str], ...] = (("note", PASSED),)
        if verb == "disturb":
            details = (("key", each.key), ("source", each.source), ("times", str(times)))
        return OperatorCommand(
            id=_id(self._seen.name, each.key, each.asked),
            verb=verb,
            actor=SOURCE_PREFIX + each.source,
            asserted=False,
            target=target,
            reason=each.text if verb == "disturb" else "",
            saw=self._seen.run.seq,
            details=details,
        )

    def _submit(self, command: OperatorCommand) -> OperatorCommand:
        """Put it on the desk; the answer is the one of this id that lies there."""
        journal = self._seen.journal
        try:
            journal.submit(command, wall_now().isoformat())
        except RefusedError:  # another process was quicker, and knew of fewer or of more
            return journal.command(command.id) or command
        return command


def _id(run: str, key: str, nth: int) -> str:
    return str(uuid.uuid5(FAMILY, f"{run}/{key}/{nth}"))


def _counted(each: Due, given: OperatorCommand) -> Due:
    """As far as the command on the desk tells it; the rest stays due."""
    times = given.detail("times")
    return replace(each, count=each.told + int(times)) if times.isdigit() else each
