"""The rules of a wave that moves: which step starts now, and when it is verified and accepted.

Called by `decide` for waves that are moving, for work ahead of a gate, and for the commit's own
steps. Capacity is taken through the Draft, in the order of the plan; what cannot start leaves a
time to look again wherever one is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from migrator.engine import events as ev
from migrator.engine.draft import NEVER, Draft, hands_on, limit_of, probed
from migrator.engine.policy import (
    COMMIT_STEPS,
    COPIES,
    CUT_STARTS,
    ENGINE_STEPS,
    LOOKS,
    RETRY_PAUSE_MINUTES,
    reaction,
    trouble_of,
)
from migrator.engine.run import ActRecord, MoveRecord, WaveRecord
from migrator.engine.states import COMPLETE, ActState, CheckState, WaveState
from migrator.engine.troubles import hold, stall
from migrator.plan.model import Leg, StepKind, Trouble, WaveLeg

_TRIED = frozenset({ActState.WAITING, ActState.FAILED})
_VERIFY = StepKind.VERIFY.value
_ACCEPT = StepKind.ACCEPT.value


def start_ahead(draft: Draft, leg: WaveLeg) -> None:
    """Start what may run before the gate: the steps that the policy names, and no others.

    A kind that only looks may come later. A task or a wait that stands before a step may not: it
    was put there so that the step comes after it.
    """
    ahead = draft.run.ahead
    for move in leg.moves:
        record = draft.run.moves[move]
        left = (
            act
            for act in record.steps.values()
            if (act.state not in COMPLETE if act.name in ahead else act.name not in LOOKS)
        )
        first = next(left, None)
        if first is not None and first.name in ahead and first.state in _TRIED:
            _try_step(draft, draft.run.itinerary.legs[move], record, first, ahead=True)


def decide_moving(draft: Draft, leg: WaveLeg) -> None:
    """Start every step that may start; verify and accept the wave when all its moves are."""
    run = draft.run
    wave = run.waves[leg.id]
    committing = wave.state is WaveState.COMMITTING
    going = [run.moves[move] for move in leg.moves if not run.moves[move].returned]
    for record in going:
        _next_step(draft, wave, record, committing=committing)
    if draft.events:
        return
    if committing:
        if all(_complete(record, StepKind.RETIRE.value) for record in going):
            draft.add(ev.WaveCommitted(leg.id))
    elif going and all(_complete(record, _ACCEPT) and _checked(draft, record) for record in going):
        # Checked again: what was accepted and then taken back in part has its checks anew.
        draft.add(ev.WaveAccepted(leg.id, wave.attempt))
    elif not wave.verified and all(
        _complete(record, StepKind.VERIFY.value) and _checked(draft, record) for record in going
    ):
        draft.add(ev.WaveVerified(leg.id, wave.attempt))


def _complete(record: MoveRecord, step: str) -> bool:
    act = record.steps.get(step)
    return act is None or act.state in COMPLETE


def _next_step(draft: Draft, wave: WaveRecord, record: MoveRecord, *, committing: bool) -> None:
    """Find the first step of the move that is not complete, and start it if it may start."""
    facts = draft.run.itinerary.legs[record.id]
    for act in record.steps.values():  # in the recipe's order, the commit's own steps last
        if act.state in COMPLETE or (act.name in COMMIT_STEPS) is not committing:
            continue
        if act.name == _VERIFY:
            _verify(draft, record, act)
        elif act.name == _ACCEPT:
            # A check that was void with a part of its wave is given again before the rest is kept.
            if _checked(draft, record):
                _end_at_once(draft, record, act, "every piece of evidence is green")
        elif act.state in _TRIED:
            _try_step(draft, facts, record, act, ahead=False)
        return
    assert wave.state is not WaveState.PLANNED, "a wave moves only behind its gate"


def _try_step(draft: Draft, facts: Leg, record: MoveRecord, act: ActRecord, *, ahead: bool) -> None:
    """Start a step, or say why not: failed for good, no capacity, not allowed at this hour."""
    if act.state is ActState.FAILED and not _may_retry(draft, record, act):
        return
    needs_seat = not ahead and act.name not in draft.run.seatless and not probed(record)
    if needs_seat and not hands_on(draft.run, record):
        if not _led(draft, facts):
            return
        answer = draft.seat(facts)
        if isinstance(answer, datetime):
            draft.wake(answer)
        elif answer is NEVER:
            _stall_for_a_seat(draft, facts, record)
        if answer is not None:
            return
    if act.name in CUT_STARTS and not _may_cut(draft, facts, record, act.name):
        return
    if act.name in COPIES and not draft.bandwidth(facts):
        return
    start_step(draft, facts, record, act)


def _led(draft: Draft, facts: Leg) -> bool:
    """Tell whether every move that must switch before this one has its seat, or needs none.

    A move that took the last seat and then waited for one without a seat would wait forever.
    """
    crew = draft.run.itinerary.crews.get(facts.team)
    if crew is None or not crew.seats:
        return True
    before = [draft.run.moves[earlier] for earlier in facts.after]
    return all(move.switched or move.returned or hands_on(draft.run, move) for move in before)


def start_step(draft: Draft, facts: Leg, record: MoveRecord, act: ActRecord) -> None:
    """Note the intent of a step, unless another move of the wave has just called for a human."""
    if draft.holds(record.wave):
        return
    estimate = facts.step_minutes.get(act.name)
    draft.add(
        ev.StepStarted(
            move=record.id,
            step=act.name,
            attempt=record.attempt,
            nth=act.nth + 1,
            token=draft.token(record.id, act.name, record.attempt),
            limit_at=limit_of(draft, facts, act.name, estimate),
        )
    )


def tries_allowed(draft: Draft, act: ActRecord) -> int:
    """How often a step may be tried: the policy's retries, or what a human granted.

    A try that a conductor's death cut off was no failure of the step's.
    """
    answer = reaction(draft.run.itinerary.policy, trouble_of(act.name, act.outcome).value)
    return max(1 + answer.retries + act.spared, act.allowance)


def _may_retry(draft: Draft, record: MoveRecord, act: ActRecord) -> bool:
    """Retry after a pause, or call for a human when the tries are used up."""
    if act.nth >= tries_allowed(draft, act):
        _call_for_a_human(draft, draft.run.waves[record.wave], record, act)
        return False
    assert act.ended is not None, "a failed act has ended"
    ready_at = act.ended + timedelta(minutes=RETRY_PAUSE_MINUTES * act.nth)
    if draft.now < ready_at:
        draft.wake(ready_at)
        return False
    return True


def _call_for_a_human(draft: Draft, wave: WaveRecord, record: MoveRecord, act: ActRecord) -> None:
    """Hold the wave; a commit is not held, since nothing may be taken back, but it says so."""
    subject = f"{record.id}/{act.name}"
    cause = f"{subject} {_word(act)} after {_tries(act)}: {act.detail}"
    if wave.state is not WaveState.COMMITTING:
        trouble = trouble_of(act.name, act.outcome).value
        hold(draft, wave, trouble, subject, (record.id,), cause)
        return
    said = draft.run.stalled.get(subject)
    if said is None or said.since != act.ended:
        assert act.ended is not None, "a failed act has ended"
        on_whom = draft.run.itinerary.legs[record.id].team
        mend = f"migrator retry RUN {subject}, or migrator force-done RUN {subject}"
        waits_for = f"a human: {cause}"
        draft.add(ev.Stalled(wave.id, subject, waits_for, on_whom, act.ended, mend))


def _tries(act: ActRecord) -> str:
    return "1 try" if act.nth == 1 else f"{act.nth} tries"


def _word(act: ActRecord) -> str:
    return "timed out" if act.outcome == "timed_out" else "failed"


def _may_cut(draft: Draft, facts: Leg, record: MoveRecord, name: str) -> bool:
    """Tell whether the cut may begin now: order, blackout slots and appointments."""
    run = draft.run
    if name == StepKind.SWITCH and _complete_cut_before(record):
        return True  # the cut began with quiesce; standing still in the middle helps nobody
    for earlier in facts.after:
        before = run.moves[earlier]
        if before.returned:
            _stall_for_a_move(draft, record, earlier)
            return False
        if not before.switched or before.unwinding:
            return False
    steps = run.itinerary.recipes[facts.recipe].steps
    names = [step.key for step in steps]
    span = names[names.index(name) : names.index(StepKind.SWITCH) + 1]
    p80 = timedelta(minutes=sum(facts.step_minutes[each].p80 for each in span))
    for start, end, _ in facts.blackouts:
        if draft.now < end and draft.now + p80 > start:
            draft.wake(end)
            return False
    lead = timedelta(minutes=sum(facts.step_minutes[each].p50 for each in span[:-1]))
    for start, end, partner in facts.fixed:
        if draft.now + lead < start:
            draft.wake(start - lead)
            return False
        if draft.now + lead > end:
            hold(
                draft,
                run.waves[record.wave],
                Trouble.TIMED_OUT.value,
                f"{record.id}/{name}",
                (record.id,),
                f"the appointment of {record.id} with {partner} ended at {end:%H:%M}",
            )
            return False
    return True


def _stall_for_a_seat(draft: Draft, facts: Leg, record: MoveRecord) -> None:
    stall(
        draft,
        draft.run.waves[record.wave],
        f"a seat of team {facts.team} for {record.id}; the team has no further shift",
        facts.team,
        f"migrator unwind RUN {record.id}, or migrator unwind RUN {record.wave}",
    )


def _stall_for_a_move(draft: Draft, record: MoveRecord, earlier: str) -> None:
    stall(
        draft,
        draft.run.waves[record.wave],
        f"{earlier}, which was taken back, to switch before {record.id}",
        draft.run.itinerary.legs[earlier].team,
        f"migrator unwind RUN {record.id}, or migrator unwind RUN {record.wave}",
    )


def _complete_cut_before(record: MoveRecord) -> bool:
    quiesce = record.steps.get(StepKind.QUIESCE.value)
    return quiesce is not None and quiesce.state in COMPLETE


def _verify(draft: Draft, record: MoveRecord, act: ActRecord) -> None:
    """End the verify step when every check that exercises the move has passed."""
    if act.state is ActState.WAITING:
        facts = draft.run.itinerary.legs[record.id]
        start_step(draft, facts, record, act)
        return
    if act.state is ActState.STARTED and _checked(draft, record):
        said = "every check has passed"
        draft.add(ev.StepEnded(record.id, act.name, record.attempt, "done", said))


def _checked(draft: Draft, record: MoveRecord) -> bool:
    """Tell whether every check that exercises the move has passed in this attempt."""
    for check in draft.run.checks_of[record.wave]:
        if record.id in check.core:
            known = draft.run.checks.get(check.id)
            if known is None or known.attempt != record.attempt:
                return False
            if known.state is not CheckState.PASSED:
                return False
    return True


def _end_at_once(draft: Draft, record: MoveRecord, act: ActRecord, detail: str) -> None:
    """Start and end a step that only records what is known."""
    assert act.name in ENGINE_STEPS, "only the engine's own steps end without an act"
    if act.state is ActState.WAITING:
        start_step(draft, draft.run.itinerary.legs[record.id], record, act)
    else:
        assert act.state is ActState.STARTED, "what the engine itself does never fails"
        draft.add(ev.StepEnded(record.id, act.name, record.attempt, "done", detail))
