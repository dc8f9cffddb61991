"""The search: from people's orders to a plan with less exposure, all of it judged by the decoder.

Called by `build.py`. Seeds, an outline from each (outline.py), then annealing over full decodes:
an atom goes to another wave, two change places, one moves up or down in its wave. What is hard is
blocked, by the limits here or in the decoder; nothing hard is traded against exposure. It counts
evaluations (one is one decode) and never looks at a clock, so the same seed gives the same plan;
a keyboard interrupt ends it with the best plan so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from migrator.planner.decode import Schedule, decode
from migrator.planner.outline import outline
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, cut, orders
from migrator.planner.waves import SHORTFALL_TICKS, Limits

Progress = Callable[[int, int, float], None]
"""Evaluations done, evaluations in all, exposure in hours of the best plan so far."""

PROGRESS_EVERY: Final = 50
SETTLE_ROUNDS_MAX: Final = 10
"""Two or three rounds are usual; an order that changes for longer goes round in a circle."""
OUTLINES: Final = 2
"""Rough plans from the two best orders; on samples of 77 a third gave no better plans."""
EVALUATIONS_MAX: Final = 3000
EVALUATION_WORK: Final = 400_000
"""Measured on one core: 3,000 decodes of 77 moves take 2 s, and a decode grows with its moves."""


def default_evaluations(moves: int) -> int:
    """How many decodes a plan gets when nobody says: fewer where each costs more."""
    return max(400, min(EVALUATIONS_MAX, EVALUATION_WORK // max(1, moves)))


@dataclass(frozen=True, slots=True)
class Searched:
    """What the search knows of the plan beyond the decoder's figures; hours by sampled weekends."""

    compiled: bool
    mean: float
    tail: float  # the mean of the worst fifth
    end: float  # which four of five weekends keep
    weekends: int  # that judged it, none of them seen by the search
    restarts: tuple[float, ...]  # the cost of each restart's best plan
    played: int  # weekends in all


@dataclass(slots=True)
class Found:
    """The best plan, the seeds' own schedules by name, and how much was spent."""

    waves: Waves  # of atoms
    schedule: Schedule
    evaluations: int
    exposure_max: int  # of the best seed: a soft preference never buys more than that
    seeds: dict[str, Schedule]
    record: float = math.inf  # the lowest cost of a schedule not yet settled
    interrupted: bool = False
    searched: Searched | None = None  # None: by full decodes alone, without a kernel

    def offer(self, problem: Problem, limits: Limits, waves: Waves, schedule: Schedule) -> None:
        """Count an evaluation, and keep its plan if it is the best so far, once it is settled.

        Settling costs several decodes, so only a record of the unsettled ones is worth it.
        """
        self.evaluations += 1
        unsettled = cost(problem, limits, waves, schedule)
        if unsettled >= self.record or not self._better(problem, limits, waves, schedule):
            return
        self.record = unsettled
        settled = settle(problem, waves, schedule)
        if settled is not None and self._better(problem, limits, *settled):
            if settled[1].valid and not self.schedule.valid:
                self.exposure_max = settled[1].exposure
            self.waves, self.schedule = settled

    def _better(self, problem: Problem, limits: Limits, waves: Waves, schedule: Schedule) -> bool:
        mine = self.schedule
        if schedule.valid != mine.valid:
            return schedule.valid
        if schedule.valid and schedule.exposure > self.exposure_max:
            return False
        return cost(problem, limits, waves, schedule) < cost(problem, limits, self.waves, mine)


def cost(problem: Problem, limits: Limits, waves: Waves, schedule: Schedule) -> int:
    """What is lowered: what is hard outweighs all exposure; small waves weigh a little."""
    small = sum(
        limits.shortfall(number, sum(limits.size[atom] for atom in wave))
        for number, wave in enumerate(waves)
    )
    return schedule.hard_cost(problem) + max(1, problem.weight) * small * SHORTFALL_TICKS


def expand(problem: Problem, waves: Waves) -> list[list[int]]:
    """Waves of atoms as waves of moves."""
    return [[i for atom in wave for i in problem.atoms[atom]] for wave in waves]


def hours(problem: Problem, schedule: Schedule) -> float:
    """Exposure as mean hours that a unit of link weight is split; 0 without links."""
    return schedule.exposure / 12 / problem.weight if problem.weight else 0.0


def search(
    problem: Problem,
    limits: Limits,
    count: int,
    seed: int,
    evaluations: int,
    on_progress: Progress | None = None,
) -> Found:
    """The best plan found with about `count` waves."""
    starts: list[tuple[Waves, Schedule]] = []
    seeds: dict[str, Schedule] = {}
    for name, order in orders(problem).items():
        waves = cut(problem, limits, order, count)
        if not waves:
            continue  # pins and forbidden waves do not go with this order; build.py tried one
        schedule = decode(problem, expand(problem, waves))
        starts.append(settle(problem, waves, schedule) or (waves, schedule))
        seeds[name] = starts[-1][1]
    assert starts, "the caller has cut one of the orders before"
    starts.sort(key=lambda start: start[1].hard_cost(problem))
    waves, schedule = starts[0]
    found = Found(waves, schedule, len(starts), schedule.exposure, seeds)
    if not problem.pairs and schedule.valid:
        return found  # without links there is nothing to lower
    try:
        for number, (waves, schedule) in enumerate(starts[:OUTLINES]):
            if found.evaluations >= evaluations:
                break
            chance = Random(f"{seed}/outline/{number}")
            better = outline(problem, limits, waves, schedule, chance)
            found.offer(problem, limits, better, decode(problem, expand(problem, better)))
        _anneal(problem, limits, found, Random(f"{seed}/anneal"), evaluations, on_progress)
    except KeyboardInterrupt:
        found.interrupted = True
    return found


def repair(problem: Problem, limits: Limits, found: Found, seed: int, decodes: int) -> None:
    """Look for a plan that the decoder holds for valid, from one that it does not."""
    found.exposure_max = found.schedule.exposure
    spent = found.evaluations
    _anneal(problem, limits, found, Random(f"{seed}/repair"), spent + decodes, None)


def settle(problem: Problem, waves: Waves, schedule: Schedule) -> tuple[Waves, Schedule] | None:
    """The same waves in the order of their planned starts, as document and engine have them.

    Another order of the same moves may give other copies and seats, so they are decoded again
    until the order stays as it is; None where it never does.
    """
    for _ in range(SETTLE_ROUNDS_MAX):
        moves = [
            sorted(wave, key=lambda i: (schedule.start[i], i)) for wave in expand(problem, waves)
        ]
        again = decode(problem, moves)
        if again.start == schedule.start and again.copied == schedule.copied:
            return _atoms_in_order(problem, moves), again
        waves, schedule = _atoms_in_order(problem, moves), again
    return None


def _atoms_in_order(problem: Problem, waves: Sequence[Sequence[int]]) -> Waves:
    """Waves of moves as waves of atoms, each at the place of its first move."""
    return [list(dict.fromkeys(problem.atom_of[i] for i in wave)) for wave in waves]


def _anneal(
    problem: Problem,
    limits: Limits,
    found: Found,
    random: Random,
    evaluations: int,
    on_progress: Progress | None,
) -> None:
    """Lower the cost by full decodes; `found` always holds the best one."""
    if len(problem.atoms) < 2:
        return
    waves, schedule = found.waves, found.schedule
    current = cost(problem, limits, waves, schedule)
    # The outline has settled the large questions, so the heat begins at half a per cent.
    heat = 0.005 * max(1, schedule.exposure)
    left = max(1, evaluations - found.evaluations)
    cooling = 0.01 ** (1 / left)
    tries = 0
    # Proposals that break a limit cost no decode; twenty for one is a search with nowhere to go.
    while found.evaluations < evaluations and tries < 20 * left:
        tries += 1
        change = mend(problem, limits, waves, schedule, random) or propose(
            problem, limits, waves, random
        )
        if change is None:
            continue
        changed, first = change
        new = decode(problem, expand(problem, changed), schedule, first)
        found.offer(problem, limits, changed, new)
        heat *= cooling
        if on_progress is not None and found.evaluations % PROGRESS_EVERY == 0:
            on_progress(found.evaluations, evaluations, hours(problem, found.schedule))
        worse = cost(problem, limits, changed, new) - current
        if worse <= 0 or random.random() < math.exp(max(-700.0, -worse / heat)):
            waves, schedule, current = changed, new, current + worse


def mend(
    problem: Problem, limits: Limits, waves: Waves, schedule: Schedule, random: Random
) -> tuple[Waves, int] | None:
    """Bring an atom whose appointment is broken to the front of a wave that begins in time.

    Blind changes would hardly ever find the one atom and the one wave. None where nothing is
    broken, in half of the cases (whatever delays that wave may be what is to change), and where a
    limit says no.
    """
    if not schedule.missed or random.random() < 0.5:
        return None
    broken = [
        (number, atom, facts.fixed[1] - facts.switch)
        for number, wave in enumerate(waves)
        for atom in wave
        for i in problem.atoms[atom]
        for facts in (problem.moves[i],)
        if facts.fixed is not None and schedule.switch[i] > facts.fixed[1]
    ]
    if not broken:
        return None
    here, atom, latest = random.choice(broken)
    in_time = [number for number, gate in enumerate(schedule.gates) if gate <= latest]
    if not in_time:
        return None
    there = random.choice(in_time[-3:])
    changed = [list(wave) for wave in waves]
    changed[here].remove(atom)
    changed[there].insert(0, atom)
    if there != here and random.random() < 0.7 and len(changed[there]) > 1:
        other = random.choice(changed[there][1:])
        changed[there].remove(other)
        changed[here].append(other)
    if all(changed) and all(keeps(problem, limits, changed, number) for number in (here, there)):
        return changed, min(here, there)
    return None


def propose(
    problem: Problem, limits: Limits, waves: Waves, random: Random
) -> tuple[Waves, int] | None:
    """A changed copy of the waves and the first wave that changed; None where a limit says no."""
    here = random.randrange(len(waves))
    place = random.randrange(len(waves[here]))
    atom = waves[here][place]
    kind = random.random()
    if kind < 0.35 or len(waves) == 1:
        if len(waves[here]) < 2:
            return None
        changed = [list(wave) for wave in waves]
        changed[here].pop(place)
        changed[here].insert(random.randrange(len(waves[here])), atom)
        return (changed, here) if changed[here] != waves[here] else None
    # Neighbouring waves more often: far jumps were the outline's work.
    step = 1 if random.random() < 0.6 else random.randrange(1, len(waves))
    there = here + step if random.random() < 0.5 else here - step
    if not 0 <= there < len(waves):
        return None
    changed = [list(wave) for wave in waves]
    changed[here].pop(place)
    changed[there].insert(random.randrange(len(waves[there]) + 1), atom)
    if kind < 0.7:
        if not changed[here]:
            return None
    else:
        other = random.choice(waves[there])
        changed[there].remove(other)
        changed[here].insert(place, other)
    if all(keeps(problem, limits, changed, number) for number in (here, there)):
        return changed, min(here, there)
    return None


def keeps(problem: Problem, limits: Limits, waves: Waves, number: int) -> bool:
    """Tell whether one wave keeps the limits, and its atoms the `before` relations."""
    wave = waves[number]
    if sum(limits.size[atom] for atom in wave) > limits.room(number):
        return False
    if sum(limits.critical[atom] for atom in wave) > limits.critical_max:
        return False
    if not all(limits.may(atom, number) for atom in wave):
        return False
    later = {atom for other in waves[number + 1 :] for atom in other}
    earlier = {atom for other in waves[:number] for atom in other}
    return not any(
        problem.atom_before[atom] & later or problem.atom_after[atom] & earlier for atom in wave
    )
