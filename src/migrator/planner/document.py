"""From the schedule to the plan's document: moves with times, gates with names, what is assumed.

Called by `build.py`. Nothing is decided here but who of several equals is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from migrator.ids import PersonId, SubsystemId
from migrator.inventory.model import Inventory, Person, Role
from migrator.plan.model import PlannedGate, PlannedMove, PlannedWave
from migrator.plan.recipes import RECIPE_OF_KIND
from migrator.planner.calendars import ALWAYS, Grid, deciders, deciding_bits
from migrator.planner.decode import Schedule
from migrator.planner.problem import RATE_SCALE, Problem
from migrator.planner.waves import wave_id, wave_names


def planned_waves(
    inventory: Inventory,
    problem: Problem,
    waves: Sequence[Sequence[int]],
    schedule: Schedule,
    *,
    pilot: bool,
    pinned: Collection[SubsystemId] = (),
) -> tuple[PlannedWave, ...]:
    """The waves as the document has them."""
    grid = Grid(inventory)
    names = wave_names(problem, inventory, waves, pilot=pilot)
    leads: Counter[PersonId] = Counter()
    found = []
    for number, wave in enumerate(waves):
        gate = schedule.gates[number]
        lead = _lead(inventory, grid, gate, leads)
        found.append(
            PlannedWave(
                id=wave_id(number),
                name=names[number],
                pilot=pilot and number == 0,
                gate=PlannedGate(grid.moment(gate), _deciders(inventory, grid, gate)),
                lead=lead,
                moves=_moves(inventory, problem, wave, schedule, pinned),
            )
        )
    return tuple(found)


def assumed(inventory: Inventory, problem: Problem) -> tuple[str, ...]:
    """Everything that nobody gave and the plan rests on, as "subject: what", sorted."""
    elsewhere = (f"inventory: {field}" for field in inventory.assumed)
    return tuple(
        sorted({*elsewhere, *_fields(inventory), *_people(inventory, problem), *_copies(problem)})
    )


def _moves(
    inventory: Inventory,
    problem: Problem,
    wave: Sequence[int],
    schedule: Schedule,
    pinned: Collection[SubsystemId],
) -> tuple[PlannedMove, ...]:
    grid = Grid(inventory)
    by_id = {subsystem.id: subsystem for subsystem in inventory.subsystems}
    order = sorted(wave, key=lambda i: (schedule.start[i], problem.ids[i]))
    return tuple(
        PlannedMove(
            subsystem=problem.ids[i],
            recipe=RECIPE_OF_KIND[by_id[problem.ids[i]].kind],
            team=by_id[problem.ids[i]].team,
            start=grid.moment(schedule.start[i]),
            switch=grid.moment(schedule.switch[i]),
            end=grid.moment(schedule.end[i]),
            pinned=problem.ids[i] in pinned,
        )
        for i in order
    )


def _deciders(inventory: Inventory, grid: Grid, gate: int) -> tuple[PersonId, ...]:
    """Who may decide and is there; all of them where none is on a shift (they are called in)."""
    people = deciders(inventory)
    there = tuple(person.id for person in people if _on_duty(person, grid, gate))
    return there or tuple(person.id for person in people)


def _lead(inventory: Inventory, grid: Grid, gate: int, leads: Counter[PersonId]) -> PersonId | None:
    """A wave lead who is there when the wave begins, the one who has led the fewest waves."""
    able = [
        person
        for person in inventory.people.people
        if Role.WAVE_LEAD in person.roles and _on_duty(person, grid, gate)
    ]
    if not able:
        return None
    chosen = min(able, key=lambda person: (leads[person.id], person.id))
    leads[chosen.id] += 1
    return chosen.id


def _on_duty(person: Person, grid: Grid, tick: int) -> bool:
    return bool(grid.duty(person) >> tick & 1)


def _fields(inventory: Inventory) -> Iterator[str]:
    for subsystem in inventory.subsystems:
        for field in subsystem.assumed:
            yield f"{subsystem.id}: {field}"


def _people(inventory: Inventory, problem: Problem) -> Iterator[str]:
    named = deciders(inventory)
    grid = Grid(inventory)
    if not named:
        yield "gate: nobody is named, the gate takes anybody"
    elif deciding_bits(inventory, grid) == ALWAYS and all(person.shifts for person in named):
        yield "gate: nobody who decides has a shift in the window, they are called in"
    if not any(Role.WAVE_LEAD in person.roles for person in inventory.people.people):
        yield "lead: nobody is named, the waves have no lead"
    declared = {team.id: team for team in inventory.people.teams}
    for team in problem.teams:
        if team not in declared or declared[team].assumed:
            yield f"team {team}: seats"
    for check in problem.checks:
        name = check.function if check.function is not None else problem.ids[min(check.core)]
        if not check.handlers:
            yield f"check {name}: nobody is named, anybody may verify"
        elif check.function is None:
            yield f"check {name}: in no function, its team verifies"


def _copies(problem: Problem) -> Iterator[str]:
    """Copies that want more than the line has: their stated minutes are kept, and doubted here."""
    capacity = problem.copy_capacity
    if capacity is None:
        return
    for name, move in zip(problem.ids, problem.moves, strict=True):
        if move.copy_rate > capacity:
            yield (
                f"{name}: durations.copy (it would need {move.copy_rate / RATE_SCALE:.0f} GiB per "
                f"hour, the line has {capacity / RATE_SCALE:.0f})"
            )
