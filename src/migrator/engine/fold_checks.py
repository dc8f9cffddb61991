"""The part of the fold that is about checks: opened, assigned, ticked, passed, void; who is there.

Used by `engine/fold.py` alone. What an event makes of a check stands in `engine/states.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from migrator.engine import events as ev
from migrator.engine.policy import reaction
from migrator.engine.run import CheckRecord, Defect, LeftBehind, Run
from migrator.engine.states import CHECK, CheckState, IllegalEvent
from migrator.plan.model import Trouble


def _check_event(run: Run, check_id: str, event: ev.Event) -> CheckRecord:
    check = run.checks[check_id]
    following = CHECK[check.state].get(type(event))
    if following is None:
        raise IllegalEvent(f"check {check_id}", check.state, event)
    check.state = following
    return check


def check_opened(run: Run, at: datetime, event: ev.CheckOpened) -> None:
    """The function can be verified now, or must be again."""
    state, before = CheckState.OPEN, run.checks.get(event.check)
    if before is not None:
        state = _check_event(run, event.check, event).state
    wave = event.check.rsplit("@", 1)[1]
    record = CheckRecord(event.check, wave, event.attempt, state, at)
    record.text, record.estate = event.text, event.estate
    if before is not None and before.attempt == event.attempt:
        _still_with(record, before)
    run.checks[event.check] = record
    run.last_progress[wave] = at


def _still_with(record: CheckRecord, before: CheckRecord) -> None:
    """Whoever has not answered yet keeps a check that is opened again in the same attempt."""
    record.wrong_side, record.passed_on = before.wrong_side, before.passed_on
    if before.person and before.person not in before.ticks and before.limit_at is not None:
        record.state, record.person = CheckState.ASSIGNED, before.person
        record.assigned_at, record.limit_at = before.assigned_at, before.limit_at
        record.claimed, record.reminded = before.claimed, before.reminded
        record.overdue_held = before.overdue_held


def check_assigned(run: Run, at: datetime, event: ev.CheckAssigned) -> None:
    """A person was given the check, or took it."""
    check = _check_event(run, event.check, event)
    _give(run, check, event.person, at, event.limit_at)
    check.claimed = event.claimed
    if event.claimed:
        check.passed_on = tuple(who for who in check.passed_on if who != event.person)


def _give(run: Run, check: CheckRecord, person: str, at: datetime, limit: datetime | None) -> None:
    check.person, check.assigned_at, check.limit_at = person, at, limit
    check.claimed = check.reminded = check.overdue_held = False
    run.last_progress[check.wave] = at


def check_reminded(run: Run, _at: datetime, event: ev.CheckReminded) -> None:
    """Whoever has the check was reminded of it."""
    _check_event(run, event.check, event).reminded = True


def check_escalated(run: Run, at: datetime, event: ev.CheckEscalated) -> None:
    """The deputy has the check now."""
    check = _check_event(run, event.check, event)
    _give(run, check, event.person, at, event.limit_at)
    check.passed_on = tuple(dict.fromkeys((*check.passed_on, event.was)))


def check_handed_over(run: Run, at: datetime, event: ev.CheckHandedOver) -> None:
    """Somebody else has the check, or nobody."""
    check = _check_event(run, event.check, event)
    if event.to:
        check.state = CheckState.ASSIGNED
    _give(run, check, event.to, at, event.limit_at)
    check.passed_on = tuple(dict.fromkeys((*check.passed_on, event.was)))


def tick_given(run: Run, at: datetime, event: ev.TickGiven) -> None:
    """A handler has said what works."""
    late = run.checks[event.check].state is CheckState.PASSED
    if late and event.verdict != "does_not_work":
        raise IllegalEvent(f"check {event.check}", CheckState.PASSED, event)
    check = _check_event(run, event.check, event)
    if event.person in check.ticks:
        check.said_before[event.person] = check.ticks[event.person]
    check.ticks[event.person] = event.verdict
    check.ticked_at[event.person] = at
    check.note_digest = event.note_digest or check.note_digest
    check.notes[event.person] = event.note_digest
    check.pictures[event.person] = event.picture_digest
    if event.left_behind:
        run.left_behind.append(
            LeftBehind(event.check, check.wave, event.attempt, event.person, event.left_behind, at)
        )
    if late:
        pass  # the table says what a late refusal makes of it
    elif event.verdict == "does_not_work":
        check.state = CheckState.REFUSED
    elif event.verdict == "cannot_judge":
        check.declined_by = (*check.declined_by, event.person)
        check.state = CheckState.OPEN
        check.person = ""
    run.last_progress[check.wave] = at


def defect_filed(run: Run, at: datetime, event: ev.DefectFiled) -> None:
    """Something is wrong in what works."""
    run.defects[event.defect] = Defect(
        event.defect, event.check, event.function, event.wave, event.attempt, event.person,
        event.note_digest, at,
    )  # fmt: skip


def defect_raised(run: Run, at: datetime, event: ev.DefectRaised) -> None:
    """Whoever leads the wave says that it does not work."""
    check = _check_event(run, event.check, event)
    if event.by in check.ticks:
        check.said_before[event.by] = check.ticks[event.by]
    check.ticks[event.by] = "does_not_work"
    check.ticked_at[event.by] = at
    run.defects[event.defect].raised_by = event.by
    run.last_progress[check.wave] = at


def _take_back_defects(run: Run, check: CheckRecord, person: str, *, alone: bool) -> None:
    """What somebody takes back is raised no longer, and no defect where nothing else was said."""
    for defect in run.defects.values():
        if defect.check != check.id or defect.attempt != check.attempt:
            continue
        if defect.raised_by == person:
            defect.raised_by = ""
        elif defect.person == person and alone:
            defect.withdrawn = True


def _time_again(run: Run, check: CheckRecord, at: datetime) -> None:
    """Whoever has to answer anew has the policy's patience for it."""
    if check.limit_at is not None and check.person not in check.ticks:
        after = reaction(run.itinerary.policy, Trouble.UNANSWERED.value).after_minutes
        check.limit_at = max(check.limit_at, at + timedelta(minutes=after))
        check.reminded = False


def person_arrived(run: Run, at: datetime, event: ev.PersonArrived) -> None:
    """Somebody is there."""
    run.arrived[event.person] = at
    run.absent.pop(event.person, None)


def person_left(run: Run, _at: datetime, event: ev.PersonLeft) -> None:
    """Somebody is gone."""
    run.arrived.pop(event.person, None)


def person_absent(run: Run, _at: datetime, event: ev.PersonAbsent) -> None:
    """Somebody should be there."""
    run.absent[event.person] = event.since


def wrong_side_seen(run: Run, at: datetime, event: ev.WrongSideSeen) -> None:
    """A handler has looked at the old side."""
    check = _check_event(run, event.check, event)
    check.wrong_side = (*check.wrong_side, event.person)
    run.last_progress[check.wave] = at


def tick_withdrawn(run: Run, at: datetime, event: ev.TickWithdrawn) -> None:
    """A verdict was taken back."""
    check = _check_event(run, event.check, event)
    check.ticks.pop(event.person, None)
    before = check.said_before.pop(event.person, "")
    if before:  # the last word is taken back; the one before it stands
        check.ticks[event.person] = before
    _take_back_defects(run, check, event.person, alone=not before)
    _time_again(run, check, at)
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
