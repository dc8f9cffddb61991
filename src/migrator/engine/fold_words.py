"""The part of the fold that is about people's words: more time, waived links, limits, records.

Used by `engine/fold.py` alone. A word never moves a wave or a check along its table; a waiver that
leaves no regressed link makes its look stand as decided.
"""

from __future__ import annotations

from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.run import Run
from migrator.engine.states import ActState, CheckState, IllegalEvent, WaveState


def deadline_extended(run: Run, _at: datetime, event: ev.DeadlineExtended) -> None:
    """What waits has more time."""
    if event.subject in run.waves:
        wave = run.waves[event.subject]
        if wave.state is not WaveState.DECIDING:
            raise IllegalEvent(f"wave {wave.id}", wave.state, event)
        wave.gate_deadline = event.until
    elif event.subject in run.checks:
        check = run.checks[event.subject]
        if check.state is not CheckState.ASSIGNED:
            raise IllegalEvent(f"check {check.id}", check.state, event)
        check.limit_at = event.until
    else:
        move, _, name = event.subject.partition("/")
        act = run.in_flight.get((move, name))
        if act is None or act.state is not ActState.STARTED:
            raise IllegalEvent(f"act {event.subject}", run.state, event)
        act.limit_at = event.until
    run.stalled.pop(event.subject, None)  # it is said anew when the new time is over, too


def link_waived(run: Run, _at: datetime, event: ev.LinkWaived) -> None:
    """A regressed link is let be, in one look of one move."""
    move = run.moves[event.move]
    act = move.steps[event.look]
    if act.state is not ActState.FAILED:
        raise IllegalEvent(f"look {event.move}/{event.look}", act.state, event)
    move.waived[event.look] = (*move.waived.get(event.look, ()), event.link)
    note = f"{event.move}/{event.look}: link {event.link} waived by {event.by}: {event.reason}"
    run.waves[event.wave].exceptions.append(note)
    run.exceptions.append(note)
    if event.left == 0:
        act.overridden = True
        act.state = ActState.FORCED
        run.overrides_asked.pop(f"{event.move}/{event.look}", None)


def signed(run: Run, at: datetime, event: ev.Signed) -> None:
    """A stated limit; the newer hour of the same words counts."""
    run.signed[event.limit.casefold()] = event
    run.signed_at[event.limit.casefold()] = at


def forecast_made(run: Run, _at: datetime, event: ev.ForecastMade) -> None:
    """What is expected now. Once it is good again, what was answered for may be asked anew."""
    run.forecast = event
    wanted = run.itinerary.policy.forecast.forward_first_min
    if event.limit is None or event.forward_first >= wanted:
        run.forecast_answered = False


def hand_recorded(run: Run, _at: datetime, event: ev.HandRecorded) -> None:
    """What was done by hand, in the words of whoever did it."""
    run.by_hand.append(event)
