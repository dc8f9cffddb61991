"""What each file of the inventory may hold, as pydantic models, and the JSON Schemas made of them.

`door.py` checks documents against these models; `assemble.py` reads the checked rows; `migrator
schema` prints what `json_schemas` makes, so that editors complete and check what people write.
The models judge one value at a time. What compares rows or files with each other is in `checks.py`;
what nobody gave stays None here, so that filling it in is visible in `assemble.py`.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from migrator.inventory.field_types import (
    Amount,
    Day,
    Id,
    Minutes,
    Row,
    Seats,
    Share,
    Text,
    Time,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
STEP_KINDS: Final = (
    *("prepare", "baseline", "copy", "quiesce", "fence", "final-copy", "start", "probe", "grant"),
    *("switch", "drain", "probe-links", "soak", "accept", "finalise", "retire"),
)
"""Step kinds that may have an estimate of their own. `plan/` owns the list, but stands above this
package; a test compares the two."""

KindName = Literal["stateless", "stateful", "batch", "external", "stays"]
RoleName = Literal["handler", "engineer", "wave_lead", "decision_maker", "auditor"]
ComponentRole = Literal["process", "store", "queue", "frontend", "gateway", "batch", "external"]
DurationKey = Literal[
    "move", "verify", "unwind",
    "prepare", "baseline", "copy", "quiesce", "fence", "final-copy", "start", "probe", "grant",
    "switch", "drain", "probe-links", "soak", "accept", "finalise", "retire",
]  # fmt: skip


class EstimateRow(Row):
    """A duration: half of the times it takes no longer than p50, four times of five than p80."""

    p50: Minutes
    p80: Minutes

    @model_validator(mode="after")
    def _in_order(self) -> EstimateRow:
        if self.p80 < self.p50:
            raise ValueError(
                f"p80 ({self.p80:g} minutes) is below p50 ({self.p50:g} minutes); "
                "four times of five cannot be quicker than every other time"
            )
        return self


class LanguagesRow(Row):
    """A text in Swedish and English; where one is missing, the other is shown."""

    sv: Text | None = None
    en: Text | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> LanguagesRow:
        if self.sv is None and self.en is None:
            raise ValueError("wants a text under sv, en or both")
        return self


class ComponentRow(Row):
    """A process or a store; links start and end here."""

    id: Id = Field(description="unique in the whole inventory; by convention subsystem.part")
    name: Text | None = None
    role: ComponentRole = "process"
    technology: Text | None = None


class IrreversibleRow(Row):
    """The first act after which going back loses something."""

    act: Text
    at: Time | None = None


class SubsystemRow(Row):
    """One subsystem: the unit that moves."""

    id: Id
    name: Text
    team: Id | None = Field(None, description="the team that moves it; assumed where not given")
    kind: KindName
    criticality: int | None = Field(
        None, ge=1, le=5, description="1: nobody notices, 5: benefits are not paid; assumed 3"
    )
    data_classes: list[Text] = Field(default_factory=list)
    components: list[ComponentRow] = Field(default_factory=list)
    durations: dict[DurationKey, EstimateRow] = Field(default_factory=dict)
    failure_probability: Share | None = Field(None, description="of the whole move, 0 to 1")
    cpu: Amount | None = Field(None, description="cores requested on the target")
    memory_gib: Amount | None = None
    copy_gib: Amount | None = None
    irreversible: IrreversibleRow | None = None
    reason: Text | None = Field(None, description="why it stays; required where kind is stays")
    review_date: Day | None = Field(None, description="when the reason is looked at again")
    tags: list[Text] = Field(default_factory=list)


class RelationRow(Row):
    """A declared hard relation: the members go together, or each before the next."""

    kind: Literal["with", "before"]
    members: list[Id] = Field(min_length=2)
    owner: Text
    reason: Text


class SideMarkRow(Row):
    """What the screen shows on which side, so that a verdict counts for the right one."""

    where: Text
    old: Text
    new: Text


FOUR_EYES_AT: Final = 5
"""The criticality at which one pair of eyes is not enough, unless the function's file says so."""


class FunctionRow(Row):
    """A business function that case handlers can verify."""

    id: Id
    name: LanguagesRow
    exercises: dict[str, Literal["core", "passing"]] = Field(min_length=1)
    competence: Text
    handlers: list[Id] = Field(default_factory=list)
    criticality: int | None = Field(
        None, ge=1, le=5, description="at 5 two people verify it, where no quorum says otherwise"
    )
    quorum: int | None = Field(None, ge=1, description="how many people must say that it works")
    minutes: EstimateRow | None = None
    text: LanguagesRow = Field(description="steps, test person, expected result")
    side_mark: SideMarkRow | None = None
    possible_after: Time | None = None
    leaves_behind: Text | None = None

    @property
    def people(self) -> int:
        """How many people must say that it works: four eyes for what is most critical."""
        if self.quorum is not None:
            return self.quorum
        return 2 if self.criticality == FOUR_EYES_AT else 1


class PersonRow(Row):
    """Somebody who may be called."""

    id: Id
    name: Text
    telephone: Text | None = Field(None, description="in quotes, or a leading zero is lost")
    team: Id | None = None
    roles: list[RoleName] = Field(default_factory=list)
    competences: list[Text] = Field(default_factory=list)
    shifts: list[Id] = Field(default_factory=list)
    deputy: Id | None = None


class TeamRow(Row):
    """Engineers who can work on so many moves at once."""

    id: Id
    name: Text
    seats: Seats


class ShiftRow(Row):
    """A stretch of hours."""

    id: Id
    start: Time
    end: Time


class WindowRow(Row):
    """The hours in which things may move."""

    start: Time
    end: Time


class BlackoutRow(Row):
    """A slot in which the named subsystems (none named: all) must not be switched."""

    id: Id
    start: Time
    end: Time
    subsystems: list[Id] = Field(default_factory=list)
    reason: Text


class FixedDateRow(Row):
    """A partner's appointment for one subsystem."""

    id: Id
    subsystem: Id
    start: Time
    end: Time
    partner: Text


class CapacityRow(Row):
    """What a place can carry; what is not given is not limited."""

    cpu: Amount | None = None
    memory_gib: Amount | None = None
    copy_gib_per_hour: Amount | None = None
    bridge_calls_per_hour: Amount | None = None


class PlaceRow(Row):
    """A cluster or data centre."""

    id: Id
    name: Text
    side: Literal["old", "new"]
    owner: Text
    country: Text
    operator: Text
    support_countries: list[Text] = Field(default_factory=list)
    capacity: CapacityRow = Field(default_factory=CapacityRow)


class AssumedDurationsRow(Row):
    """Durations of one kind that are used where a subsystem gives none."""

    move: EstimateRow | None = None
    verify: EstimateRow | None = None
    unwind: EstimateRow | None = None


class AssumedKindsRow(Row):
    """Assumed durations by kind of subsystem."""

    stateless: AssumedDurationsRow = Field(default_factory=AssumedDurationsRow)
    stateful: AssumedDurationsRow = Field(default_factory=AssumedDurationsRow)
    batch: AssumedDurationsRow = Field(default_factory=AssumedDurationsRow)


class AssumedTeamRow(Row):
    """The team of those that name none."""

    id: Id
    seats: int = Field(ge=1)


class AssumedWindowRow(WindowRow):
    """The window where there is no calendar.yaml."""

    time_zone: Text


class InventoryFile(Row):
    """inventory.yaml: whose estate this is."""

    schema_version: Literal[1]
    name: Text
    owner: Text


class SubsystemsFile(Row):
    """subsystems.yaml: the parts of the estate."""

    subsystems: list[SubsystemRow]


class RelationsFile(Row):
    """relations.yaml: what must go together, and what must go first."""

    relations: list[RelationRow] = Field(default_factory=list)


class FunctionsFile(Row):
    """functions.yaml: what case handlers verify."""

    functions: list[FunctionRow] = Field(default_factory=list)


class PeopleFile(Row):
    """people.yaml: who is there, when, and may do what."""

    people: list[PersonRow] = Field(default_factory=list)
    teams: list[TeamRow] = Field(default_factory=list)
    shifts: list[ShiftRow] = Field(default_factory=list)


class CalendarFile(Row):
    """calendar.yaml: the window, and what is forbidden or fixed in it."""

    time_zone: Text = Field(description="such as Europe/Stockholm")
    window: WindowRow
    blackouts: list[BlackoutRow] = Field(default_factory=list)
    fixed_dates: list[FixedDateRow] = Field(default_factory=list)


class PlacesFile(Row):
    """places.yaml: where things run, old and new."""

    places: list[PlaceRow] = Field(default_factory=list)


class AssumptionsFile(Row):
    """assumptions.yaml: what is used where nobody gave a figure."""

    durations: AssumedKindsRow = Field(default_factory=AssumedKindsRow)
    failure_probability: Share | None = None
    team: AssumedTeamRow | None = None
    verify_minutes: EstimateRow | None = None
    window: AssumedWindowRow | None = None


FILES: Final[dict[str, type[Row]]] = {
    "inventory.yaml": InventoryFile,
    "subsystems.yaml": SubsystemsFile,
    "relations.yaml": RelationsFile,
    "functions.yaml": FunctionsFile,
    "people.yaml": PeopleFile,
    "calendar.yaml": CalendarFile,
    "places.yaml": PlacesFile,
    "assumptions.yaml": AssumptionsFile,
}
LINK_FILES: Final = ("links.csv", "links.parquet")


def json_schemas() -> dict[str, dict[str, object]]:
    """File name -> JSON Schema. `subsystems/*.yaml` is one subsystem, or a list as in one file."""
    schemas = {name: _schema(model) for name, model in FILES.items()}
    single, listing = _schema(SubsystemRow), _schema(SubsystemsFile)
    definitions = {**_definitions(single), **_definitions(listing)}
    definitions["SubsystemsFile"] = {k: v for k, v in listing.items() if not k.startswith("$")}
    schemas["subsystems/*.yaml"] = {
        "$schema": DIALECT,
        "title": "One subsystem, or a list of them",
        "anyOf": [{"$ref": "#/$defs/SubsystemRow"}, {"$ref": "#/$defs/SubsystemsFile"}],
        "$defs": definitions,
    }
    return schemas


def _schema(model: type[Row]) -> dict[str, object]:
    """The model's schema in the dialect that editors are told to read it by."""
    return {"$schema": DIALECT, **model.model_json_schema()}


def _definitions(schema: dict[str, object]) -> dict[str, object]:
    definitions = schema.get("$defs", {})
    assert isinstance(definitions, dict), "pydantic keeps named parts in a mapping"
    return definitions
