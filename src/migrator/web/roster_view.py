"""Who is there: invited, signed in, on shift, with which check. Pure reading of a run.

For whoever leads the weekend: before it begins the roster says who has never signed in, and during
it whom one may call. Shifts are of run time; signing in is of wall time, as people's clocks are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.plan.model import Member
from migrator.reports.texts import N_, Texts
from migrator.verification.assign import next_shift, on_shift

ROLES: Final = {
    "handler": N_("case handler"),
    "engineer": N_("engineer"),
    "wave_lead": N_("wave lead"),
    "decision_maker": N_("decision maker"),
    "auditor": N_("auditor"),
}


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """A check that somebody is asked."""

    id: str
    name: str
    wave: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person."""

    id: str
    name: str
    roles: str
    telephone: str
    on_shift: bool
    next_shift: datetime | None  # None: no more shift is planned, or always there
    signed_in: datetime | None
    invited: bool
    here: bool
    checks: tuple[OpenCheck, ...]
    answered: int


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody; those on shift first, and of them whoever is asked or has to be called."""

    people: tuple[PersonRow, ...]
    handlers: int
    handlers_signed_in: int
    on_shift: int
    on_shift_not_signed_in: int  # of the handlers: whom to call before they are needed
    asked: int


@dataclass(frozen=True, slots=True)
class Doors:
    """What the store and the streams know of people; times are wall time."""

    invited: Collection[str]
    signed_in: Mapping[str, datetime]
    here: Collection[str]


def roster(run: Run, now: datetime, doors: Doors, t: Texts) -> Roster:
    """Who is there at run time `now`."""
    asked = _asked(run, t)
    answered = _answered(run)
    rows = [
        _row(member, now, doors, asked.get(id_, []), answered.get(id_, 0), t)
        for id_, member in run.itinerary.members.items()
    ]
    handlers = {id_ for id_, member in run.itinerary.members.items() if "handler" in member.roles}

    def place(row: PersonRow) -> tuple[bool, bool, bool, str]:
        to_call = row.id in handlers and row.signed_in is None
        return not row.on_shift, not row.checks, not to_call, row.name

    rows.sort(key=place)
    return Roster(
        tuple(rows),
        len(handlers),
        sum(row.signed_in is not None for row in rows if row.id in handlers),
        sum(row.on_shift for row in rows),
        sum(row.on_shift and row.signed_in is None for row in rows if row.id in handlers),
        sum(len(row.checks) for row in rows),
    )


def _row(
    member: Member, now: datetime, doors: Doors, asked: list[OpenCheck], answered: int, t: Texts
) -> PersonRow:
    there = on_shift(member, now)
    return PersonRow(
        member.id,
        member.name,
        ", ".join(t._(ROLES[role]) if role in ROLES else role for role in member.roles),
        member.telephone or "",
        there,
        None if there else next_shift([member], now),
        doors.signed_in.get(member.id),
        member.id in doors.invited,
        member.id in doors.here,
        tuple(asked),
        answered,
    )


def _asked(run: Run, t: Texts) -> dict[str, list[OpenCheck]]:
    found: dict[str, list[OpenCheck]] = {}
    for check in run.itinerary.checks:
        known = run.checks.get(check.id)
        if known is None or known.attempt != run.waves[check.wave].attempt:
            continue
        if known.state is CheckState.ASSIGNED:
            one = OpenCheck(check.id, t.text(check.name), check.wave, known.limit_at)
            found.setdefault(known.person, []).append(one)
    return found


def _answered(run: Run) -> dict[str, int]:
    found: dict[str, int] = {}
    for known in run.checks.values():
        for person in known.ticks:
            found[person] = found.get(person, 0) + 1
    return found
