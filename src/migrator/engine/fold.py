"""The state of a run as a fold over its events: `fold(itinerary, events) -> Run`.

Every state follows from events by the tables of `engine/states.py`. Only `apply` changes a Run, one
event at a time; an illegal event raises and changes nothing. Called by the conductor for each
commit, and by everybody who reads a journal: there is no other way to a run's state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from migrator.engine import events as ev
from migrator.engine import fold_acts as acts
from migrator.engine import fold_checks as checks
from migrator.engine import fold_disturbances as disturbances
from migrator.engine import fold_plan as plans
from migrator.engine import fold_words as words
from migrator.engine.policy import FORECAST, reaction
from migrator.engine.run import (
    Hold,
    Run,
    WaveRecord,
    fresh_move,
    new_run,
)
from migrator.engine.states import (
    RUN,
    WAVE,
    ActState,
    IllegalEvent,
    Side,
    WaveState,
)
from migrator.plan.model import Itinerary, Trouble, UndoKind
from migrator.plan.unwind_order import unwind_arcs


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


# --- the run ------------------------------------------------------------------------------------


def _run_started(run: Run, at: datetime, event: ev.RunStarted) -> None:
    if run.started is not None:
        raise IllegalEvent("the run", run.state, event)
    run.started = event
    run.program = event.program
    for wave in run.waves:
        run.last_progress[wave] = at


def _run_paused(run: Run, at: datetime, event: ev.RunPaused) -> None:
    _run_event(run, event)
    run.paused_because = event.reason
    run.paused_at = at


def _run_resumed(run: Run, _at: datetime, event: ev.RunResumed) -> None:
    _run_event(run, event)
    run.paused_because = ""
    run.paused_at = None
    run.paused_for = ""


def _run_aborted(run: Run, _at: datetime, event: ev.RunAborted) -> None:
    _run_event(run, event)
    run.paused_because = event.reason


def _run_ended(run: Run, _at: datetime, event: ev.RunEnded) -> None:
    _run_event(run, event)
    run.outcome = event.outcome


def _version_accepted(run: Run, _at: datetime, event: ev.VersionAccepted) -> None:
    run.program = event.goes_on_with


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
    wave.begun = None
    wave.reasons = {}
    wave.started_at = None
    wave.ended_at = None
    wave.gate_deadline = None
    wave.opened_at = None
    wave.decided_at = None
    run.last_progress[event.wave] = at
    for leg in run.itinerary.legs.values():
        if leg.wave == event.wave and run.authority[leg.id] is Side.OLD:
            run.moves[leg.id] = fresh_move(run.itinerary, leg.id, event.attempt)
            # What nobody could tell of the attempt before was undone with it: nobody is asked now.
            run.unknown -= {pair for pair in run.unknown if pair[0] == leg.id}


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
    _patience_again(run, wave, at)
    if any(h.trouble == FORECAST and event.subject in {"", h.subject} for h in wave.holds):
        run.forecast_answered = True
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


def _patience_again(run: Run, wave: WaveRecord, at: datetime) -> None:
    """Whoever releases an unanswered task gives it the policy's patience once more."""
    after = reaction(run.itinerary.policy, Trouble.UNANSWERED.value).after_minutes
    for hold in wave.holds:
        move, _, name = hold.subject.partition("/")
        act = run.in_flight.get((move, name))
        if hold.trouble == Trouble.UNANSWERED.value and act is not None:
            act.limit_at = at + timedelta(minutes=max(after, 1.0))


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


def _loss_accepted(run: Run, _at: datetime, event: ev.LossAccepted) -> None:
    lost = "; ".join(event.lost) or "nobody can tell what"
    note = (
        f"{event.move}: unwound with loss ({lost}); "
        f"{event.by} and {event.second} answer for it: {event.reason}"
    )
    run.waves[run.moves[event.move].wave].exceptions.append(note)
    run.exceptions.append(note)
    run.losses[event.move] = event.lost
    run.overrides_asked.pop(f"{event.move}/{UndoKind.BRING_BACK}", None)


def _override_asked(run: Run, _at: datetime, event: ev.OverrideAsked) -> None:
    run.overrides_asked[event.subject] = event


def _code_spent(run: Run, _at: datetime, event: ev.CodeSpent) -> None:
    run.codes_spent.add(event.digest)


def _unwind_begun(run: Run, at: datetime, event: ev.UnwindBegun) -> None:
    busy = {move for (move, _), act in run.in_flight.items() if act.alters}
    if busy.intersection(event.moves):  # it would take effect behind its undo's back
        raise IllegalEvent(f"wave {event.wave}", run.waves[event.wave].state, event)
    wave = _wave_event(run, event.wave, event)
    wave.holds.clear()
    wave.cause = event.cause
    wave.partial = event.partial
    wave.begun = event
    wave.unwinding = tuple(dict.fromkeys((*wave.unwinding, *event.moves)))
    for move, reason in zip(event.moves, event.reasons, strict=True):
        wave.reasons[move] = reason
        run.moves[move].unwinding = True
        run.moves[move].undoing = acts.needed_undos(run, run.moves[move])
    everywhere = [record.id for record in run.moves.values() if record.unwinding]
    run.unwind_waits = unwind_arcs(
        everywhere, run.switch_order, run.itinerary.pairs, run.itinerary.legs
    )
    run.last_progress[event.wave] = at


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
    _run_started, _run_paused, _run_resumed, _run_aborted, _run_ended, _version_accepted,
    _gate_opened, _gate_decided, _gate_lapsed, _gate_postponed, _attempt_opened,
    _wave_held, _hold_released, _veto_given, _override_given, _override_asked, _code_spent,
    _loss_accepted,
    _unwind_begun, _move_returned, _part_returned, _wave_returned, _wave_stuck, _wave_unstuck,
    _wave_blocked, _wave_verified, _wave_accepted, _commit_begun, _wave_committed,
    acts.step_started, acts.step_ended, acts.step_doubted, acts.step_settled, acts.step_resolved,
    acts.undo_started, acts.undo_ended, acts.undo_doubted, acts.undo_settled, acts.undo_resolved,
    acts.authority_moved, acts.links_judged, acts.links_covered,
    checks.check_opened, checks.check_assigned, checks.check_passed, checks.check_voided,
    checks.tick_given, checks.tick_withdrawn, checks.wrong_side_seen,
    checks.check_reminded, checks.check_escalated, checks.check_handed_over,
    checks.defect_filed, checks.defect_raised,
    checks.person_arrived, checks.person_left, checks.person_absent,
    words.deadline_extended, words.link_waived, words.signed, words.hand_recorded,
    words.forecast_made,
    disturbances.disturbance_opened, disturbances.disturbance_staffed,
    disturbances.disturbance_noted, disturbances.disturbance_hastened,
    disturbances.disturbance_warned, disturbances.disturbance_reddened,
    disturbances.disturbance_closed,
    plans.second_asked, plans.step_amended, plans.replanned,
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
