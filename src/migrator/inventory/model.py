"""The checked Inventory: frozen facts about the estate, as counted in hundreds.

Built only by `inventory/reader.py` (from files) and by `importers/` (through files); read by
everybody above. Links are counted in millions and never become objects here: `links_file` names
them, `links/` reads them. No I/O, no pydantic, no defaults that hide a missing fact: what nobody
gave is filled from `assumptions.yaml` and marked *assumed*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Final

from migrator.ids import (
    ComponentId,
    FunctionId,
    PersonId,
    PlaceId,
    ShiftId,
    SubsystemId,
    TeamId,
)


class Kind(Enum):
    """How a subsystem is moved; recipes hang on this."""

    STATELESS = "stateless"
    STATEFUL = "stateful"
    BATCH = "batch"
    EXTERNAL = "external"  # a partner's system: linked to, never moved
    STAYS = "stays"  # remains on the old platform, with a reason and a review date


MOVING_KINDS: Final = frozenset({Kind.STATELESS, Kind.STATEFUL, Kind.BATCH})


class LatencyClass(Enum):
    """How much a link suffers while its ends stand on different platforms; the value weighs it."""

    BATCH = "batch"
    ASYNC = "async"
    INTERACTIVE = "interactive"
    TRANSACTIONAL = "transactional"


LATENCY_WEIGHT: Final = {
    LatencyClass.BATCH: 1,
    LatencyClass.ASYNC: 2,
    LatencyClass.INTERACTIVE: 4,
    LatencyClass.TRANSACTIONAL: 8,
}

LINK_COLUMNS: Final = (
    "id",
    "source",
    "target",
    "protocol",
    "port",
    "data_class",
    "calls_per_day",
    "latency_class",
    "criticality",
    "evidence",
)
"""The columns of links.csv and links.parquet, in this order. port and calls_per_day are integers
(an empty port means none), criticality is 1-5, the rest is text."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A duration in minutes, as P50 and P80; `assumed` when nobody of the estate gave it."""

    p50: float
    p80: float
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """A process or a store of a subsystem; links start and end here."""

    id: ComponentId
    name: str
    role: str  # process, store, queue, frontend, gateway, batch, external
    technology: str | None  # None: nobody said


@dataclass(frozen=True, slots=True)
class Irreversible:
    """The first act of a subsystem after which going back loses something."""

    act: str
    at: datetime | None  # None: the hour is not known; it counts from the commit


@dataclass(frozen=True, slots=True)
class Subsystem:
    """One of the estate's parts, the unit that moves.

    `durations` has at least the keys move, verify and unwind; further keys are step kinds whose
    own estimate replaces the recipe's share of move. `assumed` names the fields that came from
    `assumptions.yaml` (for example durations.move, team).
    """

    id: SubsystemId
    name: str
    team: TeamId
    kind: Kind
    criticality: int  # 1 (nobody notices) to 5 (benefits are not paid)
    data_classes: tuple[str, ...]
    components: tuple[Component, ...]
    durations: dict[str, Estimate]
    failure_probability: float  # of the whole move, 0 to 1
    cpu: float  # cores requested on the target
    memory_gib: float
    copy_gib: float
    irreversible: Irreversible | None  # None: everything can be undone until the commit
    reason: str | None  # why it stays (kind stays only)
    review_date: date | None  # when the reason is looked at again (kind stays only)
    tags: tuple[str, ...]
    assumed: tuple[str, ...]

    @property
    def moves(self) -> bool:
        """Tell whether the subsystem is to be moved at all."""
        return self.kind in MOVING_KINDS


class RelationKind(Enum):
    """The declared hard relations; links alone never force anything."""

    WITH = "with"  # the members move together, in one wave
    BEFORE = "before"  # each member switches before the next one


@dataclass(frozen=True, slots=True)
class Relation:
    """A declared or confirmed fact: who says so, and why."""

    kind: RelationKind
    members: tuple[SubsystemId, ...]
    owner: str
    reason: str


class Part(Enum):
    """What a subsystem does in a function: the heart of it, or something passed on the way."""

    CORE = "core"
    PASSING = "passing"


@dataclass(frozen=True, slots=True)
class SideMark:
    """What the screen shows on which side, so that a verdict counts for the right one."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Function:
    """A business function that case handlers can verify."""

    id: FunctionId
    name: dict[str, str]  # by language: sv, en
    exercises: dict[SubsystemId, Part]
    competence: str
    handlers: tuple[PersonId, ...]  # empty: anybody with the competence
    quorum: int
    minutes: Estimate
    text: dict[str, str]  # by language; steps, test person, expected result
    side_mark: SideMark | None
    possible_after: datetime | None  # None: at once after the switch
    leaves_behind: str | None


class Role(Enum):
    """The hats a person may wear; one person may wear several."""

    HANDLER = "handler"
    ENGINEER = "engineer"
    WAVE_LEAD = "wave_lead"
    DECISION_MAKER = "decision_maker"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be called; in the sample estate every name is made up."""

    id: PersonId
    name: str
    telephone: str | None
    team: TeamId | None  # None: belongs to no engineers' team (handlers)
    roles: tuple[Role, ...]
    competences: tuple[str, ...]
    shifts: tuple[ShiftId, ...]
    deputy: PersonId | None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of hours; zone-aware, start before end."""

    id: ShiftId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Team:
    """Engineers who can work on `seats[shift]` moves at once."""

    id: TeamId
    name: str
    seats: dict[ShiftId, int]
    assumed: bool


@dataclass(frozen=True, slots=True)
class People:
    """Who is there, when, and may do what."""

    people: tuple[Person, ...]
    teams: tuple[Team, ...]
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Blackout:
    """A slot in which the named subsystems must not be switched (batch runs, payment cut-offs).

    Empty `subsystems` means all of them.
    """

    id: str
    start: datetime
    end: datetime
    subsystems: tuple[SubsystemId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class FixedDate:
    """A partner's appointment: the subsystem switches not before `start` and not after `end`."""

    id: str
    subsystem: SubsystemId
    start: datetime
    end: datetime
    partner: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The window and what is forbidden or fixed in it. All times are zone-aware."""

    time_zone: str
    start: datetime
    end: datetime
    blackouts: tuple[Blackout, ...]
    fixed_dates: tuple[FixedDate, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster or data centre; capacities that are None are unknown and not limited."""

    id: PlaceId
    name: str
    side: str  # old or new
    owner: str
    country: str
    operator: str
    support_countries: tuple[str, ...]
    cpu: float | None
    memory_gib: float | None
    copy_gib_per_hour: float | None
    bridge_calls_per_hour: float | None


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is used where nobody gave a figure; by subsystem kind, then by field."""

    durations: dict[Kind, dict[str, Estimate]]
    failure_probability: float
    team: TeamId
    team_seats: int
    verify_minutes: Estimate


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything known about the estate, checked. Tuples are sorted by id.

    `digest` covers the canonical sorted rows of all files but the links (64 hex digits); the
    links have their own digest in `links/`. `links_file` is None for an estate without links.
    """

    name: str
    owner: str
    folder: Path
    subsystems: tuple[Subsystem, ...]
    relations: tuple[Relation, ...]
    functions: tuple[Function, ...]
    people: People
    calendar: Calendar
    places: tuple[Place, ...]
    assumptions: Assumptions
    links_file: Path | None
    manifests: tuple[str, ...] = ()  # sorted relative paths under manifests/
    digest: str = ""
    assumed: tuple[str, ...] = ()  # what was filled in outside the subsystems: calendar.window, ...
    by_id: dict[SubsystemId, Subsystem] = field(default_factory=dict)

    @property
    def moving(self) -> tuple[Subsystem, ...]:
        """The subsystems that move, sorted by id."""
        return tuple(subsystem for subsystem in self.subsystems if subsystem.moves)
