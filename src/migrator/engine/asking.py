"""Who asks, and whether they may: what every verb looks up before it changes anything.

Used by the verbs' own modules (`gates`, `holding`, `steering`, `verdicts`) and by `commands`. A
refusal is an answer, in words that say what would work.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, WaveRecord
from migrator.engine.states import RunState

Effects = list[ev.Event]
Verb = Callable[[Run, OperatorCommand, datetime, Mapping[str, str]], Effects]

EVERYTHING: Final = "everything"
"""The target of an unwind that leaves out only what is committed."""

_ANYBODY: Final = frozenset({"engine", "conductor"})


class Refusal(Exception):
    """Why a verb is not carried out, in the words that the actor reads."""


def known_person(run: Run, person: str) -> None:
    """In an estate that names its people, only they may act."""
    members = run.itinerary.members
    if not members or person in members or person.startswith("team."):
        return
    near = difflib.get_close_matches(person, members, 1)
    raise Refusal(
        f"nobody called {person!r} is named in this run" + (f"; {near[0]}?" if near else "")
    )


def wave_named(run: Run, target: str) -> WaveRecord:
    """The wave of that name; Refusal names the nearest one."""
    if target in run.waves:
        return run.waves[target]
    near = difflib.get_close_matches(target, run.waves, 1)
    raise Refusal(f"there is no wave {target!r}" + (f"; {near[0]}?" if near else ""))


def not_aborted(run: Run) -> None:
    """Nothing begins, and nothing is signed, in a run that is being taken back."""
    if run.state is RunState.ABORTING:
        raise Refusal("the run is being aborted: everything that is not committed goes back")


def may_decide(run: Run, command: OperatorCommand, named: tuple[str, ...]) -> None:
    """Only the persons named for the decision, or their deputies."""
    if not named:
        return
    allowed = set(named)
    members = run.itinerary.members
    allowed |= {
        deputy
        for person in named
        if person in members and (deputy := members[person].deputy) is not None
    }
    if command.actor not in allowed:
        raise Refusal(f"{command.actor} may not decide this; {', '.join(sorted(allowed))} may")


def leading(run: Run, wave: str) -> tuple[str, ...]:
    """Who leads a wave: its lead, whoever decides on its gate, and every decision maker."""
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave)
    lead = (leg.lead,) if leg.lead else ()
    return tuple(dict.fromkeys((*lead, *leg.deciders, *deciders(run))))


def unwind_targets(run: Run, target: str) -> tuple[str, ...]:
    """The moves that an unwind of a step, a move, a wave or `everything` is about."""
    if target == EVERYTHING:
        return tuple(run.moves)
    for leg in run.itinerary.waves:
        if leg.id == target:
            return tuple(leg.moves)
    move = target.partition("/")[0]
    if move in run.moves:
        return (move,)
    near = difflib.get_close_matches(move, [*run.moves, *run.waves, EVERYTHING], 1)
    raise Refusal(f"nothing is called {target!r}" + (f"; {near[0]}?" if near else ""))


def deciders(run: Run) -> tuple[str, ...]:
    """Everybody with the role of a decision maker."""
    return tuple(
        person
        for person, member in run.itinerary.members.items()
        if "decision_maker" in member.roles
    )


def second_by_code(
    run: Run, command: OperatorCommand, second: str, codes: Mapping[str, str]
) -> ev.CodeSpent:
    """The second person proved by a single-use code."""
    code = command.detail("code_digest")
    known_person(run, second)
    if second == command.actor:
        raise Refusal("the second person must be somebody else")
    if codes.get(second) != code or code in run.codes_spent or not code:
        raise Refusal(f"the code of {second} is not valid (see migrator codes)")
    return ev.CodeSpent(second, code)
