"""The verbs of case handlers: tick a check or a task, and take a verdict back.

Called by `commands`. Who may verify stands in the plan; what a verdict means, in `verification/`.
Who has a check is changed in `handing.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal
from migrator.engine.disturbances import owner_of, report
from migrator.engine.editions import edition
from migrator.engine.policy import ENGINE_STEPS
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import CheckRecord, Run
from migrator.engine.states import ActState, CheckState, WaveState
from migrator.engine.tasks import task_of, tick_task
from migrator.incidents.model import CHECK
from migrator.plan.model import CheckLeg
from migrator.verification.assign import may_verify
from migrator.verification.left_behind import reference_fault
from migrator.verification.verdict import COUNTING, is_verdict

OLD_SIDE: Final = "old"
"""What a handler says who saw the old side's mark on the screen: whatever she verified, it was not
what has moved. Whoever cannot judge needs no side."""

_NO: Final = "does_not_work"
_OPEN: Final = frozenset({CheckState.OPEN, CheckState.ASSIGNED})
_LATE: Final = frozenset({WaveState.MOVING, WaveState.HELD, WaveState.ACCEPTED})
"""Waves in which it is never too late to say that something does not work."""


def check_named(run: Run, target: str) -> CheckLeg:
    """The check of that name."""
    plan = next((each for each in run.itinerary.checks if each.id == target), None)
    if plan is None:
        near = difflib.get_close_matches(target, [c.id for c in run.itinerary.checks], 1)
        raise Refusal(f"there is no check {target!r}" + (f"; {near[0]}?" if near else ""))
    return plan


def open_check(run: Run, plan: CheckLeg, *, late: bool = False) -> CheckRecord:
    """Its record, where a verdict is still wanted; `late`: or where it passed a while ago."""
    check = run.checks.get(plan.id)
    wave = run.waves[plan.wave]
    if check is None or check.attempt != wave.attempt:
        raise Refusal(f"{plan.id} cannot be verified yet: what it exercises has not switched")
    passed = late and check.state is CheckState.PASSED and wave.state in _LATE
    if check.state not in _OPEN and not passed:
        raise Refusal(
            f"{plan.id} is {check.state.value}, so no verdict is taken; if something does not "
            f"work, stop the wave: migrator hold RUN {plan.wave} --reason ..."
        )
    return check


def tick(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Give a verdict on a check, or on a person's task."""
    if task_of(run, command.target) is not None:
        return tick_task(run, command)
    plan, verdict = check_named(run, command.target), command.detail("verdict")
    check = open_check(run, plan, late=verdict == _NO)
    if not is_verdict(verdict):
        raise Refusal("a verdict is works, works_but, does_not_work or cannot_judge")
    if not may_verify(plan, command.actor):
        raise Refusal(f"{command.actor} may not verify {plan.id}; {', '.join(plan.eligible)} may")
    said = check.ticks.get(command.actor)
    if said is not None and not (verdict == _NO and said in COUNTING):
        raise Refusal(f"{command.actor} has said {said} already")
    seen = command.detail("edition")
    if seen and seen != edition(check):
        raise Refusal(
            f"{plan.id} was opened again at {check.opened:%H:%M %Z}, after that page was made: "
            "what was seen there does not count; verify it once more"
        )
    left = command.detail("left_behind").strip()
    if left and (fault := reference_fault(left)):
        raise Refusal(fault)
    return _effects(run, command, plan, check, now)


def _effects(
    run: Run, command: OperatorCommand, plan: CheckLeg, check: CheckRecord, now: datetime
) -> Effects:
    """What a verdict brings about at once; the engine goes on from there."""
    verdict = command.detail("verdict")
    note, picture = command.detail("note_digest"), command.detail("picture_digest")
    if command.detail("side") == OLD_SIDE and verdict != "cannot_judge":
        return [ev.WrongSideSeen(plan.id, check.attempt, command.actor, verdict, note, picture)]
    left = command.detail("left_behind").strip()
    effects: Effects = [
        ev.TickGiven(
            plan.id, check.attempt, command.actor, verdict, note, picture,
            check.text, check.estate, left,
        )
    ]  # fmt: skip
    if verdict == "works_but":
        name = f"F{len(run.defects) + 1}"
        effects.append(
            ev.DefectFiled(
                name, plan.id, check.attempt, plan.function or "", plan.wave, command.actor, note
            )
        )
    if verdict == _NO and run.waves[plan.wave].state is WaveState.ACCEPTED:
        effects.append(refused_late(run, plan, command.actor, now))
    return effects


def refused_late(
    run: Run, plan: CheckLeg, person: str, now: datetime
) -> ev.DisturbanceOpened | ev.DisturbanceNoted:
    """An accepted wave is held by nothing: what is refused there becomes a disturbance at once."""
    member = run.itinerary.members.get(person)
    name = person if member is None else member.name
    cause = f"{name} says that {plan.name['en']} does not work, after {plan.wave} was accepted"
    return report(run, now, plan.id, plan.wave, CHECK, cause, owner_of(run, plan.wave))


def withdraw(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Take a verdict back, for some minutes and while nothing has gone on from it."""
    check = run.checks.get(command.target)
    if check is None or command.actor not in check.ticks:
        raise Refusal(f"{command.actor} has given no verdict on {command.target}")
    wave = run.waves[check.wave]
    if check.state is CheckState.REFUSED and wave.state in _LATE:
        _in_time(run, command, check, now)  # nothing goes on from a refusal
    else:
        _nothing_went_on(run, check)
        _in_time(run, command, check, now)
    effects: Effects = [ev.TickWithdrawn(check.id, check.attempt, command.actor)]
    effects += [
        ev.HoldReleased(wave.id, check.id, command.actor, "the refusal was withdrawn")
        for hold in wave.holds
        if hold.subject == check.id
    ]
    return effects


def _in_time(run: Run, command: OperatorCommand, check: CheckRecord, now: datetime) -> None:
    minutes = run.itinerary.policy.verifying.withdraw_minutes
    if now > check.ticked_at[command.actor] + timedelta(minutes=minutes):
        raise Refusal(
            f"too late: a verdict can be taken back for {minutes:g} min; if something does not "
            f"work, stop the wave: migrator hold RUN {check.wave} --reason ..."
        )


def _nothing_went_on(run: Run, check: CheckRecord) -> None:
    wave = run.waves[check.wave]
    if wave.verified or wave.state not in {WaveState.MOVING, WaveState.HELD}:
        raise Refusal(f"too late: {wave.id} is verified on it; hold the wave, or unwind it")
    if check.state in {CheckState.OPEN, CheckState.VOID}:
        raise Refusal(
            f"{check.id} is {check.state.value}, so no verdict is taken back; if something does "
            f"not work, stop the wave: migrator hold RUN {wave.id} --reason ..."
        )
    if check.state is CheckState.PASSED and any(
        record.name in ENGINE_STEPS and record.state is ActState.DONE
        for move in next(c for c in run.itinerary.checks if c.id == check.id).core
        for record in run.moves[move].steps.values()
    ):
        raise Refusal(f"too late: {wave.id} has gone on from it; hold the wave, or unwind it")
