"""Acts that the engine itself ends: a person's task from a tick, a wait from its stored deadline.

`decide_tasks` is called by `decide`, `tick_task` by `commands`. No platform performs these acts,
so a conductor's death leaves no doubt about them: the task still waits for its tick, the wait for
its time.
"""

from __future__ import annotations

from datetime import timedelta

from migrator.engine import events as ev
from migrator.engine.asking import Refusal
from migrator.engine.draft import Draft
from migrator.engine.policy import ENGINE_STEPS, authority_after, reaction
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import ActRecord, MoveRecord, Run, WaveRecord
from migrator.engine.states import ActState, RunState, WaveState
from migrator.engine.troubles import hold
from migrator.plan.means import Manual, Means
from migrator.plan.model import Trouble

_HOLDING = frozenset({WaveState.MOVING, WaveState.HELD})


def means_of(run: Run, move: str, act: str) -> Means | None:
    """Who performs an act; None for the platform and for the engine's own steps."""
    known = run.itinerary.recipes[run.itinerary.legs[move].recipe].act(act)
    return None if known is None else known.means


def task_of(run: Run, target: str) -> tuple[MoveRecord, ActRecord, Manual] | None:
    """The person's task that a target `move/act` names; None when it names none."""
    move, _, name = target.partition("/")
    record = run.moves.get(move)
    act = record and (record.steps.get(name) or record.undos.get(name))
    if record is None or not act:
        return None
    means = means_of(run, move, name)
    return None if means is None or means.manual is None else (record, act, means.manual)


def who_may(run: Run, move: str, manual: Manual) -> tuple[str, ...]:
    """Who ticks a task: the persons that it names and their deputies, else the move's team; the
    wave's lead always, or an unwind could wait for somebody who has gone home.

    Empty where the estate names nobody of the team: then anybody may.
    """
    members = run.itinerary.members
    wave = next(leg for leg in run.itinerary.waves if move in leg.moves)
    lead = (wave.lead,) if wave.lead else ()
    if manual.persons:
        deputies = [members[who].deputy for who in manual.persons if who in members]
        named = (*manual.persons, *(who for who in deputies if who))
    else:
        team = run.itinerary.legs[move].team
        named = tuple(member.id for member in members.values() if member.team == team)
    return tuple(dict.fromkeys((*named, *lead))) if named else ()


def decide_tasks(draft: Draft) -> None:
    """End the waits whose time has come; hold a wave whose task nobody answers."""
    run = draft.run
    for (move, name), record in run.in_flight.items():
        if not record.by_engine or name in ENGINE_STEPS or record.state is not ActState.STARTED:
            continue
        assert record.limit_at is not None, "every intent has a limit"
        if draft.now < record.limit_at:
            draft.wake(record.limit_at)
            continue
        means = means_of(run, move, name)
        assert means is not None, "only its means make an act the engine's to end"
        if means.wait is not None:
            _end(draft, move, name, "done", "its time has come")
        else:
            _overdue(draft, move, name, record)


def _end(draft: Draft, move: str, name: str, outcome: str, detail: str) -> None:
    record = draft.run.moves[move]
    if name in record.steps:
        draft.add(ev.StepEnded(move, name, record.attempt, outcome, detail))
    else:
        draft.add(ev.UndoEnded(move, name, record.attempt, outcome, detail))


def _overdue(draft: Draft, move: str, name: str, record: ActRecord) -> None:
    """Hold the wave; a task of an unwind is said to fail, which makes the wave stuck in the end."""
    run = draft.run
    wave = run.waves[run.moves[move].wave]
    minutes = (draft.now - (record.started or draft.now)).total_seconds() / 60
    cause = f"nobody has ticked the task {move}/{name} for {minutes:.0f} min"
    if name in run.moves[move].undos or _leaving(draft, wave):
        _end(draft, move, name, "timed_out", cause)
    elif wave.state in _HOLDING:
        hold(draft, wave, Trouble.UNANSWERED.value, f"{move}/{name}", (move,), cause)
    else:  # ahead of its gate, or in a commit: it may still be ticked, and `waits` names it
        patience = reaction(run.itinerary.policy, Trouble.UNANSWERED.value).after_minutes
        said = run.stalled.get(f"{move}/{name}")
        if said is None or said.since != record.limit_at:
            team = run.itinerary.legs[move].team
            mend = f"migrator tick RUN {move}/{name} works, or does_not_work"
            assert record.limit_at is not None, "every intent has a limit"
            draft.add(ev.Stalled(wave.id, f"{move}/{name}", cause, team, record.limit_at, mend))
        draft.wake(draft.now + timedelta(minutes=max(patience, 1.0)))


def _leaving(draft: Draft, wave: WaveRecord) -> bool:
    """Tell whether an unwind only waits for what is under way: a task nobody does is not done."""
    clocks = [known.unwind_at for known in wave.holds if known.unwind_at is not None]
    return draft.run.state is RunState.ABORTING or any(draft.now >= due for due in clocks)


def tick_task(run: Run, command: OperatorCommand) -> list[ev.Event]:
    """A person says that a task is done (works), or that it cannot be done (does_not_work).

    Raises Refusal for a task that does not wait, a person who may not, or another verdict.
    """
    found = task_of(run, command.target)
    assert found is not None, "the caller has looked"
    record, act, manual = found
    allowed = who_may(run, record.id, manual)
    if act.state is not ActState.STARTED:
        raise Refusal(f"{command.target} is {act.state.value}; it is not waiting for anybody")
    if allowed and command.actor not in allowed:
        raise Refusal(
            f"{command.actor} may not tick {command.target}; {', '.join(allowed[:5])} may"
        )
    verdict = command.detail("verdict")
    if verdict not in {"works", "works_but", "does_not_work"}:
        raise Refusal("a task is ticked works when it is done, does_not_work when it cannot be")
    outcome = "failed" if verdict == "does_not_work" else "done"
    said = "cannot be done, says" if outcome == "failed" else "done by"
    detail = f"{said} {command.actor}" + (f": {command.reason}" if command.reason else "")
    facts: list[ev.Event] = []
    if act.name in record.steps:
        facts.append(ev.StepEnded(record.id, act.name, record.attempt, outcome, detail))
    else:
        facts.append(ev.UndoEnded(record.id, act.name, record.attempt, outcome, detail))
    recipe = run.itinerary.recipes[run.itinerary.legs[record.id].recipe]
    side = authority_after(recipe, act.name)
    if outcome == "done" and side is not None:
        facts.append(ev.AuthorityMoved(record.id, side))
    wave = run.waves[record.wave]
    facts += [
        ev.HoldReleased(wave.id, hold.subject, command.actor, "the task was answered")
        for hold in wave.holds
        if hold.subject == command.target
    ]
    return facts
