"""The verbs of disturbances: disturb, staff, log, close.

Called by `commands`. Opening needs a name and a reason; closing, a cause and a note. What is shown
as a link is https or plain text and is never followed by the program.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, deciders, known_person, leading, may_decide
from migrator.engine.disturbances import owner_of, reds, report
from migrator.engine.gates import gates_later
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.engine.statements import unfit
from migrator.engine.states import RunState, WaveState
from migrator.incidents.model import PERSON, SOURCE_PREFIX, WHOLE, Disturbance, Level

EVERYTHING: Final = "run"
"""The target of a disturbance that is about all of it, as a person types it."""

OPEN_MAX: Final = 200
"""More than anybody reads; an alarm that invents a new key for each report must not fill a run."""

MEMBERS_MAX: Final = 50
ROOM_MAX: Final = 200
TIMES_MAX: Final = 1_000_000

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
"""What a browser would take for an address: a scheme, a colon and no blank after it."""


def disturb(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Open a disturbance, or add to the open one with the same key."""
    target = _target(run, command.target)
    _fit("a disturbance", command.reason)
    program = command.actor.startswith(SOURCE_PREFIX)
    source = command.detail("source") or (
        command.actor.removeprefix(SOURCE_PREFIX) if program else PERSON
    )
    key = command.detail("key") or f"{source}:{target or EVERYTHING}"
    if len(key) > ROOM_MAX or len(source) > ROOM_MAX:
        raise Refusal(f"a key and a source have {ROOM_MAX} characters at most")
    wave = target if target in run.waves else run.moves[target].wave if target else WHOLE
    owner = command.detail("owner") or (owner_of(run, wave) if program else command.actor)
    if owner:
        known_person(run, owner)
    made = report(
        run, now, key, target, source, command.reason, owner, command.actor, _times(command)
    )
    if isinstance(made, ev.DisturbanceOpened) and len(run.unsettled) >= OPEN_MAX:
        raise Refusal(f"{OPEN_MAX} disturbances are open already; close or join some first")
    return [made]


def staff(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Say whose it is, who is taken off other work for it, and where they meet.

    What the command does not name stays as it is; named and empty, it is taken away.
    """
    known = _open(run, command)
    _may_lead(run, command, known)
    given = dict(command.details)
    if not given.keys() & {"owner", "members", "room", "link"}:
        raise Refusal("staff names an owner, members, a room or a link")
    if known.staffed_seq > command.saw:
        raise Refusal(
            f"{known.staffed_by} has staffed {known.id} since you looked: {_staffing(known)}; "
            "look again, and say it anew"
        )
    owner = given.get("owner", known.owner)
    if not owner and run.itinerary.members:
        raise Refusal(f"{known.id} stays somebody's: name another owner")
    members = known.members if "members" not in given else _people(given["members"])
    for person in (*((owner,) if owner else ()), *members):
        known_person(run, person)
    if len(members) > MEMBERS_MAX:
        raise Refusal(f"{MEMBERS_MAX} people at most are taken off other work for one disturbance")
    for person in members:
        other = _elsewhere(run, person, known)
        if other is not None:
            raise Refusal(f"{person} works on {other.id} already; take them off it first")
    room, link = given.get("room", known.room), given.get("link", known.link)
    if "room" in given:
        _fit_or_empty("the room", room)
    if "link" in given:
        _link(link)
    if (owner, members, room, link) == (known.owner, known.members, known.room, known.link):
        raise Refusal(f"{known.id} is staffed so already: {_staffing(known)}")
    return [
        ev.DisturbanceStaffed(known.id, known.target, owner, members, room, link, command.actor)
    ]


def log(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Write a line into the log of an open disturbance."""
    known = _open(run, command)
    text = command.detail("note") or command.reason
    _fit("a note", text)
    if any((line.by, line.text) == (command.actor, text) for line in known.log[-1:]):
        raise Refusal(f"these very words are the last line of {known.id} already")
    source = PERSON
    if command.actor.startswith(SOURCE_PREFIX):
        source = command.actor.removeprefix(SOURCE_PREFIX)
    return [ev.DisturbanceNoted(known.id, known.target, text, source, command.actor)]


def close(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """Back to green; what only a red one had stopped goes on once no red one is left."""
    known = _open(run, command)
    _may_lead(run, command, known)
    cause = command.detail("cause").strip()
    if not cause:
        raise Refusal(f"{known.id} is closed with its cause: what was it?")
    if not command.reason.strip():
        raise Refusal(f"{known.id} is closed with a note: what was done, and how is it known?")
    _fit("the cause", cause)
    _fit("the closing note", command.reason)
    effects: Effects = [
        ev.DisturbanceClosed(known.id, known.target, cause, command.reason, command.actor)
    ]
    if known.level is Level.RED and _goes_on_without(run, known):
        effects.append(ev.RunResumed(f"disturbance {known.id} is closed: {cause}"))
        effects += gates_later(run, now, command.actor)
    return effects


# --- what is meant, and who may -------------------------------------------------------------------


def _target(run: Run, target: str) -> str:
    if target in {"", EVERYTHING}:
        return WHOLE
    if target in run.moves or target in run.waves:
        return target
    near = difflib.get_close_matches(target, [EVERYTHING, *run.waves, *run.moves], 1)
    raise Refusal(
        f"no subsystem and no wave is called {target!r}" + (f"; {near[0]}?" if near else "")
    )


def _open(run: Run, command: OperatorCommand) -> Disturbance:
    wanted = command.target.strip().upper()
    known = run.disturbances.get(wanted)
    if known is None:
        named = ", ".join(run.unsettled) or "none"
        raise Refusal(f"there is no disturbance {command.target!r}; open are: {named}")
    if known.closed is not None:
        raise Refusal(
            f"{known.id} was closed by {known.closed_by} ({known.cause}); "
            "if it is back, open another one: migrator disturb"
        )
    return known


def _may_lead(run: Run, command: OperatorCommand, known: Disturbance) -> None:
    """Its owner, whoever opened it or works on it, and those who lead the wave or decide."""
    if not run.itinerary.members:
        return
    # A wave that was planned anew may be gone; who decides is still there.
    people = leading(run, known.wave) if known.wave in run.waves else deciders(run)
    named = [who for who in (known.owner, known.by) if who in run.itinerary.members]
    may_decide(run, command, tuple(dict.fromkeys((*named, *known.members, *people))))


def _goes_on_without(run: Run, known: Disturbance) -> bool:
    """Tell whether only this red one still stops the run: no other one, and no person or policy."""
    if run.state is not RunState.PAUSED or not run.paused_for or run.paused_at is None:
        return False
    since = run.paused_at
    returned = (wave.ended_at for wave in run.waves.values() if wave.state is WaveState.RETURNED)
    waits = run.itinerary.policy.after_unwind == "hold" and any(
        at is not None and at >= since for at in returned
    )
    return not waits and all(red.id == known.id for red in reds(run))


def _people(text: str) -> tuple[str, ...]:
    named = [name.strip() for name in text.replace(";", ",").split(",")]
    twice = sorted({name for name in named if name and named.count(name) > 1})
    if twice:
        raise Refusal(f"{', '.join(twice)} is named twice")
    return tuple(name for name in named if name)


def _elsewhere(run: Run, person: str, here: Disturbance) -> Disturbance | None:
    others = (each for each in run.unsettled.values() if each.id != here.id)
    return next((each for each in others if person in each.members), None)


def _times(command: OperatorCommand) -> int:
    given = command.detail("times") or "1"
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= TIMES_MAX):
        raise Refusal(f"a count of reports is a number from 1 to {TIMES_MAX}")
    return int(given)


def _link(link: str) -> None:
    """Text is only text; what looks like an address must be one that is safe to show as a link."""
    _fit_or_empty("the link", link)
    if _ADDRESS.match(link.strip()) and not link.startswith("https://"):
        raise Refusal("a meeting's link begins with https://; anything else is plain text")


def _staffing(known: Disturbance) -> str:
    people = ", ".join(known.members) or "nobody else"
    where = ", ".join(each for each in (known.room, known.link) if each) or "no room"
    return f"owner {known.owner or 'nobody'}, with {people}, {where}"


def _fit_or_empty(what: str, text: str) -> None:
    if text:
        _fit(what, text, ROOM_MAX)


def _fit(what: str, text: str, most: int = 500) -> None:
    why = unfit(text, most)
    if why:
        raise Refusal(f"{what} is not kept: {why}")
