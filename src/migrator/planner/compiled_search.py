"""The search in the kernel: thousands of decisions in a second, each judged by playing it.

Called by `build.py` where there is a kernel that compiles; without one `search.py` answers by
itself, more slowly. The path: people's orders and two of the links' own, each at its best gates; a
rough assignment from the best of them; a few restarts on the plan of P50s; the best one annealed
further, then on sampled weekends; its waves put in their best order whenever that helps. Whatever
comes out is settled by the planner's decoder, which gives a plan its times, and only what is valid
there may win; among those that are, weekends that no step of the search has seen decide. Counted in
evaluations, never by a clock: the same seed gives the same plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from migrator.planner import annealing
from migrator.planner.decode import Schedule, decode, in_order
from migrator.planner.outline import Sketch
from migrator.planner.partition import partitioned, spectral
from migrator.planner.problem import Problem
from migrator.planner.search import (
    Found,
    Progress,
    Searched,
    expand,
    keeps,
    repair,
    settle,
)
from migrator.planner.seeds import Waves, cut, orders
from migrator.planner.wave_order import gates, reorder
from migrator.planner.waves import SHORTFALL_TICKS, Limits
from migrator.schedule import problem as kernel_problem
from migrator.schedule.messages import Message, Words
from migrator.schedule.process import Kernel

TAIL: Final = 0.25
"""The worst fifth of the weekends weighs a quarter of the mean: enough to tell two plans of equal
means apart, too little to buy a better tail with every usual weekend."""

END_PRICE: Final = 0.01
"""An hour of the end that four of five weekends keep is worth 36 seconds of mean exposure."""

CROWD_PRICE: Final = 0.001
"""The square of the critical moves in a wave: it decides between equals, as pilots' limits and the
hard limit on critical moves do the rest."""

STAY_PRICE: Final = 0.05
"""A move that leaves the wave it had in the last plan has to gain three minutes of mean exposure
for the whole estate: people have read that plan."""

EVALUATIONS: Final = 40_000
"""About 5, 15 and 60 seconds at 77, 300 and 1,000 subsystems on one idle core; more still help."""

GOOD_FROM: Final = 1000
"""With fewer evaluations there is one restart, from the order of the least cut."""

RESTARTS: Final = 6
RESTART_SHARE: Final = 0.1
SAMPLED_SHARE: Final = 0.05
"""Of the evaluations each restart gets a tenth; sampled weekends get a twentieth, twice (each costs
many plays); and the best restart goes on with the rest."""

SAMPLES: Final = 64
"""With sixteen weekends the search learnt those by heart: on fresh ones its plans were worse than
before. Most decisions are given up after the first few, so 64 cost less than four times as much."""

JUDGES: Final = 256
"""Weekends that no step has seen decide between the plans that are left."""

STATED: Final = 10_000
"""Others, which have decided nothing, give the figures that are stated: of 2,000 a P80 misses by
three weekends in a hundred now and then, by chance alone."""

UNSEEN: Final = 1 << 20
"""Their numbers begin here; the search's own end long before."""

HOT: Final = 0.005
COLD: Final = 0.0001
SAMPLED_HOT: Final = 0.003
"""By how much of the exposure a change may be worse: half a per cent after a sketch, and less on
weekends, which are noise in part."""

SKETCH_STEPS_PER_ATOM: Final = 5000
SKETCH_STEPS_MAX: Final = 3_000_000
SKETCH_STEPS_PER_EVALUATION: Final = 200
"""Whoever asks for a first plan at once does not want to wait for a good guess."""

LINKS_MAX: Final = 300_000_000
"""Links that are looked at; where everything is linked to everything, steps are fewer."""

SKETCH_HEAT: Final = (0.02, 0.0001)

REPAIRS: Final = 400
"""Full decodes that may mend a plan which only the kernel holds for valid."""


@dataclass(slots=True)
class _Run:
    """One search: what it asks, and what it has spent."""

    problem: Problem
    limits: Limits
    estate: kernel_problem.Problem
    kernel: Kernel
    seed: int
    evaluations: int
    home: Sequence[int] | None
    on_progress: Progress | None
    done: int = 0
    played: int = 0
    ended: bool = False
    known: dict[int, annealing.Arrays] = field(default_factory=dict)  # facts by number of waves

    def anneal(self, waves: Waves, stage: int, count: int, samples: int, heat: float) -> _Judged:
        """A decision annealed for `count` evaluations; 1 only judges it."""
        base = self._base(waves) if count > 1 else 1.0
        row, edge = annealing.decision(waves)
        words: Words = {
            "ask": "anneal",
            "seed": _seed(self.seed, stage),
            "evaluations": count,
            "samples": samples,
            "heat": heat * base,
            "cold": COLD * base,
            "weight": float(self.problem.weight),
            "tail": TAIL,
            "end": END_PRICE,
            "small": SHORTFALL_TICKS * 5 / 60,
            "crowd": CROWD_PRICE,
            "stay": STAY_PRICE if self.home is not None else 0.0,
        }
        found = self._ask(words, {"row": row, "edge": edge, **self._facts(len(waves))}, self.done)
        self.done += found.word("evaluations", int)
        self.played += found.word("played", int)
        self.ended = self.ended or found.words.get("ended") is True
        better = annealing.waves_of(
            found.arrays["row"].astype(np.int64), found.arrays["edge"].astype(np.int64)
        )
        return _Judged(better, *(float(each) for each in found.arrays["judged"].tolist()))

    def sketch(self, waves: Waves, stage: int) -> Waves:
        """A rough assignment that the guess holds for the best; each wave in the old order."""
        guessed = Sketch(self.problem, self.limits, waves)
        guessed.calibrate(decode(self.problem, expand(self.problem, waves)))
        count = len(self.problem.atoms)
        links = max(1, 2 * len(self.problem.pairs) // count)
        words: Words = {
            "ask": "sketch",
            "seed": _seed(self.seed, stage),
            "evaluations": min(
                SKETCH_STEPS_MAX,
                SKETCH_STEPS_PER_ATOM * count,
                LINKS_MAX // links,
                SKETCH_STEPS_PER_EVALUATION * self.evaluations,
            ),
            "heat": SKETCH_HEAT[0],
            "cold": SKETCH_HEAT[1],
            "stretch": guessed.stretch,
        }
        arrays = {
            **self._facts(len(waves)),
            **annealing.loads(self.problem),
            "wave_of": annealing.assignment(waves, count),
        }
        found = self._ask(words, arrays, None)
        self.ended = self.ended or found.words.get("ended") is True
        order = [atom for wave in waves for atom in wave]
        return annealing.assigned(found.arrays["wave_of"].astype(np.int64), order, len(waves))

    def better_order(self, judged: _Judged) -> _Judged:
        """The same waves in their best order, where the kernel agrees that it is better."""
        waves = reorder(self.problem, self.limits, judged.waves)
        if waves == judged.waves or not kept(self.problem, self.limits, waves):
            return judged
        return min(judged, self.anneal(waves, 0, 1, 0, 1.0), key=_Judged.key)

    @property
    def quick(self) -> bool:
        """Tell whether somebody wants a first plan, and not a good one."""
        return self.evaluations < GOOD_FROM

    def _facts(self, count: int) -> annealing.Arrays:
        if count not in self.known:
            self.known[count] = annealing.facts(self.problem, self.limits, count, self.home)
        return self.known[count]

    def _base(self, waves: Waves) -> float:
        """The plan's own exposure, which heat is a share of."""
        return max(1e-6, self.anneal(waves, 0, 1, 0, 1.0).plan)

    def _ask(self, words: Words, arrays: annealing.Arrays, begun: int | None) -> Message:
        def going(done: int, best: float) -> bool:
            if self.on_progress is not None:
                # A rough sketch counts no evaluations, and its guess is no exposure.
                far = self.done if begun is None else begun + done
                best = math.inf if begun is None else best
                self.on_progress(min(self.evaluations, far), self.evaluations, best)
            return True

        return self.kernel.search(self.estate, words, arrays, going)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Waves and what they cost, in hours (the figures of anneal.py, in their order)."""

    waves: Waves
    cost: float
    plan: float
    mean: float
    tail: float
    end: float
    hard: float

    def key(self) -> float:
        return self.cost


@dataclass(frozen=True, slots=True)
class _Settled:
    """A decision as a document would have it, and its price on weekends nobody has seen."""

    judged: _Judged
    waves: Waves
    schedule: Schedule
    price: float

    def key(self) -> tuple[bool, float]:
        """What is valid first, and then what costs less."""
        valid = self.schedule.valid
        return not valid, self.price if valid else self.schedule.late + self.schedule.missed

    @property
    def cost(self) -> float:
        return self.judged.cost


def search_compiled(  # noqa: PLR0913 - a search's whole input
    problem: Problem,
    limits: Limits,
    count: int,
    seed: int,
    evaluations: int,
    estate: kernel_problem.Problem,
    kernel: Kernel,
    *,
    last: Waves | None = None,
    on_progress: Progress | None = None,
) -> Found:
    """The best plan found with about `count` waves; `last` is the plan before, to begin from.

    KernelFailed where the kernel cannot search: `search.search` answers then.
    """
    home = None if last is None else annealing.assignment(last, len(problem.atoms)).tolist()
    run = _Run(problem, limits, estate, kernel, seed, evaluations, home, on_progress)
    seeds = _seeds(problem, limits, count)
    begun = _begin(run, count, last)
    shortlist = _restarted(run, begun)
    best = min(shortlist, key=_Settled.key)
    share = round(SAMPLED_SHARE * evaluations)
    for stage in (50, 51):
        if not run.ended and share > 1:
            tried = run.anneal(best.judged.waves, stage, share, SAMPLES, SAMPLED_HOT)
            best = min(best, _settled(run, tried), key=_Settled.key)
    found = Found(
        best.waves, best.schedule, run.done, best.schedule.exposure, seeds, interrupted=run.ended
    )
    if not best.schedule.valid:
        repair(problem, limits, found, seed, REPAIRS)
    stated = JUDGES if run.quick else STATED
    judged = _weekends_of(run, found.waves, found.schedule, 2 * UNSEEN, stated)
    found.searched = Searched(
        compiled=True,
        mean=judged[0],
        tail=judged[1],
        end=judged[2],
        weekends=stated,
        restarts=tuple(round(each.cost, 4) for each in shortlist[:RESTARTS]),
        played=run.played,
    )
    return found


def kept(problem: Problem, limits: Limits, waves: Waves) -> bool:
    """Tell whether all waves keep the limits."""
    return all(keeps(problem, limits, waves, number) for number in range(len(waves)))


def _seeds(problem: Problem, limits: Limits, count: int) -> dict[str, Schedule]:
    """What people's orders cost by the decoder, for comparison."""
    found = {}
    for name, order in orders(problem).items():
        waves = cut(problem, limits, order, count)
        if waves:
            found[name] = decode(problem, expand(problem, waves))
    return found


def _begin(run: _Run, count: int, last: Waves | None) -> list[_Judged]:
    """The best places to begin from, the best first; the last plan where there is one."""
    problem, limits = run.problem, run.limits
    if last is not None and kept(problem, limits, last):
        return [run.anneal(annealing.in_rows(problem, last), 0, 1, 0, 1.0)]
    tried = list(orders(problem).values())
    if not run.quick:
        tried += [spectral(problem), partitioned(problem, limits, count)]
    starts: list[_Judged] = []
    for order in reversed(tried):
        if run.quick and starts:
            break  # the last of people's orders is the least cut, which is a good one
        waves = gates(problem, limits, order, count)
        if waves:
            starts.append(
                run.better_order(run.anneal(annealing.in_rows(problem, waves), 0, 1, 0, 1.0))
            )
    assert starts, "the caller has cut one of the orders before"
    starts.sort(key=_Judged.key)
    better = []
    for number, start in enumerate(starts[:2]):
        if len(start.waves) > 1:
            rough = annealing.in_rows(problem, run.sketch(start.waves, 10 + number))
            start = min(start, run.anneal(rough, 0, 1, 0, 1.0), key=_Judged.key)  # noqa: PLW2901 - the better of the two goes on
        better.append(run.better_order(start))
    return sorted(better, key=_Judged.key)


def _restarted(run: _Run, begun: Sequence[_Judged]) -> list[_Settled]:
    """Plans of P50s annealed with several seeds, in that order; then the best one further."""
    total = run.evaluations
    share = max(1, round(RESTART_SHARE * total))
    found: list[_Settled] = []
    for number in range(1 if run.quick else RESTARTS):
        if found and (run.ended or run.done >= total):
            break
        start = begun[number % len(begun)]
        found.append(_settled(run, run.anneal(start.waves, 20 + number, share, 0, HOT)))
    best = min((each.judged for each in found), key=_Judged.key)
    left = total - run.done - 2 * round(SAMPLED_SHARE * total)
    if not run.ended and left > 1:
        best = run.better_order(best)
        further = run.anneal(best.waves, 40, left, 0, HOT / 2)
        found.append(_settled(run, run.better_order(further)))
    return found


def _settled(run: _Run, judged: _Judged) -> _Settled:
    """A decision as the decoder settles it, and how weekends judge it that nobody has seen."""
    problem = run.problem
    schedule = decode(problem, expand(problem, judged.waves))
    settled = settle(problem, judged.waves, schedule) or (judged.waves, schedule)
    mean, tail, end = _weekends_of(run, *settled, UNSEEN)
    return _Settled(judged, *settled, (mean + TAIL * tail) / (1 + TAIL) + END_PRICE * end)


def _weekends_of(
    run: _Run, waves: Waves, schedule: Schedule, first: int, count: int = JUDGES
) -> tuple[float, float, float]:
    """Unseen weekends of a settled plan, in the order in which the document has its moves."""
    moves = [
        in_order(run.problem, sorted(wave, key=lambda i: (schedule.start[i], i)))
        for wave in expand(run.problem, waves)
    ]
    return weekends(run.kernel, run.estate, run.problem, moves, run.seed, count, first)


def weekends(
    kernel: Kernel,
    estate: kernel_problem.Problem,
    problem: Problem,
    moves: Sequence[Sequence[int]],
    seed: int,
    count: int,
    first: int,
) -> tuple[float, float, float]:
    """Mean exposure, that of the worst fifth, and the end of four in five."""
    order = np.array([i for wave in moves for i in wave], dtype=np.int64)
    edges = np.concatenate([[0], np.cumsum([len(wave) for wave in moves])]).astype(np.int64)
    figures, _, _ = kernel.weekends(estate, order, edges, _seed(seed, 90), count, first=first)
    exposed = np.sort(figures[:, 1]) / 60 / max(1, problem.weight)
    worst = max(1, math.ceil(count / 5))
    end = float(np.quantile(figures[:, 0], 0.8, method="higher")) / 60
    return float(exposed.mean()), float(exposed[-worst:].mean()), end


def _seed(seed: int, stage: int) -> int:
    """A seed of its own for each stage; any whole number a person may give is taken."""
    return (seed * 1009 + stage) & ((1 << 48) - 1)
