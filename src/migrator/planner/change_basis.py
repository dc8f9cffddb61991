"""What a plan is changed from and for, and what of a run may not be planned anew.

Made by the command line, read by `changes.py` and the modules beside it. Facts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.model import Plan
from migrator.planner.requests import Requests


@dataclass(frozen=True, slots=True)
class Started:
    """What of a run may not be planned anew: its first waves, and when the rest may begin.

    `switch` has the real or expected switches of their moves; `why` says of each wave what stands
    in the way of changing it.
    """

    waves: int
    switch: Mapping[SubsystemId, datetime]
    free_from: datetime
    why: Mapping[WaveId, str]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan is changed from and for."""

    plan: Plan
    inventory: Inventory
    pairs: tuple[Pair, ...]
    links: int
    links_digest: str
    requests: Requests
    started: Started | None
