"""The verbs of case handlers: tick a check or a task, and take a verdict back.

Called by `commands`. Who may verify stands in the plan; what a verdict means, in `verification/`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal
from migrator.engine.policy import ENGINE_STEPS
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import ActState, CheckState, WaveState
from migrator.engine.tasks import task_of, tick_task
from migrator.verification.verdict import is_verdict

OLD_SIDE: Final = "old"
"""What a handler says who saw the old side's mark on the screen: whatever she verified, it was not
what has moved. Whoever cannot judge needs no side."""


def tick(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Give a verdict on a check, or on a person's task."""
    if task_of(run, command.target) is not None:
        return tick_task(run, command)
    check = run.checks.get(command.target)
    plan = next((each for each in run.itinerary.checks if each.id == command.target), None)
    if plan is None:
        near = difflib.get_close_matches(command.target, [c.id for c in run.itinerary.checks], 1)
        raise Refusal(f"there is no check {command.target!r}" + (f"; {near[0]}?" if near else ""))
    if check is None or check.attempt != run.waves[plan.wave].attempt:
        raise Refusal(f"{plan.id} cannot be verified yet: what it exercises has not switched")
    if check.state not in {CheckState.OPEN, CheckState.ASSIGNED}:
        raise Refusal(
            f"{plan.id} is {check.state.value}, so no verdict is taken; if something does not "
            f"work, stop the wave: migrator hold RUN {plan.wave} --reason ..."
        )
    verdict = command.detail("verdict")
    if not is_verdict(verdict):
        raise Refusal("a verdict is works, works_but, does_not_work or cannot_judge")
    if plan.eligible and command.actor not in plan.eligible:
        raise Refusal(f"{command.actor} may not verify {plan.id}; {', '.join(plan.eligible)} may")
    if command.actor in check.ticks:
        raise Refusal(f"{command.actor} has said {check.ticks[command.actor]} already")
    note, picture = command.detail("note_digest"), command.detail("picture_digest")
    if command.detail("side") == OLD_SIDE and verdict != "cannot_judge":
        return [ev.WrongSideSeen(plan.id, check.attempt, command.actor, verdict, note, picture)]
    return [ev.TickGiven(plan.id, check.attempt, command.actor, verdict, note, picture)]


def withdraw(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Take a verdict back while nothing has gone on from it."""
    check = run.checks.get(command.target)
    if check is None or command.actor not in check.ticks:
        raise Refusal(f"{command.actor} has given no verdict on {command.target}")
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
    effects: Effects = [ev.TickWithdrawn(check.id, check.attempt, command.actor)]
    effects += [
        ev.HoldReleased(wave.id, check.id, command.actor, "the refusal was withdrawn")
        for hold in wave.holds
        if hold.subject == check.id
    ]
    return effects
