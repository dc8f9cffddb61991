"""A sweep from a command: planned and judged by a child process, run here, told to whoever waits.

Used by `probe.py` and `baseline.py`. What a look means and what is worse is decided in `probes/`;
this file finds out what is asked, holds the vantage points open while the sweep runs, and says how
far it is and what it came to. Broken off, everything that was proved is kept.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from migrator.cli import output
from migrator.cli.link_cache import CACHE
from migrator.cli.links import SWEEPS
from migrator.cli.output import Format
from migrator.cli.sweep_told import Teller, tell_result
from migrator.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from migrator.inventory.model import Inventory
    from migrator.probes.facts import DeclaredFacts
    from migrator.probes.model import Declared, SweepPlan
    from migrator.probes.progress import Progress
    from migrator.probes.requests import DeclaredAnswer, PlanRequest
    from migrator.probes.summary import Summary
    from migrator.probes.sweep import Ran
    from migrator.wiring.vantage_points import Pods

TRIES_MAX: Final = 4
"""Somebody waits at a terminal: a cluster that is not there is said to be so within seconds."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster in which pods look; no context: the vantage points in pods stay unproved."""

    context: str = ""
    kubeconfig: Path | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    path: Path
    purpose: str
    wave: str = ""
    subsystems: tuple[str, ...] = ()
    everything: bool = False
    on_new_side: tuple[str, ...] = ()
    run: str = ""
    store: str = ""
    sweeps: Path | None = None
    resume: str = ""
    against: str = ""
    since: str = ""
    seed: int = 1
    inventory: Path | None = None
    cluster: Cluster = Cluster()
    form: Format = Format.text
    commands: bool = False


def carry_out(wanted: Wanted) -> int:
    """Plan, run, judge and tell; the exit code is 1 where links are worse or gone dark."""
    from migrator.inventory.reader import read_inventory
    from migrator.probes.asking import ask_now
    from migrator.probes.facts import declared_from

    folder = (wanted.sweeps or SWEEPS).resolve()
    inventory = read_inventory(_inventory_folder(wanted))
    today = _today(inventory)
    asked = {"inventory": str(inventory.folder), "cache": str(CACHE.resolve()), "today": today}
    with output.progress("Reading the links"):
        answer = cast("DeclaredAnswer", ask_now("declared", asked))
    facts = answer["declared"]
    if facts is None:
        raise InputError(
            "probes-missing",
            f"{inventory.folder} has no probes.yaml, and without one nothing is ever looked at",
            hint="declare what may be looked at and from where; docs/probes-yaml.md shows one",
        )
    facts["commands"] = wanted.commands
    for text in answer["warnings"]:
        output.say(f"warning: {text}")
    plan = _resumed(wanted, folder)
    plan = plan or _planned(wanted, folder, inventory, answer, today)
    if plan.links_digest != answer["estate"]["links_digest"]:
        output.say(f"warning: {plan.id} is of other links than are there now")
    baseline = _baseline(wanted, folder, plan)
    ran = _ran(plan, declared_from(facts), wanted.cluster)
    summary = _judged(plan, baseline, facts, today)
    if summary.suspects and _again(plan, declared_from(facts), wanted.cluster):
        summary = _judged(plan, baseline, facts, today)
    return tell_result(wanted.form, plan, ran, summary)


# --- What is asked ---------------------------------------------------------------------------


def _inventory_folder(wanted: Wanted) -> Path:
    if wanted.path.is_dir():
        return wanted.path
    from migrator.cli.plan_files import inventory_folder, open_plan

    return inventory_folder(open_plan(wanted.path), wanted.inventory)


def _today(inventory: Inventory) -> str:
    """The day by the window's own clocks: a waiver holds through its last one."""
    from zoneinfo import ZoneInfo

    from migrator.conductor.clock import wall_now

    return wall_now().astimezone(ZoneInfo(inventory.calendar.time_zone)).date().isoformat()


def _resumed(wanted: Wanted, folder: Path) -> SweepPlan | None:
    """The sweep to go on with."""
    if not wanted.resume:
        return None
    from migrator.probes.facts import read_sweep

    plan = read_sweep(_sweep_folder(folder, wanted.resume))
    output.say(f"going on with {plan.id}: what is proved is not looked at again")
    return plan


def _sweep_folder(folder: Path, name: str) -> Path:
    """A sweep by its id in the folder of sweeps, or by a path of its own."""
    inside = folder / name
    return inside if inside.is_dir() or "/" not in name else Path(name).resolve()


def _planned(
    wanted: Wanted, folder: Path, inventory: Inventory, answer: DeclaredAnswer, today: str
) -> SweepPlan:
    from migrator.conductor.clock import wall_now
    from migrator.ids import SubsystemId
    from migrator.probes.asking import ask_now
    from migrator.probes.facts import SweepFacts, sweep_from

    assert answer["declared"] is not None, "asked for by whoever calls"
    scope, members = _members(wanted, inventory)
    if wanted.purpose == "ahead" and not members:
        raise InputError(
            "usage",
            "--ahead looks as if somebody had moved, and nobody was named",
            hint="add --wave W or --subsystem S",
        )
    request: PlanRequest = {
        "id": _free_name(folder, f"{scope or 'all'}-{wanted.purpose}-{wall_now():%Y%m%d-%H%M%S}"),
        "sweeps": str(folder),
        "purpose": wanted.purpose if members or wanted.purpose == "baseline" else "all",
        "scope": scope,
        "members": [SubsystemId(each) for each in members],
        "sides": {SubsystemId(name): side for name, side in _sides(wanted).items()},
        "seed": wanted.seed,
        "today": today,
        "estate": answer["estate"],
        "declared": answer["declared"],
    }
    if wanted.since:
        request["since"] = str(_sweep_folder(folder, wanted.since))
    with output.progress("Planning the sweep"):
        found = cast("SweepFacts", ask_now("plan", cast("dict[str, object]", request)))
    plan = sweep_from(found, folder / request["id"])
    points = (
        "1 vantage point" if len(plan.vantages) == 1 else f"{len(plan.vantages)} vantage points"
    )
    output.say(
        f"{plan.id}: {plan.looks:,} looks for {plan.links:,} links from {points}, "
        f"at least {plan.seconds:.0f} s by the caps"
    )
    return plan


def _free_name(folder: Path, name: str) -> str:
    """A sweep's own id: one that is there already would be answered with its plan."""
    number = 1
    free = name
    while (folder / free).exists():
        number += 1
        free = f"{name}-{number}"
    return free


def _members(wanted: Wanted, inventory: Inventory) -> tuple[str, tuple[str, ...]]:
    """The scope in words and its subsystems; nobody means everything."""
    if sum((bool(wanted.wave), bool(wanted.subsystems), wanted.everything)) > 1:
        raise InputError(
            "usage", "--wave, --subsystem and --all exclude each other", hint="leave all but one"
        )
    known = {str(each.id) for each in inventory.subsystems}
    if wanted.wave:
        return wanted.wave, _of_wave(wanted)
    for name in (*wanted.subsystems, *wanted.on_new_side):
        if name not in known:
            raise InputError(
                "unknown-subsystem",
                f"there is no subsystem '{name}' in {inventory.name}",
                hint="`migrator graph` lists them",
            )
    return "-".join(wanted.subsystems[:3]), wanted.subsystems


def _of_wave(wanted: Wanted) -> tuple[str, ...]:
    if wanted.path.is_dir():
        raise InputError(
            "usage",
            "--wave needs a plan, because an inventory has no waves",
            hint="name the plan's file in the place of the inventory's folder",
        )
    from migrator.cli.plan_files import open_plan

    plan = open_plan(wanted.path).plan
    for wave in plan.waves:
        if wave.id == wanted.wave:
            return tuple(str(move.subsystem) for move in wave.moves)
    known = ", ".join(str(wave.id) for wave in plan.waves)
    raise InputError(
        "unknown-wave", f"there is no wave '{wanted.wave}' in {wanted.path}", hint=f"it has {known}"
    )


def _sides(wanted: Wanted) -> dict[str, str]:
    """Who is live on the new side, or nowhere; who is not named is on the old one."""
    sides = dict.fromkeys(wanted.on_new_side, "new")
    if wanted.run:
        from migrator.cli.runs import see_run

        seen = see_run(wanted.run, wanted.store)
        try:
            live = {str(name): side.value for name, side in seen.run.authority.items()}
        finally:
            seen.store.close()
        sides |= {name: side for name, side in live.items() if side != "old"}
    return sides


def _baseline(wanted: Wanted, folder: Path, plan: SweepPlan) -> Path | None:
    """The sweep to compare with: the named one, else the newest baseline of the folder."""
    from migrator.probes.facts import read_sweep
    from migrator.probes.model import SWEEP_FILE, Purpose

    if plan.purpose is Purpose.BASELINE:
        return None
    if wanted.against:
        return read_sweep(_sweep_folder(folder, wanted.against)).folder
    files = sorted(folder.glob(f"*/{SWEEP_FILE}"), key=lambda each: each.stat().st_mtime)
    for file in reversed(files):
        found = read_sweep(file.parent)
        if found.purpose is Purpose.BASELINE and set(plan.members) <= set(
            found.members or plan.members
        ):
            output.say(f"compared with {found.id}")
            return found.folder
    output.say("there is no baseline to compare with: `migrator baseline` makes one")
    return None


# --- What is done ----------------------------------------------------------------------------


def _ran(plan: SweepPlan, declared: Declared, cluster: Cluster) -> Ran:
    """Run the sweep; a Ctrl-C leaves it to be gone on with."""
    import asyncio

    from migrator.conductor.clock import wall_now
    from migrator.probes.packing import packed_agent
    from migrator.probes.sweep import Asked, run_sweep
    from migrator.wiring.vantage_points import vantage_points

    agent = packed_agent()
    asked = Asked(plan, declared.allow, agent.digest, lambda: wall_now().timestamp())
    names = [each.id for each in plan.vantages]

    async def run(tell: Callable[[Progress], None]) -> Ran:
        async with (
            _pods(cluster, plan, declared) as pods,
            vantage_points(declared, names, agent.data, pods) as vantages,
        ):
            return await run_sweep(asked, vantages, tell)

    with output.progress("Looking", plan.looks) as advance:
        try:
            return asyncio.run(run(Teller(advance).tell))
        except (KeyboardInterrupt, asyncio.CancelledError):
            output.say(f"what was proved is kept; go on with --resume {plan.id}")
            raise


def _again(plan: SweepPlan, declared: Declared, cluster: Cluster) -> int:
    """Look again at what was slow once; how many answers came."""
    import asyncio

    from migrator.conductor.clock import wall_now
    from migrator.probes.again import look_again
    from migrator.probes.packing import packed_agent
    from migrator.probes.sweep import Asked
    from migrator.wiring.vantage_points import vantage_points

    agent = packed_agent()
    asked = Asked(plan, declared.allow, agent.digest, lambda: wall_now().timestamp())
    names = [each.id for each in plan.vantages]

    async def run() -> int:
        async with (
            _pods(cluster, plan, declared) as pods,
            vantage_points(declared, names, agent.data, pods) as vantages,
        ):
            return await look_again(asked, vantages)

    with output.progress("Looking again at what was slow"):
        return asyncio.run(run())


@asynccontextmanager
async def _pods(
    cluster: Cluster, plan: SweepPlan, declared: Declared
) -> AsyncIterator[Pods | None]:
    """The way to the cluster, where the sweep needs one and one was named."""
    from migrator.probes.model import InPod

    inside = [p for each in plan.vantages if isinstance(p := declared.vantage(each.id), InPod)]
    if not inside or not cluster.context:
        yield None
        return
    from migrator.conductor.clock import wall_now
    from migrator.platform.kubernetes.asking import Patience
    from migrator.platform.kubernetes.connecting import connected
    from migrator.platform.kubernetes.slices import Mark
    from migrator.wiring.vantage_points import Pods

    async with connected(
        cluster.context,
        wall=wall_now,
        kubeconfig=cluster.kubeconfig,
        patience=Patience(tries_max=TRIES_MAX),
    ) as client:
        yield Pods(client, cluster.image, Mark(f"{plan.id}.agents", 1))


def _judged(plan: SweepPlan, baseline: Path | None, facts: DeclaredFacts, today: str) -> Summary:
    from migrator.probes.asking import ask_now
    from migrator.probes.summary import read_summary

    request = {
        "folder": str(plan.folder),
        "baseline": str(baseline) if baseline else None,
        "declared": facts,
        "today": today,
    }
    with output.progress("Judging the links"):
        ask_now("judge", request)
    summary = read_summary(plan.folder)
    assert summary is not None, "the child writes it before it answers"
    return summary
