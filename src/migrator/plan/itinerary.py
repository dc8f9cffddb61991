"""Plan + Inventory + pairs -> Itinerary: everything a run needs, by value.

Called by `wiring` when a run, a rehearsal or a dry run starts. Pure; the result is pinned in the
store by its digest, and from then on neither the plan file nor the inventory is read again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Final, Protocol

from migrator.ids import LinkId, SubsystemId, WaveId
from migrator.inventory.model import (
    LATENCY_WEIGHT,
    Inventory,
    LatencyClass,
    RelationKind,
)
from migrator.plan.checks_to_come import checks_to_come
from migrator.plan.later import written
from migrator.plan.minutes import step_minutes, undo_minutes
from migrator.plan.model import (
    CheckLeg,
    Crew,
    Itinerary,
    Leg,
    Member,
    PairLeg,
    Plan,
    PlannedMove,
    Stay,
    WaveLeg,
)

LATER_FIELDS: Final = frozenset({"files", "programs"})
"""Fields that earlier versions did not write."""


class PairRow(Protocol):
    """What `links/pairs.py` says of all links from one subsystem to another."""

    @property
    def source(self) -> SubsystemId:
        """Where the links start."""

    @property
    def target(self) -> SubsystemId:
        """Where the links end."""

    @property
    def links(self) -> int:
        """How many they are."""

    @property
    def weight(self) -> int:
        """Their summed weight."""

    @property
    def calls_per_day(self) -> int:
        """How many calls a day go over them."""

    @property
    def by_latency(self) -> Mapping[LatencyClass, int]:
        """How many they are by latency class."""

    @property
    def examples(self) -> tuple[LinkId, ...]:
        """Ids of a few of them."""


def make_itinerary(
    plan: Plan, inventory: Inventory, pairs: Iterable[PairRow], plan_digest: str
) -> Itinerary:
    """Join the plan with the facts of its inventory. The plan must have passed `lint`."""
    rows = tuple(pairs)
    wave_of = {move.subsystem: wave.id for wave in plan.waves for move in wave.moves}
    touching = _links_by_subsystem(rows)
    legs: dict[str, Leg] = {
        move.subsystem: _leg(plan, inventory, wave.id, move, wave_of, touching)
        for wave in plan.waves
        for move in wave.moves
    }
    target = next((place for place in inventory.places if place.id == plan.target), None)
    return Itinerary(
        plan_name=plan.name,
        plan_digest=plan_digest,
        inventory_name=inventory.name,
        inventory_digest=inventory.digest,
        links_digest=plan.inventory.links_digest,
        window=plan.window,
        source=plan.source or "old platform",
        target=plan.target or "new platform",
        policy=plan.policy,
        recipes=plan.recipes,
        waves=tuple(_wave_leg(plan, wave.id, legs) for wave in plan.waves),
        legs=legs,
        pairs=tuple(
            PairLeg(
                row.source,
                row.target,
                row.links,
                row.weight,
                _strictest(row.by_latency),
                row.examples,
                row.calls_per_day,
            )
            for row in rows
        ),
        checks=checks_to_come(plan, inventory, legs),
        members=_members(inventory),
        crews=_crews(inventory),
        names={subsystem.id: subsystem.name for subsystem in inventory.subsystems},
        links=plan.inventory.links,
        copy_gib_per_hour=target.copy_gib_per_hour if target else None,
        bridge_calls_per_hour=target.bridge_calls_per_hour if target else None,
        stays=plan.stays,
        assumed=plan.assumed,
    )


def itinerary_digest(itinerary: Itinerary) -> str:
    """SHA-256 (hex) over the canonical JSON of the itinerary."""
    return hashlib.sha256(itinerary_json(itinerary).encode()).hexdigest()


def itinerary_json(itinerary: Itinerary) -> str:
    """Canonical JSON text: sorted keys, no spaces, times as ISO text, enums by value.

    Without pinned files it is written as it was before there were any, digest and all.
    """
    plain = _plain(itinerary)
    assert isinstance(plain, dict), "an itinerary is written as an object"
    return _text({key: plain[key] for key in plain if plain[key] or key not in LATER_FIELDS})


def part_json(part: WaveLeg | Leg | CheckLeg | Stay) -> str:
    """Canonical JSON text of a part of an itinerary, by the same rules."""
    return _text(_plain(part))


def _text(plain: object) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(held) for name, held in written(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {
            str(key.value if isinstance(key, Enum) else key): _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value


def _strictest(by_latency: Mapping[LatencyClass, int]) -> LatencyClass:
    classes = [latency for latency, count in by_latency.items() if count]
    return max(classes, key=LATENCY_WEIGHT.__getitem__, default=LatencyClass.BATCH)


def _links_by_subsystem(rows: Iterable[PairRow]) -> dict[SubsystemId, int]:
    touching: dict[SubsystemId, int] = {}
    for row in rows:
        touching[row.source] = touching.get(row.source, 0) + row.links
        touching[row.target] = touching.get(row.target, 0) + row.links
    return touching


def _leg(
    plan: Plan,
    inventory: Inventory,
    wave: WaveId,
    move: PlannedMove,
    wave_of: Mapping[SubsystemId, WaveId],
    touching: Mapping[SubsystemId, int],
) -> Leg:
    subsystem = inventory.by_id[move.subsystem]
    recipe = plan.recipes[move.recipe]
    together, after = _relations(inventory, subsystem.id)
    return Leg(
        id=subsystem.id,
        name=subsystem.name,
        wave=wave,
        kind=subsystem.kind.value,
        recipe=move.recipe,
        team=move.team,
        criticality=subsystem.criticality,
        step_minutes=step_minutes(subsystem, recipe, plan.policy.soak_minutes),
        undo_minutes=undo_minutes(subsystem, recipe),
        failure_probability=subsystem.failure_probability,
        copy_gib=subsystem.copy_gib,
        irreversible=subsystem.irreversible.act if subsystem.irreversible else None,
        irreversible_at=subsystem.irreversible.at if subsystem.irreversible else None,
        after=tuple(other for other in after if other in wave_of),
        together=tuple(other for other in together if other in wave_of),
        blackouts=tuple(
            (slot.start, slot.end, slot.reason)
            for slot in inventory.calendar.blackouts
            if not slot.subsystems or subsystem.id in slot.subsystems
        ),
        fixed=tuple(
            (slot.start, slot.end, slot.partner)
            for slot in inventory.calendar.fixed_dates
            if slot.subsystem == subsystem.id
        ),
        planned_start=move.start,
        planned_switch=move.switch,
        planned_end=move.end,
        links=touching.get(subsystem.id, 0),
        assumed=subsystem.assumed,
    )


def _relations(
    inventory: Inventory, subsystem: SubsystemId
) -> tuple[tuple[SubsystemId, ...], tuple[SubsystemId, ...]]:
    """The subsystems bound to this one by `with`, and those that switch before it."""
    together: set[SubsystemId] = set()
    after: set[SubsystemId] = set()
    for relation in inventory.relations:
        if subsystem not in relation.members:
            continue
        if relation.kind is RelationKind.WITH:
            together.update(relation.members)
        else:
            after.update(relation.members[: relation.members.index(subsystem)])
    return tuple(sorted(together)), tuple(sorted(after - {subsystem}))


def _wave_leg(plan: Plan, wave_id: WaveId, legs: Mapping[str, Leg]) -> WaveLeg:
    wave = next(wave for wave in plan.waves if wave.id == wave_id)
    needed = {
        legs[earlier].wave for move in wave.moves for earlier in legs[move.subsystem].after
    } - {wave_id}
    return WaveLeg(
        id=wave.id,
        name=wave.name,
        pilot=wave.pilot,
        moves=tuple(move.subsystem for move in wave.moves),
        gate_at=wave.gate.at,
        deciders=wave.gate.deciders,
        lead=wave.lead,
        hard_predecessors=tuple(sorted(needed)),
    )


def _members(inventory: Inventory) -> dict[str, Member]:
    shifts = {shift.id: (shift.start, shift.end) for shift in inventory.people.shifts}
    return {
        person.id: Member(
            id=person.id,
            name=person.name,
            telephone=person.telephone,
            roles=tuple(role.value for role in person.roles),
            team=person.team,
            shifts=tuple(sorted(shifts[shift] for shift in person.shifts if shift in shifts)),
            deputy=person.deputy,
        )
        for person in inventory.people.people
    }


def _crews(inventory: Inventory) -> dict[str, Crew]:
    shifts = {shift.id: shift for shift in inventory.people.shifts}
    return {
        team.id: Crew(
            team.id,
            team.name,
            tuple(
                sorted(
                    (shifts[shift].start, shifts[shift].end, seats)
                    for shift, seats in team.seats.items()
                    if shift in shifts
                )
            ),
        )
        for team in inventory.people.teams
    }
