"""Agents in pods on the tests' API server: made once, found again, refused, asked, taken away.

What they answer is held by `tests/contracts/test_vantages.py`, and a real cluster by
`tests/cluster/test_agent_pods.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_controllers import Controllers, never_ready, no_image
from api_pods import PodServer
from api_schemas import custom_kind
from api_server import running
from false_agents import a_header, a_look, each
from kubernetes_rig import client_for
from migrator.engine.ports import VantageLost
from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes import agent_pods
from migrator.platform.kubernetes.agent_objects import NAME, Place
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    number_at,
    text_at,
    texts_at,
    uid_of,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark

MARK = Mark("token", 7)
PLACE = Place("folkbok", "Deployment/folkbok", "registry.invalid/python:3", called="folkbok-new")
AGENT = b"not a real agent"
KINDS = (
    ("apps", "deployments"),
    ("", "configmaps"),
    ("", "secrets"),
    ("networking.k8s.io", "networkpolicies"),
)


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
    space: KubeObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "folkbok"}}
    await found.create(space)
    await found.create(a_workload())
    yield found
    await found.close()


def a_workload(**spec: bool) -> KubeObject:
    labels: KubeObject = {"app": "folkbok"}
    containers: KubeObject = {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "folkbok", "namespace": "folkbok"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {**containers, **spec}},
        },
    }


async def no_pause(_seconds: float) -> None:
    """Time passes without anybody waiting."""


async def ensured(client: Client, place: Place = PLACE) -> agent_pods.AgentPod:
    return await agent_pods.ensure(client, place, AGENT, MARK, seconds_max=1, sleep=no_pause)


def ours(server: PodServer) -> list[KubeObject]:
    return [
        found
        for group, kind in KINDS
        for found in server.storage.find(group, kind, "folkbok")
        if texts_at(found, "metadata", "labels").get("app.kubernetes.io/name") == NAME
    ]


async def test_everything_is_marked_and_says_whose_it_is(server: PodServer, client: Client) -> None:
    Controllers(server)
    vantage = await ensured(client)
    assert vantage.name == "folkbok-new"
    found = ours(server)
    assert len(found) == len(KINDS)
    for each_object in found:
        assert texts_at(each_object, "metadata", "annotations")["migrator/epoch"] == "7"


async def test_one_that_stands_is_found_and_nothing_is_made_anew(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    await ensured(client)
    before = {uid_of(found) for found in ours(server)}
    await ensured(client)
    assert {uid_of(found) for found in ours(server)} == before
    assert await agent_pods.stand_in(client, "folkbok")


async def test_the_key_is_never_written_over(server: PodServer, client: Client) -> None:
    Controllers(server)
    await ensured(client)
    (key,) = (text_at(f, "data", "key") for f in ours(server) if f.get("kind") == "Secret")
    await ensured(client)
    assert [text_at(f, "data", "key") for f in ours(server) if f.get("kind") == "Secret"] == [key]


async def test_everything_is_taken_away_and_the_workload_stays(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    await ensured(client)
    changes = await agent_pods.retire(client, "folkbok", MARK)
    assert str(changes) == "4 deleted"
    assert ours(server) == []
    names = [text_at(f, "metadata", "name") for f in server.storage.find("apps", "deployments", "")]
    assert names == ["folkbok"]
    assert len(await agent_pods.retire(client, "folkbok", MARK)) == 0
    assert not await agent_pods.stand_in(client, "folkbok")


async def test_secrets_are_asked_for_by_name_alone(server: PodServer, client: Client) -> None:
    Controllers(server)
    await ensured(client)
    await agent_pods.retire(client, "folkbok", MARK)
    listed = [f for f in server.log if f.method == "GET" and f.path.endswith("/secrets")]
    assert listed == []


async def test_a_pod_that_can_never_run_is_refused_with_its_reason(
    server: PodServer, client: Client
) -> None:
    Controllers(server, {PLACE.image: no_image})
    with pytest.raises(PermanentError, match="manifest unknown") as caught:
        await ensured(client)
    assert caught.value.reference == "agent-pod-not-running"


async def test_a_pod_that_is_late_may_come_yet(server: PodServer, client: Client) -> None:
    Controllers(server, {PLACE.image: never_ready})
    with pytest.raises(TransientError, match="folkbok/Deployment/folkbok does not run"):
        await ensured(client)


@pytest.mark.parametrize("workload", ["StatefulSet/folkbok", "Deployment/other", "Pod/folkbok"])
async def test_a_workload_that_is_not_there_is_named(
    server: PodServer, client: Client, workload: str
) -> None:
    Controllers(server)
    with pytest.raises(PermanentError, match=f"no {workload} in namespace folkbok") as caught:
        await ensured(client, Place("folkbok", workload, "image"))
    assert caught.value.reference == "agent-workload-missing"
    assert ours(server) == []


async def test_a_template_stands_for_a_workload_that_is_not_there_yet(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    later = Place("folkbok", "Deployment/later", "image")
    template: KubeObject = {"metadata": {"labels": {"app": "later"}}, "spec": {}}
    await agent_pods.ensure(client, later, AGENT, MARK, template=template, sleep=no_pause)
    (made,) = (f for f in ours(server) if f.get("kind") == "Deployment")
    assert at(made, "spec", "template", "metadata", "labels", "app") == "later"


async def test_nothing_is_made_that_a_service_would_send_callers_to(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    spec: KubeObject = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": {"app": "folkbok"},
        "ports": [{"name": "http", "port": 80}],
    }
    meta: KubeObject = {"name": "peers", "namespace": "folkbok"}
    await client.create({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
    with pytest.raises(PermanentError, match="folkbok/peers names pods that are not ready"):
        await ensured(client)
    assert ours(server) == []


async def test_nothing_is_made_for_a_workload_on_its_nodes_own_network(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    await client.apply(a_workload(hostNetwork=True), force=True)
    with pytest.raises(PermanentError, match="its node's own network") as caught:
        await ensured(client)
    assert caught.value.reference == "agent-pod-not-possible"


async def test_a_pod_that_is_gone_is_a_lost_vantage_point_and_not_for_good(
    server: PodServer, client: Client
) -> None:
    Controllers(server)
    vantage = await ensured(client)
    with pytest.raises(VantageLost, match=r"answers 503.*connection refused") as caught:
        [line async for line in vantage.look(a_header("d" * 64), each([a_look("a")]))]
    assert not caught.value.for_good
    await agent_pods.retire(client, "folkbok", MARK)
    for pod in list(server.storage.find("", "pods", "folkbok")):
        server.remove("Pod", "folkbok", text_at(pod, "metadata", "name"))
    with pytest.raises(VantageLost, match="no pod folkbok/migrator-agent-") as caught:
        [line async for line in vantage.look(a_header("d" * 64), each([a_look("a")]))]
    assert not caught.value.for_good


async def test_it_is_one_pod_whatever_the_workload_has(server: PodServer, client: Client) -> None:
    Controllers(server)
    await ensured(client)
    (made,) = (f for f in ours(server) if f.get("kind") == "Deployment")
    assert number_at(made, "spec", "replicas") == 1
