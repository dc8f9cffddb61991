"""What people are called for, and how one call is named: data and nothing else.

A thing is one matter that waits for people: a gate, a hold, a clock. It is made out of the run by
`things.py`, so it survives a restart by being computed again. What must never be in it: anybody's
own words. Causes are codes, which the reader's catalogue turns into words, because a note or a
program's output may hold what no mail server should see.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CALL_LENGTH: Final = 12
"""Hexadecimal digits: short enough to be read out, and no two of a weekend are the same."""


class Kind(StrEnum):
    """What a thing is about."""

    GATE = "gate"
    HOLD = "hold"
    VETO = "veto"  # a hold whose clock runs
    STUCK = "stuck"
    REFUSED = "refused"  # something in an accepted wave does not work
    TURN_BACK = "turn-back"
    DISTURBANCE = "disturbance"
    STALLED = "stalled"
    DOUBT = "doubt"
    CHECK = "check"  # its time is nearly over, or is over
    TASK = "task"
    SECOND = "second"
    PAUSED = "paused"
    COMMIT = "commit"
    OTHER = "other"


PIERCING: Final = frozenset(
    {
        Kind.GATE,
        Kind.HOLD,
        Kind.VETO,
        Kind.STUCK,
        Kind.REFUSED,
        Kind.TURN_BACK,
        Kind.DISTURBANCE,
    }
)
"""Quiet hours never silence these: while somebody sleeps, a clock runs or a wave stands still."""

NEWS_ONLY: Final = frozenset({Kind.PAUSED, Kind.COMMIT})
"""Somebody paused on purpose, or may sign when it suits: they are told, and not called again."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One matter that waits for people, as it stands now.

    `key` says which matter it is for as long as it lasts; `state` says how it stands, and another
    state is another call. `cause` and `then` are codes. `people` may be empty where the plan names
    nobody; then decision makers are called at once.
    """

    key: str
    state: str
    kind: Kind
    wave: str  # empty: the run as a whole
    subject: str
    cause: str
    then: str
    since: datetime | None
    until: datetime | None
    people: tuple[str, ...]

    @property
    def call(self) -> str:
        """The name under which this is acknowledged."""
        return hashlib.sha256(f"{self.key}\n{self.state}".encode()).hexdigest()[:CALL_LENGTH]

    @property
    def pierces(self) -> bool:
        """Tell whether quiet hours do not count."""
        return self.kind in PIERCING

    @property
    def wants_answer(self) -> bool:
        """Tell whether somebody must say that they have it in hand."""
        return self.kind not in NEWS_ONLY
