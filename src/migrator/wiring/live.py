"""Live runs: real time, real people, and acts that are performed by what the plan declares.

Called by `migrator run --platform commands`. Nobody is simulated. The run's journal is in the live
store; what its acts use was pinned before the first line, and is read only from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.conductor.attending import Attendant, Onlooker
from migrator.conductor.calling import Calling
from migrator.conductor.clock import ScaledClock, seconds, wall_now
from migrator.conductor.foreseeing import Foreseeing
from migrator.conductor.loop import Conductor, refold
from migrator.conductor.observing import Observers
from migrator.engine.events import LinksCovered, StepStarted, UndoStarted
from migrator.engine.fold import apply
from migrator.engine.policy import authority_after
from migrator.engine.ports import ActResult, Entry, Forecaster, Notifier, Platform
from migrator.engine.run import Run
from migrator.engine.tasks import means_of
from migrator.errors import MigratorError, RefusedError
from migrator.plan.model import Itinerary
from migrator.platform.legacy.calls import Calls
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.platform import LegacyPlatform
from migrator.store.machine import ThisMachine
from migrator.store.pinned_files import FileToPin, PinnedFiles, pin
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring.on_cluster import PLACE, ClusterPlace, facts_of, on_cluster, place_of
from migrator.wiring.practising import Practised
from migrator.wiring.proof_of_links import COMMANDS_ALLOWED, YES, proving
from migrator.wiring.rehearsing import begin

PROGRESS: Final = "progress"
PROGRESS_SECONDS: Final = 1.0
TROUBLE: Final = "cluster-trouble"
"""The fact under which the last trouble of what runs beside the acts is kept."""

COMMANDS: Final = "commands"
"""The platform whose every act is performed by the means that the plan declares."""


@dataclass(frozen=True, slots=True)
class Live:
    """A live run that this process leads, before its loop runs."""

    store: Store
    journal: SqlJournal
    run: Run
    state: Path  # of its acts: the guards' records, and what is laid out for a command
    files: PinnedFiles


@dataclass(frozen=True, slots=True)
class Known:
    """Of the links, before anything moves: what is proved, which every gate shows, and whether
    the run's probes.yaml may run programs to look at them.
    """

    covered: LinksCovered | None = None
    commands: bool = False


def begin_live(
    store: Store,
    itinerary: Itinerary,
    name: str,
    by: str,
    files: Sequence[FileToPin] = (),
    cluster: ClusterPlace | None = None,
    known: Known | None = None,
) -> Live:
    """Begin a live run in the store and lead it. `files` are those that the itinerary names.

    With a cluster, what the plan declares no means for is performed there. `known` is of its links.
    """
    known = known or Known()
    pin(store, files)
    now = wall_now()
    journal = store.create_run(
        name, itinerary, seed=0, mode="wall", target=itinerary.target,
        plan_digest=itinerary.plan_digest, started=now.isoformat(),
    )  # fmt: skip
    if cluster is not None:
        # Before the first line: a run whose cluster nobody knows could never be gone on with.
        journal.put_facts(PLACE, facts_of(cluster))
    if known.commands:
        journal.put_facts(COMMANDS_ALLOWED, YES)
    run = begin(
        journal, itinerary, name, now, mode="wall", seed=0, by=by, speed=1.0, wall=now,
        target=itinerary.target, practice=False,
    )  # fmt: skip
    if known.covered is not None:
        journal.append([Entry(now, "conductor", known.covered)])
        apply(run, now, known.covered)
    return _live(store, journal, run)


def continue_live(store: Store, name: str) -> Live:
    """Lead a live run again: its state follows from its journal, its world is the real one."""
    journal = store.journal(name, lead=True)
    try:
        run = refold(journal)
        if run.started is None or run.started.practice:
            raise RefusedError(
                "run-not-led",
                f"{name} is no live run, or was never begun",
                hint="begin one with `migrator run PLAN --platform commands`",
            )
    except MigratorError:
        journal.release()
        raise
    return _live(store, journal, run)


def _live(store: Store, journal: SqlJournal, run: Run) -> Live:
    state = (store.folder / "acts" / journal.run_name).resolve()  # commands run elsewhere
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = PinnedFiles(store, state / "files", lambda: run.itinerary, lambda: run.amended)
    return Live(store, journal, run, state, files)


def conduct(
    led: Live,
    onlooker: Onlooker | None = None,
    *,
    waits_for_people: bool = True,
    observers: Observers | None = None,
    forecaster: Forecaster | None = None,
    notifier: Notifier | None = None,
) -> Practised:
    """Carry a live run on until it ends or is left; whoever opened `observers` closes them.

    A forecaster is closed here.
    """

    async def loop() -> Practised:
        try:
            async with (
                on_cluster(led.store, led.journal, led.run, trouble) as cluster,
                proving(
                    led.store, led.journal, led.run, led.files.folder, cluster, trouble
                ) as otherwise,
            ):
                clock = ScaledClock(wall_now(), 1.0)
                conductor = Conductor(led.journal, live_platform(led, otherwise), clock, led.run)
                attendant = Attendant(conductor, led.journal, clock, 1.0, None, onlooker)
                attendant.waits_for_people = waits_for_people
                if observers is not None:
                    observers.attach(conductor, led.journal.run_name)
                if forecaster is not None:
                    conductor.foreseeing = Foreseeing(forecaster, led.journal.put_facts)
                if notifier is not None:
                    attendant.calling = Calling(notifier, led.journal.put_facts)
                run = await attendant.attend()
                return Practised(run, attendant.leaving, led.journal.head, None)
        finally:
            if forecaster is not None:
                await forecaster.close()
            led.files.close()
            led.journal.release()

    def trouble(text: str) -> None:
        """Beside the journal: it decides nothing, and everybody who looks should see it."""
        led.journal.put_facts(TROUBLE, {"at": wall_now().isoformat(), "text": text})

    if place_of(led.journal.facts(PLACE)) is not None:
        from migrator.platform.kubernetes.transport import load_library

        load_library()  # half a second of imports, before anything waits for the loop
    return asyncio.run(loop())


def live_platform(led: Live, otherwise: Platform | None = None) -> Platform:
    """The platform of a live run: every act by its declared means, on this machine or over ssh.

    What has no means is `otherwise`'s, where there is another platform.
    """
    run, journal = led.run, led.journal
    machine = ThisMachine().myself().host
    guards = led.state.parent / "guards"  # one folder for all runs of this store
    guards.mkdir(parents=True, exist_ok=True, mode=0o700)

    def authority(move: str, act: str) -> str | None:
        leg = run.itinerary.legs[move]
        return authority_after(run.itinerary.recipes[leg.recipe], act)

    def epoch() -> int:
        assert journal.epoch is not None, "only the process that leads a run performs its acts"
        return journal.epoch

    def keep_output(act: ActFacts, output: str) -> None:
        journal.put_facts(f"output/{act.move}/{act.act}/{act.attempt}/{act.nth}", output)

    commands = Commands(
        guards,
        led.files.files_for,
        machine=machine,
        keep_output=keep_output,
        progress=_Progress(journal),
    )
    acts = LegacyPlatform(
        run=journal.run_name,
        means_of=lambda move, act: means_of(run, move, act),
        wave_of=lambda move: run.moves[move].wave,
        epoch=epoch,
        authority=authority,
        commands=commands,
        calls=Calls(keep_output=keep_output),
        otherwise=otherwise,
        began_on=lambda move, act: _began_on(journal, run, move, act),
        identity=journal.first_hash(),
    )
    return _NotedOnce(acts, journal, machine)


class _Progress:
    """Keeps what a command says of its progress for other processes to show, once a second."""

    def __init__(self, journal: SqlJournal) -> None:
        self._journal = journal
        self._said: dict[str, float] = {}  # by token, on the monotonic clock

    def __call__(self, act: ActFacts, share: int, text: str) -> None:
        if seconds() - self._said.get(act.token, -1.0) < PROGRESS_SECONDS:
            return
        self._said[act.token] = seconds()
        said = {"token": act.token, "share": share, "text": text}
        self._journal.put_facts(f"{PROGRESS}/{act.move}/{act.act}", said)


def _began_on(journal: SqlJournal, run: Run, move: str, act: str) -> str:
    record = run.moves[move].steps.get(act) or run.moves[move].undos[act]
    noted = journal.facts(f"began/{record.token}")
    return noted if isinstance(noted, str) else ""


@dataclass(frozen=True, slots=True)
class _NotedOnce:
    """Notes on which machine an act is begun: on another one its absence proves nothing."""

    platform: Platform
    journal: SqlJournal
    machine: str

    async def perform(self, intent: StepStarted | UndoStarted) -> ActResult:
        """Note the machine, then do the act."""
        self.journal.put_facts(f"began/{intent.token}", self.machine)
        return await self.platform.perform(intent)

    async def observe(self, intent: StepStarted | UndoStarted) -> ActResult:
        """Ask the world about the act."""
        return await self.platform.observe(intent)
