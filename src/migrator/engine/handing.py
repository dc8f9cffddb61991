"""Who has a check: taken by a handler, handed to another; and a defect that becomes a refusal.

Called by `commands`. The engine gives checks by itself in `checks.py`; here people do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, leading, may_decide
from migrator.engine.attendance import is_there
from migrator.engine.checks import limit_of_check
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import CheckRecord, Defect, Run
from migrator.engine.states import CheckState, WaveState
from migrator.engine.verdicts import check_named, open_check, refused_late
from migrator.plan.model import CheckLeg
from migrator.verification.assign import may_verify, on_shift

_UNDECIDED = frozenset({WaveState.MOVING, WaveState.HELD, WaveState.ACCEPTED})


def claim(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Take a check that nobody has."""
    plan = check_named(run, command.target)
    check = open_check(run, plan)
    _may_have(run, plan, check, command.actor, now)
    if check.person == command.actor and check.state is CheckState.ASSIGNED:
        raise Refusal(f"{command.actor} has {plan.id} already")
    overdue = check.limit_at is not None and now >= check.limit_at
    if check.state is CheckState.ASSIGNED and check.person not in check.ticks and not overdue:
        raise Refusal(
            f"{check.person} has {plan.id}; it can be handed over: migrator hand-over RUN {plan.id}"
        )
    return [
        ev.CheckAssigned(
            plan.id, check.attempt, command.actor, limit_of_check(run, plan, now), claimed=True
        )
    ]


def hand_over(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Give a check to a named person, or back to everybody who may."""
    plan = check_named(run, command.target)
    check = open_check(run, plan)
    if check.state is not CheckState.ASSIGNED or check.person in check.ticks:
        raise Refusal(f"nobody has {plan.id} now, so nobody can hand it over")
    may_decide(run, command, (check.person, *leading(run, plan.wave)))
    if not command.reason:
        raise Refusal("say why it is handed over")
    to = command.detail("to")
    if to:
        if to == check.person:
            raise Refusal(f"{to} has {plan.id} already")
        _may_have(run, plan, check, to, now)
        member = run.itinerary.members.get(to)
        if member is not None and not (on_shift(member, now) and is_there(run, member, now)):
            raise Refusal(f"{member.name} is not there now; hand it to somebody who is")
    limit = limit_of_check(run, plan, now) if to else None
    return [
        ev.CheckHandedOver(
            plan.id, check.attempt, check.person, to, limit, command.actor, command.reason
        )
    ]


def _may_have(run: Run, plan: CheckLeg, check: CheckRecord, person: str, now: datetime) -> None:
    """One person has one check at a time, says one thing about it, and must be allowed to."""
    if not may_verify(plan, person):
        raise Refusal(f"{person} may not verify {plan.id}; {', '.join(plan.eligible)} may")
    if person in check.ticks:
        raise Refusal(f"{person} has said {check.ticks[person]} already; another person must")
    member = run.itinerary.members.get(person)
    if member is not None and not is_there(run, member, now) and on_shift(member, now):
        raise Refusal(f"{member.name} has not said to be there: migrator arrive RUN")
    for other in run.checks.values():
        has = other.state is CheckState.ASSIGNED and other.person == person
        if has and other.id != plan.id and person not in other.ticks:
            raise Refusal(f"{person} has {other.id}; answer it first, or hand it over")


def raise_defect(
    run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]
) -> Effects:
    """Take a defect for a refusal: with all that follows when a handler says so."""
    defect = _defect(run, command.target)
    wave = run.waves[defect.wave]
    may_decide(run, command, leading(run, defect.wave))
    if not command.reason:
        raise Refusal("say why the defect is no small one")
    check = run.checks[defect.check]
    if defect.withdrawn:
        raise Refusal(f"{defect.id} was taken back by {defect.person}")
    if defect.attempt != check.attempt or check.state is CheckState.VOID:
        raise Refusal(f"{defect.id} is of what was taken back since")
    if wave.state not in _UNDECIDED:
        raise Refusal(f"{wave.id} is {wave.state.value}; nothing can be refused there any more")
    if check.state is CheckState.REFUSED:
        raise Refusal(f"{check.id} is refused already")
    effects: Effects = [
        ev.DefectRaised(defect.id, check.id, check.attempt, command.actor, command.reason)
    ]
    if wave.state is WaveState.ACCEPTED:
        effects.append(refused_late(run, check_named(run, check.id), command.actor, now))
    return effects


def _defect(run: Run, target: str) -> Defect:
    """A defect by its name; or the only one of a check."""
    if target in run.defects:
        return run.defects[target]
    found = [
        each
        for each in run.defects.values()
        if each.check == target and not each.withdrawn and not each.raised_by
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.id for each in (found or run.defects.values()))
    if found:
        raise Refusal(f"{target} has several defects; name one: {known}")
    raise Refusal(
        f"there is no defect {target!r}" + (f"; known are {known}" if known else " in this run")
    )
