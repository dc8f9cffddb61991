"""Practice runs: a plan carried out durably against the simulated platform, on scaled time.

Called by `migrator run`. Everybody is simulated who is not named as present.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from migrator.conductor.attending import Attendant, Leaving, Onlooker
from migrator.conductor.calling import Calling
from migrator.conductor.clock import ScaledClock, seconds, wall_now
from migrator.conductor.foreseeing import Foreseeing
from migrator.conductor.loop import Conductor, refold
from migrator.conductor.observing import Observers
from migrator.engine.ports import Forecaster, Line, Notifier, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import RunState
from migrator.errors import MigratorError, RefusedError
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import PlannedFault
from migrator.platform.simulated.judge import judge
from migrator.platform.simulated.keeping import WorldFile
from migrator.platform.simulated.people import SimulatedPeople
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Ledger, World
from migrator.store import presence
from migrator.store.find import find_run
from migrator.store.pinned_files import FileToPin, pin
from migrator.store.sql import DEFAULT_FOLDER, Store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring.rehearsing import SIMULATED_TARGET, begin

LOOK_AROUND_SECONDS: Final = 1.0
"""How often it is looked up who is at a page."""


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
    store: Store


@dataclass(frozen=True, slots=True)
class Practised:
    """Where a practice run stands when its loop has ended. `ledger` is None while it goes on."""

    run: Run
    leaving: Leaving
    head: str
    ledger: Ledger | None


def begin_practice(
    store: Store,
    itinerary: Itinerary,
    name: str,
    setting: Setting,
    files: Sequence[FileToPin] = (),
) -> Practice:
    """Begin a practice run in the store and lead it. `files` are those that the itinerary names."""
    pin(store, files)
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
    return Practice(journal, run, world, kept, setting.speed, store)


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
        kept, world = WorldFile.read(store.folder, name, journal.itinerary())
        world.joined_by(run.itinerary, run.now or run.started.anchor)
    except MigratorError:
        journal.release()
        raise
    return Practice(journal, run, world, kept, speed or run.started.speed, store)


def practise(
    led: Practice,
    onlooker: Onlooker | None = None,
    *,
    waits_for_people: bool = True,
    observers: Observers | None = None,
    forecaster: Forecaster | None = None,
    notifier: Notifier | None = None,
) -> Practised:
    """Carry a practice run on, with everybody simulated who is not named as present.

    `observers` log and measure it; whoever opened them closes them. A forecaster is closed here.
    """

    async def loop() -> Practised:
        attendant = _attendant(led, onlooker)
        attendant.waits_for_people = waits_for_people
        try:
            if observers is not None:
                observers.attach(attendant.conductor, led.journal.run_name)
            if forecaster is not None:
                attendant.conductor.foreseeing = Foreseeing(forecaster, led.journal.put_facts)
            if notifier is not None:
                attendant.calling = Calling(notifier, led.journal.put_facts)
            run = await attendant.attend()
            ledger = None
            if run.state is RunState.ENDED:
                now = attendant.clock.now()
                ledger = judge(run, tuple(led.journal.lines()), led.world, now)
                led.journal.put_facts("ledger", asdict(ledger))
            return Practised(run, attendant.leaving, led.journal.head, ledger)
        finally:
            if forecaster is not None:
                await forecaster.close()
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
    conductor.listeners.append(platform.hear)
    conductor.listeners.append(people.listen)
    platform.resume(run)
    people.resume(run)
    # Wall time stands still for nobody.
    asked = None if wall else _Room(journal, people).asked
    return Attendant(conductor, journal, clock, led.speed, asked, onlooker)


@dataclass(slots=True)
class _Room:
    """Who is really there, and for whom run time stands still."""

    journal: SqlJournal
    people: SimulatedPeople
    looked: float = -math.inf

    def asked(self, run: Run) -> tuple[tuple[str, str], ...]:
        """(person, subject): whom the run waits for; who is at a page is looked up anew."""
        if (now := seconds()) - self.looked >= LOOK_AROUND_SECONDS:
            self.looked = now
            self.people.meet(run, presence.here(self.journal, wall_now()))
        return self.people.present_asked(run)


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
