"""From a plan that stands to one that keeps new requests, with as few subsystems moved as may be.

Called by `changes.py`. A plan that people know is worth something: the search begins with it, puts
everybody where requests want them, mends what that breaks by the change that costs least, and moves
nobody further unless that buys more than a fixed share of the exposure. Every figure is the
decoder's; which changes are tried first is estimated from the gates. It counts evaluations and
never looks at a clock, and the same input gives the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from migrator.planner.decode import Schedule, decode
from migrator.planner.mending import Room, mended
from migrator.planner.problem import Problem
from migrator.planner.standing import Standing, broken, with_atom_in

Waves = list[list[int]]
"""Waves of moves, by position; a wave may be empty while the search goes on."""

Cost = tuple[int, int, int]
"""What is hard by the limits; what is hard by the clock; exposure and the price of changes."""

PRICE_PERCENT: Final = 2
"""A subsystem is moved for nothing but the exposure only where that saves two per cent of it: less
is within what two seeds of the search differ by, and no reason to tell a team another hour."""

TRIED_PER_ROUND: Final = 12
"""Of the changes that the gates' estimate ranks; the best was among the first five in nearly all
rounds on the sample estate, so more would only cost decodes."""

CHANCE_PER_ROUND: Final = 60
"""Changes by chance where a plan is late: the estimate knows exposure and nothing of the clock."""

RANKED_MAX: Final = 120
"""Changes of which it is reckoned what they break; the others cost more by the estimate alone."""

EVALUATIONS_MAX: Final = 600
EVALUATION_WORK: Final = 120_000
"""Decodes times moves. Mending takes few decodes; the rest is for plans that are late, or can be
had for less."""

SETTLE_ROUNDS_MAX: Final = 10


def default_evaluations(moves: int) -> int:
    """How many decodes a change gets when nobody says: seconds at any size."""
    return max(100, min(EVALUATIONS_MAX, EVALUATION_WORK // max(1, moves)))


@dataclass(frozen=True, slots=True)
class Begun:
    """What has started and stays: so many waves, and the schedule as it is known of them."""

    waves: int
    schedule: Schedule | None  # None: nothing has started


@dataclass(frozen=True, slots=True)
class Changed:
    """The waves found, and how many were decoded for them."""

    waves: Waves
    schedule: Schedule
    cost: Cost
    evaluations: int

    @property
    def whole(self) -> bool:
        """Tell whether everything hard is kept."""
        return self.cost[:2] == (0, 0)


def least_change(
    stands: Standing,
    home: Sequence[int],
    begun: Begun,
    *,
    seed: int,
    evaluations: int,
) -> Changed:
    """The nearest waves that keep all limits. `home` is each move's wave if nothing is to change.

    The answer may break something where nothing better was found: ask it whether it is `whole`.
    """
    search = _Search(stands, list(home), begun, evaluations)
    search.look(search.wanted())
    if search.cost[0]:
        usual = search.usual(search.waves)
        search.look(mended(stands, search.waves, begun.waves, usual, search.worth))
    search.steps()
    chance = Random(f"{seed}/least-change")
    while search.late and search.by_chance(chance):
        search.steps()
    search.settle()
    search.take_back()
    return Changed(search.waves, search.schedule, search.cost, search.spent)


class _Search:
    """The best waves so far, and the changes that may make them better."""

    def __init__(self, stands: Standing, home: list[int], begun: Begun, evaluations: int) -> None:
        self.stands, self.problem = stands, stands.problem
        self.home, self.begun = home, begun
        self.most, self.spent = evaluations, 0
        self.near = _neighbours(self.problem)
        self.waves: Waves = [list(wave) for wave in stands.waves]
        self.schedule = self.decoded(self.waves)
        # A fixed price, so that a plan does not grow dearer to change the better it gets.
        self.price = max(1, self.schedule.exposure * PRICE_PERCENT // 100)
        self.cost = self.costs(self.waves, self.schedule)

    @property
    def left(self) -> bool:
        """Tell whether there are evaluations left."""
        return self.spent < self.most

    @property
    def late(self) -> bool:
        """Tell whether only the clock is broken, and there are evaluations left to mend that."""
        return self.left and self.cost[0] == 0 and self.cost[1] > 0

    def steps(self) -> None:
        """Take better changes until there is none."""
        while self.left and self.step():
            pass

    def decoded(self, waves: Waves) -> Schedule:
        """One evaluation."""
        self.spent += 1
        return decode(self.problem, waves, self.begun.schedule, self.begun.waves)

    def costs(self, waves: Waves, schedule: Schedule) -> Cost:
        """What waves cost, the hardest first."""
        return (
            broken(self.stands, waves),
            schedule.late + schedule.missed,
            schedule.exposure + self.price * self.moved(waves),
        )

    def moved(self, waves: Waves) -> int:
        """How many subsystems are not in the wave in which they were."""
        return sum(self.home[i] != number for number, wave in enumerate(waves) for i in wave)

    def look(self, waves: Waves) -> None:
        """Take these waves whatever they cost."""
        self.waves, self.schedule = waves, self.decoded(waves)
        self.cost = self.costs(waves, self.schedule)

    def wanted(self) -> Waves:
        """Everybody where requests want them, whatever that breaks for others."""
        limits, waves, at = self.stands.limits, self.waves, self.usual(self.waves)
        for atom, pinned in enumerate(limits.pinned):
            here = self.place(waves, atom)
            if pinned is not None and pinned != here and here >= self.begun.waves <= pinned:
                waves = with_atom_in(self.problem, waves, atom, pinned)
        for atom, forbidden in enumerate(limits.forbidden):
            here = self.place(waves, atom)
            if here not in forbidden or here < self.begun.waves or limits.pinned[atom] is not None:
                continue
            open_to = [
                there
                for there in range(self.begun.waves, len(waves))
                if there not in forbidden and (there or not limits.pilot or atom in limits.pilot)
            ]
            if open_to:
                cost = {there: self.worth(atom, here, there, at) for there in open_to}
                best = min(open_to, key=lambda there: (cost[there], there))
                waves = with_atom_in(self.problem, waves, atom, best)
        return waves

    def place(self, waves: Waves, atom: int) -> int:
        """The wave of an atom."""
        first = self.problem.atoms[atom][0]
        return next(number for number, wave in enumerate(waves) if first in wave)

    def step(self) -> bool:
        """Take the best of the most promising changes; tell whether there was a better one."""
        ranked = sorted(self.changes(), key=lambda change: change[0])[:TRIED_PER_ROUND]
        return self.best_of([waves for _, waves in ranked])

    def by_chance(self, chance: Random) -> bool:
        """The same of changes drawn by chance, for a plan that is late."""
        first, count = self.begun.waves, len(self.waves)
        tried: list[Waves] = []
        for _ in range(min(CHANCE_PER_ROUND, self.most - self.spent)):
            here = chance.randrange(first, count) if first < count else count
            if here == count or not self.waves[here]:
                continue
            atom = self.problem.atom_of[chance.choice(self.waves[here])]
            there = chance.randrange(first, count)
            if there == here:
                changed = [list(wave) for wave in self.waves]
                members = [i for i in self.problem.atoms[atom] if i in changed[here]]
                changed[here] = [*members, *(i for i in changed[here] if i not in members)]
            else:
                changed = with_atom_in(self.problem, self.waves, atom, there)
                if chance.random() < 0.5 and self.waves[there]:
                    other = self.problem.atom_of[chance.choice(self.waves[there])]
                    changed = with_atom_in(self.problem, changed, other, here)
            if broken(self.stands, changed) <= self.cost[0]:
                tried.append(changed)
        return self.best_of(tried)

    def best_of(self, tried: Sequence[Waves]) -> bool:
        """Evaluate some waves and take the best, if it is better than what there is."""
        better: tuple[Cost, Waves, Schedule] | None = None
        for waves in tried:
            if not self.left:
                break
            schedule = self.decoded(waves)
            cost = self.costs(waves, schedule)
            if cost < (self.cost if better is None else better[0]):
                better = cost, waves, schedule
        if better is None:
            return False
        self.cost, self.waves, self.schedule = better
        return True

    def changes(self) -> list[tuple[tuple[int, int], Waves]]:
        """Atoms in other waves, with what is then broken and an estimate of the cost.

        Where something is broken, only whoever has a part in it; where an atom would only crowd
        another wave, in exchange for one that comes back.
        """
        wrong, limits, at = self.cost[0], self.stands.limits, self.usual(self.waves)
        wave_of = {i: number for number, wave in enumerate(self.waves) for i in wave}
        places: list[tuple[int, int, int, int]] = []
        for atom in self.involved() if wrong else range(len(self.problem.atoms)):
            here = wave_of[self.problem.atoms[atom][0]]
            if here < self.begun.waves or limits.pinned[atom] == here:
                continue
            if len(self.waves[here]) == len(self.problem.atoms[atom]):
                continue  # a wave, and the pilot above all, is not given up for a few minutes
            for there in range(self.begun.waves, len(self.waves)):
                if there != here and limits.may(atom, there):
                    gain = self.worth(atom, here, there, at)
                    if wrong or gain < 0:
                        places.append((gain, atom, here, there))
        found: list[tuple[tuple[int, int], Waves]] = []
        crowding = []
        for gain, atom, here, there in sorted(places)[:RANKED_MAX]:
            waves = with_atom_in(self.problem, self.waves, atom, there)
            left = broken(self.stands, waves)
            if left < max(1, wrong):
                found.append(((left, gain), waves))
            else:
                crowding.append((waves, atom, here, there, gain))
        for waves, atom, here, there, gain in crowding[: 0 if found and wrong else TRIED_PER_ROUND]:
            found += self.exchanges(waves, (atom, here, there), gain, at)
        return found

    def involved(self) -> list[int]:
        """The atoms that have a part in what is broken."""
        room = Room(self.stands, self.waves, self.begun.waves)
        full = {number for number in range(len(self.waves)) if room.over(number) > 0}
        return [
            atom
            for atom in range(len(self.problem.atoms))
            if room.wave_of[atom] in full
            or room.misplaced(atom)
            or any(
                room.misplaced(other)
                for other in (*self.problem.atom_before[atom], *self.problem.atom_after[atom])
            )
        ]

    def exchanges(
        self, waves: Waves, change: tuple[int, int, int], gain: int, at: Sequence[int]
    ) -> list[tuple[tuple[int, int], Waves]]:
        """The change of one atom, with one of the other wave coming back for it."""
        problem, found = self.problem, []
        atom, here, there = change
        for other in sorted({problem.atom_of[i] for i in waves[there]} - {atom}):
            if not self.stands.limits.may(other, here):
                continue
            both = gain + self.worth(other, there, here, at)
            if self.cost[0] == 0 and both >= 0:
                continue
            changed = with_atom_in(problem, waves, other, here)
            left = broken(self.stands, changed)
            if left < max(1, self.cost[0]):
                found.append(((left, both), changed))
        return found

    def worth(self, atom: int, here: int, there: int, at: Sequence[int]) -> int:
        """About what it costs to move an atom; `at` are the waves' usual switches."""
        switch, members = self.schedule.switch, self.problem.atoms[atom]
        exposure = sum(
            weight * (abs(at[there] - switch[j]) - abs(switch[i] - switch[j]))
            for i in members
            for j, weight in self.near[i]
            if j not in members
        )
        return exposure + self.fee(atom, here, there)

    def usual(self, waves: Waves) -> list[int]:
        """By wave: when its moves switch, as a rule; its gate where it has none."""
        switch, gates = self.schedule.switch, self.schedule.gates
        return [
            sorted(switch[i] for i in wave)[len(wave) // 2]
            if wave
            else gates[number]
            if number < len(gates)
            else self.schedule.last
            for number, wave in enumerate(waves)
        ]

    def fee(self, atom: int, here: int, there: int) -> int:
        """What it costs more that an atom is away from home."""
        members = self.problem.atoms[atom]
        return self.price * sum((self.home[i] != there) - (self.home[i] != here) for i in members)

    def take_back(self) -> None:
        """Let everybody go home whose change has turned out to be for nothing.

        What was moved while the search groped for the window's end is often not needed for it.
        """
        again = True
        while again and self.left:
            again = False
            for atom, members in enumerate(self.problem.atoms):
                here, home = self.place(self.waves, atom), self.home[members[0]]
                if home in (-1, here) or not self.stands.limits.may(atom, home):
                    continue
                before = self.waves, self.schedule, self.cost
                waves = with_atom_in(self.problem, self.waves, atom, home)
                if not waves[here] or broken(self.stands, waves) > self.cost[0]:
                    continue
                self.look(waves)
                self.settle()
                if self.cost < before[2]:
                    again = True
                else:
                    self.waves, self.schedule, self.cost = before

    def settle(self) -> None:
        """The waves in the order of their planned starts, as the document will have them."""
        waves, schedule = self.waves, self.schedule
        for _ in range(SETTLE_ROUNDS_MAX):
            start = schedule.start
            ordered = [
                list(wave)
                if number < self.begun.waves
                else sorted(wave, key=lambda i: (start[i], i))
                for number, wave in enumerate(waves)
            ]
            again = self.decoded(ordered)
            same = again.start == schedule.start and again.copied == schedule.copied
            waves, schedule = ordered, again
            if same:
                break
        self.waves, self.schedule = waves, schedule
        self.cost = self.costs(waves, schedule)


def _neighbours(problem: Problem) -> list[list[tuple[int, int]]]:
    near: list[list[tuple[int, int]]] = [[] for _ in problem.ids]
    for i, j, weight in problem.pairs:
        near[i].append((j, weight))
        near[j].append((i, weight))
    return near
