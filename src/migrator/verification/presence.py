"""Who is there: shifts as stretches, and when somebody who should be there is named as absent.

Called by `engine/attendance.py`. A stretch is what a person works without going home: shifts that
touch each other are one, so nobody has to say twice in a night that they are there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from migrator.plan.model import Member

EARLY: Final = timedelta(minutes=60)
"""Whoever says to be there so long before the shift is there when it begins."""

Stretch = tuple[datetime, datetime]


def stretches(member: Member) -> tuple[Stretch, ...]:
    """The member's shifts, those that touch each other as one."""
    found: list[Stretch] = []
    for start, end in sorted(member.shifts):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def stretch_at(member: Member, now: datetime) -> Stretch | None:
    """The stretch in which it is now; None between them, and for somebody without shifts."""
    return next((each for each in stretches(member) if each[0] <= now < each[1]), None)


def may_arrive(member: Member, now: datetime) -> bool:
    """Tell whether somebody can say now that they are there: on shift, or soon."""
    return not member.shifts or any(start - EARLY <= now < end for start, end in stretches(member))


def has_arrived(member: Member, arrived: datetime | None, now: datetime) -> bool:
    """Tell whether what was said at `arrived` holds for the stretch in which it is now."""
    if arrived is None:
        return False
    if not member.shifts:
        return True
    current = stretch_at(member, now)
    return current is not None and current[0] - EARLY <= arrived


def named_at(member: Member, began: datetime, after_minutes: float, now: datetime) -> datetime:
    """When somebody who is not there is named, in this stretch or the next; `began` is the run's.

    Whose shift began before the run did has the same time from the run's beginning on.
    """
    waits = timedelta(minutes=after_minutes)
    for start, end in stretches(member):
        if now < end:
            return max(start, began) + waits
    return datetime.max.replace(tzinfo=now.tzinfo)
