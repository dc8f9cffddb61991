"""A fake cluster with the kinds that `check --cluster` looks at, and subsystems to check it for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from api_schemas import ANYTHING, custom_kind
from api_server import ApiServer, running
from kubernetes_rig import client_for
from migrator.platform.kubernetes.checked import Level, Looked
from migrator.platform.kubernetes.checkup_names import STORAGE
from migrator.platform.kubernetes.checkup_room import LIMITS, NODES, QUOTAS
from migrator.platform.kubernetes.checkup_server import (
    DEFINITIONS,
    FLOW_SCHEMAS,
    MUTATING,
    POLICIES,
    VALIDATING,
)
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.policy_shape import BINDING_RESOURCE, POLICY_RESOURCE
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject

KINDS = (
    *(STORAGE, LIMITS, NODES, QUOTAS, DEFINITIONS, FLOW_SCHEMAS, MUTATING, POLICIES, VALIDATING),
    *(BINDING_RESOURCE, POLICY_RESOURCE),
)


@dataclass
class Checked:
    """A server and a client of it."""

    server: ApiServer
    client: Client

    def make(self, kind: str, name: str, namespace: str = "", **rest: object) -> None:
        status = rest.pop("status", None)
        self.server.make(an_object(kind, name, namespace, **rest))
        if isinstance(status, dict):
            self.server.put_status(kind, namespace, name, status)


@asynccontextmanager
async def checked_cluster() -> AsyncIterator[Checked]:
    async with running() as server:
        for resource in KINDS:
            kind = custom_kind(resource.group, resource.version, resource.kind, resource.plural)
            own = replace(kind.resource, namespaced=resource.namespaced)
            server.kinds.append(replace(kind, resource=own, schema=ANYTHING))
        client = client_for(server)
        try:
            yield Checked(server, client)
        finally:
            await client.close()


def an_object(kind: str, name: str, namespace: str = "", **rest: object) -> KubeObject:
    """An object of a built-in kind."""
    versions = {r.kind: r.api_version for r in KINDS} | {
        "Deployment": "apps/v1",
        "StatefulSet": "apps/v1",
    }
    meta: KubeObject = {"name": name}
    if namespace:
        meta["namespace"] = namespace
    for part in ("labels", "annotations"):
        if part in rest:
            meta[part] = rest.pop(part)  # type: ignore[assignment]  # plain data of a test
    found: KubeObject = {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": meta}
    return {**found, **rest}  # type: ignore[dict-item]  # plain data of a test


def a_workload(
    name: str = "web", replicas: int = 1, requests: dict[str, str] | None = None, **pod: object
) -> KubeObject:
    """A Deployment whose one container asks for something."""
    container: dict[str, object] = {"name": name, "image": "registry.invalid/web:1"}
    if requests:
        container["resources"] = {"requests": requests}
    spec = {
        "replicas": replicas,
        "template": {"spec": {"containers": [container], **pod}},
    }
    return an_object("Deployment", name, "shop", spec=spec)


def a_subject(*objects: KubeObject) -> Subject:
    """A subsystem that moves into the namespace shop."""
    return Subject("shop", "shop", objects)


def told(found: list[Looked]) -> list[tuple[Level, str]]:
    """The levels and what was found."""
    return [(each.level, each.found) for each in found]
