"""What an unwind would do, before anybody asks for it: its set, order, length and consequences.

Called by `migrator unwind --preview` with a run as it stands. The set and the order are the
engine's own, so that nothing is promised that would not be done. Pure; it changes nothing and
asks for nothing. Lengths are lower bounds: teams are taken as unlimited, and no undo is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.asking import Refusal, unwind_targets
from migrator.engine.bridging import load_after
from migrator.engine.draft import Draft
from migrator.engine.fold_acts import needed_undos
from migrator.engine.run import ActRecord, MoveRecord, Run
from migrator.engine.states import COMPLETE, WaveState
from migrator.engine.steering import take_back
from migrator.engine.unwind import members
from migrator.errors import RefusedError
from migrator.plan.bridges import Bridge, Crossing, too_many
from migrator.plan.model import UndoKind
from migrator.plan.unwind_order import unwind_arcs

_SWITCH_BACK: Final = UndoKind.SWITCH_BACK.value
_GONE: Final = frozenset({WaveState.RETURNED, WaveState.DECLINED, WaveState.BLOCKED})
_FINAL: Final = frozenset({WaveState.COMMITTING, WaveState.COMMITTED})


@dataclass(frozen=True, slots=True)
class Member:
    """One move that goes back. Minutes count from the beginning of the unwind."""

    move: str
    wave: str
    reason: str
    undos: tuple[str, ...]  # those not done yet, in their order
    waits_for: tuple[str, ...]  # members whose traffic is back first
    begins: float  # P50
    ends: float  # P50
    ends_p80: float


@dataclass(frozen=True, slots=True)
class Again:
    """Whether a wave can be tried again in this window, once all of this is back."""

    wave: str
    minutes: float  # by plan
    possible: bool
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What `unwind` would do now. `refused` says why it would not be begun yet; mostly empty."""

    asked: str
    refused: str
    members: tuple[Member, ...]  # in the order in which their undos begin
    earlier: dict[str, tuple[str, ...]]  # by accepted wave that was not asked for, its members
    partial: tuple[str, ...]  # waves of which a part stays
    minutes: float
    minutes_p80: float
    ends_at: datetime
    ends_at_p80: datetime
    window_end: datetime
    cut: tuple[Bridge, ...]  # the heaviest first
    before: Crossing
    after: Crossing  # with what stays of a wave arrived on the new side
    bridge_calls_per_hour: float | None  # what bridges carry; None: the estate does not say
    again: tuple[Again, ...]

    @property
    def overloaded(self) -> bool | None:
        """Tell whether the bridges would be asked for more than they carry; None: not known."""
        return too_many(self.after.calls_per_hour, self.bridge_calls_per_hour)


def preview(run: Run, now: datetime, target: str, *, over_capacity: bool = False) -> Preview:
    """What taking `target` back would do: a wave, a move, or everything."""
    wanted = wanted_moves(run, target)
    reasons = members(run, wanted)
    rows = _timed(run, reasons)
    minutes = max((row.ends for row in rows), default=0.0)
    minutes_p80 = max((row.ends_p80 for row in rows), default=0.0)
    found = load_after(run, reasons)
    asked_waves = {run.moves[move].wave for move in wanted}
    ends_p80 = now + timedelta(minutes=minutes_p80)
    return Preview(
        asked=target,
        refused=_refused(run, now, wanted, over_capacity=over_capacity),
        members=rows,
        earlier=_earlier(run, rows, asked_waves),
        partial=_partial(run, reasons),
        minutes=minutes,
        minutes_p80=minutes_p80,
        ends_at=now + timedelta(minutes=minutes),
        ends_at_p80=ends_p80,
        window_end=run.itinerary.window.end,
        cut=found.cut,
        before=found.now,
        after=found.after,
        bridge_calls_per_hour=found.calls_per_hour_max,
        again=tuple(_again(run, reasons, ends_p80)),
    )


def wanted_moves(run: Run, target: str) -> tuple[str, ...]:
    """The moves that a target names. Raises RefusedError where it names none."""
    try:
        return unwind_targets(run, target)
    except Refusal as refusal:
        hint = "name a step, a subsystem, a wave, or everything"
        raise RefusedError("refused", str(refusal), hint=hint) from refusal


def _refused(run: Run, now: datetime, wanted: tuple[str, ...], *, over_capacity: bool) -> str:
    final = sorted(
        {run.moves[m].wave for m in wanted if run.waves[run.moves[m].wave].state in _FINAL}
    )
    if final and len(final) == len({run.moves[move].wave for move in wanted}):
        return f"{', '.join(final)} is committed; what is committed is never unwound"
    try:
        take_back(Draft(run, now), wanted, "", "", over_capacity=over_capacity)
    except Refusal as refusal:
        return str(refusal)
    return ""


# --- its order and its length -------------------------------------------------------------------


def _timed(run: Run, reasons: Mapping[str, str]) -> tuple[Member, ...]:
    """Members with the minutes at which their undos begin and end, in the engine's order."""
    going = {move: why for move, why in run_unwinding(run).items() if move not in reasons}
    everybody = {**going, **reasons}
    arcs = unwind_arcs(everybody, run.switch_order, run.itinerary.pairs, run.itinerary.legs)
    undos = {move: _left(run, run.moves[move]) for move in everybody}
    p50 = _schedule(run, undos, arcs, late=False)
    p80 = _schedule(run, undos, arcs, late=True)
    rows = [
        Member(
            move=move,
            wave=run.moves[move].wave,
            reason=reasons[move],
            undos=tuple(undo.name for undo in undos[move]),
            waits_for=arcs[move],
            begins=p50[move][0],
            ends=p50[move][1],
            ends_p80=p80[move][1],
        )
        for move in reasons
    ]
    return tuple(sorted(rows, key=lambda row: (row.begins, row.wave, row.move)))


def run_unwinding(run: Run) -> dict[str, str]:
    """Moves whose unwind is under way already: what is asked for now waits for their traffic."""
    return {move.id: "is going back already" for move in run.moves.values() if move.unwinding}


def _left(run: Run, record: MoveRecord) -> tuple[ActRecord, ...]:
    undos = record.undoing if record.unwinding else needed_undos(run, record)
    return tuple(undo for undo in undos if undo.state not in COMPLETE)


def _schedule(
    run: Run,
    undos: Mapping[str, tuple[ActRecord, ...]],
    arcs: Mapping[str, tuple[str, ...]],
    *,
    late: bool,
) -> dict[str, tuple[float, float]]:
    """When each begins and ends. A move waits for the traffic of others, not for their end."""
    lengths = {move: [_minutes(run, move, u, late=late) for u in undos[move]] for move in undos}
    ends: dict[str, tuple[float, float]] = {}
    back: dict[str, float] = {}
    # Arcs follow the order of the switches, so they form no cycle.
    left = sorted(undos)
    while left:
        ready = [move for move in left if all(other in back for other in arcs[move])]
        assert ready, "the unwind arcs form a cycle"
        for move in ready:
            begins = max((back[other] for other in arcs[move]), default=0.0)
            names = [undo.name for undo in undos[move]]
            till = names.index(_SWITCH_BACK) + 1 if _SWITCH_BACK in names else 0
            back[move] = begins + sum(lengths[move][:till]) if till else 0.0
            ends[move] = (begins, begins + sum(lengths[move]))
        left = [move for move in left if move not in back]
    return ends


def _minutes(run: Run, move: str, undo: ActRecord, *, late: bool) -> float:
    estimate = run.itinerary.legs[move].undo_minutes.get(undo.name)
    if estimate is None:
        return 0.0
    return estimate.p80 if late else estimate.p50


# --- what it does to others ---------------------------------------------------------------------


def _earlier(run: Run, rows: tuple[Member, ...], asked: set[str]) -> dict[str, tuple[str, ...]]:
    return {
        wave.id: tuple(row.move for row in rows if row.wave == wave.id)
        for wave in run.waves.values()
        if wave.id not in asked
        and wave.state is WaveState.ACCEPTED
        and any(row.wave == wave.id for row in rows)
    }


def _stays(run: Run, move: str, reasons: Mapping[str, str]) -> bool:
    record = run.moves[move]
    return move not in reasons and record.touched and not record.returned


def _partial(run: Run, reasons: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        leg.id
        for leg in run.itinerary.waves
        if any(move in reasons for move in leg.moves)
        and any(_stays(run, move, reasons) for move in leg.moves)
    )


def _again(run: Run, reasons: Mapping[str, str], ready: datetime) -> list[Again]:
    """The waves that would stand on the old side, and whether the window has room for them."""
    found = []
    most, end = run.itinerary.policy.waves_per_attempt_max, run.itinerary.window.end
    for leg in run.itinerary.waves:
        wave = run.waves[leg.id]
        whole = bool(reasons.keys() & set(leg.moves)) and leg.id not in _partial(run, reasons)
        if not whole and wave.state not in _GONE:
            continue
        legs = [run.itinerary.legs[move] for move in leg.moves]
        takes = max(each.planned_end for each in legs) - min(each.planned_start for each in legs)
        if wave.attempt >= most:
            possible, why = False, f"it had its {most} attempts"
        elif ready + takes > end:
            possible, why = False, "the window has no room for it"
        else:
            possible, why = True, f"attempt {wave.attempt + 1} of {most}"
        found.append(Again(leg.id, takes.total_seconds() / 60, possible, why))
    return found
