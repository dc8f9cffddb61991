"""Disturbances as the pages show them: how each stands, whose it is, its clock and its log. Pure.

Green, yellow and red are always a word and a sign besides the colour. What somebody wrote is only
text; a meeting's link is a link where it begins with https, and else text, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.engine.asking import deciders, leading
from migrator.engine.disturbing import EVERYTHING
from migrator.engine.run import Run
from migrator.incidents.levels import Levels, levels
from migrator.incidents.model import CHECK, PERSON, Disturbance, Level
from migrator.plan.model import Member
from migrator.reports.texts import N_, Texts
from migrator.verification.assign import on_shift
from migrator.web.wave_view import person_name

LEVELS: Final = {
    Level.GREEN: (N_("green"), "●", "success"),
    Level.YELLOW: (N_("yellow"), "▲", "warning"),
    Level.RED: (N_("red"), "■", "error"),
}
"""A word, a sign and a tone."""
STAFF: Final = frozenset({"engineer", "wave_lead", "decision_maker"})
"""Whose work one can be taken off for a disturbance; case handlers verify."""
CLOSED_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Place:
    """What a disturbance is about; `path` is empty for the whole."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as a form offers them."""

    id: str
    name: str
    chosen: bool
    on_shift: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log. `times`: it was reported so often by then; 0 for what a person wrote."""

    at: datetime
    who: str
    text: str
    times: int


@dataclass(frozen=True, slots=True)
class DisturbanceRow:
    """One disturbance in a list."""

    id: str
    level: str
    word: str
    sign: str
    tone: str
    reason: str
    place: Place
    owner: str
    members: tuple[str, ...]
    opened: datetime
    red_at: datetime | None  # None: it is red, or closed
    sooner: bool  # the clock is shorter than the policy's, because turning back ends before
    reddened: datetime | None
    times: int
    closed: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class DisturbancePage:
    """Everything about one disturbance."""

    row: DisturbanceRow
    source: str
    by: str
    owner_id: str
    room: str
    link: str
    address: str  # the link, where a browser may follow it
    closed_by: str
    note: str
    log: tuple[Entry, ...]
    owners: tuple[Somebody, ...]
    people: tuple[Somebody, ...]
    may_lead: bool  # the engine takes the reader's word on its people and on its end


@dataclass(frozen=True, slots=True)
class Disturbances:
    """The list, the worst and most urgent first."""

    word: str
    sign: str
    level: str
    open: tuple[DisturbanceRow, ...]
    closed: tuple[DisturbanceRow, ...]
    closed_all: int


def levels_of(run: Run) -> Levels:
    """How everything stands under what is open."""
    return levels(run.unsettled.values())


def disturbances(run: Run, t: Texts) -> Disturbances:
    """All disturbances of a run."""
    known = sorted(run.unsettled.values(), key=lambda each: (-each.level.rank, each.red_at))
    closed = [each for each in run.disturbances.values() if not each.open]
    closed.sort(key=lambda each: each.closed or each.opened, reverse=True)
    whole = levels_of(run).whole
    word, sign, _ = LEVELS[whole]
    return Disturbances(
        t._(word),
        sign,
        whole.value,
        tuple(_row(run, each, t) for each in known),
        tuple(_row(run, each, t) for each in closed[:CLOSED_SHOWN]),
        len(closed),
    )


def disturbance_page(
    run: Run, disturbance: str, person: str, now: datetime, t: Texts
) -> DisturbancePage | None:
    """One disturbance as `person` sees it; None where the run has none of that name."""
    known = run.disturbances.get(disturbance)
    if known is None:
        return None
    members = run.itinerary.members
    return DisturbancePage(
        _row(run, known, t),
        _source(known, t),
        person_name(run, known.by) if known.by != "engine" else "",
        known.owner,
        known.room,
        known.link,
        known.link if known.link.startswith("https://") else "",
        person_name(run, known.closed_by),
        known.note,
        tuple(
            Entry(line.at, person_name(run, line.by), line.text, line.times)
            for line in reversed(known.log)
        ),
        _somebody(members, now, {known.owner}),
        _somebody(members, now, set(known.members)),
        not members or person in may_lead(run, known),
    )


def place(run: Run, target: str, t: Texts) -> Place:
    """What a target names, and the page of it."""
    leg = run.itinerary.legs.get(target)
    if leg is not None:
        return Place(leg.name, f"/subsystems/{target}")
    wave = next((each for each in run.itinerary.waves if each.id == target), None)
    if wave is not None:
        return Place(f"{wave.id} {wave.name}", f"/waves/{target}")
    return Place(t._("the whole"), "")


def target_named(run: Run, text: str) -> str:
    """The subsystem, wave or whole that somebody has typed: by its id or its whole name."""
    wanted = " ".join(text.split())
    if wanted in run.moves or wanted in run.waves or wanted in {"", EVERYTHING}:
        return wanted
    folded = wanted.casefold()
    for leg in run.itinerary.legs.values():
        if folded in {leg.id.casefold(), leg.name.casefold()}:
            return leg.id
    for wave in run.itinerary.waves:
        if folded in {
            wave.id.casefold(),
            wave.name.casefold(),
            f"{wave.id} {wave.name}".casefold(),
        }:
            return wave.id
    return wanted  # the engine says what comes nearest


def may_lead(run: Run, known: Disturbance) -> frozenset[str]:
    """Who may say whose it is and that it is over, so that nobody is offered a form in vain."""
    people = {*(leading(run, known.wave) if known.wave else deciders(run))}
    people |= {known.owner, known.by, *known.members} & set(run.itinerary.members)
    return _with_deputies(run, people)


def leads(run: Run, wave: str, person: str) -> bool:
    """Tell whether somebody leads a wave or stands in for one; all do where nobody is named."""
    named = leading(run, wave)
    return not named or person in _with_deputies(run, set(named))


def open_about(
    run: Run, t: Texts, *, wave: str = "", subsystem: str = ""
) -> tuple[DisturbanceRow, ...]:
    """What is open about a wave and its subsystems, or about one subsystem; the worst first."""
    known = [
        each
        for each in run.unsettled.values()
        if (wave and each.wave == wave) or (subsystem and each.subsystem == subsystem)
    ]
    known.sort(key=lambda each: (-each.level.rank, each.red_at))
    return tuple(_row(run, each, t) for each in known)


def _with_deputies(run: Run, people: set[str]) -> frozenset[str]:
    members = run.itinerary.members
    named = (members[each].deputy for each in people if each in members)
    return frozenset(people | {str(deputy) for deputy in named if deputy is not None})


def _row(run: Run, known: Disturbance, t: Texts) -> DisturbanceRow:
    word, sign, tone = LEVELS[known.level]
    return DisturbanceRow(
        known.id,
        known.level.value,
        t._(word),
        sign,
        tone,
        known.reason,
        place(run, known.target, t),
        person_name(run, known.owner),
        tuple(person_name(run, each) for each in known.members),
        known.opened,
        known.red_at if known.level is Level.YELLOW else None,
        known.because == "turn-back",
        known.reddened,
        known.times,
        known.closed,
        known.cause,
    )


def _source(known: Disturbance, t: Texts) -> str:
    if known.source == PERSON:
        return t._("reported by a person")
    if known.source == CHECK:
        return t._("a handler said that something does not work")
    return known.source


def _somebody(
    members: Mapping[str, Member], now: datetime, chosen: set[str]
) -> tuple[Somebody, ...]:
    found = [
        Somebody(member.id, member.name, member.id in chosen, on_shift(member, now))
        for member in members.values()
        if member.id in chosen or STAFF & set(member.roles)
    ]
    return tuple(sorted(found, key=lambda each: (not each.chosen, not each.on_shift, each.name)))
