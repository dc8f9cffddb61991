"""One watch of one kind in one namespace, kept as a small picture of what is there now.

Used by what waits for objects: readiness, the endpoint follower, evidence. The picture is a list
followed by a watch; the list is read again when the server forgot where we were (410), when the
watch keeps breaking, and now and then anyway. Only what `keep` returns is held, so ten thousand
objects stay small. A change may be told twice, but none is ever lost in silence.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from migrator.errors import TransientError
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.errors import Expired, error_of
from migrator.platform.kubernetes.objects import (
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    number_at,
    text_at,
    version_of,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.wire import Answer, Asked

WATCH_SECONDS: Final = 300
"""The server ends a watch after this long, up to a half more so that many do not end together."""
SILENCE_SECONDS_MAX: Final = 150.0
"""Bookmarks come about once a minute; two missing ones mean that the connection is dead."""
RELIST_SECONDS: Final = 600.0
"""A missed change would be mended after ten minutes even if our own code were to blame."""
PAUSE_SECONDS_MAX: Final = 10.0
TORN_MAX: Final = 5
"""So many watches in a row that brought nothing, and the list is read again."""

_KEPT_METADATA: Final = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "labels",
    "annotations",
    "ownerReferences",
    "deletionTimestamp",
    "creationTimestamp",
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


class Happened(Enum):
    """What became of an object since it was last told about."""

    THERE = "there"  # new or changed, or found by a list
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Seen:
    """One change. `before` and `after` are what was kept; None where there was or is nothing."""

    happened: Happened
    name: ObjectName
    before: KubeObject | None
    after: KubeObject | None


def keep_all(found: KubeObject) -> KubeObject:
    """Keep everything but the server's own books, which are most of many objects."""
    metadata = {k: v for k, v in map_at(found, "metadata").items() if k in _KEPT_METADATA}
    annotations = map_at(metadata, "annotations")
    if _LAST_APPLIED in annotations:
        rest: KubeObject = {k: v for k, v in annotations.items() if k != _LAST_APPLIED}
        metadata["annotations"] = rest
    return {**found, "metadata": metadata}


def keep_status(found: KubeObject) -> KubeObject:
    """Keep what readiness is judged by: names, generations, replicas and status, no templates."""
    spec: KubeObject = {
        k: v for k, v in map_at(found, "spec").items() if not isinstance(v, dict | list)
    }
    strategy = map_at(found, "spec", "updateStrategy")
    if strategy:
        spec["updateStrategy"] = strategy
    kept = keep_all({k: v for k, v in found.items() if k not in {"spec", "data", "binaryData"}})
    return {**kept, "spec": spec} if spec else kept


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects of a kind: a namespace (empty: all), and what their labels and fields say."""

    namespace: str = ""
    labels: str = ""
    fields: str = ""


class Watch:
    """What is there now of one kind in one scope, by name."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        scope: Scope,
        *,
        keep: Callable[[KubeObject], KubeObject] = keep_all,
        told: Callable[[Seen], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        silence_seconds_max: float = SILENCE_SECONDS_MAX,
    ) -> None:
        """Nothing is asked until `run`. `told` hears every change at once; it must not wait."""
        self.resource = resource
        self.scope = scope
        self._client = client
        self._keep = keep
        self._told = told
        self._sleep = sleep
        self._silence = silence_seconds_max
        self._seen: dict[ObjectName, KubeObject] = {}
        self._version = ""
        self._listed_at = 0.0
        self._fruitless = 0
        self._last_error: TransientError | None = None
        self._moved = asyncio.Condition()
        self.lists = 0
        """How often the list was read: 1 in a quiet life."""

    @property
    def objects(self) -> Mapping[ObjectName, KubeObject]:
        """Everything that is there, as kept. Not to be changed."""
        return self._seen

    @property
    def version(self) -> str:
        """The version up to which the picture is known to be complete."""
        return self._version

    @property
    def trouble(self) -> TransientError | None:
        """Why the picture may be old right now; None while all is well."""
        return self._last_error

    def get(self, name: str, namespace: str = "") -> KubeObject | None:
        """One object as kept; None where there is none."""
        space = namespace or self.scope.namespace
        return self._seen.get(ObjectName(self.resource.kind, space, name))

    async def run(self) -> None:
        """Keep the picture until cancelled. Raises PermanentError, as for a missing right."""
        while True:
            self._fruitless += 1
            try:
                # After several watches that brought nothing, where we stand is not trusted.
                if not self._version or self._is_old() or self._fruitless % TORN_MAX == 0:
                    await self._list()
                await self._follow()
            except Expired:
                self._version = ""
            except TransientError as error:
                self._last_error = error
                await self._wake()
            if self._fruitless > 1:
                pause = min(0.25 * 2.0 ** min(self._fruitless, 8), PAUSE_SECONDS_MAX)
                await self._sleep(pause * random.uniform(0.75, 1.25))

    async def until(self, holds: Callable[[Watch], bool], seconds_max: float) -> bool:
        """Wait until something holds, looked at after each change; tells whether it did."""
        try:
            async with asyncio.timeout(seconds_max), self._moved:
                await self._moved.wait_for(lambda: bool(self._version) and holds(self))
        except TimeoutError:
            return False
        return True

    def _is_old(self) -> bool:
        return asyncio.get_running_loop().time() - self._listed_at >= RELIST_SECONDS

    async def _list(self) -> None:
        """Read the whole list and tell what differs from the picture."""
        listing = await self._client.list_all(
            self.resource,
            self.scope.namespace,
            labels=self.scope.labels,
            fields=self.scope.fields,
            keep=self._keep,
        )
        now = {name_of(item, self.resource.kind): item for item in listing.items}
        for name in [name for name in self._seen if name not in now]:
            self._gone(name)
        for name, item in now.items():
            before = self._seen.get(name)
            if before is None or version_of(before) != version_of(item):
                self._there(name, item)
        self._version = listing.version
        self._listed_at = asyncio.get_running_loop().time()
        self._last_error = None
        self.lists += 1
        await self._wake()

    async def _follow(self) -> None:
        """One watch, from where we are until the server ends it."""
        query = [
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", self._version),
            ("timeoutSeconds", str(int(WATCH_SECONDS * random.uniform(1.0, 1.5)))),
        ]
        query += [("labelSelector", self.scope.labels)] if self.scope.labels else []
        query += [("fieldSelector", self.scope.fields)] if self.scope.fields else []
        asked = Asked(
            "GET",
            self.resource.path(self.scope.namespace),
            self.resource.target("watch", self.scope.namespace),
            tuple(query),
        )
        async with self._client.asker.stream(asked, self._silence) as stream:
            async for line in stream.lines:
                if line.strip():
                    await self._take(asked, line)

    async def _take(self, asked: Asked, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError as error:
            # The server died in the middle of a line; what it meant comes again.
            raise TransientError(
                "cluster-answer-lost",
                f"{asked.target}: the watch broke inside an event",
                hint="it goes on by itself",
            ) from error
        word = text_at(event, "type")
        found = map_at(event, "object")
        if word == "ERROR":
            code = number_at(found, "code", default=500)
            answer = Answer(code, {}, json.dumps(found).encode())
            raise error_of(asked.target, answer, self._client.asker.transport.server)
        self._fruitless = 0
        self._last_error = None
        self._version = version_of(found) or self._version
        name = name_of(found, self.resource.kind)
        if word == "DELETED":
            self._gone(name)
        elif word != "BOOKMARK":
            self._there(name, self._keep(found))
        await self._wake()

    def _there(self, name: ObjectName, after: KubeObject) -> None:
        before = self._seen.get(name)
        self._seen[name] = after
        if self._told is not None:
            self._told(Seen(Happened.THERE, name, before, after))

    def _gone(self, name: ObjectName) -> None:
        before = self._seen.pop(name, None)
        if self._told is not None:
            self._told(Seen(Happened.GONE, name, before, None))

    async def _wake(self) -> None:
        async with self._moved:
            self._moved.notify_all()
