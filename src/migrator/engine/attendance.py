"""Who is there, in a run whose plan asks for it: arrived, gone, named when nobody heard of them.

Called by `decide`, by `checks` and by `commands`. Where presence is assumed, or the run is a
practice, everybody on shift is there, and nobody is ever named as absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal
from migrator.engine.draft import Draft
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import FINAL_WAVES, CheckState
from migrator.plan.model import Member
from migrator.verification.assign import next_shift
from migrator.verification.presence import has_arrived, may_arrive, named_at, stretch_at


def presence_required(run: Run) -> bool:
    """Tell whether a handler must have said to be there before a check is given."""
    asked = run.itinerary.policy.verifying.presence == "required"
    return asked and run.started is not None and not run.started.practice


def is_there(run: Run, member: Member, now: datetime) -> bool:
    """Tell whether a check may be given to somebody who is on shift."""
    return not presence_required(run) or has_arrived(member, run.arrived.get(member.id), now)


def decide_attendance(draft: Draft) -> None:
    """Name whoever is on shift and needed, and has not said to be there."""
    run = draft.run
    if not presence_required(run):
        return
    assert run.started is not None, "only a started run is decided on"
    after = run.itinerary.policy.verifying.absent_minutes
    for member in _needed(run):
        due = named_at(member, run.started.anchor, after, draft.now)
        current = stretch_at(member, draft.now)
        if draft.now < due:
            draft.wake(due)
        elif current is not None and _unheard_of(run, member, current[0], draft.now):
            draft.add(ev.PersonAbsent(member.id, current[0], current[1]))


def _unheard_of(run: Run, member: Member, since: datetime, now: datetime) -> bool:
    """Tell whether somebody should be there, is not, and was not named in this stretch yet."""
    there = has_arrived(member, run.arrived.get(member.id), now)
    return not there and run.absent.get(member.id) != since


def _needed(run: Run) -> Iterator[Member]:
    """Those who may verify something that is still to come, each once."""
    seen: set[str] = set()
    for check in run.itinerary.checks:
        if run.waves[check.wave].state in FINAL_WAVES:
            continue
        for person in check.eligible:
            member = run.itinerary.members.get(person)
            if person not in seen and member is not None and member.shifts:
                seen.add(person)
                yield member


def arrive(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Say to be there."""
    member = _member(run, command.actor)
    if not may_arrive(member, now):
        coming = next_shift((member,), now)
        when = f"; say so when it begins, {coming:%Y-%m-%d %H:%M %Z}" if coming else ""
        raise Refusal(f"{member.name} has no shift now{when}")
    if has_arrived(member, run.arrived.get(member.id), now):
        raise Refusal(f"{member.name} is there already")
    return [ev.PersonArrived(member.id)]


def leave(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Say to be gone; a check that is not answered goes back to everybody who may."""
    member = _member(run, command.actor)
    if member.id not in run.arrived:
        raise Refusal(f"{member.name} has not said to be there")
    reason = command.reason or "gone"
    return [
        ev.PersonLeft(member.id),
        *(
            ev.CheckHandedOver(check.id, check.attempt, member.id, "", None, command.actor, reason)
            for check in run.checks.values()
            if check.state is CheckState.ASSIGNED
            and check.person == member.id
            and member.id not in check.ticks
        ),
    ]


def _member(run: Run, person: str) -> Member:
    member = run.itinerary.members.get(person)
    if member is None:
        raise Refusal(f"{person or 'nobody'} is not among the people of this run")
    return member
