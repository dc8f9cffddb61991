"""Who gets a check: the right competence, on shift, free, and with the least done so far.

Called by `engine/checks.py`. Fairness is by the number of checks a person was given in this run;
ties are broken by id, so that the same journal gives the same assignment.
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


def choose(
    candidates: Iterable[Member],
    now: datetime,
    busy: Collection[str],
    given: Mapping[str, int],
) -> Member | None:
    """The person on shift who is free and was given the fewest checks; None when nobody is."""
    free = [member for member in candidates if member.id not in busy and on_shift(member, now)]
    return min(free, key=lambda member: (given.get(member.id, 0), member.id), default=None)
