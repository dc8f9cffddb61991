"""The last look at a finished plan: every hard rule, reckoned from the plan and the inventory only.

Called by `build.py` at the end of every plan. It reads what the engine and people will read, the
document's moments, and shares nothing with the search, the decoder, the kernel or lint but the
minutes of a step; whatever it finds is a defect of the planner and no fault of a file, so the plan
is refused and nobody is sent into a weekend with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from migrator.ids import SubsystemId, TeamId
from migrator.inventory.model import Inventory, Kind, RelationKind, Role
from migrator.plan.minutes import step_minutes
from migrator.plan.model import Plan, PlannedMove, StepKind

_HIGHEST = 5
_GRID = timedelta(minutes=5)


def violations(plan: Plan, inventory: Inventory) -> list[str]:
    """Everything hard that a plan breaks, in words; empty is what it has to be."""
    moves = {move.subsystem: move for wave in plan.waves for move in wave.moves}
    found = [*_once(plan, inventory)]
    if found:
        return found  # what is not there once cannot be judged further
    return [
        *_waves(plan, inventory),
        *_relations(plan, inventory),
        *_clock(plan),
        *_calendar(plan, inventory, moves),
        *_seats(plan, inventory),
        *_deciders(plan, inventory),
    ]


def _once(plan: Plan, inventory: Inventory) -> Iterator[str]:
    stands = Counter(move.subsystem for wave in plan.waves for move in wave.moves)
    for subsystem in inventory.subsystems:
        wanted = 0 if subsystem.kind in (Kind.STAYS, Kind.EXTERNAL) else 1
        if stands.pop(subsystem.id, 0) != wanted:
            yield f"{subsystem.id} does not stand in the plan {wanted} times"
    yield from (f"{unknown} is not in the inventory" for unknown in sorted(stands))


def _waves(plan: Plan, inventory: Inventory) -> Iterator[str]:
    limits = plan.constraints
    for number, wave in enumerate(plan.waves):
        levels = sorted(inventory.by_id[move.subsystem].criticality for move in wave.moves)
        if not 0 < len(levels) <= limits.moves_per_wave_max:
            yield f"{wave.id} has {len(levels)} moves"
        if levels.count(_HIGHEST) > limits.critical_moves_per_wave_max:
            yield f"{wave.id} has {levels.count(_HIGHEST)} critical moves"
        if wave.pilot and (number or levels[-1:] > [limits.pilot_criticality_max]):
            yield f"{wave.id} may not be a pilot"
        for move in wave.moves:
            if wave.id in limits.forbidden_waves.get(move.subsystem, ()):
                yield f"{move.subsystem} is forbidden in {wave.id}"


def _relations(plan: Plan, inventory: Inventory) -> Iterator[str]:
    place = {m.subsystem: (n, m) for n, wave in enumerate(plan.waves) for m in wave.moves}
    for relation in inventory.relations:
        for first, second in pairwise(name for name in relation.members if name in place):
            (wave, one), (other, two) = place[first], place[second]
            if relation.kind is RelationKind.WITH and wave != other:
                yield f"{first} and {second} are in different waves"
            if relation.kind is RelationKind.BEFORE and (other < wave or two.switch < one.switch):
                yield f"{second} switches before {first}"


def _clock(plan: Plan) -> Iterator[str]:
    """Times in their order, inside the window, each gate after the wave before is verified."""
    soak = timedelta(minutes=plan.policy.soak_minutes)
    accepted = plan.policy.next_wave_when == "accepted"
    opens = plan.window.start
    for wave in plan.waves:
        if wave.gate.at < opens:
            yield f"{wave.id} opens before the wave before it is done"
        for move in wave.moves:
            if not wave.gate.at <= move.start <= move.switch <= move.end <= plan.window.end:
                yield f"{move.subsystem} has times that are in no order or outside the window"
        # Ends are on the grid, soaks need not be.
        last = max((move.end for move in wave.moves), default=opens)
        opens = last if accepted else last - soak - _GRID


def _calendar(
    plan: Plan, inventory: Inventory, moves: dict[SubsystemId, PlannedMove]
) -> Iterator[str]:
    for date in inventory.calendar.fixed_dates:
        if date.subsystem in moves and not date.start <= moves[date.subsystem].switch <= date.end:
            yield f"{date.subsystem} does not switch in its appointment {date.id}"
    for slot in inventory.calendar.blackouts:
        for name, move in moves.items():
            if slot.subsystems and name not in slot.subsystems:
                continue
            if move.switch > slot.start and _closed_from(plan, inventory, move) < slot.end:
                yield f"{name} is cut in the blackout {slot.id}"


def _closed_from(plan: Plan, inventory: Inventory, move: PlannedMove) -> datetime:
    """When the old side closes: by the expected minutes of the steps up to the switch."""
    recipe = plan.recipes[move.recipe]
    minutes = step_minutes(inventory.by_id[move.subsystem], recipe, plan.policy.soak_minutes)
    kinds = [step.kind for step in recipe.steps]
    switch = kinds.index(StepKind.SWITCH)
    first = kinds.index(StepKind.QUIESCE) if StepKind.QUIESCE in kinds else switch
    cut = sum(minutes[step.key].p50 for step in recipe.steps[first : switch + 1])
    return move.switch - timedelta(minutes=cut)


def _seats(plan: Plan, inventory: Inventory) -> Iterator[str]:
    """By the instants at which somebody begins: never more at work than a team has seats then."""
    shifts = {shift.id: shift for shift in inventory.people.shifts}
    work: dict[TeamId, list[tuple[datetime, datetime]]] = {}
    for wave in plan.waves:
        for move in wave.moves:
            until = move.start + timedelta(minutes=_hands(plan, inventory, move))
            work.setdefault(move.team, []).append((move.start, until))
    for team in inventory.people.teams:
        if not team.seats:
            continue  # nobody said when it is there
        edges = [begin for begin, _ in work.get(team.id, [])]
        edges += [shifts[name].end.astimezone(UTC) for name in team.seats if name in shifts]
        for moment in sorted(edges):
            there = sum(
                seats
                for name, seats in team.seats.items()
                if name in shifts and shifts[name].start <= moment < shifts[name].end
            )
            busy = sum(begin <= moment < until for begin, until in work.get(team.id, []))
            if busy > there and moment < plan.window.end:
                yield f"team {team.id} has {there} seats at {moment:%d %H:%M} and needs {busy}"
                break


def _hands(plan: Plan, inventory: Inventory, move: PlannedMove) -> float:
    """Expected minutes with a seat: all steps behind the gate, up to the look at the links."""
    recipe = plan.recipes[move.recipe]
    minutes = step_minutes(inventory.by_id[move.subsystem], recipe, plan.policy.soak_minutes)
    total = 0.0
    for step in recipe.steps:
        if step.kind not in plan.policy.ahead_of_gate:
            total += minutes[step.key].p50
        if step.kind is StepKind.PROBE_LINKS:
            break
    return total


def _deciders(plan: Plan, inventory: Inventory) -> Iterator[str]:
    named = {person.id for person in inventory.people.people if Role.DECISION_MAKER in person.roles}
    for wave in plan.waves:
        if named and not named.intersection(wave.gate.deciders):
            yield f"nobody of those who decide is asked at the gate of {wave.id}"
