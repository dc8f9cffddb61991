"""How long a disturbance may stay yellow, and when its owner is warned before it is red.

Part of a plan's policy (`model.py`); read by `incidents/clock.py`. A plan that says nothing of it
has the defaults, and the digest it always had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DisturbanceLimits:
    """The clock of a yellow disturbance, in minutes and as a share of them."""

    red_after_minutes: float = 240.0  # at most; less where turning back is too late before that
    warn_share: float = 0.5  # of the time that it has: the first warning
    warn_minutes: float = 15.0  # before it is red: the last warning


RED_AFTER_MINUTES_MAX: Final = 24 * 60.0
"""A yellow that may last longer than a day has no clock: the weekend is over before it is red."""
