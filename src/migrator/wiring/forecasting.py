"""A plan or a run to a forecast: the kernel's process is asked, and told what it means.

Called by commands, by the live forecaster and by benchmarks. The kernel's process is given by the
caller, who also ends it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from migrator.engine.run import Run
from migrator.forecast import chance, critical, load, turn_back
from migrator.forecast.chance import Sampled
from migrator.forecast.learned import Learned
from migrator.forecast.model import Forecast, MoveForecast, WaveForecast
from migrator.forecast.turn_back import Question
from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.digest import plan_digest
from migrator.plan.model import Plan
from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.problem import Floats, Ints, arrays
from migrator.wiring.forecast_estate import (
    FIRST,
    Estate,
    Player,
    an_estate,
    curve_times,
    irreversible_at,
    moved_at_once,
)
from migrator.wiring.forecast_notes import played_notes, team_names
from migrator.wiring.live_state import Middle, middle_of

WEEKENDS: Final = 2_000
"""A share of 80 % is then known to within 2 %."""

CURVE_WEEKENDS_MAX: Final = 1_000
"""Of the turn-back curve, which costs as many unwinds as it has minutes."""

CHAINS_MAX: Final = 1_000
"""Weekends whose longest chain is looked for, at twice the cost of a weekend."""

BRIEF_CHAINS_MAX: Final = 250
"""The same where only the shares of waves taken back are told."""

FINE_MINUTES: Final = 5.0
"""Between two minutes of the curve where it crosses the window's end."""


def forecast_plan(
    plan: Plan,
    inventory: Inventory,
    pairs: Sequence[Pair],
    *,
    kernel: Player,
    weekends: int = WEEKENDS,
    seed: int = 1,
    learned: Learned | None = None,
) -> Forecast:
    """What is known of a plan before its weekend. InputError where plan and estate do not fit.

    How sure one wants to be of turning back, and how long a decision takes, stands in the plan.
    """
    estate = an_estate(plan, inventory, pairs, learned)
    return forecast_estate(estate, kernel=kernel, weekends=weekends, seed=seed)


def forecast_run(  # noqa: PLR0913 - a run, what it follows, and how to play
    run: Run,
    plan: Plan,
    inventory: Inventory,
    pairs: Sequence[Pair],
    *,
    now: datetime,
    kernel: Player,
    weekends: int = WEEKENDS,
    seed: int = 1,
    learned: Learned | None = None,
) -> Forecast:
    """What is known of a run at run time `now`, for the plan that it follows."""
    once = RunForecaster(kernel, weekends=weekends, seed=seed, learned=learned)
    return once(run, plan, inventory, pairs, now=now)


@dataclass(slots=True)
class Known:
    """What no event of a run changes: what undoing everything takes at each hour, and the slack in
    the plan of P50s.
    """

    whole: dict[float, Floats] = field(default_factory=dict)
    slack: Floats | None = None

    def slack_of(self, estate: Estate, kernel: Player) -> Floats:
        """By move: minutes that it may be late before the planned end is."""
        if self.slack is None:
            self.slack = kernel.slack(estate.problem, estate.order, estate.wave_at)
        return self.slack


@dataclass(slots=True)
class RunForecaster:
    """One run's forecasts, one after the other: what does not change is read and played once."""

    kernel: Player
    weekends: int = WEEKENDS
    seed: int = 1
    learned: Learned | None = None
    brief: bool = False  # ends, waves and turning back alone: what a run's clock shows
    _of: tuple[Plan, Inventory] | None = None
    _estate: Estate | None = None
    _known: Known = field(default_factory=Known)

    def __call__(
        self,
        run: Run,
        plan: Plan,
        inventory: Inventory,
        pairs: Sequence[Pair],
        *,
        now: datetime,
    ) -> Forecast:
        """The forecast of a run at run time `now`."""
        estate = self._estate
        if estate is None or self._of != (plan, inventory):
            estate = an_estate(plan, inventory, pairs, self.learned)
            self._estate, self._of, self._known = estate, (plan, inventory), Known()
        middle = middle_of(run, plan, estate.facts, estate.dial, now)
        return forecast_estate(
            estate,
            kernel=self.kernel,
            weekends=self.weekends,
            seed=self.seed,
            middle=middle,
            known=self._known,
            brief=self.brief,
        )


def forecast_estate(
    estate: Estate,
    *,
    kernel: Player,
    weekends: int,
    seed: int,
    middle: Middle | None = None,
    known: Known | None = None,
    brief: bool = False,
) -> Forecast:
    """Play the weekends, from the middle of one if it is in it, and say what they mean.

    A `brief` one leaves out the moves, the load by hour and the fan, which take as long again.
    """
    known = known or Known()
    p, rows, dial = estate.problem, estate.rows, estate.dial
    window, ids, wave_of = rows.rules.window, estate.facts.ids, estate.wave_of
    live = NOTHING_YET if middle is None else middle.live
    sampled = Sampled(
        *kernel.weekends(
            p, estate.order, estate.wave_at, seed, weekends, first=FIRST, keep=weekends, live=live
        )
    )
    curve = _Curve(estate, kernel, min(weekends, CURVE_WEEKENDS_MAX), seed, live)
    asked, back = curve.asked(0.0 if middle is None else middle.now)
    commit_after = np.array([move.commit_after for move in rows.moves], dtype=np.float64)
    turning = turn_back.turn_back(
        back,
        turn_back.committed_share(sampled, commit_after, asked.times),
        curve.whole(asked, known.whole),
        turn_back.data_limit(sampled, ids, irreversible_at(estate), commit_after),
        asked,
        dial,
    )
    limit = math.inf if turning.limit is None else dial.minutes(turning.limit)
    everything = chance.moved(sampled, len(ids))
    over = sampled.figures[:, chance.OVER]
    exposure, exposure_p80 = chance.exposure_hours(sampled, p.weights)
    chained = min(weekends, BRIEF_CHAINS_MAX if brief else CHAINS_MAX)
    often, backs = kernel.chains(
        p, estate.order, estate.wave_at, seed, chained, first=FIRST, live=live
    )
    notes = (*estate.notes, *played_notes(compiled=kernel.compiled))
    return Forecast(
        plan=estate.plan.name,
        plan_digest=plan_digest(estate.plan),
        at=None if middle is None else middle.at,
        seq=0 if middle is None else middle.seq,
        weekends=weekends,
        seed=seed,
        compiled=kernel.compiled,
        fits=chance.fits(sampled, len(ids), window),
        all_moved=chance.share_of(everything),
        forward_first=chance.share_of(everything & (over <= limit)),
        dates_missed=chance.share_of(sampled.figures[:, chance.LATE] > 0),
        end=chance.quantiles(over, dial),
        window_begin=estate.plan.window.start,
        window_end=estate.plan.window.end,
        exposure_hours=exposure,
        exposure_hours_p80=exposure_p80,
        waves=_waves(estate, sampled, backs / chained, middle),
        moves=()
        if brief
        else _moves(estate, sampled, often / chained, known.slack_of(estate, kernel)),
        turn_back=turning,
        handlers=() if brief else load.handlers(sampled, rows, wave_of, estate.pool_names, dial),
        teams=()
        if brief
        else load.teams(sampled, rows, team_names(estate.inventory, estate.facts), dial),
        bridges=() if brief else chance.bridges(sampled, p.pairs, p.weights, window, dial),
        fan=() if brief else chance.fan(sampled, dial),
        absent=(),
        notes=notes if middle is None else (*notes, *middle.notes),
    )


# --- the parts ------------------------------------------------------------------------------------


def _waves(
    estate: Estate, sampled: Sampled, returned: Floats, middle: Middle | None
) -> tuple[WaveForecast, ...]:
    dial = estate.dial
    ends = chance.wave_ends(sampled, estate.wave_of, len(estate.plan.waves))
    return tuple(
        WaveForecast(
            wave=wave.id,
            gate=chance.quantiles(sampled.gates[:, number], dial),
            end=chance.quantiles(ends[:, number], dial),
            returned=_returned(float(returned[number]), number, middle),
            over=middle is not None and middle.over[number],
        )
        for number, wave in enumerate(estate.plan.waves)
    )


def _returned(share: float, number: int, middle: Middle | None) -> float:
    """What is over in reality is 0 or 1."""
    if middle is None or not (middle.over[number] or middle.returned[number]):
        return share
    return 1.0 if middle.returned[number] else 0.0


def _moves(
    estate: Estate, sampled: Sampled, often: Floats, slack: Floats
) -> tuple[MoveForecast, ...]:
    dial = estate.dial
    moved_by = critical.cruciality(sampled)
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
                    switch_p20=dial.moment(
                        chance.at_share(sampled.times[:, i, chance.SWITCH], chance.P20)
                    ),
                )
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Curve:
    """The turn-back curve, asked of the kernel: every half hour, and closer where it crosses."""

    estate: Estate
    kernel: Player
    count: int
    seed: int
    live: Live

    def asked(self, now: float) -> tuple[Question, Floats]:
        """What is asked from a minute on, and the answer."""
        window = self.estate.rows.rules.window
        policy = self.estate.plan.policy.forecast
        # Nobody turns back in the past. Behind the window it is asked once: it is too late.
        coarse = np.array([now, *(t for t in curve_times(window) if t > now)])
        back = self._back(coarse)
        ends = [chance.at_share(back[:, k], policy.quantile) for k in range(len(coarse))]
        late = np.array(ends) > window
        fine = [
            np.arange(coarse[k] + FINE_MINUTES, coarse[k + 1] - 1e-9, FINE_MINUTES)
            for k in range(len(coarse) - 1)
            if late[k] != late[k + 1]
        ]
        times = coarse
        if fine and len(closer := np.concatenate(fine)):
            times = np.concatenate([coarse, closer])
            back = np.concatenate([back, self._back(closer)], axis=1)
            order = np.argsort(times, kind="stable")
            times, back = times[order], back[:, order]
        question = Question(tuple(times.tolist()), window, policy.decision_minutes, policy.quantile)
        return question, back

    def _back(self, times: Floats) -> Floats:
        estate = self.estate
        delay = estate.plan.policy.forecast.decision_minutes
        return self.kernel.turn_backs(
            estate.problem, estate.order, estate.wave_at, self.seed, self.count, times, delay,
            first=FIRST, live=self.live,
        )  # fmt: skip

    def whole(self, asked: Question, known: dict[float, Floats]) -> Floats:
        """The same for an estate that stands on the target whole."""
        estate = self.estate
        new = np.array([t for t in asked.times if t not in known])
        if len(new):
            one_wave: Ints = np.array([0, len(estate.order)], dtype=np.int64)
            found = self.kernel.turn_backs(
                arrays(*moved_at_once(estate.rows, estate.order)), estate.order, one_wave,
                self.seed, self.count, new, asked.decision, first=FIRST,
            )  # fmt: skip
            known.update({t: found[:, k] for k, t in enumerate(new.tolist())})
        return np.stack([known[t] for t in asked.times], axis=1)
