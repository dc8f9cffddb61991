"""What is listed of a live cluster, and what is never asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_server import ApiServer, running
from kubernetes_rig import client_for
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.reading_all import ClusterReading, read_cluster


def an_object(kind: str, name: str, namespace: str = "shop", **more: KubeObject) -> KubeObject:
    version = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1"}.get(kind, "v1")
    metadata: KubeObject = {"name": name}
    if kind != "Namespace":
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def a_deployment(name: str, namespace: str = "shop") -> KubeObject:
    labels: KubeObject = {"app": name}
    template: KubeObject = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "registry.invalid/c:1"}]},
    }
    spec: KubeObject = {"selector": {"matchLabels": labels}, "template": template}
    return an_object("Deployment", name, namespace, spec=spec)


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with running() as found:
        for name in ("shop", "pay", "kube-system"):
            found.make(an_object("Namespace", name))
        for namespace in ("shop", "pay", "kube-system"):
            found.make(a_deployment("web", namespace))
        found.make(an_object("Secret", "password", data={"p": "aHVudGVyMg=="}))
        yield found


async def read(server: ApiServer, *namespaces: str) -> ClusterReading:
    client = client_for(server)
    try:
        return await read_cluster(client, namespaces)
    finally:
        await client.close()


def places(reading: ClusterReading, kind: str) -> list[str]:
    found = [each["metadata"] for each in reading.objects if each["kind"] == kind]
    return [str(each["namespace"]) for each in found if isinstance(each, dict)]


async def test_all_namespaces_but_the_clusters_own_are_read(server: ApiServer) -> None:
    assert places(await read(server), "Deployment") == ["pay", "shop"]


async def test_only_the_named_namespaces_are_read(server: ApiServer) -> None:
    assert places(await read(server, "kube-system"), "Deployment") == ["kube-system"]


async def test_no_secret_is_asked_for_and_nothing_is_written(server: ApiServer) -> None:
    reading = await read(server)
    assert places(reading, "Secret") == []
    assert not [each for each in server.log if "secrets" in each.path]
    assert server.writes_seen == []


async def test_what_another_object_makes_is_left_out(server: ApiServer) -> None:
    owner: KubeObject = {"controller": True, "kind": "Deployment", "name": "web", "uid": "u"}
    owner["apiVersion"] = "apps/v1"
    pod = an_object("Pod", "web-1", spec={"containers": [{"name": "c", "image": "i"}]})
    pod["metadata"] = {"name": "web-1", "namespace": "shop", "ownerReferences": [owner]}
    server.make(pod)
    assert places(await read(server), "Pod") == []
    server.forbidden.add(("get", "deployments.apps"))
    assert places(await read(server), "Pod") == ["shop"]


async def test_what_we_may_not_list_is_named(server: ApiServer) -> None:
    server.forbidden.add(("get", "configmaps"))
    reading = await read(server, "shop")
    assert reading.forbidden == (("configmaps", "shop"),)
    assert places(reading, "Deployment") == ["shop"]


async def test_twice_is_the_same(server: ApiServer) -> None:
    assert await read(server) == await read(server)
