"""One API server for a test, whichever it is: the fake one in this process, or a real one.

The real one is the lab, where tests/cluster/test_contract.py runs the same tests, or whatever
MIGRATOR_TEST_KUBECONFIG (and MIGRATOR_TEST_CONTEXT) names and this process can reach. Each test
gets a namespace of its own, and it is deleted afterwards.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from api_server import ApiServer, running
from migrator.platform.kubernetes.asking import Patience
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.discovery import NAMESPACES, Resource
from migrator.platform.kubernetes.kubeconfig import Chosen, choose
from migrator.platform.kubernetes.objects import KubeObject, name_of, uid_of
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.wire import APPLY, MERGE, Asked

QUICK: Final = Patience(try_seconds_max=5, seconds_max=10, first_pause_seconds=0.001)
"""Tries again at once: a test is not made to wait for what the fake does on demand."""

SERVERS: Final = ("fake", pytest.param("real", marks=pytest.mark.cluster))
"""The servers on which a contract is held."""


def wall() -> datetime:
    """The time, for tokens that end."""
    return datetime.now(UTC)


def chosen(server: ApiServer, user: KubeObject | None = None, /, **cluster: str) -> Chosen:
    """The fake server as a context."""
    return Chosen("fake", server.address, "", {"server": server.address, **cluster}, user or {})


def client_for(server: ApiServer, user: KubeObject | None = None, /, **cluster: str) -> Client:
    """A client of the fake server, without a speed limit."""
    found = chosen(server, user, **cluster)
    return client_of(found, wall=wall, bucket=Bucket(0), patience=QUICK)


@dataclass
class Rig:
    """A client, a namespace of its own, and somebody else who writes, too."""

    client: Client
    namespace: str
    context: Chosen
    fake: ApiServer | None = None

    def as_user(self, user: dict[str, str]) -> Client:
        """The same server, seen by somebody else; to be closed by whoever asked."""
        if self.fake is not None:
            self.fake.tokens = {"the administrator's": "kubernetes-admin"}
        other = replace(self.context, user={**user})
        return client_of(other, wall=wall, bucket=Bucket(0), patience=QUICK)

    def config_map(self, name: str = "settings", **data: str) -> KubeObject:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": self.namespace},
            "data": {**data},
        }

    def deployment(self, name: str = "web", **spec: int) -> KubeObject:
        container: KubeObject = {
            "name": "web",
            "image": "registry.invalid/web:1",
            "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                **spec,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [container]},
                },
            },
        }

    def service(self, name: str = "web", **selector: str) -> KubeObject:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"ports": [{"port": 80, "protocol": "TCP"}], "selector": {**selector}},
        }

    def endpoints(self, *addresses: str, name: str = "web-migrator") -> KubeObject:
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": {
                    "kubernetes.io/service-name": "web",
                    "endpointslice.kubernetes.io/managed-by": "migrator",
                },
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [a], "conditions": {"ready": True}} for a in addresses],
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        }

    async def get(self, resource: Resource, name: str) -> KubeObject:
        found = await self.client.get(resource, self.namespace, name)
        assert found is not None, f"{resource.kind} {name} is not there"
        return found

    async def applied_by_another(self, wanted: KubeObject, manager: str = "somebody") -> None:
        """Somebody else's server-side apply, with force."""
        resource, name = await self.client.discovery.of(wanted), name_of(wanted)
        query = (("fieldManager", manager), ("force", "true"))
        path = resource.path(name.namespace, name.name)
        target = resource.target("patch", name.namespace, name.name)
        await self.client.asker.send(
            Asked("PATCH", path, target, query, body=wanted, content_type=APPLY)
        )

    async def edited_by_another(
        self, resource: Resource, name: str, change: KubeObject, manager: str = "kubectl-edit"
    ) -> None:
        """Somebody else's edit: a merge patch that asks for nothing."""
        path = resource.path(self.namespace, name)
        target = resource.target("patch", self.namespace, name)
        query = (("fieldManager", manager),)
        await self.client.asker.send(
            Asked("PATCH", path, target, query, body=change, content_type=MERGE)
        )


@asynccontextmanager
async def rigged(kind: str) -> AsyncIterator[Rig]:
    """A rig on the fake server or on the real one."""
    if kind == "fake":
        namespace = f"contract-{secrets.token_hex(4)}"
        space: KubeObject = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace},
        }
        async with running() as server:
            client = client_for(server)
            server.make(space)
            try:
                yield Rig(client, namespace, chosen(server), server)
            finally:
                await client.close()
        return
    named = os.environ.get("MIGRATOR_TEST_KUBECONFIG", "")
    if not named:
        pytest.skip("MIGRATOR_TEST_KUBECONFIG names no cluster; make cluster runs it in the lab")
    async with rigged_on(Path(named), os.environ.get("MIGRATOR_TEST_CONTEXT", "")) as rig:
        yield rig


@asynccontextmanager
async def rigged_on(kubeconfig: Path | None, context: str) -> AsyncIterator[Rig]:
    """A rig on a real server, in a namespace that is deleted afterwards."""
    namespace = f"contract-{secrets.token_hex(4)}"
    space: KubeObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    place = choose(context, file=kubeconfig)
    client = client_of(place, wall=wall, bucket=Bucket(0))
    try:
        made = await client.create(space)
        try:
            yield Rig(client, namespace, place)
        finally:
            await client.delete(NAMESPACES, "", namespace, uid=uid_of(made.object))
    finally:
        await client.close()
