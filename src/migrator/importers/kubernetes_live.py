"""Reads the raw objects of a live cluster into a Draft, through the importer of manifests.

Called by `cli/imports_live.py`, which fetched the objects; nothing here knows a cluster. What the
server added to an object (versions, addresses that it gave out, marks of tools) is taken off, so
that the same cluster gives the same inventory and the copied manifests can be applied elsewhere.
Slices of a Service without a selector say where outside the Service leads: they become evidence of
every link to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import InputError
from migrator.importers.coverage import Collector, Noted
from migrator.importers.draft import Draft, DraftSubsystem
from migrator.importers.evidence import Evidence, EvidenceKind, ProvenLink
from migrator.importers.kubernetes import ReadEstate, read_estate
from migrator.importers.kubernetes_objects import DEFAULT_NAMESPACE, KubeObject
from migrator.importers.kubernetes_workloads import find_workloads
from migrator.importers.nodes import Node, NoLines
from migrator.inventory.yaml_text import Plain

OF_SERVICE: Final = "kubernetes.io/service-name"
"""The label by which a slice says whose it is."""

_SERVERS_OWN: Final = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation",
    "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
)  # fmt: skip
_MARKS: Final = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
)
"""Annotations that tools and controllers leave; the first may hold a Secret's copy."""

_GIVEN_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort"),
    "PersistentVolumeClaim": ("volumeName",),
    "Pod": ("nodeName",),
}
"""What this cluster gave to an object and another one will give anew."""

_MADE_EVERYWHERE: Final = frozenset(
    (("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"))
)


@dataclass(frozen=True, slots=True)
class Source:
    """The cluster by the name of its context, and what of it could not be read."""

    context: str
    forbidden: tuple[tuple[str, str], ...] = ()
    stale_groups: tuple[str, ...] = ()


def read_live(raw: Iterable[dict[str, Plain]], source: Source, name: str = "") -> Draft:
    """The inventory of what runs in the cluster."""
    collector = Collector()
    objects = [_object(each, source) for each in raw if not _is_made_everywhere(each)]
    for one in objects:
        collector.saw(one.file, one.kind)
    workloads = find_workloads(objects, collector)
    if not workloads:
        raise InputError(
            "import-no-workloads",
            f"no workloads among the {len(objects)} objects that {source.context} shows us",
            hint="name the namespaces with --namespace, or ask for the right to list workloads",
        )
    for right, namespace in source.forbidden:
        said = f"we may not list {right}{f' in {namespace}' if namespace else ''}: none were read"
        collector.notes.add(Noted("not allowed", right, said, source.context, 1))
    for group in source.stale_groups:
        said = "the server had no answer about this group: none of its kinds were read"
        collector.notes.add(Noted("not answering", group, said, source.context, 1))
    slices = [one for one in objects if one.kind == "EndpointSlice"]
    read = read_estate([one for one in objects if one not in slices], workloads, collector)
    subsystems, links = _outside(read, slices, collector)
    coverage = collector.freeze("kubernetes-live")
    return Draft(name or source.context, subsystems, links, read.manifests, coverage)


def _is_made_everywhere(raw: Mapping[str, Plain]) -> bool:
    """Tell whether every namespace of every cluster has this object by itself."""
    metadata = raw.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return (raw.get("kind"), name) in _MADE_EVERYWHERE


def _object(raw: Mapping[str, Plain], source: Source) -> KubeObject:
    """A raw object as the importer of manifests knows it."""
    value = _cleaned(raw)
    root = Node("", NoLines(), value)
    group, _, _ = (root.get("apiVersion").text or "").rpartition("/")
    kind = root.get("kind").text or ""
    name = root.get("metadata", "name").text or ""
    namespace = root.get("metadata", "namespace").text or DEFAULT_NAMESPACE
    place = f"{source.context}/{namespace}/{kind}/{name}"
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    return KubeObject(
        group,
        kind,
        namespace,
        name,
        Node(place, NoLines(), value),
        "" if kind == "Secret" else text,
    )


def _cleaned(raw: Mapping[str, Plain]) -> dict[str, Plain]:
    """The object without what this server and its controllers added."""
    value = {key: each for key, each in raw.items() if key != "status"}
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        kept = {key: each for key, each in metadata.items() if key not in _SERVERS_OWN}
        annotations = kept.get("annotations")
        if isinstance(annotations, dict):
            own = {key: each for key, each in annotations.items() if key not in _MARKS}
            kept["annotations"] = own
            if not own:
                del kept["annotations"]
        value["metadata"] = kept
    kind, spec = value.get("kind"), value.get("spec")
    if isinstance(spec, dict) and isinstance(kind, str):
        headless = spec.get("clusterIP") == "None"
        gone = set(_GIVEN_OUT.get(kind, ()))
        gone -= {"clusterIP"} if headless else set()
        value["spec"] = {key: each for key, each in spec.items() if key not in gone}
    return value


def _outside(
    read: ReadEstate, slices: Sequence[KubeObject], collector: Collector
) -> tuple[tuple[DraftSubsystem, ...], tuple[ProvenLink, ...]]:
    """The subsystems and links with what the slices of Services without a selector say."""
    addresses: dict[str, list[str]] = {}
    evidence: dict[str, list[Evidence]] = {}
    for one in slices:
        service = one.labels.get(OF_SERVICE, "")
        known = read.directory.services.get((one.namespace, service))
        named = _addresses(one)
        if known is not None and known.external is None:
            continue  # its pods, at the addresses of the moment
        if known is None or known.external is None:
            said = f"it leads to {', '.join(named) or 'nowhere'} and belongs to no Service"
            collector.notes.add(Noted("leads outside", one.shown, said, one.file, 1))
            continue
        what = f"the Service {service} leads to {', '.join(named) or 'nowhere'}"
        addresses.setdefault(known.external.id, []).extend(named)
        proof = Evidence(one.file, 1, "endpoints", what, EvidenceKind.ENDPOINT_SLICE)
        evidence.setdefault(known.external.components[0].id, []).append(proof)
    called = {link.target for link in read.links}
    for end, proofs in evidence.items():
        if end not in called:
            said = f"{proofs[0].what}; nothing that was read calls it"
            collector.notes.add(Noted("leads outside", end, said, proofs[0].file, 1))
    subsystems = tuple(_addressed(each, addresses.get(each.id, [])) for each in read.subsystems)
    links = tuple(
        replace(link, evidence=tuple(sorted({*link.evidence, *more}, key=lambda e: e.order)))
        if (more := evidence.get(link.target))
        else link
        for link in read.links
    )
    return subsystems, links


def _addressed(subsystem: DraftSubsystem, addresses: Sequence[str]) -> DraftSubsystem:
    """The system outside, tagged with the addresses at which it answers."""
    tags = tuple(f"address:{each}" for each in sorted(set(addresses)))
    return replace(subsystem, tags=(*subsystem.tags, *tags)) if tags else subsystem


def _addresses(one: KubeObject) -> list[str]:
    """Every address of a slice, with each of its ports."""
    ports = [port.get("port").number for port in one.root.get("ports").parts()] or [None]
    hosts = [
        each.text
        for endpoint in one.root.get("endpoints").parts()
        for each in endpoint.get("addresses").parts()
        if each.text
    ]
    shown = [f"[{host}]" if ":" in host else host for host in hosts]
    return sorted(host if port is None else f"{host}:{port}" for host in shown for port in ports)
