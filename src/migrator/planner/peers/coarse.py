"""An estate seen in groups of atoms: whoever keeps groups together plans it like any other.

Called by the `azure*.py` modules. A group becomes an atom of a smaller problem with the same moves,
so orders, cutting and gates work on it unchanged; `spread` turns waves of groups back into waves of
atoms. Whether some atoms may form a group at all is decided by `azure_groups.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves
from migrator.planner.waves import Limits

Groups = list[list[int]]
"""Atoms that one rule keeps together; each atom is in exactly one group."""


def coarsened(problem: Problem, limits: Limits, groups: Groups) -> tuple[Problem, Limits]:
    """The same moves with the groups as atoms, and the limits of the groups."""
    home = group_of(groups)
    atoms = tuple(tuple(i for atom in group for i in problem.atoms[atom]) for group in groups)
    atom_of = [0] * len(problem.ids)
    for number, members in enumerate(atoms):
        for i in members:
            atom_of[i] = number
    before = tuple(
        frozenset(home[first] for atom in group for first in problem.atom_before[atom]) - {number}
        for number, group in enumerate(groups)
    )
    after = tuple(
        frozenset(home[later] for atom in group for later in problem.atom_after[atom]) - {number}
        for number, group in enumerate(groups)
    )
    size = tuple(sum(limits.size[atom] for atom in group) for group in groups)
    coarse = replace(
        problem, atoms=atoms, atom_of=tuple(atom_of), atom_before=before, atom_after=after
    )
    return coarse, replace(
        limits,
        pilot=frozenset(
            number
            for number, group in enumerate(groups)
            if limits.pilot.issuperset(group) and size[number] <= limits.pilot_moves_max
        ),
        size=size,
        critical=tuple(sum(limits.critical[atom] for atom in group) for group in groups),
        forbidden=tuple(
            frozenset(wave for atom in group for wave in limits.forbidden[atom]) for group in groups
        ),
        pinned=tuple(
            next((limits.pinned[a] for a in group if limits.pinned[a] is not None), None)
            for group in groups
        ),
    )


def group_of(groups: Groups) -> dict[int, int]:
    """The group of each atom."""
    return {atom: number for number, group in enumerate(groups) for atom in group}


def spread(groups: Groups, waves: Sequence[Sequence[int]]) -> Waves:
    """Waves of groups as waves of atoms."""
    return [[atom for number in wave for atom in groups[number]] for wave in waves]
