"""The door of a plan file: what its YAML may say, checked by pydantic, all faults at once.

Called by `text.py` alone, and by `migrator schema` through `plan_json_schema`. The models mirror
the file, which is nested for people; `plan/model.py` is what everybody else works with. Whether a
plan makes sense is `lint.py`'s question: here it only gets its types. A key nobody knows is a
fault that names the nearest known one, because a misspelled limit would otherwise not limit.
"""

from __future__ import annotations

from typing import Final, Literal, Self, TypeAlias, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from migrator.errors import Fault
from migrator.inventory.door import faults_of
from migrator.inventory.times import zone
from migrator.inventory.yaml_text import Document, Plain
from migrator.plan.model import PLAN_SCHEMA_VERSION
from migrator.plan.schema_means import MeansPart
from migrator.plan.schema_parts import (
    ZONE,
    Count,
    Day,
    Id,
    Minutes,
    Moment,
    Part,
    Share,
    Text,
    ZoneName,
)
from migrator.plan.schema_verifying import DisturbancesPart, VerifyingPart

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
UTC_ZONE: Final = ZoneInfo("UTC")


# Words instead of the model's enums: faults then name the words, and an editor offers them.
StepWord: TypeAlias = Literal[
    "prepare", "baseline", "copy", "quiesce", "fence", "final-copy", "start", "probe", "grant",
    "switch", "drain", "probe-links", "verify", "soak", "accept", "finalise", "retire",
    "task",
]  # fmt: skip
UndoWord: TypeAlias = Literal[
    "fence-target", "bring-back", "start-source", "grant-source", "switch-back", "stop-target",
    "discard-copy", "remove", "prove-back", "undo-task",
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
    time_zone: ZoneName


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


class ForecastPart(Part):
    """How sure one wants to be, and what a run does when it is not."""

    fits_min: Share | None = Field(
        None, description="A gate's advice is go if the weekend fits in this share, at least."
    )
    forward_first_min: Share | None = Field(
        None, description="The share in which all ends before turning back is too late, at least."
    )
    hold: bool | None = Field(None, description="Below forward_first_min the run holds by itself.")
    binding: bool | None = Field(None, description="A go against the gate's advice is refused.")
    decision: Minutes | None = Field(
        None, description="How long people take to decide, and to the next look."
    )
    quantile: Share | None = Field(
        None, description="How sure one wants to be that all is back inside the window."
    )
    weekends: Count | None = Field(None, description="Sampled for each forecast of a run.")


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
    forecast: ForecastPart = ForecastPart()
    verifying: VerifyingPart = VerifyingPart()
    disturbances: DisturbancesPart = DisturbancesPart()


_PROOF: Final = "'proof' is for bring-back: it proves that all rows came back"


class RecipeStepPart(MeansPart):
    """A step: its part of the subsystem's move duration, what takes it back, who performs it."""

    kind: StepWord
    name: Id | None = Field(None, description="Of a task; every other kind is its own name.")
    share: float = 0.0
    undo: list[Text] = []
    looks: bool = Field(default=False, description="A task that changes nothing: it needs no undo.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        _check_name(self.kind, self.name, self.means_given)
        if self.looks and self.kind != "task":
            raise ValueError("'looks' is for a task; what other kinds do is known")
        if self.proof is not None:
            raise ValueError(_PROOF)
        return self


class RecipeUndoPart(MeansPart):
    """An undo: its part of the subsystem's unwind duration, and who performs it."""

    kind: UndoWord
    name: Id | None = Field(None, description="Of an undo-task, as a step's `undo` names it.")
    share: float = 0.0

    @model_validator(mode="after")
    def _named(self) -> Self:
        _check_name(self.kind, self.name, self.means_given)
        if self.proof is not None and self.kind != "bring-back":
            raise ValueError(_PROOF)
        if self.kind == "bring-back" and self.means_given and self.proof is None:
            raise ValueError("bring-back needs a 'proof': a command that counts what came back")
        return self


_RESERVED: Final = frozenset({*get_args(StepWord), *get_args(UndoWord)})


def _check_name(kind: str, name: str | None, means: str | None) -> None:
    if kind in {"task", "undo-task"}:
        if name is None:
            raise ValueError(f"a {kind} needs a name")
        if name in _RESERVED:
            raise ValueError(f"'{name}' is the name of another kind of act")
        if means is None:
            raise ValueError(
                f"a {kind} needs to say who performs it: command, http, manual or wait"
            )
    elif name is not None:
        raise ValueError(f"only a task has a name of its own; '{kind}' is known by its kind")


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


class CertificatePart(Part):
    """What the plan could show for itself when it was made."""

    search: Literal["compiled", "plain"]
    objective_hours: float
    mean_hours: float | None = None
    tail_hours: float | None = None
    end_hours_p80: float | None = None
    weekends: Count = 0
    bound_hours: float
    restarts_hours: list[float] = []
    played: Count = 0
    inventory: str
    peers: str = ""


class PlanFile(Part):
    """A plan of migrator."""

    schema_version: Literal[1]
    name: Text
    inventory: InventoryPart
    window: WindowPart
    source: Id | None = None
    target: Id | None = None
    figures: FiguresPart
    certificate: CertificatePart | None = None
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
