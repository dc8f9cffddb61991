"""What pods ask for, counted as the scheduler counts it."""

from __future__ import annotations

import pytest

from checked_cluster import a_subject, a_workload, an_object
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.pods_asked import one_pod, pods_asked, quantity, spoken, total


def a_container(restarts: str = "", **amounts: dict[str, str]) -> KubeObject:
    found: KubeObject = {"name": "c", "resources": {k: {**v} for k, v in amounts.items()}}
    return {**found, "restartPolicy": restarts} if restarts else found


def test_containers_run_together_and_the_steps_of_the_start_one_after_the_other() -> None:
    spec: KubeObject = {
        "containers": [a_container(requests={"cpu": "1"}), a_container(requests={"cpu": "500m"})],
        "initContainers": [
            a_container(requests={"cpu": "2"}),
            a_container(requests={"cpu": "1", "memory": "1Gi"}),
        ],
    }
    assert one_pod(spec, "requests") == {"cpu": 2.0, "memory": 1024.0**3}


def test_a_helper_that_stays_is_counted_with_the_containers() -> None:
    helper = a_container("Always", requests={"cpu": "1"})
    spec: KubeObject = {"containers": [a_container(requests={"cpu": "1"})]}
    assert one_pod({**spec, "initContainers": [helper]}, "requests") == {"cpu": 2.0}


def test_a_limit_without_a_request_is_a_request() -> None:
    limits = {"cpu": "2", "memory": "1Gi"}
    spec: KubeObject = {"containers": [a_container(limits=limits, requests={"cpu": "1"})]}
    assert one_pod(spec, "requests") == {"cpu": 1.0, "memory": 1024.0**3}
    assert one_pod(spec, "limits") == {"cpu": 2.0, "memory": 1024.0**3}


@pytest.mark.parametrize(
    ("kind", "spec", "count"),
    [
        ("Deployment", {}, 1),
        ("Deployment", {"replicas": 0}, 0),
        ("StatefulSet", {"replicas": 3}, 3),
        ("Job", {"parallelism": 2}, 2),
        ("CronJob", {}, 1),
    ],
)
def test_pods_are_counted_by_what_makes_them(
    kind: str, spec: dict[str, object], count: int
) -> None:
    (found,) = pods_asked(a_subject(an_object(kind, "web", "shop", spec=spec)))
    assert found.count == count


def test_a_total_is_of_every_replica() -> None:
    pods = tuple(pods_asked(a_subject(a_workload(replicas=3, requests={"cpu": "100m"}))))
    assert total(pods)["cpu"] == pytest.approx(0.3)
    assert total(pods)["pods"] == 3


def test_what_cannot_be_read_is_no_amount() -> None:
    assert [quantity(value) for value in ("1", 2, "a lot", True, None)] == [
        1.0,
        2.0,
        None,
        None,
        None,
    ]
    assert spoken("requests.cpu", 0.5) == "0.50 cores"
    assert spoken("count/pods", 3.0) == "3"
