"""Small decisions and their limits as the kernel's search knows them, for its tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from migrator.schedule.anneal_moves import Decision, Facts
from migrator.schedule.problem import Ints


def some_facts(
    atoms: int,
    waves: int,
    *,
    room: int,
    before: Mapping[int, Sequence[int]] | None = None,
    barred: Sequence[tuple[int, int]] = (),
    members: Sequence[Sequence[int]] | None = None,
    links: Sequence[tuple[int, int, float]] = (),
    home: Sequence[int] | None = None,
) -> Facts:
    """Atoms of one move each, unless `members` says otherwise."""
    own = [[atom] for atom in range(atoms)] if members is None else members
    firsts = [list((before or {}).get(atom, ())) for atom in range(atoms)]
    thens = [[b for b in range(atoms) if a in firsts[b]] for a in range(atoms)]
    near: list[list[tuple[int, float]]] = [[] for _ in range(atoms)]
    for one, other, weight in links:
        near[one].append((other, weight))
        near[other].append((one, weight))
    may = np.ones((atoms, waves), dtype=np.int64)
    for atom, wave in barred:
        may[atom, wave] = 0
    atom_at, moves = ranges(own)
    first_at, all_firsts = ranges(firsts)
    then_at, all_thens = ranges(thens)
    near_at, others = ranges([[other for other, _ in group] for group in near])
    return Facts(
        atom_at=atom_at,
        members=moves,
        size=np.array([len(group) for group in own], dtype=np.int64),
        critical=np.zeros(atoms, dtype=np.int64),
        may=may,
        first_at=first_at,
        firsts=all_firsts,
        then_at=then_at,
        thens=all_thens,
        near_at=near_at,
        near=others,
        near_weight=np.array([weight for group in near for _, weight in group]),
        room=np.full(waves, room, dtype=np.int64),
        wanted=np.zeros(waves, dtype=np.int64),
        critical_max=np.zeros(1, dtype=np.int64),
        home=np.array(home or [-1] * atoms, dtype=np.int64),
    )


def ranges(groups: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Groups as edges and one long row."""
    edges = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    return edges, np.array([each for group in groups for each in group], dtype=np.int64)


def a_decision(waves: Sequence[Sequence[int]]) -> Decision:
    """Waves as a row with its scratch paper."""
    edge, row = ranges(waves)
    return Decision(row, edge, np.zeros_like(row), np.zeros_like(row))
