"""The state of a run: its waves, moves, acts, checks and holds, as the journal tells them.

Made by `new_run` and changed only by `engine/fold.py`, one event at a time. `decide` reads it, the
reports and the screens read it; nobody else writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.policy import ENGINE_STEPS, LOOKS, SEATLESS
from migrator.engine.states import (
    COMPLETE,
    ActState,
    CheckState,
    RunState,
    Side,
    WaveState,
)
from migrator.incidents.model import Disturbance
from migrator.plan.model import CheckLeg, Itinerary, RecipeStep, RecipeUndo


@dataclass(slots=True)
class ActRecord:
    """A step or an undo of one move in the current attempt."""

    name: str  # the key of a recipe's step or undo
    looks: bool = False  # it changes nothing, and may be cut short
    by_engine: bool = False  # no platform performs it: the engine ends it
    state: ActState = ActState.WAITING
    nth: int = 0  # tries in this attempt
    token: str = ""
    started: datetime | None = None  # of the last try
    ended: datetime | None = None
    limit_at: datetime | None = None
    outcome: str = ""
    detail: str = ""
    changes: tuple[str, ...] = ()
    overridden: bool = False
    allowance: int = 0  # tries that a human granted on top of the policy's
    spared: int = 0  # tries that a conductor's death cut off before they took effect
    lost: tuple[str, ...] = ()  # what a bring-back could not prove to have brought back

    @property
    def alters(self) -> bool:
        """Tell whether it may be changing something while it is under way."""
        return not self.looks and self.name not in ENGINE_STEPS


@dataclass(slots=True)
class MoveRecord:
    """One subsystem's way through its wave, in the current attempt."""

    id: str
    wave: str
    attempt: int = 0
    steps: dict[str, ActRecord] = field(default_factory=dict)
    undos: dict[str, ActRecord] = field(default_factory=dict)
    unwinding: bool = False
    undoing: tuple[ActRecord, ...] = ()  # the undos of the unwind under way, in their order
    returned: bool = False
    remains: tuple[str, ...] = ()
    judged: dict[str, ev.LinksJudged] = field(default_factory=dict)  # by look
    judged_nth: dict[str, int] = field(default_factory=dict)  # the try that found it, by look
    waived: dict[str, tuple[str, ...]] = field(default_factory=dict)  # regressed links, by look
    first_started: datetime | None = None
    switched_at: datetime | None = None
    switched_back_at: datetime | None = None

    @property
    def switched(self) -> bool:
        """Tell whether traffic was moved to the new side in this attempt."""
        step = self.steps.get("switch")
        return step is not None and step.state in COMPLETE

    @property
    def touched(self) -> bool:
        """Tell whether anything was started in this attempt."""
        return any(step.nth > 0 for step in self.steps.values())


@dataclass(slots=True)
class Hold:
    """Why a wave stands still."""

    trouble: str
    subject: str
    moves: tuple[str, ...]
    cause: str
    since: datetime
    unwind_at: datetime | None
    vetoed_by: tuple[str, ...] = ()


@dataclass(slots=True)
class WaveRecord:
    """One wave with its attempt's state."""

    id: str
    state: WaveState = WaveState.PLANNED
    attempt: int = 1
    verified: bool = False
    holds: list[Hold] = field(default_factory=list)  # empty unless HELD
    gate_deadline: datetime | None = None
    opened_at: datetime | None = None  # its gate
    decided_at: datetime | None = None
    decided_by: str = ""
    started_at: datetime | None = None  # the first step after the gate, this attempt
    ended_at: datetime | None = None
    cause: str = ""  # of the last hold, unwind, block or no-go
    unwinding: tuple[str, ...] = ()  # moves of the unwind under way
    reasons: dict[str, str] = field(default_factory=dict)  # move -> why it is unwound
    partial: bool = False
    begun: ev.UnwindBegun | None = None  # the unwind that was begun last in this attempt
    stuck_on: str = ""
    exceptions: list[str] = field(default_factory=list)

    @property
    def went(self) -> bool:
        """Tell whether somebody said go in this attempt; a no-go is a decision, too."""
        return self.started_at is not None

    @property
    def hold(self) -> Hold | None:
        """The hold that was set first, which is the one people talk about."""
        return self.holds[0] if self.holds else None


@dataclass(slots=True)
class CheckRecord:
    """One check in the current attempt of its wave."""

    id: str
    wave: str
    attempt: int
    state: CheckState
    opened: datetime
    person: str = ""
    assigned_at: datetime | None = None
    limit_at: datetime | None = None
    ticks: dict[str, str] = field(default_factory=dict)  # person -> verdict
    ticked_at: dict[str, datetime] = field(default_factory=dict)
    declined_by: tuple[str, ...] = ()  # cannot judge
    wrong_side: tuple[str, ...] = ()  # who looked at the old side, each time
    note_digest: str = ""
    notes: dict[str, str] = field(default_factory=dict)  # person -> digest of what they wrote
    pictures: dict[str, str] = field(default_factory=dict)  # person -> digest of what they sent
    overridden: bool = False
    overdue_held: bool = False  # its wave was held because nobody answered; reset by assigning
    text: str = ""  # the digest of the words that handlers go by; empty: not said
    estate: str = ""  # the digest of what stands where, as it was opened
    said_before: dict[str, str] = field(default_factory=dict)  # person -> the verdict before
    claimed: bool = False  # whoever has it took it
    reminded: bool = False  # whoever has it was reminded
    passed_on: tuple[str, ...] = ()  # who handed it over: not asked again by the engine


@dataclass(slots=True)
class Defect:
    """What somebody found wrong in a function that works all the same."""

    id: str
    check: str
    function: str  # empty for a team's own check
    wave: str
    attempt: int
    person: str
    note_digest: str
    at: datetime
    raised_by: str = ""  # somebody who leads the wave took it for a refusal
    withdrawn: bool = False  # whoever said it took it back, or said another thing since


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a test left in the system, to be cleaned up by its reference."""

    check: str
    wave: str
    attempt: int
    person: str
    reference: str
    at: datetime


@dataclass(slots=True)
class Run:
    """A plan carried out, as far as the journal tells.

    `pinned` is what it was begun with, from which its journal is folded; `itinerary` is what it
    follows now, which is another one once it was planned anew.
    """

    pinned: Itinerary
    itinerary: Itinerary
    waves: dict[str, WaveRecord]
    moves: dict[str, MoveRecord]
    state: RunState = RunState.RUNNING
    started: ev.RunStarted | None = None
    program: str = ""  # the version that leads it: the one that began it, or one accepted since
    seq: int = 0
    now: datetime | None = None  # of the last event
    checks: dict[str, CheckRecord] = field(default_factory=dict)
    defects: dict[str, Defect] = field(default_factory=dict)
    left_behind: list[LeftBehind] = field(default_factory=list)
    arrived: dict[str, datetime] = field(default_factory=dict)  # who said to be there, and when
    absent: dict[str, datetime] = field(default_factory=dict)  # whose shift began then, unheard of
    authority: dict[str, Side] = field(default_factory=dict)
    in_flight: dict[tuple[str, str], ActRecord] = field(default_factory=dict)  # (move, act)
    commands: set[str] = field(default_factory=set)
    exceptions: list[str] = field(default_factory=list)
    switch_order: list[str] = field(default_factory=list)  # moves in the order they switched
    unknown: set[tuple[str, str]] = field(default_factory=set)  # (move, act) nobody can tell about
    unwind_waits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stalled: dict[str, ev.Stalled] = field(default_factory=dict)
    overrides_asked: dict[str, ev.OverrideAsked] = field(default_factory=dict)  # by subject
    losses: dict[str, tuple[str, ...]] = field(default_factory=dict)  # accepted by two, by move
    codes_spent: set[str] = field(default_factory=set)
    seconds_asked: dict[tuple[str, str, str], ev.SecondAsked] = field(default_factory=dict)
    amended: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # (move, act)
    covered: ev.LinksCovered | None = None  # what was proved of the links before anything moved
    signed: dict[str, ev.Signed] = field(default_factory=dict)  # stated limits, by their words
    signed_at: dict[str, datetime] = field(default_factory=dict)  # when, by the same words
    forecast: ev.ForecastMade | None = None  # the last one that was kept
    forecast_answered: bool = False  # somebody went on although it falls short of the plan
    by_hand: list[ev.HandRecorded] = field(default_factory=list)
    checks_of: dict[str, tuple[CheckLeg, ...]] = field(default_factory=dict)  # by wave, derived
    ahead: frozenset[str] = frozenset()  # steps that may run before the gate, derived
    seatless: frozenset[str] = frozenset()  # steps at which no engineer sits, derived
    last_progress: dict[str, datetime] = field(default_factory=dict)  # by wave
    disturbances: dict[str, Disturbance] = field(default_factory=dict)  # also closed ones
    keyed: dict[str, str] = field(default_factory=dict)  # key -> the last disturbance with it
    unsettled: dict[str, Disturbance] = field(default_factory=dict)  # those that are open
    paused_for: str = ""  # the disturbance whose red paused the run
    paused_because: str = ""
    paused_at: datetime | None = None
    outcome: str = ""


def new_run(itinerary: Itinerary) -> Run:
    """A run of which nothing has happened: every subsystem has authority on the old side."""
    run = Run(
        pinned=itinerary,
        itinerary=itinerary,
        waves={wave.id: WaveRecord(wave.id) for wave in itinerary.waves},
        moves={},
    )
    for leg in itinerary.legs.values():
        run.moves[leg.id] = fresh_move(itinerary, leg.id, 1)
        run.authority[leg.id] = Side.OLD
    run.ahead = frozenset(kind.value for kind in itinerary.policy.ahead_of_gate)
    run.seatless = SEATLESS | run.ahead
    run.checks_of = checks_by_wave(itinerary)
    return run


def checks_by_wave(itinerary: Itinerary) -> dict[str, tuple[CheckLeg, ...]]:
    """The checks to come, by wave; a wave may have none."""
    return {
        wave.id: tuple(check for check in itinerary.checks if check.wave == wave.id)
        for wave in itinerary.waves
    }


def fresh_move(itinerary: Itinerary, move: str, attempt: int) -> MoveRecord:
    """A move of which nothing has happened in this attempt."""
    leg = itinerary.legs[move]
    recipe = itinerary.recipes[leg.recipe]
    steps = {step.key: _fresh_act(step) for step in (*recipe.steps, *recipe.commit)}
    undos = {undo.key: _fresh_act(undo) for undo in recipe.unwind}
    return MoveRecord(move, leg.wave, attempt, steps, undos)


def _fresh_act(act: RecipeStep | RecipeUndo) -> ActRecord:
    means = act.means
    waits = means is not None and means.wait is not None
    return ActRecord(
        act.key,
        looks=act.key in LOOKS or waits or (isinstance(act, RecipeStep) and act.looks),
        by_engine=act.key in ENGINE_STEPS or (means is not None and means.by_engine),
    )
