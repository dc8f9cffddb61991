"""Operators' verbs: every command gets an answer, and an answer is facts.

`answer(run, command, now, codes)` is pure: it returns CommandTaken and what follows from it, or
CommandRefused with the reason. Early, late, doubled and contradictory commands are refused in
words that say what would work. Called by the conductor, in the transaction that appends.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.draft import Draft
from migrator.engine.policy import ENGINE_STEPS, LOOKS, RELEASABLE
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, WaveRecord
from migrator.engine.states import ActState, CheckState, RunState, WaveState
from migrator.engine.steering import (
    Refusal,
    abandon_act,
    force_act,
    retry,
    skip_act,
    take_back,
)
from migrator.verification.verdict import is_verdict

VETO_MINUTES: Final = 15.0
"""One person may stop the unwind clock for this long; a second one must confirm in time."""

_ANYBODY: Final = frozenset({"engine", "conductor"})
Effects = list[ev.Event]
_Verb = Callable[[Run, OperatorCommand, datetime, Mapping[str, str]], Effects]


def answer(
    run: Run, command: OperatorCommand, now: datetime, codes: Mapping[str, str]
) -> tuple[ev.Event, ...]:
    """Carry a verb out or refuse it. `codes` are the digests of the run's single-use codes.

    Empty when this very command was answered before: a doubled click changes nothing.
    """
    if command.id in run.commands:
        return ()
    try:
        verb = VERBS.get(command.verb)
        if verb is None:
            near = difflib.get_close_matches(command.verb, VERBS, 1)
            raise Refusal(f"there is no verb {command.verb!r}" + (f"; {near[0]}?" if near else ""))
        if run.state is RunState.ENDED:
            raise Refusal(f"the run has ended ({run.outcome}); nothing can be changed any more")
        _known_person(run, command.actor)
        effects = verb(run, command, now, codes)
    except Refusal as refusal:
        return (
            ev.CommandRefused(
                command.id, command.verb, command.target, command.actor, str(refusal)
            ),
        )
    taken = ev.CommandTaken(
        command=command.id,
        verb=command.verb,
        target=command.target,
        by=command.actor,
        asserted=command.asserted,
        reason=command.reason,
        saw=command.saw,
    )
    return (taken, *effects)


def _known_person(run: Run, person: str) -> None:
    """In an estate that names its people, only they may act."""
    members = run.itinerary.members
    if not members or person in members or person.startswith("team."):
        return
    near = difflib.get_close_matches(person, members, 1)
    raise Refusal(
        f"nobody called {person!r} is named in this run" + (f"; {near[0]}?" if near else "")
    )


def _wave(run: Run, target: str) -> WaveRecord:
    if target in run.waves:
        return run.waves[target]
    near = difflib.get_close_matches(target, run.waves, 1)
    raise Refusal(f"there is no wave {target!r}" + (f"; {near[0]}?" if near else ""))


def _may_decide(run: Run, command: OperatorCommand, deciders: tuple[str, ...]) -> None:
    """Only the persons named for the decision, or their deputies."""
    if not deciders:
        return
    allowed = set(deciders)
    members = run.itinerary.members
    allowed |= {
        deputy
        for person in deciders
        if person in members and (deputy := members[person].deputy) is not None
    }
    if command.actor not in allowed:
        raise Refusal(f"{command.actor} may not decide this; {', '.join(sorted(allowed))} may")


def _deciders(run: Run) -> tuple[str, ...]:
    return tuple(
        person
        for person, member in run.itinerary.members.items()
        if "decision_maker" in member.roles
    )


# --- gates --------------------------------------------------------------------------------------


def _gate(run: Run, command: OperatorCommand) -> WaveRecord:
    wave = _wave(run, command.target)
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    _may_decide(run, command, leg.deciders)
    if wave.state is WaveState.PLANNED:
        raise Refusal(f"the gate of {wave.id} is not open yet: the waves before it come first")
    if wave.state is not WaveState.DECIDING:
        who = f" by {wave.decided_by}" if wave.decided_by else ""
        raise Refusal(f"the gate of {wave.id} was decided{who}; the wave is {wave.state.value}")
    return wave


def _go(run: Run, command: OperatorCommand, _now: datetime, _codes: Mapping[str, str]) -> Effects:
    wave = _gate(run, command)
    if run.state is RunState.PAUSED:
        raise Refusal("the run is paused; resume it first")
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    needed = {earlier for move in leg.moves for earlier in run.itinerary.legs[move].after}
    leaving = sorted(move for move in needed - set(leg.moves) if run.moves[move].unwinding)
    if leaving:
        raise Refusal(f"{wave.id} needs {', '.join(leaving)}, which is being taken back")
    return [ev.GateDecided(wave.id, wave.attempt, command.actor, command.reason)]


def _no_go(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    wave = _gate(run, command)
    return [ev.GateLapsed(wave.id, wave.attempt, command.actor, command.reason)]


def _postpone(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    wave = _gate(run, command)
    try:
        until = datetime.fromisoformat(command.detail("until"))
    except ValueError:
        raise Refusal("postpone needs a time, such as --until 2023-10-14T09:30+02:00") from None
    if until.tzinfo is None:
        raise Refusal("the time of postpone needs an offset, such as +02:00")
    if until <= now:
        raise Refusal(f"{until.isoformat()} has passed")
    end = run.itinerary.window.end
    if until > end:
        raise Refusal(f"the window ends {end.isoformat()}; a gate after it could not be kept")
    return [ev.GatePostponed(wave.id, wave.attempt, until, command.actor, command.reason)]


# --- the run ------------------------------------------------------------------------------------


def _pause(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    if run.state is not RunState.RUNNING:
        raise Refusal(f"the run is {run.state.value}")
    return [ev.RunPaused(command.reason)]


def _resume(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    if run.state is not RunState.PAUSED:
        raise Refusal(f"the run is {run.state.value}, not paused")
    effects: Effects = [ev.RunResumed(command.reason)]
    for wave in run.waves.values():
        if wave.state is WaveState.DECIDING and run.paused_at is not None:
            since = max(run.paused_at, wave.opened_at or run.paused_at)
            effects += _later_gate(wave, now - since, command.actor, "for as long as paused")
    return effects


def _abort(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    if run.state is RunState.ABORTING:
        raise Refusal("the run is being aborted already")
    _may_decide(run, command, _deciders(run))
    return [ev.RunAborted(command.reason)]


# --- holds --------------------------------------------------------------------------------------


def _hold(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    wave = _wave(run, command.target)
    if wave.state not in {WaveState.PLANNED, WaveState.DECIDING, WaveState.MOVING, WaveState.HELD}:
        raise Refusal(f"{wave.id} is {wave.state.value}; there is nothing to hold")
    if any(hold.subject == wave.id for hold in wave.holds):
        raise Refusal(f"{wave.id} is held already: {wave.cause}")
    members = run.itinerary.members
    who = members[command.actor].name if command.actor in members else command.actor
    cause = f"{who} holds it" + (f": {command.reason}" if command.reason else "")
    return [ev.WaveHeld(wave.id, wave.attempt, "operator", wave.id, (), cause, None)]


def _release(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    wave = _wave(run, command.target)
    if wave.state is not WaveState.HELD:
        raise Refusal(f"{wave.id} is {wave.state.value}, not held")
    open_ones = [hold for hold in wave.holds if hold.trouble not in RELEASABLE]
    if open_ones:
        first = open_ones[0]
        raise Refusal(
            f"{wave.id} is held for {first.subject} ({first.cause}); "
            f"retry, skip or override {first.subject}, or unwind {wave.id}"
        )
    effects: Effects = [ev.HoldReleased(wave.id, "", command.actor, command.reason)]
    if wave.decided_at is None:
        held_for = now - min(hold.since for hold in wave.holds)
        effects += _later_gate(wave, held_for, command.actor, "for as long as held")
    return effects


def _later_gate(wave: WaveRecord, by: timedelta, actor: str, why: str) -> Effects:
    """Give an open gate the time back in which nobody could answer it.

    Without this, going on after its hour would be a no-go in the same moment.
    """
    if wave.gate_deadline is None:
        return []
    return [ev.GatePostponed(wave.id, wave.attempt, wave.gate_deadline + by, actor, why)]


def _veto(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    wave = _wave(run, command.target)
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


def _override(
    run: Run, command: OperatorCommand, _now: datetime, codes: Mapping[str, str]
) -> Effects:
    """Two named people answer for a look that failed or a check that was refused."""
    subject = command.target
    wave = next(
        (w for w in run.waves.values() if any(hold.subject == subject for hold in w.holds)), None
    )
    if wave is None:
        held = [hold.subject for w in run.waves.values() for hold in w.holds]
        raise Refusal(
            f"nothing is held for {subject!r}"
            + (f"; held are: {', '.join(held)}" if held else "; no wave is held")
        )
    _move, _, step = subject.partition("/")
    if subject not in run.checks and step not in LOOKS:
        raise Refusal(f"{subject} is an act, not evidence; retry, skip or force-done it")
    if not command.reason:
        raise Refusal("an override needs a reason")
    second, code = command.detail("second"), command.detail("code_digest")
    asked = run.overrides_asked.get(subject)
    effects: Effects = []
    if second:
        _known_person(run, second)
        if second == command.actor:
            raise Refusal("the second person must be somebody else")
        if codes.get(second) != code or code in run.codes_spent or not code:
            raise Refusal(f"the code of {second} is not valid (see migrator codes)")
        effects.append(ev.CodeSpent(second, code))
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
    effects.append(ev.OverrideGiven(wave.id, subject, command.actor, second, command.reason))
    effects.append(ev.HoldReleased(wave.id, subject, command.actor, command.reason))
    return effects


# --- moving back and on -------------------------------------------------------------------------


def _unwind(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    target = command.target
    if target == "everything":
        wanted = tuple(run.moves)
    elif target in run.waves:
        wave = run.waves[target]
        if wave.state in {WaveState.COMMITTING, WaveState.COMMITTED}:
            raise Refusal(f"{target} is {wave.state.value}; what is committed is never unwound")
        wanted = next(leg.moves for leg in run.itinerary.waves if leg.id == target)
    else:
        move = target.partition("/")[0]
        if move not in run.moves:
            near = difflib.get_close_matches(move, [*run.moves, *run.waves], 1)
            raise Refusal(f"nothing is called {target!r}" + (f"; {near[0]}?" if near else ""))
        if run.waves[run.moves[move].wave].state in {WaveState.COMMITTING, WaveState.COMMITTED}:
            raise Refusal(f"{move} is committed; what is committed is never unwound")
        wanted = (run.moves[move].id,)
    return take_back(
        Draft(run, now), wanted, command.actor, command.reason or "an operator's unwind"
    )


def _commit(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    wave = _wave(run, command.target)
    _may_decide(run, command, _deciders(run))
    if wave.state is not WaveState.ACCEPTED:
        raise Refusal(f"{wave.id} is {wave.state.value}; only an accepted wave is committed")
    return [ev.CommitBegun(wave.id, command.actor, command.reason)]


# --- checks -------------------------------------------------------------------------------------


def _tick(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
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
    note = command.detail("note_digest")
    return [ev.TickGiven(plan.id, check.attempt, command.actor, verdict, note)]


def _withdraw(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    check = run.checks.get(command.target)
    if check is None or command.actor not in check.ticks:
        raise Refusal(f"{command.actor} has given no verdict on {command.target}")
    wave = run.waves[check.wave]
    if wave.verified or wave.state not in {WaveState.MOVING, WaveState.HELD}:
        raise Refusal(f"too late: {wave.id} is verified on it; hold the wave, or unwind it")
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


VERBS: Final[dict[str, _Verb]] = {
    "tick": _tick,
    "withdraw": _withdraw,
    "go": _go,
    "no-go": _no_go,
    "postpone": _postpone,
    "pause": _pause,
    "resume": _resume,
    "hold": _hold,
    "release": _release,
    "retry": retry,
    "skip": skip_act,
    "force-done": force_act,
    "abandon": abandon_act,
    "unwind": _unwind,
    "commit": _commit,
    "veto": _veto,
    "override": _override,
    "abort": _abort,
}
