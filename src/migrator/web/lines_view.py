"""Journal lines as pages tell them: what happened, to what, by whom, in either language. Pure.

Used by the pages of a wave, of a subsystem and of the journal. One phrase for each kind of line; a
kind that has none is a defect, and a test compares the table with the engine's own list. Whatever a
person or a program wrote stays as it was written and is only text: templates escape it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.plan.model import Itinerary
from migrator.reports.texts import N_, Texts
from migrator.reports.words import ACT_OUTCOMES, LOOKS, OUTCOMES, SIDES, VERDICTS, act_word

PHRASES: Final = {
    "RunStarted": N_("The run began"),
    "RunPaused": N_("The run was paused"),
    "RunResumed": N_("The run went on"),
    "RunAborted": N_("The run was aborted"),
    "RunEnded": N_("The run ended"),
    "GateOpened": N_("The gate was opened: go or no-go"),
    "GateDecided": N_("Go was said"),
    "GateLapsed": N_("No-go"),
    "GatePostponed": N_("The decision was postponed"),
    "DeadlineExtended": N_("More time was given"),
    "AttemptOpened": N_("A new attempt was opened"),
    "StepStarted": N_("A step began"),
    "StepEnded": N_("A step ended"),
    "StepDoubted": N_("A step is in doubt"),
    "StepSettled": N_("A step in doubt was looked up"),
    "StepResolved": N_("A person decided on a step"),
    "UndoStarted": N_("An undo began"),
    "UndoEnded": N_("An undo ended"),
    "UndoDoubted": N_("An undo is in doubt"),
    "UndoSettled": N_("An undo in doubt was looked up"),
    "UndoResolved": N_("A person decided on an undo"),
    "AuthorityMoved": N_("Authority was moved"),
    "LinksJudged": N_("Links were tried"),
    "LinksCovered": N_("The estate's links were counted"),
    "ForecastMade": N_("The forecast changed"),
    "CheckOpened": N_("A check can be verified"),
    "CheckAssigned": N_("A handler was asked"),
    "CheckReminded": N_("A handler was reminded"),
    "CheckEscalated": N_("A deputy was asked"),
    "CheckHandedOver": N_("A check was handed over"),
    "TickGiven": N_("A handler answered"),
    "DefectFiled": N_("A defect was noted"),
    "DefectRaised": N_("A defect was taken for a refusal"),
    "PersonArrived": N_("Somebody says to be there"),
    "PersonLeft": N_("Somebody says to be gone"),
    "PersonAbsent": N_("Somebody has not been heard of"),
    "WrongSideSeen": N_("A handler looked at the old side"),
    "TickWithdrawn": N_("An answer was taken back"),
    "CheckPassed": N_("A check passed"),
    "CheckVoided": N_("A check no longer counts"),
    "WaveVerified": N_("The wave is verified"),
    "WaveHeld": N_("The wave was held"),
    "HoldReleased": N_("A hold was released"),
    "VetoGiven": N_("The unwind was vetoed for a time"),
    "OverrideAsked": N_("An override was asked for"),
    "CodeSpent": N_("A single-use code was used up"),
    "SecondAsked": N_("A second person was asked for"),
    "StepAmended": N_("A file of a step was replaced"),
    "Replanned": N_("What had not started follows another plan"),
    "OverrideGiven": N_("The rule was overridden by two people"),
    "LossAccepted": N_("A loss of data was accepted by two people"),
    "LinkWaived": N_("A link was let be"),
    "UnwindBegun": N_("Taking back began"),
    "MoveReturned": N_("The subsystem is back on the old side"),
    "PartReturned": N_("The unwound part is back"),
    "WaveReturned": N_("The whole wave is back"),
    "WaveStuck": N_("The wave is stuck"),
    "WaveUnstuck": N_("The wave is no longer stuck"),
    "WaveBlocked": N_("The wave is blocked"),
    "WaveAccepted": N_("The wave was accepted"),
    "CommitBegun": N_("Making it final was signed"),
    "WaveCommitted": N_("The wave is final"),
    "CommandTaken": N_("A person's word was taken"),
    "CommandRefused": N_("A person's word was refused"),
    "Signed": N_("A limit was signed"),
    "HandRecorded": N_("Something was done by hand"),
    "Stalled": N_("Something stood still"),
    "DisturbanceOpened": N_("A disturbance was opened: yellow"),
    "DisturbanceStaffed": N_("A disturbance was given its people"),
    "DisturbanceNoted": N_("The log of a disturbance grew"),
    "DisturbanceHastened": N_("A disturbance becomes red earlier than was said"),
    "DisturbanceWarned": N_("A disturbance will soon be red"),
    "DisturbanceReddened": N_("A disturbance is red: all hands"),
    "DisturbanceClosed": N_("A disturbance was closed: green"),
    "VersionAccepted": N_("Another version of the program was accepted"),
}

_BAD: Final = frozenset(
    {
        "RunAborted",
        "GateLapsed",
        "WaveHeld",
        "WaveStuck",
        "DefectRaised",
        "WaveBlocked",
        "Stalled",
        "DisturbanceReddened",
    }
)
_WARN: Final = frozenset(
    {
        "RunPaused", "StepDoubted", "UndoDoubted", "VetoGiven", "OverrideAsked", "OverrideGiven",
        "LossAccepted", "LinkWaived", "UnwindBegun", "WaveReturned", "PartReturned",
        "CheckEscalated", "DefectFiled", "PersonAbsent",
        "CommandRefused", "WrongSideSeen", "StepAmended", "Replanned", "DisturbanceOpened",
        "DisturbanceHastened", "DisturbanceWarned",
    }
)  # fmt: skip
_GOOD: Final = frozenset(
    {"CheckPassed", "WaveVerified", "WaveAccepted", "WaveCommitted", "DisturbanceClosed"}
)

_PLAYED: Final = "simulated:"
"""How the journal names a person whom the program plays."""
_PROGRAM: Final = frozenset({"engine", "conductor", "policy", ""})
_SAID: Final = ("text", "reason", "cause", "why", "because", "detail")
"""Fields that hold what somebody wrote, or a program said."""

CHUNK: Final = 500
LOOKED_AT_MAX: Final = 5_000
"""So many lines are read for one page at most; whoever looks for something rare goes on from
there."""


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line for people. `said` is as it was written, in whatever language that was."""

    seq: int
    at: datetime
    what: str
    subject: str
    wave: str  # empty: of no wave
    move: str  # empty: of no subsystem
    who: str  # a name; empty where the program did it by itself
    simulated: bool
    how: str
    said: tuple[str, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for; empty texts ask for all."""

    wave: str = ""
    move: str = ""
    person: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that were asked for, the newest first. `further` is where to go on; None: the end."""

    lines: tuple[Line, ...]
    further: int | None


def look_back(
    earlier: Callable[[int, int], Sequence[Line]],
    wanted: Callable[[Line], bool],
    before: int,
    count: int,
) -> Found:
    """Go back from the line `before` until `count` were found. `earlier` gives the newest first."""
    lines: list[Line] = []
    looked = 0
    while looked < LOOKED_AT_MAX:
        chunk = earlier(before, CHUNK)
        for line in chunk:
            before = line.seq
            if wanted(line):
                lines.append(line)
                if len(lines) == count:
                    return Found(tuple(lines), before if before > 1 else None)
        if len(chunk) < CHUNK:
            return Found(tuple(lines), None)
        looked += len(chunk)
    return Found(tuple(lines), before)


def is_wanted(line: Line, wanted: Wanted, itinerary: Itinerary) -> bool:
    """Tell whether a line is one of those that are asked for."""
    event = line.event
    if wanted.kind and type(event).__name__ != wanted.kind:
        return False
    if wanted.person and wanted.person not in people_of(line):
        return False
    if not (wanted.wave or wanted.move):
        return True
    wave, move = places_of(event, itinerary)
    if wanted.move:
        return wanted.move == move or wanted.move in getattr(event, "moves", ())
    return wanted.wave == wave


def people_of(line: Line) -> frozenset[str]:
    """Everybody whom a line names as one who did something."""
    event = line.event
    named = {getattr(event, name, "") for name in ("by", "second", "person")}
    return frozenset(named | {line.actor.removeprefix(_PLAYED)}) - _PROGRAM


def places_of(event: ev.Event, itinerary: Itinerary) -> tuple[str, str]:
    """The wave and the subsystem that an event belongs to; empty where it belongs to none."""
    for name in ("move", "subsystem"):
        move = getattr(event, name, None)
        if isinstance(move, str):
            return _of_move(move, itinerary)
    check = getattr(event, "check", None)
    if isinstance(check, str):
        return check.rpartition("@")[2], ""
    subject = getattr(event, "subject", None) or getattr(event, "target", None)
    wave, move = "", ""
    if isinstance(subject, str):
        plain, _, of_check = subject.partition("/")[0].partition("@")
        wave, move = _of_move(plain, itinerary)
        wave = of_check or wave or (plain if _is_wave(plain, itinerary) else "")
    named = getattr(event, "wave", None)
    return (named if isinstance(named, str) and named else wave), move


def line_row(line: Line, itinerary: Itinerary, t: Texts) -> LineRow:
    """One line for people."""
    event = line.event
    kind = type(event).__name__
    wave, move = places_of(event, itinerary)
    who = _who(line, itinerary)
    return LineRow(
        line.seq,
        line.at,
        t._(PHRASES[kind]),
        _subject(event, itinerary, t) or move or wave,
        wave,
        move,
        who,
        bool(who) and line.actor.startswith(_PLAYED),
        _how(event, t),
        tuple(str(text) for name in _SAID if (text := getattr(event, name, ""))),
        _tone(event, kind),
    )


def _of_move(move: str, itinerary: Itinerary) -> tuple[str, str]:
    leg = itinerary.legs.get(move)
    return ("", "") if leg is None else (leg.wave, move)


def _is_wave(text: str, itinerary: Itinerary) -> bool:
    return any(wave.id == text for wave in itinerary.waves)


def _who(line: Line, itinerary: Itinerary) -> str:
    event = line.event
    named = getattr(event, "by", "") or getattr(event, "person", "")
    named = named or line.actor.removeprefix(_PLAYED)
    both = [each for each in (named, getattr(event, "second", "")) if each not in _PROGRAM]
    return ", ".join(_name(each, itinerary) for each in both)


def _name(person: str, itinerary: Itinerary) -> str:
    member = itinerary.members.get(person)
    return person if member is None else member.name


def _subject(event: ev.Event, itinerary: Itinerary, t: Texts) -> str:
    check = getattr(event, "check", None)
    if isinstance(check, str):
        leg = next((each for each in itinerary.checks if each.id == check), None)
        return check if leg is None else t.text(leg.name)
    act = getattr(event, "step", "") or getattr(event, "undo", "")
    if act:
        return f"{getattr(event, 'move', '')}: {act_word(t, act)}"
    return str(getattr(event, "subject", "") or getattr(event, "target", ""))


def _how(event: ev.Event, t: Texts) -> str:
    match event:
        case ev.TickGiven() | ev.WrongSideSeen():
            return t._(VERDICTS[event.verdict])
        case ev.StepEnded() | ev.UndoEnded() | ev.StepSettled() | ev.UndoSettled():
            return t._(ACT_OUTCOMES[event.outcome])
        case ev.AuthorityMoved():
            return t._(SIDES[event.side])
        case ev.LinksJudged():
            return t._(
                "%(look)s: %(same)s as before, %(worse)s worse",
                look=t._(LOOKS[event.look]),
                same=t.number(event.same + event.better),
                worse=t.number(event.regressed),
            )
        case ev.GateOpened():
            return t._("until %(time)s", time=t.clock(event.deadline))
        case ev.RunEnded():
            return t._(OUTCOMES[event.outcome])
        case _:
            return str(getattr(event, "verb", "") or getattr(event, "how", ""))


def _tone(event: ev.Event, kind: str) -> str:
    if getattr(event, "verdict", "") == "does_not_work":
        return "error"
    if isinstance(event, ev.StepEnded | ev.UndoEnded) and event.outcome != "done":
        return "error"
    if isinstance(event, ev.LinksJudged) and event.regressed:
        return "warning"
    if kind in _BAD:
        return "error"
    if kind in _WARN:
        return "warning"
    return "success" if kind in _GOOD else "default"
