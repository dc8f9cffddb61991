"""The part of the fold that changes what a run works with: amended files, and a plan made anew.

Used by `engine/fold.py` alone. A plan made anew arrives by value in its event, so that a journal
tells the whole run by itself; only what has not started is built anew from it.
"""

from __future__ import annotations

from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.amending import what_is_joined
from migrator.engine.dry_runs import with_dry_run
from migrator.engine.replanning import PARTS, Replan, applied, open_waves, trespasses
from migrator.engine.run import Run, WaveRecord, checks_by_wave, fresh_move
from migrator.engine.states import ACT, IllegalEvent, Side
from migrator.plan.model import Itinerary


def second_asked(run: Run, _at: datetime, event: ev.SecondAsked) -> None:
    """One person wants it; a second one must join."""
    run.seconds_asked[event.verb, event.subject, event.digest] = event


def step_amended(run: Run, _at: datetime, event: ev.StepAmended) -> None:
    """An act has other bytes for one of its files from its next try on."""
    move, key = run.moves[event.move], (event.move, event.step)
    record = move.steps.get(event.step) or move.undos[event.step]
    if ev.StepAmended not in ACT[record.state]:
        raise IllegalEvent(f"act {event.move}/{event.step}", record.state, event)
    run.amended[key] = {**run.amended.get(key, {}), event.file: event.now}
    note = (
        f"{event.move}/{event.step}: {event.file} amended by {event.by} and {event.second}: "
        f"{event.reason}"
    )
    note = with_dry_run(note, event.dry_run)
    run.waves[move.wave].exceptions.append(note)
    run.exceptions.append(note)
    joined = what_is_joined(event.file, event.now)
    for digest in (joined, event.now):  # journals of before it name the bytes alone
        run.seconds_asked.pop(("amend", f"{event.move}/{event.step}", digest), None)


def replanned(run: Run, at: datetime, event: ev.Replanned) -> None:
    """What has not started follows another plan."""
    replan = Replan.read(event.plan_digest, {part: getattr(event, part) for part in PARTS})
    if trespasses(run, replan):
        raise IllegalEvent("the run", run.state, event)
    before, were_open = run.itinerary, open_waves(run)
    same = _unchanged(before, were_open, replan)
    run.itinerary = applied(run, replan)
    for wave in were_open - same:
        run.last_progress.pop(wave, None)
        run.stalled.pop(wave, None)
    waves = {wave: record for wave, record in run.waves.items() if wave not in were_open}
    for leg in replan.waves:
        waves[leg.id] = run.waves[leg.id] if leg.id in same else WaveRecord(leg.id)
        run.last_progress.setdefault(leg.id, at)
    run.waves = waves
    anew = {leg.id for leg in replan.legs}
    run.moves = {
        move: fresh_move(run.itinerary, move, 1) if move in anew else run.moves[move]
        for move in run.itinerary.legs
    }
    run.authority = {move: run.authority.get(move, Side.OLD) for move in run.moves}
    run.checks_of = checks_by_wave(run.itinerary)
    run.seconds_asked.pop(("replan", "", replan.digest), None)


def _unchanged(before: Itinerary, were_open: frozenset[str], replan: Replan) -> frozenset[str]:
    """Open waves that stand as they stood, behind the same waves: their gates stay open."""
    changed = {leg.wave for leg in replan.legs} | {check.wave for check in replan.checks}
    changed |= {check.wave for check in before.checks if check.id in replan.gone}
    same: list[str] = []
    old = (wave for wave in before.waves if wave.id in were_open)
    for was, now in zip(old, replan.waves, strict=False):
        if was != now or now.id in changed:
            break
        same.append(now.id)
    return frozenset(same)
