"""What the pages refuse is counted: of what kind, to whom, in which minute.

Everything that says no notes it here; a task writes the counts to the store once a second, so ten
thousand wrong codes are some rows and never ten thousand transactions beside the journal's. A
process that is killed loses the counts of its last second. What must never happen: that what a
stranger typed is kept, or that strangers' refusals need room without end.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from migrator.conductor.clock import wall_now
from migrator.errors import MigratorError
from migrator.reports.texts import N_
from migrator.store.refusals import Cause, Refused

KEEP_SECONDS: Final = 1.0
WAITING_MAX: Final = 2_000
"""Rows that wait for a store that is away; more are counted without a name, then not at all."""


class Kind(Enum):
    """What was refused."""

    WRONG_CODE = "wrong-code"
    WRONG_LINK = "wrong-link"
    WRONG_DEVICE_CODE = "wrong-device-code"
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - a program's; it is named and not shown
    TOO_OFTEN = "too-often"
    SESSION_OVER = "session-over"
    NO_RIGHT = "no-right"
    FORGED_FORM = "forged-form"
    OTHER_SITE = "other-site"
    PROVIDER_ANSWER = "provider-answer"
    PROVIDER_STRANGER = "provider-stranger"
    PROVIDER_AWAY = "provider-away"


WORDS: Final = {
    Kind.WRONG_CODE: N_("a wrong invitation code"),
    Kind.WRONG_LINK: N_("an invitation that does not hold"),
    Kind.WRONG_DEVICE_CODE: N_("a wrong code for a second device"),
    Kind.WRONG_TOKEN: N_("a program's token that does not hold"),
    Kind.TOO_OFTEN: N_("too many wrong codes"),
    Kind.SESSION_OVER: N_("a sign-in that has ended"),
    Kind.NO_RIGHT: N_("something that the role does not allow"),
    Kind.FORGED_FORM: N_("a form that is forged, or of an old page"),
    Kind.OTHER_SITE: N_("a form that another site sent"),
    Kind.PROVIDER_ANSWER: N_("an answer of the sign-in service that does not hold"),
    Kind.PROVIDER_STRANGER: N_("somebody whom the plan does not name"),
    Kind.PROVIDER_AWAY: N_("a sign-in while the sign-in service was away"),
}


class Keeps(Protocol):
    """What is needed of the store."""

    def keep(self, counted: dict[Cause, tuple[int, datetime]], now: datetime) -> None:
        """Add to what is kept."""
        ...

    def newest(self, count: int) -> tuple[Refused, ...]:
        """The newest."""
        ...


class Refusing:
    """The counts of one process. Noted on the loop's thread only."""

    def __init__(self, kept: Keeps) -> None:
        """Nothing was refused yet."""
        self._kept = kept
        self._waiting: dict[Cause, tuple[int, datetime]] = {}

    def note(self, kind: Kind, person: str = "") -> None:
        """Something was refused; `person` only where somebody is known, never as typed."""
        now = wall_now()
        self._add(Cause(now.replace(second=0, microsecond=0), kind.value, person), 1, now)

    async def keep_up(self) -> None:
        """Write to the store until cancelled; at the end once more."""
        try:
            while True:
                await asyncio.sleep(KEEP_SECONDS)
                await self.keep()
        finally:
            if self._waiting:
                with suppress(MigratorError):
                    self._kept.keep(self._waiting, wall_now())

    async def keep(self) -> None:
        """Write what waits. While the store is away it waits on."""
        if not self._waiting:
            return
        counted, self._waiting = self._waiting, {}
        try:
            await asyncio.to_thread(self._kept.keep, counted, wall_now())
        except MigratorError:
            for cause, (count, last) in counted.items():
                self._add(cause, count, last)

    async def newest(self, count: int) -> tuple[Refused, ...]:
        """What was refused last, that of this very second too."""
        await self.keep()
        return await asyncio.to_thread(self._kept.newest, count)

    def _add(self, cause: Cause, count: int, last: datetime) -> None:
        if cause not in self._waiting and len(self._waiting) >= WAITING_MAX:
            cause = Cause(cause.minute, cause.kind, "")
            if cause not in self._waiting and len(self._waiting) >= 2 * WAITING_MAX:
                return
        before, since = self._waiting.get(cause, (0, last))
        self._waiting[cause] = (before + count, max(since, last))
