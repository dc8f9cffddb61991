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

from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, atom_weights
from migrator.planner.waves import SHORTFALL_TICKS, Limits

STEPS_PER_ATOM: Final = 400
STEPS_MAX: Final = 120_000
"""More steps than these change the decoded exposure by less than its spread over the seeds."""


def outline(problem: Problem, limits: Limits, waves: Waves, random: Random) -> Waves:
    """A better assignment of the atoms to the same number of waves."""
    sketch = Sketch(problem, limits, waves)
    steps = min(STEPS_MAX, STEPS_PER_ATOM * len(problem.atoms))
    if len(waves) < 2 or not problem.pairs:
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
        self.length = [0] * self.count
        self.cut = [0] * (self.count - 1)
        self.inner = [0] * self.count
        self.fixed = _fixed(problem)
        for atom, home in enumerate(self.wave_of):
            self._carry(atom, home, 1)
            for other, weight in self.near[atom]:
                if other > atom:
                    self._link(home, self.wave_of[other], weight)
        for number in range(self.count):
            self._measure(number)

    def cost(self) -> float:
        """The guessed exposure, twice; a guessed broken appointment outweighs all of it."""
        length, cut = self.length, self.cut
        exposed = sum([both * (length[k] + length[k + 1]) for k, both in enumerate(cut)]) + sum(
            [weight * length[k] for k, weight in enumerate(self.inner)]
        ) * (2 / 3)
        small = sum([self.limits.shortfall(k, size) for k, size in enumerate(self.size)])
        exposed += 2 * self.problem.weight * small * SHORTFALL_TICKS
        if not self.fixed:
            return exposed
        missed = 0
        ends = []
        now = 0
        for ticks in length:
            now += ticks
            ends.append(now)
        for atom, first, last in self.fixed:
            end = ends[self.wave_of[atom]]
            missed += max(0, end - length[self.wave_of[atom]] - last, first - end)
        return exposed + missed * self.problem.weight

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
        for other, weight in self.near[atom]:
            self._link(old, self.wave_of[other], -weight)
            self._link(wave, self.wave_of[other], weight)
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

    def _link(self, one: int, two: int, weight: int) -> None:
        if one == two:
            self.inner[one] += weight
            return
        if one > two:
            one, two = two, one
        cut = self.cut
        for gate in range(one, two):
            cut[gate] += weight

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
        self.length[wave] = longest + self.after


def _work(problem: Problem, members: tuple[int, ...]) -> list[tuple[int, int]]:
    """The seat time that an atom takes, by team."""
    work: dict[int, int] = {}
    for i in members:
        facts = problem.moves[i]
        work[facts.team] = work.get(facts.team, 0) + facts.hands
    return sorted(work.items())


def _fixed(problem: Problem) -> list[tuple[int, int, int]]:
    """Atoms with an appointment, and its first and last tick."""
    return [
        (atom, *facts.fixed)
        for atom, members in enumerate(problem.atoms)
        for facts in (problem.moves[i] for i in members)
        if facts.fixed is not None
    ]
