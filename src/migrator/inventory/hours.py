"""Every time of every file: each must be one moment, and what ends must have started before.

Called by `checks.py`. The zone of local times is looked up first; where it is wrong, that is the
fault, and the times are then judged in a zone without clock changes, so that their other slips
still show. Nothing here decides what a time is: that is `times.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from migrator.errors import Fault
from migrator.inventory import assumptions
from migrator.inventory.door import Placed, fault_at
from migrator.inventory.field_types import Row
from migrator.inventory.rows import Rows
from migrator.inventory.times import parse_time, zone
from migrator.inventory.yaml_text import Document


def hour_faults(gathered: Rows) -> list[Fault]:
    """The faults of all times."""
    faults: list[Fault] = []
    hours = _Hours(_zone(gathered, faults), faults)
    if gathered.assumptions is not None and gathered.assumptions.row.window is not None:
        assumed = gathered.assumptions.row.window
        hours.stretch(gathered.assumptions, "the window", assumed.start, assumed.end, "window")
    for shift in gathered.shifts:
        hours.stretch(shift, f"the shift '{shift.row.id}'", shift.row.start, shift.row.end)
    for subsystem in gathered.subsystems:
        act = subsystem.row.irreversible
        hours.moment(subsystem, None if act is None else act.at, "irreversible", "at")
    for function in gathered.functions:
        hours.moment(function, function.row.possible_after, "possible_after")
    _calendar(gathered, hours)
    return faults


@dataclass(slots=True)
class _Hours:
    """Reads times in one zone and collects what is wrong with them."""

    where: ZoneInfo
    faults: list[Fault] = field(default_factory=list)

    def moment(self, placed: Placed[Row], text: str | None, *inside: str | int) -> datetime | None:
        """The moment that a text means; None where there is no text or a fault."""
        if text is None:
            return None
        try:
            return parse_time(text, self.where)
        except ValueError as error:
            self.faults.append(placed.fault(str(error), *inside))
            return None

    def stretch(
        self, placed: Placed[Row], what: str, start: str, end: str, *inside: str | int
    ) -> tuple[datetime, datetime] | None:
        """Both ends of a stretch of time; None where there is a fault."""
        first = self.moment(placed, start, *inside, "start")
        last = self.moment(placed, end, *inside, "end")
        if first is None or last is None:
            return None
        if last <= first:
            message = f"{what} ends ({end}) before it starts ({start})"
            self.faults.append(placed.fault(message, *inside, "end"))
            return None
        return first, last


def _calendar(gathered: Rows, hours: _Hours) -> None:
    window = None
    if gathered.window is not None:
        row = gathered.window.row
        window = hours.stretch(gathered.window, "the window", row.start, row.end)
    for blackout in gathered.blackouts:
        slot = blackout.row
        hours.stretch(blackout, f"the blackout '{slot.id}'", slot.start, slot.end)
    for fixed in gathered.fixed_dates:
        held = hours.stretch(
            fixed, f"the fixed date '{fixed.row.id}'", fixed.row.start, fixed.row.end
        )
        if held and window and (held[1] <= window[0] or window[1] <= held[0]):
            message = "the fixed date lies outside the window, so nobody can keep it"
            hours.faults.append(fixed.fault(message, "start"))


def _zone(gathered: Rows, faults: list[Fault]) -> ZoneInfo:
    """The zone of local times, by the calendar, else by the assumptions, else the built-in one."""
    given = gathered.assumptions
    assumed: ZoneInfo | None = zone(assumptions.TIME_ZONE)
    if given is not None and given.row.window is not None:
        assumed = _known(
            given.row.window.time_zone, given.document, ("window", "time_zone"), faults
        )
    if "calendar.yaml" in gathered.unreadable:
        return ZoneInfo("UTC")
    calendar = gathered.documents.get("calendar.yaml")
    if calendar is None:
        return assumed or ZoneInfo("UTC")
    if gathered.time_zone is None:
        return ZoneInfo("UTC")
    return _known(gathered.time_zone, calendar, ("time_zone",), faults) or ZoneInfo("UTC")


def _known(
    name: str, document: Document, path: tuple[str, ...], faults: list[Fault]
) -> ZoneInfo | None:
    try:
        return zone(name)
    except ValueError as error:
        faults.append(fault_at(document, path, str(error)))
        return None
