"""What the next shift has to know: what happened since an hour, and what comes next by the plan.

Called by `migrator since` with the lines of a journal. It sorts facts under the questions that a
shift asks; the words for each are the reader's business. Pure. What waits for people now is told
by `engine/waits.py`, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from migrator.engine import events as ev
from migrator.engine.fold import fold
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import Side, WaveState
from migrator.plan.model import Itinerary, RecipeStep, RecipeUndo, WaveLeg
from migrator.reports.story import TroubleStory
from migrator.reports.teller import tell

AHEAD = timedelta(hours=2)
"""As far as a shift looks that has just come: the next gate, the next people, the next hour."""


class Under(Enum):
    """The question that a fact answers, in the order in which they are told."""

    HOLDS = "holds"
    DISTURBED = "disturbed"
    GATES = "gates"
    EXCEPTIONS = "exceptions"
    TICKS = "ticks"
    REFUSED = "refused"
    BY_HAND = "by_hand"


_UNDER: dict[type[ev.Event], Under] = {
    ev.WaveHeld: Under.HOLDS, ev.HoldReleased: Under.HOLDS, ev.VetoGiven: Under.HOLDS,
    ev.WaveStuck: Under.HOLDS, ev.WaveUnstuck: Under.HOLDS, ev.Stalled: Under.HOLDS,
    ev.RunPaused: Under.HOLDS, ev.RunResumed: Under.HOLDS, ev.RunAborted: Under.HOLDS,
    ev.GateDecided: Under.GATES, ev.GateLapsed: Under.GATES, ev.GatePostponed: Under.GATES,
    ev.AttemptOpened: Under.GATES, ev.CommitBegun: Under.GATES,
    ev.DeadlineExtended: Under.GATES, ev.Signed: Under.GATES,
    ev.OverrideAsked: Under.EXCEPTIONS, ev.OverrideGiven: Under.EXCEPTIONS,
    ev.VersionAccepted: Under.EXCEPTIONS, ev.LinkWaived: Under.EXCEPTIONS,
    ev.SecondAsked: Under.EXCEPTIONS, ev.StepAmended: Under.EXCEPTIONS,
    ev.Replanned: Under.EXCEPTIONS,
    ev.HandRecorded: Under.BY_HAND,
    ev.DisturbanceOpened: Under.DISTURBED, ev.DisturbanceStaffed: Under.DISTURBED,
    ev.DisturbanceReddened: Under.DISTURBED, ev.DisturbanceClosed: Under.DISTURBED,
    ev.TickGiven: Under.TICKS, ev.TickWithdrawn: Under.TICKS,
    ev.WrongSideSeen: Under.TICKS, ev.DefectFiled: Under.TICKS, ev.DefectRaised: Under.TICKS,
    ev.CheckHandedOver: Under.TICKS, ev.CheckEscalated: Under.TICKS, ev.PersonAbsent: Under.TICKS,
    ev.CommandRefused: Under.REFUSED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WaveThen:
    """A wave at the hour that is asked about, and now."""

    wave: str
    name: str
    then: WaveState
    now: WaveState
    moved_then: int
    moved_now: int
    moves: int


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that the plan has in the hours ahead. `what` is gate, start, switch, end, ..."""

    at: datetime
    what: str
    wave: str
    subject: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """Everything that happened after `since`."""

    since: datetime
    now: datetime
    waves: tuple[WaveThen, ...]
    told: dict[Under, tuple[Line, ...]]
    troubles: tuple[TroubleStory, ...]  # begun or ended since then, and those still open
    coming: tuple[Coming, ...]
    events: int  # lines of the journal since then


def hand_over(
    itinerary: Itinerary, lines: Sequence[Line], since: datetime, now: datetime
) -> Handover:
    """Brief the next shift. Raises JournalError where there is no run to tell of."""
    before = fold(itinerary, ((line.at, line.event) for line in lines if line.at < since))
    book = tell(itinerary, lines)
    fresh = [line for line in lines if line.at >= since]
    told: dict[Under, list[Line]] = {under: [] for under in Under}
    for line in fresh:
        for under in _places(book.itinerary, line):
            told[under].append(line)
    troubles = [
        trouble
        for wave in book.waves
        for attempt in wave.attempts
        for trouble in attempt.troubles
        if trouble.at >= since or trouble.result_at is None or trouble.result_at >= since
    ]
    return Handover(
        since=since,
        now=now,
        waves=tuple(_wave(leg, before, book.run) for leg in book.itinerary.waves),
        told={under: tuple(found) for under, found in told.items()},
        troubles=tuple(sorted(troubles, key=lambda trouble: trouble.seq)),
        coming=coming(book.run, now, now + AHEAD),
        events=len(fresh),
    )


def coming(run: Run, start: datetime, end: datetime) -> tuple[Coming, ...]:
    """What the plan has between two moments, of the waves that are not over."""
    found: list[Coming] = []
    for leg in run.itinerary.waves:
        state = run.waves[leg.id].state
        if state in {WaveState.PLANNED, WaveState.DECIDING}:
            found.append(Coming(leg.gate_at, "gate", leg.id, leg.id, leg.name))
        if state in {WaveState.PLANNED, WaveState.DECIDING, WaveState.MOVING, WaveState.HELD}:
            found += _moves(run, leg)
    found += _people(run)
    found.append(Coming(run.itinerary.window.end, "window_end", "", ""))
    ahead = [each for each in found if start <= each.at < end]
    return tuple(sorted(ahead, key=lambda each: (each.at, each.wave, each.subject, each.what)))


def _moves(run: Run, leg: WaveLeg) -> list[Coming]:
    found = []
    for move in leg.moves:
        facts, record = run.itinerary.legs[move], run.moves[move]
        if record.first_started is None:
            found.append(Coming(facts.planned_start, "start", leg.id, move))
        if not record.switched:
            found.append(Coming(facts.planned_switch, "switch", leg.id, move))
        found.append(Coming(facts.planned_end, "end", leg.id, move))
        for begins, ends, partner in facts.fixed:
            found.append(Coming(begins, "appointment", leg.id, move, partner))
            found.append(Coming(ends, "appointment_end", leg.id, move, partner))
        for begins, ends, why in facts.blackouts:
            found.append(Coming(begins, "blackout", leg.id, move, why))
            found.append(Coming(ends, "blackout_end", leg.id, move, why))
    return found


def _people(run: Run) -> list[Coming]:
    """Those who decide, lead or verify: when they come on shift, and when they leave."""
    members = run.itinerary.members
    wanted = {"decision_maker", "wave_lead", "handler"}
    found = []
    for person, member in members.items():
        if wanted.intersection(member.roles):
            for begins, ends in member.shifts:
                found.append(Coming(begins, "shift", "", person, member.name))
                found.append(Coming(ends, "shift_end", "", person, member.name))
    return found


def _places(itinerary: Itinerary, line: Line) -> list[Under]:
    event = line.event
    if isinstance(event, ev.StepResolved | ev.UndoResolved):
        if event.how == "force-done":
            return [Under.BY_HAND, Under.EXCEPTIONS]
        return [Under.EXCEPTIONS] if event.how != "retry" else []
    if isinstance(event, ev.StepEnded | ev.UndoEnded):
        return [Under.BY_HAND] if _by_hand(itinerary, event) else []
    place = _UNDER.get(type(event))
    return [place] if place is not None else []


def _by_hand(itinerary: Itinerary, event: ev.StepEnded | ev.UndoEnded) -> bool:
    """Tell whether a person does this act: a task of the recipe."""
    recipe = itinerary.recipes[itinerary.legs[event.move].recipe]
    name = event.step if isinstance(event, ev.StepEnded) else event.undo
    acts: tuple[RecipeStep | RecipeUndo, ...] = (*recipe.steps, *recipe.commit, *recipe.unwind)
    for act in acts:
        if act.key == name and act.means is not None and act.means.manual is not None:
            return True
    return False


def _wave(leg: WaveLeg, before: Run, after: Run) -> WaveThen:
    def moved(run: Run) -> int:
        return sum(run.authority.get(move) is Side.NEW for move in leg.moves)

    then = before.waves.get(leg.id)
    return WaveThen(
        wave=leg.id,
        name=leg.name,
        then=then.state if then is not None else WaveState.PLANNED,  # planned anew since
        now=after.waves[leg.id].state,
        moved_then=moved(before),
        moved_now=moved(after),
        moves=len(leg.moves),
    )
