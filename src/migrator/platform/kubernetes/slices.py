"""EndpointSlices as kube-proxy reads them, and the one that migrator owns. Pure.

Strategy A of the cutover: the front Service has no selector, and one EndpointSlice of ours says
where its traffic goes. The shadow Service `NAME-pods` carries the selector, so that the cluster's
own controller keeps the ready pod addresses for us to copy. What a data plane takes for a Service
is the union of all slices that carry its name, grouped by port name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, objects_at, text_at

MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME: Final = "kubernetes.io/service-name"
OURS: Final = "migrator"

SIDE: Final = "migrator/side"
TOKEN: Final = "migrator/token"  # noqa: S105 - names the act that wrote last; it is no secret
EPOCH: Final = "migrator/epoch"

OLD: Final = "old"
NEW: Final = "new"

ENDPOINTS_MAX: Final = 1_000
"""What one EndpointSlice may hold (discovery.k8s.io/v1); one write needs one slice."""

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a Service: its name is what joins it with the ports of a slice."""

    name: str
    number: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Backend:
    """Where one side is reached: addresses, and the port number behind each port of the Service."""

    side: str
    addresses: tuple[str, ...]
    ports: tuple[Port, ...]

    def __post_init__(self) -> None:
        """A side without an address would be a gap in the traffic, so it is no backend."""
        assert self.addresses, f"the {self.side} side has no address"
        assert len(self.addresses) <= ENDPOINTS_MAX, "more than one slice needs more than one write"


@dataclass(frozen=True, slots=True)
class Mark:
    """Which act wrote an object, and in which epoch.

    A token is `run.act`: epochs are counted by each run for itself, so they are compared only
    between marks of the same run.
    """

    token: str
    epoch: int

    @property
    def run(self) -> str:
        """The run's own word in the token; empty where the token has none."""
        return self.token.rpartition(".")[0]

    def is_after(self, other: Mark) -> bool:
        """Tell whether this is the mark of a process that followed the other one."""
        return self.run == other.run and self.epoch > other.epoch


def owned_name(service: str) -> str:
    """The name of the slice that migrator owns for a front Service."""
    return f"{service}-migrator"


def shadow_name(service: str) -> str:
    """The name of the Service that carries the selector."""
    return f"{service}-pods"


def front_of(service: KubeObject) -> KubeObject:
    """A team's Service without what moves its traffic: the selector is ours until it is final."""
    kept = {key: value for key, value in map_at(service, "spec").items() if key != "selector"}
    return {**service, "spec": kept}


def shadow_of(service: KubeObject) -> KubeObject:
    """The headless Service that keeps the ready pod addresses; nobody calls it."""
    spec = map_at(service, "spec")
    meta = map_at(service, "metadata")
    # A port of the nodes is the front's own; a headless Service that names one is refused.
    ports: list[Plain] = [
        {key: value for key, value in port.items() if key != "nodePort"}
        for port in objects_at(spec, "ports")
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": shadow_name(text_at(meta, "name")),
            "namespace": text_at(meta, "namespace"),
            "labels": {"app.kubernetes.io/managed-by": OURS},
        },
        "spec": {
            "clusterIP": "None",
            "selector": map_at(spec, "selector"),
            "ports": ports,
        },
    }


def owned_slice(namespace: str, service: str, backend: Backend, mark: Mark) -> KubeObject:
    """The slice that makes a Service's traffic go to one side. Addresses are in a fixed order."""
    family = "IPv6" if ":" in backend.addresses[0] else "IPv4"
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": owned_name(service),
            "namespace": namespace,
            "labels": {SERVICE_NAME: service, MANAGED_BY: OURS},
            "annotations": {SIDE: backend.side, TOKEN: mark.token, EPOCH: str(mark.epoch)},
        },
        "addressType": family,
        "endpoints": [
            {"addresses": [address], "conditions": {"ready": True}}
            for address in sorted(backend.addresses)
        ],
        "ports": [
            {"name": port.name, "port": port.number, "protocol": port.protocol}
            for port in backend.ports
        ],
    }


def refused(found: KubeObject, mark: Mark) -> KubeObject:
    """A slice of ours with the same endpoints, none of which takes anybody in."""
    meta = map_at(found, "metadata")
    notes: KubeObject = {**map_at(meta, "annotations"), TOKEN: mark.token, EPOCH: str(mark.epoch)}
    closed: list[Plain] = [
        {**endpoint, "conditions": {"ready": False, "serving": False}}
        for endpoint in objects_at(found, "endpoints")
    ]
    return {**found, "metadata": {**meta, "annotations": notes}, "endpoints": closed}


def is_refused(found: KubeObject) -> bool:
    """Tell whether a slice of ours lets nobody in. We write none such but for a fence."""
    return not ready_addresses((found,))


def mark_of(found: KubeObject) -> Mark:
    """Which act wrote a slice last; an empty token where none of ours did."""
    notes = map_at(found, "metadata", "annotations")
    epoch = text_at(notes, EPOCH)
    return Mark(text_at(notes, TOKEN), int(epoch) if epoch.isdigit() else 0)


def side_of(found: KubeObject) -> str:
    """The side that a slice of ours points to; empty for any other slice."""
    return text_at(map_at(found, "metadata", "annotations"), SIDE)


def is_ours(found: KubeObject) -> bool:
    """Tell whether migrator owns a slice."""
    return text_at(map_at(found, "metadata", "labels"), MANAGED_BY) == OURS


def union(slices: Iterable[KubeObject], ports: Iterable[Port]) -> Mapping[str, frozenset[Address]]:
    """What a data plane takes for a Service: by port name, every ready address once.

    A slice port whose name no port of the Service has is silently useless, as in kube-proxy.
    """
    known = {port.name for port in ports}
    found: dict[str, set[Address]] = {name: set() for name in known}
    for each in slices:
        addresses = ready_addresses((each,))
        for port in objects_at(each, "ports"):
            name, number = text_at(port, "name"), at(port, "port")
            if name in known and isinstance(number, int):
                found[name] |= {(address, number) for address in addresses}
    return {name: frozenset(addresses) for name, addresses in found.items()}


def ready_addresses(slices: Iterable[KubeObject]) -> tuple[str, ...]:
    """The addresses that may get work: ready (or of unknown readiness) and not terminating."""
    found: set[str] = set()
    for each in slices:
        for endpoint in objects_at(each, "endpoints"):
            if at(endpoint, "conditions", "ready") is False:
                continue
            if at(endpoint, "conditions", "terminating") is True:
                continue
            addresses = at(endpoint, "addresses")
            if isinstance(addresses, list):
                found |= {address for address in addresses if isinstance(address, str)}
    return tuple(sorted(found))


def pods_backend(shadow: Iterable[KubeObject]) -> Backend | None:
    """The new side, as the shadow Service's slices name it; None while no pod of it is ready."""
    slices = tuple(shadow)
    addresses = ready_addresses(slices)
    ports = {
        text_at(port, "name"): Port(
            text_at(port, "name"), number, text_at(port, "protocol") or "TCP"
        )
        for each in slices
        for port in objects_at(each, "ports")
        if isinstance(number := at(port, "port"), int)
    }
    if not addresses or not ports:
        return None
    return Backend(NEW, addresses, tuple(ports[name] for name in sorted(ports)))
