"""Who gets a check: the right competence, on shift, free, and with the least done so far.

Called by `engine/checks.py` and by the verbs of handlers. Fairness is by the number of checks a
person was given in this run; ties are broken by id, so that the same journal gives the same
assignment. Deputies stand in where none of those who are named is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from migrator.plan.model import CheckLeg, Member


def on_shift(member: Member, now: datetime) -> bool:
    """Tell whether a person is on shift; somebody without shifts is always there."""
    return not member.shifts or any(start <= now < end for start, end in member.shifts)


def next_shift(members: Iterable[Member], now: datetime) -> datetime | None:
    """When the next of these people comes on shift; None when nobody does."""
    starts = [start for member in members for start, _ in member.shifts if start > now]
    return min(starts, default=None)


def eligible(check: CheckLeg, members: Mapping[str, Member]) -> tuple[Member, ...]:
    """The people who may verify a check."""
    return tuple(members[person] for person in check.eligible if person in members)


def deputies(check: CheckLeg, members: Mapping[str, Member]) -> tuple[Member, ...]:
    """Who stands in for those who may verify a check, where none of them is there."""
    return tuple(members[person] for person in check.deputies if person in members)


def may_verify(check: CheckLeg, person: str) -> bool:
    """Tell whether a person's verdict counts; anybody's, where the estate names nobody."""
    return not check.eligible or person in check.eligible or person in check.deputies


def deputy_of(check: CheckLeg, members: Mapping[str, Member], person: str) -> Member | None:
    """The person's own deputy, if that one may verify the check, too."""
    member = members.get(person)
    deputy = None if member is None else member.deputy
    if deputy is None or deputy not in members or not may_verify(check, deputy):
        return None
    return members[deputy]


def choose(
    candidates: Iterable[Member],
    now: datetime,
    busy: Collection[str],
    given: Mapping[str, int],
) -> Member | None:
    """The person on shift who is free and was given the fewest checks; None when nobody is."""
    free = [member for member in candidates if member.id not in busy and on_shift(member, now)]
    return min(free, key=lambda member: (given.get(member.id, 0), member.id), default=None)
