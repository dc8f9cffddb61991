"""Room on a fake cluster: quotas, ranges and nodes against what pods ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from checked_cluster import Checked, a_subject, a_workload, an_object, checked_cluster, told
from migrator.platform.kubernetes.checked import Level
from migrator.platform.kubernetes.checkup_room import limit_ranges, nodes, quotas


@pytest.fixture
async def cluster() -> AsyncIterator[Checked]:
    async with checked_cluster() as found:
        found.make("Namespace", "shop")
        yield found


def a_node(cluster: Checked, name: str, *, cpu: str = "4", **spec: object) -> None:
    status = {
        "allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "10"},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    cluster.make("Node", name, spec=spec, status=status)


async def test_a_quota_that_is_too_small_says_by_how_much(cluster: Checked) -> None:
    hard = {"requests.cpu": "2", "memory": "4Gi", "pods": "10", "count/deployments.apps": "1"}
    used = {"requests.cpu": "1500m", "pods": "7"}
    cluster.make(
        "ResourceQuota", "q", "shop", spec={"hard": hard}, status={"hard": hard, "used": used}
    )
    shop = a_subject(a_workload(replicas=4, requests={"cpu": "250m", "memory": "1Gi"}))
    assert told(await quotas(cluster.client, (shop,))) == [
        (
            Level.FAILED,
            (
                "ResourceQuota/shop/q: requests.cpu needs 1.00 cores, 0.50 cores is left, "
                "pods needs 4, 3 is left"
            ),
        )
    ]


async def test_a_quota_that_is_just_large_enough_is_well(cluster: Checked) -> None:
    hard = {"cpu": "1", "requests.memory": "4Gi", "pods": "4"}
    cluster.make("ResourceQuota", "q", "shop", spec={"hard": hard}, status={"hard": hard})
    shop = a_subject(a_workload(replicas=4, requests={"cpu": "250m", "memory": "1Gi"}))
    assert told(await quotas(cluster.client, (shop,))) == [(Level.OK, "none is in the way")]


async def test_pods_that_say_nothing_of_what_a_quota_counts_are_named(cluster: Checked) -> None:
    cluster.make("ResourceQuota", "q", "shop", spec={"hard": {"limits.memory": "4Gi"}})
    found = await quotas(cluster.client, (a_subject(a_workload(requests={"cpu": "1"})),))
    assert [each.level for each in found] == [Level.WARNING]
    assert "quota on limits.memory, and Deployment/shop/web say nothing" in found[0].found


async def test_a_quota_for_some_pods_only_is_not_guessed_about(cluster: Checked) -> None:
    cluster.make("ResourceQuota", "q", "shop", spec={"hard": {"pods": "0"}, "scopes": ["x"]})
    (found,) = await quotas(cluster.client, (a_subject(a_workload()),))
    assert found.level is Level.WARNING
    assert "counts only some pods" in found.found


async def test_a_container_outside_a_range_is_named(cluster: Checked) -> None:
    row = {"type": "Container", "max": {"memory": "1Gi"}, "min": {"cpu": "100m"}}
    cluster.make("LimitRange", "l", "shop", spec={"limits": [row]})
    shop = a_subject(a_workload(requests={"cpu": "50m", "memory": "2Gi"}))
    assert told(await limit_ranges(cluster.client, (shop,))) == [
        (Level.FAILED, "shop: Deployment/shop/web wants 2.0 GiB, at most 1.0 GiB"),
        (Level.FAILED, "shop: Deployment/shop/web asks for 0.05 cores, at least 0.10 cores"),
    ]
    small = a_subject(a_workload(requests={"cpu": "100m", "memory": "1Gi"}))
    assert told(await limit_ranges(cluster.client, (small,))) == [(Level.OK, "none is in the way")]


async def test_what_runs_already_is_taken_from_what_nodes_can_give(cluster: Checked) -> None:
    a_node(cluster, "one")
    for name, phase in (("runs", "Running"), ("is-done", "Succeeded")):
        container = {"name": "c", "resources": {"requests": {"cpu": "3"}}}
        spec = {"nodeName": "one", "containers": [container]}
        cluster.make("Pod", name, "shop", spec=spec, status={"phase": phase})
    requests = {"cpu": "1", "memory": "1Gi"}
    fits = await nodes(cluster.client, (a_subject(a_workload(requests=requests)),))
    assert told(fits) == [
        (
            Level.OK,
            (
                "1 usable; the plan needs 1.00 cores of 1.00 cores cpu, 1.0 GiB of 8.0 GiB memory, "
                "1 of 9 pods that are left"
            ),
        )
    ]
    two = await nodes(cluster.client, (a_subject(a_workload(replicas=2, requests=requests)),))
    assert told(two) == [(Level.FAILED, "cpu needs 2.00 cores, 1.00 cores is left")]


async def test_nodes_that_take_no_pods_are_named_and_not_counted(cluster: Checked) -> None:
    a_node(cluster, "open")
    a_node(cluster, "cordoned", unschedulable=True)
    a_node(cluster, "tainted", taints=[{"key": "gpu", "effect": "NoSchedule"}])
    cluster.make("Node", "dead", status={"conditions": [{"type": "Ready", "status": "False"}]})
    shop = a_subject(a_workload(replicas=2, requests={"cpu": "3", "memory": "1Gi"}))
    found = await nodes(cluster.client, (shop,))
    assert told(found) == [
        (Level.WARNING, "cordoned takes no pod: it is cordoned"),
        (Level.WARNING, "dead takes no pod: it is not ready"),
        (Level.WARNING, "tainted takes no pod: it is tainted (gpu)"),
        (Level.FAILED, "cpu needs 6.00 cores, 4.00 cores is left"),
    ]


async def test_a_pod_larger_than_every_node_is_named_though_all_together_have_room(
    cluster: Checked,
) -> None:
    a_node(cluster, "one")
    a_node(cluster, "two")
    shop = a_subject(a_workload(requests={"cpu": "5", "memory": "1Gi"}))
    found = await nodes(cluster.client, (shop,))
    assert (Level.FAILED, "no single node has room for a pod of Deployment/shop/web") in told(found)


async def test_workloads_that_ask_for_nothing_are_counted_aloud(cluster: Checked) -> None:
    a_node(cluster, "one")
    found = await nodes(cluster.client, (a_subject(a_workload(), an_object("Pod", "p", "shop")),))
    assert "2 workloads do not say what they need" in found[0].found
