"""What a dry run exercised, read from its three weekends: cases for CI, and what was left out.

Called by `migrator dry-run`. A case is one promise about one wave or one kind of act; it fails
with the reason that an engineer needs. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import WaveState
from migrator.plan.model import Itinerary, StepKind, UndoKind
from migrator.reports.findings import Case
from migrator.reports.texts import N_

FORWARD: Final = "forward"
TAKEN_BACK: Final = "taken-back"
ROLLED_BACK: Final = "rolled-back"
PROMISES: Final = "promises"
KINDS: Final = "kinds"

_Ended = TypeVar("_Ended", ev.StepEnded, ev.UndoEnded)

_KEPT: Final = frozenset({WaveState.ACCEPTED, WaveState.COMMITTED})


class Weekend(Protocol):
    """One rehearsed weekend, as `wiring` hands it over."""

    @property
    def name(self) -> str:
        """Its run's name."""

    @property
    def run(self) -> Run:
        """Where it ended."""

    @property
    def lines(self) -> Sequence[Line]:
        """Its journal."""

    @property
    def violations(self) -> Sequence[str]:
        """The promises that the simulated world saw broken."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """The whole dry run: its cases, and the kinds of acts that were and were not tried."""

    cases: tuple[Case, ...]
    steps: tuple[str, ...]
    undos: tuple[str, ...]
    waves_unwound: tuple[str, ...]
    not_exercised: tuple[str, ...]  # sentences for people

    @property
    def passed(self) -> bool:
        """Tell whether nothing failed."""
        return all(case.failure is None for case in self.cases)

    @property
    def failures(self) -> tuple[Case, ...]:
        """The cases that failed."""
        return tuple(case for case in self.cases if case.failure is not None)


def exercised(
    itinerary: Itinerary, forward: Weekend, taken_back: Weekend, rolled_back: Weekend
) -> Exercise:
    """Judge the three weekends of a dry run."""
    weekends = (forward, taken_back, rolled_back)
    steps = {event.step for event in _ended(weekends, ev.StepEnded)}
    undos = {event.undo for event in _ended(weekends, ev.UndoEnded)}
    unwound = tuple(
        wave.id
        for wave in itinerary.waves
        if taken_back.run.waves[wave.id].state is WaveState.RETURNED
    )
    return Exercise(
        cases=(
            *_forward(itinerary, forward),
            *_back(itinerary, taken_back, TAKEN_BACK),
            *_rolled(itinerary, rolled_back),
            *_kinds(itinerary, steps, undos),
            *(_promises(group, weekend) for group, weekend in zip(_GROUPS, weekends, strict=True)),
        ),
        steps=tuple(sorted(steps)),
        undos=tuple(sorted(undos)),
        waves_unwound=unwound,
        not_exercised=tuple(_left_out(itinerary)),
    )


_GROUPS: Final = (FORWARD, TAKEN_BACK, ROLLED_BACK)


def _ended(weekends: Sequence[Weekend], kind: type[_Ended]) -> Iterator[_Ended]:
    for weekend in weekends:
        for line in weekend.lines:
            if isinstance(line.event, kind) and line.event.outcome == "done":
                yield line.event


def _hours(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start is not None and end is not None else 0.0


def _forward(itinerary: Itinerary, weekend: Weekend) -> Iterator[Case]:
    for leg in itinerary.waves:
        wave = weekend.run.waves[leg.id]
        failure = None
        if wave.state not in _KEPT:
            failure = f"{leg.id} ended {wave.state.value}: {wave.cause or 'it was never begun'}"
        yield Case(leg.id, FORWARD, _hours(wave.started_at, wave.ended_at), failure, None)


def _back(itinerary: Itinerary, weekend: Weekend, group: str) -> Iterator[Case]:
    for leg in itinerary.waves:
        wave = weekend.run.waves[leg.id]
        failure = None
        if wave.state is not WaveState.RETURNED:
            failure = f"{leg.id} did not come back; it is {wave.state.value}: {wave.cause}"
        adrift = [m for m in leg.moves if weekend.run.authority[m].value != "old"]
        if adrift:
            failure = f"after the unwind {', '.join(adrift)} are not live on the old side"
        yield Case(leg.id, group, _hours(wave.started_at, wave.ended_at), failure, None)


def _rolled(itinerary: Itinerary, weekend: Weekend) -> Iterator[Case]:
    """A wave in which a step half-failed is back by itself; one that needs it is blocked."""
    for leg, case in zip(itinerary.waves, _back(itinerary, weekend, ROLLED_BACK), strict=True):
        wave = weekend.run.waves[leg.id]
        if wave.state is WaveState.BLOCKED:
            reason = f"{leg.id} was blocked by a wave it needs, so nothing of it could fail"
            yield Case(leg.id, ROLLED_BACK, 0.0, None, reason)
        else:
            yield case


def _kinds(itinerary: Itinerary, steps: set[str], undos: set[str]) -> Iterator[Case]:
    """Every kind of act that a recipe in use names was done at least once."""
    used = {itinerary.recipes[leg.recipe].name for leg in itinerary.legs.values()}
    for name in sorted(used):
        recipe = itinerary.recipes[name]
        for step in (*recipe.steps, *recipe.commit):
            yield _tried(f"{name}/{step.key}", step.key in steps)
        for undo in recipe.unwind:
            yield _tried(f"{name}/undo/{undo.key}", undo.key in undos)


def _tried(name: str, done: bool) -> Case:  # noqa: FBT001 - read at its two calls above
    failure = None if done else f"{name} was never done: the plan promises what nobody has tried"
    return Case(name, KINDS, 0.0, failure, None)


def _promises(group: str, weekend: Weekend) -> Case:
    broken = "\n".join(weekend.violations) or None
    return Case(f"{group}: the simulated world's ledger", PROMISES, 0.0, broken, None)


def _left_out(itinerary: Itinerary) -> Iterator[str]:
    """What a dry run against a simulated platform cannot try, in sentences for a signer."""
    yield N_("The real platforms: every act was performed on a simulated one.")
    yield N_("The links themselves: the simulated world answered for them.")
    used = {leg.recipe for leg in itinerary.legs.values()}
    for name in sorted(set(itinerary.recipes) - used):
        yield f"The recipe {name}: no subsystem of this plan uses it."
    tried = {
        act
        for leg in itinerary.legs.values()
        for act in (*leg.step_minutes, *leg.undo_minutes, StepKind.TASK, UndoKind.UNDO_TASK)
    }
    for kind in (*StepKind, *UndoKind):
        if kind not in tried:
            yield f"The act {kind.value}: no recipe in use has it."
