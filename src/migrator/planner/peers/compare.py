"""The best of each peer under our own limits: what a plan has to beat to be worth its search.

Called by `build.py` (for the sentence in a plan's certificate) and by benchmarks/planner_peers.py
(with a judge of sampled weekends). Every peer gets the same limits, the same number of waves, the
same gate search (`wave_order.gates`) and as many tries; the try that the judge likes best counts,
even where it breaks an appointment or the window, which only makes a peer look better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from migrator.inventory.model import Inventory
from migrator.planner.decode import Schedule, decode, in_order
from migrator.planner.peers.azure import wave_plan
from migrator.planner.peers.azure_waves import READINGS, Reading
from migrator.planner.peers.coarse import coarsened, spread
from migrator.planner.peers.orders import by_risk, layered, shuffled
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves
from migrator.planner.wave_order import gates
from migrator.planner.waves import Limits

LAYERING: Final = "layering"
RISK: Final = "risk"
AZURE: Final = "azure"
UNBOUNDED: Final = "azure unbounded"
RANDOM: Final = "random"
NAMES: Final = (LAYERING, RISK, AZURE, UNBOUNDED, RANDOM)

READINGS_OF: Final = {
    AZURE: tuple(reading for reading in READINGS if reading.reach is not None),
    UNBOUNDED: tuple(reading for reading in READINGS if reading.reach is None),
}
"""The pages say that the ranking determines waves and order, so in `azure` a group goes at most one
wave away from its place; `azure unbounded` lets phase 4 forget the ranking, which is kinder than
the text, and shows how much of a plan's gain any search for nearness would bring."""

TRIES: Final = 20

QUICK: Final = (LAYERING, RISK, AZURE, RANDOM)
QUICK_READINGS: Final = tuple(
    reading
    for reading in READINGS_OF[AZURE]
    if not reading.targets_first and reading.strong_share < 0.1
)
"""Where time is short: the readings that turn out best on samples of 77, 300 and 1,000."""

Judge = Callable[[Sequence[Sequence[int]]], float]
"""Waves of moves to a cost; a lower one is better."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The best of a peer's tries. `waves` are of moves, each after whom it needs."""

    name: str
    waves: list[list[int]]
    cost: float  # the judge's
    tries: int
    how: str  # which try it was: what was open and how it was settled


@dataclass(frozen=True, slots=True)
class Ground:
    """On what everybody competes: the estate, the limits, and about how many waves."""

    inventory: Inventory
    problem: Problem
    limits: Limits
    count: int


def best_of_each(
    ground: Ground,
    judge: Judge,
    *,
    names: Sequence[str] = NAMES,
    tries: int = TRIES,
    readings: Sequence[Reading] | None = None,
    seed: int = 0,
) -> dict[str, Peer]:
    """The best try of every peer, by name; a peer for whom no waves are possible is left out.

    `readings` are those of Azure's pages that are tried (None: all that its peers may take).
    """
    found: dict[str, Peer] = {}
    for name in names:
        if name in READINGS_OF:
            given = READINGS_OF[name] if readings is None else readings
            tried = azure_tries(ground, judge, tries, given, seed)
        else:
            tried = order_tries(ground, name, tries, seed)
        made = _best(ground, judge, name, tried)
        if made is not None:
            found[name] = made
    return found


def order_tries(ground: Ground, name: str, tries: int, seed: int) -> Iterator[tuple[str, Waves]]:
    """Waves from each tie-break of an order; the first try has none but ids."""
    for number in range(tries):
        chance = Random(f"{seed}/{name}/{number}") if number or name == RANDOM else None
        if name == LAYERING:
            order = layered(ground.problem, chance)
        elif name == RISK:
            order = by_risk(ground.problem, chance)
        else:
            order = shuffled(ground.problem, chance or Random(seed))
        yield f"try {number + 1}", gates(ground.problem, ground.limits, order, ground.count)


def azure_tries(
    ground: Ground, judge: Judge, tries: int, readings: Sequence[Reading], seed: int
) -> Iterator[tuple[str, Waves]]:
    """Every reading of the pages once, and the best of them with every other tie-break."""
    best: tuple[float, Reading] | None = None
    for reading in readings:
        for how, waves in azure_try(ground, reading, None):
            yield how, waves
            cost = judge(moves_of(ground.problem, waves)) if waves else None
            if cost is not None and (best is None or cost < best[0]):
                best = cost, reading
    if best is None:
        return
    for number in range(1, tries):
        chance = Random(f"{seed}/{AZURE}/{number}")
        for how, waves in azure_try(ground, best[1], chance):
            yield f"{how}, try {number + 1}", waves


def azure_try(
    ground: Ground, reading: Reading, chance: Random | None
) -> Iterator[tuple[str, Waves]]:
    """Azure's waves as they come, and the same order with the gates that our search would place."""
    plan = wave_plan(ground.problem, ground.limits, ground.inventory, ground.count, reading, chance)
    if plan is None:
        return
    third = "condition 3 enforced" if reading.targets_first else "condition 3 flagged"
    reach = "any wave" if reading.reach is None else f"within {reading.reach} wave"
    how = f"strong ties {reading.strong_share:.0%}, {third}, {reach}"
    yield f"{how}, own gates", plan.waves
    coarse, numbers = coarsened(ground.problem, ground.limits, plan.groups)
    order = [group for wave in plan.of_groups for group in wave]
    yield f"{how}, our gates", spread(plan.groups, gates(coarse, numbers, order, ground.count))


def moves_of(problem: Problem, waves: Waves) -> list[list[int]]:
    """Waves of atoms as waves of moves, each move after those of its wave that it needs."""
    return [in_order(problem, [i for atom in wave for i in problem.atoms[atom]]) for wave in waves]


def decoded(problem: Problem) -> Judge:
    """The judge without chance: exposure in the schedule that the plan's own decoder gives."""
    return lambda waves: float(decode(problem, waves).exposure)


def peer_sentence(
    ground: Ground,
    schedule: Schedule,
    *,
    tries: int = 2,
) -> str:
    """One sentence for a plan's certificate: its exposure beside the peers', by the decoder alone.

    Without links there is nothing to compare, and the sentence says so. The same estate and plan
    give the same sentence; no clock and no chance that is not seeded.
    """
    problem = ground.problem
    if not problem.weight:
        return "No links lie between what moves, so no order of waves is better than another."
    peers = best_of_each(
        ground, decoded(problem), names=QUICK, tries=tries, readings=QUICK_READINGS
    )
    told = [f"{WORDS[name]} {_hours(problem, peer.cost)}" for name, peer in peers.items()]
    return (
        "Mean hours that a unit of link weight is split, by the same decoder, limits and gate "
        f"search: this plan {_hours(problem, schedule.exposure)}; {'; '.join(told)} "
        f"(the best of {tries} tie-breaks each)."
    )


WORDS: Final = {
    LAYERING: "topological layering",
    RISK: "rising risk",
    AZURE: "waves after Azure Migrate's published conditions",
    UNBOUNDED: "the same without a bound on how far its ranking is left",
    RANDOM: "a random order",
}
"""The peers' names inside a sentence."""


def _hours(problem: Problem, exposure: float) -> str:
    return f"{exposure / 12 / problem.weight:.1f} h"


def _best(
    ground: Ground, judge: Judge, name: str, tried: Iterator[tuple[str, Waves]]
) -> Peer | None:
    best: Peer | None = None
    count = 0
    for how, waves in tried:
        if not waves:
            continue  # pins and forbidden waves do not go with this order
        count += 1
        moves = moves_of(ground.problem, waves)
        cost = judge(moves)
        if best is None or cost < best.cost:
            best = Peer(name, moves, cost, count, how)
    return None if best is None else Peer(best.name, best.waves, best.cost, count, best.how)
