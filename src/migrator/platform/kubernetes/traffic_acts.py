"""The traffic acts of a subsystem: its fronts made ready, switched, proved, made final.

Called by `platform.py`. A front belongs to the whole weekend, not to one move: it is there from the
first move that calls it, pointing to the old side, so that what has moved reaches what has not. It
is therefore never taken away by an unwind. Where traffic has arrived is asked through the data
plane from every vantage point; what the API answers is no proof.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.confirming import Confirmed, confirm
from migrator.platform.kubernetes.discovery import NAMESPACES, SERVICES
from migrator.platform.kubernetes.errors import Outdated
from migrator.platform.kubernetes.following import FrontLocks
from migrator.platform.kubernetes.in_epoch import delete_whatever_version
from migrator.platform.kubernetes.looking import Look, Vantage, VantageLost, front_look
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeSet,
    ChangeWord,
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    text_at,
)
from migrator.platform.kubernetes.ownership import says
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.slices import (
    EPOCH,
    NEW,
    OLD,
    TOKEN,
    Backend,
    Mark,
    Port,
    front_of,
    shadow_name,
    shadow_of,
)
from migrator.platform.kubernetes.subject import Fronting, Subject
from migrator.platform.kubernetes.traffic import Front, OwnedSlice, TrafficSwitch

RACES_MAX: Final = 5
"""Somebody who writes our slice between our read and our write this often is no accident."""
DRAIN_LOOK_SECONDS: Final = 0.5
REFUSED_SECONDS_MAX: Final = 5.0
"""A data plane follows within a second, and pods that are stopped before it does leave callers who
wait in vain: no fence waits longer for that than so."""
REFUSED_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Arrived:
    """What an act on traffic did, and what the vantage points saw of it."""

    changes: ChangeSet
    words: str


class TrafficActs:
    """Moves and proves traffic on one cluster."""

    def __init__(
        self,
        client: Client,
        locks: FrontLocks,
        vantages: Callable[[], Awaitable[Sequence[Vantage]]],
        *,
        seconds_max: float = 10.0,
    ) -> None:
        """Nothing is asked yet. `seconds_max` is how long traffic may take to arrive."""
        self._client = client
        self._locks = locks
        self._vantages = vantages
        self._traffic: TrafficSwitch = OwnedSlice(client)
        self._seconds_max = seconds_max
        self._there: set[Front] = set()  # fronts that this process has made, or met ready
        self._addresses: dict[Front, str] = {}

    async def ensure(self, subject: Subject, mark: Mark, *, again: bool = True) -> ChangeSet:
        """Make every front of a subsystem, pointing to the old side; one that is there stays.

        Without `again` those that this process has already made are not asked for: a subsystem has
        many neighbours, and whether its own front is there still is for its own move to see.
        """
        done = ChangeSet()
        fronts = [each for each in subject.fronts if again or each.front not in self._there]
        if not fronts:
            return done
        done = done.with_changes([(await self._space(subject.namespace, mark)).change])
        for fronting in fronts:
            async with self._locks.of(fronting.front):
                if again or fronting.front not in self._there:
                    done = done.with_changes(await self._ensure(subject, fronting, mark))
                    self._there.add(fronting.front)
        return done

    async def switch(self, subject: Subject, side: str, mark: Mark) -> Arrived:
        """Make the traffic of every front go to one side, and prove that it has arrived there."""
        done = ChangeSet()
        for fronting in subject.fronts:
            async with self._locks.of(fronting.front):
                done = done.with_changes(await self._point(fronting, side, mark))
        return Arrived(done, await self.prove(subject, side))

    async def refuse(self, subject: Subject, mark: Mark) -> ChangeSet:
        """Have every front that is on the new side refuse its callers, and see that it does.

        Whoever is still let in after some seconds is no reason to leave the side open: it goes on.
        """
        done, shut = ChangeSet(), []
        for fronting in subject.fronts:
            async with self._locks.of(fronting.front):
                changes = await self._refuse(fronting.front, mark)
            done = done.with_changes(changes)
            shut += [fronting] if changes.writes else []
        looks = [await self.look_of(fronting) for fronting in shut]
        with suppress(TimeoutError):
            async with asyncio.timeout(REFUSED_SECONDS_MAX):
                while looks and await self._let_in(looks):  # noqa: ASYNC110 - nothing tells us
                    await asyncio.sleep(REFUSED_LOOK_SECONDS)
        return done

    async def prove(self, subject: Subject, side: str) -> str:
        """Ask through the data plane until every vantage point sees that side; raises else."""
        looks = [await self.look_of(fronting) for fronting in subject.fronts]
        if not looks:
            return "no front: nothing but authority moves"
        seen = await confirm(looks, side, await self._vantages(), seconds_max=self._seconds_max)
        return _said(seen)

    async def pods_answer(self, subject: Subject, *, seconds_max: float) -> str:
        """Ask every ready pod behind the fronts directly, before any traffic goes there."""
        looks: list[Look] = []
        for fronting in subject.fronts:
            backend = await self._ready(fronting, seconds_max)
            port = number_of(backend.ports, fronting.identity.port)
            looks += [
                Look(f"pod {host}", host, port, fronting.identity)
                for host in sorted(backend.addresses)
            ]
        if not looks:
            return "no front: its pods are ready, and nobody calls them"
        return _said(await confirm(looks, NEW, await self._vantages(), in_a_row=1))

    async def drain(self, subject: Subject, seconds: float) -> str:
        """Watch for so long that every new connection stays on the new side."""
        vantages = await self._vantages()
        looks = [await self.look_of(fronting) for fronting in subject.fronts]
        until = asyncio.get_running_loop().time() + seconds
        rounds = 0
        while True:
            if looks:
                await confirm(looks, NEW, vantages, in_a_row=1, seconds_max=self._seconds_max)
            rounds += 1
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return f"{rounds} rounds of looks in {seconds:.0f} s saw only the new side"
            await asyncio.sleep(min(DRAIN_LOOK_SECONDS, left))

    async def look_of(self, fronting: Fronting, *, remembered: bool = False) -> Look:
        """The look at a front, at its Service's own address; at the one of before, if that will do.

        An address stays for as long as its Service: what does not answer there is to be asked for.
        """
        known = self._addresses.get(fronting.front, "")
        if remembered and known:
            return front_look(fronting, known)
        service = await self._service(fronting)
        address = self._addresses[fronting.front] = text_at(service or {}, "spec", "clusterIP")
        if not address or address == "None":
            self._addresses.pop(fronting.front)
            raise PermanentError(
                "service-missing",
                f"{fronting.front.namespace}/{fronting.front.service} has no address",
                hint="prepare makes it; a headless Service cannot be a front",
            )
        return front_look(fronting, address)

    async def observe(self, subject: Subject, side: str, mark: Mark) -> str:
        """Whether the act with this token has moved all fronts: done, not_done or unknown."""
        words = {await self._traffic.observe(f.front, side, mark) for f in subject.fronts}
        if "unknown" in words:
            return "unknown"
        # Some moved, some not: the same token again moves the rest and changes nothing else.
        return "done" if words == {"done"} else "not_done"

    async def sides(self, subject: Subject) -> dict[str, str]:
        """By front: the side that its slice points to; empty where there is none of ours."""
        return {f.front.service: await self._traffic.side(f.front) for f in subject.fronts}

    async def finalise(self, subject: Subject, mark: Mark) -> ChangeSet:
        """Give every front its own selector; from here on the cluster keeps its endpoints."""
        done = ChangeSet()
        for fronting in subject.fronts:
            async with self._locks.of(fronting.front):
                done = done.with_changes(await self._traffic.finalise(fronting.front, mark))
        return done

    async def is_final(self, subject: Subject) -> bool:
        """Tell whether every front has a selector and no slice of ours."""
        for fronting in subject.fronts:
            service = await self._service(fronting)
            if not map_at(service or {}, "spec", "selector"):
                return False
            if await self._traffic.live(fronting.front) is not None:
                return False
        return True

    async def retire(self, subject: Subject, mark: Mark) -> ChangeSet:
        """Delete the shadow Services of final fronts: nothing of ours is left in the traffic."""
        done = ChangeSet()
        for fronting in subject.fronts:
            front = fronting.front
            name = shadow_name(front.service)
            found = await self._client.get(SERVICES, front.namespace, name)
            if found is None:
                continue
            gone = await delete_whatever_version(self._client, SERVICES, found, mark)
            done = done.with_changes([gone])
        return done

    def remaining(self, subject: Subject) -> tuple[str, ...]:
        """What an unwind leaves of the fronts on purpose."""
        return tuple(
            f"Service/{f.front.namespace}/{f.front.service} points to the old side"
            for f in subject.fronts
        )

    # --- parts ------------------------------------------------------------------------------

    async def _space(self, namespace: str, mark: Mark) -> Written:
        found = await self._client.get(NAMESPACES, "", namespace, metadata_only=True)
        if found is not None:
            name = ObjectName("Namespace", "", namespace)
            return Written(Change(name, ChangeWord.UNCHANGED), found)
        space: KubeObject = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "annotations": _notes(mark)},
        }
        return await self._client.apply(space, before={})

    async def _ensure(self, subject: Subject, fronting: Fronting, mark: Mark) -> ChangeSet:
        service = _service_of(subject, fronting)
        live = await self._service(fronting)
        if live is not None and map_at(live, "spec", "selector"):
            if text_at(live, "metadata", "annotations", TOKEN):
                return ChangeSet()  # ours and final
            raise PermanentError(
                "front-taken",
                f"Service {fronting.front.namespace}/{fronting.front.service} is there already "
                "and has a selector that is not ours",
                hint="somebody serves traffic with it: move or rename it, or take the front out of "
                "cutover.yaml; nothing was changed",
            )
        done: list[Change] = []
        if await self._traffic.live(fronting.front) is None:
            await self._refused_now_or_never(front_of(service), mark, live)
            # The slice comes first: a Service without it would lead nowhere for a moment.
            done += await self._traffic.point(fronting.front, fronting.old, mark)
        done.append((await self._apply(front_of(service), mark, live)).change)
        shadow = shadow_of(service)
        name = name_of(shadow)
        there = await self._client.get(SERVICES, name.namespace, name.name)
        done.append((await self._apply(shadow, mark, there)).change)
        return ChangeSet(tuple(done))

    async def _refused_now_or_never(
        self, wanted: KubeObject, mark: Mark, before: KubeObject | None
    ) -> None:
        """Raise what the server would say to the Service before a slice is made for it."""
        meta = map_at(wanted, "metadata")
        marked: KubeObject = {
            **wanted,
            "metadata": {**meta, "annotations": {**map_at(meta, "annotations"), **_notes(mark)}},
        }
        await self._client.apply(marked, dry_run=True, before=before or {})

    async def _apply(self, wanted: KubeObject, mark: Mark, before: KubeObject | None) -> Written:
        """Apply, keeping the mark of whoever made it: an unchanged object is not written."""
        notes = map_at(before or {}, "metadata", "annotations")
        kept: KubeObject = {word: notes[word] for word in (TOKEN, EPOCH) if word in notes}
        meta = map_at(wanted, "metadata")
        said: KubeObject = {**map_at(meta, "annotations"), **(kept or _notes(mark))}
        marked: KubeObject = {**meta, "annotations": said}
        if before is not None and says({**wanted, "metadata": marked}, before):
            return Written(Change(name_of(wanted), ChangeWord.UNCHANGED), before)
        return await self._client.apply({**wanted, "metadata": marked}, before=before or {})

    async def _point(self, fronting: Fronting, side: str, mark: Mark) -> ChangeSet:
        for _ in range(RACES_MAX):
            backend = fronting.old if side == OLD else await self._traffic.pods(fronting.front)
            try:
                service = await self._service(fronting)
                if side == OLD and map_at(service or {}, "spec", "selector"):
                    await self._traffic.unfinalise(fronting.front, mark)
                return await self._traffic.point(fronting.front, backend, mark)
            except Outdated:
                continue
        raise _busy(fronting.front)

    async def _let_in(self, looks: Sequence[Look]) -> bool:
        """Whether some vantage point still reaches somebody; one that is lost reaches nobody."""
        for vantage in await self._vantages():
            with suppress(VantageLost):
                if any(each.connected for each in await vantage.look(looks)):
                    return True
        return False

    async def _refuse(self, front: Front, mark: Mark) -> ChangeSet:
        for _ in range(RACES_MAX):
            with suppress(Outdated):
                return await self._traffic.refuse(front, mark)
        raise _busy(front)

    async def _ready(self, fronting: Fronting, seconds_max: float) -> Backend:
        until = asyncio.get_running_loop().time() + seconds_max
        while True:
            try:
                return await self._traffic.pods(fronting.front)
            except TransientError:
                if asyncio.get_running_loop().time() >= until:
                    raise
                await asyncio.sleep(0.1)

    async def _service(self, fronting: Fronting) -> KubeObject | None:
        front = fronting.front
        return await self._client.get(SERVICES, front.namespace, front.service)


def number_of(ports: Sequence[Port], name: str) -> int:
    """The number of the port of that name; of the first where none is asked for."""
    return next((port.number for port in ports if port.name == name), ports[0].number)


def _busy(front: Front) -> TransientError:
    return TransientError(
        "slice-busy",
        f"somebody else writes the slice of {front.service} all the time",
        hint="find who writes it: kubectl get endpointslice -o yaml --show-managed-fields",
    )


def _said(seen: Confirmed) -> str:
    """What every vantage point saw, as one line of the journal."""
    words = [
        f"{each.name} saw {', '.join(str(front) for front in each.fronts)} "
        f"within {each.arrived_milliseconds:.0f} ms"
        for each in seen.witnesses
    ]
    words += [f"not counted: {each}" for each in seen.left_out]
    return "; ".join(words)


def _notes(mark: Mark) -> KubeObject:
    return {TOKEN: mark.token, EPOCH: str(mark.epoch)}


def _service_of(subject: Subject, fronting: Fronting) -> KubeObject:
    for each in subject.objects:
        name = name_of(each)
        if name.kind == "Service" and name.name == fronting.front.service:
            return each
    raise AssertionError(f"{fronting.front} was checked to stand in the manifests")
