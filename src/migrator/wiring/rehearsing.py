"""Rehearsals and dry runs: engine and conductor on a virtual clock and a simulated platform.

Called by the command line and by tests. A rehearsal is the real thing with other adapters: there
is no `if dry_run` anywhere below.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from migrator import __version__
from migrator.conductor.clock import VirtualClock, seconds, wall_now
from migrator.conductor.foreseeing import Foreseeing
from migrator.conductor.loop import Conductor
from migrator.engine import events as ev
from migrator.engine.decide import outcome
from migrator.engine.fold import apply
from migrator.engine.ports import Entry, Forecaster, Journal, Line, OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.plan.itinerary import itinerary_digest
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.exercises import abort_when_done, half_failures
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.judge import judge
from migrator.platform.simulated.people import SimulatedPeople
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Ledger, World
from migrator.store.memory import MemoryJournal

FORECAST_EVERY = timedelta(minutes=15)
"""Of run time: a weekend of 60 hours then has 240 forecasts at most, and not one for each event."""

SIMULATED_TARGET = "the simulated platform"

Reaction = Callable[[Run, Sequence[Line]], Sequence[OperatorCommand]]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal that is over: its run, its lines, and what the simulated world says."""

    name: str
    run: Run
    lines: Sequence[Line]
    ledger: Ledger
    seed: int
    outcome: str
    took_seconds: float
    head: str
    unstruck: tuple[PlannedFault, ...]

    @property
    def violations(self) -> tuple[str, ...]:
        """The promises that the simulated world saw broken."""
        return tuple(self.ledger.violations)


def run_name(
    itinerary: Itinerary, seed: int, faults: Sequence[PlannedFault], *, accidents: bool = True
) -> str:
    """The name of a rehearsal says what it was: plan, itinerary and program, seed, faults.

    The same rehearsal has the same name, and by its seed the same journal, byte for byte.
    """
    made = hashlib.sha256(f"{itinerary_digest(itinerary)}/{__version__}".encode()).hexdigest()
    name = f"{itinerary.plan_name}-{made[:6]}-s{seed}"
    name = name if accidents else f"{name}-calm"
    return f"{name}-f{_faults_digest(faults)}" if faults else name


def _faults_digest(faults: Sequence[PlannedFault]) -> str:
    return hashlib.sha256(repr(tuple(faults)).encode()).hexdigest()[:6]


def rehearsal(  # noqa: PLR0913 - what a weekend may be played with
    itinerary: Itinerary,
    *,
    seed: int,
    faults: tuple[PlannedFault, ...] = (),
    accidents: bool = True,
    name: str | None = None,
    on_commit: Callable[[Run, Sequence[Line]], None] | None = None,
    react: Reaction | None = None,
    chance: Chance | None = None,
    forecaster: Callable[[Journal], Forecaster] | None = None,
) -> Rehearsed:
    """Play a whole weekend on the virtual clock against the simulated platform.

    `react` says which commands somebody gives right after a commit (dry runs, tests). `chance` is
    the seed's own unless somebody wants other durations. `forecaster` makes who forecasts it as it
    goes, which takes far longer than the weekend itself.
    """
    drawn = chance or Chance(seed)
    called = name or run_name(itinerary, seed, faults, accidents=accidents)
    called = called if name or forecaster is None else f"{called}-forecast"
    return asyncio.run(
        _rehearse(itinerary, seed, faults, accidents, called, on_commit, react, drawn, forecaster)
    )


async def _rehearse(  # noqa: PLR0913, PLR0917 - as rehearsal
    itinerary: Itinerary,
    seed: int,
    faults: tuple[PlannedFault, ...],
    accidents: bool,  # noqa: FBT001
    called: str,
    on_commit: Callable[[Run, Sequence[Line]], None] | None,
    react: Reaction | None,
    chance: Chance,
    forecaster: Callable[[Journal], Forecaster] | None,
) -> Rehearsed:
    began = seconds()
    start = itinerary.window.start
    clock, world, box = VirtualClock(start), World(itinerary, start), FaultBox(faults)
    journal = MemoryJournal(called, itinerary)
    platform = SimulatedPlatform(itinerary, world, clock, chance, box, accidents=accidents)
    run = begin(journal, itinerary, called, start, mode="virtual", seed=seed)
    conductor = Conductor(journal, platform, clock, run)

    def submit(command: OperatorCommand) -> None:
        journal.submit(command)
        conductor.changed.set()

    people = SimulatedPeople(itinerary, clock, chance, box, submit, conductor.spawn)
    conductor.listeners.append(platform.hear)
    conductor.listeners.append(people.listen)
    if on_commit is not None:
        conductor.listeners.append(on_commit)

    def commands_follow(run: Run, lines: Sequence[Line]) -> None:
        for command in react(run, lines) if react is not None else ():
            submit(command)

    conductor.listeners.append(commands_follow)
    asked = None if forecaster is None else forecaster(journal)
    if asked is not None:
        conductor.foreseeing = Foreseeing(
            asked, lambda _key, _fact: None, FORECAST_EVERY, again=None, when_quiet=True
        )
        clock.quiet = conductor.foresee
    try:
        with _no_collection():
            await conductor.conduct()
    finally:
        if asked is not None:
            await asked.close()
    lines = tuple(journal.lines())
    return Rehearsed(
        name=called,
        run=run,
        lines=lines,
        ledger=judge(run, lines, world, clock.now()),
        seed=seed,
        outcome=outcome(run),
        took_seconds=seconds() - began,
        head=journal.head,
        unstruck=box.unstruck(),
    )


class _no_collection:  # noqa: N801 - reads as a clause
    """Leave the garbage collector out of a rehearsal: it finds nothing and costs a tenth."""

    def __enter__(self) -> None:
        self._was = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was:
            gc.enable()


STATE_FOLDER = Path(".migrator")
"""Where runs, heads and caches are kept, seen from where the command is given."""


def keep_rehearsal(rehearsed: Rehearsed, itinerary: Itinerary, folder: Path) -> bool:
    """Keep a rehearsal in the practice store; False where the very same one is kept already.

    The same rehearsal has the same name and the same journal, so there is nothing to add to it;
    it becomes `latest` all the same, as its player expects.
    """
    from migrator.store.sql import open_store

    now = wall_now().isoformat()
    with open_store(folder, practice=True) as store:
        if any(row.name == rehearsed.name for row in store.runs()):
            store.play_again(rehearsed.name, now)
            return False
        facts = {"ledger": asdict(rehearsed.ledger)}
        store.keep(rehearsed.name, itinerary, rehearsed.lines, facts, now)
        store.journal(rehearsed.name, lead=False).keep_head()
    return True


def begin(  # noqa: PLR0913 - the fields of a run's first line
    journal: Journal,
    itinerary: Itinerary,
    name: str,
    start: datetime,
    *,
    mode: str,
    seed: int,
    by: str = "conductor",
    speed: float = 0.0,
    wall: datetime | None = None,
    play: tuple[str, ...] = (),
    target: str = SIMULATED_TARGET,
    practice: bool = True,
) -> Run:
    """Write the first line of a run and fold it."""
    run = new_run(itinerary)
    first = ev.RunStarted(
        name=name,
        mode=mode,
        practice=practice,
        target=target,
        anchor=start,
        wall=wall,
        speed=speed,
        seed=seed,
        plan_digest=itinerary.plan_digest,
        itinerary_digest=itinerary_digest(itinerary),
        program=__version__,
        play=play,
    )
    journal.append([Entry(start, by, first)])
    apply(run, start, first)
    return run


# --- the dry run --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exercised:
    """The three weekends of a dry run, each by its name."""

    forward: Rehearsed  # every wave goes, nothing fails
    taken_back: Rehearsed  # every wave is accepted, then everything is unwound by an abort
    rolled_back: Rehearsed  # in every wave one step half-fails for good: it unwinds by itself


def dry_run(
    itinerary: Itinerary,
    seed: int,
    on_commit: Callable[[Run, Sequence[Line]], None] | None = None,
) -> Exercised:
    """Exercise every step and every undo of every wave, without chance."""
    forward = rehearsal(itinerary, seed=seed, accidents=False, on_commit=on_commit)
    taken_back = rehearsal(
        itinerary,
        seed=seed,
        accidents=False,
        name=f"{forward.name}-abort",
        on_commit=on_commit,
        react=abort_when_done,
    )
    faults = half_failures(itinerary)
    rolled_back = rehearsal(
        itinerary, seed=seed, accidents=False, faults=faults, on_commit=on_commit
    )
    return Exercised(forward, taken_back, rolled_back)
