"""The verb amend: other bytes for one file of one act that failed or is held: the hot fix.

Called by `commands`. The bytes are in the store by their digest before the verb is given, and the
act's dry run was made with them where it declares one; what is decided here is whether they may be
used, from the act's next try on. Every other act keeps what was pinned when the run began, and two
people answer for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal
from migrator.engine.dry_runs import PASSED, PRACTISED, UNDECLARED
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import ActRecord, Run
from migrator.engine.seconds import join
from migrator.engine.states import ActState, RunState, WaveState
from migrator.plan.means import SCRIPT, Command, Means

_FAILED: Final = frozenset({ActState.FAILED, ActState.UNKNOWN})
_UNDER_WAY: Final = frozenset({ActState.STARTED, ActState.DOUBTED})
_STANDING: Final = frozenset(
    {
        WaveState.HELD,
        WaveState.STUCK,
        WaveState.RETURNED,
        WaveState.DECLINED,
        WaveState.BLOCKED,
    }
)
"""Nothing begins by itself in these: a held act stays one while it is amended."""


def files_of(run: Run, move: str, act: str) -> tuple[str, ...]:
    """The files that the commands of an act name, each once."""
    means = _means(run, move, act)
    if means is None:
        return ()
    named = [name for command in means.commands for name in command.files]
    return tuple(dict.fromkeys(named))


def digest_in_use(run: Run, move: str, act: str, file: str) -> str:
    """The digest of the bytes that the act's next try would use; empty where none were pinned."""
    amended = run.amended.get((move, act), {})
    return amended.get(file) or run.itinerary.files.get(SCRIPT + file, "")


def dry_run_of(run: Run, move: str, act: str) -> Command | None:
    """The command that tries out an act; None where its means declare none."""
    means = _means(run, move, act)
    return None if means is None else means.dry_run


def why_not(run: Run, target: str, file: str, now: str) -> str:
    """Why a file of an act may not be amended with these bytes now; empty where it may."""
    try:
        _amendable(run, target, file, now)
    except Refusal as refusal:
        return str(refusal)
    return ""


def what_is_joined(file: str, now: str) -> str:
    """The digest that two people must agree on: these bytes, for this very file of the act."""
    return hashlib.sha256(f"{file}\0{now}".encode()).hexdigest()


def amend(run: Run, command: OperatorCommand, _now: datetime, codes: Mapping[str, str]) -> Effects:
    """Use other bytes for a file of an act, from its next try on."""
    file, was, now = (command.detail(key) for key in ("file", "was", "now"))
    move, act = _amendable(run, command.target, file, now)
    if not command.reason:
        raise Refusal("an amendment needs a reason; it is listed as an exception")
    used = digest_in_use(run, move, act, file)
    if was != used:
        raise Refusal(
            f"{file} of {command.target} was amended since you saw the difference; "
            "give the command again and read it anew"
        )
    tried = _tried(run, command, move, act)
    joined = join(run, command, codes, command.target, what_is_joined(file, now), tried)
    if not joined.second:
        return joined.effects
    return [
        *joined.effects,
        ev.StepAmended(
            move=move,
            step=act,
            file=file,
            was=used,
            now=now,
            by=command.actor,
            second=joined.second,
            reason=command.reason,
            dry_run=tried,
        ),
    ]


def _amendable(run: Run, target: str, file: str, now: str) -> tuple[str, str]:
    """The act that a target names, if that file of it may have these bytes."""
    move, _, act = target.partition("/")
    _may_be_amended(run, move, _act(run, move, act))
    known = files_of(run, move, act)
    if file not in known:
        what = f"it has {', '.join(known)}" if known else "no command of it names a file"
        raise Refusal(f"{target} has no file {file!r}: {what}")
    if now == digest_in_use(run, move, act, file):
        raise Refusal(f"these are the bytes that {target} uses for {file} already")
    return move, act


def _tried(run: Run, command: OperatorCommand, move: str, act: str) -> str:
    """What became of the dry run: each of the two commands makes it, with the bytes it names."""
    if dry_run_of(run, move, act) is None:
        return UNDECLARED
    if run.started is not None and run.started.practice:
        return PRACTISED
    if command.detail("dry_run") != PASSED:
        raise Refusal(
            f"the dry run of {command.target} was not made with these bytes; "
            "`migrator amend` makes it and gives the command when it has passed"
        )
    return PASSED


def _means(run: Run, move: str, act: str) -> Means | None:
    found = run.itinerary.recipes[run.itinerary.legs[move].recipe].act(act)
    return found.means if found is not None else None


def _act(run: Run, move: str, name: str) -> ActRecord:
    if move not in run.moves or not name:
        raise Refusal(f"{move!r} is not a step: write it as subsystem/step")
    record = run.moves[move]
    act = record.steps.get(name) or record.undos.get(name)
    if act is None:
        raise Refusal(f"{move} has no step {name!r}; it has {', '.join(record.steps)}")
    return act


def _may_be_amended(run: Run, move: str, act: ActRecord) -> None:
    """Only what has failed, or stands still; never what is under way or over."""
    if act.state in _FAILED:
        return
    wave, subject = run.waves[run.moves[move].wave], f"{move}/{act.name}"
    if act.state in _UNDER_WAY:
        raise Refusal(
            f"{subject} is under way with the bytes that it began with; "
            "amend it when it has failed, then retry it"
        )
    if act.state is not ActState.WAITING:
        raise Refusal(f"{subject} is {act.state.value}; there is no next try that could use it")
    if wave.state not in _STANDING and run.state is not RunState.PAUSED:
        raise Refusal(
            f"{subject} has not failed and nothing holds it: "
            f"migrator hold RUN {wave.id} first, or migrator pause RUN"
        )
