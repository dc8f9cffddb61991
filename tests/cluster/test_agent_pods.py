"""Agents in pods of a real cluster: beside their workload, in no Service, found again, gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from builders import a_link, csv_of, write_inventory
from cluster.fenced import World, installing
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from cluster.workloads import PORT, a_deployment
from false_agents import a_header, a_look, each
from kubernetes_rig import wall
from migrator.cli import app
from migrator.engine.ports import VantageLost
from migrator.errors import PermanentError
from migrator.platform.kubernetes import agent_pods
from migrator.platform.kubernetes.agent_objects import LABEL, Place
from migrator.platform.kubernetes.agent_pods import AgentPod
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.discovery import ENDPOINT_SLICES, PODS
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import (
    KubeObject,
    objects_at,
    text_at,
    texts_at,
    uid_of,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.probes.agent import wire
from migrator.probes.packing import packed_agent

pytestmark = pytest.mark.cluster

MARK = Mark("agents/1", 1)


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    found = client_of(choose(cluster.context, file=cluster.kubeconfig), wall=wall)
    yield found
    await found.close()


@pytest.fixture
def place(cluster: Cluster, namespace: str) -> Place:
    """A workload with a Service before it and an account of its own."""
    account: KubeObject = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "folkbok"},
    }
    service: KubeObject = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "folkbok"},
        "spec": {"selector": {"app": "folkbok"}, "ports": [{"name": "http", "port": PORT}]},
    }
    workload = a_deployment("folkbok", cluster.image)
    cluster.apply(namespace, account, service, workload)
    rollout = ["rollout", "status", "deployment/folkbok", "--timeout=90s"]
    cluster.kubectl("--namespace", namespace, *rollout)
    as_account = '{"spec":{"template":{"spec":{"serviceAccountName":"folkbok"}}}}'
    cluster.kubectl("--namespace", namespace, "patch", "deployment/folkbok", "-p", as_account)
    cluster.kubectl("--namespace", namespace, *rollout)
    return Place(namespace, "Deployment/folkbok", cluster.image)


@pytest.fixture
async def vantage(client: Client, place: Place) -> AgentPod:
    return await agent_pods.ensure(client, place, packed_agent().data, MARK)


async def looked(vantage: AgentPod, *lines: bytes) -> dict[str, wire.Result]:
    header = json.loads(a_header(packed_agent().digest)) | {"allow": ["0.0.0.0/0"]}
    found = vantage.look(json.dumps(header).encode() + b"\n", each(lines))
    results = [json.loads(line) async for line in found]
    return {each["id"]: each for each in results if "word" in each}


def a_look_at(name: str, host: str, port: int = PORT) -> bytes:
    return json.dumps({**json.loads(a_look(name, port)), "host": host}).encode() + b"\n"


async def pods_of(client: Client, place: Place) -> Sequence[KubeObject]:
    listed = await client.list_all(PODS, place.namespace, labels=f"{LABEL}={place.name}")
    return listed.items


async def test_it_looks_with_the_workloads_labels_and_account_and_no_service_knows_it(
    client: Client, vantage: AgentPod, place: Place
) -> None:
    (pod,) = await pods_of(client, place)
    assert texts_at(pod, "metadata", "labels")["app"] == "folkbok"
    assert text_at(pod, "spec", "serviceAccountName") == "folkbok"
    mounts = objects_at(objects_at(pod, "spec", "containers")[0], "volumeMounts")
    assert not any("serviceaccount" in text_at(mount, "mountPath") for mount in mounts)

    own = text_at(pod, "status", "podIP")
    ready = await addresses(client, place.namespace)
    assert len(ready) == 1
    assert own not in ready

    found = await looked(
        vantage,
        a_look_at("by-name", f"folkbok.{place.namespace}.svc"),
        a_look_at("nobody", own, 9),
        a_look_at("nameless", "no.such.name.invalid"),
    )
    words = {name: result["word"] for name, result in found.items()}
    assert words == {"by-name": wire.OK, "nobody": wire.REFUSED, "nameless": wire.DNS}
    assert found["by-name"]["source"] == own


async def addresses(client: Client, namespace: str) -> set[str]:
    """Where the Service's callers are sent."""
    listed = await client.list_all(
        ENDPOINT_SLICES, namespace, labels="kubernetes.io/service-name=folkbok"
    )
    found = set()
    for each_slice in listed.items:
        for endpoint in objects_at(each_slice, "endpoints"):
            ready = endpoint.get("conditions")
            if isinstance(ready, dict) and ready.get("ready"):
                told = endpoint.get("addresses")
                found |= {str(word) for word in told} if isinstance(told, list) else set()
    return found


async def test_nobody_adopts_it_when_the_workload_is_scaled(
    client: Client, vantage: AgentPod, place: Place, cluster: Cluster
) -> None:
    (before,) = await pods_of(client, place)
    for replicas in (3, 0):
        words = ["scale", "deployment/folkbok", f"--replicas={replicas}"]
        cluster.kubectl("--namespace", place.namespace, *words)
        await until_pods(client, place.namespace, replicas)
    (after,) = await pods_of(client, place)
    assert uid_of(after) == uid_of(before)
    assert (await looked(vantage, a_look("shut", 9)))["shut"]["word"] == wire.REFUSED


async def until_pods(client: Client, namespace: str, count: int) -> None:
    """Wait until the workload has so many pods of its own."""
    async with asyncio.timeout(60):
        while True:
            listed = await client.list_all(PODS, namespace, labels=f"app=folkbok,!{LABEL}")
            if len(listed.items) == count:
                return
            await asyncio.sleep(0.2)


async def may_be_looked(vantage: AgentPod) -> bool:
    """Whether there is a pod that looks; being without one is no reason to give it up."""
    try:
        return (await looked(vantage, a_look("shut", 9)))["shut"]["word"] == wire.REFUSED
    except VantageLost as lost:
        if lost.for_good:
            raise
        return False


async def test_it_is_found_again_and_leaves_nothing(
    client: Client, vantage: AgentPod, place: Place, cluster: Cluster
) -> None:
    (pod,) = await pods_of(client, place)
    again = await agent_pods.ensure(client, place, packed_agent().data, MARK)
    assert [uid_of(each) for each in await pods_of(client, place)] == [uid_of(pod)]
    assert (await looked(again, a_look("shut", 9)))["shut"]["word"] == wire.REFUSED

    await client.delete(
        PODS, place.namespace, text_at(pod, "metadata", "name"), uid=uid_of(pod), grace_seconds=0
    )
    async with asyncio.timeout(60):
        while not await may_be_looked(vantage):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.2)

    changes = await agent_pods.retire(client, place.namespace, MARK)
    assert str(changes) == "4 deleted"
    ask = ["get", "deployments,configmaps,secrets,networkpolicies", "-o", "name"]
    ask += ["-l", "app.kubernetes.io/name=migrator-agent"]
    assert cluster.kubectl("--namespace", place.namespace, *ask) == ""


async def test_whoever_does_not_know_the_key_gets_no_look(
    vantage: AgentPod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_pods, "KEY_HEADER", "X-Something-Else")
    with pytest.raises(VantageLost, match="answers 403") as caught:
        await looked(vantage, a_look("shut", 9))
    assert caught.value.for_good


async def test_many_looks_go_in_parts_and_all_come_back(vantage: AgentPod) -> None:
    lines = [a_look(f"look-{n}", 9, of=1) for n in range(2500)]
    small = AgentPod(vantage.client, vantage.place, vantage.digest, part_looks=1000)
    caps = {"per_second": 5000.0, "target_per_second": 5000.0, "network_per_second": 5000.0}
    header = json.loads(a_header(packed_agent().digest)) | {"caps": caps | {"target_at_once": 100}}
    found = [line async for line in small.look(json.dumps(header).encode() + b"\n", each(lines))]
    assert sum(b'"word"' in line for line in found) == 2500
    assert sum(line.startswith(b'{"end"') for line in found) == 3


async def test_a_service_that_names_unready_pods_is_refused_by_name(
    client: Client, place: Place, cluster: Cluster
) -> None:
    peers: KubeObject = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "peers"},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {"app": "folkbok"},
            "ports": [{"name": "http", "port": PORT}],
        },
    }
    cluster.apply(place.namespace, peers)
    with pytest.raises(PermanentError, match="peers names pods that are not ready"):
        await agent_pods.ensure(client, place, packed_agent().data, MARK)


async def test_a_workload_that_is_not_there_is_named(client: Client, place: Place) -> None:
    nobody = Place(place.namespace, "StatefulSet/nobody", place.image)
    with pytest.raises(PermanentError, match="no StatefulSet/nobody in namespace"):
        await agent_pods.ensure(client, nobody, packed_agent().data, MARK)


async def test_the_printed_rights_are_enough_and_its_writes_pass_the_fence(
    lab: Lab, cluster: Cluster
) -> None:
    with installing(cluster, namespaces=1, agents=True) as installed:
        (namespace,) = installed.free
        cluster.apply(namespace, a_deployment("folkbok", cluster.image))
        world = World(lab, cluster, namespace, "run")
        place = Place(namespace, "Deployment/folkbok", cluster.image)
        async with world.acting_as("prober") as prober:
            vantage = await agent_pods.ensure(prober, place, packed_agent().data, MARK)
            found = await looked(vantage, a_look("shut", 9))
            assert found["shut"]["word"] == wire.REFUSED
            assert str(await agent_pods.retire(prober, namespace, MARK)) == "4 deleted"


def test_baseline_and_probe_look_from_a_pod_and_take_it_away(
    cluster: Cluster,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    estate = write_inventory(tmp_path / "ours", links=csv_of(a_link("l-1")))
    (estate / "probes.yaml").write_text(
        "allow: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]\n"
        "patience: {need: 1, of: 1, seconds: 1}\n"
        "vantages:\n"
        f"  - {{id: in, kind: pod, namespace: {place.namespace}, workload: {place.workload}}}\n"
        "stands: [{old: in, new: in}]\n"
        f"addresses: {{payments.app: {{host: folkbok.{place.namespace}.svc, port: {PORT}}}}}\n"
        "checks: [{match: {}, kind: tcp}]\n",
        "utf-8",
    )
    where = ["--context", cluster.context, "--probe-image", cluster.image]
    where += ["--kubeconfig", str(cluster.kubeconfig)] if cluster.kubeconfig else []
    assert app.run(["baseline", str(estate), *where]) == 0
    assert "1 of 1 links proved" in capsys.readouterr().out
    cluster.kubectl("--namespace", place.namespace, "delete", "service", "folkbok")
    assert app.run(["probe", str(estate), *where]) == 1
    assert "1 worse" in capsys.readouterr().out
    ask = ["get", "deployments", "-o", "name", "-l", "app.kubernetes.io/name=migrator-agent"]
    assert cluster.kubectl("--namespace", place.namespace, *ask) == ""
