"""Judging a rehearsal: every promise of the engine, held against journal and simulated world.

Called after every rehearsal and dry run, which fail loudly on what this finds; and by tests, which
break a promise on purpose and expect to read it here. Both sides live, lost rows and doubled
effects come from the world's ledger, never from the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypeGuard

from migrator.engine import events as ev
from migrator.engine.fold import fold
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import CheckState, WaveState
from migrator.plan.model import StepKind
from migrator.platform.simulated.world import Ledger, World

_KEPT = frozenset({WaveState.ACCEPTED, WaveState.COMMITTING, WaveState.COMMITTED})


def judge(run: Run, lines: Sequence[Line], world: World, now: datetime) -> Ledger:
    """The world's ledger, closed at `now`, with every broken promise listed in `violations`."""
    ledger = world.audit(now)
    ledger.violations += [
        *_lost(ledger),
        *_authority(run, world),
        *_returned(run, world),
        *_accepted(run),
        *_committed(lines),
        *_relations(run, lines),
        *_seats(run, lines),
        *_blackouts(run, lines),
        *_folded(run, lines),
    ]
    return ledger


def _lost(ledger: Ledger) -> Iterator[str]:
    if ledger.rows_lost:
        yield f"{ledger.rows_lost} rows that were acknowledged are not on the live side"
    if ledger.effects_doubled:
        yield f"{ledger.effects_doubled} effects were done twice"


def _authority(run: Run, world: World) -> Iterator[str]:
    """What the journal says of authority is what the world does."""
    for subsystem, side in run.authority.items():
        place = world.places[subsystem]
        other = "old" if side.value == "new" else "new"
        if side.value != "none" and world.admits(place, other) and place.stateful:
            yield f"{subsystem}: the journal gives authority to {side.value}, {other} admits work"


def _returned(run: Run, world: World) -> Iterator[str]:
    """After an unwind: live on the old side with all rows, nothing of ours on the target."""
    stuck = {wave.id for wave in run.waves.values() if wave.state is WaveState.STUCK}
    for move in run.moves.values():
        if not move.returned or move.wave in stuck or _given_up(run, move.id):
            continue
        place = world.places[move.id]
        if not world.admits(place, "old") or place.traffic != "old":
            yield f"{move.id}: was unwound and is not live on the old side"
        if place.new.running or place.new.granted or place.new.rows or place.new.prepared:
            yield f"{move.id}: was unwound and something of it is left on the target"
        if place.stateful and len(place.old.rows) < place.written:
            yield f"{move.id}: was unwound and does not have all its rows"


def _given_up(run: Run, move: str) -> bool:
    """A human skipped, forced or abandoned part of its undo: listed as an exception instead."""
    return any(f"undo {move}/" in exception for exception in run.exceptions)


def _accepted(run: Run) -> Iterator[str]:
    """No link regressed and no check refused in what was accepted, barring an override."""
    for wave in run.waves.values():
        if wave.state not in _KEPT:
            continue
        for leg in run.itinerary.waves:
            if leg.id != wave.id:
                continue
            for move in leg.moves:
                record = run.moves[move]
                if record.returned:
                    continue
                for look in (StepKind.PROBE_LINKS.value, StepKind.SOAK.value):
                    judged = record.judged.get(look)
                    step = record.steps.get(look)
                    if judged and judged.regressed and step and not step.overridden:
                        yield f"{move}: accepted although {judged.regressed} links regressed"
        for check in run.checks_of[wave.id]:
            known = run.checks.get(check.id)
            kept = any(not run.moves[move].returned for move in check.core)
            if kept and (known is None or known.state is not CheckState.PASSED):
                yield f"{wave.id}: accepted although {check.id} has not passed"
            elif (
                kept and known and "does_not_work" in known.ticks.values() and not known.overridden
            ):
                yield f"{wave.id}: accepted although {check.id} was refused"


def _committed(lines: Sequence[Line]) -> Iterator[str]:
    committed: set[str] = set()
    for line in lines:
        if isinstance(line.event, ev.CommitBegun):
            committed.add(line.event.wave)
        elif isinstance(line.event, ev.UnwindBegun) and line.event.wave in committed:
            yield f"{line.event.wave}: unwound after its commit (line {line.seq})"


def _relations(run: Run, lines: Sequence[Line]) -> Iterator[str]:
    """Members of a `with` relation share a wave; `before` is the order of the cuts."""
    legs = run.itinerary.legs
    for leg in legs.values():
        for mate in leg.together:
            if legs[mate].wave != leg.wave:
                yield f"{leg.id} and {mate} must move together and are in two waves"
    on_new: set[str] = set()
    for line in lines:
        event = line.event
        if _switched(event):
            on_new.add(event.move)
        elif isinstance(event, ev.MoveReturned):
            on_new.discard(event.move)
        elif isinstance(event, ev.StepStarted) and event.step == _cut(run, event.move):
            late = [earlier for earlier in legs[event.move].after if earlier not in on_new]
            if late:
                yield f"{event.move}: its cut began before {', '.join(late)} had switched"


def _switched(event: ev.Event) -> TypeGuard[ev.StepEnded | ev.StepSettled | ev.StepResolved]:
    """Tell whether a switch is known to be done: heard, observed after a restart, or by hand."""
    if isinstance(event, ev.StepEnded | ev.StepSettled):
        return event.step == "switch" and event.outcome == "done"
    return isinstance(event, ev.StepResolved) and event.step == "switch" and event.how != "retry"


def _cut(run: Run, move: str) -> str:
    recipe = run.itinerary.recipes[run.itinerary.legs[move].recipe]
    return "quiesce" if recipe.stateful else "switch"


def _seats(run: Run, lines: Sequence[Line]) -> Iterator[str]:
    """No team works on more moves at once than it has seats in that shift."""
    ahead = {kind.value for kind in run.itinerary.policy.ahead_of_gate}
    free_of_seats = ahead | {"verify", "soak", "accept", "finalise", "retire"}
    holding: dict[str, set[str]] = {}
    probed: set[str] = set()  # no engineer sits with them any more
    for line in lines:
        event = line.event
        if isinstance(event, ev.StepStarted) and event.step not in free_of_seats:
            if event.move in probed:
                continue
            leg = run.itinerary.legs[event.move]
            mine = holding.setdefault(leg.team, set())
            if event.move in mine:
                continue
            mine.add(event.move)
            crew = run.itinerary.crews.get(leg.team)
            if crew is None or not crew.seats:
                continue
            seats = sum(count for start, end, count in crew.seats if start <= line.at < end)
            if len(mine) > seats:
                yield (
                    f"{leg.team}: {len(mine)} moves at once with {seats} seats (line {line.seq}, "
                    f"{event.move}/{event.step})"
                )
        elif isinstance(event, ev.StepEnded | ev.StepResolved) and event.step == "probe-links":
            done = not isinstance(event, ev.StepEnded) or event.outcome == "done"
            if done:
                probed.add(event.move)
                holding.get(run.itinerary.legs[event.move].team, set()).discard(event.move)
        elif isinstance(event, ev.OverrideGiven):
            move = event.subject.partition("/")[0]
            if event.subject.endswith("/probe-links"):
                probed.add(move)
                holding.get(run.itinerary.legs[move].team, set()).discard(move)
        elif isinstance(event, ev.UnwindBegun | ev.MoveReturned):
            moves = event.moves if isinstance(event, ev.UnwindBegun) else (event.move,)
            for move in moves:
                probed.discard(move)
                holding.get(run.itinerary.legs[move].team, set()).discard(move)


def _blackouts(run: Run, lines: Sequence[Line]) -> Iterator[str]:
    """No cut begins inside a slot in which the subsystem must not be touched."""
    for line in lines:
        event = line.event
        if isinstance(event, ev.StepStarted) and event.step == _cut(run, event.move):
            for start, end, reason in run.itinerary.legs[event.move].blackouts:
                if start <= line.at < end:
                    yield f"{event.move}: its cut began inside the blackout slot {reason!r}"


def _folded(run: Run, lines: Sequence[Line]) -> Iterator[str]:
    """The fold of the journal is the live state, field by field."""
    again = fold(run.pinned, ((line.at, line.event) for line in lines))
    for field in fields(Run):
        if getattr(again, field.name) != getattr(run, field.name):
            yield f"the fold of the journal differs from the live run in {field.name}"
