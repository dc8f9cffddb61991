"""Azure's first phase: who must go together, because of one application or of strong ties.

Called by `azure.py`, whose docstring names the pages. Workloads of one application form a group;
groups that exchange data in both directions, and strongly, become one. The hard limits come first:
two groups stay apart where together they would not fit into any wave, or would have to be both
before and after a third. The strongest pairs are joined first, so the limits cost the weakest ties.
"""

from __future__ import annotations

from itertools import pairwise

from migrator.inventory.model import Inventory
from migrator.planner.peers.coarse import Groups, group_of
from migrator.planner.problem import Problem
from migrator.planner.seeds import atom_weights
from migrator.planner.waves import Limits

APPLICATION_TAG = "application:"
"""How a subsystem says to which application it belongs; without it, it is one by itself."""


def groups(problem: Problem, limits: Limits, inventory: Inventory, strong_share: float) -> Groups:
    """Atoms by group, `strong_share` of all two-way pairs counting as strong (0 to 1)."""
    found = _Joining(problem, limits)
    for first, second in _same_application(problem, inventory):
        found.join(first, second)
    ties = sorted(two_way(problem).items(), key=lambda tie: (-tie[1], tie[0]))
    for (first, second), _ in ties[: round(strong_share * len(ties))]:
        found.join(first, second)
    return _with_pilot(problem, limits, found.result())


def two_way(problem: Problem) -> dict[tuple[int, int], int]:
    """Pairs of atoms that call each other; how strongly is the weight of the weaker direction."""
    one_way: dict[tuple[int, int], int] = {}
    for source, target, weight in problem.arcs:
        a, b = problem.atom_of[source], problem.atom_of[target]
        if a != b and weight:
            one_way[a, b] = one_way.get((a, b), 0) + weight
    return {
        (a, b): min(weight, one_way[b, a])
        for (a, b), weight in one_way.items()
        if a < b and (b, a) in one_way
    }


def _same_application(problem: Problem, inventory: Inventory) -> list[tuple[int, int]]:
    """Neighbours in each application's list of atoms."""
    members: dict[str, list[int]] = {}
    for subsystem in inventory.moving:
        for tag in subsystem.tags:
            if tag.startswith(APPLICATION_TAG):
                atom = problem.atom_of[problem.index[subsystem.id]]
                members.setdefault(tag, []).append(atom)
    return [pair for tag in sorted(members) for pair in pairwise(members[tag])]


class _Joining:
    """Groups that grow while they are joined, and what each of them would ask of a wave."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        """Every atom by itself."""
        self._limits = limits
        self._home = list(range(len(problem.atoms)))
        self._members = {atom: [atom] for atom in self._home}
        self._before = {atom: set(problem.atom_before[atom]) for atom in self._home}

    def join(self, first: int, second: int) -> None:
        """Make the groups of two atoms one, where the limits allow it."""
        a, b = sorted((self._home[first], self._home[second]))
        if a == b or not self._fits(a, b) or self._between(a, b) or self._between(b, a):
            return
        for atom in self._members[b]:
            self._home[atom] = a
        self._members[a] += self._members.pop(b)
        self._before[a] |= self._before.pop(b)

    def result(self) -> Groups:
        """The groups by their lowest atom, each sorted."""
        return sorted(sorted(members) for members in self._members.values())

    def _fits(self, a: int, b: int) -> bool:
        limits, both = self._limits, self._members[a] + self._members[b]
        pins = {limits.pinned[atom] for atom in both} - {None}
        barred = {wave for atom in both for wave in limits.forbidden[atom]}
        return (
            sum(limits.size[atom] for atom in both) <= limits.moves_max
            and sum(limits.critical[atom] for atom in both) <= limits.critical_max
            and len(pins) <= 1
            and not pins & barred
            # Who is wanted in the first wave must be one who may be there.
            and (0 not in pins or not limits.pilot or limits.pilot.issuperset(both))
        )

    def _between(self, first: int, last: int) -> bool:
        """Tell whether a third group has to come after `first` and before `last`."""
        waiting = [self._home[atom] for atom in self._before[last]]
        seen = {first, last}
        while waiting:
            group = waiting.pop()
            if group in seen:
                continue
            seen.add(group)
            earlier = {self._home[atom] for atom in self._before[group]}
            if first in earlier:
                return True
            waiting += earlier
        return False


def _with_pilot(problem: Problem, limits: Limits, found: Groups) -> Groups:
    """Let go of the pilot atom that is least tied to its group, where no group could go first."""
    willing = sorted(atom for atom in limits.pilot if limits.may(atom, 0))
    if not willing or any(
        all(atom in willing for atom in group)
        and sum(limits.size[atom] for atom in group) <= limits.pilot_moves_max
        for group in found
    ):
        return found
    near = atom_weights(problem)
    home = group_of(found)
    alone = min(
        willing,
        key=lambda atom: (sum(near[atom].get(other, 0) for other in found[home[atom]]), atom),
    )
    rest = [[atom for atom in group if atom != alone] for group in found]
    return sorted([[alone], *[group for group in rest if group]])
