"""Who has a check, who could have it, and whether a person has said to be there. Pure.

For the page of one check and for *my checks*: it offers what the engine would take, so that nobody
presses a button to learn that it was not for them. The engine decides all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from migrator.engine.attendance import is_there, presence_required
from migrator.engine.run import CheckRecord, Run
from migrator.engine.states import CheckState, WaveState
from migrator.plan.model import CheckLeg
from migrator.verification.assign import may_verify, on_shift
from migrator.verification.presence import has_arrived, may_arrive

_LATE = frozenset({WaveState.MOVING, WaveState.HELD, WaveState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Having:
    """Who has a check that is open. `others` could be handed it: (id, name)."""

    mine: bool
    who: str  # the name of somebody else who has it; empty: nobody, or I
    takeable: bool
    others: tuple[tuple[str, str], ...]


def having(run: Run, check: CheckLeg, person: str, now: datetime) -> Having:
    """Who has a check at run time `now`, as one person sees it."""
    known = run.checks.get(check.id)
    if known is None:
        return Having(mine=False, who="", takeable=False, others=())
    held = known.state is CheckState.ASSIGNED and known.person not in known.ticks
    mine = held and known.person == person
    overdue = known.limit_at is not None and now >= known.limit_at
    free = not held or overdue
    return Having(
        mine,
        "" if mine or not held else name_of_person(run, known.person),
        free and not mine and may_verify(check, person) and not _busy(run, person),
        _others(run, check, known, now) if mine else (),
    )


def _others(
    run: Run, check: CheckLeg, known: CheckRecord, now: datetime
) -> tuple[tuple[str, str], ...]:
    found = []
    for person in dict.fromkeys((*check.eligible, *check.deputies)):
        member = run.itinerary.members.get(person)
        if member is None or person == known.person or person in known.ticks:
            continue
        if on_shift(member, now) and is_there(run, member, now) and not _busy(run, person):
            found.append((str(person), member.name))
    return tuple(sorted(found, key=lambda each: each[1]))


def _busy(run: Run, person: str) -> bool:
    """Tell whether somebody has another check that is not answered."""
    return any(
        each.state is CheckState.ASSIGNED and each.person == person and person not in each.ticks
        for each in run.checks.values()
    )


def may_refuse_late(run: Run, check: CheckLeg, person: str) -> bool:
    """Tell whether somebody may still say that it does not work, after it was verified."""
    known = run.checks.get(check.id)
    if known is None or not may_verify(check, person):
        return False
    wave = run.waves[check.wave]
    current = known.attempt == wave.attempt
    said_no = known.ticks.get(person) == "does_not_work"
    return current and known.state is CheckState.PASSED and wave.state in _LATE and not said_no


def attending(run: Run, person: str, now: datetime) -> str:
    """Whether somebody is to say that they are there: `ask`, `here`, or empty where nobody asks."""
    member = run.itinerary.members.get(person)
    if member is None or not presence_required(run) or not _verifies(run, person):
        return ""
    if has_arrived(member, run.arrived.get(member.id), now):
        return "here"
    return "ask" if may_arrive(member, now) else ""


def _verifies(run: Run, person: str) -> bool:
    checks = run.itinerary.checks
    return any(person in each.eligible or person in each.deputies for each in checks)


def name_of_person(run: Run, person: str) -> str:
    """How people call somebody."""
    member = run.itinerary.members.get(person)
    return person if member is None else member.name
