"""Times as people write them, made zone-aware; the hours of a clock change are never guessed.

Called by `checks.py` (to find the faults) and `assemble.py` (to build the model), and by everybody
who reads a time from a file. Every time that leaves here carries the fixed offset of its instant,
never a named zone: Python compares and subtracts two times of one named zone by the wall clock,
which is an hour wrong across a clock change. Nothing here looks at a watch.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

TIME_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?$"
)
DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
YEARS: Final = range(2000, 2200)
"""Outside it lies a slip of the keyboard, and zones that had no offset in whole minutes."""
_TIME: Final = re.compile(TIME_PATTERN, re.ASCII)
_DATE: Final = re.compile(DATE_PATTERN, re.ASCII)


def zone(name: str) -> ZoneInfo:
    """The named zone; ValueError with a sentence where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # a folder, a bad path, an unknown name
        shown = name if len(name) <= 60 else name[:60] + "..."
        raise ValueError(
            f"'{shown}' is no time zone that this machine knows; write one such as Europe/Stockholm"
        ) from error


def parse_time(text: str, where: ZoneInfo) -> datetime:
    """A time with a fixed offset; a text without an offset is local in `where`.

    Raises ValueError with a sentence: not a time, an hour that the clock change skips, or an hour
    that exists twice; the last two name the two offsets that would make it one moment.
    """
    if not _TIME.fullmatch(text):
        raise ValueError(f"wants a time such as 2023-10-13T18:00, found '{text}'")
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.year not in YEARS:
            raise ValueError("the year is a slip")
        if parsed.tzinfo is not None:
            return at_offset(parsed, where)
        first, second = parsed.replace(tzinfo=where), parsed.replace(tzinfo=where, fold=1)
        earlier, later = first.utcoffset(), second.utcoffset()
        assert earlier is not None, "a zone always has an offset"
        assert later is not None, "a zone always has an offset"
        if earlier == later:
            return parsed.replace(tzinfo=timezone(earlier))
        one, two = (f"{text}{_offset(delta)}" for delta in (earlier, later))
    except ValueError as error:
        raise ValueError(
            f"'{text}' is no time between the years {YEARS[0]} and {YEARS[-1]}"
        ) from error
    if earlier > later:
        raise ValueError(
            f"{text} exists twice in {where.key}, because the clocks are set back; "
            f"write {one} for the first or {two} for the second"
        )
    forward, back = (
        at_offset(parsed.replace(tzinfo=timezone(delta)), where) for delta in (earlier, later)
    )
    raise ValueError(
        f"{text} does not exist in {where.key}, because the clocks are set forward; "
        f"write {one} (which is {forward:%H:%M}{_offset(later)}) "
        f"or {two} (which is {back:%H:%M}{_offset(earlier)})"
    )


def parse_date(text: str) -> date:
    """A calendar date; ValueError with a sentence where it is none."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"wants a date such as 2024-06-01, found '{text}'")
    try:
        parsed = date.fromisoformat(text)
        if parsed.year not in YEARS:
            raise ValueError("the year is a slip")
    except ValueError as error:
        raise ValueError(
            f"'{text}' is no day between the years {YEARS[0]} and {YEARS[-1]}"
        ) from error
    return parsed


def at_offset(moment: datetime, where: ZoneInfo) -> datetime:
    """The same moment as the clocks of `where` show it, with the fixed offset of that moment."""
    local = moment.astimezone(where)
    offset = local.utcoffset()
    assert offset is not None, "a zone always has an offset"
    return local.replace(tzinfo=timezone(offset), fold=0)


def told_apart(moment: datetime, where: ZoneInfo) -> str:
    """` CEST` or ` CET` for an hour that the clocks of `where` show twice; else nothing."""
    local = moment.astimezone(where)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    return f" {local.tzname()}"


def instant(moment: datetime) -> str:
    """The moment as one text for all zones, for digests."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _offset(delta: timedelta) -> str:
    minutes = round(delta.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
