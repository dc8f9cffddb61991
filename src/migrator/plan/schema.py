"""The door of a plan file: what its YAML may say, checked by pydantic, all faults at once.

Called by `text.py` alone, and by `migrator schema` through `plan_json_schema`. The models mirror
the file, which is nested for people; `plan/model.py` is what everybody else works with. Whether a
plan makes sense is `lint.py`'s question: here it only gets its types. A key nobody knows is a
fault that names the nearest known one, because a misspelled limit would otherwise not limit.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeAlias, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)

from migrator.errors import Fault
from migrator.ids import ID_PATTERN
from migrator.inventory.door import faults_of, found
from migrator.inventory.duration import parse_minutes
from migrator.inventory.times import DATE_PATTERN, TIME_PATTERN, parse_date, parse_time, zone
from migrator.inventory.yaml_text import Document, Plain
from migrator.plan.model import PLAN_SCHEMA_VERSION

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
DURATION_PATTERN: Final = r"^([0-9.]+h)?([0-9.]+m)?([0-9.]+s)?$"
UTC_ZONE: Final = ZoneInfo("UTC")
ZONE: Final = "zone"
"""The key of the validation context under which the window's zone travels to every time."""


def _minutes(value: object) -> object:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return parse_minutes(value)
    raise ValueError(f"wants a duration such as 90s, 40m or 1h30m, found {found(value)}")


def _moment(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        # pydantic makes a fault of a ValueError only.
        raise ValueError(f"wants a time such as 2023-10-13T18:00, found {found(value)}")  # noqa: TRY004
    where = (info.context or {}).get(ZONE)
    assert isinstance(where, ZoneInfo), "the reader gives the zone, or UTC where it is faulty"
    return parse_time(value, where)


def _day(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"wants a date such as 2024-06-01, found {found(value)}")  # noqa: TRY004
    return parse_date(value)


def _zone_name(value: object) -> object:
    if isinstance(value, str):
        zone(value)
    return value


Minutes: TypeAlias = Annotated[
    float,
    BeforeValidator(_minutes),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": DURATION_PATTERN},
                {"type": "number", "minimum": 0},
            ],
            "description": "A duration such as 90s, 40m, 1h30m; a bare number means minutes.",
        }
    ),
]
Moment: TypeAlias = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": TIME_PATTERN,
            "description": "A time; without an offset it is local in window.time_zone.",
        }
    ),
]
Day: TypeAlias = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": DATE_PATTERN}),
]
Id: TypeAlias = Annotated[str, Field(pattern=ID_PATTERN)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
# Words instead of the model's enums: faults then name the words, and an editor offers them.
StepWord: TypeAlias = Literal[
    "prepare", "baseline", "copy", "quiesce", "fence", "final-copy", "start", "probe", "grant",
    "switch", "drain", "probe-links", "verify", "soak", "accept", "finalise", "retire",
]  # fmt: skip
UndoWord: TypeAlias = Literal[
    "fence-target", "bring-back", "start-source", "grant-source", "switch-back", "stop-target",
    "discard-copy", "remove", "prove-back",
]  # fmt: skip
ActWord: TypeAlias = Literal["unwind", "hold_then_unwind", "hold"]
LapseWord: TypeAlias = Literal[
    "plan",
    "inventory",
    "links",
    "manifests",
    "program_major",
    "program_minor",
    "program_patch",
]


class Part(BaseModel):
    """What every mapping of the file has in common: exact types, and no unknown key."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class InventoryPart(Part):
    """Which inventory the plan was made from."""

    path: Text
    name: Text
    digest: str
    links: Count
    links_digest: str


class WindowPart(Part):
    """The cutover window."""

    start: Moment
    end: Moment
    time_zone: Annotated[str, BeforeValidator(_zone_name)]


class ReactionPart(Part):
    """The answer to a class of trouble; what is left out comes from the default policy."""

    act: ActWord | None = None
    veto: Minutes | None = Field(None, description="How long people may veto an unwind.")
    after: Minutes | None = Field(None, description="How long it may last before it counts.")
    retries: Count | None = Field(None, description="How often a failed act is tried again.")
    scope: Literal["wave", "move"] | None = None


class OnPart(Part):
    """One answer for each class of trouble."""

    step_failed: ReactionPart = ReactionPart()
    timed_out: ReactionPart = ReactionPart()
    links_regressed: ReactionPart = ReactionPart()
    refused: ReactionPart = ReactionPart()
    unanswered: ReactionPart = ReactionPart()
    undo_failed: ReactionPart = ReactionPart()
    stalled: ReactionPart = ReactionPart()
    soak: ReactionPart = ReactionPart()
    turn_back: ReactionPart = ReactionPart()
    abort: ReactionPart = ReactionPart()


class LimitsPart(Part):
    """The limits of what lasts."""

    soak: Minutes | None = Field(None, description="How long a switched wave is watched.")
    drain: Minutes | None = Field(None, description="How long a stateless side may drain at most.")
    step: Minutes | None = Field(None, description="How long one step may take at most.")


class GatesPart(Part):
    """What an unanswered gate becomes, and when. Never go."""

    default: Literal["no-go", "wait"] | None = None
    deadline: Minutes | None = None


class PolicyPart(Part):
    """What the engine does by itself; every key left out takes its default."""

    on: OnPart = OnPart()
    limits: LimitsPart = LimitsPart()
    gates: GatesPart = GatesPart()
    after_unwind: Literal["continue", "hold"] | None = None
    next_wave_when: Literal["verified", "accepted"] | None = None
    ahead_of_gate: list[StepWord] | None = None
    waves_per_attempt_max: Count | None = None
    approval_lapses_when: list[LapseWord] | None = None


class RecipeStepPart(Part):
    """A step: its part of the subsystem's move duration, and what takes it back."""

    kind: StepWord
    share: float = 0.0
    undo: list[UndoWord] = []


class RecipeUndoPart(Part):
    """An undo: its part of the subsystem's unwind duration."""

    kind: UndoWord
    share: float = 0.0


class RecipePart(Part):
    """The steps of a kind of subsystem, the order of its unwind, and its commit."""

    steps: list[RecipeStepPart]
    unwind: list[RecipeUndoPart]
    commit: list[RecipeStepPart]


class ConstraintsPart(Part):
    """Limits that lint holds the waves to."""

    moves_per_wave_max: Count
    critical_moves_per_wave_max: Count
    pilot_criticality_max: Count
    forbidden_waves: dict[Id, list[Id]] = {}


class MovePart(Part):
    """One subsystem's way through a wave; one line of the file."""

    subsystem: Id
    recipe: Text
    team: Id
    start: Moment
    switch: Moment
    end: Moment
    pinned: bool = False


class GatePart(Part):
    """The decision before a wave."""

    at: Moment
    deciders: list[Id]


class WavePart(Part):
    """Moves that are decided on, verified and, if need be, rolled back together."""

    id: Id
    name: str
    pilot: bool = False
    gate: GatePart
    lead: Id | None = None
    moves: list[MovePart]


class StayPart(Part):
    """A subsystem that is not moved."""

    subsystem: Id
    reason: str
    review_date: Day | None = None


class FiguresPart(Part):
    """What the plan cost when it was made; `migrator diff` computes it anew after an edit."""

    exposure_hours: float
    makespan_hours: float
    unwind_all_hours: float
    seed: int
    evaluations: Count


class PlanFile(Part):
    """A plan of migrator."""

    schema_version: Literal[1]
    name: Text
    inventory: InventoryPart
    window: WindowPart
    source: Id | None = None
    target: Id | None = None
    figures: FiguresPart
    constraints: ConstraintsPart
    waves: list[WavePart]
    stays: list[StayPart] = []
    policy: PolicyPart = PolicyPart()
    recipes: dict[Text, RecipePart] | None = Field(
        None, description="Left out: the recipes that come with the program."
    )
    assumed: list[str] = []


class InputsPart(Part):
    """What a seal or an approval is tied to."""

    plan_digest: str
    inventory_digest: str
    links_digest: str
    manifests_digest: str
    program_version: str


class SealFile(Part):
    """What a dry run found (`plans/x.seal.json`)."""

    schema_version: Literal[1]
    plan_name: str
    inputs: InputsPart
    result: Literal["passed", "failed"]
    seed: int
    steps_exercised: list[str]
    undos_exercised: list[str]
    waves_unwound: list[str]
    not_exercised: list[str]


class ApprovalPart(Part):
    """One person's yes."""

    person: Id
    system_user: Text
    at: Moment
    plan: Text
    approved: Text
    statement: str
    seal: str | None = None
    inputs: InputsPart
    parts: dict[str, str]


class ApprovalsFile(Part):
    """Who said yes to a plan (`plans/x.approval.yaml`)."""

    schema_version: Literal[1]
    approvals: list[ApprovalPart]


assert get_args(PlanFile.model_fields["schema_version"].annotation) == (PLAN_SCHEMA_VERSION,)


def plan_json_schema() -> dict[str, object]:
    """The JSON Schema of a plan file, for editors; `migrator schema` writes it."""
    return {"$schema": DRAFT, **PlanFile.model_json_schema()}


def check_plan_file(document: Document) -> PlanFile | tuple[Fault, ...]:
    """The checked file, or every fault in it with its line."""
    return _check(document, PlanFile, _zone_of(document.data))


def check_seal_file(document: Document) -> SealFile | tuple[Fault, ...]:
    """The checked seal, or every fault in it."""
    return _check(document, SealFile, UTC_ZONE)


def check_approvals_file(document: Document) -> ApprovalsFile | tuple[Fault, ...]:
    """The checked approvals, or every fault in them with its line."""
    return _check(document, ApprovalsFile, UTC_ZONE)


FileT = TypeVar("FileT", bound=Part)


def _check(document: Document, model: type[FileT], where: ZoneInfo) -> FileT | tuple[Fault, ...]:
    context = {ZONE: where}
    faults = faults_of(document, model, context=context)
    if faults:
        return tuple(sorted(faults, key=lambda fault: (fault.line or 0, fault.path)))
    return model.model_validate(document.data, context=context)


def _zone_of(data: Plain) -> ZoneInfo:
    """The window's zone, needed before the window is checked; a faulty one is told by its field."""
    window = data.get("window") if isinstance(data, dict) else None
    name = window.get("time_zone") if isinstance(window, dict) else None
    try:
        return zone(name) if isinstance(name, str) else UTC_ZONE
    except ValueError:
        return UTC_ZONE
