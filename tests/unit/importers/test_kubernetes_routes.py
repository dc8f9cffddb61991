"""Doors to the outside: which of them are links."""

from __future__ import annotations

import pytest

from manifests import Cluster, an_object, service, workload
from migrator.ids import ComponentId
from migrator.importers.kubernetes_routes import links_from_outside

WEB = workload("web") + service("web", "ports: [{name: main, port: 80}]")
NUMBER = "port: {number: 80}"
WEB_BY_NAME = "{service: {name: web, port: {name: main}}}"
ISTIO = "networking.istio.io/v1"


def outside(text: str) -> tuple[list[tuple[str, int | None, str | None]], Cluster]:
    cluster = Cluster(text)
    found = links_from_outside(
        cluster.objects, cluster.directory, ComponentId("internet"), cluster.collector
    )
    assert {link.source for link in found} <= {"internet"}
    return [(link.target, link.port, link.protocol) for link in found], cluster


@pytest.mark.parametrize(
    ("version", "body"),
    [
        ("networking.k8s.io/v1", f"spec: {{defaultBackend: {{service: {{name: web, {NUMBER}}}}}}}"),
        (
            "networking.k8s.io/v1",
            f"spec: {{rules: [{{http: {{paths: [{{backend: {WEB_BY_NAME}}}]}}}}]}}",
        ),
        ("extensions/v1beta1", "spec: {backend: {serviceName: web, servicePort: 80}}"),
    ],
)  # fmt: skip
def test_an_ingress_leads_to_its_backends_in_every_spelling(version: str, body: str) -> None:
    assert outside(WEB + an_object("Ingress", "door", body, version))[0] == [("web.c", 80, "http")]


def test_a_virtual_service_behind_a_gateway_is_a_door() -> None:
    body = (
        "spec: {gateways: [mesh, front], http: [{route: [{destination: {host: web, "
        "port: {number: 80}}}]}]}"
    )
    found, _ = outside(WEB + an_object("VirtualService", "v", body, ISTIO))
    assert found == [("web.c", 80, "http")]


def test_a_virtual_service_inside_the_mesh_names_no_caller() -> None:
    body = "spec: {http: [{route: [{destination: {host: web}}]}]}"
    found, cluster = outside(WEB + an_object("VirtualService", "v", body, ISTIO))
    assert found == []
    assert "VirtualService v" in cluster.ignored


def test_a_route_of_the_gateway_api_is_a_door() -> None:
    body = "spec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: web, port: 80}]}]}"
    text = WEB + an_object("GRPCRoute", "r", body, "gateway.networking.k8s.io/v1")
    assert outside(text)[0] == [("web.c", 80, "grpc")]


def test_a_load_balancer_is_a_door() -> None:
    text = workload("web") + service("web", "type: LoadBalancer, ports: [{name: https, port: 443}]")
    assert outside(text)[0] == [("web.c", 443, "https")]


def test_a_node_port_is_noted_and_no_link() -> None:
    found, cluster = outside(
        workload("web") + service("web", "type: NodePort, ports: [{port: 80}]")
    )
    assert found == []
    assert [each.topic for each in cluster.collector.notes] == ["open door"]


def test_a_route_to_nobody_is_unresolved() -> None:
    body = "spec: {defaultBackend: {service: {name: gone, port: {number: 80}}}}"
    found, cluster = outside(WEB + an_object("Ingress", "d", body, "networking.k8s.io/v1"))
    assert found == []
    assert [each.name for each in cluster.collector.unresolved] == ["gone:80"]
