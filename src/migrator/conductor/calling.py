"""The caller's place beside the loop: it looks at the run once a second and is never waited for.

Made by `wiring` for runs whose people are called; a helper of the attendant. What the caller does
with what it has seen happens elsewhere. What must never happen: a run that stops because calling
somebody failed, and calling that failed without anybody seeing it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.engine.ports import Notifier
from migrator.engine.run import Run
from migrator.errors import MigratorError

LOOK_SECONDS: Final = 1.0
FACT: Final = "calling"
"""The fact beside the journal under which the last trouble of calling is."""


@dataclass(slots=True)
class Calling:
    """Lets one caller look at one run. `keep` puts a fact beside the journal."""

    notifier: Notifier
    keep: Callable[[str, object], None]
    look_seconds: float = LOOK_SECONDS
    _told: str = ""

    async def keep_looking(self, run: Run, now: Callable[[], datetime]) -> None:
        """Look until cancelled; whatever goes wrong is told and stops nothing."""
        while True:
            # A task of its own: its defect is an answer here, and not the end of the run.
            look = asyncio.ensure_future(self._look(run, now))
            await asyncio.wait([look])
            error = look.exception()
            broken = "" if error is None else f"it broke: {type(error).__name__}: {error}"
            self._tell(broken or self.notifier.trouble, now())
            await asyncio.sleep(self.look_seconds)

    async def _look(self, run: Run, now: Callable[[], datetime]) -> None:
        self.notifier.look(run, now())

    def _tell(self, trouble: str, now: datetime) -> None:
        if trouble == self._told:
            return
        try:
            self.keep(FACT, {"trouble": trouble, "at": now.isoformat()})
        except MigratorError:
            return  # the store is away, and the run itself will say so; told the next time
        self._told = trouble
