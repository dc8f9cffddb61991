"""Room in waves, and the mending of waves that break their limits, without a single decode.

Called by `least_change.py` before its search. A tighter limit on a thousand subsystems drives out
hundreds, and each of them could go to thirty waves: that is reckoned from sums that are kept up to
date, and only the outcome is decoded. One atom after the other goes where it costs least and breaks
nothing; what cannot be mended so is left to the search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from migrator.planner.standing import Standing, with_atom_in

Waves = list[list[int]]
Worth = Callable[[int, int, int, Sequence[int]], int]
"""About what it costs to move an atom from one wave to another, given the waves' usual switches."""


class Room:
    """Who is where, how full each wave is, and whether an atom could be in another one."""

    def __init__(self, stands: Standing, waves: Waves, begun: int) -> None:
        """Sum everything up once."""
        problem, limits = stands.problem, stands.limits
        self.stands, self.begun = stands, begun
        self.wave_of = [0] * len(problem.atoms)
        self.size = [0] * len(waves)
        self.critical = [0] * len(waves)
        for number, wave in enumerate(waves):
            for i in wave:
                self.wave_of[problem.atom_of[i]] = number
        for atom, number in enumerate(self.wave_of):
            self.size[number] += limits.size[atom]
            self.critical[number] += limits.critical[atom]

    def over(self, number: int) -> int:
        """By how much a wave has too many moves, or too many critical ones."""
        limits = self.stands.limits
        return max(
            self.size[number] - limits.room(number), self.critical[number] - limits.critical_max
        )

    def misplaced(self, atom: int) -> bool:
        """Tell whether an atom is where nobody may be, or on the wrong side of an order."""
        here = self.wave_of[atom]
        return not self.stands.limits.may(atom, here) or not self.in_order(atom, here)

    def in_order(self, atom: int, there: int) -> bool:
        """Tell whether a wave keeps the orders of an atom with all others as they are."""
        problem, wave_of = self.stands.problem, self.wave_of
        return all(wave_of[a] <= there for a in problem.atom_before[atom]) and all(
            wave_of[a] >= there for a in problem.atom_after[atom]
        )

    def takes(self, atom: int, there: int) -> bool:
        """Tell whether another wave could take an atom and break nothing."""
        limits = self.stands.limits
        return (
            limits.may(atom, there)
            and self.size[there] + limits.size[atom] <= limits.room(there)
            and self.critical[there] + limits.critical[atom] <= limits.critical_max
            and self.in_order(atom, there)
        )

    def relieves(self, atom: int, number: int) -> bool:
        """Tell whether an atom is in a wave and the wave would have less too much without it."""
        limits = self.stands.limits
        if self.wave_of[atom] != number:
            return False
        crowded = self.size[number] > limits.room(number)
        return crowded or limits.critical[atom] > 0

    def put(self, atom: int, there: int) -> None:
        """Move an atom."""
        limits, here = self.stands.limits, self.wave_of[atom]
        for number, sign in ((here, -1), (there, 1)):
            self.size[number] += sign * limits.size[atom]
            self.critical[number] += sign * limits.critical[atom]
        self.wave_of[atom] = there


def mended(stands: Standing, waves: Waves, begun: int, at: Sequence[int], worth: Worth) -> Waves:
    """The waves with everybody moved who has to be and can be, each at the least cost."""
    room = Room(stands, waves, begun)
    free = [
        atom
        for atom, number in enumerate(room.wave_of)
        if number >= begun and stands.limits.pinned[atom] != number
    ]
    tried: set[int] = set()
    while True:
        wrong = [atom for atom in free if atom not in tried and room.misplaced(atom)]
        full = max(range(begun, len(waves)), key=room.over, default=begun)
        if not wrong and (full >= len(waves) or room.over(full) <= 0):
            break
        candidates = wrong[:1] or [
            atom for atom in free if atom not in tried and room.relieves(atom, full)
        ]
        best = min(
            (
                (worth(atom, room.wave_of[atom], there, at), atom, there)
                for atom in candidates
                for there in range(begun, len(waves))
                if there != room.wave_of[atom] and room.takes(atom, there)
            ),
            default=None,
        )
        if best is not None:
            room.put(best[1], best[2])
            tried.add(best[1])
            waves = with_atom_in(stands.problem, waves, best[1], best[2])
        elif wrong:
            tried.add(wrong[0])
        else:
            break  # nobody of that wave can go anywhere: the search tries exchanges
    return waves
