"""What a subsystem's pods ask of a cluster: how many, how much, with which names. Pure.

Used by the looks of `checkup_room.py`, `checkup_names.py` and `checkup_spaces.py`. Amounts are read
as Kubernetes reads them; what cannot be read counts as nothing asked for and is left to the
server's own dry run to refuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from migrator.importers.quantities import GIB, kubernetes_quantity
from migrator.platform.kubernetes.objects import (
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    number_at,
    objects_at,
    text_at,
)
from migrator.platform.kubernetes.subject import SCALED, Subject

CPU: Final = "cpu"
MEMORY: Final = "memory"
PODS: Final = "pods"


@dataclass(frozen=True, slots=True)
class PodsAsked:
    """The pods of one workload. `each` and `limits` are one pod's cores and bytes."""

    name: ObjectName
    count: int
    spec: KubeObject
    each: dict[str, float]
    limits: dict[str, float]


def pods_asked(subject: Subject) -> Iterator[PodsAsked]:
    """The pods that a subsystem starts; a daemon's are counted once, its nodes are not ours."""
    for found in (*subject.workloads, *_lone(subject)):
        spec = pod_spec(found)
        yield PodsAsked(
            name_of(found),
            _count(found),
            spec,
            one_pod(spec, "requests"),
            one_pod(spec, "limits"),
        )


def _lone(subject: Subject) -> Iterator[KubeObject]:
    return (each for each in subject.objects if text_at(each, "kind") == "Pod")


def pod_spec(found: KubeObject) -> KubeObject:
    """The pod inside a workload."""
    kind = text_at(found, "kind")
    if kind == "Pod":
        return map_at(found, "spec")
    if kind == "CronJob":
        return map_at(found, "spec", "jobTemplate", "spec", "template", "spec")
    return map_at(found, "spec", "template", "spec")


def _count(found: KubeObject) -> int:
    kind = text_at(found, "kind")
    if kind in SCALED:
        return number_at(found, "spec", "replicas", default=1)
    if kind == "Job":
        return number_at(found, "spec", "parallelism", default=1)
    return 1


def one_pod(spec: KubeObject, what: str) -> dict[str, float]:
    """What one pod asks for: its containers together, or the largest step of its start."""
    running = _sum(objects_at(spec, "containers"), what)
    starting: Counter[str] = Counter()
    for container in objects_at(spec, "initContainers"):
        asked = _sum([container], what)
        if text_at(container, "restartPolicy") == "Always":
            running.update(asked)  # it stays beside the others
        for key, amount in asked.items():
            starting[key] = max(starting[key], amount)
    overhead = _amounts(map_at(spec, "overhead")) if what == "requests" else {}
    return {
        key: max(running[key], starting[key]) + overhead.get(key, 0.0)
        for key in {*running, *starting, *overhead}
    }


def _sum(containers: Iterable[KubeObject], what: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for container in containers:
        resources = map_at(container, "resources")
        amounts = _amounts(map_at(resources, what))
        if what == "requests":
            # A limit without a request is a request of the same size.
            amounts = {**_amounts(map_at(resources, "limits")), **amounts}
        for key, amount in amounts.items():
            found[key] += amount  # type: ignore[assignment]  # a Counter counts amounts as well
    return found


def _amounts(found: KubeObject) -> dict[str, float]:
    read = {key: quantity(value) for key, value in found.items()}
    return {key: amount for key, amount in read.items() if amount is not None}


def quantity(value: object) -> float | None:
    """An amount as manifests and servers write it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return kubernetes_quantity(value) if isinstance(value, str) else None


def total(asked: Iterable[PodsAsked], limits: bool = False) -> dict[str, float]:  # noqa: FBT001, FBT002 - the two kinds of amount
    """What pods ask for together, with their number."""
    found: dict[str, float] = {PODS: 0.0}
    for each in asked:
        found[PODS] += each.count
        for key, amount in (each.limits if limits else each.each).items():
            found[key] = found.get(key, 0.0) + amount * each.count
    return found


def spoken(key: str, amount: float) -> str:
    """An amount for people."""
    if key.rpartition(".")[2] == MEMORY or "storage" in key:
        return f"{amount / GIB:.1f} GiB"
    if key.rpartition(".")[2] == CPU:
        return f"{amount:.2f} cores"
    return f"{amount:g}"
