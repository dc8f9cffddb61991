"""Who is there: invited, signed in, on shift, with which check. Pure reading of a run.

For whoever leads the weekend: before it begins the roster says who has never signed in, and during
it whom one may call. Shifts are of run time; signing in is of wall time, as people's clocks are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.plan.model import Member
from migrator.reports.texts import N_, Texts
from migrator.store.practised import DEVICES
from migrator.verification.assign import next_shift, on_shift
from migrator.verification.presence import has_arrived, stretch_at

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
    tried: frozenset[str]  # the kinds of devices on which the pages were tried
    handler: bool
    absent: bool  # on shift, should have said to be there, and has not


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody; those on shift first, and of them whoever is asked or has to be called."""

    people: tuple[PersonRow, ...]
    handlers: int
    handlers_signed_in: int
    on_shift: int
    on_shift_not_signed_in: int  # of the handlers: whom to call before they are needed
    asked: int
    handlers_tried: int  # on any device
    tried_on: Mapping[str, int]  # of the handlers, by kind of device
    absent: int


@dataclass(frozen=True, slots=True)
class Doors:
    """What the store and the streams know of people; times are wall time."""

    invited: Collection[str]
    signed_in: Mapping[str, datetime]
    here: Collection[str]
    # Person -> kinds of devices on which the pages were tried.
    tried: Mapping[str, Collection[str]] = field(default_factory=dict)


def roster(run: Run, now: datetime, doors: Doors, t: Texts) -> Roster:
    """Who is there at run time `now`."""
    asked = _asked(run, t)
    answered = _answered(run)
    rows = [
        _row(run, member, now, doors, (asked.get(id_, []), answered.get(id_, 0)), t)
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
        sum(bool(row.tried) for row in rows if row.id in handlers),
        {
            device: sum(device in row.tried for row in rows if row.id in handlers)
            for device in DEVICES
        },
        sum(row.absent for row in rows),
    )


def _row(
    run: Run,
    member: Member,
    now: datetime,
    doors: Doors,
    checks: tuple[list[OpenCheck], int],
    t: Texts,
) -> PersonRow:
    asked, answered = checks
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
        frozenset(doors.tried.get(member.id, ())),
        "handler" in member.roles,
        _absent(run, member, now),
    )


def _absent(run: Run, member: Member, now: datetime) -> bool:
    """Tell whether the engine has named somebody as absent in this stretch of their shifts."""
    current = stretch_at(member, now)
    named = current is not None and run.absent.get(member.id) == current[0]
    return named and not has_arrived(member, run.arrived.get(member.id), now)


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
