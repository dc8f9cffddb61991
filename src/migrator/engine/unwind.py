"""The undo of what happened: its set, its order, and its end.

Called by `decide`, `troubles` and `commands`. The set and the order come from
`plan/unwind_order.py`, which the forecast uses too. An undo that fails is tried again and then
makes the wave stuck; it is never skipped in silence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from migrator.engine import events as ev
from migrator.engine.bridging import BRIDGES_NAMED_MAX, load_after, widened
from migrator.engine.draft import Draft, limit_of
from migrator.engine.policy import RETRY_PAUSE_MINUTES, reaction
from migrator.engine.run import ActRecord, MoveRecord, Run
from migrator.engine.states import COMPLETE, ActState, CheckState, WaveState
from migrator.plan.bridges import Load
from migrator.plan.model import Trouble, UndoKind, WaveLeg
from migrator.plan.unwind_order import ASKED_FOR, unwind_set

_UNWINDABLE = frozenset(
    {
        WaveState.PLANNED,
        WaveState.DECIDING,
        WaveState.DECLINED,
        WaveState.BLOCKED,
        WaveState.MOVING,
        WaveState.HELD,
        WaveState.UNWINDING,
        WaveState.ACCEPTED,
    }
)
_SWITCH_BACK = UndoKind.SWITCH_BACK.value
_TRIED = frozenset({ActState.WAITING, ActState.FAILED})


@dataclass(frozen=True, slots=True)
class Scope:
    """What an unwind is asked for, and what goes back with the reason for each."""

    wanted: tuple[str, ...]
    reasons: dict[str, str]
    widened: str = ""  # why it is asked for all of a wave where a part was in trouble


def quiet(run: Run, moves: Iterable[str]) -> bool:
    """Tell whether nothing that changes things is under way in these moves."""
    wanted = set(moves)
    return not any(move in wanted and act.alters for (move, _), act in run.in_flight.items())


def members(run: Run, wanted: Iterable[str]) -> dict[str, str]:
    """The set of moves that an unwind of `wanted` takes back, with the reason for each.

    What was only prepared, in a wave that has no go, is not among them: it relies on nothing yet,
    and a long copy of it must not keep an unwind waiting. It goes back once the wave that it needs
    is gone, if it cannot be moved any more.
    """
    committed = {WaveState.COMMITTING, WaveState.COMMITTED}
    asked = dict.fromkeys(wanted)

    def touched(move: str) -> bool:
        record = run.moves[move]
        wave = run.waves[record.wave]
        begun = record.touched and (wave.went or move in asked)
        return begun and not record.returned and wave.state not in committed

    reasons = unwind_set(run.itinerary.legs, asked, touched)
    # Before its gate a wave has only preparations: all of them go, or the wave would be half
    # prepared with nobody having decided on it.
    for leg in run.itinerary.waves:
        if not run.waves[leg.id].went and reasons.keys() & set(leg.moves):
            for move in leg.moves:
                if run.moves[move].touched and not run.moves[move].returned:
                    reasons.setdefault(move, "was prepared ahead of its gate")
    return reasons


def scope_of(run: Run, wanted: Collection[str]) -> Scope:
    """What goes back where exactly these are wanted."""
    return Scope(tuple(wanted), members(run, wanted))


def scope_of_part(run: Run, part: Collection[str], whole: Collection[str]) -> Scope:
    """What goes back where a part of a wave may: the part, unless bridges cannot carry the rest."""
    alone, together = scope_of(run, part), scope_of(run, whole)
    why = widened(run, alone.reasons, together.reasons)
    if not why:
        return alone
    # Whoever is asked for only because the whole wave is, goes back for the bridges' sake.
    reasons = {
        move: alone.reasons.get(move, why if reason == ASKED_FOR else reason)
        for move, reason in together.reasons.items()
    }
    return Scope(together.wanted, reasons, why)


def begin_unwind(draft: Draft, wanted: Collection[str], by: str, cause: str) -> None:
    """Note the beginning of an unwind of exactly these, and of what must go with them."""
    begin_scoped(draft, scope_of(draft.run, wanted), by, cause)


def begin_scoped(draft: Draft, scope: Scope, by: str, cause: str) -> None:
    """Note the beginning of an unwind, in every wave that it touches. Its members are quiet."""
    run = draft.run
    reasons = scope.reasons
    draft.unwinds = True
    assert quiet(run, reasons), "what is under way would take effect behind its undo's back"
    named = {run.moves[move].wave for move in scope.wanted}
    found = load_after(run, reasons)
    for leg in run.itinerary.waves:
        wave = run.waves[leg.id]
        if wave.state not in _UNWINDABLE:
            continue
        mine = [move for move in leg.moves if move in reasons and not run.moves[move].unwinding]
        if not mine:
            if leg.id in named and not any(run.moves[move].unwinding for move in leg.moves):
                # Nothing of it was begun: it is back where it was without an undo.
                event = ev.UnwindBegun(
                    leg.id, wave.attempt, (), (), partial=False, by=by, cause=cause
                )
                draft.add(with_figures(event, found))
            continue
        rest = [
            move
            for move in leg.moves
            if move not in reasons and run.moves[move].touched and not _leaves(run.moves[move])
        ]
        event = ev.UnwindBegun(
            wave=leg.id,
            attempt=wave.attempt,
            moves=tuple(mine),
            reasons=tuple(reasons[move] for move in mine),
            partial=bool(rest),
            by=by,
            cause=cause,
            widened=scope.widened if leg.id in named else "",
        )
        draft.add(with_figures(event, found))
        _void_checks(draft, leg, set(mine))


def with_figures(event: ev.UnwindBegun, found: Load) -> ev.UnwindBegun:
    """The same beginning of an unwind, with what the bridges carry once all of it is back."""
    return replace(
        event,
        calls_per_hour=found.after.calls_per_hour,
        calls_per_hour_max=found.calls_per_hour_max,
        bridges=tuple(str(bridge) for bridge in found.cut[:BRIDGES_NAMED_MAX]),
    )


def _leaves(record: MoveRecord) -> bool:
    return record.unwinding or record.returned


def _void_checks(draft: Draft, leg: WaveLeg, moves: set[str]) -> None:
    """Close the checks of what is being taken back: nobody shall verify what is leaving."""
    for check in draft.run.checks_of[leg.id]:
        known = draft.run.checks.get(check.id)
        if known is None or known.state is CheckState.VOID:
            continue
        if moves.intersection(check.core):
            draft.add(ev.CheckVoided(check.id, known.attempt))


def unwind_everything(draft: Draft) -> None:
    """An abort: everything not committed goes back as soon as it is quiet."""
    run = draft.run
    if draft.events:
        return
    for leg in run.itinerary.waves:
        wave = run.waves[leg.id]
        if wave.state in {WaveState.PLANNED, WaveState.DECIDING}:
            if not any(run.moves[move].touched for move in leg.moves):
                draft.add(ev.WaveBlocked(leg.id, f"the run was aborted: {run.paused_because}"))
                continue
        elif wave.state not in {WaveState.MOVING, WaveState.HELD, WaveState.ACCEPTED}:
            continue
        if quiet(run, members(run, leg.moves)) and not _begun(draft, leg.id):
            begin_unwind(draft, leg.moves, "engine", f"aborted: {run.paused_because}")


def _begun(draft: Draft, wave: str) -> bool:
    return any(isinstance(event, ev.UnwindBegun) and event.wave == wave for event in draft.events)


def decide_unwinding(draft: Draft, leg: WaveLeg) -> None:
    """Start the undos whose turn it is; return moves and waves when theirs are done."""
    run = draft.run
    wave = run.waves[leg.id]
    arcs = run.unwind_waits
    for move in leg.moves:
        record = run.moves[move]
        if record.unwinding:
            _cut_short(draft, record)
        if record.unwinding and all(_traffic_back(run, later) for later in arcs[move]):
            _next_undo(draft, leg, record)
    if draft.events or wave.state is WaveState.STUCK:
        return
    if any(run.moves[move].unwinding for move in wave.unwinding):
        return
    if wave.partial:
        draft.add(ev.PartReturned(leg.id, wave.attempt))
        return
    draft.add(ev.WaveReturned(leg.id, wave.attempt))
    if run.itinerary.policy.after_unwind == "hold" and run.state.value == "running":
        draft.add(ev.RunPaused(f"{leg.id} was returned; the policy waits for a human"))


def _cut_short(draft: Draft, record: MoveRecord) -> None:
    """End the looks and the waiting of a move that is being taken back: nobody needs them."""
    for act in record.steps.values():
        ended = draft.ends(record.id, act.name)  # its limit may pass in this very instant
        if act.state is ActState.STARTED and not act.alters and not ended:
            draft.add(
                ev.StepEnded(
                    record.id,
                    act.name,
                    record.attempt,
                    "failed",
                    "cut short: the move is being taken back",
                )
            )


def _traffic_back(run: Run, move: str) -> bool:
    """Tell whether a move that switched later is served by the old side again."""
    record = run.moves[move]
    if record.returned:
        return True
    for act in record.undoing:
        if act.name == _SWITCH_BACK:
            return act.state in COMPLETE
    return True


def _next_undo(draft: Draft, leg: WaveLeg, record: MoveRecord) -> None:
    """Start the first undo that is not complete, or return the move when all are."""
    run = draft.run
    for act in record.undoing:
        if act.state in COMPLETE:
            continue
        if act.state is ActState.UNKNOWN:
            _stuck(draft, leg, record, act, f"nobody can tell whether it took effect: {act.detail}")
        elif act.state in _TRIED and _may_try(draft, leg, record, act):
            _start_undo(draft, record, act)
        return
    if any(move == record.id for move, _ in run.in_flight):
        return  # a look that is being cut short; its end is the next line
    draft.add(ev.MoveReturned(record.id, record.attempt, record.remains))


def _may_try(draft: Draft, leg: WaveLeg, record: MoveRecord, act: ActRecord) -> bool:
    if act.state is ActState.WAITING:
        return True
    answer = reaction(draft.run.itinerary.policy, Trouble.UNDO_FAILED.value)
    if act.nth >= max(1 + answer.retries + act.spared, act.allowance):
        _stuck(draft, leg, record, act, f"failed {act.nth} times: {act.detail}")
        return False
    assert act.ended is not None, "a failed act has ended"
    ready_at = act.ended + timedelta(minutes=RETRY_PAUSE_MINUTES * act.nth)
    if draft.now < ready_at:
        draft.wake(ready_at)
        return False
    return True


def _stuck(draft: Draft, leg: WaveLeg, record: MoveRecord, act: ActRecord, cause: str) -> None:
    subject = f"{record.id}/{act.name}"
    if draft.run.waves[leg.id].state is not WaveState.STUCK:
        draft.add(ev.WaveStuck(leg.id, subject, f"{subject} {cause}"))


def _start_undo(draft: Draft, record: MoveRecord, act: ActRecord) -> None:
    facts = draft.run.itinerary.legs[record.id]
    estimate = facts.undo_minutes.get(act.name)
    draft.add(
        ev.UndoStarted(
            move=record.id,
            undo=act.name,
            attempt=record.attempt,
            nth=act.nth + 1,
            token=draft.token(record.id, act.name, record.attempt),
            limit_at=limit_of(draft, facts, act.name, estimate),
        )
    )
