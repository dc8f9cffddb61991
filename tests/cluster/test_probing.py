"""Traffic that moves is seen to move: by a prober inside the cluster, through the data plane."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

import pytest

from cluster.reach import Cluster
from cluster.workloads import PORT, a_deployment
from kubernetes_rig import wall
from migrator.errors import TransientError
from migrator.platform.kubernetes import prober
from migrator.platform.kubernetes.confirming import confirm
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.discovery import PODS
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.links import Target, links_answer
from migrator.platform.kubernetes.looking import (
    Answered,
    Look,
    PodVantage,
    ThisMachine,
    Vantage,
    front_look,
)
from migrator.platform.kubernetes.objects import text_at, uid_of
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import NEW, OLD, Backend, Mark, Port
from migrator.platform.kubernetes.subject import Fronting, Identity
from migrator.platform.kubernetes.traffic import Front, OwnedSlice

pytestmark = pytest.mark.cluster

MARK = Mark("probing/1", 1)


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    found = client_of(choose(cluster.context, file=cluster.kubeconfig), wall=wall)
    yield found
    await found.close()


@pytest.fixture
async def pods(client: Client, cluster: Cluster, namespace: str) -> prober.ProberPods:
    return await prober.ensure(client, cluster.image, MARK, namespace=namespace)


@pytest.fixture
def web(cluster: Cluster, namespace: str) -> tuple[Fronting, Backend, Look]:
    """A Service without a selector, the two sides that it may lead to, and the look at it."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    }
    sides = [a_deployment(f"side-{side}", cluster.image) for side in (OLD, NEW)]
    cluster.apply(namespace, service, *sides)
    for side in (OLD, NEW):
        rollout = ["rollout", "status", f"deployment/side-{side}", "--timeout=90s"]
        cluster.kubectl("--namespace", namespace, *rollout)
    ask = ["--namespace", namespace, "get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]
    fronting = Fronting(
        Front(namespace, "web"),
        backend(cluster, namespace, OLD),
        (Port("http", 80),),
        Identity("http", "/whoami", "side-old", "side-new"),
    )
    look = front_look(fronting, cluster.kubectl(*ask))
    return fronting, backend(cluster, namespace, NEW), look


def backend(cluster: Cluster, namespace: str, side: str) -> Backend:
    ask = ["get", "pods", "-l", f"app=side-{side}", "-o", "json"]
    said = json.loads(cluster.kubectl("--namespace", namespace, *ask))
    addresses = tuple(item["status"]["podIP"] for item in said["items"])
    return Backend(side, addresses, (Port("http", PORT),))


async def test_each_flip_is_seen_from_the_pods_and_from_here(
    client: Client, pods: prober.ProberPods, web: tuple[Fronting, Backend, Look]
) -> None:
    fronting, new, look = web
    vantages: Sequence[Vantage] = (*pods.vantages, ThisMachine())
    assert len(vantages) == prober.REPLICAS + 1
    traffic = OwnedSlice(client)
    for number, side in enumerate((fronting.old, new, fronting.old, new)):
        await traffic.point(fronting.front, side, Mark(f"flip/{number}", 1))
        seen = await confirm([look], side.side, vantages)
        assert seen.side == side.side
        assert seen.mixed == 0
        inside = {witness.name for witness in seen.witnesses}
        assert {vantage.name for vantage in pods.vantages} <= inside


async def test_a_flip_that_did_not_happen_is_not_confirmed(
    client: Client, pods: prober.ProberPods, web: tuple[Fronting, Backend, Look]
) -> None:
    fronting, _, look = web
    await OwnedSlice(client).point(fronting.front, fronting.old, MARK)
    await confirm([look], OLD, pods.vantages)
    with pytest.raises(TransientError) as raised:
        await confirm([look], NEW, pods.vantages, seconds_max=1)
    assert raised.value.reference == "data-plane-late"
    assert all(name in str(raised.value) for name, _ in pods.pods)
    assert look.id in str(raised.value)


async def test_a_vantage_point_that_dies_in_between_is_named_and_not_counted(
    client: Client, pods: prober.ProberPods, web: tuple[Fronting, Backend, Look]
) -> None:
    fronting, new, look = web
    await OwnedSlice(client).point(fronting.front, fronting.old, MARK)
    await confirm([look], OLD, pods.vantages)
    first, second = pods.vantages

    class Dying:
        """A prober's pod that is killed after its first look, before the traffic moves."""

        name, inside = first.name, True

        async def look(
            self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
        ) -> tuple[Answered, ...]:
            if not moved:
                moved.append(True)
                found = await first.look(batch)
                assert found[0].text == "side-old"
                await kill(client, first)
                await OwnedSlice(client).point(fronting.front, new, Mark("flip", 1))
                return found
            return await first.look(batch, rounds=rounds, pause_seconds=pause_seconds)

    moved: list[bool] = []
    seen = await confirm([look], NEW, (Dying(), second))
    assert [witness.name for witness in seen.witnesses] == [second.name]
    assert [left.name for left in seen.left_out] == [first.name]
    assert "could not be asked" in str(seen.left_out[0])


async def kill(client: Client, vantage: PodVantage) -> None:
    found = await client.get(PODS, vantage.namespace, vantage.pod)
    assert found is not None
    await client.delete(PODS, vantage.namespace, vantage.pod, uid=uid_of(found), grace_seconds=0)


async def test_the_prober_is_found_again_and_leaves_nothing(
    client: Client, pods: prober.ProberPods, cluster: Cluster
) -> None:
    again = await prober.ensure(client, cluster.image, MARK, namespace=pods.namespace)
    assert again.pods == pods.pods
    assert (await prober.pods(client, namespace=pods.namespace)).pods == pods.pods

    changes = await prober.retire(client, MARK, namespace=pods.namespace)

    assert str(changes) == "3 deleted"
    ask = ["get", "deployments,configmaps,secrets", "-o", "name", "-l", f"{prober.LABEL}"]
    assert cluster.kubectl("--namespace", pods.namespace, *ask) == ""


async def test_whoever_does_not_know_the_key_gets_no_look(pods: prober.ProberPods) -> None:
    vantage = pods.vantages[0]
    stranger = PodVantage(
        vantage.client, vantage.namespace, vantage.pod, vantage.port, vantage.digest, "a guess"
    )
    with pytest.raises(Exception, match="answered 403"):
        await stranger.look([Look("a", "127.0.0.1", prober.PORT)])


async def test_links_are_told_apart_by_why_they_do_not_answer(
    client: Client,
    pods: prober.ProberPods,
    web: tuple[Fronting, Backend, Look],
) -> None:
    fronting, new, look = web
    await OwnedSlice(client).point(fronting.front, new, MARK)
    await confirm([look], NEW, pods.vantages)
    pod = text_at(
        (await client.list_all(PODS, fronting.front.namespace, labels="app=side-new")).items[0],
        "status",
        "podIP",
    )
    found = await links_answer(
        [
            Target("front", look.host, look.port, fronting.identity),
            Target("closed", pod, 9),
            Target("nameless", "no.such.name.invalid", 80),
            Target("by-name", f"web.{fronting.front.namespace}.svc", 80),
        ],
        pods.vantages,
    )
    words = {link.link: link.word for link in found.links}
    assert words == {"front": "ok", "closed": "refused", "nameless": "dns", "by-name": "ok"}
    assert found.links[0].side == NEW
    assert found.left_out == ()
