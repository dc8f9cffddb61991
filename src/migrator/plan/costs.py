"""What a plan costs, reckoned from its planned switches: for `diff`, after any edit by hand.

Exposure is the sum over the pairs that both move of w x |switch - switch|, divided by the sum of
w: the mean hours that a unit of link weight is split between the platforms (planner.md, 1). Links
to what stays are split for good and are no cost of the order. Pure; the planner's decoder reckons
by itself, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.ids import WaveId
from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.lint_times import switches
from migrator.plan.lint_waves import CRITICAL
from migrator.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Costs:
    """`exposure_hours` is None without links, `critical` (by wave) without an inventory."""

    exposure_hours: float | None
    makespan_hours: float
    moves: dict[WaveId, int]
    critical: dict[WaveId, int] | None


def costs(plan: Plan, inventory: Inventory | None, pairs: Iterable[Pair] | None) -> Costs:
    """The costs of a plan as it stands, whatever its `figures` say."""
    ends = [move.end for wave in plan.waves for move in wave.moves]
    makespan = (max(ends) - plan.window.start).total_seconds() / 3600 if ends else 0.0
    return Costs(
        exposure_hours=None if pairs is None else exposure_hours(plan, pairs),
        makespan_hours=makespan,
        moves={wave.id: len(wave.moves) for wave in plan.waves},
        critical=None if inventory is None else _critical(plan, inventory),
    )


def exposure_hours(plan: Plan, pairs: Iterable[Pair]) -> float:
    """Mean hours that a unit of link weight is split; 0 where nothing that moves is linked."""
    switch = switches(plan)
    split = weight = 0
    for pair in pairs:
        if pair.source in switch and pair.target in switch:
            apart = abs(switch[pair.source] - switch[pair.target])
            # Whole seconds and integer weights: the sum is the same in any order.
            split += pair.weight * round(apart.total_seconds())
            weight += pair.weight
    return split / weight / 3600 if weight else 0.0


def _critical(plan: Plan, inventory: Inventory) -> dict[WaveId, int]:
    known = inventory.by_id
    return {
        wave.id: sum(
            move.subsystem in known and known[move.subsystem].criticality == CRITICAL
            for move in wave.moves
        )
        for wave in plan.waves
    }
