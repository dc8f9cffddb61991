"""The verb extend: more time for a gate, a check, a person's task or an act that is under way.

Called by `commands`. The clock of an announced unwind is not among them: only a veto stops it, so
that nobody postpones a rollback by a quarter of an hour at a time. No deadline is moved into the
past, nor beyond the window, and each move is on record with its reason.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, leading, may_decide, not_aborted
from migrator.engine.policy import ENGINE_STEPS
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, WaveRecord
from migrator.engine.states import ActState, CheckState, WaveState
from migrator.engine.tasks import means_of

MINUTES_MAX: Final = 7 * 24 * 60.0
"""No window is longer than a week; a larger number is a slip of the hand."""


def extend(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Move a deadline that has not passed."""
    if not command.reason:
        raise Refusal("an extension needs a reason; it is listed in the report")
    _no_unwind_clock(run, command.target)
    was = _deadline(run, command)
    until = _until(command, max(was, now))
    end = run.itinerary.window.end
    if until <= now:
        raise Refusal(f"{until.isoformat()} has passed")
    if until <= was:
        raise Refusal(f"{command.target} has time until {was.isoformat()}; extend gives it more")
    if until > end:
        raise Refusal(f"the window ends {end.isoformat()}; nothing is extended beyond it")
    return [ev.DeadlineExtended(command.target, was, until, command.actor, command.reason)]


def _no_unwind_clock(run: Run, target: str) -> None:
    """The wave as a whole, or what it is held for: its clock is not for this verb."""
    for wave in run.waves.values():
        clocks = [hold for hold in wave.holds if hold.unwind_at is not None]
        if clocks and (target == wave.id or any(hold.subject == target for hold in clocks)):
            raise Refusal(
                f"{wave.id} is held, and its unwind clock is never extended; "
                f"stop it: migrator veto RUN {wave.id}"
            )


def _until(command: OperatorCommand, base: datetime) -> datetime:
    """The hour that was asked for: as such, or as so many minutes more."""
    hour, minutes = command.detail("until"), command.detail("minutes")
    if bool(hour) is bool(minutes):
        raise Refusal("extend needs either a time (--until TIME) or so much more (--by 15m)")
    try:
        if minutes:
            more = float(minutes)
            if not 0 < more <= MINUTES_MAX:
                raise Refusal(f"{minutes} minutes more are none, or more than a week")
            return base + timedelta(minutes=more)
        until = datetime.fromisoformat(hour)
    except ValueError:
        raise Refusal(f"{hour or minutes!r} is no time; write 2023-10-14T09:30+02:00") from None
    if until.tzinfo is None:
        raise Refusal("the time of extend needs an offset, such as +02:00")
    return until


def _deadline(run: Run, command: OperatorCommand) -> datetime:
    """The deadline as it stands. Refusal where none runs, or where the actor has no say."""
    target = command.target
    if target in run.waves:
        return _of_gate(run, command, run.waves[target])
    if any(check.id == target for check in run.itinerary.checks):
        return _of_check(run, command)
    if target.partition("/")[0] in run.moves and "/" in target:
        return _of_act(run, command)
    names = [*run.waves, *run.checks, *(f"{move}/{act}" for move, act in run.in_flight)]
    near = difflib.get_close_matches(target, names, 1)
    raise Refusal(f"nothing called {target!r} has a deadline" + (f"; {near[0]}?" if near else ""))


def _of_gate(run: Run, command: OperatorCommand, wave: WaveRecord) -> datetime:
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    may_decide(run, command, leg.deciders)
    not_aborted(run)
    if wave.state is WaveState.PLANNED:
        raise Refusal(f"the gate of {wave.id} is not open yet; it has its whole time before it")
    if wave.state is not WaveState.DECIDING:
        raise Refusal(f"{wave.id} is {wave.state.value}; its gate waits for nobody")
    assert wave.gate_deadline is not None, "a deciding wave has a deadline"
    return wave.gate_deadline


def _of_check(run: Run, command: OperatorCommand) -> datetime:
    wave = run.waves[command.target.rsplit("@", 1)[1]]
    may_decide(run, command, leading(run, wave.id))
    known = run.checks.get(command.target)
    if known is None or known.attempt != wave.attempt:
        raise Refusal(f"{command.target} cannot be verified yet, so nobody's time runs")
    _not_held_for(wave, command.target)
    if known.state is not CheckState.ASSIGNED or known.person in known.ticks:
        raise Refusal(f"{command.target} is {known.state.value}; nobody's time runs for it")
    assert known.limit_at is not None, "an assigned check has a limit"
    return known.limit_at


def _of_act(run: Run, command: OperatorCommand) -> datetime:
    move, _, name = command.target.partition("/")
    record = run.moves[move]
    act = record.steps.get(name) or record.undos.get(name)
    if act is None:
        raise Refusal(f"{move} has no step {name!r}; it has {', '.join(record.steps)}")
    may_decide(run, command, leading(run, record.wave))
    if act.state is not ActState.STARTED:
        raise Refusal(f"{command.target} is {act.state.value}; only what is under way has a limit")
    if name in ENGINE_STEPS:
        raise Refusal(f"{name} has no deadline of its own; the checks that it waits for have")
    means = means_of(run, move, name)
    if means is not None and means.wait is not None:
        raise Refusal(f"{command.target} waits for an hour of the plan, and for nobody")
    _not_held_for(run.waves[record.wave], command.target)
    assert act.limit_at is not None, "every intent has a limit"
    return act.limit_at


def _not_held_for(wave: WaveRecord, subject: str) -> None:
    if any(hold.subject == subject for hold in wave.holds):
        raise Refusal(
            f"too late: {wave.id} is held for {subject}; migrator release RUN {wave.id} lets it go "
            "on and gives that its time again"
        )
