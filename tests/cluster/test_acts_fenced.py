"""Acts by migrator's own account behind its own fence, with a takeover in the middle of each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from cluster.fenced import Installed, World, a_subject, in_namespace, installing
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from cluster.workloads import a_deployment
from migrator.errors import TransientError
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.objects import KubeObject, map_at, text_at
from migrator.platform.kubernetes.slices import (
    EPOCH,
    NEW,
    OLD,
    TOKEN,
    Backend,
    Mark,
    Port,
    front_of,
    shadow_of,
)
from migrator.platform.kubernetes.traffic import Front, OwnedSlice

pytestmark = pytest.mark.cluster

BEFORE: list[dict[str, object]] = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}, "data": {"a": "aGVq"}},
]


@pytest.fixture(scope="module")
def installed(lab: Lab, cluster: Cluster) -> Iterator[Installed]:  # noqa: ARG001 - never elsewhere
    with installing(cluster, namespaces=2) as made:
        yield made


@pytest.fixture
def world(lab: Lab, installed: Installed) -> World:
    namespace = installed.free.pop()
    return World(lab, installed.cluster, namespace, namespace.rpartition("-")[2])


async def test_what_one_process_applied_its_successor_takes_back(world: World) -> None:
    for each in BEFORE:
        in_namespace(world, "apply", "-f", "-", stdin=json.dumps(each))
    objects = list(map(changed, a_subject(world.namespace).objects))
    async with world.acting_as("conductor") as client:
        await world.fence(client).raise_to(1)
        first = Applier(client, Mark("prepare", 1))
        images = await first.pre_images(objects)
        done = await first.apply(objects, images=images, empty=True)
        assert done.writes == len(objects)

        await world.fence(client).raise_to(2)
        _, remains = await Applier(client, Mark("undo", 2)).restore(images)
    assert remains == ()
    assert settings(world, "configmap/settings") == {"a": "b"}
    assert settings(world, "secret/password") == {"a": "aGVq"}
    assert in_namespace(world, "get", "deployments,services", "-o", "name").strip() == ""


async def test_traffic_is_made_final_and_taken_back_by_a_successor(world: World) -> None:
    front, mark = Front(world.namespace, "web"), Mark("one", 1)
    service = next(
        each for each in a_subject(world.namespace).objects if text_at(each, "kind") == "Service"
    )
    async with world.acting_as("conductor") as client:
        await world.fence(client).raise_to(1)
        web: KubeObject = json.loads(json.dumps(a_deployment("web", world.cluster.image)))
        for each in (placed(web, world.namespace), front_of(service), shadow_of(service)):
            await client.apply(marked(each, mark))
        in_namespace(world, "rollout", "status", "deployment/web", "--timeout=60s")
        traffic = OwnedSlice(client)
        await traffic.point(front, Backend(OLD, ("10.78.0.2",), (Port("", 8080),)), mark)
        await traffic.point(front, await ready_pods(traffic, front), mark)

        await world.fence(client).raise_to(2)
        await traffic.finalise(front, Mark("two", 2))
        await traffic.unfinalise(front, Mark("two", 2))
        assert await traffic.side(front) == NEW


async def ready_pods(traffic: OwnedSlice, front: Front) -> Backend:
    """That a rollout is done says nothing of when the cluster's own slices have the pods."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await traffic.pods(front)
            except TransientError:
                await asyncio.sleep(0.1)


def changed(found: KubeObject) -> KubeObject:
    """What is there already, with other content."""
    data: KubeObject = {"a": "aGVqZGE="}
    return {**found, "data": data} if text_at(found, "kind") in {"ConfigMap", "Secret"} else found


def placed(found: KubeObject, namespace: str) -> KubeObject:
    return {**found, "metadata": {**map_at(found, "metadata"), "namespace": namespace}}


def marked(found: KubeObject, mark: Mark) -> KubeObject:
    notes: KubeObject = {TOKEN: mark.token, EPOCH: str(mark.epoch)}
    return {**found, "metadata": {**map_at(found, "metadata"), "annotations": notes}}


def settings(world: World, name: str) -> object:
    return json.loads(in_namespace(world, "get", name, "-o", "json")).get("data")
