"""The Services whose traffic moves, as `cutover.yaml` and the manifests say it together. Pure.

Called by `manifests.py`. A front must be something that one write can move: a Service with a
selector and an address of its own, whose every port is also served on the old side, there at the
same addresses. What cannot be told apart or moved at once is refused here, long before the night.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from migrator.errors import Fault
from migrator.inventory.door import Placed, did_you_mean
from migrator.platform.kubernetes.cutover_file import FrontRow, IdentityRow
from migrator.platform.kubernetes.manifest_checks import template_labels
from migrator.platform.kubernetes.manifest_files import Finding, Manifest
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    number_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.slices import OLD, Backend, Port
from migrator.platform.kubernetes.subject import WORKLOADS, Fronting, Identity
from migrator.platform.kubernetes.traffic import Front


def frontings(
    rows: Iterable[Placed[FrontRow]], manifests: Iterable[Manifest], namespace: str
) -> tuple[tuple[Fronting, ...], list[Fault], list[Finding]]:
    """The fronts that hold together, and what is wrong with the others."""
    listed = list(manifests)
    services = {m.name.name: m for m in listed if (m.group, m.name.kind) == ("", "Service")}
    fronts: list[Fronting] = []
    faults: list[Fault] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for placed in rows:
        name = placed.row.service
        service = services.get(name)
        if name in seen:
            faults.append(placed.fault(f"the front '{name}' stands twice", "service"))
        elif service is None:
            close = did_you_mean(name, services)
            message = f"no Service '{name}' is in the manifests{close}"
            faults.append(placed.fault(message, "service"))
        else:
            wrong = [
                *_service_faults(service),
                *_old_faults(placed, service),
                *_identity_faults(placed, service),
            ]
            faults += wrong
            findings += _findings(service, listed)
            if not wrong and placed.whole:
                fronts.append(_fronting(placed.row, service, namespace))
        seen.add(name)
    return tuple(fronts), faults, findings


def ports_of(service: KubeObject) -> tuple[Port, ...]:
    """The ports of a Service that are written as such."""
    return tuple(
        Port(text_at(port, "name"), number_at(port, "port"), text_at(port, "protocol") or "TCP")
        for port in objects_at(service, "spec", "ports")
    )


def _service_faults(service: Manifest) -> Iterator[Fault]:
    spec = ("spec",)
    written = service.object
    if text_at(written, "spec", "type") == "ExternalName":
        message = "an ExternalName is a DNS answer that callers keep; a front needs an address"
        yield service.fault(message, *spec, "type")
        return
    if text_at(written, "spec", "clusterIP") == "None":
        message = "a headless Service is a DNS answer that callers keep; a front needs an address"
        yield service.fault(message, *spec, "clusterIP")
    if not texts_at(written, "spec", "selector"):
        message = "a front needs its selector: it tells which pods are the new side"
        yield service.fault(message, *spec, "selector")
    ports = ports_of(written)
    if not ports:
        yield service.fault("a front needs ports", *spec, "ports")
    names = [port.name for port in ports]
    for number, port in enumerate(ports):
        inside = (*spec, "ports", number)
        if not 1 <= port.number <= 65535:
            yield service.fault("wants a port from 1 to 65535", *inside, "port")
        if port.name in names[:number]:
            called = f"the port '{port.name}' stands twice" if port.name else "has no name"
            yield service.fault(f"{called}; several ports are told apart by names", *inside)


def _old_faults(placed: Placed[FrontRow], service: Manifest) -> Iterator[Fault]:
    ports = {port.name for port in ports_of(service.object)}
    rows = placed.row.old
    given = [row.port for row in rows]
    for number, row in enumerate(rows):
        if row.port not in ports:
            message = f"{_port(row.port)} is none of the Service's{did_you_mean(row.port, ports)}"
            yield placed.fault(message, "old", number, *(["port"] if row.port else []))
        elif row.port in given[:number]:
            yield placed.fault(f"{_port(row.port)} stands twice", "old", number)
        if len(set(row.addresses)) < len(row.addresses):
            yield placed.fault("an address stands twice", "old", number, "addresses")
        # One write is one slice, and a slice gives every port the same addresses.
        if set(row.addresses) != set(rows[0].addresses):
            message = "all ports of a front need the same addresses: one write moves them all"
            yield placed.fault(message, "old", number, "addresses")
    for name in sorted(ports - set(given)):
        message = f"{_port(name)} of the Service is not served on the old side; add it"
        yield placed.fault(message, "old")
    families = {_family(address) for row in rows for address in row.addresses}
    if len(families) > 1:
        yield placed.fault("IPv4 and IPv6 in one front: one write holds one of them", "old")
    spoken = at(service.object, "spec", "ipFamilies")
    if isinstance(spoken, list) and spoken and len(families) == 1 and not families & {*spoken}:
        message = f"the Service speaks {', '.join(map(str, spoken))}, and the old side another"
        yield placed.fault(message, "old")


def _family(address: str) -> str:
    return f"IPv{ipaddress.ip_address(address).version}"


def _port(name: str) -> str:
    return f"the port '{name}'" if name else "a port without a name"


def _identity_faults(placed: Placed[FrontRow], service: Manifest) -> Iterator[Fault]:
    row = placed.row.identity
    if row is None:
        return
    ports = {port.name: port for port in ports_of(service.object)}
    name = _identity_port(row, ports)
    if name is None:
        message = f"the Service has {len(ports)} ports; say which one is asked"
        yield placed.fault(message, "identity")
    elif name not in ports:
        message = f"{_port(name)} is none of the Service's{did_you_mean(name, ports)}"
        yield placed.fault(message, "identity", *(["port"] if name else []))
    elif ports[name].protocol != "TCP":
        message = f"{_port(name)} speaks {ports[name].protocol}; only TCP can be asked"
        yield placed.fault(message, "identity", "port")
    if not row.old and not row.new:
        yield placed.fault("gives neither 'old' nor 'new': no answer tells the sides", "identity")
    elif row.old and row.new and (row.old in row.new or row.new in row.old):
        message = "one text is part of the other, so one side's answer holds both"
        yield placed.fault(message, "identity", "new")


def _identity_port(row: IdentityRow, ports: Mapping[str, Port]) -> str | None:
    """The port that is asked: the one named, or the only one; None where nobody can tell."""
    if row.port is not None:
        return row.port
    return next(iter(ports)) if len(ports) == 1 else None


def _findings(service: Manifest, manifests: list[Manifest]) -> Iterator[Finding]:
    selector = texts_at(service.object, "spec", "selector")
    chosen = any(
        selector.items() <= template_labels(m.object).items()
        for m in manifests
        if m.name.kind in WORKLOADS
    )
    if selector and not chosen:
        message = "chooses no pods of these manifests; the new side would stay empty"
        yield service.finding("front-without-pods", message, "spec", "selector")
    if text_at(service.object, "spec", "sessionAffinity") == "ClientIP":
        message = "keeps callers where they were for its timeout, also after the switch"
        yield service.finding("front-affinity", message, "spec", "sessionAffinity")


def _fronting(row: FrontRow, service: Manifest, namespace: str) -> Fronting:
    ports = ports_of(service.object)
    protocols = {port.name: port.protocol for port in ports}
    old = Backend(
        OLD,
        (*row.old[0].addresses,),
        tuple(Port(each.port, each.number, protocols[each.port]) for each in row.old),
    )
    identity = Identity(port=ports[0].name if len(ports) == 1 else "")
    if row.identity is not None:
        asked = _identity_port(row.identity, {port.name: port for port in ports})
        assert asked is not None, "an identity without a port is a fault"
        identity = Identity(asked, row.identity.path, row.identity.old, row.identity.new)
    return Fronting(Front(namespace, row.service), old, ports, identity)
