"""Checked rows into the frozen Inventory, with what nobody gave filled in and marked.

Called by `reader.py` once there are no faults, so nothing here can fail on an input. Every tuple is
sorted, and every figure that comes from `assumptions.py` leaves its name in `assumed`. A subsystem
that never moves needs no durations: it gets zeros, and they are not called assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from migrator.ids import (
    ComponentId,
    FunctionId,
    PersonId,
    PlaceId,
    ShiftId,
    SubsystemId,
    TeamId,
)
from migrator.inventory import assumptions, schema
from migrator.inventory.canonical import inventory_digest
from migrator.inventory.model import (
    MOVING_KINDS,
    Assumptions,
    Blackout,
    Calendar,
    Component,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Irreversible,
    Kind,
    Part,
    People,
    Person,
    Place,
    Relation,
    RelationKind,
    Role,
    Shift,
    SideMark,
    Subsystem,
    Team,
)
from migrator.inventory.rows import Rows
from migrator.inventory.times import parse_date, parse_time, zone


class _Named(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


NamedT = TypeVar("NamedT", bound=_Named)


def assemble(gathered: Rows) -> Inventory:
    """Build the inventory from rows without faults."""
    assert not gathered.faults, "only an inventory without faults is built"
    assert gathered.head is not None, "an inventory without inventory.yaml is a fault"
    noted: list[str] = []
    base = assumptions.merged(None if gathered.assumptions is None else gathered.assumptions.row)
    calendar = _calendar(gathered, noted)
    where = zone(calendar.time_zone)
    subsystems = _sorted(_subsystem(placed.row, base, where) for placed in gathered.subsystems)
    people = _people(gathered, base, calendar, where, subsystems, noted)
    functions = _sorted(_function(placed.row, base, where, noted) for placed in gathered.functions)
    inventory = Inventory(
        name=gathered.head.row.name,
        owner=gathered.head.row.owner,
        folder=gathered.folder,
        subsystems=subsystems,
        relations=_relations(gathered),
        functions=functions,
        people=people,
        calendar=calendar,
        places=_places(gathered, noted),
        assumptions=base,
        links_file=gathered.links_file,
        manifests=tuple(sorted(gathered.manifests)),
        assumed=tuple(sorted(noted)),
        by_id={subsystem.id: subsystem for subsystem in subsystems},
    )
    return replace(inventory, digest=inventory_digest(inventory, gathered.manifests))


def _subsystem(row: schema.SubsystemRow, base: Assumptions, where: ZoneInfo) -> Subsystem:
    kind = Kind(row.kind)
    moves = kind in MOVING_KINDS
    noted: list[str] = []

    def given(field: str, value: float | None, otherwise: float) -> float:
        if value is not None:
            return float(value)
        if not moves:
            return 0.0
        if field != "copy_gib" or kind is not Kind.STATELESS:  # a stateless one has nothing to copy
            noted.append(field)
        return otherwise

    if row.team is None:
        noted.append("team")
    if row.criticality is None:
        noted.append("criticality")
    if not row.components:
        noted.append("components")
    return Subsystem(
        id=SubsystemId(row.id),
        name=row.name,
        team=base.team if row.team is None else TeamId(row.team),
        kind=kind,
        criticality=assumptions.CRITICALITY if row.criticality is None else row.criticality,
        data_classes=_words(row.data_classes),
        components=_components(row),
        durations=_durations(row, kind, base, noted),
        failure_probability=given(
            "failure_probability", row.failure_probability, base.failure_probability
        ),
        cpu=given("cpu", row.cpu, assumptions.CPU),
        memory_gib=given("memory_gib", row.memory_gib, assumptions.MEMORY_GIB),
        copy_gib=given("copy_gib", row.copy_gib, assumptions.COPY_GIB.get(kind, 0.0)),
        irreversible=None
        if row.irreversible is None
        else Irreversible(row.irreversible.act, _moment(row.irreversible.at, where)),
        reason=row.reason,
        review_date=None if row.review_date is None else parse_date(row.review_date),
        tags=_words(row.tags),
        assumed=tuple(sorted(noted)),
    )


def _components(row: schema.SubsystemRow) -> tuple[Component, ...]:
    if not row.components:
        return (Component(ComponentId(row.id), row.name, "process", None),)
    return _sorted(
        Component(ComponentId(part.id), part.name or part.id, part.role, part.technology)
        for part in row.components
    )


def _durations(
    row: schema.SubsystemRow, kind: Kind, base: Assumptions, noted: list[str]
) -> dict[str, Estimate]:
    durations: dict[str, Estimate] = {
        key: Estimate(estimate.p50, estimate.p80) for key, estimate in sorted(row.durations.items())
    }
    for key in assumptions.KEYS:
        if key in durations:
            continue
        if kind in MOVING_KINDS:
            durations[key] = base.durations[kind][key]
            noted.append(f"durations.{key}")
        else:
            durations[key] = Estimate(0.0, 0.0)
    return durations


def _relations(gathered: Rows) -> tuple[Relation, ...]:
    relations = []
    for placed in gathered.relations:
        row = placed.row
        kind = RelationKind(row.kind)
        # The order of `with` means nothing, so it is not a difference between two inventories.
        members = sorted(row.members) if kind is RelationKind.WITH else row.members
        relations.append(Relation(kind, tuple(map(SubsystemId, members)), row.owner, row.reason))
    return tuple(sorted(relations, key=lambda r: (r.kind.value, r.members, r.owner, r.reason)))


def _function(
    row: schema.FunctionRow, base: Assumptions, where: ZoneInfo, noted: list[str]
) -> Function:
    if row.minutes is None:
        noted.append(f"functions.{row.id}.minutes")
    return Function(
        id=FunctionId(row.id),
        name=_languages(row.name),
        exercises={SubsystemId(name): Part(part) for name, part in sorted(row.exercises.items())},
        competence=row.competence,
        handlers=tuple(map(PersonId, sorted(row.handlers))),
        quorum=row.people,
        minutes=base.verify_minutes
        if row.minutes is None
        else Estimate(row.minutes.p50, row.minutes.p80),
        text=_languages(row.text),
        side_mark=None
        if row.side_mark is None
        else SideMark(row.side_mark.where, row.side_mark.old, row.side_mark.new),
        possible_after=_moment(row.possible_after, where),
        leaves_behind=row.leaves_behind,
    )


def _people(
    gathered: Rows,
    base: Assumptions,
    calendar: Calendar,
    where: ZoneInfo,
    subsystems: tuple[Subsystem, ...],
    noted: list[str],
) -> People:
    shifts = _sorted(
        Shift(ShiftId(p.row.id), parse_time(p.row.start, where), parse_time(p.row.end, where))
        for p in gathered.shifts
    )
    everybody: tuple[ShiftId, ...] = ()
    if not shifts:
        noted.append("people.shifts")
        shifts = (Shift(assumptions.SHIFT, calendar.start, calendar.end),)
        everybody = (assumptions.SHIFT,)
    people = _sorted(
        Person(
            id=PersonId(p.row.id),
            name=p.row.name,
            telephone=p.row.telephone,
            team=None if p.row.team is None else TeamId(p.row.team),
            roles=tuple(sorted((Role(role) for role in set(p.row.roles)), key=lambda r: r.value)),
            competences=_words(p.row.competences),
            shifts=everybody or tuple(map(ShiftId, _words(p.row.shifts))),
            deputy=None if p.row.deputy is None else PersonId(p.row.deputy),
        )
        for p in gathered.people
    )
    declared = [_team(p.row, shifts) for p in gathered.teams]
    named = {s.team for s in subsystems} | {p.team for p in people if p.team is not None}
    for team in sorted(named - {team.id for team in declared}):
        noted.append(f"teams.{team}")
        seats = {shift.id: base.team_seats for shift in shifts}
        declared.append(Team(team, team, seats, assumed=True))
    return People(people=people, teams=_sorted(declared), shifts=shifts)


def _team(row: schema.TeamRow, shifts: tuple[Shift, ...]) -> Team:
    if isinstance(row.seats, dict):
        seats = {shift.id: row.seats.get(shift.id, 0) for shift in shifts}
    else:
        seats = {shift.id: row.seats for shift in shifts}
    return Team(TeamId(row.id), row.name, seats, assumed=False)


def _calendar(gathered: Rows, noted: list[str]) -> Calendar:
    if gathered.window is not None and gathered.time_zone is not None:
        name, start, end = gathered.time_zone, gathered.window.row.start, gathered.window.row.end
    else:
        noted.append("calendar.window")
        name, start, end = _assumed_window(gathered)
    where = zone(name)
    return Calendar(
        time_zone=name,
        start=parse_time(start, where),
        end=parse_time(end, where),
        blackouts=_sorted(
            Blackout(
                id=p.row.id,
                start=parse_time(p.row.start, where),
                end=parse_time(p.row.end, where),
                subsystems=tuple(map(SubsystemId, _words(p.row.subsystems))),
                reason=p.row.reason,
            )
            for p in gathered.blackouts
        ),
        fixed_dates=_sorted(
            FixedDate(
                id=p.row.id,
                subsystem=SubsystemId(p.row.subsystem),
                start=parse_time(p.row.start, where),
                end=parse_time(p.row.end, where),
                partner=p.row.partner,
            )
            for p in gathered.fixed_dates
        ),
    )


def _assumed_window(gathered: Rows) -> tuple[str, str, str]:
    given = None if gathered.assumptions is None else gathered.assumptions.row.window
    if given is None:
        return assumptions.TIME_ZONE, assumptions.WINDOW_START, assumptions.WINDOW_END
    return given.time_zone, given.start, given.end


def _places(gathered: Rows, noted: list[str]) -> tuple[Place, ...]:
    if not gathered.places:
        noted.append("places")
        return assumptions.PLACES
    return _sorted(
        Place(
            id=PlaceId(p.row.id),
            name=p.row.name,
            side=p.row.side,
            owner=p.row.owner,
            country=p.row.country,
            operator=p.row.operator,
            support_countries=_words(p.row.support_countries),
            cpu=p.row.capacity.cpu,
            memory_gib=p.row.capacity.memory_gib,
            copy_gib_per_hour=p.row.capacity.copy_gib_per_hour,
            bridge_calls_per_hour=p.row.capacity.bridge_calls_per_hour,
        )
        for p in gathered.places
    )


def _languages(row: schema.LanguagesRow) -> dict[str, str]:
    """Both languages; where one was not written, the other is shown in its place."""
    sv, en = row.sv or row.en, row.en or row.sv
    assert sv is not None, "the door refuses a text in no language"
    assert en is not None, "the door refuses a text in no language"
    return {"sv": sv, "en": en}


def _moment(text: str | None, where: ZoneInfo) -> datetime | None:
    return None if text is None else parse_time(text, where)


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _sorted(things: Iterable[NamedT]) -> tuple[NamedT, ...]:
    return tuple(sorted(things, key=lambda thing: thing.id))
