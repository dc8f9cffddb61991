"""Lines about disturbances in words: one short English sentence each, as screens show them.

Used by `sentences.py`, which cleans what people wrote before it reaches a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from migrator.engine import events as ev
from migrator.incidents.model import SOON

People = Callable[[str], str]
Clock = Callable[[datetime], str]


def disturbance_told(event: ev.Event, person: People, clock: Clock) -> str:  # noqa: PLR0911 - a table
    """What happened to a disturbance; empty for a line about anything else."""
    match event:
        case ev.DisturbanceOpened():
            return (
                f"{event.disturbance} is YELLOW, {place(event.target)}: {event.reason}; "
                f"it is {person(event.owner) or 'nobody'}'s, red at {clock(event.red_at)}"
                f"{_sooner(event.from_what)}"
            )
        case ev.DisturbanceStaffed():
            people = ", ".join(person(who) for who in event.members) or "nobody else"
            where = ", ".join(each for each in (event.room, event.link) if each)
            return (
                f"{event.disturbance} is {person(event.owner) or 'nobody'}'s, with {people}"
                f"{', at ' + where if where else ''}, says {person(event.by)}"
            )
        case ev.DisturbanceNoted() if event.times:
            return f"{event.disturbance} reported {event.times} times by now: {event.text}"
        case ev.DisturbanceNoted():
            return f"{event.disturbance}: {event.text}, writes {person(event.by)}"
        case ev.DisturbanceHastened():
            return (
                f"{event.disturbance} becomes red at {clock(event.red_at)} instead of "
                f"{clock(event.was)}{_sooner(event.from_what)}"
            )
        case ev.DisturbanceWarned():
            left = "nearly all" if event.warning == SOON else "half"
            return (
                f"{event.disturbance}: {left} of its time is over; "
                f"it becomes RED at {clock(event.red_at)}"
            )
        case ev.DisturbanceReddened():
            stops = "the run holds" if event.holds else "the run stands or goes back already"
            return f"{event.disturbance} is RED, all hands, {stops}: {event.because}"
        case ev.DisturbanceClosed():
            return (
                f"{event.disturbance} is GREEN again: {event.cause}; {event.reason}, "
                f"says {person(event.by)}"
            )
        case _:
            return ""


def place(target: str) -> str:
    """What a disturbance is about."""
    return target or "the whole"


def _sooner(from_what: str) -> str:
    return ", before turning back is too late" if from_what == "turn-back" else ""
