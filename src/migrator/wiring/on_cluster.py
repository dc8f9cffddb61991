"""A live run's cluster: found again after every restart, and never taken for another one.

Used by `live.py`. Which cluster a run moves onto is kept with the run before its first line: by the
name of its context, and by an identity that no other cluster has. Subjects are read from the files
that were pinned when the run began, never from anybody's working tree.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.conductor.clock import wall_now
from migrator.engine.run import Run
from migrator.engine.states import ActState, RunState
from migrator.errors import InputError, MigratorError, RefusedError
from migrator.plan.model import Itinerary
from migrator.store.pinned_files import FileToPin, bytes_of
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring.between_sides import between_sides
from migrator.wiring.evidence import evidence_keeper

if TYPE_CHECKING:
    from migrator.platform.kubernetes.admission import EpochFence
    from migrator.platform.kubernetes.doing import Doing
    from migrator.platform.kubernetes.following import Follower, FrontLocks
    from migrator.platform.kubernetes.platform import KubernetesPlatform
    from migrator.platform.kubernetes.rest import Client
    from migrator.platform.kubernetes.slices import Mark
    from migrator.platform.kubernetes.subject import Subject
    from migrator.platform.kubernetes.waiting import Cluster

KUBERNETES: Final = "kubernetes"
"""The platform that performs on a cluster what the plan declares no means for."""

PLACE: Final = "cluster"
"""The fact under which a run's cluster is kept."""

MANIFESTS: Final = "inventory/manifests/"


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """Which cluster a run moves onto. `uid` is its kube-system namespace's, which is its own."""

    context: str
    kubeconfig: str  # empty: where kubectl would look
    probe_image: str  # an image with python3; empty: no prober pods, only this machine looks
    unfenced: str = ""  # why nothing in the cluster keeps an earlier process out; empty: it does
    frozen_but: str | None = None  # who may write while the run lasts, by commas; None: everybody
    on_drift: str = "stop"  # or adopt, override: what others changed since an object was prepared
    uid: str = ""
    server: str = ""


def place_of(facts: object) -> ClusterPlace | None:
    """The cluster that a run has kept; None for a run without one."""
    if not isinstance(facts, dict):
        return None
    return ClusterPlace(**facts)


def facts_of(place: ClusterPlace) -> dict[str, object]:
    """What is kept of a cluster."""
    return asdict(place)


def subjects_of(files: dict[str, Callable[[], bytes]]) -> dict[str, Subject]:
    """Every subsystem's objects, from `inventory/manifests/<subsystem>/...`; all faults at once."""
    # Only a run on a cluster pays for what reads manifests.
    from migrator.platform.kubernetes.manifests import read_subject

    folders: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        subsystem, slash, rest = name.removeprefix(MANIFESTS).partition("/")
        if name.startswith(MANIFESTS) and slash:
            folders.setdefault(subsystem, {})[rest] = content()
    found: dict[str, Subject] = {}
    errors: list[InputError] = []
    for subsystem, inside in sorted(folders.items()):
        try:
            found[subsystem] = read_subject(subsystem, inside)
        except InputError as error:
            errors.append(error)
    if errors:
        faults = tuple(fault for error in errors for fault in error.faults)
        raise InputError(errors[0].reference, errors[0].message, hint=errors[0].hint, faults=faults)
    return found


def subjects_to_pin(files: tuple[FileToPin, ...]) -> dict[str, Subject]:
    """The subjects of a run that is about to begin."""
    return subjects_of({each.name: each.path.read_bytes for each in files})


def pinned_subjects(store: Store, itinerary: Itinerary) -> dict[str, Subject]:
    """The subjects of a run, from its pinned bytes."""

    def reading(name: str, digest: str) -> Callable[[], bytes]:
        return lambda: bytes_of(store, name, digest)

    return subjects_of({name: reading(name, digest) for name, digest in itinerary.files.items()})


def identify(place: ClusterPlace) -> ClusterPlace:
    """Ask the cluster who it is, before anything is begun. Raises as `connected` does."""
    from migrator.platform.kubernetes.transport import load_library

    load_library()

    async def ask() -> ClusterPlace:
        async with _connected(place, "", "") as client:
            found = await _identified(client, place)
            if not place.unfenced:
                await _refuse_unfenced(client)
            return found

    return asyncio.run(ask())


async def _identified(client: Client, place: ClusterPlace) -> ClusterPlace:
    from migrator.platform.kubernetes.discovery import NAMESPACES
    from migrator.platform.kubernetes.objects import uid_of

    found = await client.get(NAMESPACES, "", "kube-system", metadata_only=True)
    server = client.asker.transport.server
    return replace(place, uid=uid_of(found or {}), server=server)


async def _refuse_unfenced(client: Client) -> None:
    """A displaced process must be kept out by the cluster itself, or somebody answers for it."""
    from migrator.platform.kubernetes.admission import EpochFence

    installed = await EpochFence(client, "nobody").installed()
    if not installed.holds:
        raise RefusedError(
            "fence-missing",
            f"nothing in the cluster would keep an earlier process of a run out, for the account "
            f"{installed.account}: {'; '.join(installed.faults)}",
            hint="have an administrator apply what `migrator rights PLAN` prints and use its "
            "account `conductor`, or begin with --without-admission-fence, which the run keeps",
        )


@asynccontextmanager
async def _connected(place: ClusterPlace, run: str, wave: str) -> AsyncIterator[Client]:
    from migrator.platform.kubernetes.connecting import connected, user_agent

    file = Path(place.kubeconfig) if place.kubeconfig else None
    async with connected(
        place.context, wall=wall_now, kubeconfig=file, agent=user_agent(run, wave)
    ) as client:
        yield client


@dataclass(frozen=True, slots=True)
class OnCluster:
    """A run's cluster while the run is led. `mark` is for writes beside the acts."""

    platform: KubernetesPlatform
    client: Client
    mark: Callable[[], Mark]
    image: str  # for the pods that look; empty: none was given
    subjects: dict[str, Subject]


@asynccontextmanager
async def on_cluster(
    store: Store, journal: SqlJournal, run: Run, trouble: Callable[[str], None]
) -> AsyncIterator[OnCluster | None]:
    """A run's cluster with its platform, watches and follower; None without a cluster.

    Raises RefusedError where the context leads to another cluster than the one it began on.
    """
    place = place_of(journal.facts(PLACE))
    if place is None:
        yield None
        return
    from migrator.platform.kubernetes.admission import EpochFence
    from migrator.platform.kubernetes.following import Follower, FrontLocks
    from migrator.platform.kubernetes.slices import Mark
    from migrator.platform.kubernetes.waiting import Cluster

    name = journal.run_name
    subjects = pinned_subjects(store, run.itinerary)

    def epoch() -> int:
        assert journal.epoch is not None, "only the process that leads a run performs its acts"
        return journal.epoch

    async with _connected(place, name, "") as client:
        now = await _identified(client, place)
        if now.uid != place.uid:
            raise RefusedError(
                "other-cluster",
                f"context {place.context} leads to another cluster than the one that {name} was "
                f"begun on ({place.server}, now {now.server})",
                hint="point the context at that cluster again; nothing was asked of this one",
            )
        if not place.unfenced:
            spaces = [subject.namespace for subject in subjects.values()]
            fence = EpochFence(client, name, spaces, word=run_word(journal))
            await fence.raise_to(epoch())
            if place.frozen_but is not None:
                operators = [each for each in place.frozen_but.split(",") if each]
                await fence.freeze(epoch(), spaces, operators)
        locks = FrontLocks()

        def mark() -> Mark:
            """What a write beside the acts is marked with."""
            return Mark(f"{run_word(journal)}.beside", epoch())

        async with Cluster(client, now=wall_now) as cluster:
            fronts = [f.front for subject in subjects.values() for f in subject.fronts]
            follower = Follower(client, fronts, locks, mark=mark, trouble=trouble)
            following = asyncio.create_task(_follow(follower, trouble), name="follower")
            try:
                parts = _Parts(
                    client, cluster, locks, place.probe_image, epoch, mark, place.on_drift
                )
                platform = _platform(store, journal, run, subjects, parts)
                yield OnCluster(platform, client, mark, place.probe_image, subjects)
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                if not place.unfenced and run.state is RunState.ENDED:
                    await _release(fence, epoch(), trouble)


def run_word(journal: SqlJournal) -> str:
    """What tells a run from every other, runs of the same name included, in a mark."""
    return journal.first_hash()[:12]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the acts of one run on one cluster share."""

    client: Client
    cluster: Cluster
    locks: FrontLocks
    probe_image: str
    epoch: Callable[[], int]
    mark: Callable[[], Mark]
    on_drift: str


def _platform(
    store: Store, journal: SqlJournal, run: Run, subjects: dict[str, Subject], parts: _Parts
) -> KubernetesPlatform:
    from migrator.platform.kubernetes.data_acts import DataActs
    from migrator.platform.kubernetes.drift import Decision
    from migrator.platform.kubernetes.link_acts import LinkActs
    from migrator.platform.kubernetes.platform import KubernetesPlatform, Surroundings
    from migrator.platform.kubernetes.traffic_acts import TrafficActs
    from migrator.platform.kubernetes.vantages import Vantages
    from migrator.platform.kubernetes.workloads import Workloads

    def failed_looks(doing: Doing) -> list[str]:
        acts = run.moves[doing.subject.subsystem].steps.values()
        return [f"{act.name}: {act.detail}" for act in acts if act.state is ActState.FAILED]

    def between(name: str) -> bool:
        return name in run.moves and between_sides(run.moves[name])

    vantages = Vantages(parts.client, parts.probe_image, parts.mark)
    traffic = TrafficActs(parts.client, parts.locks, vantages.now)
    return KubernetesPlatform(
        Surroundings(run_word(journal), subjects, lambda: run.itinerary, parts.epoch, wall_now),
        Workloads(
            parts.client,
            parts.cluster,
            journal.put_facts,
            journal.facts,
            Decision(parts.on_drift),
        ),
        traffic,
        LinkActs(traffic, vantages.now, journal.put_facts, journal.facts, between),
        DataActs(journal.run_name, lambda move: move in run.losses),
        evidence_keeper(store, journal, parts.client, failed_looks),
    )


async def _release(fence: EpochFence, epoch: int, trouble: Callable[[str], None]) -> None:
    """Give the namespaces free for another run; the run itself is over whatever comes of this."""
    try:
        await fence.release(epoch)
    except MigratorError as error:
        trouble(f"the fence stays up: {error}")


async def _follow(follower: Follower, trouble: Callable[[str], None]) -> None:
    """Follow until cancelled; what ends it is said, and the run's own appends judge the rest."""
    try:
        await follower.run()
    except* MigratorError as group:
        for error in group.exceptions:
            trouble(f"pods are no longer followed: {error}")
