"""Merged and split waves: a plan's waves as they stand, in the shape that people ask for.

Called by `changes.py` before the search, which then starts from these waves. Who is merged away
keeps the id of the wave that takes it in, and the later half of a split gets a letter behind the
number, so that every other wave is called what it was called before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.errors import InputError
from migrator.ids import SubsystemId, WaveId
from migrator.planner.decode import decode
from migrator.planner.problem import Problem
from migrator.planner.requests import Requests, Split

CUTS_MAX: Final = 6
"""Places at which a wave is tried to be cut, in each of two orders: the most even ones."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Waves by position: their ids and moves, and what the waves that are no more are called now.

    `told` says in sentences what was merged and split. `held` are those whom a person put into the
    later half of a split, by the wave's id.
    """

    ids: tuple[WaveId, ...]
    waves: tuple[tuple[int, ...], ...]
    now: Mapping[WaveId, WaveId]
    held: Mapping[SubsystemId, WaveId]
    told: tuple[str, ...]


def reshape(
    problem: Problem, ids: Sequence[WaveId], waves: Sequence[Sequence[int]], requests: Requests
) -> Shape:
    """Do the merges, then the splits. InputError where a wave cannot be split as asked."""
    names, moves = list(ids), [list(wave) for wave in waves]
    now = {wave: wave for wave in ids}
    told: list[str] = []
    for merged, place in requests.merges:
        first = names.index(now[merged[0]])
        for wave in merged[1:]:
            there = names.index(now[wave])
            if there == first:
                continue
            told.append(f"{wave} is merged into {names[first]} ({place.path})")
            moves[first] += moves.pop(there)
            gone = names.pop(there)
            now.update({old: names[first] for old, new in now.items() if new == gone})
    held: dict[SubsystemId, WaveId] = {}
    for split in requests.splits:
        here = names.index(now[split.wave])
        first_half, second_half = _halves(problem, moves, here, split)
        fresh = _letter(names, names[here])
        moves[here : here + 1] = [first_half, second_half]
        names.insert(here + 1, fresh)
        if split.second:
            held.update({problem.ids[i]: fresh for i in second_half})
        listed = ", ".join(problem.ids[i] for i in second_half)
        now[fresh] = fresh
        told.append(
            f"{names[here]} is split ({split.place.path}): {listed} go in {fresh}, after it"
        )
    return Shape(tuple(names), tuple(map(tuple, moves)), now, held, tuple(told))


def _halves(
    problem: Problem, waves: Sequence[Sequence[int]], here: int, split: Split
) -> tuple[list[int], list[int]]:
    wave = waves[here]
    if split.second:
        return _as_told(problem, wave, split)
    atoms = list(dict.fromkeys(problem.atom_of[i] for i in wave))
    if len(atoms) < 2:
        raise _cannot(split, f"{split.wave} has nothing to split: all of it must move together")
    best: tuple[int, list[int], list[int]] | None = None
    base = decode(problem, waves)
    for order in (atoms, _by_binding(problem, atoms)):
        halves = [
            (
                [i for atom in order[:cut] for i in problem.atoms[atom]],
                [i for atom in order[cut:] for i in problem.atoms[atom]],
            )
            for cut in range(1, len(order))
            if not any(problem.atom_before[a] & set(order[cut:]) for a in order[:cut])
        ]
        # A half that is much smaller than the other is hardly worth a gate of its own.
        halves.sort(key=lambda pair: abs(len(pair[0]) - len(pair[1])))
        for first, second in halves[:CUTS_MAX]:
            tried = [*waves[:here], first, second, *waves[here + 1 :]]
            cost = decode(problem, tried, base, here).hard_cost(problem)
            if best is None or cost < best[0]:
                best = cost, first, second
    if best is None:
        raise _cannot(split, f"{split.wave} has only orders that hold all of it together")
    return best[1], best[2]


def _as_told(problem: Problem, wave: Sequence[int], split: Split) -> tuple[list[int], list[int]]:
    """Those who are named go into the later half, with whoever must move with them."""
    asked = {problem.index[name] for name in split.second}
    strangers = sorted(problem.ids[i] for i in asked.difference(wave))
    if strangers:
        raise _cannot(split, f"{', '.join(strangers)}: not in {split.wave}")
    atoms = {problem.atom_of[i] for i in asked}
    second = [i for i in wave if problem.atom_of[i] in atoms]
    first = [i for i in wave if problem.atom_of[i] not in atoms]
    if not first:
        raise _cannot(split, f"that is all of {split.wave}: nothing would stay in the first half")
    return first, second


def _by_binding(problem: Problem, atoms: Sequence[int]) -> list[int]:
    """The wave's atoms, each next to those to which it is bound most: a cut then cuts little."""
    inside = set(atoms)
    bound: dict[int, dict[int, int]] = {atom: {} for atom in atoms}
    for i, j, weight in problem.pairs:
        a, b = problem.atom_of[i], problem.atom_of[j]
        if a != b and a in inside and b in inside:
            bound[a][b] = bound[a].get(b, 0) + weight
            bound[b][a] = bound[b].get(a, 0) + weight
    order = [min(atoms, key=lambda atom: (sum(bound[atom].values()), atom))]
    left = inside - set(order)
    while left:
        nearest = max(left, key=lambda a: (sum(bound[a].get(o, 0) for o in order), -a))
        order.append(nearest)
        left.remove(nearest)
    return order


def _letter(names: Sequence[WaveId], wave: WaveId) -> WaveId:
    """`w05b` for the later half of w05; the next letter where that one is taken."""
    stem = wave if wave[-1:].isdigit() else wave[:-1]
    free = (WaveId(f"{stem}{chr(code)}") for code in range(ord("b"), ord("z") + 1))
    return next((each for each in free if each not in names), WaveId(f"{wave}-2"))


def _cannot(split: Split, why: str) -> InputError:
    return InputError(
        "unclear-request",
        "a wave cannot be split as asked",
        hint="name some of its subsystems, as in --split w05:claims,ledger",
        faults=(split.place.fault(why),),
    )
