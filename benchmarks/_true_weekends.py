"""Weekends whose durations are of another family than the kernel's, for benchmarks of forecasts.

The estates are generated samples of 12 subsystems, so that hundreds of weekends take minutes.
Durations are Weibull or log-logistic with the estate's own P50 and P80, never log-normal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from migrator.engine import events as ev
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.inventory.model import Estimate
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary, UndoKind
from migrator.planner.build import make_plan
from migrator.platform.simulated.chance import Chance
from migrator.wiring.forecast_estate import Estate, an_estate
from migrator.wiring.rehearsing import Rehearsed

SUBSYSTEMS: Final = 12
LINKS: Final = 4_000
ESTATES: Final = (1, 2, 3, 4)
"""Seeds of the generator."""

SHOCK_SPREAD: Final = 0.1
"""The deviation of the whole weekend's factor, as the kernel has it before any run taught it."""

AGAIN_MAX: Final = 3
_UNDOS: Final = frozenset(kind.value for kind in UndoKind)


class TrueChance(Chance):
    """Durations of another family than the kernel's.

    An owner estimates a move as a whole, so one number decides on all its steps, and another one on
    all its undos; every person and every gate has a number of its own.
    """

    def __init__(self, seed: int, *, heavy: bool) -> None:
        """`heavy`: log-logistic, with a tail that is longer than the kernel's; else Weibull."""
        super().__init__(seed)
        self.heavy = heavy
        spread = SHOCK_SPREAD * math.sqrt(3.0)
        self.shock = 1.0 + spread * (2.0 * super().uniform("weekend") - 1.0)

    def uniform(self, *key: object) -> float:
        """As always, but every accident stays."""
        return 0.0 if key and key[0] == "lasting" else super().uniform(*key)

    def minutes(self, estimate: Estimate, *key: object) -> float:
        """A duration with the estimate's P50 and P80."""
        if estimate.p50 <= 0:
            return 0.0
        ratio = max(estimate.p80, estimate.p50) / estimate.p50
        if ratio == 1.0:
            return estimate.p50  # a soak is a time by the clock
        u = min(max(super().uniform("true", *self.whole(key)), 1e-9), 1.0 - 1e-9)
        return self.shock * estimate.p50 * (loglogistic if self.heavy else weibull)(u, ratio)

    def whole(self, key: tuple[object, ...]) -> tuple[object, ...]:
        """What a duration is part of: the steps (undos) of a move in a try have one number."""
        if len(key) == 4 and isinstance(key[1], str):
            move, act, attempt, _ = key
            return (move, "unwind" if act in _UNDOS else "move", attempt)
        return key


def weibull(u: float, ratio: float) -> float:
    """The quantile of a Weibull distribution with P50 1 and this P80."""
    shape = math.log(math.log(5.0) / math.log(2.0)) / math.log(ratio)
    return float((-math.log1p(-u) / math.log(2.0)) ** (1.0 / shape))


def loglogistic(u: float, ratio: float) -> float:
    """The same of a log-logistic distribution."""
    return float((u / (1.0 - u)) ** (math.log(ratio) / math.log(4.0)))


def planned(folder: Path, seed: int) -> tuple[Estate, Itinerary]:
    """A small sample, planned."""
    write_sample(folder, Size(SUBSYSTEMS, LINKS, seed))
    inventory = read_inventory(folder)
    links = read_links(inventory, None)
    pairs = subsystem_pairs(links, inventory)
    plan = make_plan(inventory, pairs, seed=seed, name=f"c{seed}", path="estate", links=links)
    itinerary = make_itinerary(plan, inventory, pairs, plan_digest(plan))
    # A wave that is back pauses the run, so that it is tried again before the next one begins.
    pausing = replace(itinerary.policy, after_unwind="hold")
    return an_estate(plan, inventory, pairs), replace(itinerary, policy=pausing)


def again(run: Run, lines: Sequence[Line]) -> list[OperatorCommand]:
    """Somebody tries a wave again as soon as it is back, before the next one begins."""
    found = []
    for line in lines:
        event = line.event
        if isinstance(event, ev.WaveReturned):
            name = f"{event.wave}-{event.attempt}"
            if event.attempt < AGAIN_MAX:
                found.append(command(run, f"again-{name}", "retry", event.wave))
            found.append(command(run, f"on-{name}", "resume", "run"))
    return found


def command(run: Run, name: str, verb: str, target: str) -> OperatorCommand:
    """What somebody who may decide says."""
    who = next(p for p, m in run.itinerary.members.items() if "decision_maker" in m.roles)
    return OperatorCommand(
        name, verb, who, asserted=True, target=target, reason="a rehearsal's", saw=run.seq
    )


def over(played: Rehearsed) -> tuple[datetime, dict[str, datetime]]:
    """When the last thing of a weekend was over, and when each wave that moved was accepted."""
    last = played.lines[0].at
    waves: dict[str, datetime] = {}
    for line in played.lines:
        event = line.event
        if isinstance(event, ev.WaveAccepted):
            waves[event.wave] = line.at
        if isinstance(event, ev.WaveAccepted | ev.WaveReturned):
            last = line.at
    return last, waves
