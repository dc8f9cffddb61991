"""What lint says: one finding for each thing that does not hold, with its place in the plan file.

Made by `lint.py` and its parts, shown by `migrator lint` and `migrator dry-run`. An error means
that the plan must not be run as it is; a warning is something that people should know and may
accept. The path is that of the file (`waves[1].moves[0].switch`), so that a line can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from migrator.inventory.times import at_offset, told_apart
from migrator.inventory.yaml_text import DataPath, show

_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


class Severity(Enum):
    """Whether the plan may be run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `rule` is a stable word for programs and for a page."""

    severity: Severity
    rule: str
    path: DataPath
    message: str
    hint: str

    @property
    def place(self) -> str:
        """The path as people read it."""
        return show(self.path)


def error(rule: str, path: DataPath, message: str, hint: str) -> Finding:
    """Something that must be mended before the plan is run."""
    return Finding(Severity.ERROR, rule, path, message, hint)


def warning(rule: str, path: DataPath, message: str, hint: str) -> Finding:
    """Something that people should know, and may accept."""
    return Finding(Severity.WARNING, rule, path, message, hint)


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that forbid to run the plan."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in a sentence: `Sat 14 Oct 09:30` as the clocks of the window show it."""
    local = at_offset(moment, zone)
    # Not strftime's %a and %b: they follow the machine's language.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.weekday()]
    month = _MONTHS[local.month - 1]
    return f"{day} {local.day} {month} {local:%H:%M}{told_apart(moment, zone)}"


def listing(names: Sequence[str], most: int = 5) -> str:
    """Some names in a sentence; how many more there are, where a line would not hold them."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
