"""What a plan asks of verification: when a check is given anew, who counts as being there.

Part of a plan's policy (`model.py`); read by the engine's checks and by the pages. A plan that says
nothing of it has the defaults, and the digest it always had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REOPENS: Final = ("core", "passing")
PRESENCES: Final = ("assumed", "required")


@dataclass(frozen=True, slots=True)
class Verifying:
    """The rules of checks that a plan may set, in words and minutes.

    `reopen` says what makes a verdict old: that a core part moves (it always does), or also one
    that the function only passes. Forecasts know nothing of the second. `presence` says who can be
    given a check: whoever is on shift, or only who has said to be there in this shift.
    """

    reopen: str = "core"
    withdraw_minutes: float = 5.0  # a verdict can be taken back for so long
    remind_minutes: float = 10.0  # before its limit an unanswered check says so once; 0: never
    presence: str = "assumed"
    absent_minutes: float = 10.0  # after the shift's start, where presence is required
    pictures: bool = False  # handlers may send a picture with a verdict
