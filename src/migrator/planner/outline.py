"""The rough plan: which atom goes into which wave, judged without decoding.

Called by `search.py` between the seeds and the search proper. A wave's length is guessed from its
most loaded team, and exposure is then the sum over the gates of (cut between moved and unmoved)
times (time between the waves), so that a change costs microseconds. The guess only steers: every
figure of a plan comes from the decoder. Annealing by a fixed number of steps, never by a clock.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final

from migrator.planner.decode import Schedule
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, atom_weights
from migrator.planner.waves import SHORTFALL_TICKS, Limits

STEPS_PER_ATOM: Final = 400
STEPS_MAX: Final = 250_000
"""More steps than these change the decoded exposure by less than its spread over the seeds."""

LINKS_MAX: Final = 15_000_000
"""A step looks at an atom's links; where everything is linked to everything that is all it does."""


def outline(
    problem: Problem, limits: Limits, waves: Waves, schedule: Schedule, random: Random
) -> Waves:
    """A better assignment of the atoms to the same number of waves.

    `schedule` is that of the waves as they come in: it tells how long a guessed wave really is.
    """
    sketch = Sketch(problem, limits, waves)
    sketch.calibrate(schedule)
    links = 2 * len(problem.pairs) // max(1, len(problem.atoms))
    steps = min(STEPS_MAX, STEPS_PER_ATOM * len(problem.atoms), LINKS_MAX // max(1, links))
    if len(waves) < 2 or not (problem.pairs or sketch.fixed):
        return waves
    current = best = sketch.cost()
    found = list(sketch.wave_of)
    # From changes of 2 % of the whole being accepted often to 0.01 % hardly ever.
    heat, cold = 0.02 * current, 0.0001 * current
    cooling = (cold / heat) ** (1 / steps) if heat > 0 else 1.0
    for _ in range(steps):
        heat *= cooling
        change = sketch.propose(random)
        if change is None:
            continue
        cost = sketch.cost()
        if cost <= current or (heat > 0 and random.random() < math.exp((current - cost) / heat)):
            current = cost
            if cost < best:
                best, found = cost, list(sketch.wave_of)
        else:
            for atom, wave in reversed(change):
                sketch.put(atom, wave)
    result: Waves = [[] for _ in waves]
    # The seed's order goes on inside the waves.
    for atom in [atom for wave in waves for atom in wave]:
        result[found[atom]].append(atom)
    return result


class Sketch:
    """An assignment of atoms to waves with its cut, its inner weight and its loads kept up."""

    def __init__(self, problem: Problem, limits: Limits, waves: Waves) -> None:
        """Count everything once; `put` keeps it up."""
        self.problem, self.limits, self.count = problem, limits, len(waves)
        self.near = [sorted(group.items()) for group in atom_weights(problem)]
        self.wave_of = [0] * len(problem.atoms)
        for number, wave in enumerate(waves):
            for atom in wave:
                self.wave_of[atom] = number
        self.size = [0] * self.count
        self.critical = [0] * self.count
        self.load = [[0] * len(problem.teams) for _ in waves]
        self.seats = [max(seats for seats, _ in groups) for groups in problem.seats]
        self.work = [_work(problem, members) for members in problem.atoms]
        self.after = sorted(check.minutes for check in problem.checks)[len(problem.checks) // 2]
        self.length = [0.0] * self.count
        self.cut = [0] * (self.count - 1)
        self.inner = [0] * self.count
        self.fixed = latest_starts(problem)
        self.floors = floors(problem)
        self.stretch = 1.0
        self.wanted = [limits.shortfall(number, 0) for number in range(self.count)]
        for atom, home in enumerate(self.wave_of):
            self._carry(atom, home, 1)
            for other, weight in self.near[atom]:
                there = self.wave_of[other]
                if there == home and other > atom:
                    self.inner[home] += weight
                for gate in range(home, there):
                    self.cut[gate] += weight
        for number in range(self.count):
            self._measure(number)

    def calibrate(self, schedule: Schedule) -> None:
        """Learn by how much the guessed lengths are too short, from one decoded schedule.

        The median over the waves: a wave that waits for an appointment says nothing about others.
        """
        gates = [*schedule.gates, schedule.last - self.problem.soak]
        ratios = sorted(
            (later - gate) / max(1, length)
            for gate, later, length in zip(gates, gates[1:], self.length, strict=False)
        )
        self.stretch = max(0.5, ratios[len(ratios) // 2])
        for number in range(self.count):
            self._measure(number)

    def cost(self) -> float:
        """The guessed exposure, twice; a guessed broken appointment outweighs all of it."""
        gaps, missed = self.length, 0.0
        if self.floors or self.fixed:
            gaps, missed = self._gaps()
        exposed: float = sum([both * (gaps[k] + gaps[k + 1]) for k, both in enumerate(self.cut)])
        exposed += sum([weight * gap for weight, gap in zip(self.inner, gaps, strict=True)]) * 2 / 3
        small = sum(
            [
                wanted - size
                for wanted, size in zip(self.wanted, self.size, strict=True)
                if size < wanted
            ]
        )
        # A broken appointment weighs several times what being split for as long would.
        return exposed + 2 * max(1, self.problem.weight) * (small * SHORTFALL_TICKS + 4 * missed)

    def _gaps(self) -> tuple[list[float], float]:
        """From gate to gate, with waits for what may not be earlier; and broken appointments."""
        wave_of, missed, now = self.wave_of, 0.0, 0.0
        floor = [0] * self.count
        for atom, tick in self.floors:
            floor[wave_of[atom]] = max(floor[wave_of[atom]], tick)
        gates = []
        gaps = []
        for length, tick in zip(self.length, floor, strict=True):
            gates.append(now)
            gaps.append(max(length, tick - now))
            now += gaps[-1]
        for atom, last in self.fixed:
            missed += max(0.0, gates[wave_of[atom]] - last)
        return gaps, missed

    def propose(self, random: Random) -> list[tuple[int, int]] | None:
        """Change the assignment a little; returns how to take it back, or None for no change."""
        atom = random.randrange(len(self.wave_of))
        wave = self.wave_of[atom]
        near = self.near[atom]
        if near and random.random() < 0.6:
            target = self.wave_of[near[random.randrange(len(near))][0]]
        else:
            target = random.randrange(self.count)
        if target == wave or not self._allowed(atom, target):
            return None
        limits = self.limits
        full = (
            self.size[target] + limits.size[atom] > limits.room(target)
            or self.critical[target] + limits.critical[atom] > limits.critical_max
        )
        if not full and self.size[wave] > limits.size[atom]:
            self.put(atom, target)
            return [(atom, wave)]
        # No room there (or nobody left here): change places with somebody of that wave.
        other = random.randrange(len(self.wave_of))
        for _ in range(8):
            if self.wave_of[other] == target:
                break
            other = random.randrange(len(self.wave_of))
        if self.wave_of[other] != target or not self._swappable(atom, other):
            return None
        self.put(atom, target)
        self.put(other, wave)
        if self._allowed(atom, target) and self._allowed(other, wave):
            return [(other, target), (atom, wave)]
        self.put(other, target)
        self.put(atom, wave)
        return None

    def put(self, atom: int, wave: int) -> None:
        """Move an atom to a wave and keep everything up."""
        old = self.wave_of[atom]
        if old == wave:
            return
        # Links to what is at or before a gate begin to cross it when the atom goes behind it, links
        # to what is after it cease to; the other way round when the atom comes before it.
        bound = [0] * self.count
        for other, weight in self.near[atom]:
            bound[self.wave_of[other]] += weight
        self.inner[old] -= bound[old]
        self.inner[wave] += bound[wave]
        first, last, sign = (old, wave, 1) if old < wave else (wave, old, -1)
        total, before = sum(bound), sum(bound[:first])
        for gate in range(first, last):
            before += bound[gate]
            self.cut[gate] += sign * (2 * before - total)
        self._carry(atom, old, -1)
        self._carry(atom, wave, 1)
        self.wave_of[atom] = wave
        self._measure(old)
        self._measure(wave)

    def _allowed(self, atom: int, wave: int) -> bool:
        """Pilot, forbidden waves and `before` let the atom be there."""
        problem, wave_of = self.problem, self.wave_of
        return (
            self.limits.may(atom, wave)
            and all(wave_of[first] <= wave for first in problem.atom_before[atom])
            and all(wave_of[second] >= wave for second in problem.atom_after[atom])
        )

    def _swappable(self, one: int, two: int) -> bool:
        """Sizes and critical moves let the two change places."""
        limits = self.limits
        here, there = self.wave_of[one], self.wave_of[two]
        size = limits.size[two] - limits.size[one]
        critical = limits.critical[two] - limits.critical[one]
        return (
            self.size[here] + size <= limits.room(here)
            and self.size[there] - size <= limits.room(there)
            and self.critical[here] + critical <= limits.critical_max
            and self.critical[there] - critical <= limits.critical_max
        )

    def _carry(self, atom: int, wave: int, sign: int) -> None:
        self.size[wave] += sign * self.limits.size[atom]
        self.critical[wave] += sign * self.limits.critical[atom]
        load = self.load[wave]
        for team, ticks in self.work[atom]:
            load[team] += sign * ticks

    def _measure(self, wave: int) -> None:
        longest = max(
            [-(-ticks // seats) for ticks, seats in zip(self.load[wave], self.seats, strict=True)]
        )
        self.length[wave] = (longest + self.after) * self.stretch


def _work(problem: Problem, members: tuple[int, ...]) -> list[tuple[int, int]]:
    """The seat time that an atom takes, by team."""
    work: dict[int, int] = {}
    for i in members:
        facts = problem.moves[i]
        work[facts.team] = work.get(facts.team, 0) + facts.hands
    return sorted(work.items())


def latest_starts(problem: Problem) -> list[tuple[int, int]]:
    """Atoms with an appointment, and the last tick at which their hands-on part may start."""
    return [
        (atom, facts.fixed[1] - facts.switch)
        for atom, members in enumerate(problem.atoms)
        for facts in (problem.moves[i] for i in members)
        if facts.fixed is not None
    ]


def floors(problem: Problem) -> list[tuple[int, int]]:
    """Atoms that cannot be verified before some tick: appointments, checks with a time of day."""
    floors: dict[int, int] = {}
    for atom, members in enumerate(problem.atoms):
        for i in members:
            fixed = problem.moves[i].fixed
            checks = [problem.checks[number] for number in problem.checks_of[i]]
            ticks = [check.earliest + check.minutes for check in checks if check.earliest]
            if fixed is not None:
                after = max(check.minutes for check in checks)
                ticks.append(fixed[0] + problem.moves[i].hands - problem.moves[i].switch + after)
            if ticks:
                floors[atom] = max(floors.get(atom, 0), *ticks)
    return sorted(floors.items())
