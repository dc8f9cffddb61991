"""How many waves, how large, who may go first, and what a wave is called.

Called by `build.py` and `search.py`. People need waves for go and no-go; the optimiser does not,
so the numbers here are about what a wave lead and a room of handlers can follow. Every limit that
comes from here stands in the plan under `constraints`, where a person may tighten it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import Inventory
from migrator.plan.model import Constraints
from migrator.planner.problem import Problem

MOVES_PER_WAVE_FLOOR: Final = 8
"""A wave lead can follow eight moves at once in any estate, so no default is below that."""

PILOT_MOVES_MAX: Final = 8
"""A pilot shall teach something and be undone within the hour."""

SHORTFALL_TICKS: Final = 1
"""The soft preference for waves of some size: a move too few weighs as much as one tick (5 min) of
mean exposure. Without it the least exposure is found in waves of a single move."""

PILOT_FROM_MOVES: Final = 4
"""With fewer moves a wave of its own for the pilot teaches nothing that the first would not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The constraints as plain numbers; tuples are by atom."""

    moves_max: int
    critical_max: int
    pilot_moves_max: int
    pilot: frozenset[int]  # atoms that may be in the first wave; empty: there is no pilot
    size: tuple[int, ...]
    critical: tuple[int, ...]
    forbidden: tuple[frozenset[int], ...]  # numbers of waves
    pinned: tuple[int | None, ...]  # the wave in which a person wants it; None: anywhere
    moves_wanted: int  # a smaller wave is not forbidden, but not wished for

    def room(self, wave: int) -> int:
        """How many moves a wave may have."""
        return self.pilot_moves_max if wave == 0 and self.pilot else self.moves_max

    def shortfall(self, wave: int, moves: int) -> int:
        """By how many moves a wave is smaller than wished for."""
        wanted = self.pilot_moves_max if wave == 0 and self.pilot else self.moves_wanted
        return max(0, wanted - moves)

    def may(self, atom: int, wave: int) -> bool:
        """Tell whether an atom may be in a wave at all, whoever else is there."""
        if wave in self.forbidden[atom] or self.pinned[atom] not in (None, wave):
            return False
        return wave > 0 or not self.pilot or atom in self.pilot


def wave_count(moves: int) -> int:
    """How many waves to aim at: the square root keeps both the waves and their sizes followable.

    77 moves give 9 waves, 2 give 1, 1,000 give 32 (fewer where the window is too short).
    """
    return max(1, round(math.sqrt(moves)))


def default_constraints(problem: Problem, waves: int, largest: int | None) -> Constraints:
    """The limits used where nobody gave any; `largest` is the one that may be given alone."""
    moves = len(problem.ids)
    if largest is None:
        # Half as much again as an even share leaves the search room to keep neighbours together.
        largest = max(MOVES_PER_WAVE_FLOOR, math.ceil(1.5 * moves / waves))
    critical = [sum(problem.moves[i].criticality == 5 for i in atom) for atom in problem.atoms]
    # The pilot has no critical moves, so the other waves share them.
    shared = math.ceil(1.5 * sum(critical) / max(1, waves - 1))
    return Constraints(
        moves_per_wave_max=largest,
        critical_moves_per_wave_max=max(2, shared, max(critical, default=0)),
        pilot_criticality_max=_pilot_criticality(problem),
        forbidden_waves={},
    )


def pilot_size(problem: Problem, constraints: Constraints, waves: int) -> int:
    """How many moves the pilot may have; 0: no pilot."""
    moves = len(problem.ids)
    if moves < PILOT_FROM_MOVES or waves < 2:
        return 0
    return min(PILOT_MOVES_MAX, constraints.moves_per_wave_max, max(1, round(moves / 16)))


def pilot_atoms(problem: Problem, constraints: Constraints, size: int) -> tuple[int, ...]:
    """The atoms that may be in the pilot: low criticality, few links, nothing before them.

    Few links: no member is above the median of link weight. Sorted by weight, then by number.
    """
    if size == 0:
        return ()
    weight = touching_weight(problem)
    median = sorted(weight)[(len(weight) - 1) // 2]
    low = [
        atom
        for atom, members in enumerate(problem.atoms)
        if len(members) <= size
        and not problem.atom_before[atom]
        and wave_id(0) not in _forbidden(problem, constraints, atom)
        and all(
            problem.moves[i].fixed is None
            and problem.moves[i].criticality <= constraints.pilot_criticality_max
            for i in members
        )
    ]
    low.sort(key=lambda atom: (sum(weight[i] for i in problem.atoms[atom]), atom))
    few = [atom for atom in low if all(weight[i] <= median for i in problem.atoms[atom])]
    # Where nothing is both low and little linked, the least linked of the low ones goes first.
    return tuple(few or low[:1])


def _forbidden(problem: Problem, constraints: Constraints, atom: int) -> set[WaveId]:
    """The waves that a person has forbidden to any member of an atom."""
    return {
        wave
        for i in problem.atoms[atom]
        for wave in constraints.forbidden_waves.get(problem.ids[i], ())
    }


Pins = Mapping[SubsystemId, WaveId]
"""Where a person put a subsystem, so that the planner leaves it there."""


def limits(
    problem: Problem, constraints: Constraints, waves: int, pins: Pins | None = None
) -> Limits:
    """The constraints as numbers, for a plan of about so many waves."""
    size = pilot_size(problem, constraints, waves)
    return Limits(
        moves_max=constraints.moves_per_wave_max,
        critical_max=constraints.critical_moves_per_wave_max,
        pilot_moves_max=size,
        pilot=frozenset(pilot_atoms(problem, constraints, size)),
        size=tuple(len(members) for members in problem.atoms),
        critical=tuple(
            sum(problem.moves[i].criticality == 5 for i in members) for members in problem.atoms
        ),
        forbidden=tuple(
            frozenset(
                number
                for wave in _forbidden(problem, constraints, atom)
                if (number := wave_number(wave)) is not None
            )
            for atom in range(len(problem.atoms))
        ),
        pinned=tuple(
            next(
                (wave_number(pins[problem.ids[i]]) for i in members if problem.ids[i] in pins),
                None,
            )
            if pins
            else None
            for members in problem.atoms
        ),
        # Half an even share; what is smaller is hardly worth a gate of its own.
        moves_wanted=len(problem.ids) // max(1, waves) // 2,
    )


def touching_weight(problem: Problem) -> list[int]:
    """The link weight that touches each move."""
    weight = [0] * len(problem.ids)
    for i, j, both in problem.pairs:
        weight[i] += both
        weight[j] += both
    return weight


def wave_id(number: int) -> WaveId:
    """The id of the nth wave (from 0): short enough to be said on the telephone."""
    return WaveId(f"w{number + 1:02d}")


def wave_number(wave: WaveId) -> int | None:
    """Which wave (from 0) an id of ours means; None for an id that a person made up."""
    return int(wave[1:]) - 1 if wave.startswith("w") and wave[1:].isdigit() else None


def wave_names(
    problem: Problem, inventory: Inventory, waves: Sequence[Sequence[int]], *, pilot: bool
) -> tuple[str, ...]:
    """A name per wave by the subsystem that holds most of the wave's inner links together."""
    names: Mapping[SubsystemId, str] = {s.id: s.name for s in inventory.subsystems}
    wave_of = {i: number for number, wave in enumerate(waves) for i in wave}
    inner = [0] * len(problem.ids)
    for i, j, weight in problem.pairs:
        if wave_of[i] == wave_of[j]:
            inner[i] += weight
            inner[j] += weight
    found = []
    for number, wave in enumerate(waves):
        if pilot and number == 0:
            found.append("Pilot")
            continue
        heart = min(wave, key=lambda i: (-inner[i], -problem.moves[i].criticality, i))
        name = names[problem.ids[heart]]
        found.append(name if len(wave) == 1 else f"Around {name}")
    return tuple(found)


def _pilot_criticality(problem: Problem) -> int:
    """2 (few would notice), or the lowest level at which any atom can be first at all."""
    levels = [
        max(problem.moves[i].criticality for i in members)
        for atom, members in enumerate(problem.atoms)
        if not problem.atom_before[atom]
    ]
    return max(2, min(levels, default=2))
