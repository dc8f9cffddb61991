"""Decisions that stand alone: what somebody said, about what, and until when.

Used by `teller.py` for the lines that decide something and begin or end nothing of a wave's story.
An hour that belongs to the words themselves is written by the window's clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from migrator.engine import events as ev
from migrator.plan.model import Itinerary


@dataclass(frozen=True, slots=True)
class Spoken:
    """`what` is a key of `words.DECISIONS`; wave and subject are empty for the run as a whole."""

    what: str
    wave: str
    subject: str
    by: str  # empty: whoever wrote the line
    reason: str
    until: datetime | None = None
    second: str = ""
    dry_run: str = ""  # of an amendment: a key of `words.DRY_RUNS`


def spoken(event: ev.Event, itinerary: Itinerary) -> Spoken | None:
    """The decision that an event is; None where it is none of these."""
    match event:
        case ev.RunPaused():
            return Spoken("pause", "", "", "", event.reason)
        case ev.RunResumed():
            return Spoken("resume", "", "", "", event.reason)
        case ev.RunAborted():
            return Spoken("abort", "", "", "", event.reason)
        case ev.VersionAccepted():
            versions = f"{event.began_with} → {event.goes_on_with}"
            return Spoken("version", "", "", event.by, versions)
        case ev.VetoGiven():
            return Spoken("veto", event.wave, event.wave, event.by, event.reason, event.until)
        case ev.OverrideAsked():
            return Spoken("override-asked", event.wave, event.subject, event.by, event.reason)
        case ev.CommitBegun():
            return Spoken("commit", event.wave, event.wave, event.by, event.reason)
        case _:
            return _words(event, itinerary)


def _words(event: ev.Event, itinerary: Itinerary) -> Spoken | None:
    match event:
        case ev.DeadlineExtended():
            wave = _wave_of(event.subject, itinerary)
            return Spoken("extend", wave, event.subject, event.by, event.reason, event.until)
        case ev.Signed():
            zone = ZoneInfo(itinerary.window.time_zone)
            limit = f"{event.limit} {event.until.astimezone(zone):%Y-%m-%d %H:%M}"
            return Spoken("sign", "", "", event.by, f"{limit} ({event.reason})")
        case ev.LinkWaived():
            subject = f"{event.move}/{event.look}"
            said = f"{event.link}: {event.reason}"
            return Spoken("waive", event.wave, subject, event.by, said)
        case ev.HandRecorded():
            wave = _wave_of(event.subject, itinerary)
            subject = "" if event.subject == "run" else event.subject
            said = event.text + (f" ({event.reason})" if event.reason else "")
            return Spoken("record", wave, subject, event.by, said)
        case ev.DisturbanceOpened() | ev.DisturbanceStaffed() | ev.DisturbanceClosed():
            return _of_a_disturbance(event)
        case _:
            return _by_two(event, itinerary)


def _of_a_disturbance(
    event: ev.DisturbanceOpened | ev.DisturbanceStaffed | ev.DisturbanceClosed,
) -> Spoken | None:
    """What a person said of one; what the engine opened by itself is nobody's decision.

    It is told beside the waves: it ends no hold, and no unwind begins because of it.
    """
    match event:
        case ev.DisturbanceOpened() if event.by == "engine":
            return None
        case ev.DisturbanceOpened():
            what, said = "disturb", event.reason
        case ev.DisturbanceStaffed():
            what, said = "staff", ", ".join((event.owner, *event.members))
        case ev.DisturbanceClosed():
            same = event.cause == event.reason
            what, said = "close", event.cause if same else f"{event.cause}; {event.reason}"
    return Spoken(what, "", event.target, event.by, f"{event.disturbance}: {said}")


def _by_two(event: ev.Event, itinerary: Itinerary) -> Spoken | None:
    match event:
        case ev.SecondAsked():
            wave = _wave_of(event.subject, itinerary)
            what = f"{event.verb}-asked"
            return Spoken(what, wave, event.subject, event.by, event.reason, dry_run=event.dry_run)
        case ev.StepAmended():
            subject = f"{event.move}/{event.step}"
            said = f"{event.file}: {event.reason}"
            wave = _wave_of(event.move, itinerary)
            return Spoken(
                "amend", wave, subject, event.by, said, second=event.second, dry_run=event.dry_run
            )
        case ev.Replanned():
            return Spoken("replan", "", "", event.by, event.reason, second=event.second)
        case _:
            return None


def _wave_of(subject: str, itinerary: Itinerary) -> str:
    """The wave that a subject belongs to; empty for the run as a whole."""
    if any(leg.id == subject for leg in itinerary.waves):
        return subject
    if "@" in subject:  # a check carries its wave in its id
        return subject.rsplit("@", 1)[1]
    leg = itinerary.legs.get(subject.partition("/")[0])
    return "" if leg is None else str(leg.wave)
