"""Who answers to a name in the cluster."""

from __future__ import annotations

import pytest

from manifests import Cluster, service, workload
from migrator.importers.scan import Answer

PORTS = "ports: [{name: grpc-api, port: 80, targetPort: web}, {name: admin, port: 81}]"
CONTAINER = "ports: [{name: web, containerPort: 8080}]"
ORDERS = workload("orders", container=CONTAINER) + service("orders", PORTS)


def find(text: str, host: str, port: str | int | None = None, namespace: str = "default") -> Answer:
    answer = Cluster(text).directory.find(host, port, namespace)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    "host",
    [
        "orders",
        "ORDERS",
        "orders.default",
        "orders.default.svc",
        "orders.default.svc.cluster.local",
    ],
)
def test_a_service_answers_to_all_its_names(host: str) -> None:
    (end,) = find(ORDERS, host, 80).endpoints
    assert (end.subsystem, end.component, end.port, end.protocol) == (
        *("orders", "orders.c"),
        *(80, "grpc"),
    )


@pytest.mark.parametrize("host", ["orders.other", "orders.example.test", "order", "x.orders"])
def test_other_names_are_nobodys(host: str) -> None:
    assert Cluster(ORDERS).directory.find(host, 80, "default") is None


def test_a_short_name_means_the_callers_own_namespace() -> None:
    assert Cluster(ORDERS).directory.find("orders", 80, "other") is None


def test_a_port_may_be_named() -> None:
    assert find(ORDERS, "orders", "admin").endpoints[0].port == 81


def test_the_only_port_is_taken_where_none_is_named() -> None:
    assert find(workload("a") + service("a"), "a").endpoints[0].port == 80
    assert find(ORDERS, "orders").endpoints[0].port is None


def test_a_pod_of_a_headless_service_answers_by_its_own_name() -> None:
    text = workload("db", "StatefulSet") + service("db", "clusterIP: None, ports: [{port: 5432}]")
    for host in ("db-0.db", "db-0.db.default.svc.cluster.local", "db-1.db.default"):
        assert find(text, host, 5432).endpoints[0].subsystem == "db"
    assert find(text, "db", 9999).endpoints[0].port == 9999  # no proxy stands in between


def test_a_service_that_names_another_host_is_an_external_system() -> None:
    text = workload("a") + service("bank", "type: ExternalName, externalName: bank.example.test")
    (end,) = find(text, "bank", 443).endpoints
    (outside,) = Cluster(text).directory.externals
    assert (end.subsystem, outside.name) == ("bank", "bank.example.test")


def test_a_service_that_selects_nobody_is_ignored_and_says_so() -> None:
    cluster = Cluster(workload("a") + service("ghost"))
    assert cluster.ignored == {"Service ghost": "its selector names no workload in these files"}
    answer = cluster.directory.find("ghost", 80, "default")
    assert answer is not None
    assert answer.why == "the Service ghost selects no workload in these files"


def test_a_service_of_two_workloads_leads_to_both() -> None:
    two = workload("blue").replace("app: blue", "app: x")
    two += workload("green").replace("app: green", "app: x")
    text = two + service("x")
    assert {end.subsystem for end in find(text, "x", 80).endpoints} == {"blue", "green"}


def test_the_pods_port_is_translated_to_the_services() -> None:
    cluster = Cluster(ORDERS)
    end = cluster.directory.endpoint(cluster.workload("orders"), 8080)
    assert (end.port, end.protocol) == (80, "grpc")
    assert cluster.directory.endpoint(cluster.workload("orders"), 7).port == 7
