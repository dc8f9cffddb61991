"""A workload that cannot come up is told with its reason within seconds, on real nodes.

The reasons are a kubelet's and a scheduler's own words, so only a real cluster can hold them. The
image comes from MIGRATOR_TEST_IMAGE and must have a Python; the lab's is the default.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from kubernetes_rig import Rig, rigged, wall
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.discovery import DEPLOYMENTS, EVENTS, PODS
from migrator.platform.kubernetes.objects import KubeObject, at, map_at
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Readiness, Verdict, Wanted
from migrator.platform.kubernetes.watch import Scope, Watch

pytestmark = pytest.mark.cluster

IMAGE = os.environ.get("MIGRATOR_TEST_IMAGE", "lab.local/python:1")
FOREVER: list[Plain] = ["python3", "-c", "import time; time.sleep(9999)"]
SECONDS_MAX = 25.0


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("real") as found:
        yield found


@asynccontextmanager
async def seen(watch: Watch) -> AsyncIterator[Watch]:
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def brought_up(rig: Rig, wanted: KubeObject) -> tuple[Readiness, float]:
    """Apply, and watch until there is nothing more to wait for; the seconds that it took."""
    began = asyncio.get_running_loop().time()
    await rig.client.apply(wanted)
    scope = Scope(rig.namespace)
    found = Readiness(Verdict.PROGRESSING, "not looked yet")
    async with AsyncExitStack() as stack:
        watches = [
            await stack.enter_async_context(seen(Watch(rig.client, resource, scope)))
            for resource in (DEPLOYMENTS, PODS, EVENTS)
        ]
        deployments, pods, events = watches
        for _ in range(int(SECONDS_MAX * 10)):
            found = judge(
                deployments.get("web"),
                list(pods.objects.values()),
                list(events.objects.values()),
                now=wall(),
                wanted=Wanted(stable_seconds=1),
            )
            if found.verdict is not Verdict.PROGRESSING:
                break
            await asyncio.sleep(0.1)
    return found, asyncio.get_running_loop().time() - began


def a_deployment(rig: Rig, command: list[Plain] | None = None, **container: Plain) -> KubeObject:
    found = rig.deployment(replicas=1)
    pod = map_at(found, "spec", "template", "spec")
    pod["terminationGracePeriodSeconds"] = 0
    first = at(pod, "containers", 0)
    assert isinstance(first, dict)
    first |= {"image": IMAGE, "command": command or FOREVER, "imagePullPolicy": "IfNotPresent"}
    first |= container
    return found


async def test_a_deployment_that_is_well_becomes_ready(rig: Rig) -> None:
    found, _ = await brought_up(rig, a_deployment(rig))
    assert found.is_ready, found.reason


async def test_an_image_that_does_not_exist_is_told(rig: Rig) -> None:
    found, seconds = await brought_up(rig, a_deployment(rig, image="127.0.0.1:9/none:1"))
    assert found.verdict is Verdict.FAILED
    assert "image 127.0.0.1:9/none:1 cannot be pulled" in found.reason
    assert seconds < 20


async def test_a_secret_that_is_not_there_is_told(rig: Rig) -> None:
    env: list[Plain] = [
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}
    ]
    found, seconds = await brought_up(rig, a_deployment(rig, env=env))
    assert found.verdict is Verdict.FAILED
    assert 'secret "database" not found' in found.reason
    assert seconds < 10


async def test_a_crash_loop_is_told_with_its_code(rig: Rig) -> None:
    crash: list[Plain] = ["python3", "-c", "import sys; sys.exit('no database')"]
    found, seconds = await brought_up(
        rig, a_deployment(rig, crash, terminationMessagePolicy="FallbackToLogsOnError")
    )
    assert found.verdict is Verdict.FAILED
    assert "it ended with 1 (Error): no database" in found.reason
    assert seconds < 10


async def test_a_pod_that_no_node_takes_is_told(rig: Rig) -> None:
    wanted = a_deployment(rig)
    map_at(wanted, "spec", "template", "spec")["nodeSelector"] = {"nowhere": "at-all"}
    found, seconds = await brought_up(rig, wanted)
    assert found.verdict is Verdict.FAILED
    assert "no node takes it: 0/" in found.reason
    assert seconds < 20


async def test_a_quota_that_is_used_up_is_told(rig: Rig) -> None:
    await rig.client.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "none", "namespace": rig.namespace},
            "spec": {"hard": {"pods": "0"}},
        }
    )
    found, seconds = await brought_up(rig, a_deployment(rig))
    assert found.verdict is Verdict.FAILED
    assert "exceeded quota" in found.reason
    assert seconds < 10
