"""The proof of links of one live run, put together: what it declares, who looks, what is kept.

Used by `live.py`. A run whose inventory has no probes.yaml has none, and its looks stay what its
platform makes of them. Everything is read from the bytes that were pinned when the run began.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from migrator.conductor.clock import wall_now
from migrator.engine.events import LinksCovered
from migrator.engine.ports import Platform, Vantage
from migrator.engine.run import Run
from migrator.engine.states import RunState
from migrator.errors import MigratorError
from migrator.plan.model import Itinerary
from migrator.probes.model import SUMMARY_FILE, InPod, Purpose, VantagePoint
from migrator.probes.prover import Prover
from migrator.probes.summary import Summary, read_summary
from migrator.probes.verdicts import Verdict
from migrator.store.pinned_files import lay_out
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring.between_sides import between_sides
from migrator.wiring.link_sweeps import LinkSweeps, read_estate
from migrator.wiring.proving import LOOKS, Intent, Proving
from migrator.wiring.vantage_points import Pods, reached

if TYPE_CHECKING:
    from migrator.wiring.on_cluster import OnCluster

PROBES: Final = "inventory/probes.yaml"
INVENTORY: Final = "inventory/"
MANIFESTS: Final = "inventory/manifests/"
SWEEPS: Final = "sweeps"
COMMANDS_ALLOWED: Final = "probe-commands"
"""The fact of a run whose probes.yaml may run programs as checks."""
YES: Final = "yes"
_WHOLE: Final = frozenset({Purpose.BASELINE.value, Purpose.ALL.value})
SPARE_SECONDS: Final = 2.0
"""Before an act's limit, so that its own reason is heard and not only that time ran out."""


def declares_looks(files: frozenset[str]) -> bool:
    """Whether a run with these pinned files proves its links one by one."""
    return PROBES in files


def with_looks(
    otherwise: Callable[[str, str], str] | None,
) -> Callable[[str, str], str]:
    """Why an act cannot be performed without means, where looks are made by sweeps."""

    def answer(move: str, act: str) -> str:
        if act in LOOKS:
            return ""
        if otherwise is None:
            return f"nothing says how '{act}' is performed"
        return otherwise(move, act)

    return answer


def covered_by(store: Store, itinerary: Itinerary) -> LinksCovered | None:
    """What the newest judged sweep of the whole estate proved; None for an estate without links.

    Sweeps stand in the store's folder: `migrator baseline` keeps them there.
    """
    links = sum(pair.links for pair in itinerary.pairs)
    newest: Summary | None = None
    newest_at = 0
    for path in sorted((store.folder / SWEEPS).glob(f"*/{SUMMARY_FILE}")):
        summary = read_summary(path.parent)
        whole = summary is not None and not summary.scope and summary.purpose in _WHOLE
        if whole and path.stat().st_mtime_ns > newest_at:
            newest, newest_at = summary, path.stat().st_mtime_ns
    if newest is None:
        return LinksCovered("", "", links, 0, 0, links, 0, 0) if links else None
    at = datetime.fromtimestamp(newest_at / 1e9, ZoneInfo(itinerary.window.time_zone))
    return LinksCovered(
        sweep=newest.sweep,
        swept_at=at.isoformat(timespec="minutes"),
        links=newest.links,
        proved=newest.green,
        broken=newest.known - newest.green,
        unproved=newest.number(Verdict.UNPROVED),
        untestable=newest.number(Verdict.UNTESTABLE),
        waived=newest.number(Verdict.WAIVED),
    )


@asynccontextmanager
async def proving(
    store: Store,
    journal: SqlJournal,
    run: Run,
    work: Path,
    cluster: OnCluster | None,
    trouble: Callable[[str], None],
) -> AsyncIterator[Platform | None]:
    """What performs the acts without means: the cluster's platform, with looks by sweeps before it.

    `work` is a private folder that goes with this process. Raises InputError where the pinned
    probes.yaml does not fit.
    """
    beside = None if cluster is None else cluster.platform
    if PROBES not in run.itinerary.files:
        yield beside
        return
    from migrator.probes.packing import packed_agent

    names = {
        name: digest
        for name, digest in run.itinerary.files.items()
        if name.startswith(INVENTORY) and not name.startswith(MANIFESTS)
    }
    inventory = lay_out(store, names, work) / INVENTORY
    folder = (store.folder / SWEEPS).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def today() -> date:
        return wall_now().astimezone(ZoneInfo(run.itinerary.window.time_zone)).date()

    commands = journal.facts(COMMANDS_ALLOWED) == YES
    estate = await read_estate(inventory, folder / "links", today(), commands=commands)
    if estate is None:
        yield beside
        return
    agent = packed_agent()
    reach = _reach(agent.data, cluster)
    sweeps = LinkSweeps(
        folder / journal.run_name,
        estate,
        agent.digest,
        reach,
        today,
        lambda: wall_now().timestamp(),
    )
    prover = Prover(
        sweeps,
        sides=lambda: {name: side.value for name, side in run.authority.items()},
        crossing=lambda: frozenset(n for n, move in run.moves.items() if between_sides(move)),
        keep=journal.put_facts,
        kept=journal.facts,
    )

    def left(intent: Intent) -> float:
        return max((intent.limit_at - wall_now()).total_seconds() - SPARE_SECONDS, 1.0)

    try:
        yield Proving(
            prover,
            beside,
            can=_can(run, cluster),
            left=left,
            soak_seconds=lambda: run.itinerary.policy.soak_minutes * 60,
        )
    finally:
        await sweeps.close()
        if run.state is RunState.ENDED and cluster is not None:
            await _retire(cluster, estate.declared.vantages, trouble)


def _can(run: Run, cluster: OnCluster | None) -> Callable[[str, str], bool]:
    """Whether the cluster's platform performs an act of a subsystem."""
    if cluster is None:
        return lambda _move, _act: False
    from migrator.platform.kubernetes.abilities import why_not

    subjects = cluster.subjects

    def can(move: str, act: str) -> bool:
        recipe = run.itinerary.recipes[run.itinerary.legs[move].recipe]
        return not why_not(subjects.get(move), move, recipe, act)

    return can


def _reach(agent: bytes, cluster: OnCluster | None) -> Callable[[VantagePoint], Awaitable[Vantage]]:
    """Makes vantage points of what is declared."""

    async def reach(point: VantagePoint) -> Vantage:
        # The mark is that of the epoch in which the pod is made.
        pods = None if cluster is None else Pods(cluster.client, cluster.image, cluster.mark())
        return await reached(point, agent, pods)

    return reach


async def _retire(
    cluster: OnCluster, points: tuple[VantagePoint, ...], trouble: Callable[[str], None]
) -> None:
    """Take the agents' pods away: the run is over, whatever comes of this."""
    from migrator.platform.kubernetes.agent_pods import retire

    for namespace in sorted({each.namespace for each in points if isinstance(each, InPod)}):
        try:
            await retire(cluster.client, namespace, cluster.mark())
        except MigratorError as error:
            trouble(f"the pods that looked in {namespace} are still there: {error}")
