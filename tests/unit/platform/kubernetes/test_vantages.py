"""The places from which a run looks: this machine always, the prober's pods where wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api_controllers import Controllers
from api_server import ApiServer, running
from kubernetes_rig import client_for
from migrator.platform.kubernetes import prober
from migrator.platform.kubernetes.objects import text_at
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.vantages import Vantages

IMAGE = "registry.invalid/python:3"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[ApiServer, Client]]:
    async with running() as server:
        Controllers(server)
        client = client_for(server)
        try:
            yield server, client
        finally:
            await client.close()


async def test_without_an_image_this_machine_looks_alone_and_nothing_is_asked() -> None:
    async with served() as (server, client):
        (here,) = await Vantages(client, "", lambda: Mark("t", 1)).now()
        assert not here.inside
        assert server.log == []


async def test_with_an_image_pods_look_from_inside_too() -> None:
    async with served() as (_, client):
        here, *pods = await Vantages(client, IMAGE, lambda: Mark("t", 1)).now()
        assert not here.inside
        assert len(pods) == 2
        assert all(each.inside for each in pods)


async def test_the_prober_is_made_once_and_carries_the_epoch_of_then() -> None:
    async with served() as (server, client):
        epochs = iter([3, 4])
        vantages = Vantages(client, IMAGE, lambda: Mark("t", next(epochs)))
        await vantages.now()
        writes = len(server.writes_seen)
        await vantages.now()
        assert len(server.writes_seen) == writes
        (deployment,) = server.storage.find("apps", "deployments", prober.NAMESPACE)
        assert text_at(deployment, "metadata", "annotations", "migrator/epoch") == "3"


async def test_a_pod_that_was_replaced_is_asked_in_its_place() -> None:
    async with served() as (server, client):
        vantages = Vantages(client, IMAGE, lambda: Mark("t", 1))
        before = {each.name for each in await vantages.now()}
        for pod in list(server.storage.find("", "pods", prober.NAMESPACE)):
            server.remove("Pod", prober.NAMESPACE, text_at(pod, "metadata", "name"))
        after = {each.name for each in await vantages.now()}
        assert len(after) == len(before) == 3
        assert len(after & before) == 1, "only this machine is the same"
