"""One write moves traffic: the owned EndpointSlice of a front Service, pointed to one side.

Called by the steps switch and switch-back, by the follower, and by finalise. Every function that
moves traffic makes exactly one write, conditional on the version that it has read; there is no
moment at which both sides, or neither, are what the data plane takes. What the API answers is no
proof that traffic has moved: that is what probes through the data plane are for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.discovery import ENDPOINT_SLICES, SERVICES, Resource
from migrator.platform.kubernetes.errors import Outdated
from migrator.platform.kubernetes.in_epoch import delete_whatever_version
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeSet,
    KubeObject,
    map_at,
    text_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.slices import (
    EPOCH,
    NEW,
    SERVICE_NAME,
    TOKEN,
    Backend,
    Mark,
    is_ours,
    is_refused,
    mark_of,
    owned_name,
    owned_slice,
    pods_backend,
    ready_addresses,
    refused,
    shadow_name,
    side_of,
)

ENDPOINTS: Final = Resource("", "v1", "Endpoints", "endpoints", namespaced=True)
LOOK_SECONDS: Final = 0.1
SETTLE_SECONDS_MAX: Final = 30.0
TRIES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Front:
    """The Service whose traffic moves."""

    namespace: str
    service: str


class TrafficSwitch(Protocol):
    """A way of moving a front's traffic by one write. Another one (relay pods) fits in here."""

    async def side(self, front: Front) -> str:
        """The side that it goes to; empty where it is not ours to say."""
        ...

    async def live(self, front: Front) -> KubeObject | None:
        """The one object that moves it."""
        ...

    async def pods(self, front: Front) -> Backend:
        """The new side as it is ready now."""
        ...

    async def point(self, front: Front, backend: Backend, mark: Mark) -> ChangeSet:
        """Make it go to one side by one write; the same token again changes nothing."""
        ...

    async def refuse(self, front: Front, mark: Mark) -> ChangeSet:
        """Have the data plane refuse who calls the new side, until it is pointed somewhere."""
        ...

    async def observe(self, front: Front, side: str, mark: Mark) -> str:
        """Say whether the act with this token has moved it: done, not_done or unknown."""
        ...

    async def follow(self, front: Front, mark: Mark) -> ChangeSet:
        """Keep up with the pods while it is on the new side."""
        ...

    async def finalise(self, front: Front, mark: Mark) -> ChangeSet:
        """Leave the endpoints to the cluster itself."""
        ...

    async def unfinalise(self, front: Front, mark: Mark) -> ChangeSet:
        """Take them back, still on the new side."""
        ...


class OwnedSlice:
    """Strategy A on one cluster. Its writes carry the act's token and the run's epoch."""

    def __init__(
        self,
        client: Client,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        settle_seconds_max: float = SETTLE_SECONDS_MAX,
    ) -> None:
        """Nothing is asked yet. `sleep` is for tests that do not wait."""
        self._client = client
        self._sleep = sleep
        self._settle_seconds_max = settle_seconds_max

    async def live(self, front: Front) -> KubeObject | None:
        """The slice of ours as it is; None where there is none."""
        return await self._client.get(ENDPOINT_SLICES, front.namespace, owned_name(front.service))

    async def side(self, front: Front) -> str:
        """The side that our slice points to; empty where there is none."""
        found = await self.live(front)
        return "" if found is None else side_of(found)

    async def pods(self, front: Front) -> Backend:
        """The new side as it is ready now. Raises TransientError while no pod is."""
        slices = await self._slices(front.namespace, shadow_name(front.service))
        found = pods_backend(slices)
        if found is None:
            raise TransientError(
                "no-ready-pods",
                f"no pod behind {front.namespace}/{shadow_name(front.service)} is ready",
                hint="look at the pods; the traffic stays where it is until one is ready",
            )
        return found

    async def point(self, front: Front, backend: Backend, mark: Mark) -> ChangeSet:
        """Make the traffic go to one side by one write; the same token again changes nothing.

        Raises Outdated where somebody else has written since, and PermanentError where a later
        epoch has: its conductor leads, and we do not.
        """
        before = await self.live(front)
        wanted = owned_slice(front.namespace, front.service, backend, mark)
        if before is None:
            return _changes(await self._client.create(wanted))
        _refuse_later(before, mark, front)
        if _says(before, wanted) and mark_of(before) == mark:
            return ChangeSet()
        return _changes(await self._client.replace(_over(wanted, before)))

    async def refuse(self, front: Front, mark: Mark) -> ChangeSet:
        """Say of every endpoint of the new side that it takes nobody in, by one write.

        A data plane refuses new connections to a Service without a ready endpoint; to addresses of
        pods that are gone it would let them time out. Nothing happens to a front on the old side,
        or to one whose endpoints the cluster keeps: there they go with the pods. The same token
        again changes nothing. Raises as `point` does.
        """
        before = await self.live(front)
        if before is None or side_of(before) != NEW:
            return ChangeSet()
        _refuse_later(before, mark, front)
        if is_refused(before) and mark_of(before) == mark:
            return ChangeSet()
        return _changes(await self._client.replace(_over(refused(before, mark), before)))

    async def observe(self, front: Front, side: str, mark: Mark) -> str:
        """Say whether the act with this token has moved the traffic: done, not_done or unknown."""
        found = await self.live(front)
        if found is None:
            return "not_done"
        if mark_of(found).token == mark.token:
            return "done" if side_of(found) == side else "unknown"
        return "not_done" if side_of(found) != side else "unknown"

    async def follow(self, front: Front, mark: Mark) -> ChangeSet:
        """Copy the pods' addresses as they are now; only where the traffic is on the new side.

        A front that refuses is left alone: its side is fenced, whatever its pods say.
        The act's own token stays on the slice. While no pod is ready the last addresses stay, too:
        an empty slice would be a gap that no pod's return could be quicker than.
        """
        for _ in range(TRIES_MAX):
            before = await self.live(front)
            if before is None or side_of(before) != NEW or is_refused(before):
                return ChangeSet()
            _refuse_later(before, mark, front)
            try:
                backend = await self.pods(front)
            except TransientError:
                return ChangeSet()
            kept = Mark(mark_of(before).token, mark.epoch)
            wanted = owned_slice(front.namespace, front.service, backend, kept)
            if _says(before, wanted):
                return ChangeSet()
            try:
                return _changes(await self._client.replace(_over(wanted, before)))
            except Outdated:
                continue
        raise TransientError(
            "slice-busy",
            f"somebody else writes {front.namespace}/{owned_name(front.service)} all the time",
            hint="find who writes it: kubectl get endpointslice -o yaml --show-managed-fields",
        )

    async def finalise(self, front: Front, mark: Mark) -> ChangeSet:
        """Give the Service its selector back, and our slice up, without a gap.

        First the selector; then the wait until the cluster's own slices name the same addresses;
        only then ours is deleted. Refused while ours points to the old side: a selector would then
        add the pods to it, and both sides would be live.
        """
        ours = await self.live(front)
        if ours is None:
            return ChangeSet()
        if side_of(ours) != NEW:
            raise PermanentError(
                "traffic-not-new",
                f"the traffic of {front.namespace}/{front.service} is not on the new side",
                hint="switch it first; finalising now would make both sides live",
            )
        selector = await self._selector(front)
        done = [(await self._select(front, selector, mark)).change]
        await self._until(lambda: self._controllers_say_the_same(front), front, "the new slices")
        ours = await self.live(front)
        if ours is not None:
            done.append(await self._delete(ENDPOINT_SLICES, ours, mark))
        return ChangeSet(tuple(done))

    async def unfinalise(self, front: Front, mark: Mark) -> ChangeSet:
        """Take the traffic back into our own slice, still to the pods: before a switch back.

        Our slice first, with the pods' addresses; then the selector goes; then every slice that
        controllers have left, and the Endpoints object that would be mirrored into a new one.
        """
        done: list[Change] = []
        if await self.live(front) is None:
            wanted = owned_slice(front.namespace, front.service, await self.pods(front), mark)
            done.append((await self._client.create(wanted)).change)
        done.append((await self._select(front, None, mark)).change)
        await self._until(lambda: self._leftovers_gone(front, done, mark), front, "the leftovers")
        return ChangeSet(tuple(done))

    # --- parts ------------------------------------------------------------------------------

    async def _slices(self, namespace: str, service: str) -> list[KubeObject]:
        listed = await self._client.list_all(
            ENDPOINT_SLICES, namespace, labels=f"{SERVICE_NAME}={service}"
        )
        return listed.items

    async def _selector(self, front: Front) -> KubeObject:
        shadow = await self._client.get(SERVICES, front.namespace, shadow_name(front.service))
        return map_at(shadow or {}, "spec", "selector")

    async def _select(self, front: Front, selector: KubeObject | None, mark: Mark) -> Written:
        service = await self._client.get(SERVICES, front.namespace, front.service)
        if service is None:
            raise PermanentError(
                "service-missing",
                f"there is no Service {front.namespace}/{front.service}",
                hint="prepare makes it; look who deleted it",
            )
        return await self._client.merge(
            SERVICES,
            front.namespace,
            front.service,
            {
                "metadata": {"annotations": {TOKEN: mark.token, EPOCH: str(mark.epoch)}},
                "spec": {"selector": selector},
            },
            version=version_of(service),
        )

    async def _controllers_say_the_same(self, front: Front) -> bool:
        theirs = [
            found
            for found in await self._slices(front.namespace, front.service)
            if not is_ours(found)
        ]
        shadow = await self._slices(front.namespace, shadow_name(front.service))
        wanted = ready_addresses(shadow)
        return bool(wanted) and ready_addresses(theirs) == wanted

    async def _leftovers_gone(self, front: Front, done: list[Change], mark: Mark) -> bool:
        """Delete what controllers left; one more slice may be made of the Endpoints object."""
        endpoints = await self._client.get(ENDPOINTS, front.namespace, front.service)
        if endpoints is not None:
            done.append(await self._delete(ENDPOINTS, endpoints, mark))
        theirs = [
            found
            for found in await self._slices(front.namespace, front.service)
            if not is_ours(found)
        ]
        done += [await self._delete(ENDPOINT_SLICES, found, mark) for found in theirs]
        return endpoints is None and not theirs

    async def _delete(self, resource: Resource, found: KubeObject, mark: Mark) -> Change:
        return await delete_whatever_version(self._client, resource, found, mark)

    async def _until(
        self,
        holds: Callable[[], Awaitable[bool]],
        front: Front,
        what: str,
    ) -> None:
        waited = 0.0
        while not await holds():
            if waited >= self._settle_seconds_max:
                raise TransientError(
                    "endpoints-not-settled",
                    f"{what} of {front.namespace}/{front.service} did not settle in "
                    f"{self._settle_seconds_max:.0f} s",
                    hint="the traffic is unchanged; look at the Service's slices, then retry",
                )
            await self._sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS


def _over(wanted: KubeObject, before: KubeObject) -> KubeObject:
    """The wanted slice in the place of exactly the one that was read."""
    meta = {
        **map_at(wanted, "metadata"),
        "resourceVersion": version_of(before),
        "uid": uid_of(before),
    }
    return {**wanted, "metadata": meta}


def _says(before: KubeObject, wanted: KubeObject) -> bool:
    return side_of(before) == side_of(wanted) and all(
        _plain(before, key) == _plain(wanted, key) for key in ("endpoints", "ports")
    )


def _plain(found: KubeObject, key: str) -> object:
    """A part as it was written: the server adds what it takes for granted."""
    rows = found.get(key)
    if not isinstance(rows, list):
        return rows
    if key == "endpoints":
        return ready_addresses((found,))
    return sorted(
        (text_at(row, "name"), str(row.get("port")), text_at(row, "protocol") or "TCP")
        for row in rows
        if isinstance(row, dict)
    )


def _refuse_later(before: KubeObject, mark: Mark, front: Front) -> None:
    seen = mark_of(before)
    if seen.is_after(mark):
        raise PermanentError(
            "epoch-passed",
            f"{front.namespace}/{owned_name(front.service)} was written in epoch {seen.epoch}; "
            f"this process is of epoch {mark.epoch}",
            hint="another process leads the run; `migrator status` names it",
        )


def _changes(*written: Written) -> ChangeSet:
    return ChangeSet().with_changes(each.change for each in written)
