"""Which manifests go along with which subsystem, as they were written.

Called by `kubernetes.py`. What a workload needs to run on the target is copied to it: itself, its
Services, ConfigMaps, claims, account, scaler, budget, policy and routes. A Secret is never copied.
An object that several subsystems need is copied to each and named in the report, because the
first to move brings it and the last to move may take it away. Routes to several subsystems are
not copied: they move the day the last of them does, and that is a decision.
"""

from __future__ import annotations

from collections.abc import Iterable

from migrator.ids import SubsystemId
from migrator.importers.coverage import Collector, Noted
from migrator.importers.draft import DraftManifest, as_id, unique_id
from migrator.importers.kubernetes_directory import Directory
from migrator.importers.kubernetes_links import used_by
from migrator.importers.kubernetes_objects import KubeObject
from migrator.importers.kubernetes_routes import is_route
from migrator.importers.kubernetes_workloads import Workload, claims_of
from migrator.importers.nodes import Node

Key = tuple[str, str, str, str]


def copied_manifests(
    objects: Iterable[KubeObject],
    workloads: tuple[Workload, ...],
    directory: Directory,
    collector: Collector,
) -> tuple[tuple[DraftManifest, ...], set[Key]]:
    """The manifests to copy, and the keys of the objects that found a subsystem."""
    manifests: list[DraftManifest] = []
    used: set[Key] = set()
    names: dict[SubsystemId, set[str]] = {}
    spaces: dict[SubsystemId, str] = {}
    named = _named_by(workloads)
    for one in sorted(objects, key=lambda each: each.key):
        owners = [] if one.kind == "Secret" else _owners(one, named, workloads, directory)
        if not owners:
            continue
        used.add(one.key)
        shown = ", ".join(each.id for each in owners)
        if len(owners) > 1 and is_route(one) and one.kind != "Service":
            said = f"it leads to {shown}; it is not copied to any of them"
            collector.notes.add(Noted("not copied", one.shown, said, one.file, one.line))
            continue
        if len(owners) > 1:
            said = f"{shown} need it; it is copied to each"
            collector.notes.add(Noted("shared object", one.shown, said, one.file, one.line))
        for owner in owners:
            taken = names.setdefault(owner.id, set())
            name = unique_id(as_id(f"{one.kind}-{one.name}"), taken)
            taken.add(name)
            manifests.append(DraftManifest(owner.id, f"{name}.yaml", one.text))
            if one.root.get("metadata", "namespace").text not in {None, owner.id}:
                spaces[owner.id] = one.namespace
    # A subsystem's namespace is called like the subsystem, unless its cutover file says otherwise.
    manifests += [
        DraftManifest(subsystem, "cutover.yaml", f"namespace: {namespace}\n")
        for subsystem, namespace in sorted(spaces.items())
    ]
    return tuple(manifests), used


Named = tuple[str, str, str]
"""Kind, namespace and name: how a workload names what it needs."""


def _named_by(workloads: Iterable[Workload]) -> dict[Named, list[Workload]]:
    """What each workload names in its own manifest, itself included."""
    named: dict[Named, list[Workload]] = {}
    for each in workloads:
        wanted = {(each.object.kind, each.object.name)}
        wanted |= {("ConfigMap", name) for name in used_by(each, "ConfigMap")}
        wanted |= {("PersistentVolumeClaim", name) for name in claims_of(each)}
        account = each.spec.get("serviceAccountName").text
        if account:
            wanted.add(("ServiceAccount", account))
        for kind, name in wanted:
            named.setdefault((kind, each.namespace, name), []).append(each)
    return named


def _owners(
    one: KubeObject,
    named: dict[Named, list[Workload]],
    workloads: tuple[Workload, ...],
    directory: Directory,
) -> list[Workload]:
    """The workloads that need the object."""
    spec = one.root.get("spec")
    if one.kind == "Service" and not one.group:
        return list(directory.services[one.namespace, one.name].workloads)
    if one.kind == "HorizontalPodAutoscaler":
        target = spec.get("scaleTargetRef")
        kind, name = target.get("kind").text or "", target.get("name").text or ""
        return named.get((kind, one.namespace, name), [])
    if one.kind in {"PodDisruptionBudget", "NetworkPolicy"}:
        selector = spec.get("selector" if one.kind == "PodDisruptionBudget" else "podSelector")
        return list(directory.pods.selected(one.namespace, selector.get("matchLabels").texts))
    if is_route(one):
        reached = {
            end.subsystem
            for host in _hosts(one)
            if (answer := directory.find(host, None, one.namespace)) is not None
            for end in answer.endpoints
        }
        return [each for each in workloads if each.id in reached]
    return named.get((one.kind, one.namespace, one.name), [])


def _hosts(one: KubeObject) -> set[str]:
    """The Services that a route leads to."""
    hosts: set[str] = set()
    stack = [one.root.get("spec")]
    while stack:
        node = stack.pop()
        for key, inner in node.entries():
            if key in {"backend", "defaultBackend", "destination"}:
                hosts |= _named(inner)
            stack.append(inner)
        for inner in node.parts():
            if node.path[-1] == "backendRefs":
                hosts |= {inner.get("name").text or ""}
            stack.append(inner)
    return hosts - {""}


def _named(node: Node) -> set[str]:
    """The Service that a backend or destination names, in any of their spellings."""
    paths = (("service", "name"), ("serviceName",), ("host",))
    return {text for path in paths if (text := node.get(*path).text)}
