"""The work that a plan asks of case handlers, hour by hour, against who is there by their shifts.

Called by `handlers.py` where no forecast is there. Each check begins with its last planned switch
and takes its P50 from as many handlers as it wants; nobody waits for anybody, so that an hour which
asks for more than there is shows as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from migrator.forecast.model import HourOfWork
from migrator.plan.model import CheckLeg, Itinerary, Member
from migrator.reports.texts import Texts

HOUR = timedelta(hours=1)


def planned_load(
    t: Texts, itinerary: Itinerary, begin: datetime, end: datetime
) -> tuple[HourOfWork, ...]:
    """A row for each hour of each pool; a pool is a set of people who may do the same checks."""
    pools: dict[tuple[str, ...], list[CheckLeg]] = {}
    for check in itinerary.checks:
        pools.setdefault(tuple(check.eligible), []).append(check)
    names = _names(t, pools)
    hours = [begin + HOUR * n for n in range(int((end - begin) / HOUR))]
    found = []
    for people, checks in pools.items():
        work = [_work(itinerary, check) for check in checks]
        members = [itinerary.members[p] for p in people if p in itinerary.members]
        for hour in hours:
            wanted = sum(
                count * _overlap(hour, hour + HOUR, start, until) for start, until, count in work
            )
            there = sum(_present(member, hour) for member in members)
            found.append(HourOfWork(hour, names[people], wanted, wanted, there))
    return tuple(found)


def _names(t: Texts, pools: dict[tuple[str, ...], list[CheckLeg]]) -> dict[tuple[str, ...], str]:
    """The function that the pool verifies; of several the first, and how many more."""
    names: dict[tuple[str, ...], str] = {}
    taken: set[str] = set()
    for people, checks in pools.items():
        functions = sorted({t.text(check.name) or check.id for check in checks})
        name = functions[0]
        if len(functions) > 1:
            name = t._("%(name)s and %(more)s more", name=name, more=len(functions) - 1)
        number = 2
        plain = name
        while name in taken:
            name, number = f"{plain} ({number})", number + 1
        taken.add(name)
        names[people] = name
    return names


def _work(itinerary: Itinerary, check: CheckLeg) -> tuple[datetime, datetime, int]:
    """From when to when how many handlers are at work on a check."""
    switches = [
        itinerary.legs[move].planned_switch for move in check.core if move in itinerary.legs
    ]
    start = max(switches, default=itinerary.window.start)
    if check.possible_after is not None:
        start = max(start, check.possible_after)
    return start, start + timedelta(minutes=check.minutes.p50), check.quorum


def _overlap(begin: datetime, end: datetime, start: datetime, until: datetime) -> float:
    """The part of an hour that a stretch takes of it."""
    return max((min(end, until) - max(begin, start)) / HOUR, 0.0)


def _present(member: Member, hour: datetime) -> float:
    return min(sum(_overlap(hour, hour + HOUR, *shift) for shift in member.shifts), 1.0)


def by_pool(rows: Iterable[HourOfWork]) -> dict[str, list[HourOfWork]]:
    """The hours of each pool, in their order."""
    found: dict[str, list[HourOfWork]] = {}
    for row in rows:
        found.setdefault(row.who, []).append(row)
    return {who: sorted(hours, key=lambda each: each.begin) for who, hours in found.items()}


def tightest(pools: dict[str, list[HourOfWork]]) -> list[str]:
    """The pools by how near they come to asking for more than there is, the tightest first."""
    return sorted(pools, key=lambda who: (-strain(pools[who]), who))


def strain(hours: Sequence[HourOfWork]) -> float:
    """The worst hour's share of wanted to there."""
    return max((_share(hour) for hour in hours), default=0.0)


def tightest_hour(hours: Sequence[HourOfWork]) -> HourOfWork:
    """The hour with the worst share, the first one of several."""
    return max(hours, key=_share)


def _share(hour: HourOfWork) -> float:
    """Wanted to there; work while nobody is there counts tenfold."""
    return hour.wanted_p95 / hour.there if hour.there > 0 else 10 * hour.wanted_p95
