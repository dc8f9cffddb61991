"""One wait: for what, on whom, since when, until when, and what can be done about it.

Made by `waits.py` and `waits_checks.py`; read by every screen. A silent wait is a defect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from migrator.engine.run import Run


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait. `human` tells whether a person must act; `choices` are (verb line, consequence)."""

    wave: str
    subject: str
    what: str
    waits_for: str
    on_whom: str
    since: datetime | None
    until: datetime | None
    then: str  # what happens at `until`
    human: bool
    choices: tuple[tuple[str, str], ...] = ()


def names(run: Run, people: tuple[str, ...]) -> str:
    """These people by their names; the id where the estate names nobody."""
    members = run.itinerary.members
    return ", ".join(members[person].name if person in members else person for person in people)
