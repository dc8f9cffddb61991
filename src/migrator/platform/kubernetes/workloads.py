"""The acts on a subsystem's own objects: prepared without replicas, started, stopped, taken away.

Called by `platform.py`. What was on the cluster before is kept before the first write of an
attempt, and that is what taking away restores. A stop is done when no pod is left, not when it was
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from migrator.errors import PermanentError
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.drift import Decision, compare, decided
from migrator.platform.kubernetes.objects import ChangeSet, KubeObject, ObjectName, name_of
from migrator.platform.kubernetes.preimages import PreImages
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.restoring import Remaining
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.subject import SCALED, Subject
from migrator.platform.kubernetes.waiting import Cluster


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a stop did, and the pods whose end it waited for."""

    changes: ChangeSet
    pods: tuple[ObjectName, ...]


class Workloads:
    """Objects of subsystems on one cluster.

    `keep` stores a fact durably before it returns, `kept` reads it: pre-images must survive us.
    """

    def __init__(
        self,
        client: Client,
        cluster: Cluster,
        keep: Callable[[str, object], None],
        kept: Callable[[str], object],
        on_drift: Decision = Decision.STOP,
    ) -> None:
        """Nothing is asked yet. `on_drift` is what a person decided about others' changes."""
        self._client = client
        self._cluster = cluster
        self._keep = keep
        self._kept = kept
        self._on_drift = on_drift

    async def prepare(
        self, subject: Subject, attempt: int, mark: Mark, *, seconds_max: float
    ) -> ChangeSet:
        """Keep what is there, then apply all objects, with workloads that run nothing yet.

        Workloads that keep data are started, because the first copy goes into them.
        """
        self._remember(subject, mark)
        applier = Applier(self._client, mark)
        objects = _own(subject)
        images = self._images(subject, attempt)
        if images is None:
            images = await applier.pre_images(objects)
            self._keep(_key(subject, attempt), images.as_json())
        keepers = _keepers(subject)
        rest = [each for each in objects if each not in keepers]
        done = await applier.apply(rest, images=images, empty=True)
        if keepers:
            done = done.with_changes(await applier.apply(keepers, images=images, empty=False))
            await self._cluster.until_ready(keepers, seconds_max=seconds_max)
        return done

    async def start(
        self, subject: Subject, attempt: int, mark: Mark, *, seconds_max: float
    ) -> ChangeSet:
        """Apply all objects as they are meant to be, and wait until they are ready."""
        images = self._images(subject, attempt)
        if images is None:
            raise PermanentError(
                "not-prepared",
                f"{subject.subsystem} was not prepared in attempt {attempt}",
                hint="prepare comes first: without it there is nothing that an undo could restore",
            )
        self._remember(subject, mark)
        wanted = await self._as_decided(subject)
        done = await Applier(self._client, mark).apply(wanted, images=images, empty=False)
        await self._cluster.until_ready(wanted, seconds_max=seconds_max)
        return done

    async def _as_decided(self, subject: Subject) -> list[KubeObject]:
        """The objects to start, after what others changed since they were prepared was met.

        Raises PermanentError that names field, manager and time where nobody decided about it.
        """
        found = await compare(self._client, subject)
        return [
            decided(each, found.drifts, lambda _drift: self._on_drift).body
            for each in _own(subject)
        ]

    async def is_ready(self, subject: Subject) -> bool:
        """Tell whether everything is as a start leaves it."""
        states = await self._cluster.look(_own(subject))
        if not all(state.is_ready for state in states.values()):
            return False
        return await self._have_replicas(subject)

    async def fence(
        self, subject: Subject, attempt: int, mark: Mark, *, seconds_max: float
    ) -> Stopped:
        """Stop whatever could still take in work; what keeps data goes on running."""
        return await self._stop(
            subject, tuple(subject.fenced_workloads()), attempt, mark, seconds_max
        )

    async def stop(
        self, subject: Subject, attempt: int, mark: Mark, *, seconds_max: float
    ) -> Stopped:
        """Stop everything of the subsystem, and prove that no pod of it is left."""
        return await self._stop(subject, subject.workloads, attempt, mark, seconds_max)

    async def is_stopped(self, workloads: Iterable[KubeObject]) -> bool:
        """Tell whether no pod of the workloads is there."""
        for each in workloads:
            if await self._cluster.pods_of(each):
                return False
        return True

    async def remove(
        self, subject: Subject, attempt: int, mark: Mark
    ) -> tuple[ChangeSet, tuple[Remaining, ...]]:
        """Put back what was there before, delete what was not; also what stays, and why."""
        images = self._images(subject, attempt)
        if images is None:
            return ChangeSet(), ()  # nothing was ever written in this attempt
        tokens = self._tokens(subject)
        return await Applier(self._client, mark).restore(images, belongs=tokens.__contains__)

    async def forget(self, subject: Subject, attempt: int, mark: Mark) -> ChangeSet:
        """Delete the copies of Secrets that were kept for a way back; the move is final."""
        images = self._images(subject, attempt)
        if images is None:
            return ChangeSet()
        return await Applier(self._client, mark).discard_copies(images)

    # --- parts ------------------------------------------------------------------------------

    async def _stop(
        self,
        subject: Subject,
        workloads: tuple[KubeObject, ...],
        attempt: int,
        mark: Mark,
        seconds_max: float,
    ) -> Stopped:
        images = self._images(subject, attempt)
        if images is None:
            return Stopped(ChangeSet(), ())
        self._remember(subject, mark)
        done = await Applier(self._client, mark).apply(workloads, images=images, empty=True)
        went = await self._cluster.until_stopped(workloads, seconds_max=seconds_max)
        return Stopped(done, went)

    async def _have_replicas(self, subject: Subject) -> bool:
        """Ready with no replicas is how a workload is prepared, not how it is started."""
        for each in subject.workloads:
            name = name_of(each)
            if name.kind not in SCALED:
                continue
            resource = await self._client.discovery.of(each)
            live = await self._client.get(resource, name.namespace, name.name)
            if live is None or _replicas(live) < _replicas(each):
                return False
        return True

    def _remember(self, subject: Subject, mark: Mark) -> None:
        """Keep, before the first write, that this act writes for this subsystem.

        What another subsystem's act made is not ours to take away, though it stands in both
        manifests.
        """
        tokens = self._tokens(subject)
        if mark.token not in tokens:
            self._keep(f"tokens/{subject.subsystem}", [*tokens, mark.token])

    def _tokens(self, subject: Subject) -> list[str]:
        found = self._kept(f"tokens/{subject.subsystem}")
        return [str(each) for each in found] if isinstance(found, list) else []

    def _images(self, subject: Subject, attempt: int) -> PreImages | None:
        found = self._kept(_key(subject, attempt))
        return None if found is None else PreImages.from_json(found)


def _key(subject: Subject, attempt: int) -> str:
    return f"pre-images/{subject.subsystem}/{attempt}"


def _replicas(found: KubeObject) -> int:
    spec = found.get("spec")
    asked = spec.get("replicas") if isinstance(spec, dict) else None
    return asked if isinstance(asked, int) else 1


def _own(subject: Subject) -> list[KubeObject]:
    """All objects but the front Services, whose life is not the move's."""
    fronts = {fronting.front.service for fronting in subject.fronts}
    return [
        each
        for each in subject.objects
        if not (name_of(each).kind == "Service" and name_of(each).name in fronts)
    ]


def _keepers(subject: Subject) -> list[KubeObject]:
    fenced = list(subject.fenced_workloads())
    return [each for each in subject.workloads if each not in fenced]
