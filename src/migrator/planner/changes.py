"""A plan changed as people ask, and as little as may be: what moves, and which request forced it.

Called by `migrator plan --from` and `migrator replan`. The waves keep their ids, the moves their
recipes and teams; what has started stays to the letter. For each subsystem that goes elsewhere one
evaluation of the new plan with that one back in its old wave says why it had to go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from migrator.ids import WaveId
from migrator.plan.model import Plan
from migrator.plan.recipes import RECIPES
from migrator.planner import capacity
from migrator.planner.build import unwind_all_hours
from migrator.planner.calendars import Grid
from migrator.planner.change_basis import Basis
from migrator.planner.change_document import changed_document
from migrator.planner.change_reasons import Moved, Reasons, gone
from migrator.planner.change_refusals import refuse_large_merges, refuse_started, unfit
from migrator.planner.checker import violations
from migrator.planner.decode import Schedule, decode
from migrator.planner.least_change import Begun, Changed, default_evaluations, least_change
from migrator.planner.problem import Problem, build_problem
from migrator.planner.requests import TYPED, Earlier, Place, Split
from migrator.planner.reshape import Shape, reshape
from migrator.planner.rules import find_rules
from migrator.planner.standing import Standing, stand, with_atom_in

WAVES_ADDED_MAX: Final = 4
"""Tighter limits may want another wave or two; a plan that wants more is better searched anew."""


@dataclass(frozen=True, slots=True)
class ChangedPlan:
    """The new plan, who moved and why, and what was done to whole waves, in sentences."""

    plan: Plan
    moved: tuple[Moved, ...]
    told: tuple[str, ...]
    evaluations: int


def earlier_of(plan: Plan, places: Mapping[tuple[str, str], Place]) -> Earlier:
    """The waves, pins and forbidden waves of a plan; `places` has their lines, where it is known:
    by ("pin", subsystem) and ("forbid", subsystem).
    """
    pins = {
        move.subsystem: (
            wave.id,
            places.get(("pin", move.subsystem), Place("the plan", None, move.subsystem)),
        )
        for wave in plan.waves
        for move in wave.moves
        if move.pinned
    }
    forbidden = {
        name: dict.fromkeys(
            waves, places.get(("forbid", name), Place("the plan", None, f"forbidden_waves.{name}"))
        )
        for name, waves in plan.constraints.forbidden_waves.items()
    }
    return Earlier(tuple(wave.id for wave in plan.waves), pins, forbidden)


def change_plan(
    basis: Basis, *, name: str, path: str, seed: int, evaluations: int | None = None
) -> ChangedPlan:
    """The nearest plan that keeps all requests.

    InputError names what still does not fit where none was found.
    """
    plan, inventory = basis.plan, basis.inventory
    refuse_started(basis)
    capacity.refuse_before_search(inventory)
    recipes = {**RECIPES, **plan.recipes}
    problem = build_problem(inventory, basis.pairs, find_rules(inventory), plan.policy, recipes)
    begun = _begun(basis, problem)
    tries = evaluations or default_evaluations(len(problem.ids))
    shape, stands, home, found = _nearest(basis, problem, begun, seed, tries)
    stands, found, home, told = _without_empty(stands, found, home, begun)
    moved = Reasons(basis, stands, found, home, begun).all()
    new = changed_document(basis, problem, shape, stands, found, seed)
    new = replace(new, name=name, inventory=replace(new.inventory, path=path))
    unwind = unwind_all_hours(new, inventory, basis.pairs, found.schedule, problem)
    new = replace(new, figures=replace(new.figures, unwind_all_hours=unwind))
    told = (*shape.told, *told, *gone(basis, problem))
    # A plan with recipes of its own may break what this search cannot see: that is told, not kept.
    told += tuple(f"CHECK THIS: {wrong}" for wrong in violations(new, inventory))
    return ChangedPlan(new, moved, told, found.evaluations + len(moved))


def _nearest(
    basis: Basis, problem: Problem, begun: Begun, seed: int, evaluations: int
) -> tuple[Shape, Standing, list[int], Changed]:
    """The nearest waves; where the limits leave no room, some wave more."""
    plan, inventory, requests = basis.plan, basis.inventory, basis.requests
    old = [
        [problem.index[m.subsystem] for m in wave.moves if m.subsystem in problem.index]
        for wave in plan.waves
    ]
    ids = [wave.id for wave in plan.waves]
    spent = 0
    for more in range(WAVES_ADDED_MAX + 1):
        shape = reshape(problem, ids, old, requests)
        stands, home = _standing(basis, problem, shape)
        if not more:
            constraints = requests.tighten(plan.constraints)
            capacity.refuse_large_atoms(
                inventory, find_rules(inventory), stands.limits, constraints
            )
            refuse_large_merges(basis, problem, shape, stands)
        left = max(evaluations // 4, evaluations - spent)
        found = least_change(stands, home, begun, seed=seed, evaluations=left)
        spent += found.evaluations
        crowded = _most_crowded(stands, found, begun)
        if found.whole or not found.cost[0] or crowded is None or more == WAVES_ADDED_MAX:
            break
        split = Split(crowded, (), Place(TYPED, None, "there is no room left under the limits"))
        requests = replace(requests, splits=(*requests.splits, split))
    if not found.whole:
        raise unfit(basis, stands, found)
    return shape, stands, home, replace(found, evaluations=spent)


def _most_crowded(stands: Standing, found: Changed, begun: Begun) -> WaveId | None:
    """The wave of those that have not started that has most moves too many; None: no wave has."""
    limits, problem = stands.limits, stands.problem
    crowds = []
    for number in range(max(begun.waves, int(stands.pilot)), len(found.waves)):
        wave = found.waves[number]
        critical = sum(problem.moves[i].criticality == 5 for i in wave)
        over = max(len(wave) - limits.moves_max, critical - limits.critical_max)
        atoms = {problem.atom_of[i] for i in wave}
        if over > 0 and len(atoms) > 1:
            crowds.append((over, -number))
    return stands.ids[-max(crowds)[1]] if crowds else None


# --- where the search begins ---------------------------------------------------------------------


def _standing(basis: Basis, problem: Problem, shape: Shape) -> tuple[Standing, list[int]]:
    """The waves as asked for, with everybody in one of them, and where everybody was."""
    home = [-1] * len(problem.ids)
    for number, wave in enumerate(shape.waves):
        for i in wave:
            home[i] = number
    waves: list[list[int]] = [list(wave) for wave in shape.waves]
    last = len(waves) - 1
    for members in problem.atoms:
        at = [home[i] for i in members]
        there = max(at, key=lambda number: (number >= 0, at.count(number), -number))
        if set(at) != {there} or there < 0:
            # New in the inventory, or bound together since the plan was made.
            waves = with_atom_in(problem, waves, problem.atom_of[members[0]], max(there, 0) or last)
    pins = {**shape.held, **basis.requests.wave_of_pin()}
    now = {name: shape.now.get(wave, wave) for name, wave in pins.items()}
    constraints = basis.requests.tighten(basis.plan.constraints)
    forbidden = {
        name: tuple(dict.fromkeys(shape.now.get(wave, wave) for wave in at))
        for name, at in constraints.forbidden_waves.items()
    }
    pilot = bool(basis.plan.waves) and basis.plan.waves[0].pilot
    stands = stand(
        problem, shape.ids, waves, replace(constraints, forbidden_waves=forbidden), now, pilot=pilot
    )
    return stands, home


def _begun(basis: Basis, problem: Problem) -> Begun:
    """The schedule of what has started, from which the decoder goes on."""
    started = basis.started
    if started is None or started.waves == 0:
        return Begun(0, None)
    grid = Grid(basis.inventory)
    count = len(problem.ids)
    switch = [0] * count
    for name, at in started.switch.items():
        if name in problem.index:
            switch[problem.index[name]] = round(grid.tick(at))
    free = max(0, -int(-grid.tick(started.free_from) // 1))
    # Nothing is copied for the waves to come before they may begin: what was copied has started.
    line = [] if problem.copy_capacity is None else [problem.copy_capacity] * free
    gates = [*[free] * started.waves, free]
    schedule = Schedule(
        start=list(switch), switch=switch, free=list(switch), verified=list(switch),
        end=list(switch), copied=[0] * count, gates=gates,
        lines=[line] * (started.waves + 1), missed_before=[0] * (started.waves + 1),
        late=0, missed=0, exposure=0, last=0,
    )  # fmt: skip
    return Begun(started.waves, schedule)


def _without_empty(
    stands: Standing, found: Changed, home: list[int], begun: Begun
) -> tuple[Standing, Changed, list[int], tuple[str, ...]]:
    """Waves that nobody is left in are no waves."""
    kept = [number for number, wave in enumerate(found.waves) if wave]
    if len(kept) == len(found.waves):
        return stands, found, home, ()
    told = tuple(
        f"{stands.ids[number]} has no moves left, and is no wave any more"
        for number, wave in enumerate(found.waves)
        if not wave
    )
    place = {number: position for position, number in enumerate(kept)}
    limits = replace(
        stands.limits,
        forbidden=tuple(
            frozenset(place[n] for n in f if n in place) for f in stands.limits.forbidden
        ),
        pinned=tuple(None if p is None else place.get(p) for p in stands.limits.pinned),
    )
    waves = [found.waves[number] for number in kept]
    fewer = replace(
        stands,
        ids=tuple(stands.ids[number] for number in kept),
        waves=tuple(map(tuple, waves)),
        pilot=stands.pilot and 0 in place,
        limits=limits if 0 in place else replace(limits, pilot=frozenset(), pilot_moves_max=0),
    )
    schedule = decode(stands.problem, waves, begun.schedule, begun.waves)
    # Whoever was in a wave that is gone has lost it, as if it had been in none.
    return (
        fewer,
        replace(found, waves=waves, schedule=schedule),
        [place.get(number, -1) for number in home],
        told,
    )
