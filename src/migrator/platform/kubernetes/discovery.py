"""Which kinds a server knows, under which path: read once and kept.

Used by `rest.py` for every object that it is handed. A kind that is not there is asked for again,
because a custom resource may have been defined a moment ago; after that it is an error that
names the kind. Groups that the server could not ask its extensions about are named, not dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.objects import (
    KubeObject,
    ObjectName,
    at,
    map_at,
    name_of,
    objects_at,
    text_at,
)
from migrator.platform.kubernetes.wire import JSON, Answer, Asked, Target

AGGREGATED: Final = f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,{JSON}"
"""Every group in two answers; GA since 1.30. A server without it answers the old way."""

READS_MAX: Final = 3
AGAIN_SECONDS_MIN: Final = 0.5
"""A kind that was defined a moment ago shows up within about a second; then it is not there."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version, and where its objects are."""

    group: str  # empty: the core group
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    subresources: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        """`group/version` as objects say it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def right(self) -> str:
        """The resource as rights name it: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of a list (no name), of an object, or of a subresource of it."""
        parts = ["", "apis", self.group, self.version] if self.group else ["", "api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/".join([*parts, *(word for word in (self.plural, name, subresource) if word)])

    def target(self, verb: str, namespace: str = "", name: str = "") -> Target:
        """What is asked for, in the words of rights and messages."""
        return Target(verb, self.right, namespace if self.namespaced else "", name)


NAMESPACES: Final = Resource("", "v1", "Namespace", "namespaces", namespaced=False)
PODS: Final = Resource("", "v1", "Pod", "pods", namespaced=True)
EVENTS: Final = Resource("", "v1", "Event", "events", namespaced=True)
SERVICES: Final = Resource("", "v1", "Service", "services", namespaced=True)
CONFIG_MAPS: Final = Resource("", "v1", "ConfigMap", "configmaps", namespaced=True)
SECRETS: Final = Resource("", "v1", "Secret", "secrets", namespaced=True)
DEPLOYMENTS: Final = Resource("apps", "v1", "Deployment", "deployments", namespaced=True)
STATEFUL_SETS: Final = Resource("apps", "v1", "StatefulSet", "statefulsets", namespaced=True)
ENDPOINT_SLICES: Final = Resource(
    "discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", namespaced=True
)
"""Kinds that have been stable since long before 1.30: nobody has to discover them."""


class Discovery:
    """What one server knows. `send` asks it (`rest.Client.send`)."""

    def __init__(
        self,
        send: Callable[[Asked], Awaitable[Answer]],
        *,
        again_seconds_min: float = AGAIN_SECONDS_MIN,
    ) -> None:
        """Nothing is read yet."""
        self._send = send
        self._again = again_seconds_min
        self._known: dict[tuple[str, str], Resource] = {}
        self._stale: tuple[str, ...] = ()
        self._read_at: float | None = None
        self._reads = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def stale_groups(self) -> tuple[str, ...]:
        """Groups whose extension server did not answer: what they serve may not be known."""
        return self._stale

    async def of(self, found: KubeObject) -> Resource:
        """The resource of an object. Raises PermanentError for a kind that is not there."""
        return await self.kind(text_at(found, "apiVersion"), text_at(found, "kind"), found)

    async def kind(self, api_version: str, kind: str, about: KubeObject | None = None) -> Resource:
        """The resource of a kind, asked for again when it is not known. Raises PermanentError."""
        for _ in range(READS_MAX):
            resource = self._known.get((api_version, kind))
            if resource is not None:
                return resource
            await self._read()
        resource = self._known.get((api_version, kind))
        if resource is None:
            other = sorted(v for v, k in self._known if k == kind)
            spoken = f"; it is served as {', '.join(other)}" if other else ""
            stale = f"; not answering: {', '.join(self._stale)}" if self._stale else ""
            name = name_of(about) if about else ObjectName(kind, "", "")
            raise PermanentError(
                "cluster-kind-unknown",
                f"{name}: the server knows no {kind} in {api_version or 'no version'}"
                f"{spoken}{stale}",
                hint="define the custom resource first, or mend apiVersion and kind",
            )
        return resource

    async def all(self) -> tuple[Resource, ...]:
        """Every kind that the server knows, in order."""
        await self._read()
        return tuple(self._known[key] for key in sorted(self._known))

    async def _read(self) -> None:
        """Read everything; who waited while somebody else did has it, too."""
        before = self._reads
        async with self._one_at_a_time:
            if self._reads != before:
                return
            now = asyncio.get_running_loop().time()
            if self._read_at is not None:
                await asyncio.sleep(max(0.0, self._read_at + self._again - now))
            known: dict[tuple[str, str], Resource] = {}
            stale: list[str] = []
            for root in ("/api", "/apis"):
                answer = (await self._ask(root, AGGREGATED)).parsed()
                if text_at(answer, "kind") == "APIGroupDiscoveryList":
                    found = list(_aggregated(answer))
                    stale += stale_groups(answer)
                else:
                    found = await self._one_by_one(root, answer)
                known.update(((r.api_version, r.kind), r) for r in found)
            self._known, self._stale = known, tuple(stale)
            self._read_at = asyncio.get_running_loop().time()
            self._reads += 1

    async def _one_by_one(self, root: str, answer: KubeObject) -> list[Resource]:
        """The way of older servers, and of proxies that drop what they do not know."""
        if root == "/api":
            versions = [f"/api/{v}" for v in _texts(at(answer, "versions"))]
        else:
            versions = [
                f"/apis/{text_at(version, 'groupVersion')}"
                for group in objects_at(answer, "groups")
                for version in objects_at(group, "versions")
            ]
        found: list[Resource] = []
        for path in versions:
            found += _listed((await self._ask(path, JSON)).parsed())
        return found

    async def _ask(self, path: str, accept: str) -> Answer:
        return await self._send(Asked("GET", path, Target("get", path), accept=accept))


def _texts(found: object) -> list[str]:
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _aggregated(answer: KubeObject) -> Iterator[Resource]:
    """The resources of an aggregated answer."""
    for group in objects_at(answer, "items"):
        name = text_at(group, "metadata", "name")
        for version in objects_at(group, "versions"):
            for resource in objects_at(version, "resources"):
                # The response kind tells the truth where a resource answers with another kind.
                kind = text_at(resource, "responseKind", "kind")
                subresources = objects_at(resource, "subresources")
                yield Resource(
                    text_at(resource, "responseKind", "group") or name,
                    text_at(resource, "responseKind", "version") or text_at(version, "version"),
                    kind,
                    text_at(resource, "resource"),
                    namespaced=text_at(resource, "scope") == "Namespaced",
                    verbs=frozenset(_texts(at(resource, "verbs"))),
                    subresources=frozenset(text_at(s, "subresource") for s in subresources),
                )


def stale_groups(answer: KubeObject) -> list[str]:
    """Groups that the server knows only from earlier, or not at all."""
    return [
        text_at(group, "metadata", "name")
        for group in objects_at(answer, "items")
        if any(text_at(v, "freshness") == "Stale" for v in objects_at(group, "versions"))
    ]


def _listed(answer: KubeObject) -> Iterable[Resource]:
    """The resources of one group and version, listed the old way."""
    group, _, version = text_at(answer, "groupVersion").rpartition("/")
    entries = {text_at(entry, "name"): entry for entry in objects_at(answer, "resources")}
    for name, entry in entries.items():
        if "/" in name:
            continue
        yield Resource(
            group,
            version,
            text_at(entry, "kind"),
            name,
            namespaced=map_at(entry).get("namespaced") is True,
            verbs=frozenset(_texts(at(entry, "verbs"))),
            subresources=frozenset(
                other.partition("/")[2] for other in entries if other.startswith(f"{name}/")
            ),
        )
