"""The rough half of the search: which atom in which wave, judged by a guess in a microsecond.

Called by `searching.py`. The guess is the planner's own (planner/outline.py says it in plain
Python): a wave lasts as long as its most loaded team and a check, what crosses a gate is split for
half of the waves on either side, inner links for a third of their wave. It steers, and nothing
else: whatever comes out is played before anybody believes it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from migrator.schedule.anneal_moves import Chance, Facts, below, draw, heat_at, same
from migrator.schedule.compiled import compiled
from migrator.schedule.problem import Floats, Ints

DONE, KEPT = range(2)
"""Places in `Sketch.counts`."""

NOW, BEST, STRETCH = range(3)
"""Places in `Sketch.costs`."""


class Loads(NamedTuple):
    """What a guess is made of; times are in the caller's ticks."""

    work: Floats  # atoms x teams: seat time
    seats: Floats  # by team
    after: Floats  # one number: a usual check
    fixed: Ints  # atoms with a fixed date
    fixed_to: Floats  # by when they must have started
    floors: Ints  # atoms that cannot be done before some time
    floor_from: Floats
    small: Floats  # one number: what a move too few in a wave costs, weight included
    missed: Floats  # one number: what a tick of a broken date costs, weight included


class Sketch(NamedTuple):
    """An assignment with its cut, its inner weight and its loads kept up."""

    wave_of: Ints
    best: Ints
    size: Ints
    critical: Ints
    load: Floats  # waves x teams
    length: Floats
    gap: Floats
    floor: Floats
    cut: Floats
    inner: Floats
    bound: Floats
    costs: Floats
    counts: Ints
    chance: Chance


@compiled
def begin(f: Facts, g: Loads, s: Sketch, stretch: float) -> None:
    """Count everything once; `wave_of` is given."""
    s.costs[STRETCH] = stretch
    s.size[:] = 0
    s.critical[:] = 0
    s.load[:] = 0.0
    s.cut[:] = 0.0
    s.inner[:] = 0.0
    for atom in range(len(s.wave_of)):
        home = s.wave_of[atom]
        _carry(f, g, s, atom, home, 1)
        for k in range(f.near_at[atom], f.near_at[atom + 1]):
            there = s.wave_of[f.near[k]]
            if there == home and f.near[k] > atom:
                s.inner[home] += f.near_weight[k]
            for gate in range(home, there):
                s.cut[gate] += f.near_weight[k]
    for wave in range(len(s.size)):
        _measure(g, s, wave)
    s.costs[NOW] = cost(f, g, s)
    s.costs[BEST] = s.costs[NOW]
    same(s.wave_of, s.best)


@compiled
def cost(f: Facts, g: Loads, s: Sketch) -> float:
    """The guessed exposure, twice; a guessed broken appointment outweighs all of it."""
    missed = now = 0.0
    count = len(s.size)
    s.floor[:] = 0.0
    for k in range(len(g.floors)):
        wave = s.wave_of[g.floors[k]]
        s.floor[wave] = max(s.floor[wave], g.floor_from[k])
    for wave in range(count):
        s.gap[wave] = max(s.length[wave], s.floor[wave] - now)
        s.floor[wave] = now  # from here on: its gate
        now += s.gap[wave]
    for k in range(len(g.fixed)):
        missed += max(0.0, s.floor[s.wave_of[g.fixed[k]]] - g.fixed_to[k])
    found = 0.0
    small = 0
    for wave in range(count):
        if wave + 1 < count:
            found += s.cut[wave] * (s.gap[wave] + s.gap[wave + 1])
        found += s.inner[wave] * s.gap[wave] * (2.0 / 3.0)
        small += max(0, f.wanted[wave] - s.size[wave])
    found += 2.0 * (g.small[0] * small + g.missed[0] * missed)
    return float(found)


@compiled
def sketch(f: Facts, g: Loads, s: Sketch, heat: float, cold: float, total: int, until: int) -> None:
    """Anneal until so many steps of `total` are done; `best` holds the best assignment."""
    while s.counts[DONE] < until:
        warm = heat_at(heat, cold, s.counts[DONE], total)
        s.counts[DONE] += 1
        atom = below(s.chance, len(s.wave_of))
        home = s.wave_of[atom]
        target = _target(f, s, atom)
        if target == home or not _may(f, s, atom, target):
            continue
        other = -1
        if (
            s.size[target] + f.size[atom] > f.room[target]
            or s.critical[target] + f.critical[atom] > f.critical_max[0]
            or s.size[home] == f.size[atom]
            or draw(s.chance) < 0.3
        ):
            other = _partner(f, s, atom, target)
            if other < 0:
                continue
        _put(f, g, s, atom, target)
        if other >= 0:
            _put(f, g, s, other, home)
            if not (_may(f, s, atom, target) and _may(f, s, other, home)):
                _put(f, g, s, other, target)
                _put(f, g, s, atom, home)
                continue
        found = cost(f, g, s)
        worse = found - s.costs[NOW]
        if worse <= 0.0 or draw(s.chance) < math.exp(-worse / warm):
            s.costs[NOW] = found
            s.counts[KEPT] += 1
            if found < s.costs[BEST] - 1e-9:
                s.costs[BEST] = found
                same(s.wave_of, s.best)
        else:
            if other >= 0:
                _put(f, g, s, other, target)
            _put(f, g, s, atom, home)


@compiled
def _target(f: Facts, s: Sketch, atom: int) -> int:
    """Where a neighbour is, most of the time; else the next wave or any."""
    first, last = f.near_at[atom], f.near_at[atom + 1]
    if last > first and draw(s.chance) < 0.6:
        picked = draw(s.chance)
        return int(s.wave_of[f.near[first + int(picked * picked * (last - first))]])
    if draw(s.chance) < 0.5:
        there = s.wave_of[atom] + (1 if draw(s.chance) < 0.5 else -1)
        return int(min(len(s.size) - 1, max(0, there)))
    return below(s.chance, len(s.size))


@compiled
def _partner(f: Facts, s: Sketch, atom: int, target: int) -> int:
    """Somebody of that wave to change places with; -1: nobody who fits was drawn."""
    home = s.wave_of[atom]
    for _ in range(16):
        other = below(s.chance, len(s.wave_of))
        if s.wave_of[other] != target:
            continue
        size = f.size[other] - f.size[atom]
        critical = f.critical[other] - f.critical[atom]
        if (
            s.size[home] + size <= f.room[home]
            and s.size[target] - size <= f.room[target]
            and s.critical[home] + critical <= f.critical_max[0]
            and s.critical[target] - critical <= f.critical_max[0]
        ):
            return other
        return -1
    return -1


@compiled
def _may(f: Facts, s: Sketch, atom: int, wave: int) -> bool:
    """Pilot, pins, forbidden waves and `before` let the atom be there."""
    if f.may[atom, wave] == 0:
        return False
    for k in range(f.first_at[atom], f.first_at[atom + 1]):
        if s.wave_of[f.firsts[k]] > wave:
            return False
    late = False
    for k in range(f.then_at[atom], f.then_at[atom + 1]):
        late = late or s.wave_of[f.thens[k]] < wave
    return not late


@compiled
def _put(f: Facts, g: Loads, s: Sketch, atom: int, wave: int) -> None:
    """Move an atom to a wave and keep everything up."""
    old = s.wave_of[atom]
    if old == wave:
        return
    # Links to what is at or before a gate begin to cross it when the atom goes behind it, links to
    # what is after it cease to; the other way round when the atom comes before it.
    s.bound[:] = 0.0
    total = 0.0
    for k in range(f.near_at[atom], f.near_at[atom + 1]):
        s.bound[s.wave_of[f.near[k]]] += f.near_weight[k]
        total += f.near_weight[k]
    s.inner[old] -= s.bound[old]
    s.inner[wave] += s.bound[wave]
    first, last, sign = (old, wave, 1.0) if old < wave else (wave, old, -1.0)
    before = 0.0
    for gate in range(last):
        before += s.bound[gate]
        if gate >= first:
            s.cut[gate] += sign * (2.0 * before - total)
    _carry(f, g, s, atom, old, -1)
    _carry(f, g, s, atom, wave, 1)
    s.wave_of[atom] = wave
    _measure(g, s, old)
    _measure(g, s, wave)


@compiled
def _carry(f: Facts, g: Loads, s: Sketch, atom: int, wave: int, sign: int) -> None:
    s.size[wave] += sign * f.size[atom]
    s.critical[wave] += sign * f.critical[atom]
    for team in range(len(g.seats)):
        s.load[wave, team] += sign * g.work[atom, team]


@compiled
def _measure(g: Loads, s: Sketch, wave: int) -> None:
    longest = 0.0
    for team in range(len(g.seats)):
        longest = max(longest, math.ceil(s.load[wave, team] / g.seats[team]))
    s.length[wave] = (longest + g.after[0]) * s.costs[STRETCH]
