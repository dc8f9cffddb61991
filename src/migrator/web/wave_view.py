"""A wave and a subsystem close by: moves, steps, links, checks. Pure reading of a run.

The wall tells how it stands; these tell why. Called by the pages of the same names, laid out by
templates. What the journal says of them is told by `lines_view`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.engine.run import ActRecord, MoveRecord, Run
from migrator.engine.states import ActState, CheckState, Side
from migrator.plan.model import CheckLeg, Leg, WaveLeg
from migrator.reports.texts import N_, Texts
from migrator.reports.words import KINDS, LOOKS, SIDES, VERDICTS, act_word
from migrator.web.weekend_view import SIGNS, TONES, WORDS

ACTS: Final = {
    ActState.WAITING: (N_("not begun"), "default"),
    ActState.STARTED: (N_("under way"), "info"),
    ActState.DOUBTED: (N_("in doubt"), "warning"),
    ActState.UNKNOWN: (N_("unknown, even to the platform"), "error"),
    ActState.DONE: (N_("done"), "success"),
    ActState.FAILED: (N_("failed"), "error"),
    ActState.SKIPPED: (N_("skipped by a person"), "warning"),
    ActState.FORCED: (N_("declared done by a person"), "warning"),
    ActState.ABANDONED: (N_("given up"), "warning"),
}
CHECKS: Final = {
    CheckState.OPEN: (N_("waits for somebody"), "info"),
    CheckState.ASSIGNED: (N_("somebody is asked"), "info"),
    CheckState.PASSED: (N_("verified"), "success"),
    CheckState.REFUSED: (N_("refused"), "error"),
    CheckState.VOID: (N_("no longer counts"), "default"),
}
PLACES: Final = {
    "old": N_("on the old side"),
    "crossing": N_("on its way"),
    "new": N_("on the new side"),
    "back": N_("back on the old side"),
}
NEIGHBOURS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class ActRow:
    """A step or an undo."""

    name: str
    state: str
    tone: str
    nth: int
    started: datetime | None
    ended: datetime | None
    limit_at: datetime | None  # of what is under way
    said: str


@dataclass(frozen=True, slots=True)
class LookRow:
    """What one look at a subsystem's links found."""

    look: str
    same: int  # as before, or better
    broken: int  # broken before the move, too
    worse: int
    waived: int
    open: int  # not looked at: put off, unproved, untestable
    causes: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TickRow:
    """What one person said."""

    who: str
    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check and who said what."""

    id: str
    name: str
    state: str
    tone: str
    asked: str  # a name; empty where nobody is asked
    until: datetime | None
    quorum: int
    ticks: tuple[TickRow, ...]
    wrong_side: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A subsystem as its wave shows it."""

    id: str
    name: str
    place: str
    place_word: str
    planned: datetime  # the switch
    switched: datetime | None
    done: int
    steps: int
    doing: str
    worse: int  # links


@dataclass(frozen=True, slots=True)
class WavePage:
    """Everything about one wave."""

    id: str
    name: str
    state: str
    tone: str
    sign: str
    attempt: int
    gate_at: datetime
    decided_at: datetime | None
    decided_by: str
    started_at: datetime | None
    ended_at: datetime | None
    lead: str
    cause: str
    unwind_at: datetime | None
    moves: tuple[MoveRow, ...]
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another subsystem and how many links there are to it and from it."""

    id: str
    name: str
    links: int
    moves: bool  # False: it stays, and has no page
    place_word: str


@dataclass(frozen=True, slots=True)
class SubsystemPage:
    """Everything about one subsystem."""

    id: str
    name: str
    wave: str
    wave_name: str
    place: str
    place_word: str
    authority: str
    kind: str
    team: str
    criticality: int
    links: int
    planned_start: datetime
    planned_switch: datetime
    planned_end: datetime
    started: datetime | None
    switched: datetime | None
    switched_back: datetime | None
    irreversible: str
    after: tuple[str, ...]
    steps: tuple[ActRow, ...]
    undos: tuple[ActRow, ...]
    looks: tuple[LookRow, ...]
    remains: tuple[str, ...]
    checks: tuple[CheckRow, ...]
    neighbours: tuple[Neighbour, ...]


def wave_page(run: Run, wave: str, t: Texts) -> WavePage | None:
    """A wave as it stands; None where the plan has none of that name."""
    leg = next((each for each in run.itinerary.waves if each.id == wave), None)
    if leg is None:
        return None
    record = run.waves[leg.id]
    hold = record.hold
    return WavePage(
        leg.id,
        leg.name,
        t._(WORDS[record.state]),
        TONES[record.state],
        SIGNS[record.state],
        record.attempt,
        leg.gate_at,
        record.decided_at,
        person_name(run, record.decided_by),
        record.started_at,
        record.ended_at,
        person_name(run, leg.lead or ""),
        hold.cause if hold is not None else record.cause,
        hold.unwind_at if hold is not None else None,
        tuple(_move(run, run.itinerary.legs[move], t) for move in leg.moves),
        _checks(run, run.checks_of[leg.id], t),
    )


def subsystem_page(run: Run, subsystem: str, t: Texts) -> SubsystemPage | None:
    """A subsystem as it stands; None where none of that name is moved."""
    leg = run.itinerary.legs.get(subsystem)
    if leg is None:
        return None
    record = run.moves[leg.id]
    crew = run.itinerary.crews.get(leg.team)
    exercised = [
        check for check in run.checks_of[leg.wave] if leg.id in (*check.core, *check.passing)
    ]
    place = place_of(run, leg.id)
    return SubsystemPage(
        leg.id,
        leg.name,
        leg.wave,
        _wave(run, leg.wave).name,
        place,
        t._(PLACES[place]),
        t._(SIDES[run.authority[leg.id].value]),
        t._(KINDS[leg.kind]) if leg.kind in KINDS else leg.kind,
        crew.name if crew is not None else leg.team,
        leg.criticality,
        leg.links,
        leg.planned_start,
        leg.planned_switch,
        leg.planned_end,
        record.first_started,
        record.switched_at,
        record.switched_back_at,
        leg.irreversible or "",
        tuple(leg.after),
        tuple(_act(act, t) for act in record.steps.values()),
        tuple(_act(act, t) for act in record.undos.values() if act.nth or act in record.undoing),
        tuple(_looks(record, t)),
        record.remains,
        _checks(run, exercised, t),
        _neighbours(run, leg, t),
    )


def place_of(run: Run, move: str) -> str:
    """Where a subsystem is: old, crossing, new or back."""
    record = run.moves[move]
    if run.authority[move] is Side.NEW:
        return "new"
    if record.returned:
        return "back"
    return "crossing" if record.touched else "old"


def person_name(run: Run, person: str) -> str:
    """A person's name, or the id where the plan does not know it."""
    member = run.itinerary.members.get(person)
    return person if member is None else member.name


def _wave(run: Run, wave: str) -> WaveLeg:
    return next(each for each in run.itinerary.waves if each.id == wave)


def _move(run: Run, leg: Leg, t: Texts) -> MoveRow:
    record = run.moves[leg.id]
    place = place_of(run, leg.id)
    # The commit's two steps come after acceptance, when nobody waits for the wave any more.
    keys = [step.key for step in run.itinerary.recipes[leg.recipe].steps]
    doing = next((name for subject, name in run.in_flight if subject == leg.id), "")
    return MoveRow(
        leg.id,
        leg.name,
        place,
        t._(PLACES[place]),
        leg.planned_switch,
        record.switched_at,
        sum(_is_over(record.steps[key]) for key in keys if key in record.steps),
        len(keys),
        act_word(t, doing) if doing else "",
        sum(_left(record, look) for look in record.judged),
    )


def _is_over(act: ActRecord) -> bool:
    return act.state in {ActState.DONE, ActState.SKIPPED, ActState.FORCED, ActState.ABANDONED}


def _left(record: MoveRecord, look: str) -> int:
    waived = len(record.waived.get(look, ()))
    return max(0, record.judged[look].regressed - waived)


def _act(act: ActRecord, t: Texts) -> ActRow:
    word, tone = ACTS[act.state]
    running = act.state is ActState.STARTED
    return ActRow(
        act_word(t, act.name),
        t._(word),
        tone,
        act.nth,
        act.started,
        act.ended,
        act.limit_at if running else None,
        act.detail,
    )


def _looks(record: MoveRecord, t: Texts) -> list[LookRow]:
    return [
        LookRow(
            t._(LOOKS[look]),
            judged.same + judged.better,
            judged.broken,
            judged.regressed,
            judged.waived + len(record.waived.get(look, ())),
            judged.deferred + judged.unproved + judged.untestable,
            judged.causes,
            judged.examples,
        )
        for look, judged in record.judged.items()
    ]


def _checks(
    run: Run, checks: tuple[CheckLeg, ...] | list[CheckLeg], t: Texts
) -> tuple[CheckRow, ...]:
    return tuple(_check(run, check, t) for check in checks)


def _check(run: Run, check: CheckLeg, t: Texts) -> CheckRow:
    known = run.checks.get(check.id)
    if known is None or known.attempt != run.waves[check.wave].attempt:
        return CheckRow(
            check.id, t.text(check.name), t._("cannot be begun yet"), "default", "", None,
            check.quorum, (), 0,
        )  # fmt: skip
    word, tone = CHECKS[known.state]
    asked = known.state is CheckState.ASSIGNED
    return CheckRow(
        check.id,
        t.text(check.name),
        t._(word),
        tone,
        person_name(run, known.person) if asked else "",
        known.limit_at if asked else None,
        check.quorum,
        tuple(
            TickRow(person_name(run, person), t._(VERDICTS[said]), known.ticked_at[person])
            for person, said in known.ticks.items()
        ),
        len(known.wrong_side),
    )


def _neighbours(run: Run, leg: Leg, t: Texts) -> tuple[Neighbour, ...]:
    counted: dict[str, int] = {}
    for pair in run.itinerary.pairs:
        if leg.id in {pair.source, pair.target} and pair.source != pair.target:
            other = pair.target if pair.source == leg.id else pair.source
            counted[other] = counted.get(other, 0) + pair.links
    heaviest = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:NEIGHBOURS_MAX]
    names = run.itinerary.names
    return tuple(
        Neighbour(
            other,
            names.get(other, other),
            links,
            other in run.moves,
            t._(PLACES[place_of(run, other)]) if other in run.moves else t._("it stays"),
        )
        for other, links in heaviest
    )
