"""Reads Kubernetes manifests into a Draft: workloads become subsystems, addresses become links.

Called by `cli/imports.py`. The order of reading is `read`'s body. Everything that is in a file is
used, or stands in the coverage with the reason why not; nothing is fetched, nothing is executed,
no Secret is opened. Charts and overlays are rendered before they come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.errors import InputError
from migrator.ids import ComponentId, SubsystemId
from migrator.importers.compose import ComposeReading, read_services
from migrator.importers.coverage import Collector, Ignored, Noted
from migrator.importers.draft import (
    Draft,
    DraftComponent,
    DraftManifest,
    DraftSubsystem,
    unique_id,
)
from migrator.importers.evidence import FoundLink, ProvenLink, merge
from migrator.importers.files import collect
from migrator.importers.kubernetes_directory import Directory, build_directory
from migrator.importers.kubernetes_links import Objects, links_of_workload, used_by
from migrator.importers.kubernetes_manifests import copied_manifests
from migrator.importers.kubernetes_objects import KubeObject, read_objects
from migrator.importers.kubernetes_policies import Estate, is_policy, links_of_policies
from migrator.importers.kubernetes_routes import gateways_named, is_route, links_from_outside
from migrator.importers.kubernetes_workloads import (
    Workload,
    claims_of,
    find_workloads,
    is_workload,
    subsystem_of,
)
from migrator.importers.similar import similar_names
from migrator.inventory.model import Kind

SUFFIXES: Final = (".yaml", ".yml", ".json")

_WHY_IGNORED: Final = {
    "ClusterRole": "permissions name no links; they are applied by administrators",
    "ClusterRoleBinding": "permissions name no links; they are applied by administrators",
    "CustomResourceDefinition": "a definition for the whole cluster, of no one subsystem",
    "EndpointSlice": "addresses of the moment; the Service is read",
    "Endpoints": "addresses of the moment; the Service is read",
    "Event": "what happened, not what is wanted",
    "Kustomization": "an overlay that nobody rendered: import the output of `kustomize build`",
    "Namespace": "its labels are read for NetworkPolicies; it belongs to no one subsystem",
    "Node": "a machine, not a workload",
    "PersistentVolume": "a disk of the old cluster; the claim is read",
    "Role": "permissions name no links; they are applied by administrators",
    "RoleBinding": "permissions name no links; they are applied by administrators",
    "StorageClass": "a property of the cluster",
}


def read_kubernetes(paths: Sequence[Path], compose: Sequence[Path] = (), name: str = "") -> Draft:
    """Read the manifests under `paths`; take evidence for links from Compose files, too.

    A Compose file adds links between workloads that bear its services' names, and nothing else.
    """
    collector = Collector()
    collected = collect(paths, SUFFIXES)
    for passed in collected.passed_over:
        collector.ignored.add(Ignored(passed.shown, 1, "file", passed.why))
    objects = read_objects(collected.files, collector)
    workloads = find_workloads(objects, collector)
    if not workloads:
        raise InputError(
            "import-no-workloads",
            f"no workloads in {len(collected.files)} files ({len(objects)} Kubernetes objects)",
            hint="name files with Deployments, StatefulSets, DaemonSets, CronJobs, Jobs or Pods; "
            "render a chart (`helm template`) or an overlay (`kustomize build`) first",
        )
    read = read_estate(objects, workloads, collector, compose)
    coverage = collector.freeze("kubernetes")
    return Draft(
        name or _default_name(paths), read.subsystems, read.links, read.manifests, coverage
    )


@dataclass(frozen=True, slots=True)
class ReadEstate:
    """All that objects say, before it has a name; `directory` says who answers to which Service."""

    subsystems: tuple[DraftSubsystem, ...]
    links: tuple[ProvenLink, ...]
    manifests: tuple[DraftManifest, ...]
    directory: Directory


def read_estate(
    objects: list[KubeObject],
    workloads: tuple[Workload, ...],
    collector: Collector,
    compose: Sequence[Path] = (),
) -> ReadEstate:
    """What the objects mean, wherever they came from: a folder of files or a cluster."""
    directory = build_directory(objects, workloads, collector)
    known: Objects = {(one.kind, one.namespace, one.name): one for one in objects if _built_in(one)}
    found: list[FoundLink] = []
    for workload in workloads:
        found += links_of_workload(workload, known, directory, collector)
        _name_secrets(workload, known, collector)
    outside = _outside(workloads, directory)
    found += links_from_outside(objects, directory, outside.components[0].id, collector)
    namespaces = {
        one.name: {"kubernetes.io/metadata.name": one.name, **one.labels}
        for one in objects
        if one.kind == "Namespace"
    }
    found += links_of_policies(objects, Estate(workloads, directory, namespaces), collector)
    if compose:
        found += _links_from_compose(read_services(compose, collector), directory, collector)
    subsystems = _subsystems(workloads, directory, outside, found, collector)
    links = merge(found, _technologies(workloads), _batch(subsystems))
    linked = _linked_pairs(subsystems, found)
    collector.suspected.update(similar_names(subsystems, linked))
    collector.suspected = {
        each for each in collector.suspected if frozenset((each.source, each.target)) not in linked
    }
    manifests, used = copied_manifests(objects, workloads, directory, collector)
    _account_for_the_rest(objects, used, collector)
    _note_shared_claims(workloads, collector)
    return ReadEstate(subsystems, links, manifests, directory)


def _built_in(one: KubeObject) -> bool:
    return one.group in {"", "apps", "batch", "extensions"}


def _default_name(paths: Sequence[Path]) -> str:
    """The inventory's name where nobody gives one: that of the first folder."""
    first = paths[0].resolve()
    return first.name if first.is_dir() else first.parent.name or first.stem


def _outside(workloads: Iterable[Workload], directory: Directory) -> DraftSubsystem:
    """The external subsystem at which calls from outside start."""
    taken = {each.id for each in workloads} | {each.id for each in directory.externals}
    own = unique_id("internet", taken)
    component = DraftComponent(ComponentId(own), "callers outside the cluster", "external", None)
    why = "Ingresses, gateways and load balancers let somebody outside call"
    return DraftSubsystem(
        SubsystemId(own), "callers outside the cluster", Kind.EXTERNAL, why, (component,)
    )


def _subsystems(
    workloads: tuple[Workload, ...],
    directory: Directory,
    outside: DraftSubsystem,
    found: list[FoundLink],
    collector: Collector,
) -> tuple[DraftSubsystem, ...]:
    """All subsystems by id; the outside only where something starts there."""
    subsystems = [subsystem_of(each, collector) for each in workloads] + directory.externals
    if any(one.source == outside.components[0].id for one in found):
        subsystems.append(outside)
    return tuple(sorted(subsystems, key=lambda each: each.id))


def _technologies(workloads: Iterable[Workload]) -> dict[ComponentId, str]:
    """What each store speaks."""
    return {
        container.component: container.store.protocol
        for workload in workloads
        for container in workload.containers
        if container.store is not None and container.is_component
    }


def _batch(subsystems: Iterable[DraftSubsystem]) -> frozenset[ComponentId]:
    """The components of batch subsystems: their calls may wait."""
    return frozenset(
        component.id
        for each in subsystems
        if each.kind is Kind.BATCH
        for component in each.components
    )


def _linked_pairs(
    subsystems: Iterable[DraftSubsystem], found: Iterable[FoundLink]
) -> set[frozenset[str]]:
    """The pairs of subsystems that some evidence links, in whichever direction."""
    owner = {component.id: each.id for each in subsystems for component in each.components}
    return {frozenset((owner[one.source], owner[one.target])) for one in found}


def _name_secrets(workload: Workload, objects: Objects, collector: Collector) -> None:
    """Name the Secrets that a workload uses."""
    for name in sorted(used_by(workload, "Secret")):
        one = objects.get(("Secret", workload.namespace, name))
        place = (one.file, one.line) if one else ("", 0)
        collector.secret(_secret_name(workload.namespace, name), [workload.id], *place)


def _secret_name(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def _links_from_compose(
    reading: ComposeReading, directory: Directory, collector: Collector
) -> list[FoundLink]:
    """The links of a Compose file whose two services are workloads here, with their ends here."""
    found: list[FoundLink] = []
    here = {each.name: directory.by_name(each.name) for each in reading.services}
    for service in reading.services:
        if here[service.name] is None:
            why = "no workload or Service of that name is among the Kubernetes files"
            collector.ignored.add(
                Ignored(service.file, service.line, f"Compose service {service.name}", why)
            )
    for source, target, link in reading.links:
        caller, called = here[source], here[target]
        if caller is None or called is None:
            continue
        end = directory.endpoint(called, link.port)
        found.append(
            FoundLink(
                caller.main.component,
                end.component,
                end.protocol or link.protocol,
                end.port,
                link.evidence,
            )
        )
    return found


def _account_for_the_rest(
    objects: Iterable[KubeObject], used: set[tuple[str, str, str, str]], collector: Collector
) -> None:
    """Give every object that nothing used its line in the report."""
    listed = list(objects)
    gateways = gateways_named(listed)
    for one in listed:
        if one.kind == "Secret":
            collector.secret(_secret_name(one.namespace, one.name), (), one.file, one.line)
        elif one.shown in gateways:
            collector.notes.add(
                Noted("not copied", one.shown, gateways[one.shown], one.file, one.line)
            )
        elif one.key in used or is_workload(one) or _reads(one):
            continue
        else:
            unused = "nothing among the files uses it"
            known = one.kind in {"ConfigMap", "PersistentVolumeClaim", "ServiceAccount"}
            why = _WHY_IGNORED.get(one.kind, unused if known else "this kind is not read")
            collector.ignored.add(Ignored(one.file, one.line, one.shown, why))


def _reads(one: KubeObject) -> bool:
    """Tell whether some reader had a look at the object and keeps its own account of it."""
    return is_route(one) or is_policy(one)


def _note_shared_claims(workloads: Iterable[Workload], collector: Collector) -> None:
    """Name the claims that several workloads mount: shared data binds, and people must say how."""
    users: dict[tuple[str, str], list[Workload]] = {}
    for workload in workloads:
        for claim in dict.fromkeys(claims_of(workload)):
            users.setdefault((workload.namespace, claim), []).append(workload)
    for (_, claim), shared in sorted(users.items()):
        if len(shared) > 1:
            names = ", ".join(each.id for each in shared)
            said = f"{names} share the claim {claim}: consider a `with` relation in relations.yaml"
            first = shared[0].object
            collector.notes.add(Noted("shared data", claim, said, first.file, first.line))
