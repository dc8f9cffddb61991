"""What the kernel's search is told of an estate: limits, links and loads as arrays.

Called by `compiled_search.py`. Everything hard that does not depend on time is in `Facts`, so that
compiled code can refuse a change without playing it; what depends on time is the kernel's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from migrator.ids import SubsystemId, WaveId
from migrator.planner.decode import in_order
from migrator.planner.outline import floors, latest_starts
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, atom_weights
from migrator.planner.waves import SHORTFALL_TICKS, Limits, wave_number
from migrator.schedule.problem import Floats, Ints

Arrays = dict[str, Floats | Ints]


def facts(
    problem: Problem, limits: Limits, count: int, home: Sequence[int] | None = None
) -> Arrays:
    """The limits and links by atom, for `count` waves (anneal_moves.Facts says what is what).

    `home` is the wave that each atom had in the plan before, -1 where it had none.
    """
    atoms = range(len(problem.atoms))
    atom_at, members = _ranges(in_order(problem, problem.atoms[atom]) for atom in atoms)
    first_at, firsts = _ranges(sorted(problem.atom_before[atom]) for atom in atoms)
    then_at, thens = _ranges(sorted(problem.atom_after[atom]) for atom in atoms)
    near = [
        sorted(group.items(), key=lambda entry: (-entry[1], entry[0]))
        for group in atom_weights(problem)
    ]
    near_at, others = _ranges([other for other, _ in group] for group in near)
    return {
        "atom_at": atom_at,
        "members": members,
        "size": _ints(limits.size),
        "critical": _ints(limits.critical),
        "may": np.array(
            [[int(limits.may(atom, wave)) for wave in range(count)] for atom in atoms],
            dtype=np.int64,
        ).reshape(len(problem.atoms), count),
        "first_at": first_at,
        "firsts": firsts,
        "then_at": then_at,
        "thens": thens,
        "near_at": near_at,
        "near": others,
        "near_weight": np.array([float(w) for group in near for _, w in group], dtype=np.float64),
        "room": _ints(limits.room(wave) for wave in range(count)),
        "wanted": _ints(limits.shortfall(wave, 0) for wave in range(count)),
        "critical_max": _ints([limits.critical_max]),
        "home": _ints([-1] * len(atoms) if home is None else home),
    }


def loads(problem: Problem) -> Arrays:
    """What a rough guess of a wave's length is made of (anneal_sketch.Loads), in ticks."""
    work = np.zeros((len(problem.atoms), max(1, len(problem.teams))))
    for i, move in enumerate(problem.moves):
        work[problem.atom_of[i], move.team] += move.hands
    checks = sorted(check.minutes for check in problem.checks)
    fixed, early = latest_starts(problem), floors(problem)
    weight = float(max(1, problem.weight))
    return {
        "work": work,
        "seats": np.array(
            [float(max(many for many, _ in groups)) for groups in problem.seats] or [1.0]
        ),
        "after": np.array([float(checks[len(checks) // 2]) if checks else 0.0]),
        "fixed": _ints(atom for atom, _ in fixed),
        "fixed_to": np.array([float(tick) for _, tick in fixed]),
        "floors": _ints(atom for atom, _ in early),
        "floor_from": np.array([float(tick) for _, tick in early]),
        "small": np.array([weight * SHORTFALL_TICKS]),
        "missed": np.array([4.0 * weight]),
    }


def decision(waves: Waves) -> tuple[Ints, Ints]:
    """Waves of atoms as a row and the edges of the waves in it."""
    edges = np.concatenate([[0], np.cumsum([len(wave) for wave in waves])]).astype(np.int64)
    return _ints(atom for wave in waves for atom in wave), edges


def waves_of(row: Ints, edge: Ints) -> Waves:
    """The waves that a row and its edges mean."""
    atoms, edges = row.tolist(), edge.tolist()
    return [atoms[a:b] for a, b in pairwise(edges)]


def in_rows(problem: Problem, waves: Waves) -> Waves:
    """The same waves, each atom after those of its wave that have to switch before it."""
    result = []
    for wave in waves:
        inside = set(wave)
        row: list[int] = []
        left = list(wave)
        while left:
            placed = set(row)
            ready = next(a for a in left if problem.atom_before[a] & inside <= placed)
            left.remove(ready)
            row.append(ready)
        result.append(row)
    return result


def assignment(waves: Waves, atoms: int) -> Ints:
    """By atom: its wave."""
    found = np.zeros(atoms, dtype=np.int64)
    for number, wave in enumerate(waves):
        found[wave] = number
    return found


def assigned(wave_of: Ints, order: Iterable[int], count: int) -> Waves:
    """Waves from an assignment; inside a wave the order goes on."""
    waves: Waves = [[] for _ in range(count)]
    for atom in order:
        waves[int(wave_of[atom])].append(atom)
    return waves


def waves_before(problem: Problem, limits: Limits, last: Mapping[SubsystemId, WaveId]) -> Waves:
    """The waves that the last plan had; who is new joins whom it is linked to most.

    Waves in which nobody is left are gone. It may break limits that have changed since.
    """
    homes: dict[int, int] = {}
    for atom, members in enumerate(problem.atoms):
        numbers = [wave_number(last[problem.ids[i]]) for i in members if problem.ids[i] in last]
        known = [number for number in numbers if number is not None]
        if known:
            homes[atom] = known[0]
    place = {number: k for k, number in enumerate(sorted(set(homes.values())))}
    waves: Waves = [[] for _ in place] or [[]]
    for atom, number in homes.items():
        waves[place[number]].append(atom)
    size = [sum(limits.size[atom] for atom in wave) for wave in waves]
    for atom, near in enumerate(atom_weights(problem)):
        if atom in homes:
            continue
        bound = [0] * len(waves)
        for other, weight in near.items():
            if other in homes:
                bound[place[homes[other]]] += weight
        fits = [
            k
            for k in range(len(waves))
            if size[k] + limits.size[atom] <= limits.room(k) and limits.may(atom, k)
        ]
        best = max(fits, key=lambda k: (bound[k], -size[k], k), default=len(waves) - 1)
        waves[best].append(atom)
        size[best] += limits.size[atom]
    return waves


def _ranges(groups: Iterable[Sequence[int]]) -> tuple[Ints, Ints]:
    ends: list[int] = []
    edges = [0]
    for group in groups:
        ends += group
        edges.append(len(ends))
    return _ints(edges), _ints(ends)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
