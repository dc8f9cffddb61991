"""Kubernetes workloads into subsystems: ids, kind with its reason, containers, what they request.

Called by `kubernetes.py`; the directory and the link readers build on the Workload made here.
A StatefulSet, a claim, or the image of a known store makes a subsystem stateful: to take a store
for stateless would lose data, so the careful answer wins, and the reason is written beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.coverage import Collector, Ignored, Noted
from migrator.importers.draft import DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.importers.kubernetes_objects import KubeObject
from migrator.importers.nodes import Node
from migrator.importers.quantities import GIB, kubernetes_quantity
from migrator.importers.stores import (
    Store,
    is_gateway,
    store_of_command,
    store_of_health_check,
    store_of_image,
)
from migrator.inventory.model import Kind

POD_SPEC: Final[Mapping[str, tuple[str, ...]]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""The kinds that are workloads, and where in them the pod's template stands."""

_BUILT_IN: Final = frozenset(("", "apps", "batch", "extensions"))


@dataclass(frozen=True, slots=True)
class Container:
    """A container. An init container is no component: what it names, its pod's first one calls."""

    component: ComponentId
    node: Node
    store: Store | None
    is_component: bool

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return self.node.get("name").text or "main"

    @property
    def image(self) -> str:
        """Its image; empty where none is written."""
        return self.node.get("image").text or ""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload: it becomes one subsystem."""

    id: SubsystemId
    object: KubeObject
    pod: Node
    containers: tuple[Container, ...]
    labels: dict[str, str]  # those that its pods carry

    @property
    def namespace(self) -> str:
        """Where it runs."""
        return self.object.namespace

    @property
    def spec(self) -> Node:
        """The pod's spec."""
        return self.pod.get("spec")

    @property
    def main(self) -> Container:
        """The first container that stays."""
        return next(each for each in self.containers if each.is_component)


def is_workload(one: KubeObject) -> bool:
    """Tell whether the object runs containers in a way that this importer knows."""
    return one.kind in POD_SPEC and one.group in _BUILT_IN


def find_workloads(objects: Iterable[KubeObject], collector: Collector) -> tuple[Workload, ...]:
    """The workloads among the objects, sorted by their subsystem's id."""
    wanted: list[KubeObject] = []
    for one in objects:
        if not is_workload(one):
            continue
        if one.root.get("metadata", "ownerReferences").value:
            why = "it was made by its owner, which is read instead"
        elif not list(one.root.get(*POD_SPEC[one.kind], "spec", "containers").parts()):
            why = "it has no containers"
        else:
            wanted.append(one)
            continue
        collector.ignored.add(Ignored(one.file, one.line, one.shown, why))
    ids = _subsystem_ids(wanted)
    taken: set[str] = set()
    workloads = []
    for one in sorted(wanted, key=lambda each: ids[each.key]):
        pod = one.root.get(*POD_SPEC[one.kind])
        containers = _containers(pod, ids[one.key], taken)
        labels = pod.get("metadata", "labels").texts
        workloads.append(Workload(ids[one.key], one, pod, containers, labels))
    return tuple(workloads)


def subsystem_of(workload: Workload, collector: Collector) -> DraftSubsystem:
    """The subsystem that a workload becomes."""
    kind, why = _kind(workload)
    replicas = _replicas(workload, collector)
    stay = [each for each in workload.containers if each.is_component]
    requests = [_requests(each.node) for each in stay]
    cpu = [cores for cores, _ in requests if cores is not None]
    memory = [size for _, size in requests if size is not None]
    copy = _claimed(workload, replicas)
    return DraftSubsystem(
        id=workload.id,
        name=workload.object.name,
        kind=kind,
        why=why,
        components=tuple(_component(each, kind) for each in stay),
        cpu=round(sum(cpu) * replicas, 3) if cpu else None,
        memory_gib=round(sum(memory) * replicas / GIB, 4) if memory else None,
        copy_gib=round(copy / GIB, 4) if copy else None,
        tags=tuple(sorted({as_id(workload.object.kind), f"namespace.{as_id(workload.namespace)}"})),
    )


def claims_of(workload: Workload) -> list[str]:
    """The names of the claims that its pods mount and share."""
    names = (
        volume.get("persistentVolumeClaim", "claimName").text
        for volume in workload.spec.get("volumes").parts()
    )
    return [name for name in names if name]


def _subsystem_ids(objects: list[KubeObject]) -> dict[tuple[str, str, str, str], SubsystemId]:
    """An id for each: its name, with namespace and kind before it where the name is not alone."""
    short = Counter(as_id(one.name) for one in objects)
    placed = Counter(as_id(f"{one.namespace}.{one.name}") for one in objects)
    ids: dict[tuple[str, str, str, str], SubsystemId] = {}
    taken: set[str] = set()
    for one in sorted(objects, key=lambda each: (each.namespace, each.name, each.kind)):
        wanted = as_id(one.name)
        if short[wanted] > 1:
            wanted = as_id(f"{one.namespace}.{one.name}")
        if placed[as_id(f"{one.namespace}.{one.name}")] > 1:
            wanted = as_id(f"{wanted}.{one.kind}")
        ids[one.key] = SubsystemId(unique_id(wanted, taken))
        taken.add(ids[one.key])
    return ids


def _containers(pod: Node, subsystem: SubsystemId, taken: set[str]) -> tuple[Container, ...]:
    """The pod's containers, those that stay first."""
    spec = pod.get("spec")
    init = list(spec.get("initContainers").parts())
    # Since 1.29 an init container that always restarts is a sidecar, and stays.
    sidecars = [node for node in init if node.get("restartPolicy").text == "Always"]
    passing = [node for node in init if node.get("restartPolicy").text != "Always"]
    found: list[Container] = []
    for node in [*spec.get("containers").parts(), *sidecars]:
        wanted = as_id(f"{subsystem}.{node.get('name').text or 'main'}")
        component = ComponentId(unique_id(wanted, taken))
        taken.add(component)
        found.append(Container(component, node, _store(node), is_component=True))
    found += [Container(found[0].component, node, None, is_component=False) for node in passing]
    return tuple(found)


def _store(node: Node) -> Store | None:
    """The store that a container is, by image, program or its own health check."""
    words = [word.text or "" for key in ("command", "args") for word in node.get(key).parts()]
    checks = [
        word.text or ""
        for probe in ("readinessProbe", "livenessProbe", "startupProbe")
        for word in node.get(probe, "exec", "command").parts()
    ]
    image = node.get("image").text or ""
    return store_of_image(image) or store_of_command(words) or store_of_health_check(checks)


def _kind(workload: Workload) -> tuple[Kind, str]:
    """The kind of subsystem, and what it was concluded from."""
    kind = workload.object.kind
    if kind in {"CronJob", "Job"}:
        return Kind.BATCH, f"it is a {kind}"
    if kind == "StatefulSet":
        return Kind.STATEFUL, "it is a StatefulSet"
    claims = claims_of(workload)
    if claims:
        return Kind.STATEFUL, f"it mounts the claim {claims[0]}"
    if any(volume.get("ephemeral").exists for volume in workload.spec.get("volumes").parts()):
        return Kind.STATELESS, "its claims are ephemeral"
    for each in workload.containers:
        if each.store is not None and each.store.durable:
            return Kind.STATEFUL, f"the image {each.image} is a known store; no claim says so"
    return Kind.STATELESS, f"a {kind} without a claim and without a known store's image"


def _component(container: Container, kind: Kind) -> DraftComponent:
    """A container as a component."""
    if container.store is not None:
        role, technology = container.store.role, container.store.technology
    elif kind is Kind.BATCH:
        role, technology = "batch", None
    elif is_gateway(container.image):
        role, technology = "gateway", None
    else:
        role, technology = "process", None
    return DraftComponent(container.component, container.name, role, technology)


def _replicas(workload: Workload, collector: Collector) -> int:
    """How many pods run at once, as far as the manifest says."""
    one = workload.object
    spec = one.root.get("spec")
    if one.kind == "DaemonSet":
        said = "one pod per node; its requests are counted once, because the nodes are not known"
        collector.notes.add(Noted("replicas", workload.id, said, one.file, one.line))
        return 1
    if one.kind == "CronJob":
        spec = spec.get("jobTemplate", "spec")
    count = spec.get("parallelism" if one.kind in {"Job", "CronJob"} else "replicas").number
    if count == 0:
        said = "scaled to 0: it is counted with one pod, because it may be wanted later"
        collector.notes.add(Noted("replicas", workload.id, said, one.file, one.line))
    return count or 1


def _requests(node: Node) -> tuple[float | None, float | None]:
    """Cores and bytes that a container requests; a limit alone is the request, too."""
    resources = node.get("resources")
    amounts = []
    for name in ("cpu", "memory"):
        written = resources.get("requests", name).text or resources.get("limits", name).text
        amounts.append(kubernetes_quantity(written))
    return amounts[0], amounts[1]


def _claimed(workload: Workload, replicas: int) -> float:
    """The bytes that the workload's own claim templates ask for: the most that is to be copied."""
    sizes = (
        kubernetes_quantity(claim.get("spec", "resources", "requests", "storage").text) or 0.0
        for claim in workload.object.root.get("spec", "volumeClaimTemplates").parts()
    )
    return sum(sizes) * replicas
