"""What handlers and their checks have to do with a line: one short English sentence each.

Used by `sentences.py` alone, which knows how people, checks and hours are named.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from migrator.engine import events as ev

VERDICT_WORDS: Final = {
    "works": "it works",
    "works_but": "it works, with a remark",
    "does_not_work": "it does NOT work",
    "cannot_judge": "cannot judge it",
}


class Names(Protocol):
    """How a person, a check and an hour are named."""

    def person(self, who: str) -> str:
        """By their name."""

    def check_name(self, check: str) -> str:
        """By what the function is called, with its id."""

    def clock(self, moment: datetime) -> str:
        """As the plan's clocks show it."""


def check_told(names: Names, event: ev.Event) -> str:
    """The sentence of a line about a check; empty for any other."""
    return _given(names, event) or _answered(names, event) or _people(names, event)


def _given(names: Names, event: ev.Event) -> str:
    match event:
        case ev.CheckOpened():
            return f"check {names.check_name(event.check)} can be verified"
        case ev.CheckAssigned(claimed=True):
            return f"{names.person(event.person)} takes check {names.check_name(event.check)}"
        case ev.CheckAssigned():
            return f"check {names.check_name(event.check)} is with {names.person(event.person)}"
        case ev.CheckReminded():
            return (
                f"check {names.check_name(event.check)} waits for {names.person(event.person)}; "
                f"it is overdue at {names.clock(event.limit_at)}"
            )
        case ev.CheckEscalated():
            return (
                f"check {names.check_name(event.check)} goes from {names.person(event.was)} to the "
                f"deputy, {names.person(event.person)}"
            )
        case ev.CheckHandedOver():
            to = names.person(event.to) if event.to else "everybody who may"
            why = f": {event.reason}" if event.reason else ""
            return (
                f"check {names.check_name(event.check)} is handed over by {names.person(event.by)} "
                f"to {to}{why}"
            )
        case _:
            return ""


def _answered(names: Names, event: ev.Event) -> str:
    match event:
        case ev.TickGiven():
            verdict = VERDICT_WORDS[event.verdict]
            return f"{names.person(event.person)} about {names.check_name(event.check)}: {verdict}"
        case ev.WrongSideSeen():
            return (
                f"{names.person(event.person)} looked at the old side of "
                f"{names.check_name(event.check)}; it does not count"
            )
        case ev.TickWithdrawn():
            return f"{names.person(event.person)} takes the verdict on {event.check} back"
        case ev.DefectFiled():
            return (
                f"defect {event.defect} of {names.check_name(event.check)}, as "
                f"{names.person(event.person)} says; it holds nothing"
            )
        case ev.DefectRaised():
            why = f": {event.reason}" if event.reason else ""
            return (
                f"{names.person(event.by)} takes defect {event.defect} of "
                f"{names.check_name(event.check)} for a REFUSAL{why}"
            )
        case ev.CheckPassed():
            return f"check {names.check_name(event.check)} passed"
        case ev.CheckVoided():
            return f"check {event.check} does not count any more"
        case _:
            return ""


def _people(names: Names, event: ev.Event) -> str:
    match event:
        case ev.PersonArrived():
            return f"{names.person(event.person)} says to be there"
        case ev.PersonLeft():
            return f"{names.person(event.person)} says to be gone"
        case ev.PersonAbsent():
            return (
                f"nobody has heard of {names.person(event.person)}, on shift since "
                f"{names.clock(event.since)}; no check is given to them"
            )
        case _:
            return ""
