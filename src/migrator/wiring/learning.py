"""Journals of finished runs to what they teach of durations and failures.

Called by `migrator learn`. A sample is an act that was done (not one that failed, was skipped,
forced or interrupted by a restart), a handler's verdict from assignment to tick, or a gate's
decision; each beside what was estimated when the run was begun. Nothing here reads a store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.policy import COMMIT_STEPS, ENGINE_STEPS
from migrator.engine.ports import Line
from migrator.errors import InputError
from migrator.forecast.durations import Z80, Kind, Sample, learn
from migrator.forecast.learned import (
    DECISION,
    DECISION_MINUTES,
    NOT_WORK,
    TICK,
    Failures,
    Learned,
    Taught,
)
from migrator.inventory.model import Estimate
from migrator.plan.model import Itinerary
from migrator.wiring.rehearsing import SIMULATED_TARGET

LIVE, PRACTICE, SIMULATED = "live", "practice", "simulated"

DECISION_SIGMA: Final = 0.6
"""Nobody estimates a decision; it may take half as long or twice as long."""

_NO_WORK: Final = NOT_WORK | ENGINE_STEPS | COMMIT_STEPS


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over, as its store has it."""

    name: str
    head: str
    itinerary: Itinerary
    lines: Sequence[Line]

    @property
    def source(self) -> str:
        """Where its durations come from: the world, a practice platform, or a seed."""
        first = self.lines[0].event if self.lines else None
        if not isinstance(first, ev.RunStarted):
            return SIMULATED
        if first.mode == "virtual" or first.target == SIMULATED_TARGET:
            return SIMULATED
        return PRACTICE if first.practice else LIVE

    @property
    def over(self) -> bool:
        """Tell whether its last line was written."""
        return bool(self.lines) and isinstance(self.lines[-1].event, ev.RunEnded)


def learned_from(runs: Sequence[Finished], *, rehearsals: bool) -> Learned:
    """What these runs teach together. InputError where they cannot be counted together.

    Rehearsals count only where somebody says so: a simulated run's durations were drawn from the
    estimates that it would correct, and on a practice platform things take other times.
    """
    _refuse(runs, rehearsals=rehearsals)
    newest = max(runs, key=lambda run: run.lines[0].at)
    samples = [sample for run in runs for sample in samples_of(run)]
    if not samples:
        raise InputError(
            "nothing-to-learn",
            "no act of these runs was done from its beginning to its end",
            hint="name runs in which something moved",
        )
    return Learned(
        estate=newest.itinerary.inventory_name,
        inventory_digest=newest.itinerary.inventory_digest,
        runs=tuple(
            Taught(run.name, run.source, run.head, len(run.lines))
            for run in sorted(runs, key=lambda run: run.name)
        ),
        durations=learn(samples),
        failures=_failures(runs),
    )


def _refuse(runs: Sequence[Finished], *, rehearsals: bool) -> None:
    estates = sorted({run.itinerary.inventory_name for run in runs})
    if len(estates) > 1:
        raise InputError(
            "learned-elsewhere",
            f"the runs are of {len(estates)} estates: {', '.join(estates)}",
            hint="learn from the runs of one estate at a time",
        )
    for run in runs:
        if not run.over:
            raise InputError(
                "run-not-over",
                f"the run {run.name} is not over: what still runs would be left out of it",
                hint="wait for its end, or name other runs",
            )
    practised = [run.name for run in runs if run.source != LIVE]
    if practised and not rehearsals:
        raise InputError(
            "learned-rehearsals",
            f"{len(practised)} of {len(runs)} runs are rehearsals: {', '.join(practised[:5])}",
            hint="name live runs only, or say --rehearsals; the file then tells which is which",
            count=len(practised),
        )


def samples_of(run: Finished) -> list[Sample]:
    """Every duration of a run that was seen from its beginning to its end."""
    found = _Gathering(run.name, run.itinerary)
    for line in run.lines:
        found.hear(line.at, line.event)
    return found.samples


@dataclass(slots=True)
class _Gathering:
    run: str
    itinerary: Itinerary
    samples: list[Sample] = field(default_factory=list)
    begun: dict[tuple[str, ...], datetime] = field(default_factory=dict)

    def hear(self, at: datetime, event: ev.Event) -> None:
        match event:
            case ev.StepStarted(move=move, step=name) | ev.UndoStarted(move=move, undo=name):
                self.begun[move, name] = at
            case ev.StepDoubted(move=move, step=name) | ev.UndoDoubted(move=move, undo=name):
                self.begun.pop((move, name), None)
            case (
                ev.StepEnded(move=move, step=name, outcome=how)
                | ev.UndoEnded(move=move, undo=name, outcome=how)
            ):
                self._act(move, name, at, done=how == "done")
            case ev.CheckAssigned(check=check, person=person):
                self.begun["check", check, person] = at
            case ev.TickGiven(check=check, person=person, verdict=verdict):
                self._tick(check, person, at, judged=verdict != "cannot_judge")
            case ev.GateOpened(wave=wave):
                self.begun["gate", wave] = at
            case ev.GateDecided(wave=wave):
                estimate = Estimate(
                    DECISION_MINUTES, DECISION_MINUTES * math.exp(Z80 * DECISION_SIGMA)
                )
                self._note(("gate", wave), at, DECISION, wave, estimate)
            case ev.RunPaused() | ev.WaveHeld():
                # Whoever was asked may have waited for the room, not worked.
                self.begun = {k: since for k, since in self.begun.items() if k[0] != "check"}
            case _:
                pass

    def _act(self, move: str, name: str, at: datetime, *, done: bool) -> None:
        leg = self.itinerary.legs.get(move)
        estimate = None
        if leg is not None and done and name not in _NO_WORK and not self._waits(leg.recipe, name):
            estimate = leg.step_minutes.get(name) or leg.undo_minutes.get(name)
        if leg is None or estimate is None:
            self.begun.pop((move, name), None)
            return
        self._note((move, name), at, Kind(name, leg.kind), move, estimate)

    def _waits(self, recipe: str, name: str) -> bool:
        act = self.itinerary.recipes[recipe].act(name)
        return act is not None and act.means is not None and act.means.wait is not None

    def _tick(self, check: str, person: str, at: datetime, *, judged: bool) -> None:
        leg = next((each for each in self.itinerary.checks if each.id == check), None)
        if leg is None or not judged:
            self.begun.pop(("check", check, person), None)
            return
        subject = leg.function or leg.core[0]
        self._note(("check", check, person), at, TICK, subject, leg.minutes)

    def _note(
        self, key: tuple[str, ...], at: datetime, kind: Kind, subject: str, estimate: Estimate
    ) -> None:
        since = self.begun.pop(key, None)
        minutes = 0.0 if since is None else (at - since).total_seconds() / 60
        if minutes <= 0.0 or estimate.p50 <= 0.0:
            return
        sigma = math.log(max(estimate.p80, estimate.p50) / estimate.p50) / Z80
        self.samples.append(Sample(self.run, kind, subject, estimate.p50, sigma, minutes))


def _failures(runs: Iterable[Finished]) -> Failures:
    """Waves that were begun, by try, and those that went back because something failed."""
    tried = taken_back = 0
    expected = 0.0
    for run in runs:
        risk = _risks(run.itinerary)
        for line in run.lines:
            event = line.event
            if isinstance(event, ev.GateDecided):
                tried += 1
                expected += risk.get(event.wave, 0.0)
            elif isinstance(event, ev.UnwindBegun) and event.by == "policy":
                taken_back += 1
    return Failures(tried, taken_back, expected)


def _risks(itinerary: Itinerary) -> Mapping[str, float]:
    """By wave: the chance that one of its moves fails."""
    return {
        str(wave.id): 1.0
        - math.prod(1.0 - itinerary.legs[move].failure_probability for move in wave.moves)
        for wave in itinerary.waves
    }
