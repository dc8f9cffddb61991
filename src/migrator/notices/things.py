"""What the run waits for from people, as things to call them for. Pure.

Called by `caller.py` once a second and after each commit, by rehearsals and by the handover note.
It reads the list that `decide` and the pages show (`engine/waits.py`) and adds who is meant by id.
What must never happen: a wait for a person about which nobody is told. One that this file does not
know is a thing, too, and goes to the decision makers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.asking import deciders
from migrator.engine.foresight import TURN_BACK
from migrator.engine.run import Hold, Run
from migrator.engine.tasks import means_of, who_may
from migrator.engine.waits import Wait, waits
from migrator.incidents.model import Disturbance, Level
from migrator.notices.model import Kind, Thing

CHECK_BEFORE: Final = timedelta(minutes=10)
"""A verdict is nobody's business but the handler's until so long before its time is over."""

TASK_PEOPLE_MAX: Final = 3
"""A task may be done by anybody of a team; a call to twenty is a call to nobody."""

ALL_HANDS: Final = frozenset({"engineer", "wave_lead", "decision_maker"})
"""Whom a red disturbance calls, at work or not; handlers go on verifying what stands."""

KINDS: Final = {
    "resume": Kind.PAUSED,
    "a signature, or turning back": Kind.TURN_BACK,
    "a second person": Kind.SECOND,
    "go or no-go": Kind.GATE,
    "a decision": Kind.HOLD,
    "a veto, or the end of the veto period": Kind.VETO,
    "a human who mends it": Kind.STUCK,
    "a decision: nothing holds an accepted wave, and it is not committed meanwhile": Kind.REFUSED,
    "a signature": Kind.COMMIT,
    "a verdict": Kind.CHECK,
    "a person's tick": Kind.TASK,
    "its cause, and an end": Kind.DISTURBANCE,
    "a human": Kind.DOUBT,
}
"""What a wait says that it waits for, by the kind of thing that this is."""


def things(run: Run, now: datetime, check_before: timedelta = CHECK_BEFORE) -> tuple[Thing, ...]:
    """Everything that people are to be called for at run time `now`, each once."""
    found: dict[str, Thing] = {}
    red = any(known.level is Level.RED for known in run.unsettled.values())
    for wait in waits(run, now):
        if not wait.human:
            continue
        thing = _thing(run, wait)
        if thing.kind is Kind.PAUSED and red:
            continue  # everybody is called for what paused it
        if thing.kind is Kind.CHECK and (wait.until is None or now < wait.until - check_before):
            continue
        found.setdefault(thing.key, thing)
    return tuple(found.values())


def kind_of(run: Run, wait: Wait) -> Kind:
    """What a wait is about."""
    if wait.subject in run.stalled and wait.what.startswith("the commit of"):
        return Kind.STALLED
    return KINDS.get(wait.waits_for, Kind.OTHER)


def _thing(run: Run, wait: Wait) -> Thing:
    kind = kind_of(run, wait)
    hold = _hold(run, wait) if kind in {Kind.HOLD, Kind.VETO} else None
    return Thing(
        # A hold and the clock on it are one matter.
        key="/".join(
            (str(Kind.HOLD if kind is Kind.VETO else kind), *_identity(run, kind, wait, hold))
        ),
        state=_state(run, kind, wait),
        kind=kind,
        wave=wait.wave,
        subject=wait.subject,
        cause=_cause(run, kind, wait, hold),
        then=_then(run, kind, wait),
        since=wait.since,
        until=wait.until,
        people=tuple(dict.fromkeys(_people(run, kind, wait))),
    )


def _identity(run: Run, kind: Kind, wait: Wait, hold: Hold | None) -> Iterator[str]:
    """What tells this matter from every other one of its kind."""
    yield wait.wave or "run"
    yield wait.subject
    if wait.wave in run.waves:
        yield str(run.waves[wait.wave].attempt)
    if hold is not None:
        yield hold.since.isoformat()
    elif kind is Kind.PAUSED and wait.since is not None:
        yield wait.since.isoformat()
    elif kind is Kind.CHECK:
        yield run.checks[wait.subject].person
    elif kind is Kind.SECOND:
        yield wait.what


def _state(run: Run, kind: Kind, wait: Wait) -> str:
    """How it stands. The hour of no return moves with every forecast, and is no news each time."""
    if kind is Kind.TURN_BACK:
        return wait.then
    if kind is Kind.DISTURBANCE:  # each warning is news, and each owner is told
        known = run.disturbances[wait.subject]
        return " ".join((known.level.value, known.owner, *known.warned))
    until = "" if wait.until is None else wait.until.isoformat(timespec="minutes")
    return f"{kind} {until}"


def _hold(run: Run, wait: Wait) -> Hold | None:
    holds = run.waves[wait.wave].holds
    return next((each for each in holds if each.subject == wait.subject), None)


def _cause(run: Run, kind: Kind, wait: Wait, hold: Hold | None) -> str:
    """Why it waits, as a code; what somebody wrote about it stays on the page."""
    if kind is Kind.DISTURBANCE:
        return run.disturbances[wait.subject].level.value
    if kind in {Kind.STUCK, Kind.REFUSED}:
        return "undo_failed" if kind is Kind.STUCK else "refused"
    if hold is None:
        return ""
    return "turn_back" if hold.subject == TURN_BACK else hold.trouble


def _then(run: Run, kind: Kind, wait: Wait) -> str:
    """What comes of it when nobody answers in time, as a code."""
    if kind is Kind.GATE:
        return run.itinerary.policy.gate_default
    known = run.disturbances.get(wait.subject)
    if known is not None:
        return "red" if known.level is Level.YELLOW else ""
    if kind is Kind.CHECK:
        return "held" if wait.then == "the wave is held" else "passed-on"
    return {Kind.VETO: "unwind", Kind.TASK: "held"}.get(kind, "")


def _people(run: Run, kind: Kind, wait: Wait) -> tuple[str, ...]:
    """Who is asked first, by id."""
    if kind is Kind.CHECK:
        return (run.checks[wait.subject].person,)
    if kind is Kind.DISTURBANCE:
        return _hands(run, run.disturbances[wait.subject])
    if kind is Kind.STALLED:
        return (run.stalled[wait.subject].on_whom,)
    if kind is Kind.TASK:
        return _doers(run, wait)
    makers = deciders(run)
    if kind is Kind.SECOND:
        asked = {each.by for each in run.seconds_asked.values()}
        return tuple(person for person in makers if person not in asked)
    leg = next((leg for leg in run.itinerary.waves if leg.id == wait.wave), None)
    if leg is None or kind is Kind.COMMIT:
        return makers
    if kind is not Kind.GATE and leg.lead:
        return (leg.lead,)
    return tuple(leg.deciders) or makers


def _doers(run: Run, wait: Wait) -> tuple[str, ...]:
    """Who may do a task: a few of them."""
    move, _, act = wait.subject.partition("/")
    means = means_of(run, move, act)
    assert means is not None, "a task has its means"
    assert means.manual is not None, "and they are a person's"
    return who_may(run, move, means.manual)[:TASK_PEOPLE_MAX]


def _hands(run: Run, known: Disturbance) -> tuple[str, ...]:
    """Whom a disturbance calls: its owner and those taken off for it; all hands when it is red."""
    people = (*((known.owner,) if known.owner else ()), *known.members)
    if known.level is not Level.RED:
        return people
    members = run.itinerary.members.items()
    return (*people, *(who for who, member in members if ALL_HANDS.intersection(member.roles)))
