"""Changes of a decision, and what no change may break.

Called by `anneal.py`, thousands of times in a second. A decision is a row of atoms (what moves
together) and the edges at which waves begin. A change is made on a copy; whoever made it asks
`allowed`, and throws the copy away when a limit says no: nothing hard is ever weighed. Chance is a
counter that is mixed, so the same seed gives the same changes everywhere.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from migrator.schedule.chance import mixed
from migrator.schedule.compiled import compiled
from migrator.schedule.problem import Floats, Ints

Chance = NDArray[np.uint64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: an even walk
_S11: Final = np.uint64(11)
_ONE: Final = np.uint64(1)

NEAR_SHARE: Final = 0.6
"""Of the changes of an atom's wave go so many to where something stands that it is linked to."""


class Facts(NamedTuple):
    """What the limits and the links say of atoms and waves; nothing here changes in a search."""

    atom_at: Ints  # range of `members` by atom, one longer than the atoms
    members: Ints  # moves, each after those of its own atom that switch first
    size: Ints  # by atom: moves
    critical: Ints  # by atom: moves of criticality 5
    may: Ints  # atoms x waves: 1 where an atom may be, whoever else is there
    first_at: Ints  # range of `firsts` by atom
    firsts: Ints  # atoms that stand before it
    then_at: Ints  # range of `thens` by atom
    thens: Ints  # atoms that stand after it
    near_at: Ints  # range of `near` by atom
    near: Ints  # atoms that it is linked to, the heaviest link first
    near_weight: Floats
    room: Ints  # by wave: moves
    wanted: Ints  # by wave: a smaller one is not wished for
    critical_max: Ints  # one number
    home: Ints  # by atom: the wave that it had in the plan before; -1: none


class Decision(NamedTuple):
    """A row of atoms, where waves begin in it, and room to change it."""

    row: Ints
    edge: Ints  # one longer than the waves
    place: Ints  # by atom: where it stands, right after `allowed`
    spare: Ints  # scratch paper as long as the row


@compiled
def draw(chance: Chance) -> float:
    """The next number from 0 up to 1."""
    chance[0] += _ONE
    return np.float64(mixed(chance[0] * _STEP) >> _S11) * (1.0 / 9007199254740992.0)


@compiled
def below(chance: Chance, count: int) -> int:
    """The next whole number below `count`."""
    return min(count - 1, int(draw(chance) * count))


@compiled
def copy_to(source: Decision, target: Decision) -> None:
    """Make the target the same decision."""
    same(source.row, target.row)
    same(source.edge, target.edge)
    same(source.place, target.place)


@compiled
def same(source: Ints, target: Ints) -> None:
    """Copy whole numbers; from array to array by slices would want memory to be counted."""
    for k in range(len(source)):
        target[k] = source[k]


@compiled
def wave_of(edge: Ints, place: int) -> int:
    """The wave that a place of the row is in."""
    low, high = 0, len(edge) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if edge[middle] <= place:
            low = middle
        else:
            high = middle
    return low


@compiled
def allowed(f: Facts, d: Decision) -> bool:
    """Tell whether a decision keeps everything hard that does not depend on time."""
    place = d.place
    for k in range(len(d.row)):
        place[d.row[k]] = k
    for wave in range(len(d.edge) - 1):
        if d.edge[wave] >= d.edge[wave + 1]:
            return False
    for wave in range(len(d.edge) - 1):
        first, last = d.edge[wave], d.edge[wave + 1]
        size = critical = 0
        for k in range(first, last):
            atom = d.row[k]
            size += f.size[atom]
            critical += f.critical[atom]
            if f.may[atom, wave] == 0:
                return False
            for other in range(f.first_at[atom], f.first_at[atom + 1]):
                if place[f.firsts[other]] > k:
                    return False
        if size > f.room[wave] or critical > f.critical_max[0]:
            return False
    return True


@compiled
def change(f: Facts, d: Decision, chance: Chance) -> bool:
    """Change a decision a little; False where the draw was for nothing."""
    count = len(d.row)
    waves = len(d.edge) - 1
    kind = draw(chance)
    place = below(chance, count)
    here = wave_of(d.edge, place)
    if waves == 1 or kind < 0.2:
        width = d.edge[here + 1] - d.edge[here]
        if width < 2:
            return False
        to = d.edge[here] + below(chance, width)
        _carry(d, place, here, here, to)
        return bool(to != place)
    if kind < 0.24:
        return _gate(d, chance)
    if kind < 0.27:
        return _whole(d, chance)
    there = _there(f, d, chance, place, here)
    if there == here:
        return False
    partner = d.edge[there] + below(chance, d.edge[there + 1] - d.edge[there])
    size = 0
    for k in range(d.edge[there], d.edge[there + 1]):
        size += f.size[d.row[k]]
    full = size + f.size[d.row[place]] > f.room[there]
    if kind < 0.62 and not full:
        shift = 1 if here < there else 0
        _carry(d, place, here, there, partner - shift)
    elif kind < 0.9:
        atom = d.row[place]
        d.row[place] = d.row[partner]
        d.row[partner] = atom
    else:
        # Two that belong together change places with two others.
        mate = _mate(f, d, chance, place, here)
        other = d.edge[there] + below(chance, d.edge[there + 1] - d.edge[there])
        if mate < 0 or other == partner:
            return False
        atom, second = d.row[place], d.row[mate]
        d.row[place], d.row[mate] = d.row[partner], d.row[other]
        d.row[partner], d.row[other] = atom, second
    return True


@compiled
def _there(f: Facts, d: Decision, chance: Chance, place: int, here: int) -> int:
    """A wave to go to: where a neighbour stands, or the next one, or anywhere."""
    waves = len(d.edge) - 1
    atom = d.row[place]
    first, last = f.near_at[atom], f.near_at[atom + 1]
    if last > first and draw(chance) < NEAR_SHARE:
        # Squaring a draw asks the heavy links, which come first, more often.
        picked = draw(chance)
        other = f.near[first + int(picked * picked * (last - first))]
        return wave_of(d.edge, d.place[other])
    if draw(chance) < 0.7:
        there = here + (1 if draw(chance) < 0.5 else -1)
        return there if 0 <= there < waves else here
    return below(chance, waves)


@compiled
def _mate(f: Facts, d: Decision, chance: Chance, place: int, here: int) -> int:
    """The place of somebody in the same wave to whom the atom is linked; -1: nobody found."""
    atom = d.row[place]
    first, last = f.near_at[atom], f.near_at[atom + 1]
    for k in range(first, min(last, first + 8)):
        mate = d.place[f.near[k]]
        if d.edge[here] <= mate < d.edge[here + 1] and draw(chance) < 0.6:
            return int(mate)
    return -1


@compiled
def _gate(d: Decision, chance: Chance) -> bool:
    """Move a gate by one to three places: a stretch goes from a wave to its neighbour."""
    gate = 1 + below(chance, len(d.edge) - 2)
    step = 1 + below(chance, 3)
    if draw(chance) < 0.5:
        step = -step
    d.edge[gate] += step
    return True


@compiled
def _whole(d: Decision, chance: Chance) -> bool:
    """Turn a short stretch of waves round, or let one wave jump over a few."""
    waves = len(d.edge) - 1
    first = below(chance, waves)
    last = min(waves - 1, first + 1 + below(chance, 4))
    if first >= last:
        return False
    jump = draw(chance)
    same(d.row, d.spare)
    begin = d.edge[first]
    sizes = d.place  # it is written anew by `allowed`
    for k in range(first, last + 1):
        sizes[k] = d.edge[k + 1] - d.edge[k]
    starts = begin
    for k in range(first, last + 1):
        d.edge[k] = starts
        old = first + last - k
        if jump < 0.3:
            old = k + 1 if k < last else first
        elif jump < 0.6:
            old = k - 1 if k > first else last
        from_ = begin
        for before in range(first, old):
            from_ += sizes[before]
        for step in range(sizes[old]):
            d.row[starts + step] = d.spare[from_ + step]
        starts += sizes[old]
    return True


@compiled
def _carry(d: Decision, place: int, here: int, there: int, to: int) -> None:
    """Take an atom out of its place and put it to another; `to` is counted without it."""
    atom = d.row[place]
    if to > place:
        for k in range(place, to):
            d.row[k] = d.row[k + 1]
    else:
        for k in range(place, to, -1):
            d.row[k] = d.row[k - 1]
    d.row[to] = atom
    for wave in range(here + 1, there + 1):
        d.edge[wave] -= 1
    for wave in range(there + 1, here + 1):
        d.edge[wave] += 1


@compiled
def expand(f: Facts, d: Decision, order: Ints, wave_at: Ints) -> None:
    """The decision as moves, which is what a weekend is played with."""
    put = 0
    wave = 0
    for k in range(len(d.row)):
        while d.edge[wave] <= k:
            wave_at[wave] = put
            wave += 1
        atom = d.row[k]
        for member in range(f.atom_at[atom], f.atom_at[atom + 1]):
            order[put] = f.members[member]
            put += 1
    wave_at[len(wave_at) - 1] = put


@compiled
def heat_at(begin: float, end: float, done: int, total: int) -> float:
    """How much worse a change may be by chance: falling evenly in its logarithm."""
    return begin * math.pow(end / begin, done / total)
