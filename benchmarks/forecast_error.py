"""How far forecasts of the end are off at a quarter, half and three quarters of a weekend.

Two hundred weekends of four sample estates are rehearsed, with durations that are no log-normals
(`_true_weekends.py`), each act with a chance of its own. At each of the three times the state of
the run is forecast by the kernel, which knows the P50s and P80s of the inventory, and by an oracle
that knows the true distribution of every duration: engine and simulated people play the rest of the
weekend again, with what is over as it was, with what runs drawn from the part of its distribution
that is left, and with everything else drawn anew.

The oracle's best word is the mean of all such weekends, and its error their deviation. Two weekends
that agree up to that moment, the real one and one of the oracle's, are a sample of two from that
distribution, so their variance (with n - 1) is the oracle's squared error without bias; the
kernel's word is the mean of its weekends. Accidents are left out: whether a wave fails is heads or
tails, and nobody's skill.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from _true_weekends import ESTATES, TrueChance, again, over, planned

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import new_run
from migrator.inventory.model import Estimate
from migrator.plan.model import Itinerary
from migrator.schedule.process import Kernel
from migrator.wiring import rehearsal
from migrator.wiring.forecast_estate import FIRST, Estate
from migrator.wiring.live_state import middle_of
from migrator.wiring.rehearsing import Rehearsed

REHEARSED: Final = 50
"""Weekends of each estate."""

AT: Final = (0.25, 0.5, 0.75)
ORACLES: Final = 1
SAMPLED: Final = 1_000
GOAL: Final = 1.15
TRIES_MAX: Final = 1_000
"""Draws until one is longer than what has passed; then it ends at once."""

Key = tuple[object, ...]


class Apart(TrueChance):
    """Every act has a number of its own, and no weekend is longer as a whole."""

    def __init__(self, seed: int, *, heavy: bool) -> None:
        """As a rehearsal draws, but of another family."""
        super().__init__(seed, heavy=heavy)
        self.shock = 1.0

    def whole(self, key: Key) -> Key:
        """A duration is part of nothing."""
        return key


@dataclass
class Onwards(Apart):
    """The same weekend until a moment, and another one from there on."""

    real: Apart
    begun: Mapping[Key, float]  # by what was drawn: minutes that it runs already
    other: Apart
    spent: dict[Key, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Whatever else a rehearsal asks of its chance is as in the real one."""
        super().__init__(self.real.seed, heavy=False)

    def minutes(self, estimate: Estimate, *key: object) -> float:
        """A duration: as it was, as it may still be, or drawn anew."""
        if key not in self.begun:
            return self.other.minutes(estimate, *key)
        real, elapsed = self.real.minutes(estimate, *key), self.begun[key]
        if real <= elapsed:
            return real
        for nth in range(TRIES_MAX):
            found = self.other.minutes(estimate, *key, "left", nth)
            if found > elapsed:
                return found
        return elapsed


def begun_by(played: Rehearsed, moment: datetime) -> dict[Key, float]:
    """What had been begun by a moment, by the key of its draw: how many minutes it had run."""
    found: dict[Key, float] = {}
    for line in played.lines:
        if line.at > moment:
            break
        elapsed = (moment - line.at).total_seconds() / 60
        match line.event:
            case ev.StepStarted(move=move, step=act, attempt=attempt, nth=nth):
                found[move, act, attempt, nth] = elapsed
            case ev.UndoStarted(move=move, undo=act, attempt=attempt, nth=nth):
                found[move, act, attempt, nth] = elapsed
            case ev.CheckAssigned(check=check, person=person, attempt=attempt):
                found[check, person, attempt] = elapsed
            case ev.GateOpened(wave=wave, attempt=attempt):
                found["go", wave, attempt] = elapsed
            case _:
                pass
    return found


def main() -> None:
    """Rehearse, stop, forecast, and compare."""
    kernel_errors: dict[float, list[float]] = defaultdict(list)
    variances: dict[float, list[float]] = defaultdict(list)
    window = 0.0
    for seed in ESTATES:
        with tempfile.TemporaryDirectory() as folder:
            estate, itinerary = planned(Path(folder) / "estate", seed)
        window = estate.rows.rules.window
        with Kernel(threads=2) as kernel:
            for number in range(1, REHEARSED + 1):
                real = Apart(number, heavy=number % 2 == 0)
                played = a_weekend(itinerary, number, real)
                end = estate.dial.minutes(over(played)[0])
                for share in AT:
                    moment = estate.dial.certain(share * end)
                    told = forecast(estate, itinerary, played, moment, kernel)
                    kernel_errors[share].append(told - end)
                    others = oracle(estate, itinerary, played, real, moment)
                    variances[share].append(statistics.variance([end, *others]))
    for share in AT:
        report(share, kernel_errors[share], variances[share], window)


def a_weekend(itinerary: Itinerary, seed: int, chance: TrueChance) -> Rehearsed:
    """A rehearsal without accidents; what runs into its limit all the same is tried again."""
    return rehearsal(itinerary, seed=seed, accidents=False, chance=chance, react=again)


def forecast(
    estate: Estate, itinerary: Itinerary, played: Rehearsed, moment: datetime, kernel: Kernel
) -> float:
    """The kernel's mean end, from the state of a run at a moment."""
    run = new_run(itinerary)
    for line in played.lines:
        if line.at > moment:
            break
        apply(run, line.at, line.event)
    calm = [replace(move, failure=0.0) for move in estate.rows.moves]
    known = replace(estate, rows=estate.rows._replace(moves=calm))
    middle = middle_of(run, estate.plan, estate.facts, estate.dial, moment)
    figures, _, _ = kernel.weekends(
        known.problem, known.order, known.wave_at, 1, SAMPLED, first=FIRST, live=middle.live
    )
    return float(np.mean(figures[:, 0]))


def oracle(
    estate: Estate, itinerary: Itinerary, played: Rehearsed, real: Apart, moment: datetime
) -> list[float]:
    """Ends of weekends that agree with the real one up to a moment."""
    begun = begun_by(played, moment)
    found = []
    for nth in range(1, ORACLES + 1):
        other = Apart(real.seed + 1_000_003 * nth, heavy=real.heavy)
        onwards = Onwards(real, begun, other)
        other_end = over(a_weekend(itinerary, real.seed, onwards))[0]
        found.append(estate.dial.minutes(other_end))
    return found


def report(share: float, errors: list[float], variances: list[float], window: float) -> None:
    """One line for the runner."""
    mine = math.sqrt(statistics.fmean(error**2 for error in errors))
    best = math.sqrt(statistics.fmean(variances))
    line = {
        "figure": f"error of the forecast end at {share:.0%} of the weekend, against an oracle's",
        "value": round(mine / best, 3),
        "unit": "times",
        "goal": GOAL,
        "ok": mine <= GOAL * best,
        "peers": {
            "weekends": len(errors),
            "error_minutes": round(mine, 1),
            "oracle_minutes": round(best, 1),
            "mean_error_minutes": round(statistics.fmean(errors), 1),
            "error_share_of_window": round(mine / window, 4),
            "oracle_share_of_window": round(best / window, 4),
        },
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
