"""Waiting for what the cluster does: until workloads are ready, and until nothing of them runs.

Used by the acts of `platform.py`. There is one watch per kind and namespace, begun when it is first
needed and shared by all moves into that namespace; nothing is asked for object by object. What
waits always says what for, and what can only get worse ends the wait at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from migrator.errors import MigratorError, PermanentError, TransientError
from migrator.platform.kubernetes.discovery import EVENTS, PODS, Resource
from migrator.platform.kubernetes.objects import (
    KubeObject,
    ObjectName,
    at,
    map_at,
    name_of,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Readiness, Verdict, Wanted
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import WORKLOADS
from migrator.platform.kubernetes.watch import Scope, Watch, keep_all, keep_status

LOOK_SECONDS: Final = 0.5
"""Between two looks when nothing changes: some verdicts follow from time alone."""
CONFIRM_SECONDS: Final = 5.0
"""A watch that has told nothing for this long is asked in another way before a time-out counts."""
SAID_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Waited:
    """How a wait ended: every object with its verdict."""

    states: dict[ObjectName, Readiness]
    seconds: float


class Cluster:
    """What is there now, as watches keep it. Close it to end them."""

    def __init__(
        self,
        client: Client,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing is watched yet. `now` is the wall's time, as the cluster's own."""
        self._client = client
        self._now = now
        self._sleep = sleep
        self._watches: dict[tuple[Resource, str], Watch] = {}
        self._tasks: dict[tuple[Resource, str], asyncio.Task[None]] = {}
        self._owned: dict[str, tuple[str, dict[str, list[KubeObject]]]] = {}

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every watch."""
        await self.close()

    async def close(self) -> None:
        """End every watch."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        self._watches.clear()

    def watching(self, resource: Resource, namespace: str) -> Watch:
        """The one watch of a kind in a namespace; begun anew where it had failed."""
        key = (resource, namespace)
        task = self._tasks.get(key)
        if task is None or task.done():
            keep = keep_all if resource == EVENTS else keep_status
            watch = Watch(self._client, resource, Scope(namespace), keep=keep)
            self._watches[key] = watch
            self._tasks[key] = asyncio.create_task(watch.run(), name=f"watch {resource.right}")
        return self._watches[key]

    def _failure(self, resource: Resource, namespace: str) -> BaseException | None:
        task = self._tasks.get((resource, namespace))
        if task is None or not task.done() or task.cancelled():
            return None
        return task.exception()

    async def until_ready(
        self, objects: Sequence[KubeObject], *, seconds_max: float, wanted: Wanted | None = None
    ) -> Waited:
        """Wait until every object is ready.

        Raises PermanentError as soon as one has failed, with the reason that a person needs, and
        when time is up, naming what is not ready and why.
        """
        resources = [await self._client.discovery.of(each) for each in objects]
        pairs = list(zip(objects, resources, strict=True))
        began = asyncio.get_running_loop().time()
        while True:
            states = await self._judge(pairs, wanted)
            bad = {n: s for n, s in states.items() if s.verdict is Verdict.FAILED}
            if bad:
                raise PermanentError(
                    "workload-failed",
                    _said(bad),
                    hint="the reason is the cluster's own; mend the image, the manifest or the "
                    "cluster, then retry the wave",
                )
            spent = asyncio.get_running_loop().time() - began
            late = {n: s for n, s in states.items() if not s.is_ready}
            if not late:
                return Waited(states, spent)
            if spent >= seconds_max:
                raise PermanentError(
                    "not-ready-in-time",
                    f"after {spent:.0f} s: {_said(late)}",
                    hint="look at the pods, or give the step a longer limit in the plan",
                )
            await self._moved(pairs)

    async def until_stopped(
        self, workloads: Sequence[KubeObject], *, seconds_max: float
    ) -> tuple[ObjectName, ...]:
        """Wait until no pod of the workloads is left; the pods that went, by name.

        This is the proof of a stop: a pod that is being deleted still answers, so it counts. Raises
        PermanentError naming the pods that are still there when time is up.
        """
        if not workloads:
            return ()
        went: set[ObjectName] = set()
        began = asyncio.get_running_loop().time()
        while True:
            left: set[ObjectName] = set()
            for each in workloads:
                left |= {name_of(pod, "Pod") for pod in await self._pods(each)}
            went |= left
            if not left and await self._truly_gone(workloads):
                return tuple(sorted(went))
            spent = asyncio.get_running_loop().time() - began
            if spent >= seconds_max:
                names = ", ".join(str(name) for name in sorted(left)[:SAID_MAX])
                raise PermanentError(
                    "not-stopped",
                    f"after {spent:.0f} s still there: {names or 'pods that only a list shows'}",
                    hint="a node that does not answer keeps its pods; look at the node before you "
                    "declare the stop done by hand",
                )
            await self._moved([(each, PODS) for each in workloads])

    async def look(
        self, objects: Sequence[KubeObject], *, wanted: Wanted | None = None
    ) -> dict[ObjectName, Readiness]:
        """What every object is right now."""
        pairs = [(each, await self._client.discovery.of(each)) for each in objects]
        return await self._judge(pairs, wanted)

    async def pods_of(self, workload: KubeObject) -> list[KubeObject]:
        """The pods that a workload's selector takes, as they are now."""
        return await self._pods(workload)

    # --- parts ------------------------------------------------------------------------------

    async def _judge(
        self, pairs: Sequence[tuple[KubeObject, Resource]], wanted: Wanted | None
    ) -> dict[ObjectName, Readiness]:
        states: dict[ObjectName, Readiness] = {}
        for each, resource in pairs:
            name = name_of(each)
            watch = await self._ready_watch(resource, name.namespace)
            found = watch.get(name.name, name.namespace)
            pods: Sequence[KubeObject] = ()
            events: Sequence[KubeObject] = ()
            if name.kind in WORKLOADS:
                pods = await self._pods(each)
                events = tuple((await self._ready_watch(EVENTS, name.namespace)).objects.values())
            states[name] = judge(found, pods, events, now=self._now(), wanted=wanted)
        return states

    async def _pods(self, workload: KubeObject) -> list[KubeObject]:
        name = name_of(workload)
        watch = await self._ready_watch(PODS, name.namespace)
        version, owned = self._owned.get(name.namespace, ("", {}))
        if version != watch.version:
            # A thousand workloads beside each other must not look at each other's pods.
            owned = _by_owner(watch.objects.values())
            self._owned[name.namespace] = (watch.version, owned)
        found = (*owned.get(name.name, ()), *owned.get("", ()))
        return [pod for pod in found if _takes(workload, pod)]

    async def _truly_gone(self, workloads: Sequence[KubeObject]) -> bool:
        """Ask the server itself: a picture that is a moment old must not prove a stop."""
        for namespace in {name_of(each).namespace for each in workloads}:
            listed = await self._client.list_all(PODS, namespace, keep=keep_status)
            if any(_takes(each, pod) for each in workloads for pod in listed.items):
                return False
        return True

    async def _ready_watch(self, resource: Resource, namespace: str) -> Watch:
        """A watch that has read its list; its own trouble is the waiter's."""
        watch = self.watching(resource, namespace)
        while not watch.version:
            failure = self._failure(resource, namespace)
            if isinstance(failure, MigratorError):
                raise failure
            assert failure is None, failure
            told = asyncio.create_task(watch.until(lambda _: True, CONFIRM_SECONDS))
            running = self._tasks[resource, namespace]
            assert not running.cancelled(), "closed while somebody waits"
            try:
                # A watch that is refused tells nobody: its end is what there is to hear.
                await asyncio.wait({told, running}, return_when=asyncio.FIRST_COMPLETED)
                silent = told.done() and not told.result()
            finally:
                told.cancel()
            if silent and watch.trouble is not None:
                raise TransientError(
                    watch.trouble.reference, watch.trouble.message, hint=watch.trouble.hint
                )
        return watch

    async def _moved(self, pairs: Sequence[tuple[KubeObject, Resource]]) -> None:
        """Come back when a watch has told something, or after a moment."""
        spaces = {(resource, name_of(each).namespace) for each, resource in pairs}
        spaces |= {(PODS, namespace) for _, namespace in spaces}
        # Many wait beside each other, and a run has hundreds of watches: only one's own are read.
        watches = [self._watches[key] for key in spaces if key in self._watches]
        before = [watch.version for watch in watches]
        deadline = asyncio.get_running_loop().time() + LOOK_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            await self._sleep(0.02)
            if [watch.version for watch in watches] != before:
                return


def _said(states: dict[ObjectName, Readiness]) -> str:
    rows = [f"{name}: {state.reason}" for name, state in sorted(states.items())]
    more = f"; and {len(rows) - SAID_MAX} more" if len(rows) > SAID_MAX else ""
    return "; ".join(rows[:SAID_MAX]) + more


def _by_owner(pods: Iterable[KubeObject]) -> dict[str, list[KubeObject]]:
    """Pods under every name that a workload of theirs may have; those of nobody under none."""
    found: dict[str, list[KubeObject]] = {}
    for pod in pods:
        names = {""}
        for owner in objects_at(pod, "metadata", "ownerReferences"):
            names.discard("")
            said = text_at(owner, "name")
            # A ReplicaSet, and a CronJob's Job, have their owner's name and a word more.
            names |= {said, said.rpartition("-")[0]} - {""}
        for name in names:
            found.setdefault(name, []).append(pod)
    return found


def _takes(workload: KubeObject, pod: KubeObject) -> bool:
    """Tell whether a pod is the workload's: by its owner where it says one, and its selector."""
    kind, name = text_at(workload, "kind"), text_at(workload, "metadata", "name")
    owners = objects_at(pod, "metadata", "ownerReferences")
    labels = texts_at(pod, "metadata", "labels")
    if kind == "Pod":
        return name_of(pod, "Pod").name == name
    if kind in {"Job", "CronJob"}:
        # A CronJob's Job has its name and a number.
        return any(
            text_at(owner, "kind") == "Job"
            and (text_at(owner, "name") == name or text_at(owner, "name").startswith(f"{name}-"))
            for owner in owners
        )
    direct = {kind, "ReplicaSet"} if kind == "Deployment" else {kind}
    if owners and not any(
        text_at(owner, "kind") in direct and text_at(owner, "name").startswith(name)
        for owner in owners
    ):
        return False
    return selects(map_at(workload, "spec", "selector"), labels)


def selects(selector: KubeObject, labels: object) -> bool:
    """Tell whether a label selector takes these labels; an empty one takes nothing here."""
    if not selector or not hasattr(labels, "get"):
        return False
    assert isinstance(labels, dict)
    if any(labels.get(key) != value for key, value in texts_at(selector, "matchLabels").items()):
        return False
    for each in objects_at(selector, "matchExpressions"):
        values = at(each, "values")
        has, among = labels.get(text_at(each, "key")), values if isinstance(values, list) else []
        holds = {
            "In": has in among and has is not None,
            "NotIn": has not in among,
            "Exists": has is not None,
            "DoesNotExist": has is None,
        }.get(text_at(each, "operator"), False)
        if not holds:
            return False
    return True
