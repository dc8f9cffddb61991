"""The next acts as a pure function: `decide(run, now) -> Decision`.

Called by the conductor after every event and at every deadline; it reads the run and the clock's
hand, and answers with facts to append. Intents (StepStarted, UndoStarted) are among them: the
conductor performs them after they are committed. Nothing in here waits, writes or performs.

A pass is repeated until it finds nothing more, so a rule may rely on what another one has
appended in an earlier pass, never on the order of rules within a pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from migrator.engine import events as ev
from migrator.engine.attendance import decide_attendance
from migrator.engine.bridging import load_after
from migrator.engine.checks import decide_checks, decide_refusals
from migrator.engine.disturbances import decide_disturbances
from migrator.engine.draft import Draft
from migrator.engine.foresight import decide_foresight
from migrator.engine.moving import decide_moving, start_ahead
from migrator.engine.run import MoveRecord, Run, WaveRecord
from migrator.engine.states import FINAL_WAVES, ActState, CheckState, RunState, WaveState
from migrator.engine.tasks import decide_tasks
from migrator.engine.troubles import decide_doubts, decide_held, decide_timeouts
from migrator.engine.unwind import (
    begin_unwind,
    decide_unwinding,
    members,
    quiet,
    unwind_everything,
    with_figures,
)
from migrator.plan.model import WaveLeg

_GATE_CLOSED = frozenset({WaveState.PLANNED, WaveState.DECIDING})
_PASSED = frozenset(
    {
        WaveState.ACCEPTED,
        WaveState.COMMITTING,
        WaveState.COMMITTED,
        WaveState.RETURNED,
        WaveState.BLOCKED,
        WaveState.DECLINED,
    }
)
_GONE = frozenset({WaveState.RETURNED, WaveState.BLOCKED, WaveState.DECLINED})


@dataclass(frozen=True, slots=True)
class Decision:
    """Facts to append now, and the earliest known time at which to ask again (None: unknown)."""

    events: tuple[ev.Event, ...]
    wake_at: datetime | None


def decide(run: Run, now: datetime) -> Decision:
    """Say what follows from the run's state at run time `now`."""
    draft = Draft(run, now)
    if run.started is None or run.state is RunState.ENDED:
        return Decision((), None)
    decide_foresight(draft)
    if not draft.events:
        decide_disturbances(draft)
    if draft.events:  # a wave that is held in this pass is looked at as held in the next one
        return Decision(tuple(draft.events), draft.wake_at)
    decide_attendance(draft)
    decide_timeouts(draft)
    decide_tasks(draft)
    if run.state is RunState.ABORTING:
        unwind_everything(draft)
    for leg in run.itinerary.waves:
        if draft.unwinds:
            break  # its set was computed from what had begun; nothing may begin behind its back
        _decide_wave(draft, leg, run.waves[leg.id])
    if not draft.events:
        _decide_end(draft)
    return Decision(tuple(draft.events), draft.wake_at)


def _decide_wave(draft: Draft, leg: WaveLeg, wave: WaveRecord) -> None:
    """One wave's rules, by its state."""
    running = draft.run.state is RunState.RUNNING
    state = wave.state
    if state in _GATE_CLOSED:
        if running and (_block(draft, leg) or _decide_gate(draft, leg, wave)):
            return  # its gate is shut in this very pass: nothing begins behind it, nothing holds it
        if running and _previous_gate_passed(draft.run, leg):
            start_ahead(draft, leg)
        decide_doubts(draft, leg)
    elif state is WaveState.MOVING:
        decide_doubts(draft, leg)
        decide_checks(draft, leg)
        if running:
            decide_moving(draft, leg)
    elif state is WaveState.HELD:
        decide_doubts(draft, leg)
        decide_refusals(draft, leg)
        decide_held(draft, leg)
    elif state in {WaveState.UNWINDING, WaveState.STUCK}:
        decide_unwinding(draft, leg)
    elif state is WaveState.COMMITTING:
        decide_moving(draft, leg)
    elif state is WaveState.ACCEPTED:
        decide_checks(draft, leg)  # opened again, or refused, after all
    elif state is WaveState.DECLINED:
        _take_back_prepared(draft, leg, wave)


def _take_back_prepared(draft: Draft, leg: WaveLeg, wave: WaveRecord) -> None:
    """After a no-go, take back what was prepared ahead of the gate, as soon as it is quiet.

    The no-go itself counts at once: whoever says it never waits for a copy to end.
    """
    touched = members(draft.run, leg.moves)
    if touched and not draft.events and quiet(draft.run, touched):
        begin_unwind(draft, leg.moves, wave.decided_by, f"no-go: {wave.cause}")


def _decide_gate(draft: Draft, leg: WaveLeg, wave: WaveRecord) -> bool:
    """Open the gate when the waves before allow it; True where it is shut, unanswered in time."""
    policy = draft.run.itinerary.policy
    if wave.state is WaveState.PLANNED:
        if _predecessors_ready(draft.run, leg):
            deadline = draft.now + timedelta(minutes=policy.gate_deadline_minutes)
            draft.add(ev.GateOpened(leg.id, wave.attempt, deadline))
        return False
    deadline_at = wave.gate_deadline
    assert deadline_at is not None, "a deciding wave has a deadline"
    if draft.now < deadline_at:
        draft.wake(deadline_at)
    elif policy.gate_default == "no-go":
        because = f"nobody answered the gate of {leg.id} in time; the plan's default is no-go"
        draft.add(ev.GateLapsed(leg.id, wave.attempt, "policy", because))
        return True
    elif leg.id not in draft.run.stalled:
        who = ", ".join(leg.deciders) or "anybody"
        draft.add(
            ev.Stalled(
                wave=leg.id,
                subject=leg.id,
                waits_for="a go or no-go",
                on_whom=who,
                since=wave.opened_at or draft.now,
                mend=f"migrator go RUN {leg.id}, or migrator no-go RUN {leg.id}",
            )
        )
    return False


def _predecessors_ready(run: Run, leg: WaveLeg) -> bool:
    """Tell whether every earlier wave is verified (or accepted, by policy) or out of the way."""
    by_verified = run.itinerary.policy.next_wave_when == "verified"
    for earlier in takewhile(lambda other: other.id != leg.id, run.itinerary.waves):
        wave = run.waves[earlier.id]
        moving = wave.state is WaveState.MOVING and by_verified and wave.verified
        if not moving and wave.state not in _PASSED:
            return False
    return True


def _previous_gate_passed(run: Run, leg: WaveLeg) -> bool:
    """Tell whether work ahead of the gate may begin: one wave ahead, never more."""
    waves = run.itinerary.waves
    index = next(at for at, other in enumerate(waves) if other.id == leg.id)
    return index == 0 or run.waves[waves[index - 1].id].state not in _GATE_CLOSED


def _block(draft: Draft, leg: WaveLeg) -> bool:
    """Block a wave that needs a move which is gone; take back what was prepared for it."""
    run = draft.run
    gone = {
        earlier: run.moves[earlier]
        for move in leg.moves
        for earlier in run.itinerary.legs[move].after
        if run.moves[earlier].wave != leg.id and _gone(run, earlier)
    }
    if not gone:
        return False
    because = f"{leg.id} needs " + ", ".join(
        f"{move} of {record.wave}, which is {_word(run, record)}" for move, record in gone.items()
    )
    touched = [move for move in leg.moves if run.moves[move].touched]
    if not touched:
        draft.add(ev.WaveBlocked(leg.id, because))
        return True
    if draft.events or not quiet(run, touched):
        return True  # it ends, or its limit ends it; then it is taken back
    draft.unwinds = True
    event = ev.UnwindBegun(
        wave=leg.id,
        attempt=run.waves[leg.id].attempt,
        moves=tuple(touched),
        reasons=tuple("was prepared ahead of its gate" for _ in touched),
        partial=False,
        by="engine",
        cause=because,
    )
    draft.add(with_figures(event, load_after(run, touched)))
    return True


def _gone(run: Run, move: str) -> bool:
    """Tell whether a move was taken back, alone or with its wave, or will not be made at all."""
    record = run.moves[move]
    return record.returned or (run.waves[record.wave].state in _GONE and not record.switched)


def _word(run: Run, record: MoveRecord) -> str:
    return "returned" if record.returned else run.waves[record.wave].state.value


def _decide_end(draft: Draft) -> None:
    """End the run when no wave waits for anything.

    Before that there is a last chance to sign what is accepted and to try again what is not.
    """
    run = draft.run
    if run.state is RunState.PAUSED or run.in_flight:
        return
    if run.unsettled and run.state is not RunState.ABORTING:
        return  # whose it is closes it with its cause; after the end nobody could
    states = {wave.state for wave in run.waves.values()}
    if not states <= FINAL_WAVES or WaveState.STUCK in states:
        return
    attempts = run.itinerary.policy.waves_per_attempt_max
    chance = any(
        wave.state is WaveState.ACCEPTED or (wave.state in _GONE and wave.attempt < attempts)
        for wave in run.waves.values()
    )
    if chance and run.state is RunState.RUNNING:
        last = max(wave.ended_at for wave in run.waves.values() if wave.ended_at is not None)
        deadline = last + timedelta(minutes=run.itinerary.policy.gate_deadline_minutes)
        if draft.now < deadline:
            draft.wake(deadline)
            return
    draft.add(ev.RunEnded(outcome(run)))


def outcome(run: Run) -> str:
    """The worst of the waves: stuck, returned, with_exceptions or completed."""
    states = [wave.state for wave in run.waves.values()]
    adrift = any(
        move.returned and run.authority[move.id].value != "old" for move in run.moves.values()
    )
    if adrift or any(state not in FINAL_WAVES or state is WaveState.STUCK for state in states):
        return "stuck"
    if any(state in _GONE for state in states):
        return "returned"
    partly = any(move.returned for move in run.moves.values())
    refused = any(
        check.state is CheckState.REFUSED and check.attempt == run.waves[check.wave].attempt
        for check in run.checks.values()
    )
    return "with_exceptions" if run.exceptions or partly or refused else "completed"


def open_doubts(run: Run) -> tuple[tuple[str, str], ...]:
    """The (move, act) pairs that were started and never ended: in doubt after a restart."""
    return tuple(
        sorted(
            key
            for key, record in run.in_flight.items()
            if record.state in {ActState.STARTED, ActState.DOUBTED}
        )
    )
