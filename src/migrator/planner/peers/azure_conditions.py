"""Azure's eight ranked conditions: how far waves of groups are from each of them.

Called by `azure_waves.py` (what a change would do) and `azure.py` (what is left). In their rank,
in our words; the pages are named in `azure.py`:

1. strong two-way ties stay in one wave;        2. an application stays in one wave;
3. whom one depends on goes in the same wave or an earlier one;
4. development and test go before production;   5. and never in one wave with it;
6. critical applications are not in the earliest waves;   7. nor complex ones;
8. every wave's size stays in a range.

The first two hold by the groups themselves. Sizes are bounded above by our own hard limits, so of
the eighth only the lower end is counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migrator.planner.peers.azure_score import Facts
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves
from migrator.planner.waves import Limits

EARLIEST_SHARE: Final = 0.1
"""How many waves are the earliest: a tenth, at least the first. The pages give no number; with the
fewest waves closed to critical and complex groups, Azure's optimisation is freest."""

Amounts = tuple[int, int, int, int, int, int, int]
"""What breaks conditions 3 to 8, in their rank, and last what phase 4 lowers: the weight of all
ties, each times how many waves lie between its ends."""

NOTHING: Final[Amounts] = (0, 0, 0, 0, 0, 0, 0)


def earliest(count: int) -> int:
    """How many of so many waves are the earliest."""
    return max(1, round(EARLIEST_SHARE * count))


@dataclass(slots=True)
class Board:
    """Groups in waves, and what moving one of them would change; kept up by `put` and `keep`."""

    problem: Problem  # its atoms are the groups
    limits: Limits
    facts: tuple[Facts, ...]
    wave_of: list[int]
    count: int
    size: list[int]
    critical: list[int]
    members: list[set[int]]
    testing: list[int]  # by wave: how many groups of development and test
    calls: list[list[tuple[int, int]]]  # by group: whom it depends on, and how much
    callers: list[list[tuple[int, int]]]
    both: list[dict[int, int]]  # by group: the ties with each other one, in both directions
    known: list[tuple[list[int], list[int]] | None]  # what `_ties` said, until a neighbour moves

    @classmethod
    def of(cls, problem: Problem, limits: Limits, facts: tuple[Facts, ...], waves: Waves) -> Board:
        """Count everything once."""
        wave_of = [0] * len(problem.atoms)
        for number, wave in enumerate(waves):
            for group in wave:
                wave_of[group] = number
        weights: dict[tuple[int, int], int] = {}
        for source, target, weight in problem.arcs:
            a, b = problem.atom_of[source], problem.atom_of[target]
            if a != b:
                weights[a, b] = weights.get((a, b), 0) + weight
        calls: list[list[tuple[int, int]]] = [[] for _ in problem.atoms]
        callers: list[list[tuple[int, int]]] = [[] for _ in problem.atoms]
        both: list[dict[int, int]] = [{} for _ in problem.atoms]
        for (a, b), weight in sorted(weights.items()):
            calls[a].append((b, weight))
            callers[b].append((a, weight))
            both[a][b] = both[a].get(b, 0) + weight
            both[b][a] = both[b].get(a, 0) + weight
        return cls(
            problem,
            limits,
            facts,
            wave_of,
            len(waves),
            [sum(limits.size[group] for group in wave) for wave in waves],
            [sum(limits.critical[group] for group in wave) for wave in waves],
            [set(wave) for wave in waves],
            [sum(facts[group].testing for group in wave) for wave in waves],
            calls,
            callers,
            both,
            [None] * len(problem.atoms),
        )

    def put(self, group: int, wave: int) -> None:
        """Bring a group to a wave, whatever that breaks; `keep` says that it stays there."""
        for number, sign in ((self.wave_of[group], -1), (wave, 1)):
            self.size[number] += sign * self.limits.size[group]
            self.critical[number] += sign * self.limits.critical[group]
            self.testing[number] += sign * self.facts[group].testing
        self.members[self.wave_of[group]].discard(group)
        self.members[wave].add(group)
        self.wave_of[group] = wave

    def keep(self, group: int) -> None:
        """Forget what was known of those who are tied to a group that has changed its wave."""
        for other in self.both[group]:
            self.known[other] = None

    def allowed(self, group: int, wave: int) -> bool:
        """Tell whether the group may be in a wave at all, whoever else is there; hard limits."""
        problem, wave_of = self.problem, self.wave_of
        return (
            self.limits.may(group, wave)
            and all(wave_of[first] <= wave for first in problem.atom_before[group])
            and all(wave_of[later] >= wave for later in problem.atom_after[group])
        )

    def room(self, wave: int) -> bool:
        """Tell whether a wave keeps its hard limits as it is."""
        return (
            len(self.members[wave]) > 0
            and self.size[wave] <= self.limits.room(wave)
            and self.critical[wave] <= self.limits.critical_max
        )

    def would_fit(self, other: int, wave: int, here: int) -> bool:
        """Tell whether both waves keep their limits once a group has gone from one to the other."""
        limits, moves, weighty = self.limits, self.limits.size[other], self.limits.critical[other]
        return (
            self.size[here] + moves <= limits.room(here)
            and self.size[wave] - moves <= limits.room(wave)
            and self.critical[here] + weighty <= limits.critical_max
            and self.critical[wave] - weighty <= limits.critical_max
        )

    def changes(self, group: int, waves: Sequence[int]) -> list[Amounts]:
        """What bringing a group to each of some waves would add to every amount."""
        ties = self.known[group]
        if ties is None:
            ties = self.known[group] = self._ties(group)
        against, apart = ties
        here, fact, moves = self.wave_of[group], self.facts[group], self.limits.size[group]
        early, small = earliest(self.count), self.limits.shortfall
        named = any(self.testing)
        gap = small(here, self.size[here] - moves) - small(here, self.size[here])
        found = []
        for wave in waves:
            sooner = (wave < early) - (here < early)
            disorder, mixed = self._environments(group, wave) if named else (0, 0)
            filled = small(wave, self.size[wave] + moves) - small(wave, self.size[wave])
            found.append(
                (
                    against[wave] - against[here],
                    disorder,
                    mixed,
                    sooner * fact.high,
                    sooner * fact.complex,
                    gap + filled if wave != here else 0,
                    apart[wave] - apart[here],
                )
            )
        return found

    def change_back(self, other: int, group: int, here: int) -> Amounts:
        """What bringing `other` to `here` would add, now that `group` has come from there to it.

        What is known of `other` still has the group at its old place, so their own tie is put
        right: they part again instead of meeting.
        """
        if self.known[other] is None:
            now, self.wave_of[group] = self.wave_of[group], here
            self.known[other] = self._ties(other)
            self.wave_of[group] = now
        (amounts,) = self.changes(other, [here])
        tie = self.both[group].get(other, 0)
        between = abs(self.wave_of[other] - here)
        return (amounts[0] + tie, *amounts[1:6], amounts[6] + 2 * tie * between)

    def _ties(self, group: int) -> tuple[list[int], list[int]]:
        """By wave, were the group there: what is called too late, and ties times waves between."""
        out, into = [0] * self.count, [0] * self.count
        for other, weight in self.calls[group]:
            out[self.wave_of[other]] += weight
        for other, weight in self.callers[group]:
            into[self.wave_of[other]] += weight
        late, early = sum(out), 0
        behind, ahead = 0, sum(out) + sum(into)
        distance = sum(wave * (out[wave] + into[wave]) for wave in range(self.count))
        against, apart = [], []
        for wave in range(self.count):
            late -= out[wave]
            against.append(late + early)
            early += into[wave]
            apart.append(distance)
            behind += out[wave] + into[wave]
            ahead -= out[wave] + into[wave]
            distance += behind - ahead
        return against, apart

    def _environments(self, group: int, wave: int) -> tuple[int, int]:
        """The change of conditions 4 and 5, counted anew: few estates name environments."""
        old, here = self._disorder(), self.wave_of[group]
        self.put(group, wave)
        new = self._disorder()
        self.put(group, here)
        return new[0] - old[0], new[1] - old[1]

    def _disorder(self) -> tuple[int, int]:
        """Pairs of a production group in a wave before one of test; the fewer kind of each wave."""
        disorder = mixed = live = 0
        for wave in range(self.count):
            test = self.testing[wave]
            disorder += live * test
            live += len(self.members[wave]) - test
            mixed += min(test, len(self.members[wave]) - test)
        return disorder, mixed

    def amounts(self) -> Amounts:
        """All amounts as they are."""
        wave_of, facts = self.wave_of, self.facts
        early = [group for group, wave in enumerate(wave_of) if wave < earliest(self.count)]
        disorder, mixed = self._disorder()
        return (
            sum(
                weight
                for group, calls in enumerate(self.calls)
                for other, weight in calls
                if wave_of[other] > wave_of[group]
            ),
            disorder,
            mixed,
            sum(facts[group].high for group in early),
            sum(facts[group].complex for group in early),
            sum(self.limits.shortfall(wave, self.size[wave]) for wave in range(self.count)),
            sum(
                weight * abs(wave_of[group] - wave_of[other])
                for group, calls in enumerate(self.calls)
                for other, weight in calls
            ),
        )

    def waves(self, rank: list[int]) -> Waves:
        """The waves, each in the order of a rank (a place by group)."""
        found: Waves = [[] for _ in range(self.count)]
        for group in sorted(range(len(self.wave_of)), key=lambda group: rank[group]):
            found[self.wave_of[group]].append(group)
        return found
