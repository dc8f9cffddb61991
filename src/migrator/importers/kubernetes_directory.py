"""Who answers to a host name in the cluster: Services, their selectors, their ports.

Called by the link readers. The rules are those of the cluster's own DNS: a short name means the
caller's namespace, `name.namespace` another one, a headless Service's pods have names of their
own. Only a Service gives a name to a workload; a workload's own name leads nowhere, so an address
that equals one is suspected and not believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.coverage import Collector, Ignored
from migrator.importers.draft import DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.importers.kubernetes_objects import KubeObject
from migrator.importers.kubernetes_workloads import Workload
from migrator.importers.nodes import Node
from migrator.importers.scan import Answer, Endpoint, Resolve
from migrator.inventory.model import Kind

_SPOKEN: Final = re.compile(
    r"(?:tcp-|tls-)?(h2c|wss?|http2|https|http|grpc-web|grpc|mongo|mongodb|mysql|redis|postgres|postgresql|"
    r"amqps|amqp|kafka|nats|mqtt|ldaps|ldap|smtp|otlp)(?:-.*)?"
)
_SAME: Final = {
    "mongo": "mongodb",
    "postgres": "postgresql",
    "http2": "http",
    "h2c": "http",
    "ws": "http",
    "wss": "https",
    "grpc-web": "grpc",
}


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port that a Service offers."""

    number: int
    name: str
    target: str  # a number or the name of a container's port
    protocol: str | None  # None: the Service does not say what is spoken


@dataclass(frozen=True, slots=True)
class Service:
    """A Service, and the workloads that its selector names."""

    object: KubeObject
    ports: tuple[ServicePort, ...]
    workloads: tuple[Workload, ...]
    external: DraftSubsystem | None  # what stands behind it is outside these files
    headless: bool

    def port(self, wanted: str | int | None) -> ServicePort | None:
        """The port of that number or name; the only one where none is wanted."""
        if wanted is None:
            return self.ports[0] if len(self.ports) == 1 else None
        return next((each for each in self.ports if wanted in {each.number, each.name}), None)

    def answer(self, wanted: str | int | None) -> Answer:
        """Who answers on that port of the Service."""
        port = self.port(wanted)
        number = wanted if isinstance(wanted, int) else None
        if self.external is not None:
            end = self.external.components[0].id
            known = port.number if port else number
            spoken = port.protocol if port else None
            return Answer((Endpoint(self.external.id, end, known, spoken),))
        if wanted is not None and port is None and self.ports and not self.headless:
            offered = ", ".join(str(each.number) for each in self.ports)
            return Answer((), f"the Service {self.object.name} offers {offered}, not {wanted}")
        if not self.workloads:
            return Answer((), f"the Service {self.object.name} selects no workload in these files")
        return Answer(
            tuple(
                Endpoint(
                    each.id,
                    _component(each, port),
                    port.number if port else number,
                    port.protocol if port else None,
                )
                for each in self.workloads
            )
        )


class Pods:
    """The workloads by their pods' labels, so that a selector need not look at each of them."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self._by_label: dict[tuple[str, str, str], list[Workload]] = {}
        for each in workloads:
            for key, value in each.labels.items():
                self._by_label.setdefault((each.namespace, key, value), []).append(each)

    def selected(self, namespace: str, selector: dict[str, str]) -> tuple[Workload, ...]:
        """The workloads that a plain selector names; an empty one names nobody."""
        found = [self._by_label.get((namespace, *pair), []) for pair in selector.items()]
        fewest = min(found, key=len, default=[])
        return tuple(each for each in fewest if selector.items() <= each.labels.items())


@dataclass(slots=True)
class Directory:
    """All names of the cluster, as far as the files tell."""

    pods: Pods
    services: dict[tuple[str, str], Service] = field(default_factory=dict)  # namespace, name
    workloads: dict[tuple[str, str], Workload] = field(default_factory=dict)

    @property
    def externals(self) -> list[DraftSubsystem]:
        """The systems outside that Services stand for."""
        return [each.external for each in self.services.values() if each.external is not None]

    def resolver(self, namespace: str) -> Resolve:
        """The function that answers for callers in a namespace."""

        def resolve(host: str, port: int | None) -> Answer | None:
            return self.find(host, port, namespace)

        return resolve

    def find(self, host: str, port: str | int | None, namespace: str) -> Answer | None:
        """Who answers to the host, seen from a namespace; None where nobody here has that name."""
        for name, place in _places(host.lower(), namespace):
            service = self.services.get((place, name))
            if service is not None:
                return service.answer(port)
        for name, place in _places(host.lower(), namespace):
            workload = self.workloads.get((place, name))
            if workload is not None:
                why = f"the workload {name} has that name, and no Service of that name was read"
                return Answer((), why, near=workload.id)
        return None

    def by_name(self, name: str) -> Workload | None:
        """The one workload that a name outside the cluster (a Compose service's) can only mean."""
        found = {
            each.id: each
            for (_, own), service in self.services.items()
            if own == name
            for each in service.workloads
        }
        if not found:
            named = (each for (_, own), each in self.workloads.items() if own == name)
            found = {each.id: each for each in named}
        return next(iter(found.values())) if len(found) == 1 else None

    def endpoint(self, workload: Workload, pod_port: int | None) -> Endpoint:
        """A workload's end of a link, its pods' port translated to the port of its Service."""
        for service in self.services.values():
            for port in service.ports if workload in service.workloads else ():
                component = _component(workload, port)
                if pod_port is not None and pod_port in {port.number, _target(workload, port)}:
                    return Endpoint(workload.id, component, port.number, port.protocol)
        return Endpoint(workload.id, workload.main.component, pod_port, None)


def build_directory(
    objects: Iterable[KubeObject], workloads: tuple[Workload, ...], collector: Collector
) -> Directory:
    """Read the Services and find whom each selector names."""
    directory = Directory(Pods(workloads))
    taken: set[str] = {each.id for each in workloads}
    for workload in workloads:
        directory.workloads.setdefault((workload.namespace, workload.object.name), workload)
    ordered = sorted(objects, key=lambda each: each.key)
    for one in ordered:
        if one.kind != "Service" or one.group:
            continue
        service = _service(one, directory.pods, taken)
        directory.services[one.namespace, one.name] = service
        if not service.workloads and service.external is None:
            why = "its selector names no workload in these files"
            collector.ignored.add(Ignored(one.file, one.line, one.shown, why))
    return directory


def container_port(workload: Workload, name: str) -> int | None:
    """The number of a named port of the workload's containers."""
    for container in workload.containers:
        for port in container.node.get("ports").parts():
            if port.get("name").text == name:
                return port.get("containerPort").number
    return None


def _service(one: KubeObject, pods: Pods, taken: set[str]) -> Service:
    spec = one.root.get("spec")
    selector = spec.get("selector").texts
    chosen = pods.selected(one.namespace, selector)
    outside = spec.get("externalName").text if spec.get("type").text == "ExternalName" else None
    external = None
    if outside or not selector:
        external = _external(one, outside, taken)
    ports = tuple(port for node in spec.get("ports").parts() if (port := _port(node)) is not None)
    return Service(one, ports, chosen, external, spec.get("clusterIP").text == "None")


def _external(one: KubeObject, outside: str | None, taken: set[str]) -> DraftSubsystem:
    """The system outside that a Service without a selector stands for."""
    name = SubsystemId(unique_id(as_id(one.name), taken))
    taken.add(name)
    shown = outside or one.name
    why = f"the Service {one.name} " + (
        f"is another name for {outside}"
        if outside
        else "has no selector: its endpoints are outside"
    )
    component = DraftComponent(ComponentId(name), shown, "external", None)
    return DraftSubsystem(name, shown, Kind.EXTERNAL, why, (component,), tags=("service",))


def _port(node: Node) -> ServicePort | None:
    number = node.get("port").number
    if number is None:
        return None
    name = node.get("name").text or ""
    said = (node.get("appProtocol").text or name).lower().removeprefix("kubernetes.io/")
    match = _SPOKEN.fullmatch(said)
    spoken = _SAME.get(match[1], match[1]) if match else None
    if spoken is None and node.get("protocol").text == "UDP":
        spoken = "udp"
    return ServicePort(number, name, node.get("targetPort").text or str(number), spoken)


def _target(workload: Workload, port: ServicePort) -> int | None:
    """The port of the pods that a Service's port leads to."""
    return int(port.target) if port.target.isdigit() else container_port(workload, port.target)


def _component(workload: Workload, port: ServicePort | None) -> ComponentId:
    """The container that a Service's port leads to; the first one where nothing says more."""
    if port is not None:
        wanted = _target(workload, port)
        for container in workload.containers:
            numbers = {
                each.get("containerPort").number for each in container.node.get("ports").parts()
            }
            if container.is_component and wanted in numbers:
                return container.component
    return workload.main.component


def _places(host: str, namespace: str) -> list[tuple[str, str]]:
    """The (name, namespace) pairs that a host can mean, nearest first."""
    labels = host.split(".")
    if "svc" in labels[2:4]:
        labels = labels[: labels.index("svc", 2)]
        if len(labels) == 3:  # a pod of a headless Service: pod.name.namespace.svc
            labels = labels[1:]
        return [(labels[0], labels[1])]
    if len(labels) == 1:
        return [(host, namespace)]
    if len(labels) == 2:
        places = [(labels[0], labels[1])]
        if re.search(r"-\d+$", labels[0]):  # pod.name, said inside the namespace
            places.append((labels[1], namespace))
        return places
    if len(labels) == 3 and re.search(r"-\d+$", labels[0]):
        return [(labels[1], labels[2])]
    return []
