"""The shift handover note: what moved, what waits for whom, what is decided next, what is open.

Called by `migrator handover` and by the page of the same name: the note as data, and as a text that
is read aloud at the change of shift. What happened in detail is `handover.py`'s, told by
`migrator since`; this is one page. Pure, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.asking import deciders
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import WaveState
from migrator.notices.book import Item, Why
from migrator.notices.model import Kind, Thing
from migrator.notices.things import things
from migrator.plan.model import Itinerary
from migrator.reports.calls import CONSEQUENCES, LEVELS, cause_words, title
from migrator.reports.handover import hand_over
from migrator.reports.texts import Texts
from migrator.reports.words import WAVE_OUTCOMES

SHIFT: Final = timedelta(hours=8)
"""As far as a note looks back unless told otherwise: a shift."""

_TO_COME = frozenset({WaveState.PLANNED, WaveState.DECIDING})


@dataclass(frozen=True, slots=True)
class Moved:
    """A wave in which something changed."""

    wave: str
    name: str
    before: str  # its state in words
    now: str
    moved_before: int
    moved_now: int
    moves: int


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits, and for whom."""

    what: str
    cause: str
    people: tuple[str, ...]  # names
    since: datetime | None
    until: datetime | None
    then: str


@dataclass(frozen=True, slots=True)
class Next:
    """A decision to come: a gate."""

    at: datetime
    wave: str
    name: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenDisturbance:
    """A disturbance that the next shift takes over."""

    id: str
    level: str
    about: str
    reason: str
    owner: str
    members: tuple[str, ...]
    room: str
    opened: datetime
    red_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """The whole note, as data."""

    since: datetime
    now: datetime
    moved: tuple[Moved, ...]
    waits: tuple[Waits, ...]
    decisions: tuple[Next, ...]
    disturbances: tuple[OpenDisturbance, ...]
    events: int  # lines of the journal since then


def shift_note(
    itinerary: Itinerary, lines: Sequence[Line], run: Run, since: datetime, now: datetime, t: Texts
) -> Note:
    """The note at run time `now`. `run` is what the lines make of the itinerary."""
    found = hand_over(itinerary, lines, since, now)
    moved = tuple(
        Moved(
            each.wave,
            each.name,
            t._(WAVE_OUTCOMES[each.then.value]),
            t._(WAVE_OUTCOMES[each.now.value]),
            each.moved_then,
            each.moved_now,
            each.moves,
        )
        for each in found.waves
        if (each.then, each.moved_then) != (each.now, each.moved_now)
    )
    # A check is somebody's from the moment at which she has it, not only when its time is short.
    waiting = things(run, now, itinerary.window.end - itinerary.window.start)
    return Note(
        since=since,
        now=now,
        moved=moved,
        waits=tuple(
            _waits(run, thing, t) for thing in waiting if thing.kind is not Kind.DISTURBANCE
        ),
        decisions=_decisions(run),
        disturbances=tuple(_disturbance(run, name, t) for name in run.unsettled),
        events=found.events,
    )


def note_text(note: Note, t: Texts, heading: str) -> str:
    """The note as text, to be read aloud or sent along."""
    lines = [heading, _since(note, t), "", t._("What moved")]
    lines += [f"  {_moved(each, t)}" for each in note.moved] or [f"  {t._('Nothing')}"]
    lines += ["", t._("What waits, and for whom")]
    lines += [f"  {_waiting(each, t)}" for each in note.waits] or [f"  {t._('Nothing')}"]
    lines += ["", t._("Next decisions")]
    lines += [f"  {_next(each, t)}" for each in note.decisions] or [f"  {t._('None')}"]
    lines += ["", t._("Open disturbances")]
    lines += [f"  {_open(each, t)}" for each in note.disturbances] or [f"  {t._('None')}"]
    return "\n".join(lines)


def _since(note: Note, t: Texts) -> str:
    return t._(
        "From %(since)s to %(now)s (%(zone)s)",
        since=t.time(note.since),
        now=t.time(note.now),
        zone=t.zone.key,
    )


def _moved(each: Moved, t: Texts) -> str:
    states = each.now if each.before == each.now else f"{each.before} → {each.now}"
    return t._(
        "%(wave)s (%(name)s): %(states)s; %(moved)s of %(moves)s moved, before %(before)s",
        wave=each.wave, name=each.name, states=states, moved=each.moved_now, moves=each.moves,
        before=each.moved_before,
    )  # fmt: skip


def _waiting(each: Waits, t: Texts) -> str:
    parts = [each.what]
    if each.cause:
        parts.append(each.cause)
    if each.people:
        parts.append(t._("waits for %(people)s", people=t.listed(each.people)))
    if each.until is not None:
        until = t._("until %(time)s", time=t.time(each.until))
        parts.append(f"{until}, {each.then}" if each.then else until)
    return "; ".join(parts)


def _next(each: Next, t: Texts) -> str:
    people = f" ({t.listed(each.people)})" if each.people else ""
    return (
        f"{t.time(each.at)}  "
        + t._("go or no-go for %(wave)s (%(name)s)", wave=each.wave, name=each.name)
        + people
    )


def _open(each: OpenDisturbance, t: Texts) -> str:
    parts = [f"{each.id} {each.level}: {each.about}: {each.reason}"]
    if each.owner:
        parts.append(t._("owner %(name)s", name=each.owner))
    if each.members:
        parts.append(t._("with %(people)s", people=t.listed(each.members)))
    if each.room:
        parts.append(each.room)
    if each.red_at is not None:
        parts.append(t._("red at %(time)s", time=t.time(each.red_at)))
    return "; ".join(parts)


def _waits(run: Run, thing: Thing, t: Texts) -> Waits:
    item = Item(
        thing.call, thing.key, thing.kind, thing.wave, thing.subject, thing.cause, thing.then,
        thing.since, thing.until, Why.FIRST,
    )  # fmt: skip
    return Waits(
        title(item, run.itinerary, t),
        cause_words(item, run.itinerary, t),
        _names(run, thing.people),
        thing.since,
        thing.until,
        t._(CONSEQUENCES[thing.then]) if thing.then in CONSEQUENCES else "",
    )


def _decisions(run: Run) -> tuple[Next, ...]:
    """The gates that are not decided, in the order in which they come."""
    found = [
        Next(leg.gate_at, leg.id, leg.name, _names(run, tuple(leg.deciders) or deciders(run)))
        for leg in run.itinerary.waves
        if run.waves[leg.id].state in _TO_COME
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.wave)))


def _disturbance(run: Run, name: str, t: Texts) -> OpenDisturbance:
    known = run.unsettled[name]
    level = known.level.value
    return OpenDisturbance(
        id=known.id,
        level=t._(LEVELS[level]) if level in LEVELS else level,
        about=known.target or t._("the whole"),
        reason=known.reason,
        owner=", ".join(_names(run, (known.owner,) if known.owner else ())),
        members=_names(run, known.members),
        room=known.link or known.room,
        opened=known.opened,
        red_at=known.red_at if level == "yellow" else None,
    )


def _names(run: Run, people: Sequence[str]) -> tuple[str, ...]:
    members = run.itinerary.members
    return tuple(members[each].name if each in members else each for each in people)
