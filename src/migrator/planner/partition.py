"""Two more places to begin from: the spectral order, and blocks of a partition in their best order.

Called by `compiled_search.py`. Both look at link weights alone; `before` relations and limits are
kept by whoever turns their order into waves. Numbers are rounded before anything is compared, and
ties go to the lower number, so the same estate gives the same order on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, atom_weights, by_priority
from migrator.planner.wave_order import reorder
from migrator.planner.waves import Limits


def spectral(problem: Problem) -> list[int]:
    """Atoms along the Fiedler vector of the weighted links: who belongs together stands close.

    It is the least sum of squares of the distances, where exposure is the sum of the distances.
    Parts without links between them come one after the other, the largest first.
    """
    near = atom_weights(problem)
    rank: dict[int, int] = {}
    for part in _parts(near):
        for atom in _along(near, part):
            rank[atom] = len(rank)
    return by_priority(problem, lambda atom: (rank[atom], atom))


def partitioned(problem: Problem, limits: Limits, count: int) -> list[int]:
    """Blocks of what hangs together most, each no larger than a wave, in their best order.

    Heavy edges are closed first (the heaviest link between two blocks of which both together still
    fit), as in the coarsening of a multilevel partition; then whole blocks are put in order.
    """
    near = atom_weights(problem)
    room = max(1, -(-sum(limits.size) // max(1, count)))
    blocks = _merged(near, limits, min(limits.moves_max, room))
    filled = _packed(near, limits, blocks, count, limits.moves_max)
    ordered = reorder(problem, _anywhere(limits), filled)
    rank = {atom: place for place, atom in enumerate(atom for wave in ordered for atom in wave)}
    return by_priority(problem, lambda atom: (rank[atom], atom))


def _parts(near: Sequence[dict[int, int]]) -> list[list[int]]:
    """The connected parts, the largest first, each sorted."""
    seen: set[int] = set()
    parts = []
    for first in range(len(near)):
        if first in seen:
            continue
        seen.add(first)
        part, waiting = [], [first]
        while waiting:
            atom = waiting.pop()
            part.append(atom)
            for other in near[atom]:
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        parts.append(sorted(part))
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def _along(near: Sequence[dict[int, int]], part: list[int]) -> list[int]:
    if len(part) < 3:
        return part
    place = {atom: k for k, atom in enumerate(part)}
    laplacian = np.zeros((len(part), len(part)))
    for atom in part:
        for other, weight in near[atom].items():
            laplacian[place[atom], place[other]] = -float(weight)
    laplacian[np.diag_indices(len(part))] = -laplacian.sum(axis=1)
    laplacian /= max(1.0, float(np.abs(laplacian).max()))
    vector = np.linalg.eigh(laplacian)[1][:, 1]
    # An eigenvector has no sign of its own: the first atom is put on the lower side.
    if vector[0] > 0:
        vector = -vector
    return sorted(part, key=lambda atom: (round(float(vector[place[atom]]), 9), atom))


def _merged(near: Sequence[dict[int, int]], limits: Limits, room: int) -> list[list[int]]:
    """Blocks by closing the heaviest links first; no block has more than `room` moves."""
    home = list(range(len(near)))
    blocks = {atom: [atom] for atom in home}
    size = {atom: limits.size[atom] for atom in home}
    critical = {atom: limits.critical[atom] for atom in home}
    edges = sorted(
        ((weight, a, b) for a, group in enumerate(near) for b, weight in group.items() if a < b),
        key=lambda edge: (-edge[0], edge[1], edge[2]),
    )
    for _, a, b in edges:
        one, two = home[a], home[b]
        if (
            one == two
            or size[one] + size[two] > room
            or critical[one] + critical[two] > limits.critical_max
        ):
            continue
        if len(blocks[one]) < len(blocks[two]):
            one, two = two, one
        for atom in blocks[two]:
            home[atom] = one
        blocks[one] += blocks.pop(two)
        size[one] += size.pop(two)
        critical[one] += critical.pop(two)
    return sorted(sorted(block) for block in blocks.values())


def _packed(
    near: Sequence[dict[int, int]],
    limits: Limits,
    blocks: list[list[int]],
    count: int,
    room: int,
) -> Waves:
    """Small blocks join the block that they are bound to most and that has room for them."""
    left = sorted(blocks, key=lambda block: (-sum(limits.size[a] for a in block), block))
    waves: Waves = []
    home: dict[int, int] = {}
    for block in left:
        size = sum(limits.size[atom] for atom in block)
        bound = [0] * len(waves)
        for atom in block:
            for other, weight in near[atom].items():
                if other in home:
                    bound[home[other]] += weight
        fits = [
            k
            for k, wave in enumerate(waves)
            if sum(limits.size[atom] for atom in wave) + size <= room
        ]
        best = max(fits, key=lambda k: (bound[k], -k), default=None)
        if best is None or (len(waves) < count and not bound[best]):
            best = len(waves)
            waves.append([])
        waves[best] += block
        for atom in block:
            home[atom] = best
    return waves


def _anywhere(limits: Limits) -> Limits:
    """The same limits for blocks that are no waves yet: whoever cuts the order keeps the rest."""
    free = tuple(frozenset[int]() for _ in limits.size)
    return Limits(
        moves_max=sum(limits.size),
        critical_max=sum(limits.critical),
        pilot_moves_max=0,
        pilot=frozenset(),
        size=limits.size,
        critical=limits.critical,
        forbidden=free,
        pinned=tuple(None for _ in limits.size),
        moves_wanted=0,
    )
