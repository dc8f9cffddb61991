"""Times as people type them: an hour, a date with its hour, or so much more of it.

Used by the verbs that take a time. An hour alone is the next one of that name; a time without an
offset is one of the plan's own clocks. Nothing here changes a run.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from migrator.cli.runs import see_run
from migrator.errors import InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_HOUR: Final = re.compile(r"[0-2]\d:[0-5]\d")
_LASTING: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(h|m|min)")


def in_the_plans_zone(text: str, run: str, store: str, what: str = "--until") -> str:
    """A moment with its offset, as text. InputError where it is none."""
    seen = see_run(run, store)
    seen.store.close()
    return moment_of(text, seen.now(), seen.zone, what).isoformat()


def moment_of(text: str, now: datetime, zone: ZoneInfo, what: str) -> datetime:
    """The moment that a text means at run time `now`."""
    from migrator.inventory.times import parse_time

    local = now.astimezone(zone)
    hour_alone = _HOUR.fullmatch(text)
    try:
        moment = parse_time(f"{local:%Y-%m-%d}T{text}" if hour_alone else text, zone)
    except ValueError as error:
        raise InputError(
            "usage",
            f"{what} {error}",
            hint="write it like 09:30, 2023-10-14T09:30 or 2023-10-14T09:30+02:00",
        ) from error
    if hour_alone and moment <= now:
        moment += timedelta(days=1)
    return moment


def minutes_of(text: str, what: str) -> str:
    """So much time in minutes, as text: 15m, 1.5h."""
    found = _LASTING.fullmatch(text.strip())
    if found is None:
        raise InputError(
            "usage", f"{what} {text!r} is no length of time", hint="write it like 15m or 1.5h"
        )
    minutes = float(found[1]) * (60 if found[2] == "h" else 1)
    return f"{minutes:g}"
