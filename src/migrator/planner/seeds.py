"""Where the search begins: orders of atoms that people would think of, cut into waves.

Called by `search.py`, and by `build.py` for the figures of the peers (what the search gained).
Every order keeps the `before` relations; cutting it keeps the limits. No chance here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from heapq import heappop, heappush

from migrator.planner.problem import Problem
from migrator.planner.waves import Limits

Waves = list[list[int]]
"""Waves of atoms, each in its order."""

LAYERING = "layering"
RISK = "risk ascending"
GROWTH = "growth"


def orders(problem: Problem) -> dict[str, list[int]]:
    """The orders by name: by layers of links, by rising risk, and by the least cut."""
    return {LAYERING: layering(problem), RISK: risk_ascending(problem), GROWTH: growth(problem)}


def layering(problem: Problem) -> list[int]:
    """What others call comes first, layer by layer: the classic way to cut a dependency graph.

    Real estates are full of cycles, so atoms are first ranked by how much they call against how
    much they are called; calls against that rank are left out, and the rest is layered.
    """
    count = len(problem.atoms)
    calls: list[dict[int, int]] = [{} for _ in range(count)]
    out, into = [0] * count, [0] * count
    for i, j, weight in problem.arcs:
        a, b = problem.atom_of[i], problem.atom_of[j]
        if a != b:
            calls[a][b] = calls[a].get(b, 0) + weight
            out[a] += weight
            into[b] += weight
    ranked = sorted(range(count), key=lambda a: (Fraction(out[a], max(1, out[a] + into[a])), a))
    rank = {atom: place for place, atom in enumerate(ranked)}
    layer = [0] * count
    for atom in ranked:
        below = [layer[other] for other in calls[atom] if rank[other] < rank[atom]]
        layer[atom] = 1 + max(below, default=-1)
    return by_priority(problem, lambda atom: (layer[atom], atom))


def risk_ascending(problem: Problem) -> list[int]:
    """What hurts least first: criticality, then link weight."""
    neighbours = atom_weights(problem)

    def risk(atom: int) -> tuple[int, int]:
        criticality = max(problem.moves[i].criticality for i in problem.atoms[atom])
        return criticality, sum(neighbours[atom].values())

    return by_priority(problem, risk)


def growth(problem: Problem) -> list[int]:
    """Greedy least cut: next comes the atom that is bound most to what has already moved."""
    neighbours = atom_weights(problem)
    total = [sum(group.values()) for group in neighbours]
    waiting = [len(group) for group in problem.atom_before]
    inner = [0] * len(problem.atoms)
    # The key is the change of the cut when the atom moves; old entries of the heap are passed over.
    heap = [(total[a], a) for a in range(len(problem.atoms)) if waiting[a] == 0]
    heap.sort()
    done: set[int] = set()
    order = []
    while heap:
        key, atom = heappop(heap)
        if atom in done or key != total[atom] - 2 * inner[atom]:
            continue
        done.add(atom)
        order.append(atom)
        for other, weight in sorted(neighbours[atom].items()):
            inner[other] += weight
            if other not in done and waiting[other] == 0:
                heappush(heap, (total[other] - 2 * inner[other], other))
        for other in sorted(problem.atom_after[atom]):
            waiting[other] -= 1
            if waiting[other] == 0:
                heappush(heap, (total[other] - 2 * inner[other], other))
    return order


def by_priority(problem: Problem, key: Callable[[int], tuple[int, int]]) -> list[int]:
    """Atoms by rising key, each after its `before` predecessors; ties by number."""
    waiting = [len(group) for group in problem.atom_before]
    heap = [(key(atom), atom) for atom in range(len(problem.atoms)) if waiting[atom] == 0]
    heap.sort()
    order = []
    while heap:
        _, atom = heappop(heap)
        order.append(atom)
        for other in sorted(problem.atom_after[atom]):
            waiting[other] -= 1
            if waiting[other] == 0:
                heappush(heap, (key(other), other))
    return order


def atom_weights(problem: Problem) -> list[dict[int, int]]:
    """The link weight from each atom to each other atom."""
    found: list[dict[int, int]] = [{} for _ in problem.atoms]
    for i, j, weight in problem.pairs:
        a, b = problem.atom_of[i], problem.atom_of[j]
        if a != b:
            found[a][b] = found[a].get(b, 0) + weight
            found[b][a] = found[b].get(a, 0) + weight
    return found


def cut(problem: Problem, limits: Limits, order: Sequence[int], count: int) -> Waves:
    """Cut an order into about `count` waves that keep every limit.

    An atom that does not fit into the wave at hand waits for the next one; waves are added when
    `count` is not enough. Empty: some wave would have no move, because a person forbade it to all
    that is left.
    """
    left = list(order)
    waves: Waves = []
    placed: set[int] = set()
    moves = sum(limits.size)
    while left:
        number = len(waves)
        even = -(-moves // max(1, count - number))  # an even share of what is left, rounded up
        urgent = _urgent(problem, limits, left, number)
        wanted = sum(limits.size[atom] for atom in urgent)
        target = min(limits.room(number), max(even, wanted, *(limits.size[a] for a in left)))
        wave: list[int] = []
        size = critical = 0
        # Who is pinned to this wave comes first, so that nobody takes the place.
        for atom in sorted(left, key=lambda a: a not in urgent):
            fits = (
                size + limits.size[atom] <= target
                and critical + limits.critical[atom] <= limits.critical_max
                and limits.may(atom, number)
                and problem.atom_before[atom] <= placed
            )
            if fits:
                wave.append(atom)
                placed.add(atom)
                size += limits.size[atom]
                critical += limits.critical[atom]
        if not wave:
            return []  # only forbidden waves and pins can do that; the caller says so
        taken = set(wave)
        left = [atom for atom in left if atom not in taken]
        moves -= size
        waves.append(wave)
    return fold_surplus(problem, limits, waves, count)


def _urgent(problem: Problem, limits: Limits, left: Sequence[int], number: int) -> set[int]:
    """Those who are pinned to a wave, and all that must switch before them."""
    waiting = set(left)
    queue = [atom for atom in left if limits.pinned[atom] == number]
    urgent = set(queue)
    for atom in queue:
        earlier = sorted((problem.atom_before[atom] & waiting) - urgent)
        urgent.update(earlier)
        queue += earlier
    return urgent


def fold_surplus(problem: Problem, limits: Limits, waves: Waves, count: int) -> Waves:
    """Bring the atoms of the waves beyond `count` into earlier ones, where the limits allow it.

    The latest wave with room first, so that an order is bent as little as may be.
    """
    size = [sum(limits.size[atom] for atom in wave) for wave in waves]
    critical = [sum(limits.critical[atom] for atom in wave) for wave in waves]
    home = {atom: number for number, wave in enumerate(waves) for atom in wave}
    for number in range(count, len(waves)):
        for atom in list(waves[number]):
            first = max((home[other] for other in problem.atom_before[atom]), default=0)
            for there in range(min(count, number) - 1, first - 1, -1):
                if (
                    limits.may(atom, there)
                    and size[there] + limits.size[atom] <= limits.room(there)
                    and critical[there] + limits.critical[atom] <= limits.critical_max
                ):
                    waves[number].remove(atom)
                    waves[there].append(atom)
                    size[there] += limits.size[atom]
                    critical[there] += limits.critical[atom]
                    home[atom] = there
                    break
    return [wave for wave in waves if wave]
