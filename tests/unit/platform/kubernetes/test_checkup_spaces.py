"""Namespaces and the places of fronts, on a fake cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from checked_cluster import Checked, a_subject, a_workload, checked_cluster, told
from migrator.platform.kubernetes.checked import Level
from migrator.platform.kubernetes.checkup_spaces import fronts, namespaces
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.slices import OLD, TOKEN, Backend, Port
from migrator.platform.kubernetes.subject import Fronting, Subject
from migrator.platform.kubernetes.traffic import Front


@pytest.fixture
async def cluster() -> AsyncIterator[Checked]:
    async with checked_cluster() as found:
        yield found


def with_a_front() -> Subject:
    ports = (Port("", 80),)
    return Subject(
        "shop",
        "shop",
        (),
        (Fronting(Front("shop", "web"), Backend(OLD, ("10.0.0.9",), ports), ports),),
    )


async def test_a_namespace_that_is_missing_or_ending_is_said(cluster: Checked) -> None:
    shop = a_subject(a_workload())
    (missing,) = await namespaces(cluster.client, (shop,))
    assert (missing.level, missing.found) == (Level.WARNING, "not there yet: shop")
    cluster.make("Namespace", "shop", status={"phase": "Terminating"})
    (ending,) = await namespaces(cluster.client, (shop,))
    assert (ending.level, ending.found) == (Level.FAILED, "shop is ending")


async def test_a_level_of_pod_security_that_refuses_the_pods_names_the_fields(
    cluster: Checked,
) -> None:
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.make("Namespace", "shop", labels=level)
    (found,) = await namespaces(cluster.client, (a_subject(a_workload(hostNetwork=True)),))
    assert found.level is Level.FAILED
    for word in ("hostNetwork", "runAsNonRoot", "allowPrivilegeEscalation", "drop", "seccomp"):
        assert word in found.found


async def test_pods_that_keep_the_level_are_let_in(cluster: Checked) -> None:
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.make("Namespace", "shop", labels=level)
    pod: KubeObject = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    context: KubeObject = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container: KubeObject = {"name": "web", "securityContext": context}
    careful = a_workload(securityContext=pod, containers=[container])
    found = await namespaces(cluster.client, (a_subject(careful),))
    assert told(found) == [(Level.OK, "1, all there")]


async def test_baseline_refuses_less_than_restricted(cluster: Checked) -> None:
    level = {"pod-security.kubernetes.io/enforce": "baseline"}
    cluster.make("Namespace", "shop", labels=level)
    assert [e.level for e in await namespaces(cluster.client, (a_subject(a_workload()),))] == [
        Level.OK
    ]
    volumes = [{"name": "v", "hostPath": {"path": "/"}}]
    (found,) = await namespaces(cluster.client, (a_subject(a_workload(volumes=volumes)),))
    assert found.found.endswith("hostPath")


async def test_a_front_service_that_serves_somebody_already_is_named(cluster: Checked) -> None:
    cluster.make("Namespace", "shop")
    assert [e.level for e in await fronts(cluster.client, (with_a_front(),))] == [Level.OK]
    cluster.make("Service", "web", "shop", spec={"ports": [{"port": 80}]})
    assert [e.level for e in await fronts(cluster.client, (with_a_front(),))] == [Level.OK]
    change: KubeObject = {"spec": {"selector": {"app": "web"}}}
    cluster.server.edit("Service", "shop", "web", change, "kubectl")
    (taken,) = await fronts(cluster.client, (with_a_front(),))
    assert (taken.level, taken.page) == (Level.FAILED, "front-taken")
    ours: KubeObject = {"metadata": {"annotations": {TOKEN: "t"}}}
    cluster.server.edit("Service", "shop", "web", ours, "migrator")
    assert [e.level for e in await fronts(cluster.client, (with_a_front(),))] == [Level.OK]
