"""A plan and its estate as the kernel reads them, and who plays it.

Made and read by `forecasting.py` and `forecast_help.py`. Here alone the planner's reading of an
estate (`planner/problem.py`, `planner/rows.py`) meets `forecast/`, which may not know it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from migrator.errors import InputError
from migrator.forecast import learned as learning
from migrator.forecast.chance import Dial
from migrator.forecast.learned import Learned
from migrator.inventory.model import Inventory, Kind
from migrator.inventory.times import zone
from migrator.links.table import Pair
from migrator.plan.model import Plan
from migrator.planner.problem import Problem as Facts
from migrator.planner.problem import build_problem
from migrator.planner.rows import DECISION_MINUTES, SHOCK_SIGMA, kernel_rows
from migrator.planner.rules import find_rules
from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.problem import NOTHING, Floats, Ints, Problem, Rows, arrays
from migrator.wiring.forecast_notes import pool_names, standing_notes

CURVE_MINUTES: Final = 30.0
"""Between two minutes of the turn-back curve; near the limit they are closer."""

FIRST: Final = 1_000_000
"""The first sample of a forecast: no search has ever seen it, whatever its seed."""


class Player(Protocol):
    """Whoever plays weekends: `schedule.process.Kernel`; in tests also its plain twin."""

    compiled: bool

    def weekends(  # noqa: PLR0913 - the kernel's own
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        keep: int = 0,
        live: Live = NOTHING_YET,
    ) -> tuple[Floats, Floats, Floats]:
        """Figures by weekend, and gates and times of the first `keep`."""

    def turn_backs(  # noqa: PLR0913 - the kernel's own
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        times: Floats,
        delay: float,
        *,
        first: int = 0,
        live: Live = NOTHING_YET,
    ) -> Floats:
        """By sampled weekend and by time: when all would be back."""

    def chains(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        live: Live = NOTHING_YET,
    ) -> tuple[Floats, Floats]:
        """By move, in how many weekends it is on the longest realised chain; by wave, in how many
        it is taken back at least once.
        """

    def slack(self, p: Problem, order: Ints, wave_at: Ints, *, live: Live = NOTHING_YET) -> Floats:
        """By move: minutes that it may take longer before the plan of P50s ends later."""


@dataclass(frozen=True, slots=True)
class Estate:
    """A plan and its inventory as the kernel reads them."""

    plan: Plan
    inventory: Inventory
    facts: Facts
    rows: Rows
    order: Ints
    wave_at: Ints
    notes: tuple[str, ...]

    @property
    def problem(self) -> Problem:
        """The rows as arrays."""
        return arrays(*self.rows)

    @property
    def wave_of(self) -> Ints:
        """By move: the number of its wave; -1 for one that is in none."""
        found = np.full(len(self.rows.moves), -1, dtype=np.int64)
        for wave in range(len(self.wave_at) - 1):
            found[self.order[self.wave_at[wave] : self.wave_at[wave + 1]]] = wave
        return found

    @property
    def pool_names(self) -> list[str]:
        """By pool of handlers, what people call it."""
        rows = self.rows
        return pool_names(self.inventory, self.facts, rows.functions, len(rows.pools))

    @property
    def dial(self) -> Dial:
        """The window's minutes as moments."""
        return Dial(self.inventory.calendar.start, zone(self.plan.window.time_zone))


def an_estate(
    plan: Plan, inventory: Inventory, pairs: Sequence[Pair], learned: Learned | None = None
) -> Estate:
    """Read a plan and its estate for the kernel, with durations as they were learned, if they were.

    InputError where the plan moves what the estate has not.
    """
    _refuse_strangers(plan, inventory)
    estate = _as_planned(inventory, plan)
    gate, shock = DECISION_MINUTES, SHOCK_SIGMA
    told: list[str] = []
    if learned is not None:
        estate = learning.applied(estate, plan.policy, plan.recipes, learned)
        gate, shock = learned.gate_minutes, learned.durations.shock_sigma
        told = learning.notes(learned, inventory)
    facts = build_problem(estate, tuple(pairs), find_rules(estate), plan.policy, plan.recipes)
    rows = kernel_rows(
        estate, facts, plan.policy, plan.recipes, shock_sigma=shock, gate_minutes=gate
    )
    order, wave_at = _order(plan, facts)
    notes = standing_notes(estate, rows, told)
    return Estate(plan, estate, facts, rows, order, wave_at, notes)


def _refuse_strangers(plan: Plan, inventory: Inventory) -> None:
    moving = {subsystem.id for subsystem in inventory.moving}
    strangers = [
        str(move.subsystem)
        for wave in plan.waves
        for move in wave.moves
        if move.subsystem not in moving
    ]
    if strangers:
        raise InputError(
            "plan-for-another-inventory",
            f"the plan moves what the inventory does not: {', '.join(strangers[:5])}",
            hint="`migrator lint PLAN` says what differs",
            count=len(strangers),
        )


def _as_planned(inventory: Inventory, plan: Plan) -> Inventory:
    """The estate without the moves that the plan leaves out: they stay where they are."""
    planned = {move.subsystem for wave in plan.waves for move in wave.moves}
    if all(subsystem.id in planned for subsystem in inventory.moving):
        return inventory
    subsystems = tuple(
        replace(s, kind=Kind.STAYS) if s.moves and s.id not in planned else s
        for s in inventory.subsystems
    )
    return replace(
        inventory,
        subsystems=subsystems,
        relations=tuple(r for r in inventory.relations if planned.issuperset(r.members)),
        by_id={subsystem.id: subsystem for subsystem in subsystems},
    )


def _order(plan: Plan, facts: Facts) -> tuple[Ints, Ints]:
    """The plan's moves as the kernel's order: by wave and planned start, who is before first."""
    order: list[int] = []
    wave_at = [0]
    for wave in plan.waves:
        waiting = [facts.index[move.subsystem] for move in wave.moves]
        while waiting:
            ready = next(
                (i for i in waiting if not set(facts.moves[i].before) & set(waiting)), waiting[0]
            )
            waiting.remove(ready)
            order.append(ready)
        wave_at.append(len(order))
    return np.array(order, dtype=np.int64), np.array(wave_at, dtype=np.int64)


def curve_times(window: float) -> tuple[float, ...]:
    """The minutes at which somebody might say that everything goes back."""
    return tuple(np.arange(0.0, window + 1e-9, CURVE_MINUTES).tolist())


def moved_at_once(rows: Rows, order: Ints) -> Rows:
    """The same estate, all of it moved in the window's first minute: what undoing everything takes
    at any later hour, with the crews and the durations that undoing has.

    The switches keep their order by a thousandth of a minute each. A team that is not there yet
    moves its own when it comes.
    """
    place = {int(i): k for k, i in enumerate(order)}
    moves = [
        replace(
            move,
            move=NOTHING._replace(mid=0.001 * (1 + place.get(i, 0))),
            shares=(0.0, 0.0, 1.0, 0.0, 0.0),
            opening=0.0,
            failure=0.0,
            copy_rate=0.0,
            quota=0.0,
            incident=0.0,
            careful_cut=0.0,
            blackouts=(),
            fixed=(-math.inf, math.inf),
            commit_after=math.inf,
        )
        for i, move in enumerate(rows.moves)
    ]
    rules = replace(rows.rules, deciding=(), gate_minutes=0.0, soak=0.0)
    return rows._replace(moves=moves, rules=rules)


def irreversible_at(estate: Estate) -> list[float]:
    """By move: the minute of its irreversible act; endless where nobody named an hour."""
    dial = estate.dial
    found = []
    for name in estate.facts.ids:
        act = estate.inventory.by_id[name].irreversible
        known = act is not None and act.at is not None
        found.append(dial.minutes(act.at) if known and act and act.at else math.inf)
    return found
