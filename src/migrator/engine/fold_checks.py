"""The part of the fold that is about checks: opened, assigned, ticked, passed, void.

Used by `engine/fold.py` alone. What an event makes of a check stands in `engine/states.py`.
"""

from __future__ import annotations

from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.run import CheckRecord, Run
from migrator.engine.states import CHECK, CheckState, IllegalEvent


def _check_event(run: Run, check_id: str, event: ev.Event) -> CheckRecord:
    check = run.checks[check_id]
    following = CHECK[check.state].get(type(event))
    if following is None:
        raise IllegalEvent(f"check {check_id}", check.state, event)
    check.state = following
    return check


def check_opened(run: Run, at: datetime, event: ev.CheckOpened) -> None:
    """The function can be verified now."""
    state = CheckState.OPEN
    if event.check in run.checks:
        state = _check_event(run, event.check, event).state
    wave = event.check.rsplit("@", 1)[1]
    run.checks[event.check] = CheckRecord(event.check, wave, event.attempt, state, at)
    run.last_progress[wave] = at


def check_assigned(run: Run, at: datetime, event: ev.CheckAssigned) -> None:
    """A person was given the check."""
    check = _check_event(run, event.check, event)
    check.person = event.person
    check.assigned_at = at
    check.limit_at = event.limit_at
    check.overdue_held = False
    run.last_progress[check.wave] = at


def tick_given(run: Run, at: datetime, event: ev.TickGiven) -> None:
    """A handler has said what works."""
    check = _check_event(run, event.check, event)
    check.ticks[event.person] = event.verdict
    check.ticked_at[event.person] = at
    check.note_digest = event.note_digest or check.note_digest
    check.notes[event.person] = event.note_digest
    check.pictures[event.person] = event.picture_digest
    if event.verdict == "does_not_work":
        check.state = CheckState.REFUSED
    elif event.verdict == "cannot_judge":
        check.declined_by = (*check.declined_by, event.person)
        check.state = CheckState.OPEN
        check.person = ""
    run.last_progress[check.wave] = at


def wrong_side_seen(run: Run, at: datetime, event: ev.WrongSideSeen) -> None:
    """A handler has looked at the old side."""
    check = _check_event(run, event.check, event)
    check.wrong_side = (*check.wrong_side, event.person)
    run.last_progress[check.wave] = at


def tick_withdrawn(run: Run, at: datetime, event: ev.TickWithdrawn) -> None:
    """A verdict was taken back."""
    check = _check_event(run, event.check, event)
    check.ticks.pop(event.person, None)
    check.notes.pop(event.person, None)
    check.pictures.pop(event.person, None)
    run.last_progress[check.wave] = at


def check_passed(run: Run, at: datetime, event: ev.CheckPassed) -> None:
    """Enough of the right people said that it works."""
    check = _check_event(run, event.check, event)
    run.last_progress[check.wave] = at


def check_voided(run: Run, _at: datetime, event: ev.CheckVoided) -> None:
    """What was verified is no longer there."""
    _check_event(run, event.check, event)
