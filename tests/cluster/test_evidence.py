"""What a crash loop looked like is kept before its pods are gone, without its secrets."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator

import pytest

from cluster.lab.parts import wait_until
from cluster.reach import Cluster
from kubernetes_rig import wall
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.evidence import SECONDS_MAX, gather
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject

pytestmark = pytest.mark.cluster

PASSWORD = "correct-horse-7"
CRASHING = """
import base64, os, sys
password = os.environ["PASSWORD"]
print("connecting as app with", password, "or", base64.b64encode(password.encode()).decode())
sys.exit("no such table: orders")
"""


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    found = client_of(choose(cluster.context, file=cluster.kubeconfig), wall=wall)
    yield found
    await found.close()


def a_crash_loop(namespace: str, image: str) -> tuple[KubeObject, KubeObject]:
    """A Deployment whose pods crash at once, and the Secret that they print."""
    reference: KubeObject = {"secretKeyRef": {"name": "db", "key": "password"}}
    container: KubeObject = {
        "name": "web",
        "image": image,
        "command": ["python3", "-c", CRASHING],
        "env": [{"name": "PASSWORD", "valueFrom": reference}],
    }
    deployment: KubeObject = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }
    data: KubeObject = {"password": base64.b64encode(PASSWORD.encode()).decode()}
    secret: KubeObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": namespace},
        "data": data,
    }
    return deployment, secret


async def test_a_crash_loop_is_kept_with_its_previous_instance_and_without_its_secret(
    client: Client, cluster: Cluster, namespace: str
) -> None:
    deployment, secret = a_crash_loop(namespace, cluster.image)
    cluster.apply(namespace, deployment, secret)
    state = "jsonpath={.items[0].status.containerStatuses[0]['restartCount','state']}"
    ask = ["--namespace", namespace, "get", "pods", "-l", "app=web", "-o", state]

    def crashes() -> bool:
        said = cluster.kubectl(*ask)
        return "CrashLoopBackOff" in said and not said.startswith("0")

    wait_until(crashes, 60, "it never crashed twice")

    began = time.monotonic()
    found = await gather(client, Subject("shop", namespace, (deployment,)))

    assert time.monotonic() - began < SECONDS_MAX
    # A node keeps one ended instance, and between a crash and the word of it gives that one as the
    # container's log and none as the previous one's; later it is the other way round.
    logs = [name for name in found.files if name.endswith((".previous.log", "/web.log"))]
    log = "".join(found.files[name].decode() for name in logs)
    assert "no such table: orders" in log
    assert "connecting as app with [secret] or [secret]" in log
    everything = b"".join(found.files.values())
    assert PASSWORD.encode() not in everything
    assert base64.b64encode(PASSWORD.encode()) not in everything
    (pod,) = (name for name in found.files if name.endswith("/pod.json"))
    assert b'"restartCount"' in found.files[pod]
    assert b" BackOff Pod/" in found.files["events.txt"]


async def test_a_cluster_that_does_not_answer_costs_no_more_than_the_time(
    cluster: Cluster, namespace: str
) -> None:
    chosen = choose(cluster.context, file=cluster.kubeconfig)
    nowhere = client_of(
        type(chosen)(chosen.context, "https://192.0.2.1:6443", "", chosen.cluster, chosen.user),
        wall=wall,
    )
    deployment, _ = a_crash_loop(namespace, cluster.image)
    began = time.monotonic()
    found = await gather(nowhere, Subject("shop", namespace, (deployment,)), seconds_max=1)
    await nowhere.close()
    assert time.monotonic() - began < 1.5
    assert dict(found.files) == {}
    assert len(found.missing) == 2
