"""The second person: by a single-use code, or by giving the very same command from another account.

Used by the verbs that change what a run works with (`amending`, `replanning`). Who asks first is on
record and nothing follows from it; what is joined is the same subject with the same content, by its
digest, so that nobody answers for something else than was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, second_by_code
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import COMPLETE


@dataclass(frozen=True, slots=True)
class Joined:
    """Who answers beside the actor; empty where it was asked for only. `effects` come first."""

    second: str
    effects: Effects


def wanted(run: Run) -> tuple[ev.SecondAsked, ...]:
    """What waits for a second person and can still be joined: no act of it is over."""
    found = []
    for asked in run.seconds_asked.values():
        move, _, name = asked.subject.partition("/")
        acts = {**run.moves[move].steps, **run.moves[move].undos} if move in run.moves else {}
        if name not in acts or acts[name].state not in COMPLETE:
            found.append(asked)
    return tuple(found)


def join(
    run: Run,
    command: OperatorCommand,
    codes: Mapping[str, str],
    subject: str,
    digest: str,
    dry_run: str = "",
) -> Joined:
    """Find the second person, or ask for one, who is told what became of the dry run.

    Raises Refusal where it cannot be that one.
    """
    second = command.detail("second")
    if second:
        return Joined(second, [second_by_code(run, command, second, codes)])
    os_user = command.detail("os_user")
    asked = run.seconds_asked.get((command.verb, subject, digest))
    if asked is None:
        asks = ev.SecondAsked(
            command.verb, subject, digest, command.actor, os_user, command.reason, dry_run
        )
        return Joined("", [asks])
    if asked.by == command.actor:
        raise Refusal(f"{command.actor} has asked already; a second person must join")
    if asked.os_user == os_user:
        raise Refusal(
            f"the second person must be another operating-system user than {asked.os_user!r}, "
            "or give --second NAME --code CODE"
        )
    return Joined(asked.by, [])
