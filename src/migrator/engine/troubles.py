"""Failures: the hold at once, the clock of the automatic unwind, doubts and time-outs.

Called by `decide`, `moving` and `checks`. A trouble never undoes anything by itself here: it
holds, and the hold's deadline (or a human) begins the unwind in `engine/unwind.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from migrator.engine import events as ev
from migrator.engine.draft import Draft
from migrator.engine.policy import reaction
from migrator.engine.run import ActRecord, Hold, Run, WaveRecord
from migrator.engine.states import ActState
from migrator.engine.unwind import Scope, begin_scoped, quiet, scope_of, scope_of_part
from migrator.plan.model import Act, Trouble, WaveLeg


def hold(
    draft: Draft,
    wave: WaveRecord,
    trouble: str,
    subject: str,
    moves: tuple[str, ...],
    cause: str,
) -> None:
    """Hold a wave, unless this very subject already holds it."""
    if any(known.subject == subject for known in wave.holds):
        return
    answer = reaction(draft.run.itinerary.policy, trouble)
    unwind_at: datetime | None = None
    if answer.act is Act.UNWIND:
        unwind_at = draft.now
    elif answer.act is Act.HOLD_THEN_UNWIND:
        unwind_at = draft.now + timedelta(minutes=answer.veto_minutes)
    draft.add(
        ev.WaveHeld(
            wave=wave.id,
            attempt=wave.attempt,
            trouble=trouble,
            subject=subject,
            moves=moves,
            cause=cause,
            unwind_at=unwind_at,
        )
    )


def decide_held(draft: Draft, leg: WaveLeg) -> None:
    """Begin the unwind when its clock has run out and nothing that changes things is under way."""
    wave = draft.run.waves[leg.id]
    clocks = [known.unwind_at for known in wave.holds if known.unwind_at is not None]
    if not clocks:
        return
    due = min(clocks)
    if draft.now < due:
        draft.wake(due)
        return
    cause = next(known for known in wave.holds if known.unwind_at == due)
    if draft.events:
        return  # what this very pass has started is not in flight yet; the next pass sees it
    going = going_back(draft.run, leg, cause)
    if quiet(draft.run, going.reasons):
        begin_scoped(draft, going, "policy", cause.cause)


def going_back(run: Run, leg: WaveLeg, cause: Hold) -> Scope:
    """What the end of a hold's clock takes back: the wave, or what the policy calls enough."""
    scope = reaction(run.itinerary.policy, cause.trouble).scope
    if scope == "move" and cause.moves:
        return scope_of_part(run, cause.moves, leg.moves)
    return scope_of(run, leg.moves)


def decide_timeouts(draft: Draft) -> None:
    """End every act whose limit has passed; the conductor then ends its task."""
    for (move, name), record in draft.run.in_flight.items():
        if record.state is not ActState.STARTED or record.by_engine:
            continue
        assert record.limit_at is not None, "every intent has a limit"
        if draft.now < record.limit_at:
            draft.wake(record.limit_at)
            continue
        _time_out(draft, move, name, record)


def _time_out(draft: Draft, move: str, name: str, record: ActRecord) -> None:
    attempt = draft.run.moves[move].attempt
    minutes = (draft.now - (record.started or draft.now)).total_seconds() / 60
    detail = f"no answer after {minutes:.0f} min; it may have taken effect in part"
    if name in draft.run.moves[move].steps:
        draft.add(ev.StepEnded(move, name, attempt, "timed_out", detail))
    else:
        draft.add(ev.UndoEnded(move, name, attempt, "timed_out", detail))


def decide_doubts(draft: Draft, leg: WaveLeg) -> None:
    """Hold the wave for every act whose outcome not even the world could tell."""
    run = draft.run
    for move, name in sorted(run.unknown):
        record = run.moves[move].steps.get(name)
        if run.moves[move].wave == leg.id and record is not None:
            hold(
                draft,
                run.waves[leg.id],
                "in_doubt",
                f"{move}/{name}",
                (move,),
                f"nobody can tell whether {move}/{name} took effect: {record.detail}",
            )


def stall(draft: Draft, wave: WaveRecord, waits_for: str, on_whom: str, mend: str) -> None:
    """Say that a wave waits without a known end, once it has done so for long enough."""
    since = draft.run.last_progress[wave.id]
    after = reaction(draft.run.itinerary.policy, Trouble.STALLED.value).after_minutes
    due = since + timedelta(minutes=after)
    if draft.now < due:
        draft.wake(due)
        return
    if wave.holds or any(isinstance(event, ev.Stalled) for event in draft.events):
        return
    draft.add(ev.Stalled(wave.id, wave.id, waits_for, on_whom, since, mend))
    hold(draft, wave, Trouble.STALLED.value, wave.id, (), f"{wave.id} waits for {waits_for}")
