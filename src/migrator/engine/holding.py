"""The verbs that stop and let go: pause, resume, abort; hold, release, veto, override.

Called by `commands`. A hold is immediate; what it is set for decides who may end it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import (
    Effects,
    Refusal,
    deciders,
    may_decide,
    second_by_code,
    wave_named,
)
from migrator.engine.disturbances import reds
from migrator.engine.foresight import TURN_BACK, WORDS, releasable
from migrator.engine.gates import gates_later, later_gate
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, WaveRecord
from migrator.engine.states import ActState, CheckState, RunState, WaveState
from migrator.engine.steering import accept_loss, stuck_on_loss
from migrator.incidents.model import PERSON

VETO_MINUTES: Final = 15.0
"""One person may stop the unwind clock for this long; a second one must confirm in time."""


def pause(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Start nothing new in the whole run."""
    if run.state is not RunState.RUNNING:
        raise Refusal(f"the run is {run.state.value}")
    return [ev.RunPaused(command.reason)]


def resume(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Go on; gates get the time back in which nobody could answer."""
    if run.state is not RunState.PAUSED:
        raise Refusal(f"the run is {run.state.value}, not paused")
    effects: Effects = [ev.RunResumed(command.reason)]
    red = reds(run)
    if red:
        may_decide(run, command, deciders(run))
        names = ", ".join(known.id for known in red)
        if not command.reason.strip():
            raise Refusal(f"{names} is red; to go on all the same needs a reason, or close it")
        said = f"the run goes on while this is red: {command.reason}"
        effects += [
            ev.DisturbanceNoted(known.id, known.target, said, PERSON, command.actor)
            for known in red
        ]
    return [*effects, *gates_later(run, now, command.actor)]


def abort(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Stop, and take back everything that is not committed."""
    if run.state is RunState.ABORTING:
        raise Refusal("the run is being aborted already")
    may_decide(run, command, deciders(run))
    return [ev.RunAborted(command.reason)]


def hold(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Stop one wave at once."""
    wave = wave_named(run, command.target)
    if wave.state not in {WaveState.PLANNED, WaveState.DECIDING, WaveState.MOVING, WaveState.HELD}:
        raise Refusal(f"{wave.id} is {wave.state.value}; there is nothing to hold")
    if any(hold.subject == wave.id for hold in wave.holds):
        raise Refusal(f"{wave.id} is held already: {wave.cause}")
    members = run.itinerary.members
    who = members[command.actor].name if command.actor in members else command.actor
    cause = f"{who} holds it" + (f": {command.reason}" if command.reason else "")
    return [ev.WaveHeld(wave.id, wave.attempt, "operator", wave.id, (), cause, None)]


def release(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Let a held wave go on where nothing failed."""
    wave = wave_named(run, command.target)
    if wave.state is not WaveState.HELD:
        raise Refusal(f"{wave.id} is {wave.state.value}, not held")
    open_ones = [hold for hold in wave.holds if not releasable(run, hold, now)]
    if open_ones:
        first = open_ones[0]
        if first.subject == TURN_BACK:
            raise Refusal(
                f"{wave.id} is held because {first.cause}; a decision maker signs it: "
                f'migrator sign RUN "{WORDS} TIME", or unwind {wave.id}'
            )
        raise Refusal(
            f"{wave.id} is held for {first.subject} ({first.cause}); "
            f"retry, skip or override {first.subject}, or unwind {wave.id}"
        )
    effects: Effects = [ev.HoldReleased(wave.id, "", command.actor, command.reason)]
    if wave.decided_at is None:
        held_for = now - min(hold.since for hold in wave.holds)
        effects += later_gate(wave, held_for, command.actor, "for as long as held")
    return effects


def veto(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Stop the unwind clock: one person for a while, a second one for good."""
    wave = wave_named(run, command.target)
    clocks = [hold for hold in wave.holds if hold.unwind_at is not None]
    if wave.state is not WaveState.HELD or not clocks:
        raise Refusal(
            f"{wave.id} is {wave.state.value}; no unwind clock runs that a veto could stop"
        )
    vetoed = {person for hold in wave.holds for person in hold.vetoed_by}
    if command.actor in vetoed:
        raise Refusal(f"{command.actor} has vetoed already; a second person must confirm")
    until = None if vetoed else now + timedelta(minutes=VETO_MINUTES)
    return [ev.VetoGiven(wave.id, command.actor, command.reason, until)]


def override(
    run: Run, command: OperatorCommand, _now: datetime, codes: Mapping[str, str]
) -> Effects:
    """Two named people answer for a look that failed or a check that was refused."""
    subject = command.target
    losing = stuck_on_loss(run, subject)
    wave = losing or _held_for(run, subject)
    if losing is None and subject not in run.checks:
        _must_be_evidence(run, subject)
    if not command.reason:
        raise Refusal("an override needs a reason")
    asked = run.overrides_asked.get(subject)
    effects: Effects = []
    second = command.detail("second")
    if second:
        effects.append(second_by_code(run, command, second, codes))
    elif asked is None or asked.by == command.actor:
        if asked is not None:
            raise Refusal(f"{command.actor} has asked already; a second person must join")
        os_user = command.detail("os_user")
        return [ev.OverrideAsked(wave.id, subject, command.actor, os_user, command.reason)]
    elif asked.os_user == command.detail("os_user"):
        raise Refusal(
            f"the second person must be another operating-system user than {asked.os_user!r}, "
            "or give --second NAME --code CODE"
        )
    else:
        second = asked.by
    if losing is not None:
        return [*effects, *accept_loss(run, command, second)]
    effects.append(ev.OverrideGiven(wave.id, subject, command.actor, second, command.reason))
    if wave.state is WaveState.HELD:  # an accepted wave is held by nothing
        effects.append(ev.HoldReleased(wave.id, subject, command.actor, command.reason))
    return effects


def _must_be_evidence(run: Run, subject: str) -> None:
    """Two people answer for a look that failed: not for an act, nor for what nobody has said."""
    move, _, step = subject.partition("/")
    act = run.moves[move].steps.get(step) if move in run.moves else None
    if act is None or not act.looks:
        raise Refusal(f"{subject} is an act, not evidence; retry, skip or force-done it")
    if act.state is ActState.STARTED:
        raise Refusal(f"{subject} waits for its tick: works, or does_not_work")


def _held_for(run: Run, subject: str) -> WaveRecord:
    for wave in run.waves.values():
        if any(hold.subject == subject for hold in wave.holds):
            return wave
    check = run.checks.get(subject)
    if check is not None and check.state is CheckState.REFUSED:
        wave = run.waves[check.wave]
        if wave.state is WaveState.ACCEPTED and check.attempt == wave.attempt:
            return wave
    held = [hold.subject for w in run.waves.values() for hold in w.holds]
    raise Refusal(
        f"nothing is held for {subject!r}"
        + (f"; held are: {', '.join(held)}" if held else "; no wave is held")
    )
