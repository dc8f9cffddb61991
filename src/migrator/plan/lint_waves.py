"""Do the waves hold? Who is in which wave, with whom, and who decides about it.

Called by `lint.py`. Compares the plan with its inventory: every moving subsystem exactly once and
nobody else, the declared relations, the pilot, the limits of a wave, the people at the gates. It
shares nothing with the planner on purpose: a rule misread there must not be misread here, too.
What concerns the clock is in `lint_times.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from migrator.ids import PersonId, SubsystemId, WaveId
from migrator.inventory.door import did_you_mean
from migrator.inventory.model import (
    MOVING_KINDS,
    Inventory,
    Kind,
    Part,
    Person,
    Relation,
    RelationKind,
    Role,
)
from migrator.inventory.yaml_text import DataPath
from migrator.plan.findings import Finding, error, listing, warning
from migrator.plan.model import Plan, PlannedMove, PlannedWave

CRITICAL: Final = 5
"""The highest criticality: benefits are not paid."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A move, where it stands in the plan, and the number of its wave."""

    move: PlannedMove
    path: DataPath
    wave: int


def placed_moves(plan: Plan) -> tuple[Placed, ...]:
    """Every line of every wave, in the plan's order."""
    return tuple(
        Placed(move, ("waves", number, "moves", position), number)
        for number, wave in enumerate(plan.waves)
        for position, move in enumerate(wave.moves)
    )


def lint_waves(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    """Everything about membership, relations, limits and people that does not hold."""
    moves = placed_moves(plan)
    home: dict[SubsystemId, Placed] = {}
    for placed in moves:
        home.setdefault(placed.move.subsystem, placed)
    yield from _members(plan, inventory, moves, home)
    yield from _stays(plan, inventory, home)
    for placed in moves:
        yield from _move(plan, inventory, placed)
    for relation in inventory.relations:
        yield from _relation(relation, home, plan)
    seen: set[WaveId] = set()
    for number, wave in enumerate(plan.waves):
        path: DataPath = ("waves", number)
        if wave.id in seen:
            message = f"the wave id '{wave.id}' is used twice"
            yield error("wave-twice", (*path, "id"), message, "give each wave its own id")
        seen.add(wave.id)
        yield from _limits(plan, inventory, wave, path)
        yield from _people(inventory, wave, path)
    yield from _pilot(plan, inventory)
    yield from _unverified(plan, inventory)


# --- who is in the plan --------------------------------------------------------------------------


def _members(
    plan: Plan,
    inventory: Inventory,
    moves: tuple[Placed, ...],
    home: Mapping[SubsystemId, Placed],
) -> Iterator[Finding]:
    for placed in moves:
        name = placed.move.subsystem
        path = (*placed.path, "subsystem")
        first = home[name]
        if first is not placed:
            where = plan.waves[first.wave].id
            message = f"{name} moves twice: it is also in wave {where}"
            yield error("moves-twice", path, message, "keep one of the two lines")
        subsystem = inventory.by_id.get(name)
        if subsystem is None:
            near = did_you_mean(name, inventory.by_id)
            message = f"the inventory has no subsystem '{name}'{near}"
            yield error("unknown-subsystem", path, message, "mend the id or remove the line")
        elif subsystem.kind not in MOVING_KINDS:
            why = "is a partner's system" if subsystem.kind is Kind.EXTERNAL else "stays"
            message = f"{name} {why} ({subsystem.kind.value} in the inventory)"
            hint = "remove the line, or change the subsystem's kind in the inventory"
            yield error("does-not-move", path, message, hint)
    for subsystem in inventory.moving:
        if subsystem.id not in home:
            message = f"{subsystem.id} moves according to the inventory, but is in no wave"
            hint = (
                "put it into a wave, or let it stay (kind: stays, with a reason) in the inventory"
            )
            yield error("in-no-wave", ("waves",), message, hint)
    if not plan.waves:
        yield error("no-waves", ("waves",), "the plan has no waves", "make one: `migrator plan`")


def _stays(
    plan: Plan, inventory: Inventory, home: Mapping[SubsystemId, Placed]
) -> Iterator[Finding]:
    listed = {stay.subsystem for stay in plan.stays}
    for number, stay in enumerate(plan.stays):
        subsystem = inventory.by_id.get(stay.subsystem)
        path = ("stays", number, "subsystem")
        if subsystem is None:
            near = did_you_mean(stay.subsystem, inventory.by_id)
            message = f"the inventory has no subsystem '{stay.subsystem}'{near}"
            yield error("unknown-subsystem", path, message, "mend the id or remove the line")
        elif subsystem.kind is not Kind.STAYS:
            message = f"{stay.subsystem} does not stay: it is {subsystem.kind.value}"
            hint = "remove the line, or let it stay in the inventory, with a reason"
            yield error("does-not-stay", path, message, hint)
    for subsystem in inventory.subsystems:
        if subsystem.kind is Kind.STAYS and subsystem.id not in listed and subsystem.id not in home:
            message = f"{subsystem.id} stays, and the plan does not say so"
            hint = "list it under stays, so that those who decide see it"
            yield warning("stay-not-listed", ("stays",), message, hint)


def _move(plan: Plan, inventory: Inventory, placed: Placed) -> Iterator[Finding]:
    """The recipe and the team of one move."""
    move, path = placed.move, placed.path
    subsystem = inventory.by_id.get(move.subsystem)
    recipe = plan.recipes.get(move.recipe)
    if recipe is None:
        near = did_you_mean(move.recipe, plan.recipes)
        message = f"the plan has no recipe '{move.recipe}'{near}"
        hint = f"its recipes are {', '.join(sorted(plan.recipes))}"
        yield error("unknown-recipe", (*path, "recipe"), message, hint)
    elif subsystem is not None and subsystem.kind in MOVING_KINDS:
        has_data = subsystem.kind is not Kind.STATELESS
        if has_data is not recipe.stateful:
            message = f"{move.subsystem} is {subsystem.kind.value}: '{move.recipe}' would " + (
                "move it without fencing the side that holds its rows"
                if has_data
                else "fence and copy what it does not have"
            )
            hint = f"use a recipe for {subsystem.kind.value} subsystems"
            yield error("recipe-does-not-fit", (*path, "recipe"), message, hint)
    teams = {team.id for team in inventory.people.teams} | {inventory.assumptions.team}
    if move.team not in teams:
        message = f"the inventory has no team '{move.team}'{did_you_mean(move.team, teams)}"
        yield error("unknown-team", (*path, "team"), message, "name a team of people.yaml")
    elif subsystem is not None and move.team != subsystem.team:
        message = f"{move.subsystem} belongs to team {subsystem.team}, not {move.team}"
        hint = "fine if that is agreed; otherwise name the owner's team"
        yield warning("other-team", (*path, "team"), message, hint)


# --- relations -----------------------------------------------------------------------------------


def _relation(
    relation: Relation, home: Mapping[SubsystemId, Placed], plan: Plan
) -> Iterator[Finding]:
    """Members that do not move bind nobody; their neighbours are each other's neighbours then."""
    members = [home[name] for name in relation.members if name in home]
    why = f"({relation.owner}: {relation.reason})"
    for first, second in pairwise(members):
        one, two = first.move.subsystem, second.move.subsystem
        here, there = plan.waves[first.wave].id, plan.waves[second.wave].id
        if relation.kind is RelationKind.WITH:
            if first.wave != second.wave:
                message = (
                    f"{two} must move together with {one} {why}, but is in {there} and not {here}"
                )
                yield error("with", second.path, message, "put both into one wave")
        elif first.wave > second.wave:
            message = f"{one} must switch before {two} {why}, but its wave {here} is after {there}"
            yield error("before", first.path, message, "put it into the same or an earlier wave")
        elif second.move.switch < first.move.switch:
            message = f"{one} must switch before {two} {why}, but is planned to switch after it"
            yield error("before", (*second.path, "switch"), message, "switch it later")


# --- the limits of a wave ------------------------------------------------------------------------


def _limits(
    plan: Plan, inventory: Inventory, wave: PlannedWave, path: DataPath
) -> Iterator[Finding]:
    limits = plan.constraints
    if not wave.moves:
        message = f"wave {wave.id} moves nothing"
        hint = "remove it: somebody would be called to decide about nothing"
        yield error("empty-wave", (*path, "moves"), message, hint)
    if len(wave.moves) > limits.moves_per_wave_max:
        message = f"wave {wave.id} has {len(wave.moves)} moves"
        hint = f"at most {limits.moves_per_wave_max} are allowed (constraints.moves_per_wave_max)"
        yield error("wave-too-large", (*path, "moves"), message, hint)
    critical = [
        move.subsystem
        for move in wave.moves
        if (subsystem := inventory.by_id.get(move.subsystem)) is not None
        and subsystem.criticality == CRITICAL
    ]
    if len(critical) > limits.critical_moves_per_wave_max:
        message = f"wave {wave.id} has {len(critical)} of criticality 5: {listing(critical)}"
        most = limits.critical_moves_per_wave_max
        hint = f"at most {most} are allowed (constraints.critical_moves_per_wave_max)"
        yield error("too-many-critical", (*path, "moves"), message, hint)
    for position, move in enumerate(wave.moves):
        if wave.id in limits.forbidden_waves.get(move.subsystem, ()):
            message = f"{move.subsystem} must not be in wave {wave.id}"
            hint = "it is forbidden in constraints.forbidden_waves"
            yield error("forbidden-wave", (*path, "moves", position), message, hint)


def _pilot(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    for number, wave in enumerate(plan.waves):
        if not wave.pilot:
            continue
        path: DataPath = ("waves", number)
        if number and not plan.waves[number - 1].pilot:
            message = f"wave {wave.id} is a pilot, but a wave that is none comes before it"
            hint = "a pilot goes first; put it first, or let it be no pilot"
            yield error("pilot-not-first", (*path, "pilot"), message, hint)
        for position, move in enumerate(wave.moves):
            subsystem = inventory.by_id.get(move.subsystem)
            if subsystem is None:
                continue
            here, level = (*path, "moves", position), subsystem.criticality
            most = plan.constraints.pilot_criticality_max
            if level > most:
                message = f"{move.subsystem} has criticality {level} and is in the pilot"
                hint = f"at most {most} is allowed there (constraints.pilot_criticality_max)"
                yield error("pilot-too-critical", here, message, hint)
            elif level == CRITICAL:
                message = f"{move.subsystem} has criticality 5 and is in the pilot"
                hint = "a pilot is for learning; learn on something that fewer would miss"
                yield warning("critical-pilot", here, message, hint)
    if len(plan.waves) > 1 and not any(wave.pilot for wave in plan.waves):
        message = "no wave is a pilot: the first mistakes are made on whatever is first"
        hint = "mark a small first wave with `pilot: true`"
        yield warning("no-pilot", ("waves",), message, hint)


# --- people --------------------------------------------------------------------------------------


def _people(inventory: Inventory, wave: PlannedWave, path: DataPath) -> Iterator[Finding]:
    people = {person.id: person for person in inventory.people.people}
    for number, who in enumerate(wave.gate.deciders):
        here = (*path, "gate", "deciders", number)
        yield from _hat(people, who, Role.DECISION_MAKER, here)
    named = any(Role.DECISION_MAKER in person.roles for person in people.values())
    if not wave.gate.deciders and named:
        message = f"nobody is named to decide about wave {wave.id}"
        hint = "name at least one decision maker of people.yaml"
        yield error("nobody-decides", (*path, "gate", "deciders"), message, hint)
    elif not wave.gate.deciders:
        message = f"nobody is named to decide about wave {wave.id}: anybody may"
        hint = "give somebody the role decision_maker in people.yaml, and plan again"
        yield warning("anybody-decides", (*path, "gate", "deciders"), message, hint)
    if wave.lead is not None:
        yield from _hat(people, wave.lead, Role.WAVE_LEAD, (*path, "lead"))


def _hat(
    people: Mapping[PersonId, Person], who: PersonId, role: Role, path: DataPath
) -> Iterator[Finding]:
    """Somebody in a role: known to the inventory, and with that role there."""
    person = people.get(who)
    if person is None:
        message = f"people.yaml knows no '{who}'{did_you_mean(who, people)}"
        yield error("unknown-person", path, message, "name somebody of people.yaml")
    elif role not in person.roles:
        message = f"{who} is no {role.value.replace('_', ' ')}"
        hint = f"name somebody with the role {role.value}, or give it to them in people.yaml"
        yield error("wrong-role", path, message, hint)


def _unverified(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    """Subsystems at the heart of no function: only their own engineers will look at them."""
    verified = {
        subsystem
        for function in inventory.functions
        for subsystem, part in function.exercises.items()
        if part is Part.CORE
    }
    for number, wave in enumerate(plan.waves):
        alone = [
            move.subsystem
            for move in wave.moves
            if move.subsystem in inventory.by_id and move.subsystem not in verified
        ]
        if alone:
            message = (
                f"no function verifies {listing(alone)} in wave {wave.id}: "
                "only their own teams check them"
            )
            hint = "name them as core in a function of functions.yaml, if handlers can see them"
            yield warning("team-check", ("waves", number), message, hint)
