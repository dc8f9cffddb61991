"""What a plan can show for itself: what was lowered, how far it might still fall, how it was found.

Made by the planner (`planner/certificate.py`), written into the plan file, read by people. It never
says that a plan is the best one: it says what was tried, how much other tries differed, and below
what no plan can come. It was true of the plan as it was made; an edit leaves it as it stood.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Certificate:
    """Hours are mean hours that a unit of link weight is split, but for the end."""

    search: str  # compiled: by playing weekends; plain: by the decoder alone
    objective_hours: float  # what was lowered, in the search's own measure
    mean_hours: float | None  # over sampled weekends; None: none were played
    tail_hours: float | None  # the mean of the worst fifth of them
    end_hours_p80: float | None  # from the window's start; four weekends of five end by then
    weekends: int  # that these three come from; the search had not seen them
    bound_hours: float  # no plan of expected durations that keeps the limits is below it
    restarts_hours: tuple[float, ...]  # what the same search ended with from other seeds
    played: int  # weekends that were played in all
    inventory: str  # the digest of what it was found for
    peers: str = ""  # how plans made otherwise compare, in one sentence; empty: nobody looked
