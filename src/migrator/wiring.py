"""The only file that joins engine, conductor and adapters: `rehearsal()`, `practice()`, loading.

Called by the command line. Rehearsals, dry runs and practice runs differ in their clock, their
journal and who is really there, and in nothing else: there is no `if dry_run` anywhere below.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from migrator import __version__
from migrator.conductor.clock import VirtualClock, seconds
from migrator.conductor.loop import Conductor
from migrator.engine import events as ev
from migrator.engine.decide import outcome
from migrator.engine.ports import Entry, Line, OperatorCommand
from migrator.engine.run import Run, apply, new_run
from migrator.inventory.model import Inventory
from migrator.links.table import LinkTable, Pair
from migrator.plan.itinerary import itinerary_digest, make_itinerary
from migrator.plan.model import Itinerary, Plan
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.judge import judge
from migrator.platform.simulated.people import SimulatedPeople
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Ledger, World
from migrator.store.memory import MemoryJournal

SIMULATED_TARGET = "the simulated platform"


@dataclass(frozen=True, slots=True)
class Estate:
    """An inventory with its links, read and checked."""

    inventory: Inventory
    table: LinkTable
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """A plan that was held against its inventory, ready to be run."""

    path: Path
    plan: Plan
    digest: str
    estate: Estate
    itinerary: Itinerary


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


def load_estate(folder: Path, cache: Path) -> Estate:
    """Read an inventory and its links. Raises InputError with every fault."""
    from migrator.inventory.reader import read_inventory  # noqa: PLC0415 - pydantic is slow to load
    from migrator.links.load import read_links  # noqa: PLC0415 - and so is DuckDB
    from migrator.links.pairs import subsystem_pairs  # noqa: PLC0415

    inventory = read_inventory(folder)
    table = read_links(inventory, cache)
    return Estate(inventory, table, subsystem_pairs(table, inventory))


def load_plan(path: Path, folder: Path | None, cache: Path) -> LoadedPlan:
    """Read a plan and its inventory, and lint the one against the other.

    Raises InputError: with every finding that is an error, or because the digests differ.
    """
    from migrator.plan.digest import plan_digest  # noqa: PLC0415
    from migrator.plan.lint import lint_plan  # noqa: PLC0415
    from migrator.plan.text import plan_from_document, read_plan_document  # noqa: PLC0415
    from migrator.plan.verdict import refuse_findings  # noqa: PLC0415

    document = read_plan_document(path)
    plan = plan_from_document(document)
    estate = load_estate(folder or inventory_folder(path, plan), cache)
    findings = lint_plan(plan, estate.inventory, estate.pairs, estate.table.digest)
    refuse_findings(path, document, findings)
    digest = plan_digest(plan)
    itinerary = make_itinerary(plan, estate.inventory, estate.pairs, digest)
    return LoadedPlan(path, plan, digest, estate, itinerary)


def inventory_folder(path: Path, plan: Plan) -> Path:
    """Where the plan says that its inventory lies: beside the plan file, or from here."""
    named = Path(plan.inventory.path)
    beside = path.parent / named
    return beside if not named.is_absolute() and beside.exists() else named


def run_name(itinerary: Itinerary, seed: int, faults: Sequence[PlannedFault]) -> str:
    """The name of a rehearsal says what it was: plan, digest, seed, and how many faults.

    The same rehearsal has the same name, and by its seed the same journal, byte for byte.
    """
    name = f"{itinerary.plan_name}-{itinerary_digest(itinerary)[:6]}-s{seed}"
    return f"{name}-f{_faults_digest(faults)}" if faults else name


def _faults_digest(faults: Sequence[PlannedFault]) -> str:
    import hashlib  # noqa: PLC0415 - only for rehearsals with faults

    return hashlib.sha256(repr(tuple(faults)).encode()).hexdigest()[:6]


def rehearsal(  # noqa: PLR0913 - the inputs of one rehearsal
    itinerary: Itinerary,
    *,
    seed: int,
    faults: tuple[PlannedFault, ...] = (),
    accidents: bool = True,
    name: str | None = None,
    on_commit: Callable[[Run, Sequence[Line]], None] | None = None,
    commands: Sequence[tuple[float, OperatorCommand]] = (),
) -> Rehearsed:
    """Play a whole weekend on the virtual clock against the simulated platform.

    `commands` are given by somebody at so many minutes after the window's start (tests, dry runs).
    """
    return asyncio.run(
        _rehearse(itinerary, seed, faults, accidents, name, on_commit, commands)
    )


async def _rehearse(  # noqa: PLR0913 - as above
    itinerary: Itinerary,
    seed: int,
    faults: tuple[PlannedFault, ...],
    accidents: bool,  # noqa: FBT001
    name: str | None,
    on_commit: Callable[[Run, Sequence[Line]], None] | None,
    commands: Sequence[tuple[float, OperatorCommand]],
) -> Rehearsed:
    began = seconds()
    start = itinerary.window.start
    called = name or run_name(itinerary, seed, faults)
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

    async def later(minutes: float, command: OperatorCommand) -> None:
        await clock.sleep(minutes, command.id)
        submit(command)

    for minutes, command in commands:
        conductor.spawn(later(minutes, command), command.id)
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


def begin(  # noqa: PLR0913 - the fields of a run's first line
    journal: MemoryJournal,
    itinerary: Itinerary,
    name: str,
    start: datetime,
    *,
    mode: str,
    seed: int,
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
    journal.append([Entry(start, "conductor", first)])
    apply(run, start, first)
    return run
