"""The part of the fold that is about acts: steps and undos, begun, ended, doubted and resolved.

Used by `engine/fold.py` alone. What an event makes of an act stands in the tables of
`engine/states.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.run import ActRecord, MoveRecord, Run
from migrator.engine.states import (
    ACT,
    COMPLETE,
    ENDS,
    RESOLUTIONS,
    SETTLES,
    ActState,
    IllegalEvent,
    Side,
)

_STOOD_IN: Final = frozenset({ActState.SKIPPED, ActState.FORCED})
"""A step that a human left out or did by hand may have taken effect: its undo is needed too."""


def step_started(run: Run, at: datetime, event: ev.StepStarted) -> None:
    """The intent of a step is on record: it is in flight from here on."""
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    _start(run, move, record, at, event.nth, event.token, event.limit_at)
    if move.first_started is None:
        move.first_started = at


def undo_started(run: Run, at: datetime, event: ev.UndoStarted) -> None:
    """The intent of an undo is on record."""
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    _start(run, move, record, at, event.nth, event.token, event.limit_at)


def _start(
    run: Run,
    move: MoveRecord,
    record: ActRecord,
    at: datetime,
    nth: int,
    token: str,
    limit: datetime,
) -> None:
    record.state = ActState.STARTED
    record.nth = nth
    record.token = token
    record.started = at
    record.ended = None
    record.limit_at = limit
    run.in_flight[move.id, record.name] = record
    run.last_progress[move.wave] = at


def _end(
    run: Run, move: MoveRecord, record: ActRecord, at: datetime, outcome: str, detail: str
) -> None:
    record.outcome = outcome
    record.detail = detail
    record.ended = at
    run.in_flight.pop((move.id, record.name), None)
    run.last_progress[move.wave] = at


def _switching(run: Run, move: MoveRecord, record: ActRecord, at: datetime) -> None:
    """Keep the order in which subsystems switched: the unwind reverses it."""
    if record.state not in COMPLETE:
        return
    if record.name == "switch":
        move.switched_at = at
        run.switch_order.append(move.id)
    elif record.name == "switch-back":
        move.switched_back_at = at


def step_ended(run: Run, at: datetime, event: ev.StepEnded) -> None:
    """A step has ended; its outcome says how."""
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    record.state = ENDS[event.outcome]
    record.changes = event.changes
    _end(run, move, record, at, event.outcome, event.detail)
    _switching(run, move, record, at)


def undo_ended(run: Run, at: datetime, event: ev.UndoEnded) -> None:
    """An undo has ended; what it left on the target is kept."""
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    record.state = ENDS[event.outcome]
    record.changes = event.changes
    move.remains = (*move.remains, *event.remains)
    record.lost = event.lost
    _end(run, move, record, at, event.outcome, event.detail)
    _switching(run, move, record, at)


def step_doubted(run: Run, _at: datetime, event: ev.StepDoubted) -> None:
    """After a restart nobody knows how the step ended."""
    record = run.moves[event.move].steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    record.state = ActState.DOUBTED


def undo_doubted(run: Run, _at: datetime, event: ev.UndoDoubted) -> None:
    """After a restart nobody knows how the undo ended."""
    record = run.moves[event.move].undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    record.state = ActState.DOUBTED


def step_settled(run: Run, at: datetime, event: ev.StepSettled) -> None:
    """The world has said what became of a doubted step."""
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    _settle(run, move, record, at, event)


def undo_settled(run: Run, at: datetime, event: ev.UndoSettled) -> None:
    """The world has said what became of a doubted undo."""
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    _settle(run, move, record, at, event)


def _settle(
    run: Run,
    move: MoveRecord,
    record: ActRecord,
    at: datetime,
    event: ev.StepSettled | ev.UndoSettled,
) -> None:
    record.state = SETTLES[event.outcome]
    if record.state is ActState.UNKNOWN:
        run.unknown.add((move.id, record.name))
    elif record.state is ActState.WAITING:
        record.spared += 1
    _end(run, move, record, at, event.outcome, event.detail)
    _switching(run, move, record, at)


def step_resolved(run: Run, at: datetime, event: ev.StepResolved) -> None:
    """A human has decided about a step."""
    move = run.moves[event.move]
    record = move.steps[event.step]
    _act(record, f"step {event.move}/{event.step}", event)
    _resolve(run, move, record, at, f"step {event.move}/{event.step}", event)


def undo_resolved(run: Run, at: datetime, event: ev.UndoResolved) -> None:
    """A human has decided about an undo."""
    move = run.moves[event.move]
    record = move.undos[event.undo]
    _act(record, f"undo {event.move}/{event.undo}", event)
    _resolve(run, move, record, at, f"undo {event.move}/{event.undo}", event)


def _resolve(
    run: Run,
    move: MoveRecord,
    record: ActRecord,
    at: datetime,
    subject: str,
    event: ev.StepResolved | ev.UndoResolved,
) -> None:
    record.state = RESOLUTIONS[event.how]
    run.in_flight.pop((move.id, record.name), None)
    run.unknown.discard((move.id, record.name))
    run.last_progress[move.wave] = at
    if event.how == "retry":
        record.allowance = record.nth + 1
        return
    note = f"{subject}: {event.how} by {event.by}: {event.reason}"
    run.waves[move.wave].exceptions.append(note)
    run.exceptions.append(note)
    _switching(run, move, record, at)


def authority_moved(run: Run, _at: datetime, event: ev.AuthorityMoved) -> None:
    """Who may let work take effect has changed."""
    if event.subsystem not in run.authority:
        raise IllegalEvent(f"subsystem {event.subsystem}", run.state, event)
    run.authority[event.subsystem] = Side(event.side)


def links_judged(run: Run, _at: datetime, event: ev.LinksJudged) -> None:
    """What a look at a move's links found."""
    move = run.moves[event.move]
    move.judged[event.look] = event
    act = move.steps.get(event.look) or move.undos.get(event.look)
    move.judged_nth[event.look] = act.nth if act is not None else 0
    move.waived.pop(event.look, None)  # said of what an earlier look had found


def links_covered(run: Run, _at: datetime, event: ev.LinksCovered) -> None:
    """What was proved of the estate's links before anything moved; the last word counts."""
    run.covered = event


def needed_undos(run: Run, record: MoveRecord) -> tuple[ActRecord, ...]:
    """The undos that at least one begun step names, in the order of the recipe's unwind."""
    recipe = run.itinerary.recipes[run.itinerary.legs[record.id].recipe]
    named: set[str] = set()
    for step in recipe.steps:
        act = record.steps[step.key]
        if act.nth > 0 or act.state in _STOOD_IN:
            named.update(step.undo)
    return tuple(record.undos[undo.key] for undo in recipe.unwind if undo.key in named)


def _act(record: ActRecord, subject: str, event: ev.Event) -> None:
    if type(event) not in ACT[record.state]:
        raise IllegalEvent(subject, record.state, event)
