"""Workloads: what becomes of each kind, and what is concluded from what."""

from __future__ import annotations

import pytest

from manifests import Cluster, workload
from migrator.importers.draft import DraftSubsystem
from migrator.importers.kubernetes_workloads import subsystem_of
from migrator.inventory.model import Kind


def draft(text: str) -> DraftSubsystem:
    cluster = Cluster(text)
    return subsystem_of(cluster.workloads[0], cluster.collector)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Deployment", Kind.STATELESS),
        ("DaemonSet", Kind.STATELESS),
        ("Pod", Kind.STATELESS),
        ("ReplicaSet", Kind.STATELESS),
        ("StatefulSet", Kind.STATEFUL),
        ("CronJob", Kind.BATCH),
        ("Job", Kind.BATCH),
    ],
)
def test_each_kind_of_workload_is_a_subsystem(kind: str, expected: Kind) -> None:
    assert draft(workload("x", kind)).kind is expected


def test_a_claim_makes_a_subsystem_stateful() -> None:
    pod = "volumes: [{name: v, persistentVolumeClaim: {claimName: shelf}}]"
    found = draft(workload("x", pod=pod))
    assert (found.kind, found.why) == (Kind.STATEFUL, "it mounts the claim shelf")


def test_a_store_is_known_by_its_health_check_too() -> None:
    probe = "readinessProbe: {exec: {command: [pg_isready]}}"
    found = draft(workload("x", container=probe))
    assert found.kind is Kind.STATEFUL
    assert found.components[0].technology == "postgresql"


def test_an_init_container_is_no_component_and_a_sidecar_is_one() -> None:
    sidecar = "{name: mesh, image: envoy, restartPolicy: Always}"
    pod = f"initContainers: [{{name: wait, image: a}}, {sidecar}]"
    found = draft(workload("x", pod=pod))
    assert [(each.id, each.role) for each in found.components] == [
        ("x.c", "process"),
        ("x.mesh", "gateway"),
    ]


def test_a_limit_alone_is_the_request() -> None:
    found = draft(workload("x", container="resources: {limits: {cpu: 500m}}", more="replicas: 3"))
    assert (found.cpu, found.memory_gib) == (1.5, None)


def test_what_is_scaled_to_nothing_counts_as_one_and_is_noted() -> None:
    cluster = Cluster(
        workload("x", container="resources: {requests: {cpu: 1}}", more="replicas: 0")
    )
    assert subsystem_of(cluster.workloads[0], cluster.collector).cpu == 1.0
    assert [each.topic for each in cluster.collector.notes] == ["replicas"]


def test_a_workload_without_containers_is_ignored() -> None:
    cluster = Cluster("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n")
    assert cluster.workloads == ()
    assert cluster.ignored == {"Deployment x": "it has no containers"}


def test_a_custom_kind_of_the_same_name_is_no_workload() -> None:
    text = workload("x", "Job").replace("batch/v1", "example.test/v1")
    assert Cluster(text).workloads == ()
