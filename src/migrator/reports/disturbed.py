"""Disturbances in the reader's language: what was wrong, whose it was, how it ended. Pure.

Used by the report. What people wrote stays as they wrote it; templates escape it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from migrator.engine.run import Run
from migrator.incidents.model import SOURCE_PREFIX, Disturbance, Level
from migrator.reports.texts import N_, Texts

LEVELS = {"green": N_("green"), "yellow": N_("yellow"), "red": N_("red")}
TONES = {"green": "good", "yellow": "warn", "red": "bad"}
LOG_MAX = 20
"""Lines of a log on a page; the journal has all of them."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line of a log; `times` is 0 for a note."""

    at: datetime
    who: str
    text: str
    times: int


@dataclass(frozen=True, slots=True)
class DisturbanceRow:
    """One disturbance as it stands; times are None where that has not happened."""

    id: str
    level: str  # a key of LEVELS
    tone: str
    place: str
    reason: str
    who: str
    owner: str
    people: tuple[str, ...]
    times: int
    opened: datetime
    red_at: datetime
    hastened: bool  # turning back would be too late before the policy's time was over
    reddened: datetime | None
    closed: datetime | None
    closed_by: str
    cause: str
    note: str
    log: tuple[LogRow, ...]
    left_out: int  # earlier lines of the log


def disturbed(run: Run, t: Texts) -> tuple[DisturbanceRow, ...]:
    """Every disturbance of a run, in the order in which they were opened."""
    return tuple(_row(run, known, t) for known in run.disturbances.values())


def disturbed_lines(run: Run, t: Texts) -> list[str]:
    """The same in two lines each, for a terminal."""
    lines: list[str] = []
    for row in disturbed(run, t):
        named = {"id": row.id, "place": row.place, "reason": row.reason}
        lines += ["", t._("Disturbance %(id)s, %(place)s: %(reason)s", **named)]
        said = [t._("opened %(time)s", time=t.time(row.opened))]
        if row.reddened is not None:
            said.append(t._("red at %(time)s", time=t.time(row.reddened)))
        if row.closed is None:
            said.append(t._("not closed at the last line of the journal"))
        else:
            closed = {"time": t.time(row.closed), "name": row.closed_by, "cause": row.cause}
            said.append(t._("closed %(time)s by %(name)s: %(cause)s", **closed))
        lines.append(f"  {'; '.join(said)}")
    return lines


def worst(run: Run) -> str:
    """The worst level that was reached; green where there was no disturbance."""
    if any(known.reddened is not None for known in run.disturbances.values()):
        return Level.RED.value
    return Level.YELLOW.value if run.disturbances else Level.GREEN.value


def _row(run: Run, known: Disturbance, t: Texts) -> DisturbanceRow:
    level = known.level.value
    return DisturbanceRow(
        id=known.id,
        level=level,
        tone=TONES[level],
        place=_place(run, known, t),
        reason=known.reason,
        who=_who(run, known.by, t),
        owner=_who(run, known.owner, t) if known.owner else "",
        people=tuple(_who(run, person, t) for person in known.members),
        times=known.times,
        opened=known.opened,
        red_at=known.red_at,
        hastened=known.because == "turn-back",
        reddened=known.reddened,
        closed=known.closed,
        closed_by=_who(run, known.closed_by, t) if known.closed_by else "",
        cause=known.cause,
        note=known.note,
        log=tuple(
            LogRow(line.at, _who(run, line.by, t), line.text, line.times)
            for line in known.log[-LOG_MAX:]
        ),
        left_out=max(0, len(known.log) - LOG_MAX),
    )


def _place(run: Run, known: Disturbance, t: Texts) -> str:
    if known.subsystem:
        return run.itinerary.names.get(known.subsystem, known.subsystem)
    return known.wave or t._("the whole")


def _who(run: Run, person: str, t: Texts) -> str:
    if person == "engine":
        return t._("the program")
    member = run.itinerary.members.get(person)
    return person.removeprefix(SOURCE_PREFIX) if member is None else member.name
