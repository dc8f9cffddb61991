"""The only file that joins engine, conductor and adapters: `rehearsal()`, `practice()`, loading.

Called by the command line. Rehearsals, dry runs and practice runs differ in their clock, their
journal and who is really there, and in nothing else: there is no `if dry_run` anywhere below.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from migrator import __version__
from migrator.conductor.attending import Attendant, Leaving, Onlooker
from migrator.conductor.clock import ScaledClock, VirtualClock, seconds, wall_now
from migrator.conductor.loop import Conductor, refold
from migrator.conductor.observing import Observers
from migrator.engine import events as ev
from migrator.engine.decide import outcome
from migrator.engine.fold import apply
from migrator.engine.ports import Entry, Journal, Line, OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.engine.states import RunState
from migrator.errors import MigratorError, RefusedError
from migrator.plan.itinerary import itinerary_digest
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.exercises import abort_when_done, half_failures
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.judge import judge
from migrator.platform.simulated.keeping import WorldFile
from migrator.platform.simulated.people import SimulatedPeople
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Ledger, World
from migrator.store.find import find_run
from migrator.store.memory import MemoryJournal
from migrator.store.sql import DEFAULT_FOLDER, Store
from migrator.store.sql_journal import SqlJournal

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


def rehearsal(
    itinerary: Itinerary,
    *,
    seed: int,
    faults: tuple[PlannedFault, ...] = (),
    accidents: bool = True,
    name: str | None = None,
    on_commit: Callable[[Run, Sequence[Line]], None] | None = None,
    react: Reaction | None = None,
) -> Rehearsed:
    """Play a whole weekend on the virtual clock against the simulated platform.

    `react` says which commands somebody gives right after a commit (dry runs, tests).
    """
    return asyncio.run(_rehearse(itinerary, seed, faults, accidents, name, on_commit, react))


async def _rehearse(
    itinerary: Itinerary,
    seed: int,
    faults: tuple[PlannedFault, ...],
    accidents: bool,  # noqa: FBT001
    name: str | None,
    on_commit: Callable[[Run, Sequence[Line]], None] | None,
    react: Reaction | None,
) -> Rehearsed:
    began = seconds()
    start = itinerary.window.start
    called = name or run_name(itinerary, seed, faults, accidents=accidents)
    clock, world, box = VirtualClock(start), World(itinerary, start), FaultBox(faults)
    chance = Chance(seed)
    journal = MemoryJournal(called, itinerary)
    platform = SimulatedPlatform(itinerary, world, clock, chance, box, accidents=accidents)
    run = begin(journal, itinerary, called, start, mode="virtual", seed=seed)
    conductor = Conductor(journal, platform, clock, run)

    def submit(command: OperatorCommand) -> None:
        journal.submit(command)
        conductor.changed.set()

    people = SimulatedPeople(itinerary, clock, chance, box, submit, conductor.spawn)
    conductor.listeners.append(people.listen)
    if on_commit is not None:
        conductor.listeners.append(on_commit)

    def commands_follow(run: Run, lines: Sequence[Line]) -> None:
        for command in react(run, lines) if react is not None else ():
            submit(command)

    conductor.listeners.append(commands_follow)
    with _no_collection():
        await conductor.conduct()
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


# --- practice on scaled time --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """How a practice run is carried out. `wall`: run time is the wall's, and speed is 1."""

    seed: int
    speed: float
    by: str = "conductor"
    play: tuple[str, ...] = ()
    faults: tuple[PlannedFault, ...] = ()
    wall: bool = False


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice run that this process leads, before its loop runs."""

    journal: SqlJournal
    run: Run
    world: World
    kept: WorldFile
    speed: float


@dataclass(frozen=True, slots=True)
class Practised:
    """Where a practice run stands when its loop has ended. `ledger` is None while it goes on."""

    run: Run
    leaving: Leaving
    head: str
    ledger: Ledger | None


def begin_practice(store: Store, itinerary: Itinerary, name: str, setting: Setting) -> Practice:
    """Begin a practice run in the store and lead it."""
    mode, now = ("wall" if setting.wall else "scaled"), wall_now()
    start = now if setting.wall else itinerary.window.start
    journal = store.create_run(
        name, itinerary, seed=setting.seed, mode=mode, target=SIMULATED_TARGET,
        plan_digest=itinerary.plan_digest, started=now.isoformat(),
    )  # fmt: skip
    kept = WorldFile(store.folder, name, setting.faults)
    world = kept.made(itinerary, start)
    run = begin(
        journal, itinerary, name, start, mode=mode, seed=setting.seed, by=setting.by,
        speed=setting.speed, wall=now, play=setting.play,
    )  # fmt: skip
    return Practice(journal, run, world, kept, setting.speed)


def continue_practice(store: Store, name: str, speed: float | None = None) -> Practice:
    """Lead a practice run again: its state from its journal, its world from disk."""
    journal = store.journal(name, lead=True)
    try:
        run = refold(journal)
        if run.started is None or run.started.mode == "virtual":
            raise RefusedError(
                "run-not-led",
                f"{name} is no run that a process leads: it was rehearsed, or never begun",
                hint="begin a practice run with `migrator run PLAN`",
            )
        kept, world = WorldFile.read(store.folder, name, run.itinerary)
    except MigratorError:
        journal.release()
        raise
    return Practice(journal, run, world, kept, speed or run.started.speed)


def practise(
    led: Practice,
    onlooker: Onlooker | None = None,
    *,
    waits_for_people: bool = True,
    observers: Observers | None = None,
) -> Practised:
    """Carry a practice run on, with everybody simulated who is not named as present.

    `observers` log and measure it; whoever opened them closes them.
    """

    async def loop() -> Practised:
        attendant = _attendant(led, onlooker)
        attendant.waits_for_people = waits_for_people
        try:
            if observers is not None:
                observers.attach(attendant.conductor, led.journal.run_name)
            run = await attendant.attend()
            ledger = None
            if run.state is RunState.ENDED:
                now = attendant.clock.now()
                ledger = judge(run, tuple(led.journal.lines()), led.world, now)
                led.journal.put_facts("ledger", asdict(ledger))
            return Practised(run, attendant.leaving, led.journal.head, ledger)
        finally:
            led.journal.release()

    return asyncio.run(loop())


def _attendant(led: Practice, onlooker: Onlooker | None) -> Attendant:
    """Join journal, clock, world and people around one conductor."""
    run, journal, box = led.run, led.journal, led.kept.box
    started, last = run.started, run.now
    assert started is not None, "a run that is led has its first line"
    assert last is not None, "and that line has its time"
    wall = started.mode == "wall"
    clock = ScaledClock(wall_now() if wall else last, led.speed)
    chance = Chance(started.seed)
    platform = SimulatedPlatform(run.itinerary, led.world, clock, chance, box, led.kept)
    led.kept.joins(platform)
    conductor = Conductor(journal, platform, clock, run)

    def submit(command: OperatorCommand) -> None:
        journal.submit(command, wall_now().isoformat())
        conductor.changed.set()

    present = frozenset(started.play)
    people = SimulatedPeople(run.itinerary, clock, chance, box, submit, conductor.spawn, present)
    people.holds_stand = True  # whoever practises with a hold ends it
    conductor.listeners.append(people.listen)
    people.resume(run)
    asked = None if wall else people.present_asked  # wall time stands still for nobody
    return Attendant(conductor, journal, clock, led.speed, asked, onlooker)


def open_run(
    run: str, folder: str | Path = DEFAULT_FOLDER
) -> tuple[Itinerary, tuple[Line, ...], Ledger | None]:
    """A kept run for whoever reports it: its itinerary, its lines, and what its world says.

    Nothing is told from a journal that is not as it was written: JournalError names the line.
    """
    store, name = find_run(run, folder)
    with store:
        journal = store.journal(name, lead=False)
        journal.verify()
        kept = journal.facts("ledger")
        ledger = Ledger(**kept) if isinstance(kept, dict) else None
        return journal.itinerary(), tuple(journal.lines()), ledger
