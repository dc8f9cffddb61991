"""The document of a changed plan: everything of the old one that still fits, and new hours.

Called by `changes.py`. Ids, names, leads, recipes and teams are kept; waves that have started stand
there to the letter. Nothing is decided here but what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory, Kind
from migrator.plan.model import Plan, PlannedMove, PlannedWave, Stay, Window
from migrator.plan.recipes import RECIPES
from migrator.planner.calendars import GRID_MINUTES, Grid
from migrator.planner.change_basis import Basis
from migrator.planner.document import assumed, planned_waves
from migrator.planner.least_change import Changed
from migrator.planner.problem import Problem
from migrator.planner.reshape import Shape
from migrator.planner.search import hours
from migrator.planner.standing import Standing


def changed_document(
    basis: Basis, problem: Problem, shape: Shape, stands: Standing, found: Changed, seed: int
) -> Plan:
    """The plan as changed, but for its name, its path and what it takes to undo everything."""
    plan, inventory = basis.plan, basis.inventory
    pins = basis.requests.wave_of_pin()
    fresh = planned_waves(
        inventory, problem, found.waves, found.schedule, pilot=stands.pilot, pinned=pins
    )
    old = {wave.id: wave for wave in plan.waves}
    moves = {m.subsystem: m for wave in plan.waves for m in wave.moves}
    fixed = 0 if basis.started is None else basis.started.waves
    grid = Grid(inventory)
    waves = [
        old[wave_id]
        if number < fixed
        else _kept(replace(wave, id=wave_id), old.get(wave_id), moves, inventory, grid)
        for number, (wave_id, wave) in enumerate(zip(stands.ids, fresh, strict=True))
    ]
    constraints = basis.requests.tighten(plan.constraints)
    forbidden = {
        name: waves_now
        for name, at in constraints.forbidden_waves.items()
        if name in problem.index
        and (
            waves_now := tuple(
                wave
                for wave in dict.fromkeys(shape.now.get(wave, wave) for wave in at)
                if wave in stands.ids
            )
        )
    }
    used = {m.recipe for wave in waves for m in wave.moves}
    return replace(
        plan,
        inventory=replace(
            plan.inventory,
            name=inventory.name,
            digest=inventory.digest,
            links=basis.links,
            links_digest=basis.links_digest,
        ),
        window=Window(
            inventory.calendar.start, inventory.calendar.end, inventory.calendar.time_zone
        ),
        recipes={
            name: recipe
            for name, recipe in sorted({**RECIPES, **plan.recipes}.items())
            if name in used or name in plan.recipes
        },
        constraints=replace(constraints, forbidden_waves=forbidden),
        waves=tuple(waves),
        stays=tuple(
            Stay(s.id, s.reason or "", s.review_date)
            for s in inventory.subsystems
            if s.kind is Kind.STAYS
        ),
        assumed=assumed(inventory, problem),
        figures=replace(
            plan.figures,
            exposure_hours=round(hours(problem, found.schedule), 4),
            makespan_hours=round(found.schedule.last * GRID_MINUTES / 60, 4),
            seed=seed,
            evaluations=found.evaluations,
        ),
        certificate=None,  # it was of the plan that was searched for, and this is another one
    )


def _kept(
    wave: PlannedWave,
    old: PlannedWave | None,
    moves: Mapping[SubsystemId, PlannedMove],
    inventory: Inventory,
    grid: Grid,
) -> PlannedWave:
    """A wave with everything of its old self that still fits: name, lead, recipes and teams."""
    kept = tuple(
        replace(move, recipe=moves[move.subsystem].recipe, team=moves[move.subsystem].team)
        if move.subsystem in moves
        else move
        for move in wave.moves
    )
    wave = replace(wave, moves=kept)
    if old is None:
        return wave
    gate = wave.gate
    people = {person.id: person for person in inventory.people.people}
    tick = round(grid.tick(gate.at))
    lead = old.lead if old.lead in people and grid.duty(people[old.lead]) >> tick & 1 else wave.lead
    if gate.at == old.gate.at:
        gate = old.gate
    return replace(wave, name=old.name, gate=gate, lead=lead)
