"""The part of the fold that is about disturbances: opened, staffed, noted, warned, red, closed.

Used by `engine/fold.py` alone. What an event makes of a disturbance stands in `engine/states.py`;
the hour at which it becomes red is taken from the event, and only ever moves to an earlier one.
"""

from __future__ import annotations

from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.run import Run
from migrator.engine.states import DISTURBANCE, IllegalEvent
from migrator.incidents.model import HALF, Disturbance, Level, LogLine


def _changed(run: Run, event: ev.Event, name: str) -> Disturbance:
    known = run.disturbances[name]
    following = DISTURBANCE[known.level].get(type(event))
    if following is None:
        raise IllegalEvent(f"disturbance {name}", known.level, event)
    known.level = following
    return known


def disturbance_opened(run: Run, at: datetime, event: ev.DisturbanceOpened) -> None:
    """It is yellow, and it is somebody's."""
    if event.disturbance in run.disturbances or event.key in _open_keys(run):
        raise IllegalEvent(f"disturbance {event.disturbance}", Level.YELLOW, event)
    move = run.moves.get(event.target)
    made = Disturbance(
        id=event.disturbance,
        key=event.key,
        target=event.target,
        wave=event.target if move is None else move.wave,
        subsystem="" if move is None else event.target,
        source=event.source,
        reason=event.reason,
        by=event.by,
        owner=event.owner,
        opened=at,
        red_at=event.red_at,
        because=event.from_what,
        reported=at,
    )
    run.disturbances[made.id] = made
    run.unsettled[made.id] = made
    run.keyed[made.key] = made.id


def _open_keys(run: Run) -> set[str]:
    return {each.key for each in run.unsettled.values()}


def disturbance_staffed(run: Run, _at: datetime, event: ev.DisturbanceStaffed) -> None:
    """Whose it is now, and who works on it."""
    known = _changed(run, event, event.disturbance)
    known.owner = event.owner
    known.members = event.members
    known.room, known.link = event.room, event.link
    known.staffed_by = event.by
    known.staffed_seq = run.seq + 1  # the line that is being folded


def disturbance_noted(run: Run, at: datetime, event: ev.DisturbanceNoted) -> None:
    """A line of its log. The same report again is the same line with another count."""
    known = _changed(run, event, event.disturbance)
    line = LogLine(at, event.by, event.text, event.times)
    if event.times:
        known.times, known.reported = event.times, at
        last = known.log[-1] if known.log else None
        if last is not None and last.times and (last.by, last.text) == (line.by, line.text):
            known.log[-1] = line
            return
    known.log.append(line)


def disturbance_hastened(run: Run, _at: datetime, event: ev.DisturbanceHastened) -> None:
    """It becomes red earlier than was said."""
    known = run.disturbances[event.disturbance]
    if event.red_at >= known.red_at:  # what was promised is never taken back
        raise IllegalEvent(f"disturbance {known.id}", known.level, event)
    _changed(run, event, event.disturbance)
    known.red_at, known.because = event.red_at, event.from_what


def disturbance_warned(run: Run, _at: datetime, event: ev.DisturbanceWarned) -> None:
    """Its owner was warned; the later warning stands for the earlier one, too."""
    known = _changed(run, event, event.disturbance)
    known.warned = tuple(dict.fromkeys((*known.warned, HALF, event.warning)))


def disturbance_reddened(run: Run, at: datetime, event: ev.DisturbanceReddened) -> None:
    """All hands. The pause is a fact of its own, in the same commit."""
    known = _changed(run, event, event.disturbance)
    known.reddened = at
    if event.holds:
        run.paused_for = known.id


def disturbance_closed(run: Run, at: datetime, event: ev.DisturbanceClosed) -> None:
    """Back to green, with its cause."""
    known = _changed(run, event, event.disturbance)
    known.closed, known.closed_by = at, event.by
    known.cause, known.note = event.cause, event.reason
    del run.unsettled[known.id]
