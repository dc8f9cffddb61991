"""Links from outside the cluster: Ingresses, Istio and Gateway API routes, LoadBalancers.

Called by `kubernetes.py`. All of them start at one external subsystem, because who calls from
outside is not in the files. A route that only says how calls inside the mesh are spread names no
caller and is ignored with that reason; a NodePort is a door that may have no visitor, so it is
noted and makes no link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from migrator.ids import ComponentId
from migrator.importers.coverage import Collector, Ignored, Noted, Unresolved
from migrator.importers.evidence import Evidence, EvidenceKind, FoundLink
from migrator.importers.kubernetes_directory import Directory
from migrator.importers.kubernetes_objects import KubeObject
from migrator.importers.nodes import Node

_ROUTES: Final = frozenset(("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"))


def is_route(one: KubeObject) -> bool:
    """Tell whether the object is one that this file reads."""
    return _reader(one) is not None


def links_from_outside(
    objects: Iterable[KubeObject], directory: Directory, outside: ComponentId, collector: Collector
) -> list[FoundLink]:
    """Every link that starts outside the cluster; `outside` is the component it starts at."""
    found: list[FoundLink] = []
    for one in objects:
        reader = _reader(one)
        if reader is not None:
            for host, port, scheme, node, kind in reader(one, collector):
                found += _links(
                    one, (host, port, scheme), node, kind, directory, outside, collector
                )
    return found


Target = tuple[str, str | int | None, str | None, Node, EvidenceKind]
"""Host, port, protocol, the place that names them, and what kind of evidence it is."""

Reader = Callable[[KubeObject, Collector], Iterator[Target]]


def _reader(one: KubeObject) -> Reader | None:
    """The function that reads this kind of object."""
    if one.kind == "Ingress" and one.group in {"networking.k8s.io", "extensions"}:
        return _ingress
    if one.kind == "VirtualService" and one.group == "networking.istio.io":
        return _virtual_service
    if one.kind in _ROUTES and one.group == "gateway.networking.k8s.io":
        return _gateway_route
    if one.kind == "Service" and not one.group:
        return _service
    return None


def _links(
    one: KubeObject,
    target: tuple[str, str | int | None, str | None],
    node: Node,
    kind: EvidenceKind,
    directory: Directory,
    outside: ComponentId,
    collector: Collector,
) -> list[FoundLink]:
    """The links of one target; one that leads nowhere is kept as unresolved."""
    host, port, scheme = target
    answer = directory.find(host, port, one.namespace)
    shown = host if port is None else f"{host}:{port}"
    line = node.line or one.line
    if answer is None or not answer.endpoints:
        why = answer.why if answer else "nothing among the files has this name"
        collector.unresolved.add(Unresolved(one.shown, shown, why, node.file, line, node.where))
        return []
    evidence = Evidence(node.file, line, node.where, f"{one.shown} leads to {shown}", kind)
    return [
        FoundLink(outside, end.component, end.protocol or scheme, end.port, evidence)
        for end in answer.endpoints
    ]


def _ingress(one: KubeObject, collector: Collector) -> Iterator[Target]:
    """The backends of an Ingress, in its new and its old spelling."""
    spec = one.root.get("spec")
    backends = [spec.get("defaultBackend"), spec.get("backend")]
    for rule in spec.get("rules").parts():
        backends += [path.get("backend") for path in rule.get("http", "paths").parts()]
    for backend in backends:
        name = backend.get("service", "name").text or backend.get("serviceName").text
        port = backend.get("service", "port")
        wanted = port.get("number").number or port.get("name").text
        old = backend.get("servicePort")
        if name:
            # The Ingress ends TLS; behind it is HTTP unless the Service says more.
            yield name, wanted or old.number or old.text, "http", backend, EvidenceKind.INGRESS
        elif backend.get("resource").exists:
            why = "a backend that is no Service is not read"
            collector.ignored.add(Ignored(one.file, backend.line or one.line, one.shown, why))


def _virtual_service(one: KubeObject, collector: Collector) -> Iterator[Target]:
    """The destinations of a VirtualService that stands behind a gateway."""
    spec = one.root.get("spec")
    gateways = [each.text for each in spec.get("gateways").parts() if each.text != "mesh"]
    if not gateways:
        why = "it spreads calls inside the mesh and does not say who calls"
        collector.ignored.add(Ignored(one.file, one.line, one.shown, why))
        return
    for key, scheme in (("http", "http"), ("tls", None), ("tcp", None)):
        for route in spec.get(key).parts():
            for part in route.get("route").parts():
                destination = part.get("destination")
                host = destination.get("host").text
                if host:
                    port = destination.get("port", "number").number
                    yield host, port, scheme, destination, EvidenceKind.VIRTUAL_SERVICE


def _gateway_route(one: KubeObject, collector: Collector) -> Iterator[Target]:
    """The backends of a Gateway API route that hangs on a Gateway."""
    spec = one.root.get("spec")
    parents = [each.get("kind").text or "Gateway" for each in spec.get("parentRefs").parts()]
    if "Gateway" not in parents:
        why = "it hangs on no Gateway: it does not say who calls"
        collector.ignored.add(Ignored(one.file, one.line, one.shown, why))
        return
    scheme = {"HTTPRoute": "http", "GRPCRoute": "grpc"}.get(one.kind)
    for rule in spec.get("rules").parts():
        for backend in rule.get("backendRefs").parts():
            name = backend.get("name").text
            if not name or (backend.get("kind").text or "Service") != "Service":
                continue
            place = backend.get("namespace").text
            host = f"{name}.{place}.svc" if place else name
            yield host, backend.get("port").number, scheme, backend, EvidenceKind.ROUTE


def _service(one: KubeObject, collector: Collector) -> Iterator[Target]:
    """The ports of a LoadBalancer; a NodePort is noted only."""
    spec = one.root.get("spec")
    kind = spec.get("type").text
    addresses = [each.text for each in spec.get("externalIPs").parts()]
    if kind == "LoadBalancer" or addresses:
        for port in spec.get("ports").parts():
            if port.get("port").number is not None:
                number = port.get("port").number
                yield one.name, number, None, port, EvidenceKind.LOAD_BALANCER
    elif kind == "NodePort":
        numbers = _numbers(spec.get("ports"))
        said = f"a NodePort ({numbers}) can be called from outside; who calls is not written"
        collector.notes.add(Noted("open door", one.name, said, one.file, one.line))


def _numbers(ports: Node) -> str:
    """The ports of a Service, as people read them."""
    return ", ".join(port.get("port").text or "?" for port in ports.parts())


def gateways_named(objects: Iterable[KubeObject]) -> Mapping[str, str]:
    """Istio and Gateway API gateways by kind and name, with what the report says of them."""
    said = "it opens the door that routes hang on; the routes are read"
    groups = {"networking.istio.io", "gateway.networking.k8s.io"}
    return {each.shown: said for each in objects if each.kind == "Gateway" and each.group in groups}
