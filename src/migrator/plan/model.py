"""The plan as a document: what we intend, as an engineer reads, edits and reviews it.

Written by `planner/`, read by `plan/text.py` (YAML <-> Plan), joined with the inventory by
`plan/itinerary.py` into what the engine needs. Frozen data only: no I/O, no defaults that decide
anything, no look at a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Final

from migrator.ids import LinkId, PersonId, PlaceId, SubsystemId, TeamId, WaveId
from migrator.inventory.model import Estimate, LatencyClass
from migrator.plan.certificate import Certificate
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.foresight import Foresight
from migrator.plan.later import LATER
from migrator.plan.means import Means
from migrator.plan.verifying import Verifying

PLAN_SCHEMA_VERSION: Final = 1


class StepKind(StrEnum):
    """The typed acts of a move, forward. `commit` has two of its own, after acceptance.

    Each kind but `task` has its part in the order that keeps one side live, and stands once in a
    recipe, so that its kind is its name. A task is whatever else has to be done, under a name.
    """

    PREPARE = "prepare"
    BASELINE = "baseline"
    COPY = "copy"
    QUIESCE = "quiesce"
    FENCE = "fence"
    FINAL_COPY = "final-copy"
    START = "start"
    PROBE = "probe"
    GRANT = "grant"
    SWITCH = "switch"
    DRAIN = "drain"
    PROBE_LINKS = "probe-links"
    VERIFY = "verify"
    SOAK = "soak"
    ACCEPT = "accept"
    FINALISE = "finalise"
    RETIRE = "retire"
    TASK = "task"


class UndoKind(StrEnum):
    """The typed acts that take a move back; `undo-task` takes a task back, under its own name."""

    FENCE_TARGET = "fence-target"
    BRING_BACK = "bring-back"
    START_SOURCE = "start-source"
    GRANT_SOURCE = "grant-source"
    SWITCH_BACK = "switch-back"
    STOP_TARGET = "stop-target"
    DISCARD_COPY = "discard-copy"
    REMOVE = "remove"
    PROVE_BACK = "prove-back"
    UNDO_TASK = "undo-task"


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step of a recipe. `share` is its part of the subsystem's `move` duration (0 to 1).

    `undo` names what takes the step back: empty for a step that changes nothing. `means` says
    who performs it where that is not the platform.
    """

    kind: StepKind
    share: float
    undo: tuple[str, ...]
    name: str = ""  # of a task; every other kind is its own name
    looks: bool = False  # a task that changes nothing: it needs no undo and may be cut short
    limit_minutes: float | None = None  # None: the policy's limit of a step
    means: Means | None = None

    @property
    def key(self) -> str:
        """The name by which the plan, the journal and every verb know the step."""
        return self.name or self.kind.value


@dataclass(frozen=True, slots=True)
class RecipeUndo:
    """One undo of a recipe. `share` is its part of the subsystem's `unwind` duration."""

    kind: UndoKind
    share: float
    name: str = ""  # of the undo of a task
    limit_minutes: float | None = None
    means: Means | None = None

    @property
    def key(self) -> str:
        """The name by which the plan, the journal and every verb know the undo."""
        return self.name or self.kind.value


@dataclass(frozen=True, slots=True)
class Recipe:
    """The list of steps for a kind of subsystem, the order of its unwind, and its commit.

    The unwind is not the mere reverse of the steps (architecture.md 5.6): an undo runs when at
    least one step that names it was started in the attempt, in the order of `unwind`.
    """

    name: str
    steps: tuple[RecipeStep, ...]
    unwind: tuple[RecipeUndo, ...]
    commit: tuple[RecipeStep, ...]

    @property
    def stateful(self) -> bool:
        """Tell which of the two orders the recipe keeps: by its name, else by its steps."""
        if self.name in {"stateful", "batch"}:
            return True
        if self.name == "stateless":
            return False
        return any(step.kind in STATEFUL_ONLY for step in self.steps)

    def act(self, key: str) -> RecipeStep | RecipeUndo | None:
        """The step or undo of that name; None where the recipe has none."""
        acts: tuple[RecipeStep | RecipeUndo, ...] = (*self.steps, *self.unwind, *self.commit)
        return next((act for act in acts if act.key == key), None)


STATEFUL_ONLY: Final = (
    StepKind.COPY,
    StepKind.QUIESCE,
    StepKind.FINAL_COPY,
    StepKind.GRANT,
)
"""Steps that a stateless subsystem has no data and no authority of its own for."""


class Trouble(Enum):
    """The classes of failure a policy answers."""

    STEP_FAILED = "step_failed"
    TIMED_OUT = "timed_out"
    LINKS_REGRESSED = "links_regressed"
    REFUSED = "refused"  # a handler says: does not work
    UNANSWERED = "unanswered"  # a check or a task of a person got no answer in time
    UNDO_FAILED = "undo_failed"
    STALLED = "stalled"
    SOAK = "soak"  # the watched time after the switch was not quiet
    TURN_BACK = "turn_back"
    ABORT = "abort"


class Act(Enum):
    """What the engine does about a trouble; the hold is always at once and visible."""

    UNWIND = "unwind"
    HOLD_THEN_UNWIND = "hold_then_unwind"  # unwinds after the veto period unless vetoed
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The answer to one class of trouble.

    `veto_minutes` is used by hold_then_unwind, `after_minutes` by unanswered and stalled;
    `retries` is how often a failed act is tried again before it counts as failed.
    `scope` is wave (all of the wave's moves) or move (the closure over hard relations only).
    """

    act: Act
    veto_minutes: float = 0.0
    after_minutes: float = 0.0
    retries: int = 0
    scope: str = "wave"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the engine does by itself, and the limits of everything that waits (minutes)."""

    on: dict[Trouble, Reaction]
    soak_minutes: float
    drain_minutes_max: float
    step_minutes_max: float
    gate_default: str  # no-go or wait: what an unanswered gate becomes; never go
    gate_deadline_minutes: float
    after_unwind: str  # continue or hold
    next_wave_when: str  # verified or accepted
    ahead_of_gate: tuple[StepKind, ...]
    waves_per_attempt_max: int  # attempts of one wave in one run
    approval_lapses_when: tuple[str, ...]  # what of the inputs may not change after approval
    forecast: Foresight = field(default=Foresight(), metadata=LATER)
    disturbances: DisturbanceLimits = field(default=DisturbanceLimits(), metadata=LATER)
    verifying: Verifying = field(default=Verifying(), metadata=LATER)


@dataclass(frozen=True, slots=True)
class Window:
    """The cutover window; zone-aware times, the zone by its name for every screen."""

    start: datetime
    end: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class PlanInventory:
    """Which inventory the plan was made from; digests cover canonical rows, never file bytes."""

    path: str  # relative to the plan file where that is possible
    name: str
    digest: str
    links: int
    links_digest: str


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """One subsystem's way through a wave, with its planned start, switch and end."""

    subsystem: SubsystemId
    recipe: str
    team: TeamId
    start: datetime
    switch: datetime
    end: datetime
    pinned: bool = False  # a person put it into this wave; replanning leaves it there


@dataclass(frozen=True, slots=True)
class PlannedGate:
    """The decision before a wave: when it is due and who may take it (any one of them)."""

    at: datetime
    deciders: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class PlannedWave:
    """Moves that are decided on, verified and, if need be, rolled back together."""

    id: WaveId
    name: str
    pilot: bool
    gate: PlannedGate
    lead: PersonId | None  # None: the estate named no wave leads
    moves: tuple[PlannedMove, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """A subsystem that is not moved, with its reason and review date."""

    subsystem: SubsystemId
    reason: str
    review_date: date | None


@dataclass(frozen=True, slots=True)
class Constraints:
    """Limits that a person may tighten by hand; lint holds the waves to them."""

    moves_per_wave_max: int
    critical_moves_per_wave_max: int  # criticality 5 in one wave
    pilot_criticality_max: int
    forbidden_waves: dict[SubsystemId, tuple[WaveId, ...]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the plan costs, as the planner's own decoder computed it."""

    exposure_hours: float  # mean hours that a unit of link weight is split
    makespan_hours: float  # from the window's start to the last planned end
    unwind_all_hours: float  # undoing everything at the end of the plan, in the engine's order
    seed: int
    evaluations: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole document. Waves in their order; the moves of a wave sorted by start, then id."""

    name: str
    schema_version: int
    inventory: PlanInventory
    window: Window
    source: PlaceId | None  # None: the estate named no places
    target: PlaceId | None
    policy: Policy
    recipes: dict[str, Recipe]
    constraints: Constraints
    waves: tuple[PlannedWave, ...]
    stays: tuple[Stay, ...]
    assumed: tuple[str, ...]  # "subsystem: field", sorted
    figures: Figures
    certificate: Certificate | None = field(default=None, metadata=LATER)  # None: made without one


# --- the itinerary: the plan joined with the facts of the inventory that a run needs ------------


@dataclass(frozen=True, slots=True)
class Leg:
    """A move as the engine sees it; all durations in minutes, per step and per undo kind."""

    id: SubsystemId  # a subsystem moves once in a plan, so its id names the move
    name: str
    wave: WaveId
    kind: str
    recipe: str
    team: TeamId
    criticality: int
    step_minutes: dict[str, Estimate]  # by the step's name
    undo_minutes: dict[str, Estimate]
    failure_probability: float
    copy_gib: float
    irreversible: str | None
    irreversible_at: datetime | None
    after: tuple[SubsystemId, ...]  # moves that must have switched before this one may switch
    together: tuple[SubsystemId, ...]  # moves bound by a `with` relation, this one included
    blackouts: tuple[tuple[datetime, datetime, str], ...]
    fixed: tuple[tuple[datetime, datetime, str], ...]
    planned_start: datetime
    planned_switch: datetime
    planned_end: datetime
    links: int  # links that touch it
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaveLeg:
    """A wave as the engine sees it."""

    id: WaveId
    name: str
    pilot: bool
    moves: tuple[SubsystemId, ...]
    gate_at: datetime
    deciders: tuple[PersonId, ...]
    lead: PersonId | None
    hard_predecessors: tuple[WaveId, ...]  # by `before` relations; blocked when one is returned


@dataclass(frozen=True, slots=True)
class CheckLeg:
    """A check to come: (function, wave). `core` and `passing` are moves of that wave.

    `function` is None for a subsystem in no function: its owner team's own check.
    """

    id: str  # "<function>@<wave>" or "team.<subsystem>@<wave>"
    function: str | None
    wave: WaveId
    name: dict[str, str]
    core: tuple[SubsystemId, ...]
    passing: tuple[SubsystemId, ...]
    eligible: tuple[PersonId, ...]
    quorum: int
    minutes: Estimate
    text: dict[str, str]
    side_mark: tuple[str, str, str] | None
    possible_after: datetime | None
    leaves_behind: str | None
    # Competent deputies of handlers who are named one by one; empty where a competence decides.
    deputies: tuple[PersonId, ...] = field(default=(), metadata=LATER)
    # Passing parts in waves that have no check of the function, where the policy asks for them.
    elsewhere: tuple[SubsystemId, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True)
class Member:
    """A person as a run needs one; `shifts` are (start, end) stretches."""

    id: PersonId
    name: str
    telephone: str | None
    roles: tuple[str, ...]
    team: TeamId | None
    shifts: tuple[tuple[datetime, datetime], ...]
    deputy: PersonId | None


@dataclass(frozen=True, slots=True)
class Crew:
    """A team's seats over time: (start, end, seats), sorted; between them nobody is there."""

    id: TeamId
    name: str
    seats: tuple[tuple[datetime, datetime, int], ...]


@dataclass(frozen=True, slots=True)
class PairLeg:
    """All links from one subsystem to another, aggregated; `latency` is the strictest class."""

    source: SubsystemId
    target: SubsystemId
    links: int
    weight: int
    latency: LatencyClass
    examples: tuple[LinkId, ...]
    calls_per_day: int | None = None  # None: pinned by a version that did not keep it


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Everything a run needs, by value: pinned in the store by digest when the run starts.

    The conductor works from it alone, so an edited working tree changes nothing.
    """

    plan_name: str
    plan_digest: str
    inventory_name: str
    inventory_digest: str
    links_digest: str
    window: Window
    source: str
    target: str
    policy: Policy
    recipes: dict[str, Recipe]
    waves: tuple[WaveLeg, ...]
    legs: dict[str, Leg]  # by subsystem id, as events name it
    pairs: tuple[PairLeg, ...]
    checks: tuple[CheckLeg, ...]
    members: dict[str, Member]  # by person id
    crews: dict[str, Crew]  # by team id
    names: dict[str, str]  # of all subsystems, moving or not
    links: int
    copy_gib_per_hour: float | None
    bridge_calls_per_hour: float | None
    stays: tuple[Stay, ...]
    assumed: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)  # pinned: name -> SHA-256 of its bytes
    programs: tuple[str, ...] = ()  # those of the files that may be executed
