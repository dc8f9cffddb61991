"""A journal line in words: one short English sentence, as screens and progress show it.

Used by `run`, `watch` and the verbs. Subsystems and waves are named by their ids, because those
are what a person types next; people by their names. It tells what a line says and judges nothing.
The report tells the same facts at leisure, in the reader's language: `reports/narrative.py`.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from migrator.cli.disturbance_words import disturbance_told
from migrator.cli.sentences_checks import check_told
from migrator.engine import events as ev
from migrator.engine.bridging import figures
from migrator.engine.dry_runs import with_dry_run
from migrator.engine.foresight import expected
from migrator.engine.ports import Line
from migrator.plan.model import Itinerary
from migrator.reports.linking import coverage_said, links_said

OUTCOME_WORDS: Final = {
    "completed": "completed: every wave was accepted",
    "with_exceptions": "completed with exceptions",
    "returned": "ended with waves that are back on the old side",
    "stuck": "ended stuck: a person must mend what is listed",
}
_PLAYED: Final = "simulated"

NOISE: Final = (
    ev.StepStarted,
    ev.UndoStarted,
    ev.AuthorityMoved,
    ev.LinksJudged,
    ev.CheckOpened,
    ev.CodeSpent,
    ev.CheckVoided,
    ev.CommandTaken,
    ev.PersonLeft,
    ev.PersonArrived,
)
"""Kinds that another line tells better; shown only where every line is asked for."""

_TROUBLE: Final = (
    ev.RunAborted, ev.GateLapsed, ev.WaveHeld, ev.UnwindBegun, ev.WaveReturned, ev.WaveStuck,
    ev.WaveBlocked, ev.Stalled, ev.CommandRefused, ev.DisturbanceReddened,
)  # fmt: skip
_ODD: Final = (
    ev.StepDoubted, ev.UndoDoubted, ev.VetoGiven, ev.RunPaused, ev.VersionAccepted, ev.LinkWaived,
    ev.Signed, ev.SecondAsked, ev.PersonAbsent, ev.CheckReminded, ev.CheckEscalated,
    ev.DefectFiled, ev.StepAmended, ev.Replanned, ev.DisturbanceOpened,
    ev.DisturbanceHastened, ev.DisturbanceWarned,
)  # fmt: skip
_GOOD: Final = (
    ev.WaveAccepted, ev.WaveCommitted, ev.WaveVerified, ev.CheckPassed, ev.PartReturned,
    ev.DisturbanceClosed,
)  # fmt: skip


def tone(event: ev.Event) -> str:
    """How a line is coloured, where colours are: bad, warn, good or calm. The words say it too."""
    if isinstance(event, ev.StepEnded | ev.UndoEnded):
        return "calm" if event.outcome == "done" or _cut_short(event) else "bad"
    if isinstance(event, ev.TickGiven):
        return "bad" if event.verdict == "does_not_work" else "calm"
    if isinstance(event, _TROUBLE):
        return "bad"
    if isinstance(event, _ODD):
        return "warn"
    return "good" if isinstance(event, _GOOD) else "calm"


def worth_telling(line: Line) -> bool:
    """Tell whether a line is news: what began is not, nor an ordinary step that ended well."""
    event = line.event
    if isinstance(event, ev.CommandTaken):
        return event.reason != _PLAYED and event.verb in {"resume", "retry", "unwind", "withdraw"}
    if isinstance(event, NOISE):
        return False
    if isinstance(event, ev.StepEnded):
        told = event.outcome != "done" or event.step == "switch"
        return told and not _cut_short(event)
    if isinstance(event, ev.UndoEnded):
        return event.outcome != "done" or event.undo == "switch-back"
    if isinstance(event, ev.CheckAssigned):
        return False
    return not (isinstance(event, ev.TickGiven) and event.verdict == "works")


def sentence(line: Line, itinerary: Itinerary) -> str:
    """The line in words, without its time."""
    return told_of(line.event, itinerary)


def told_of(event: ev.Event, itinerary: Itinerary) -> str:
    """What happened, in words."""
    words = _Words(itinerary)
    tellers = (
        words.run, words.gate, words.wave, words.act, partial(check_told, words), words.command,
        words.said,
    )  # fmt: skip
    for tell in tellers:
        text = tell(event)
        if text:
            return printable(text)
    return type(event).__name__


def printable(text: str) -> str:
    """The text without what would steer a terminal: a reason holds whatever somebody pasted."""
    flat = " / ".join(text.splitlines())  # what a program said stands on one line here
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in flat)


def counted(number: int, thing: str) -> str:
    """So many of a thing, in the right number: 1 check, 2 checks."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


class _Words:
    """Sentences by theme; each method answers empty for what is not its own."""

    def __init__(self, itinerary: Itinerary) -> None:
        self._members = itinerary.members
        self._checks = {check.id: check for check in itinerary.checks}
        self._zone = ZoneInfo(itinerary.window.time_zone)

    def person(self, who: str) -> str:
        if who in {"policy", "engine", "conductor"}:
            return "the plan's rule"
        member = self._members.get(who)
        return member.name if member is not None else who

    def clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%a %H:%M}"

    def check_name(self, check: str) -> str:
        leg = self._checks.get(check)
        return f"“{leg.name['en']}” ({check})" if leg is not None else check

    def run(self, event: ev.Event) -> str:
        match event:
            case ev.RunStarted():
                played = f"; really there: {', '.join(event.play)}" if event.play else ""
                return f"the run {event.name} began with seed {event.seed}{played}"
            case ev.RunPaused():
                return f"the run is paused: {_why(event.reason)}"
            case ev.RunResumed():
                return f"the run goes on{_because(event.reason)}"
            case ev.RunAborted():
                return f"the run is ABORTED: {_why(event.reason)}; what is not committed goes back"
            case ev.RunEnded():
                return f"the run {OUTCOME_WORDS[event.outcome]}"
            case ev.VersionAccepted():
                return (
                    f"{self.person(event.by)} lets the run go on with version "
                    f"{event.goes_on_with}; version {event.began_with} led it before"
                )
            case ev.Stalled():
                return (
                    f"{event.wave} stands still: waits for {event.waits_for} "
                    f"on {event.on_whom}; {event.mend}"
                )
            case _:
                return ""

    def gate(self, event: ev.Event) -> str:
        match event:
            case ev.GateOpened():
                return f"gate of {event.wave}: go or no-go? until {self.clock(event.deadline)}"
            case ev.GateDecided():
                return (
                    f"gate of {event.wave}: {self.person(event.by)} says GO{_because(event.reason)}"
                )
            case ev.GateLapsed():
                return (
                    f"gate of {event.wave}: {self.person(event.by)} says NO-GO"
                    f"{_because(event.reason)}"
                )
            case ev.GatePostponed():
                return (
                    f"gate of {event.wave}: {self.person(event.by)} postpones it until "
                    f"{self.clock(event.until)}{_because(event.reason)}"
                )
            case ev.AttemptOpened():
                who = self.person(event.by)
                return f"{event.wave} is tried again: attempt {event.attempt}, by {who}"
            case _:
                return ""

    def wave(self, event: ev.Event) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
        match event:
            case ev.WaveHeld():
                clock = (
                    f"; unwinds by itself at {self.clock(event.unwind_at)} unless vetoed"
                    if event.unwind_at is not None
                    else ""
                )
                return f"{event.wave} is HELD: {event.cause}{clock}"
            case ev.HoldReleased():
                return (
                    f"{event.wave} is released by {self.person(event.by)}{_because(event.reason)}"
                )
            case ev.VetoGiven():
                until = f"until {self.clock(event.until)}" if event.until else "for good"
                return f"{event.wave}: {self.person(event.by)} stops the unwind clock {until}"
            case ev.OverrideAsked():
                return (
                    f"{event.subject}: {self.person(event.by)} asks to override; a second must join"
                )
            case ev.OverrideGiven():
                both = f"{self.person(event.by)} and {self.person(event.second)}"
                return f"{event.subject}: OVERRIDDEN by {both}{_because(event.reason)}"
            case ev.LossAccepted():
                both = f"{self.person(event.by)} and {self.person(event.second)}"
                lost = "; ".join(event.lost) or "nobody can tell what"
                return f"{event.move}: {both} accept the LOSS of {lost}{_because(event.reason)}"
            case ev.UnwindBegun():
                what = ", ".join(event.moves) or "nothing was begun"
                part = "part of " if event.partial else ""
                why = f"; all of it, because {event.widened}" if event.widened else ""
                carried = f"; {words}" if (words := figures(event)) else ""
                who = self.person(event.by)
                return f"{part}{event.wave} is being TAKEN BACK by {who}: {what}{why}{carried}"
            case ev.MoveReturned():
                return f"{event.move} is back on the old side, with everything it had"
            case ev.PartReturned():
                return f"{event.wave}: the part that was taken back is back; the rest goes on"
            case ev.WaveReturned():
                return f"{event.wave} is RETURNED: all of it is back on the old side"
            case ev.WaveStuck():
                return f"{event.wave} is STUCK: {event.cause}"
            case ev.WaveUnstuck():
                return f"{event.wave} goes on being taken back"
            case ev.WaveBlocked():
                return f"{event.wave} is BLOCKED: {event.because}"
            case ev.WaveVerified():
                return f"{event.wave} is verified: every check passed; now it is watched"
            case ev.WaveAccepted():
                return f"{event.wave} is ACCEPTED"
            case ev.CommitBegun():
                return f"{event.wave}: {self.person(event.by)} signs; from now on no way back"
            case ev.WaveCommitted():
                return f"{event.wave} is COMMITTED: the old side is retired"
            case _:
                return ""

    def act(self, event: ev.Event) -> str:  # noqa: PLR0911 - one line for each kind
        match event:
            case ev.StepStarted():
                again = f", try {event.nth}" if event.nth > 1 else ""
                return f"{event.move}/{event.step} began{again}"
            case ev.UndoStarted():
                again = f", try {event.nth}" if event.nth > 1 else ""
                return f"{event.move}/{event.undo} began{again}"
            case ev.StepEnded(step="switch", outcome="done"):
                return f"{event.move} is switched to the new side"
            case ev.UndoEnded(undo="switch-back", outcome="done"):
                return f"{event.move} is switched back to the old side"
            case ev.StepEnded() if _cut_short(event):
                return f"{event.move}/{event.step} is {event.detail}"
            case ev.StepEnded() | ev.UndoEnded():
                name = event.step if isinstance(event, ev.StepEnded) else event.undo
                how = {"done": "is done", "failed": "FAILED", "timed_out": "TIMED OUT"}
                return f"{event.move}/{name} {how[event.outcome]}{_detail(event.detail)}"
            case ev.StepDoubted(move=move, step=name) | ev.UndoDoubted(move=move, undo=name):
                return f"{move}/{name} is in doubt: it was begun, its end was never heard"
            case ev.StepSettled(move=move, step=name) | ev.UndoSettled(move=move, undo=name):
                how = {"done": "had been done", "not_done": "had not been done"}
                return (
                    f"{move}/{name} {how.get(event.outcome, 'is UNKNOWN')}{_detail(event.detail)}"
                )
            case ev.StepResolved(move=move, step=name) | ev.UndoResolved(move=move, undo=name):
                return (
                    f"{move}/{name}: {event.how} by {self.person(event.by)}{_because(event.reason)}"
                )
            case ev.AuthorityMoved():
                sides = {"none": "neither side", "old": "the old side", "new": "the new side"}
                return f"{event.subsystem}: authority is with {sides[event.side]}"
            case ev.LinksJudged():
                return f"{event.move}: {links_said(event)}"
            case ev.LinksCovered():
                return f"before anything moves: {coverage_said(event)}"
            case _:
                return ""

    def command(self, event: ev.Event) -> str:
        match event:
            case ev.CommandTaken():
                return (
                    f"{self.person(event.by)}: {event.verb} {event.target}{_because(event.reason)}"
                )
            case ev.CommandRefused():
                return (
                    f"{self.person(event.by)}: {event.verb} {event.target} was refused: {event.why}"
                )
            case ev.CodeSpent():
                return f"the code of {self.person(event.person)} is used up"
            case _:
                return ""

    def said(self, event: ev.Event) -> str:
        match event:
            case ev.DeadlineExtended():
                return (
                    f"{event.subject}: {self.person(event.by)} gives it time until "
                    f"{self.clock(event.until)} instead of {self.clock(event.was)}"
                    f"{_because(event.reason)}"
                )
            case ev.LinkWaived():
                left = counted(event.left, "regressed link") if event.left else "none"
                return (
                    f"{event.move}/{event.look}: {self.person(event.by)} WAIVES the link "
                    f"{event.link}{_because(event.reason)}; left: {left}"
                )
            case ev.Signed():
                return (
                    f"{self.person(event.by)} signs: {event.limit.upper()} "
                    f"{self.clock(event.until)}{_because(event.reason)}"
                )
            case ev.HandRecorded():
                return (
                    f"by hand, {event.subject}: {event.text}{_because(event.reason)}, "
                    f"says {self.person(event.by)}"
                )
            case _:
                return self.plan(event)

    def plan(self, event: ev.Event) -> str:
        match event:
            case ev.SecondAsked():
                what = f"{event.verb} {event.subject or 'the run'}"
                words = f"{self.person(event.by)} wants to {what}{_because(event.reason)}"
                return f"{with_dry_run(words, event.dry_run)}; a second person must join"
            case ev.StepAmended():
                both = f"{self.person(event.by)} and {self.person(event.second)}"
                words = (
                    f"{event.move}/{event.step}: {event.file} AMENDED by {both}"
                    f"{_because(event.reason)}"
                )
                return f"{with_dry_run(words, event.dry_run)}; its next try uses it"
            case ev.Replanned():
                both = f"{self.person(event.by)} and {self.person(event.second)}"
                return (
                    f"REPLANNED by {both}{_because(event.reason)}: "
                    f"{counted(len(event.waves), 'wave')} to come, "
                    f"{counted(len(event.legs), 'subsystem')} planned otherwise"
                )
            case ev.ForecastMade():
                return f"forecast: {expected(event, self.clock)}"
            case _:
                return disturbance_told(event, self.person, self.clock)


def _cut_short(event: ev.Event) -> bool:
    """A look that nobody needs any more has not failed: its move is being taken back."""
    return isinstance(event, ev.StepEnded) and event.detail.startswith("cut short")


def _why(reason: str) -> str:
    return reason or "no reason given"


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _detail(detail: str) -> str:
    return f": {detail}" if detail else ""
