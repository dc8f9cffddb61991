"""Following the pods: while traffic is on the new side and not final, its slice keeps up with them.

Run by wiring beside a live run. The front Service has no selector until it is final, so a pod that
is replaced would stay in our slice with its old address: this copies what the cluster's own
controller says of the shadow Service. It never changes a side, and never empties a slice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from migrator.errors import MigratorError, PermanentError
from migrator.platform.kubernetes.discovery import ENDPOINT_SLICES
from migrator.platform.kubernetes.objects import text_at, texts_at
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import SERVICE_NAME, Mark, shadow_name
from migrator.platform.kubernetes.traffic import Front, OwnedSlice
from migrator.platform.kubernetes.watch import Scope, Seen, Watch, keep_status

SWEEP_SECONDS: Final = 20.0
"""Every front is looked at this often, whatever a watch has told or failed to tell."""


class FrontLocks:
    """One writer at a time for each front in this process: an act and the follower take turns."""

    def __init__(self) -> None:
        """Nobody writes yet."""
        self._locks: dict[Front, asyncio.Lock] = {}

    def of(self, front: Front) -> asyncio.Lock:
        """The lock of a front."""
        return self._locks.setdefault(front, asyncio.Lock())


class Follower:
    """Follows all fronts of a run. `trouble` hears what went wrong, once for each new wording."""

    def __init__(
        self,
        client: Client,
        fronts: Iterable[Front],
        locks: FrontLocks,
        *,
        mark: Callable[[], Mark],
        trouble: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing is asked until `run`."""
        self._client = client
        self._traffic = OwnedSlice(client)
        self._shadows = {(f.namespace, shadow_name(f.service)): f for f in fronts}
        self._locks = locks
        self._mark = mark
        self._trouble = trouble
        self._sleep = sleep
        self._said: dict[Front, str] = {}
        self._due: set[Front] = set()
        self._woken = asyncio.Event()
        self.writes = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        namespaces = {namespace for namespace, _ in self._shadows}
        async with asyncio.TaskGroup() as tasks:
            for namespace in sorted(namespaces):
                tasks.create_task(self._watch(namespace))
            tasks.create_task(self._sweep())
            tasks.create_task(self._work())

    def _heard(self, seen: Seen) -> None:
        found = seen.after or seen.before or {}
        service = texts_at(found, "metadata", "labels").get(SERVICE_NAME, "")
        front = self._shadows.get((text_at(found, "metadata", "namespace"), service))
        if front is not None:
            self._due.add(front)
            self._woken.set()

    async def _watch(self, namespace: str) -> None:
        while True:
            watch = Watch(
                self._client,
                ENDPOINT_SLICES,
                Scope(namespace),
                keep=keep_status,
                told=self._heard,
            )
            try:
                await watch.run()
            except MigratorError as error:
                # The sweep goes on; a right that is missing is said, not died of.
                self._trouble(f"pods in {namespace} are not followed at once: {error.message}")
                await self._sleep(SWEEP_SECONDS)

    async def _sweep(self) -> None:
        while True:
            self._due |= set(self._shadows.values())
            self._woken.set()
            await self._sleep(SWEEP_SECONDS)

    async def _work(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._due:
                await self._one(self._due.pop())

    async def _one(self, front: Front) -> None:
        try:
            async with self._locks.of(front):
                done = await self._traffic.follow(front, self._mark())
            self.writes += done.writes
            self._said.pop(front, None)
        except PermanentError as error:
            if error.reference == "epoch-passed":
                raise  # another process leads; this one must not follow any more
            self._tell(front, error)
        except MigratorError as error:
            self._tell(front, error)

    def _tell(self, front: Front, error: MigratorError) -> None:
        if self._said.get(front) != error.message:
            self._said[front] = error.message
            self._trouble(f"{front.namespace}/{front.service} is not followed: {error.message}")
