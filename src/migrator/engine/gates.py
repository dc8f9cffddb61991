"""The verbs of a gate: go, no-go, postpone.

Called by `commands` and, for its hour, by `holding`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, may_decide, not_aborted, wave_named
from migrator.engine.foresight import PAGE, advice
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, WaveRecord
from migrator.engine.states import RunState, WaveState

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def _gate(run: Run, command: OperatorCommand) -> WaveRecord:
    wave = wave_named(run, command.target)
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    may_decide(run, command, leg.deciders)
    if wave.state is WaveState.PLANNED:
        raise Refusal(f"the gate of {wave.id} is not open yet: the waves before it come first")
    if wave.state is not WaveState.DECIDING:
        who = f" by {wave.decided_by}" if wave.decided_by else ""
        raise Refusal(f"the gate of {wave.id} was decided{who}; the wave is {wave.state.value}")
    return wave


def _seen(command: OperatorCommand) -> str:
    """The digest of what the decider was shown; empty where nothing was."""
    seen = command.detail("seen")
    if seen and _DIGEST.fullmatch(seen) is None:
        raise Refusal("what was seen is named by the SHA-256 of what `migrator gate` showed")
    return seen


def go(run: Run, command: OperatorCommand, now: datetime, _codes: Mapping[str, str]) -> Effects:
    """Let a wave begin."""
    wave, seen = _gate(run, command), _seen(command)
    if run.state is RunState.PAUSED:
        raise Refusal("the run is paused; resume it first")
    not_aborted(run)
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    needed = {earlier for move in leg.moves for earlier in run.itinerary.legs[move].after}
    leaving = sorted(move for move in needed - set(leg.moves) if run.moves[move].unwinding)
    if leaving:
        raise Refusal(f"{wave.id} needs {', '.join(leaving)}, which is being taken back")
    said = advice(run, now) if run.itinerary.policy.forecast.binding else None
    if said is not None and not said.go:
        raise Refusal(
            f"the plan binds its gates to the forecast, which speaks against a go: "
            f"{'; '.join(said.reasons)}; postpone {wave.id}, say no-go, or plan anew ({PAGE})"
        )
    return [ev.GateDecided(wave.id, wave.attempt, command.actor, command.reason, seen)]


def no_go(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Decline a wave."""
    wave, seen = _gate(run, command), _seen(command)
    return [ev.GateLapsed(wave.id, wave.attempt, command.actor, command.reason, seen)]


def postpone(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Move the hour at which an open gate is decided without an answer."""
    wave, seen = _gate(run, command), _seen(command)
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
    return [ev.GatePostponed(wave.id, wave.attempt, until, command.actor, command.reason, seen)]


def gates_later(run: Run, now: datetime, actor: str) -> Effects:
    """Give all open gates back the time for which the run was paused."""
    effects: Effects = []
    for wave in run.waves.values():
        if wave.state is WaveState.DECIDING and run.paused_at is not None:
            since = max(run.paused_at, wave.opened_at or run.paused_at)
            effects += later_gate(wave, now - since, actor, "for as long as paused")
    return effects


def later_gate(wave: WaveRecord, by: timedelta, actor: str, why: str) -> Effects:
    """Give an open gate the time back in which nobody could answer it.

    Without this, going on after its hour would be a no-go in the same moment.
    """
    if wave.gate_deadline is None:
        return []
    return [ev.GatePostponed(wave.id, wave.attempt, wave.gate_deadline + by, actor, why)]
