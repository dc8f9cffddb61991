"""The state of a run as a fold over its events: `fold(itinerary, events) -> Run`.

Every state in here follows from events by the tables of `engine/states.py`. Only `apply` changes
a Run, one event at a time; an illegal event raises and changes nothing. `decide` reads it, the
reports and the screens read it; nobody else writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from migrator.engine import events as ev
from migrator.engine.policy import ENGINE_STEPS, LOOKS, SEATLESS
from migrator.engine.states import (
    ACT,
    CHECK,
    COMPLETE,
    ENDS,
    RESOLUTIONS,
    RUN,
    SETTLES,
    WAVE,
    ActState,
    CheckState,
    IllegalEvent,
    RunState,
    Side,
    WaveState,
)
from migrator.plan.model import CheckLeg, Itinerary
from migrator.plan.unwind_order import unwind_arcs

_STOOD_IN: Final = frozenset({ActState.SKIPPED, ActState.FORCED})
"""A step that a human left out or did by hand may have taken effect: its undo is needed too."""


@dataclass(slots=True)
class ActRecord:
    """A step or an undo of one move in the current attempt."""

    name: str  # StepKind or UndoKind value
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
    stuck_on: str = ""
    exceptions: list[str] = field(default_factory=list)

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
    note_digest: str = ""
    overridden: bool = False
    overdue_held: bool = False  # its wave was held because nobody answered; reset by assigning


@dataclass(slots=True)
class Run:
    """A plan carried out, as far as the journal tells."""

    itinerary: Itinerary
    waves: dict[str, WaveRecord]
    moves: dict[str, MoveRecord]
    state: RunState = RunState.RUNNING
    started: ev.RunStarted | None = None
    seq: int = 0
    now: datetime | None = None  # of the last event
    checks: dict[str, CheckRecord] = field(default_factory=dict)
    authority: dict[str, Side] = field(default_factory=dict)
    in_flight: dict[tuple[str, str], ActRecord] = field(default_factory=dict)  # (move, act)
    commands: set[str] = field(default_factory=set)
    exceptions: list[str] = field(default_factory=list)
    switch_order: list[str] = field(default_factory=list)  # moves in the order they switched
    unknown: set[tuple[str, str]] = field(default_factory=set)  # (move, act) nobody can tell about
    unwind_waits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stalled: dict[str, ev.Stalled] = field(default_factory=dict)
    overrides_asked: dict[str, ev.OverrideAsked] = field(default_factory=dict)  # by subject
    codes_spent: set[str] = field(default_factory=set)
    checks_of: dict[str, tuple[CheckLeg, ...]] = field(default_factory=dict)  # by wave, derived
    ahead: frozenset[str] = frozenset()  # steps that may run before the gate, derived
    seatless: frozenset[str] = frozenset()  # steps at which no engineer sits, derived
    last_progress: dict[str, datetime] = field(default_factory=dict)  # by wave
    paused_because: str = ""
    outcome: str = ""


def new_run(itinerary: Itinerary) -> Run:
    """A run of which nothing has happened: every subsystem has authority on the old side."""
    run = Run(
        itinerary=itinerary,
        waves={wave.id: WaveRecord(wave.id) for wave in itinerary.waves},
        moves={},
    )
    for leg in itinerary.legs.values():
        run.moves[leg.id] = _fresh_move(itinerary, leg.id, 1)
        run.authority[leg.id] = Side.OLD
    run.ahead = frozenset(kind.value for kind in itinerary.policy.ahead_of_gate)
    run.seatless = SEATLESS | run.ahead
    for wave in itinerary.waves:
        run.checks_of[wave.id] = tuple(check for check in itinerary.checks if check.wave == wave.id)
    return run


def fold(itinerary: Itinerary, events: Iterable[tuple[datetime, ev.Event]]) -> Run:
    """The state after `events`, given as (time, event) in their order."""
    run = new_run(itinerary)
    for at, event in events:
        apply(run, at, event)
    return run


def apply(run: Run, at: datetime, event: ev.Event) -> None:
    """Fold one event into the run. Raises IllegalEvent and changes nothing if it is illegal."""
    kind = type(event)
    _APPLY[kind](run, at, event)
    run.seq += 1
    run.now = at


def _fresh_move(itinerary: Itinerary, move: str, attempt: int) -> MoveRecord:
    leg = itinerary.legs[move]
    recipe = itinerary.recipes[leg.recipe]
    steps = {step.kind.value: ActRecord(step.kind.value) for step in recipe.steps}
    steps |= {step.kind.value: ActRecord(step.kind.value) for step in recipe.commit}
    undos = {undo.kind.value: ActRecord(undo.kind.value) for undo in recipe.unwind}
    return MoveRecord(move, leg.wave, attempt, steps, undos)


def _wave_event(run: Run, wave_id: str, event: ev.Event) -> WaveRecord:
    """Move a wave along its table and hand it back."""
    wave = run.waves[wave_id]
    following = WAVE[wave.state].get(type(event))
    if following is None:
        raise IllegalEvent(f"wave {wave_id}", wave.state, event)
    wave.state = following
    return wave


def _run_event(run: Run, event: ev.Event) -> None:
    following = RUN[run.state].get(type(event))
    if following is None:
        raise IllegalEvent("the run", run.state, event)
    run.state = following


def _act(record: ActRecord, subject: str, event: ev.Event) -> None:
    if type(event) not in ACT[record.state]:
        raise IllegalEvent(subject, record.state, event)


def _check_event(run: Run, check_id: str, event: ev.Event) -> CheckRecord:
    check = run.checks[check_id]
    following = CHECK[check.state].get(type(event))
    if following is None:
        raise IllegalEvent(f"check {check_id}", check.state, event)
    check.state = following
    return check


# --- the run ------------------------------------------------------------------------------------


def _run_started(run: Run, at: datetime, event: ev.RunStarted) -> None:
    if run.started is not None:
        raise IllegalEvent("the run", run.state, event)
    run.started = event
    for wave in run.waves:
        run.last_progress[wave] = at


def _run_paused(run: Run, _at: datetime, event: ev.RunPaused) -> None:
    _run_event(run, event)
    run.paused_because = event.reason


def _run_resumed(run: Run, _at: datetime, event: ev.RunResumed) -> None:
    _run_event(run, event)
    run.paused_because = ""


def _run_aborted(run: Run, _at: datetime, event: ev.RunAborted) -> None:
    _run_event(run, event)
    run.paused_because = event.reason


def _run_ended(run: Run, _at: datetime, event: ev.RunEnded) -> None:
    _run_event(run, event)
    run.outcome = event.outcome


# --- gates and waves ----------------------------------------------------------------------------


def _gate_opened(run: Run, at: datetime, event: ev.GateOpened) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.gate_deadline = event.deadline
    wave.opened_at = at


def _gate_decided(run: Run, at: datetime, event: ev.GateDecided) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.decided_at = at
    wave.decided_by = event.by
    wave.started_at = at
    wave.ended_at = None
    run.last_progress[event.wave] = at


def _gate_lapsed(run: Run, at: datetime, event: ev.GateLapsed) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.decided_at = at
    wave.decided_by = event.by
    wave.cause = event.reason
    wave.ended_at = at


def _gate_postponed(run: Run, _at: datetime, event: ev.GatePostponed) -> None:
    _wave_event(run, event.wave, event).gate_deadline = event.until


def _attempt_opened(run: Run, at: datetime, event: ev.AttemptOpened) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.attempt = event.attempt
    wave.verified = False
    wave.cause = ""
    wave.unwinding = ()
    wave.partial = False
    wave.reasons = {}
    wave.started_at = None
    wave.ended_at = None
    wave.gate_deadline = None
    wave.opened_at = None
    wave.decided_at = None
    run.last_progress[event.wave] = at
    for leg in run.itinerary.legs.values():
        if leg.wave == event.wave and run.authority[leg.id] is Side.OLD:
            run.moves[leg.id] = _fresh_move(run.itinerary, leg.id, event.attempt)


def _wave_held(run: Run, at: datetime, event: ev.WaveHeld) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.cause = event.cause
    if event.subject in run.checks:
        run.checks[event.subject].overdue_held = True
    wave.holds.append(
        Hold(event.trouble, event.subject, event.moves, event.cause, at, event.unwind_at)
    )


def _hold_released(run: Run, at: datetime, event: ev.HoldReleased) -> None:
    wave = _wave_event(run, event.wave, event)
    if event.subject:
        wave.holds = [hold for hold in wave.holds if hold.subject != event.subject]
    else:
        wave.holds.clear()
    run.last_progress[event.wave] = at
    if wave.holds:
        wave.state = WaveState.HELD
        return
    wave.cause = ""
    if wave.decided_at is None:  # it was held before its gate was passed
        wave.state = WaveState.DECIDING if wave.opened_at is not None else WaveState.PLANNED


def _veto_given(run: Run, _at: datetime, event: ev.VetoGiven) -> None:
    wave = _wave_event(run, event.wave, event)
    for hold in wave.holds:
        hold.unwind_at = event.until
        hold.vetoed_by = (*hold.vetoed_by, event.by)


def _override_given(run: Run, _at: datetime, event: ev.OverrideGiven) -> None:
    wave = run.waves[event.wave]
    note = f"{event.subject}: overridden by {event.by} and {event.second}: {event.reason}"
    wave.exceptions.append(note)
    run.exceptions.append(note)
    run.overrides_asked.pop(event.subject, None)
    if event.subject in run.checks:
        run.checks[event.subject].overridden = True
        return
    move, _, step = event.subject.partition("/")
    if move in run.moves and step in run.moves[move].steps:
        record = run.moves[move].steps[step]
        record.overridden = True
        if record.state is ActState.FAILED:
            record.state = ActState.FORCED


def _override_asked(run: Run, _at: datetime, event: ev.OverrideAsked) -> None:
    run.overrides_asked[event.subject] = event


def _code_spent(run: Run, _at: datetime, event: ev.CodeSpent) -> None:
    run.codes_spent.add(event.digest)


def _unwind_begun(run: Run, at: datetime, event: ev.UnwindBegun) -> None:
    busy = {move for move, act in run.in_flight if act not in LOOKS and act not in ENGINE_STEPS}
    if busy.intersection(event.moves):  # it would take effect behind its undo's back
        raise IllegalEvent(f"wave {event.wave}", run.waves[event.wave].state, event)
    wave = _wave_event(run, event.wave, event)
    wave.holds.clear()
    wave.cause = event.cause
    wave.partial = event.partial
    wave.unwinding = tuple(dict.fromkeys((*wave.unwinding, *event.moves)))
    for move, reason in zip(event.moves, event.reasons, strict=True):
        wave.reasons[move] = reason
        run.moves[move].unwinding = True
        run.moves[move].undoing = _needed_undos(run, run.moves[move])
    everywhere = [record.id for record in run.moves.values() if record.unwinding]
    run.unwind_waits = unwind_arcs(
        everywhere, run.switch_order, run.itinerary.pairs, run.itinerary.legs
    )
    run.last_progress[event.wave] = at


def _needed_undos(run: Run, record: MoveRecord) -> tuple[ActRecord, ...]:
    """The undos that at least one begun step names, in the order of the recipe's unwind."""
    recipe = run.itinerary.recipes[run.itinerary.legs[record.id].recipe]
    named: set[str] = set()
    for step in recipe.steps:
        act = record.steps[step.kind.value]
        if act.nth > 0 or act.state in _STOOD_IN:
            named.update(undo.value for undo in step.undo)
    return tuple(
        record.undos[undo.kind.value] for undo in recipe.unwind if undo.kind.value in named
    )


def _move_returned(run: Run, at: datetime, event: ev.MoveReturned) -> None:
    record = run.moves[event.move]
    record.unwinding = False
    record.returned = True
    record.remains = event.remains
    run.last_progress[record.wave] = at


def _part_returned(run: Run, _at: datetime, event: ev.PartReturned) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.unwinding = ()
    wave.partial = False


def _wave_returned(run: Run, at: datetime, event: ev.WaveReturned) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.unwinding = ()
    wave.holds.clear()
    wave.ended_at = at


def _wave_stuck(run: Run, _at: datetime, event: ev.WaveStuck) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.stuck_on = event.subject
    wave.cause = event.cause


def _wave_unstuck(run: Run, at: datetime, event: ev.WaveUnstuck) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.stuck_on = ""
    run.last_progress[event.wave] = at


def _wave_blocked(run: Run, at: datetime, event: ev.WaveBlocked) -> None:
    wave = _wave_event(run, event.wave, event)
    wave.cause = event.because
    wave.ended_at = at


def _wave_verified(run: Run, at: datetime, event: ev.WaveVerified) -> None:
    _wave_event(run, event.wave, event).verified = True
    run.last_progress[event.wave] = at


def _wave_accepted(run: Run, at: datetime, event: ev.WaveAccepted) -> None:
    _wave_event(run, event.wave, event).ended_at = at


def _commit_begun(run: Run, at: datetime, event: ev.CommitBegun) -> None:
    _wave_event(run, event.wave, event)
    run.last_progress[event.wave] = at


def _wave_committed(run: Run, _at: datetime, event: ev.WaveCommitted) -> None:
    _wave_event(run, event.wave, event)


# --- steps and undos ----------------------------------------------------------------------------


def _step_started(run: Run, at: datetime, event: ev.StepStarted) -> None:
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    _start(run, move, record, at, event.nth, event.token, event.limit_at)
    if move.first_started is None:
        move.first_started = at


def _undo_started(run: Run, at: datetime, event: ev.UndoStarted) -> None:
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    _start(run, move, record, at, event.nth, event.token, event.limit_at)


def _start(
    run: Run,
    move: MoveRecord,
    record: ActRecord,
    at: datetime,
    nth: int,
    token: str,
    limit: datetime,
) -> None:
    record.state = ActState.STARTED
    record.nth = nth
    record.token = token
    record.started = at
    record.ended = None
    record.limit_at = limit
    run.in_flight[move.id, record.name] = record
    run.last_progress[move.wave] = at


def _end(
    run: Run, move: MoveRecord, record: ActRecord, at: datetime, outcome: str, detail: str
) -> None:
    record.outcome = outcome
    record.detail = detail
    record.ended = at
    run.in_flight.pop((move.id, record.name), None)
    run.last_progress[move.wave] = at


def _switching(run: Run, move: MoveRecord, record: ActRecord, at: datetime) -> None:
    """Keep the order in which subsystems switched: the unwind reverses it."""
    if record.state not in COMPLETE:
        return
    if record.name == "switch":
        move.switched_at = at
        run.switch_order.append(move.id)
    elif record.name == "switch-back":
        move.switched_back_at = at


def _step_ended(run: Run, at: datetime, event: ev.StepEnded) -> None:
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    record.state = ENDS[event.outcome]
    record.changes = event.changes
    _end(run, move, record, at, event.outcome, event.detail)
    _switching(run, move, record, at)


def _undo_ended(run: Run, at: datetime, event: ev.UndoEnded) -> None:
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    record.state = ENDS[event.outcome]
    record.changes = event.changes
    move.remains = (*move.remains, *event.remains)
    _end(run, move, record, at, event.outcome, event.detail)
    _switching(run, move, record, at)


def _step_doubted(run: Run, _at: datetime, event: ev.StepDoubted) -> None:
    record = run.moves[event.move].steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    record.state = ActState.DOUBTED


def _undo_doubted(run: Run, _at: datetime, event: ev.UndoDoubted) -> None:
    record = run.moves[event.move].undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    record.state = ActState.DOUBTED


def _step_settled(run: Run, at: datetime, event: ev.StepSettled) -> None:
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    _settle(run, move, record, at, event)


def _undo_settled(run: Run, at: datetime, event: ev.UndoSettled) -> None:
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    _settle(run, move, record, at, event)


def _settle(
    run: Run,
    move: MoveRecord,
    record: ActRecord,
    at: datetime,
    event: ev.StepSettled | ev.UndoSettled,
) -> None:
    record.state = SETTLES[event.outcome]
    if record.state is ActState.UNKNOWN:
        run.unknown.add((move.id, record.name))
    elif record.state is ActState.WAITING:
        record.spared += 1
    _end(run, move, record, at, event.outcome, event.detail)
    _switching(run, move, record, at)


def _step_resolved(run: Run, at: datetime, event: ev.StepResolved) -> None:
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    _resolve(run, move, record, at, f"step {event.move}/{event.step}", event)


def _undo_resolved(run: Run, at: datetime, event: ev.UndoResolved) -> None:
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    _resolve(run, move, record, at, f"undo {event.move}/{event.undo}", event)


def _resolve(
    run: Run,
    move: MoveRecord,
    record: ActRecord,
    at: datetime,
    subject: str,
    event: ev.StepResolved | ev.UndoResolved,
) -> None:
    record.state = RESOLUTIONS[event.how]
    run.in_flight.pop((move.id, record.name), None)
    run.unknown.discard((move.id, record.name))
    run.last_progress[move.wave] = at
    if event.how == "retry":
        record.allowance = record.nth + 1
        return
    note = f"{subject}: {event.how} by {event.by}: {event.reason}"
    run.waves[move.wave].exceptions.append(note)
    run.exceptions.append(note)
    _switching(run, move, record, at)


def _authority_moved(run: Run, _at: datetime, event: ev.AuthorityMoved) -> None:
    if event.subsystem not in run.authority:
        raise IllegalEvent(f"subsystem {event.subsystem}", run.state, event)
    run.authority[event.subsystem] = Side(event.side)


def _links_judged(run: Run, _at: datetime, event: ev.LinksJudged) -> None:
    run.moves[event.move].judged[event.look] = event


# --- checks -------------------------------------------------------------------------------------


def _check_opened(run: Run, at: datetime, event: ev.CheckOpened) -> None:
    state = CheckState.OPEN
    if event.check in run.checks:
        state = _check_event(run, event.check, event).state
    wave = event.check.rsplit("@", 1)[1]
    run.checks[event.check] = CheckRecord(event.check, wave, event.attempt, state, at)
    run.last_progress[wave] = at


def _check_assigned(run: Run, at: datetime, event: ev.CheckAssigned) -> None:
    check = _check_event(run, event.check, event)
    check.person = event.person
    check.assigned_at = at
    check.limit_at = event.limit_at
    check.overdue_held = False
    run.last_progress[check.wave] = at


def _tick_given(run: Run, at: datetime, event: ev.TickGiven) -> None:
    check = _check_event(run, event.check, event)
    check.ticks[event.person] = event.verdict
    check.ticked_at[event.person] = at
    check.note_digest = event.note_digest or check.note_digest
    if event.verdict == "does_not_work":
        check.state = CheckState.REFUSED
    elif event.verdict == "cannot_judge":
        check.declined_by = (*check.declined_by, event.person)
        check.state = CheckState.OPEN
        check.person = ""
    run.last_progress[check.wave] = at


def _tick_withdrawn(run: Run, at: datetime, event: ev.TickWithdrawn) -> None:
    check = _check_event(run, event.check, event)
    check.ticks.pop(event.person, None)
    run.last_progress[check.wave] = at


def _check_passed(run: Run, at: datetime, event: ev.CheckPassed) -> None:
    check = _check_event(run, event.check, event)
    run.last_progress[check.wave] = at


def _check_voided(run: Run, _at: datetime, event: ev.CheckVoided) -> None:
    _check_event(run, event.check, event)


# --- commands and waiting -----------------------------------------------------------------------


def _command_taken(run: Run, _at: datetime, event: ev.CommandTaken) -> None:
    run.commands.add(event.command)


def _command_refused(run: Run, _at: datetime, event: ev.CommandRefused) -> None:
    run.commands.add(event.command)


def _stalled(run: Run, _at: datetime, event: ev.Stalled) -> None:
    run.stalled[event.subject] = event


AnyEvent = TypeVar("AnyEvent", bound=ev.Event)
_Handler = Callable[[Run, datetime, AnyEvent], None]

_HANDLERS: Final = (
    _run_started, _run_paused, _run_resumed, _run_aborted, _run_ended,
    _gate_opened, _gate_decided, _gate_lapsed, _gate_postponed, _attempt_opened,
    _wave_held, _hold_released, _veto_given, _override_given, _override_asked, _code_spent,
    _unwind_begun, _move_returned, _part_returned, _wave_returned, _wave_stuck, _wave_unstuck,
    _wave_blocked, _wave_verified, _wave_accepted, _commit_begun, _wave_committed,
    _step_started, _step_ended, _step_doubted, _step_settled, _step_resolved,
    _undo_started, _undo_ended, _undo_doubted, _undo_settled, _undo_resolved,
    _authority_moved, _links_judged,
    _check_opened, _check_assigned, _tick_given, _tick_withdrawn, _check_passed, _check_voided,
    _command_taken, _command_refused, _stalled,
)  # fmt: skip


def _by_kind() -> dict[type[ev.Event], Callable[[Run, datetime, ev.Event], None]]:
    """Index the handlers by the event class that their third parameter names."""
    table: dict[type[ev.Event], Callable[[Run, datetime, ev.Event], None]] = {}
    for handler in _HANDLERS:
        name = handler.__annotations__["event"].removeprefix("ev.")
        table[ev.KINDS[name]] = handler  # type: ignore[assignment] # checked by the class name
    assert len(table) == len(ev.KINDS), "every kind of event needs a handler"
    return table


_APPLY: Final = _by_kind()
