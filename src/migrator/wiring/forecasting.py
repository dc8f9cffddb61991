"""A plan and its estate to a forecast: the rows for the kernel, its process, and what it means.

Called by commands, by the live forecaster and by benchmarks. Here alone the planner's reading of
an estate (`planner/problem.py`, `planner/rows.py`) meets `forecast/`, which may not know it. The
kernel's process is given by the caller, who also ends it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from migrator.errors import InputError
from migrator.forecast import chance, critical, load, turn_back
from migrator.forecast.chance import Dial, Sampled
from migrator.forecast.model import Forecast, MoveForecast, WaveForecast
from migrator.inventory.model import Inventory
from migrator.inventory.times import zone
from migrator.links.table import Pair
from migrator.plan.digest import plan_digest
from migrator.plan.model import Plan
from migrator.planner.problem import Problem as Facts
from migrator.planner.problem import build_problem
from migrator.planner.rows import kernel_rows
from migrator.planner.rules import find_rules
from migrator.schedule.problem import NOTHING, Floats, Ints, Problem, Rows, arrays
from migrator.wiring.forecast_notes import (
    played_notes,
    pool_names,
    standing_notes,
    team_names,
)

WEEKENDS: Final = 2_000
"""A share of 80 % is then known to within 2 %."""

CURVE_WEEKENDS_MAX: Final = 1_000
"""Of the turn-back curve, which costs as many unwinds as it has minutes."""

CURVE_MINUTES: Final = 30.0
"""A turn-back time is told to the half hour: people read it aloud."""

FIRST: Final = 1_000_000
"""The first sample of a forecast: no search has ever seen it, whatever its seed."""


class Player(Protocol):
    """Whoever plays weekends: `schedule.process.Kernel`; in tests also its plain twin."""

    compiled: bool

    def weekends(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        keep: int = 0,
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
    ) -> Floats:
        """By sampled weekend and by time: when all would be back."""


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


def forecast_plan(
    plan: Plan,
    inventory: Inventory,
    pairs: Sequence[Pair],
    *,
    kernel: Player,
    weekends: int = WEEKENDS,
    seed: int = 1,
) -> Forecast:
    """What is known of a plan before its weekend. InputError where plan and estate do not fit.

    How sure one wants to be of turning back, and how long a decision takes, stands in the plan.
    """
    return forecast_estate(
        an_estate(plan, inventory, pairs), kernel=kernel, weekends=weekends, seed=seed
    )


def an_estate(plan: Plan, inventory: Inventory, pairs: Sequence[Pair]) -> Estate:
    """Read a plan and its estate for the kernel."""
    facts = build_problem(inventory, tuple(pairs), find_rules(inventory), plan.policy, plan.recipes)
    rows = kernel_rows(inventory, facts, plan.policy, plan.recipes)
    order, wave_at = _order(plan, facts)
    notes = standing_notes(inventory, rows, ())
    return Estate(plan, inventory, facts, rows, order, wave_at, notes)


def forecast_estate(
    estate: Estate,
    *,
    kernel: Player,
    weekends: int,
    seed: int,
) -> Forecast:
    """Play the weekends and say what they mean."""
    p, rows, dial = estate.problem, estate.rows, estate.dial
    window, ids, wave_of = rows.rules.window, estate.facts.ids, estate.wave_of
    sampled = Sampled(
        *kernel.weekends(
            p, estate.order, estate.wave_at, seed, weekends, first=FIRST, keep=weekends
        )
    )
    asked = turn_back.Question(
        times=curve_times(window),
        window=window,
        decision=estate.plan.policy.forecast.decision_minutes,
        quantile=estate.plan.policy.forecast.quantile,
    )
    back, whole = _curves(estate, kernel, min(weekends, CURVE_WEEKENDS_MAX), seed, asked)
    commit_after = np.array([move.commit_after for move in rows.moves], dtype=np.float64)
    data = turn_back.data_limit(sampled, ids, _irreversible(estate), commit_after)
    committed = turn_back.committed_share(sampled, commit_after, asked.times)
    turning = turn_back.turn_back(back, committed, whole, data, asked, dial)
    limit = math.inf if turning.limit is None else dial.minutes(turning.limit)
    everything = chance.moved(sampled, len(ids))
    over = sampled.figures[:, chance.OVER]
    exposure, exposure_p80 = chance.exposure_hours(sampled, p.weights)
    return Forecast(
        plan=estate.plan.name,
        plan_digest=plan_digest(estate.plan),
        at=None,
        seq=0,
        weekends=weekends,
        seed=seed,
        compiled=kernel.compiled,
        fits=chance.fits(sampled, len(ids), window),
        all_moved=chance.share_of(everything),
        forward_first=chance.share_of(everything & (over <= limit)),
        end=chance.quantiles(over, dial),
        window_begin=estate.plan.window.start,
        window_end=estate.plan.window.end,
        exposure_hours=exposure,
        exposure_hours_p80=exposure_p80,
        waves=_waves(estate, sampled),
        moves=_moves(estate, sampled, kernel, seed),
        turn_back=turning,
        handlers=load.handlers(sampled, rows, wave_of, estate.pool_names, dial),
        teams=load.teams(sampled, rows, team_names(estate.inventory, estate.facts), dial),
        bridges=chance.bridges(sampled, p.pairs, p.weights, window, dial),
        fan=chance.fan(sampled, dial),
        absent=(),
        notes=(*estate.notes, *played_notes(sampled, compiled=kernel.compiled)),
    )


# --- the parts ------------------------------------------------------------------------------------


def _waves(estate: Estate, sampled: Sampled) -> tuple[WaveForecast, ...]:
    dial, wave_of = estate.dial, estate.wave_of
    ends = chance.wave_ends(sampled, wave_of, len(estate.plan.waves))
    failures = np.array([move.failure for move in estate.rows.moves])
    found = []
    for number, wave in enumerate(estate.plan.waves):
        # One failure takes the whole wave back; failures of one try have nothing to do with each
        # other, so this is the kernel's own probability, and needs no counting.
        returned = 1.0 - float(np.prod(1.0 - failures[wave_of == number]))
        found.append(
            WaveForecast(
                wave=wave.id,
                gate=chance.quantiles(sampled.gates[:, number], dial),
                end=chance.quantiles(ends[:, number], dial),
                returned=returned,
                over=False,
            )
        )
    return tuple(found)


def _moves(estate: Estate, sampled: Sampled, kernel: Player, seed: int) -> tuple[MoveForecast, ...]:
    dial, wave_of, rows = estate.dial, estate.wave_of, estate.rows
    chain = critical.Chain(
        wave_of=wave_of,
        team=np.array([move.team for move in rows.moves], dtype=np.int64),
        before=[move.before for move in rows.moves],
        accepted=rows.rules.wait_for_accepted,
        tails=load.tails(rows),
    )
    often, moved_by = critical.criticality(sampled, chain), critical.cruciality(sampled)
    _, gates, times = kernel.weekends(
        estate.problem, estate.order, estate.wave_at, seed, 1, first=-1, keep=1
    )
    slack = critical.slack(times[0], gates[0], chain)
    found = []
    for wave in estate.plan.waves:
        for move in wave.moves:
            i = estate.facts.index[move.subsystem]
            start, switch, _, end = (
                chance.quantiles(sampled.times[:, i, column], dial) for column in range(4)
            )
            found.append(
                MoveForecast(
                    move=move.subsystem,
                    wave=wave.id,
                    start=start,
                    switch=switch,
                    end=end,
                    criticality=float(often[i]),
                    cruciality=float(moved_by[i]),
                    slack_minutes=float(slack[i]),
                )
            )
    return tuple(found)


def _curves(
    estate: Estate, kernel: Player, count: int, seed: int, asked: turn_back.Question
) -> tuple[Floats, Floats]:
    """The turn-back curve of the plan, and that of an estate that stands on the target whole."""
    times = np.array(asked.times, dtype=np.float64)
    back = kernel.turn_backs(
        estate.problem, estate.order, estate.wave_at, seed, count, times, asked.decision,
        first=FIRST,
    )  # fmt: skip
    one_wave = np.array([0, len(estate.order)], dtype=np.int64)
    at_once = arrays(*moved_at_once(estate.rows, estate.order))
    whole = kernel.turn_backs(
        at_once, estate.order, one_wave, seed, count, times, asked.decision, first=FIRST
    )
    return back, whole


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


def _order(plan: Plan, facts: Facts) -> tuple[Ints, Ints]:
    """The plan's moves as the kernel's order: by wave and planned start, who is before first."""
    missing = [
        str(move.subsystem)
        for wave in plan.waves
        for move in wave.moves
        if move.subsystem not in facts.index
    ]
    if missing:
        raise InputError(
            "plan-for-another-inventory",
            f"the plan moves what the inventory does not: {', '.join(missing[:5])}",
            hint="`migrator lint PLAN` says what differs",
            count=len(missing),
        )
    order: list[int] = []
    wave_at = [0]
    for wave in plan.waves:
        waiting = [facts.index[move.subsystem] for move in wave.moves]
        members = set(waiting)
        while waiting:
            ready = next(
                (
                    i
                    for i in waiting
                    if not any(j in members and j in waiting for j in facts.moves[i].before)
                ),
                waiting[0],
            )
            waiting.remove(ready)
            order.append(ready)
        wave_at.append(len(order))
    return np.array(order, dtype=np.int64), np.array(wave_at, dtype=np.int64)


def _irreversible(estate: Estate) -> list[float]:
    """By move: the minute of its irreversible act; endless where nobody named an hour."""
    dial = estate.dial
    found = []
    for name in estate.facts.ids:
        act = estate.inventory.by_id[name].irreversible
        known = act is not None and act.at is not None
        found.append(dial.minutes(act.at) if known and act and act.at else math.inf)
    return found
