"""What the benchmarks of a run share: an estate, a wave that holds all of it, and how to lead it.

The estate is the sample's, planned by our own planner, so that legs, relations, people and crews
are those of a real plan. `one_wave` puts every subsystem into one wave with the acts that a
benchmark wants to count. `lead` joins the real conductor, its attendant and the real store with a
platform that a benchmark brings. Nothing here measures anything but the disk itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from migrator.conductor.attending import Attendant
from migrator.conductor.clock import ScaledClock
from migrator.conductor.loop import Conductor
from migrator.engine import events as ev
from migrator.engine.ports import ActResult, Line, OperatorCommand, Platform
from migrator.engine.run import Run
from migrator.ids import SubsystemId, TeamId, WaveId
from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.inventory.model import Estimate
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Crew, Itinerary, Policy, Reaction, StepKind, Trouble, UndoKind
from migrator.planner.build import make_plan
from migrator.store.sql_journal import SqlJournal
from migrator.wiring import begin

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from postgresql_server import Server, programs

ROOT: Final = Path(__file__).resolve().parents[1]
SUBSYSTEMS: Final = 77
LINKS: Final = 340_000
EVALUATIONS: Final = 20
"""Of the planner's search: a plan to measure a run on need not be a good one."""

RUN: Final = "benchmark"
WAVE: Final = WaveId("w1")
CREW: Final = TeamId("crew")
SYNCED_BYTES: Final = 800
"""What a step writes: a result and the next start, with their hashes."""

ACTS: Final = (
    StepKind.PREPARE,
    StepKind.BASELINE,
    StepKind.START,
    StepKind.PROBE,
    StepKind.SWITCH,
    StepKind.PROBE_LINKS,
)
"""The six acts of each subsystem. The seat of a crew is kept until the links are probed."""

_ENGINE: Final = (StepKind.VERIFY, StepKind.ACCEPT)


def an_estate(subsystems: int = SUBSYSTEMS, links: int = LINKS) -> Itinerary:
    """The sample estate of this size, planned."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "estate", Size(subsystems, links, 1), parquet=True, force=False)
        inventory = read_inventory(folder / "estate")
        table = read_links(inventory, folder / "cache")
        pairs = subsystem_pairs(table, inventory)
        plan = make_plan(
            inventory,
            pairs,
            seed=1,
            evaluations=EVALUATIONS,
            name=RUN,
            path="estate",
            links=table,
        )
        return make_itinerary(plan, inventory, pairs, plan_digest(plan))


def one_wave(
    itinerary: Itinerary,
    *,
    seats: int | None = None,
    acts: Sequence[StepKind] = ACTS,
    checked: bool = False,
    on: Mapping[Trouble, Reaction] | None = None,
) -> Itinerary:
    """Every subsystem in one wave, each with these acts, nothing to wait for but a seat.

    The engine's own steps (verify, accept) stand where they always stand. `checked`: each
    subsystem has a check of its own, which anybody may answer.
    """
    recipe = itinerary.recipes["stateless"]
    # A soak is watched after the verification, everything else comes before it.
    ahead = [kind for kind in acts if kind is not StepKind.SOAK]
    behind = [kind for kind in acts if kind is StepKind.SOAK]
    known = {step.kind: step for each in itinerary.recipes.values() for step in each.steps}
    kinds = (*ahead, StepKind.VERIFY, *behind, StepKind.ACCEPT)
    short = replace(recipe, steps=tuple(known[kind] for kind in kinds))
    nothing = Estimate(0.0, 0.0)
    legs = {
        move: replace(
            leg,
            wave=WAVE,
            kind="stateless",
            recipe="stateless",
            team=CREW,
            step_minutes=dict.fromkeys(kinds, nothing),
            after=(),
            together=(leg.id,),
            blackouts=(),
            fixed=(),
        )
        for move, leg in itinerary.legs.items()
    }
    window, some = itinerary.window, itinerary.checks[0]
    checks = [
        replace(
            some,
            id=f"own-{move}@{WAVE}",
            wave=WAVE,
            core=(SubsystemId(move),),
            passing=(),
            eligible=(),
            quorum=1,
            possible_after=None,
        )
        for move in legs
        if checked
    ]
    moves = tuple(SubsystemId(move) for move in legs)
    wave = replace(itinerary.waves[0], id=WAVE, moves=moves, hard_predecessors=())
    crew = Crew(CREW, "Crew", ((window.start, window.end, seats),) if seats else ())
    return replace(
        itinerary,
        policy=a_policy(itinerary.policy, on or {}),
        recipes={**itinerary.recipes, "stateless": short},
        waves=(wave,),
        legs=legs,
        checks=tuple(checks),
        crews={CREW: crew},
    )


def a_policy(policy: Policy, on: Mapping[Trouble, Reaction]) -> Policy:
    """Nothing runs ahead of the gate, and these reactions are changed."""
    return replace(policy, ahead_of_gate=(), on={**policy.on, **on})


_AUTHORITY: Final = {StepKind.SWITCH.value: "new", UndoKind.SWITCH_BACK.value: "old"}
"""A stateless side moves authority with its traffic."""


class Idle:
    """A platform whose acts do nothing, at once. It says what moves authority, as each must."""

    async def perform(self, intent: ev.StepStarted | ev.UndoStarted) -> ActResult:
        """Do nothing, successfully."""
        name = intent.step if isinstance(intent, ev.StepStarted) else intent.undo
        return ActResult("done", authority=_AUTHORITY.get(name))

    async def observe(self, intent: ev.StepStarted | ev.UndoStarted) -> ActResult:
        """Whatever was begun was not done."""
        return ActResult("not_done")


Listener = Callable[[Run, Sequence[Line]], None]


def lead(
    journal: SqlJournal,
    run: Run,
    platform: Platform,
    *listeners: Listener,
    until: Callable[[Run, Sequence[Line]], bool],
) -> None:
    """Lead a run in this process, as `migrator run` does, until a commit after which it is left.

    The gate is passed by the first person who may.
    """
    asyncio.run(_lead(journal, run, platform, listeners, until))


async def _lead(
    journal: SqlJournal,
    run: Run,
    platform: Platform,
    listeners: Sequence[Listener],
    until: Callable[[Run, Sequence[Line]], bool],
) -> None:
    assert run.now is not None, "a run that is led has its first line"
    clock = ScaledClock(run.now, 1.0)
    conductor = Conductor(journal, platform, clock, run)
    attendant = Attendant(conductor, journal, clock, 1.0)
    left: list[bool] = []

    def answers(run: Run, lines: Sequence[Line]) -> None:
        for line in lines:
            if isinstance(line.event, ev.GateOpened):
                journal.submit(command("go", line.event.wave, _decider(run, line.event.wave)))
                conductor.changed.set()

    def leaves(run: Run, lines: Sequence[Line]) -> None:
        if until(run, lines) and not left:
            left.append(True)
            attendant.leave()
            # A second time, in a later turn of the loop: what hangs would never end.
            asyncio.get_running_loop().call_later(0.05, attendant.leave)

    conductor.listeners += [*listeners, answers, leaves]
    await attendant.attend()


def begun(journal: SqlJournal, itinerary: Itinerary) -> Run:
    """The first line of a run, folded."""
    return begin(journal, itinerary, RUN, itinerary.window.start, mode="scaled", seed=1, speed=1.0)


def command(
    verb: str, target: str, actor: str, details: tuple[tuple[str, str], ...] = ()
) -> OperatorCommand:
    """A verb of somebody's, as the command line makes it."""
    name = f"{verb}-{target}-{actor}"
    return OperatorCommand(name, verb, actor, asserted=True, target=target, reason="benchmark",
                           saw=0, details=details)  # fmt: skip


def _decider(run: Run, wave: str) -> str:
    leg = next(each for each in run.itinerary.waves if each.id == wave)
    return leg.deciders[0] if leg.deciders else next(iter(run.itinerary.members))


# --- around a measurement -----------------------------------------------------------------------


@contextmanager
def a_server() -> Iterator[Server | None]:
    """A PostgreSQL server that syncs, over its socket; None where none can be started."""
    found = programs()
    if found is None:
        print("no PostgreSQL server is installed here: its figures are left out", file=sys.stderr)
        yield None
        return
    server = Server(found, "-c fsync=on -c synchronous_commit=on")
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder on the disk that a store would be on, which `/tmp` may not be."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path.cwd()) as name:
        yield Path(name)


def sync_ms(folder: Path, times: int = 200) -> list[float]:
    """What the disk needs to make a step's bytes durable, again and again (ms)."""
    handle = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    taken = []
    try:
        for _ in range(times):
            began = time.perf_counter()
            os.write(handle, b"x" * SYNCED_BYTES)
            os.fdatasync(handle)
            taken.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(handle)
    return taken


def percentile(values: Sequence[float], at: int) -> float:
    """The value that so many in a hundred do not exceed."""
    return round(statistics.quantiles(values, n=100, method="inclusive")[at - 1], 3)


def report(
    figure: str,
    value: float,
    unit: str,
    goal: float,
    peers: Mapping[str, object] | None = None,
    *,
    more_is_better: bool = False,
) -> None:
    """Print one figure for the runner."""
    line = {
        "figure": figure,
        "value": value,
        "unit": unit,
        "goal": goal,
        "ok": value >= goal if more_is_better else value <= goal,
        "peers": dict(peers or {}),
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)
