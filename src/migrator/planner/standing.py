"""A plan that stands: its waves by position, its limits by its own wave ids, and what they refuse.

Called by `explain.py` and by `least_change.py`, which both ask of a plan that somebody has made or
edited what it would be with one subsystem elsewhere. The waves of such a plan have the ids that
people know them by, so nothing here takes an id for a number. Pure; one place says no, in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from migrator.ids import SubsystemId, WaveId
from migrator.plan.model import Constraints, Plan
from migrator.planner.problem import Problem
from migrator.planner.waves import Limits, limits

Atoms = Sequence[int]
Waves = Sequence[Sequence[int]]
"""Waves of moves, in the order in which they are placed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan's waves as numbers: ids and moves by position, and who they may hold."""

    problem: Problem
    ids: tuple[WaveId, ...]
    waves: tuple[tuple[int, ...], ...]
    pilot: bool
    limits: Limits


def standing(plan: Plan, problem: Problem) -> Standing:
    """A plan's own waves under its own constraints; who is pinned where is not asked."""
    waves = [
        [problem.index[m.subsystem] for m in wave.moves if m.subsystem in problem.index]
        for wave in plan.waves
    ]
    pilot = bool(plan.waves) and plan.waves[0].pilot
    ids = [wave.id for wave in plan.waves]
    return stand(problem, ids, waves, plan.constraints, {}, pilot=pilot)


def stand(
    problem: Problem,
    ids: Sequence[WaveId],
    waves: Waves,
    constraints: Constraints,
    pins: Mapping[SubsystemId, WaveId],
    *,
    pilot: bool,
) -> Standing:
    """Waves with their ids, under constraints and pins. `pilot`: the first of them is one."""
    numbers = _limits(problem, constraints, pins, ids, waves[: int(pilot)])
    return Standing(problem, tuple(ids), tuple(map(tuple, waves)), pilot, numbers)


def _limits(
    problem: Problem,
    constraints: Constraints,
    pins: Mapping[SubsystemId, WaveId],
    ids: Sequence[WaveId],
    pilot: Waves,
) -> Limits:
    """The limits by position in the plan. Whoever is in its pilot now may stay there."""
    numbers = limits(problem, replace(constraints, forbidden_waves={}), len(ids))
    place = {wave: number for number, wave in enumerate(ids)}
    forbidden = [
        frozenset(
            place[wave]
            for i in members
            for wave in constraints.forbidden_waves.get(problem.ids[i], ())
            if wave in place
        )
        for members in problem.atoms
    ]
    pinned = [
        next(
            (
                place[pins[problem.ids[i]]]
                for i in members
                if problem.ids[i] in pins and pins[problem.ids[i]] in place
            ),
            None,
        )
        for members in problem.atoms
    ]
    there = {problem.atom_of[i] for wave in pilot for i in wave}
    return replace(
        numbers,
        pilot=numbers.pilot | there if pilot else frozenset(),
        pilot_moves_max=max(numbers.pilot_moves_max, *map(len, pilot)) if pilot else 0,
        forbidden=tuple(forbidden),
        pinned=tuple(pinned),
    )


def refusal(stands: Standing, waves: Waves, atom: int, there: int) -> str | None:
    """Why an atom may not be in a wave where it is put; None where nothing forbids it.

    `waves` are the waves with the atom already there, so that everybody else counts as they are.
    """
    return (
        _order(stands, waves, atom, there)
        or _person(stands, atom, there)
        or _size(stands, waves, atom, there)
    )


def _order(stands: Standing, waves: Waves, atom: int, there: int) -> str | None:
    problem = stands.problem
    members = problem.atoms[atom]
    wave_of = {i: number for number, wave in enumerate(waves) for i in wave}
    for i in members:
        late = [f for f in problem.moves[i].before if wave_of.get(f, there) > there]
        if late:
            return f"{problem.ids[late[0]]} must switch before {problem.ids[i]}"
    for k in (k for after in problem.atom_after[atom] for k in problem.atoms[after]):
        held = [i for i in members if i in problem.moves[k].before]
        if held and wave_of.get(k, there) < there:
            return f"{problem.ids[held[0]]} must switch before {problem.ids[k]}"
    return None


def _person(stands: Standing, atom: int, there: int) -> str | None:
    limits, ids = stands.limits, stands.ids
    if there == 0 and stands.pilot and atom not in limits.pilot:
        return "the pilot takes only moves of low criticality with few links"
    if there in limits.forbidden[atom]:
        return f"a person forbade {ids[there]} for it (constraints)"
    pinned = limits.pinned[atom]
    if pinned is not None and pinned != there:
        return f"a person pinned it to {ids[pinned]}"
    return None


def _size(stands: Standing, waves: Waves, atom: int, there: int) -> str | None:
    problem, limits, wave = stands.problem, stands.limits, stands.ids[there]
    size, most = len(waves[there]), limits.room(there)
    if size > most:
        return f"{wave} would have {size} moves, it may have {most}"
    critical = sum(problem.moves[i].criticality == 5 for i in waves[there])
    if limits.critical[atom] and critical > limits.critical_max:
        return (
            f"{wave} would have {critical} moves of criticality 5, "
            f"it may have {limits.critical_max}"
        )
    return None


def with_atom_in(problem: Problem, waves: Waves, atom: int, there: int) -> list[list[int]]:
    """The waves with one atom in another of them, behind those who are there."""
    members = problem.atoms[atom]
    changed = [[i for i in wave if i not in members] for wave in waves]
    changed[there] += members
    return changed


def broken(stands: Standing, waves: Waves) -> int:
    """By how much the waves break what is hard: moves too many, and atoms where they may not be."""
    problem, limits = stands.problem, stands.limits
    wave_of = {i: number for number, wave in enumerate(waves) for i in wave}
    wrong = 0
    for number, wave in enumerate(waves):
        wrong += max(0, len(wave) - limits.room(number))
        critical = sum(problem.moves[i].criticality == 5 for i in wave)
        wrong += max(0, critical - limits.critical_max)
    for atom, members in enumerate(problem.atoms):
        there = wave_of[members[0]]
        wrong += _person(stands, atom, there) is not None
        wrong += sum(wave_of[first] > there for i in members for first in problem.moves[i].before)
    return wrong
