"""Operators' verbs: every command gets an answer, and an answer is facts.

`answer(run, command, now, codes)` is pure: it returns CommandTaken and what follows from it, or
CommandRefused with the reason. Early, late, doubled and contradictory commands are refused in
words that say what would work. Called by the conductor, in the transaction that appends.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.amending import amend
from migrator.engine.asking import (
    EVERYTHING,
    Effects,
    Refusal,
    Verb,
    deciders,
    known_person,
    may_decide,
    not_aborted,
    unwind_targets,
    wave_named,
)
from migrator.engine.attendance import arrive, leave
from migrator.engine.disturbing import close, disturb, log, staff
from migrator.engine.draft import Draft
from migrator.engine.extending import extend
from migrator.engine.gates import go, no_go, postpone
from migrator.engine.handing import claim, hand_over, raise_defect
from migrator.engine.holding import abort, hold, override, pause, release, resume, veto
from migrator.engine.ports import OperatorCommand
from migrator.engine.replanning import replan
from migrator.engine.run import Run
from migrator.engine.statements import record, sign
from migrator.engine.states import RunState, WaveState
from migrator.engine.steering import abandon_act, force_act, retry, skip_act, take_back
from migrator.engine.verdicts import tick, withdraw
from migrator.engine.waits_checks import unproved
from migrator.engine.waiving import waive
from migrator.incidents.model import SOURCE_PREFIX

MACHINES_MAY: Final = frozenset({"disturb", "log"})
"""What an alarm or a form for users may say, as `source.NAME`: it reports, and decides nothing."""


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
        if not (command.verb in MACHINES_MAY and command.actor.startswith(SOURCE_PREFIX)):
            known_person(run, command.actor)
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


def unwind(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Take a move, a wave or everything not committed back to the old side."""
    target = command.target
    wanted = unwind_targets(run, target)
    wave = run.waves[run.moves[wanted[0]].wave]
    if target != EVERYTHING and wave.state in {WaveState.COMMITTING, WaveState.COMMITTED}:
        raise Refusal(f"{target} is {wave.state.value}; what is committed is never unwound")
    return take_back(
        Draft(run, now),
        wanted,
        command.actor,
        command.reason or "an operator's unwind",
        over_capacity=command.detail("over_capacity") == "yes",
    )


def commit(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Sign an accepted wave: from here on it is never unwound."""
    wave = wave_named(run, command.target)
    may_decide(run, command, deciders(run))
    if wave.state is not WaveState.ACCEPTED:
        raise Refusal(f"{wave.id} is {wave.state.value}; only an accepted wave is committed")
    not_aborted(run)
    for known in unproved(run, wave):
        raise Refusal(
            f"{known.id} is {known.state.value}; what is final has its checks passed: wait for it, "
            f"unwind {wave.id}, or two people answer for it: migrator override RUN {known.id}"
        )
    return [ev.CommitBegun(wave.id, command.actor, command.reason)]


VERBS: Final[dict[str, Verb]] = {
    "tick": tick,
    "withdraw": withdraw,
    "claim": claim,
    "hand-over": hand_over,
    "raise": raise_defect,
    "arrive": arrive,
    "leave": leave,
    "go": go,
    "no-go": no_go,
    "postpone": postpone,
    "pause": pause,
    "resume": resume,
    "hold": hold,
    "release": release,
    "retry": retry,
    "skip": skip_act,
    "force-done": force_act,
    "abandon": abandon_act,
    "unwind": unwind,
    "commit": commit,
    "veto": veto,
    "override": override,
    "abort": abort,
    "amend": amend,
    "replan": replan,
    "extend": extend,
    "sign": sign,
    "waive": waive,
    "record": record,
    "disturb": disturb,
    "staff": staff,
    "log": log,
    "close": close,
}
