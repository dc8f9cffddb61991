"""A disturbance as the journal tells it: what, where, whose, since when, and until when.

Made and changed by `engine/fold_disturbances.py` alone; read by everybody who shows one. A note is
kept as it was written, so whoever writes one is told before that a journal never forgets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

HALF: Final = "half"
"""The warning when its share of the time is over."""

SOON: Final = "soon"
"""The warning shortly before it is red."""

PERSON: Final = "person"
"""The source of what a named person reports."""

CHECK: Final = "check"
"""The source of what the engine reports because a handler has said that something does not work."""

SOURCE_PREFIX: Final = "source."
"""How an actor is named that is a program: an alarm, a form for users. It reports and logs only."""

WHOLE: Final = ""
"""The target of a disturbance that is about all of it."""


class Level(Enum):
    """How a disturbance, a subsystem, a wave or the whole stands."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"

    __hash__ = object.__hash__

    @property
    def rank(self) -> int:
        """Green is 0, red is 2."""
        return _RANKS[self]


_RANKS: Final = {Level.GREEN: 0, Level.YELLOW: 1, Level.RED: 2}


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that was written or reported. `times` is the number of the report; 0 for a note."""

    at: datetime
    by: str
    text: str
    times: int = 0


@dataclass(slots=True)
class Disturbance:
    """One disturbance. Green means closed: it stays on record and is never opened again."""

    id: str  # D1, D2 ... in the order of a run
    key: str  # while it is open, a report with the same key adds to it
    target: str  # a subsystem, a wave, or empty for the whole
    wave: str  # the target, or the subsystem's wave; empty for the whole
    subsystem: str
    source: str
    reason: str
    by: str  # whoever opened it; "engine" for a refused check
    owner: str  # empty where the estate names nobody
    opened: datetime
    red_at: datetime  # a stored fact: only ever moved to an earlier hour
    because: str  # what `red_at` comes from
    level: Level = Level.YELLOW
    members: tuple[str, ...] = ()
    room: str = ""
    link: str = ""
    times: int = 1  # how often it was reported
    reported: datetime | None = None  # the last time
    log: list[LogLine] = field(default_factory=list)
    warned: tuple[str, ...] = ()
    staffed_seq: int = 0  # the journal line of its last staffing
    staffed_by: str = ""
    reddened: datetime | None = None
    closed: datetime | None = None
    closed_by: str = ""
    cause: str = ""  # of the closing
    note: str = ""

    @property
    def open(self) -> bool:
        """Tell whether it is not closed yet."""
        return self.closed is None
