"""What only the fake server has: controllers that are quicker than real ones, and a thread.

What its controllers bring about is judged by the same `judge` that judges a real cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api_controllers import Controllers, crashing, never_ready, no_image
from api_thread import threaded
from kubernetes_rig import QUICK, Rig, rigged, wall
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import connected
from migrator.platform.kubernetes.discovery import DEPLOYMENTS, ENDPOINT_SLICES, PODS
from migrator.platform.kubernetes.objects import at, text_at
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Readiness, Verdict, Wanted
from migrator.platform.kubernetes.server import version

IMAGE = "registry.invalid/web:1"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


@pytest.fixture
def controllers(rig: Rig) -> Controllers:
    assert rig.fake is not None
    return Controllers(rig.fake)


async def judged(rig: Rig) -> Readiness:
    pods = (await rig.client.list_all(PODS, rig.namespace)).items
    found = await rig.get(DEPLOYMENTS, "web")
    return judge(found, pods, now=datetime.now(UTC), wanted=Wanted(may_be_empty=True))


async def addresses(rig: Rig) -> set[Plain]:
    """The union of all endpoints of the Service."""
    slices = await rig.client.list_all(
        ENDPOINT_SLICES, rig.namespace, labels="kubernetes.io/service-name=web"
    )
    ends = [end for item in slices.items for end in (at(item, "endpoints") or ())]  # type: ignore[union-attr]  # a list
    return {text_at(end, "addresses", 0) for end in ends}


@pytest.mark.usefixtures("controllers")
async def test_a_deployment_becomes_ready_and_its_service_leads_to_its_pods(rig: Rig) -> None:
    await rig.client.apply(rig.service(app="web"))
    await rig.client.apply(rig.deployment(replicas=2))
    assert (await judged(rig)).is_ready
    assert len(await addresses(rig)) == 2
    await rig.client.apply(rig.deployment(replicas=0))
    assert (await judged(rig)).is_ready
    assert await addresses(rig) == set()


@pytest.mark.parametrize(
    ("fate", "verdict", "why"),
    [
        (no_image, Verdict.FAILED, "manifest unknown"),
        (crashing, Verdict.FAILED, "no database"),
        (never_ready, Verdict.PROGRESSING, "0 of 1 pods ready"),
    ],
)
async def test_what_becomes_of_an_image_is_told(
    rig: Rig, controllers: Controllers, fate: object, verdict: Verdict, why: str
) -> None:
    fates = {f: f for f in (no_image, crashing, never_ready)}
    controllers.images[IMAGE] = next(f for f in fates if f is fate)
    await rig.client.apply(rig.deployment(replicas=1))
    found = await judged(rig)
    assert found.verdict is verdict
    assert why in found.reason


async def test_a_mended_image_brings_new_pods(rig: Rig, controllers: Controllers) -> None:
    controllers.images[IMAGE] = crashing
    await rig.client.apply(rig.deployment(replicas=1))
    assert (await judged(rig)).verdict is Verdict.FAILED
    mended = rig.deployment(replicas=1)
    container = at(mended, "spec", "template", "spec", "containers", 0)
    assert isinstance(container, dict)
    container["image"] = "registry.invalid/web:2"
    await rig.client.apply(mended)
    assert (await judged(rig)).is_ready


def test_a_server_in_a_thread_serves_other_loops_and_processes(tmp_path: Path) -> None:
    async def asked(file: Path) -> tuple[int, int]:
        async with connected(
            "fake", kubeconfig=file, wall=wall, bucket=Bucket(0), patience=QUICK
        ) as client:
            return await version(client.asker)

    with threaded() as there:
        file = there.kubeconfig(tmp_path / "config")
        assert asyncio.run(asked(file)) == (1, 35)
        there.call(lambda: setattr(there.server, "version", "1.34"))
        assert asyncio.run(asked(file)) == (1, 34)
