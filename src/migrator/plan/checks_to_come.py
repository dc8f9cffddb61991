"""Functions and the waves of a plan -> the checks of a run: what is verified when, and by whom.

Called by `itinerary.py`. A function is checked in each wave that moves a core part of it; a
subsystem in no function is checked by its own team.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrator.ids import PersonId, SubsystemId, WaveId
from migrator.inventory.model import Function, Inventory, Part, Person, Role
from migrator.plan.model import CheckLeg, Leg, Plan


def checks_to_come(
    plan: Plan, inventory: Inventory, legs: Mapping[str, Leg]
) -> tuple[CheckLeg, ...]:
    """Every function in each wave that moves a core part of it, and the teams' own checks."""
    checks: list[CheckLeg] = []
    covered: set[tuple[SubsystemId, WaveId]] = set()
    for function in inventory.functions:
        for wave in plan.waves:
            core = _exercised(function, legs, wave.id, Part.CORE)
            if core:
                checks.append(_function_check(function, inventory, plan, wave.id, core, legs))
                covered |= {(move, wave.id) for move in core}
    checks += [
        _team_check(leg, inventory) for leg in legs.values() if (leg.id, leg.wave) not in covered
    ]
    return tuple(sorted(checks, key=lambda check: check.id))


def _exercised(
    function: Function, legs: Mapping[str, Leg], wave: WaveId, part: Part
) -> tuple[SubsystemId, ...]:
    return tuple(
        sorted(
            subsystem
            for subsystem, exercised in function.exercises.items()
            if exercised is part and subsystem in legs and legs[subsystem].wave == wave
        )
    )


def eligible_handlers(function: Function, people: Iterable[Person]) -> tuple[Person, ...]:
    """Who may verify a function: the named handlers, else everybody with the competence."""
    return tuple(
        person
        for person in people
        if (person.id in function.handlers)
        or (
            not function.handlers
            and Role.HANDLER in person.roles
            and function.competence in person.competences
        )
    )


def _function_check(
    function: Function,
    inventory: Inventory,
    plan: Plan,
    wave: WaveId,
    core: tuple[SubsystemId, ...],
    legs: Mapping[str, Leg],
) -> CheckLeg:
    mark = function.side_mark
    people = inventory.people.people
    return CheckLeg(
        id=f"{function.id}@{wave}",
        function=function.id,
        wave=wave,
        name=dict(function.name),
        core=core,
        passing=_exercised(function, legs, wave, Part.PASSING),
        eligible=tuple(person.id for person in eligible_handlers(function, people)),
        quorum=function.quorum,
        minutes=function.minutes,
        text=dict(function.text),
        side_mark=(mark.where, mark.old, mark.new) if mark else None,
        possible_after=function.possible_after,
        leaves_behind=function.leaves_behind,
        deputies=_deputies(function, people),
        elsewhere=_elsewhere(function, legs) if plan.policy.verifying.reopen == "passing" else (),
    )


def _deputies(function: Function, people: Iterable[Person]) -> tuple[PersonId, ...]:
    """Who stands in for the named handlers; a deputy must know the work, as they do."""
    by_id = {person.id: person for person in people}
    found = (by_id[each].deputy for each in function.handlers if each in by_id)
    return tuple(
        deputy
        for deputy in dict.fromkeys(found)
        if deputy is not None
        and deputy not in function.handlers
        and deputy in by_id
        and function.competence in by_id[deputy].competences
    )


def _elsewhere(function: Function, legs: Mapping[str, Leg]) -> tuple[SubsystemId, ...]:
    """The passing parts whose own wave gives no check of the function."""
    parts = {name: part for name, part in function.exercises.items() if name in legs}
    checked = {legs[name].wave for name, part in parts.items() if part is Part.CORE}
    return tuple(
        sorted(
            name
            for name, part in parts.items()
            if part is Part.PASSING and legs[name].wave not in checked
        )
    )


def _team_check(leg: Leg, inventory: Inventory) -> CheckLeg:
    """A subsystem in no function is verified by its own engineers; empty eligible: anybody."""
    subsystem = inventory.by_id[leg.id]
    return CheckLeg(
        id=f"team.{leg.id}@{leg.wave}",
        function=None,
        wave=leg.wave,
        name={
            "sv": f"{leg.name}: teamets egen kontroll",
            "en": f"{leg.name}: the team's own check",
        },
        core=(leg.id,),
        passing=(),
        eligible=tuple(person.id for person in inventory.people.people if person.team == leg.team),
        quorum=1,
        minutes=subsystem.durations["verify"],
        text={},
        side_mark=None,
        possible_after=None,
        leaves_behind=None,
    )
