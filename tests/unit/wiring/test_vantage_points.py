"""Vantage points are made of what is declared; pods are taken away by whoever made them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_controllers import Controllers, no_image
from api_pods import PodServer
from api_schemas import custom_kind
from api_server import running
from false_agents import a_header, a_look, each
from kubernetes_rig import client_for
from migrator.engine.ports import Vantage, VantageLost
from migrator.platform.kubernetes.agent_pods import stand_in
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.probes.here import ThisMachine
from migrator.probes.model import Caps, Declared, Here, InPod, OverSsh, Patience
from migrator.probes.over_ssh import OverSsh as Connection
from migrator.wiring.vantage_points import Pods, vantage_points

AGENT = b"not a real agent"
IMAGE = "registry.invalid/python:3"
POINTS = (
    Here("here"),
    OverSsh("old-web", "web1.old.example"),
    InPod("inside", "folkbok", "Deployment/folkbok"),
)
DECLARED = Declared(("10.0.0.0/8",), Caps(), Patience(), POINTS, (), {})


@pytest.fixture
async def server() -> AsyncIterator[PodServer]:
    server = PodServer()
    kind = custom_kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
    server.kinds.append(kind)
    async with running(server):
        yield server


@pytest.fixture
async def client(server: PodServer) -> AsyncIterator[Client]:
    found = client_for(server)
    labels: KubeObject = {"app": "folkbok"}
    spec: KubeObject = {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}
    await found.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "folkbok"}})
    await found.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "folkbok", "namespace": "folkbok"},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }
    )
    yield found
    await found.close()


async def why_lost(vantage: Vantage) -> str:
    with pytest.raises(VantageLost) as caught:
        [line async for line in vantage.look(a_header("d" * 64), each([a_look("a")]))]
    assert caught.value.for_good
    return caught.value.reason


async def test_only_those_that_a_sweep_asks_for_are_made() -> None:
    async with vantage_points(DECLARED, ["here", "old-web"], AGENT, None) as made:
        assert made.keys() == {"here", "old-web"}
        assert isinstance(made["here"], ThisMachine)
        assert isinstance(made["old-web"], Connection)


async def test_a_pod_without_a_cluster_is_a_vantage_point_that_says_so() -> None:
    async with vantage_points(DECLARED, ["here", "inside"], AGENT, None) as made:
        assert "no cluster was named" in await why_lost(made["inside"])


async def test_a_pod_is_made_for_a_sweep_and_taken_away_after_it(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    pods = Pods(client, IMAGE, Mark("sweep.agents", 1))
    async with vantage_points(DECLARED, ["inside"], AGENT, pods) as made:
        assert made["inside"].name == "inside"
        assert await stand_in(client, "folkbok")
    assert not await stand_in(client, "folkbok")


async def test_pods_that_stood_before_are_somebody_elses(server: PodServer, client: Client) -> None:
    Controllers(server)
    pods = Pods(client, IMAGE, Mark("sweep.agents", 1))
    async with vantage_points(DECLARED, ["inside"], AGENT, pods):
        async with vantage_points(DECLARED, ["inside"], AGENT, pods):
            pass
        assert await stand_in(client, "folkbok")


@pytest.mark.parametrize(
    ("image", "reason"), [("", "no image was named"), (IMAGE, "manifest unknown")]
)
async def test_a_pod_that_cannot_be_says_why_and_hinders_nobody(
    server: PodServer, client: Client, image: str, reason: str
) -> None:
    Controllers(server, {IMAGE: no_image})
    pods = Pods(client, image, Mark("sweep.agents", 1))
    async with vantage_points(DECLARED, ["here", "inside"], AGENT, pods) as made:
        assert reason in await why_lost(made["inside"])
        assert isinstance(made["here"], ThisMachine)
