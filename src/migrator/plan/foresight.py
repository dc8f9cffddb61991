"""What a plan asks of forecasts: how sure one wants to be, and what a run does when it is not.

Part of a plan's policy (`model.py`); read by the engine's gates and holds, and by whoever makes a
forecast. A plan that says nothing of forecasts has the defaults, and the digest it always had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Foresight:
    """The limits of what is forecast, as shares of the sampled weekends and in minutes."""

    fits_min: float = 0.8  # below it a gate's advice is no
    forward_first_min: float = 0.5  # going forward ends before turning back is too late
    hold: bool = False  # below `forward_first_min` the run holds by itself
    binding: bool = False  # a gate refuses a go that its advice speaks against
    decision_minutes: float = 15.0  # until people have decided, and until the next look at it
    quantile: float = 0.95  # how sure one wants to be that all is back inside the window
    weekends: int = 1_000  # sampled for each forecast of a run


WEEKENDS_MAX: Final = 100_000
"""Ten times what a stated quantile needs; a live clock could not keep up with more."""
