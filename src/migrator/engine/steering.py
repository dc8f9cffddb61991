"""The verbs that steer a single act: retry, skip, force-done, abandon; and taking moves back.

Called by `engine/commands.py`. What would leave both sides live, or accept without evidence, is
refused here whoever asks: no verb skips a fence, and no verb skips a look without two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal
from migrator.engine.bridging import carried, load_after, wave_left_in_part
from migrator.engine.draft import Draft
from migrator.engine.policy import (
    ENGINE_STEPS,
    LOOKS,
    NEVER_ABANDONED,
    NEVER_SKIPPED,
    authority_after,
)
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import ActRecord, MoveRecord, Run, WaveRecord
from migrator.engine.states import ActState, RunState, WaveState
from migrator.engine.unwind import begin_unwind, members, quiet, scope_of
from migrator.plan.model import Recipe, UndoKind

_STUCK_STATES: Final = frozenset({ActState.FAILED, ActState.UNKNOWN})


def _find(run: Run, target: str) -> tuple[MoveRecord, ActRecord]:
    move, _, name = target.partition("/")
    if move not in run.moves or not name:
        raise Refusal(f"{target!r} is not a step: write it as subsystem/step")
    record = run.moves[move]
    act = record.steps.get(name) or record.undos.get(name)
    if act is None:
        raise Refusal(f"{move} has no step {name!r}; it has {', '.join(record.steps)}")
    return record, act


def _recipe(run: Run, move: str) -> Recipe:
    return run.itinerary.recipes[run.itinerary.legs[move].recipe]


def retry(run: Run, command: OperatorCommand, _now: datetime, _codes: Mapping[str, str]) -> Effects:
    """Try a failed act again, or a whole returned wave as its next attempt."""
    if command.target in run.waves:
        return _next_attempt(run, command)
    record, act = _find(run, command.target)
    if act.state not in _STUCK_STATES:
        raise Refusal(f"{command.target} is {act.state.value}; only a failed act is tried again")
    _still_wanted(record, act)
    return _resolved(run, command, record, act, "retry")


def _next_attempt(run: Run, command: OperatorCommand) -> Effects:
    wave = run.waves[command.target]
    if wave.state not in {WaveState.RETURNED, WaveState.DECLINED, WaveState.BLOCKED}:
        raise Refusal(f"{wave.id} is {wave.state.value}; a returned wave can be tried again")
    if run.state is RunState.ABORTING:
        raise Refusal(f"the run is being aborted; {wave.id} is not tried again")
    most = run.itinerary.policy.waves_per_attempt_max
    if wave.attempt >= most:
        raise Refusal(f"{wave.id} had its {most} attempts; the policy allows no more")
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    adrift = [move for move in leg.moves if run.authority[move].value != "old"]
    if adrift:
        raise Refusal(f"{', '.join(adrift)} did not come back to the old side; mend that first")
    busy = sorted(f"{move}/{act}" for move, act in run.in_flight if move in leg.moves)
    if busy:  # only after a no-go: what was prepared is taken back once these have ended
        raise Refusal(f"{', '.join(busy)} is under way; it is taken back first")
    return [ev.AttemptOpened(wave.id, wave.attempt + 1, command.actor)]


def skip_act(
    run: Run, command: OperatorCommand, _now: datetime, _codes: Mapping[str, str]
) -> Effects:
    """Leave an act out, where that can neither free both sides nor hide missing evidence."""
    record, act = _find(run, command.target)
    if act.name in NEVER_SKIPPED:
        or_unwind = "" if act.name in record.undos else ", or unwind"
        raise Refusal(
            f"{act.name} is never skipped: both sides could become live, or rows be lost; "
            f"retry it, force-done it when it was done by hand{or_unwind}"
        )
    return _give_up(run, command, record, act, "skip")


def force_act(
    run: Run, command: OperatorCommand, _now: datetime, _codes: Mapping[str, str]
) -> Effects:
    """Record that a human did the act by hand; authority moves as the act would have moved it."""
    record, act = _find(run, command.target)
    if act.name == UndoKind.BRING_BACK and act.state in _STUCK_STATES:
        raise Refusal(
            "nobody alone says that all rows are back: retry it once they are, or two named people "
            f"accept the loss: migrator override RUN {command.target} --reason ..."
        )
    effects = _give_up(run, command, record, act, "force-done")
    side = authority_after(_recipe(run, record.id), act.name)
    if side is not None:
        effects.insert(1, ev.AuthorityMoved(record.id, side))
    return effects


def abandon_act(
    run: Run, command: OperatorCommand, _now: datetime, _codes: Mapping[str, str]
) -> Effects:
    """Give an undo up; the run ends with that exception, or stuck where authority is adrift."""
    record, act = _find(run, command.target)
    if act.name not in record.undos:
        raise Refusal(f"{act.name} is a step; skip or retry it, or unwind {record.id}")
    if act.name in NEVER_ABANDONED:
        raise Refusal(
            f"{act.name} is never given up: the old side would go on over a new side that is open, "
            "or without its rows; retry it, or force-done it when it was done by hand"
        )
    return _give_up(run, command, record, act, "abandon")


def _give_up(
    run: Run, command: OperatorCommand, record: MoveRecord, act: ActRecord, how: str
) -> Effects:
    if act.state not in _STUCK_STATES:
        raise Refusal(f"{command.target} is {act.state.value}; {how} is for a failed act")
    _still_wanted(record, act)
    if act.name in LOOKS or act.name in ENGINE_STEPS or (act.looks and how == "skip"):
        raise Refusal(
            f"{act.name} is evidence; two people may answer for it: "
            f"migrator override RUN {command.target}"
        )
    if not command.reason:
        raise Refusal(f"{how} needs a reason; it is listed in the report")
    return _resolved(run, command, record, act, how)


def _still_wanted(record: MoveRecord, act: ActRecord) -> None:
    """A word on a step is too late once its move goes back: it would stand beside the undo."""
    if act.name in record.steps and (record.unwinding or record.returned):
        word = "being taken back" if record.unwinding else "back on the old side"
        raise Refusal(f"{record.id} is {word}; nothing is done about its {act.name} any more")


def _resolved(
    run: Run, command: OperatorCommand, record: MoveRecord, act: ActRecord, how: str
) -> Effects:
    wave = run.waves[record.wave]
    said = (record.id, act.name, record.attempt, how, command.actor, command.reason)
    if act.name in record.undos:
        effects: Effects = [ev.UndoResolved(*said)]
        if wave.state is WaveState.STUCK and wave.stuck_on == command.target:
            effects.append(ev.WaveUnstuck(wave.id))
        return effects
    effects = [ev.StepResolved(*said)]
    effects += [
        ev.HoldReleased(wave.id, hold.subject, command.actor, f"{how} {command.target}")
        for hold in wave.holds
        if hold.subject == command.target
    ]
    return effects


def accept_loss(run: Run, command: OperatorCommand, second: str) -> Effects:
    """Go on without proof that every row came back; two people have answered for it."""
    record, act = _find(run, command.target)
    loss = ev.LossAccepted(
        record.id, record.attempt, command.actor, second, command.reason, act.lost
    )
    return [loss, *_resolved(run, command, record, act, "force-done")]


def stuck_on_loss(run: Run, target: str) -> WaveRecord | None:
    """The wave that is stuck on a bring-back of that name; None for everything else."""
    move, _, name = target.partition("/")
    if name != UndoKind.BRING_BACK or move not in run.moves:
        return None
    wave = run.waves[run.moves[move].wave]
    return wave if wave.stuck_on == target else None


def _stands(run: Run, move: str) -> bool:
    """Tell whether nothing new starts in the wave of a move."""
    return run.waves[run.moves[move].wave].state is WaveState.HELD


def take_back(
    draft: Draft, wanted: Iterable[str], by: str, cause: str, *, over_capacity: bool = False
) -> Effects:
    """Begin an unwind at once. Refused while something that changes things is under way.

    A part of a wave that would overload the bridges is refused too, unless that is wanted.
    """
    moves = tuple(wanted)
    reasons = scope_of(draft.run, moves).reasons
    if not reasons:
        raise Refusal("nothing of it was begun, or all of it is back already")
    if not quiet(draft.run, reasons):
        busy = sorted(f"{move}/{act}" for move, act in draft.run.in_flight if move in reasons)
        standing = all(_stands(draft.run, move.partition("/")[0]) for move in busy)
        first = "" if standing else "hold the wave, and "
        raise Refusal(f"{', '.join(busy)} is under way; {first}unwind when it has ended")
    if not over_capacity:
        _bridges_carry(draft.run, moves, reasons)
    begin_unwind(draft, moves, by, cause)
    return draft.events


def _bridges_carry(run: Run, wanted: tuple[str, ...], reasons: Mapping[str, str]) -> None:
    """Refuse to leave a part of a wave behind over bridges that cannot carry it."""
    leg = wave_left_in_part(run, wanted, reasons)
    if leg is None:
        return  # nothing of it stays: there is no smaller load to choose
    alone = load_after(run, reasons)
    if not alone.overloads:
        return
    whole = load_after(run, members(run, leg.moves))
    heaviest = f" (the heaviest: {alone.cut[0]})" if alone.cut else ""
    raise Refusal(
        f"with only {', '.join(sorted(reasons))} back {carried(alone)}{heaviest}; with all of "
        f"{leg.id} back {carried(whole)}: unwind {leg.id}, or give --over-capacity if they may "
        f"be overloaded (runbooks/decision-over-capacity.md)"
    )
