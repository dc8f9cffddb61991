"""In which order objects are written and deleted, and how a workload is applied asleep. Pure.

Used by `applying.py` and `restoring.py`. What defines others comes first (namespaces, custom
resource definitions, cluster roles) and what can refuse every later write comes last (webhooks).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from migrator.platform.kubernetes.objects import (
    KubeObject,
    map_at,
    name_of,
    objects_at,
    text_at,
)
from migrator.platform.kubernetes.subject import SCALED

DEFINES: Final = ("Namespace", "CustomResourceDefinition", "ClusterRole")
LAST: Final = (
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)

ASLEEP: Final = "migrator/asleep"
"""A node label that no node has."""

_REST: Final = (
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "NetworkPolicy",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "Job",
    "CronJob",
)
"""What pods read comes before what makes pods; kinds that are not named come after these."""

_AFTER: Final = ("Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget")

NEVER_DELETED: Final = (
    "Namespace",
    "CustomResourceDefinition",
    "PersistentVolume",
    "PersistentVolumeClaim",
)
"""Deleting one of these deletes what nobody can put back: everything inside it, or the data."""

NEVER_REMADE: Final = (*NEVER_DELETED, "Job", "Pod")
"""Making one of these anew would run again what has run, or lose what it holds."""


def rank(found: KubeObject) -> tuple[int, int, str]:
    """Where an object stands in the order: the stage, the place of its kind in it, the kind."""
    kind = text_at(found, "kind")
    if kind in DEFINES:
        return 0, DEFINES.index(kind), kind
    if kind.endswith("Class"):
        return 1, 0, kind
    if kind in LAST:
        return 3, LAST.index(kind), kind
    if kind in _REST:
        return 2, _REST.index(kind), kind
    later = len(_REST) + (1 + _AFTER.index(kind) if kind in _AFTER else 0)
    return 2, later, kind


def groups(objects: Iterable[KubeObject]) -> list[tuple[KubeObject, ...]]:
    """The objects in groups of one kind; a group may be written in any order, or all at once."""
    ordered = sorted(objects, key=lambda found: (rank(found), name_of(found)))
    return [tuple(members) for _, members in groupby(ordered, key=rank)]


def is_waited_for(found: KubeObject) -> bool:
    """Tell whether what comes next needs this object to be in force, not only stored."""
    return text_at(found, "kind") in {"Namespace", "CustomResourceDefinition"}


def is_in_force(found: KubeObject | None) -> bool:
    """Tell whether a namespace takes objects, or a custom resource's kind is served."""
    if text_at(found, "kind") == "Namespace":
        return text_at(found, "status", "phase") == "Active"
    return any(
        (text_at(each, "type"), text_at(each, "status")) == ("Established", "True")
        for each in objects_at(found, "status", "conditions")
    )


def defined_kinds(objects: Iterable[KubeObject]) -> frozenset[tuple[str, str]]:
    """Group and kind of every custom resource that these objects define themselves."""
    return frozenset(
        (text_at(each, "spec", "group"), text_at(each, "spec", "names", "kind"))
        for each in objects
        if text_at(each, "kind") == "CustomResourceDefinition"
    )


def asleep(wanted: KubeObject) -> KubeObject | None:
    """The same object, but nothing of it runs; None where its kind has no such state (a bare pod).

    Everything that is no workload is as it was.
    """
    kind = text_at(wanted, "kind")
    spec = map_at(wanted, "spec")
    if kind == "Pod":
        return None
    if kind in SCALED:
        return {**wanted, "spec": {**spec, "replicas": 0}}
    if kind in {"Job", "CronJob"}:
        return {**wanted, "spec": {**spec, "suspend": True}}
    if kind == "DaemonSet":
        # It has no replicas; it runs on the nodes that its pods select, and so on none.
        template = map_at(spec, "template")
        pods: KubeObject = {**map_at(template, "spec"), "nodeSelector": {ASLEEP: "true"}}
        return {**wanted, "spec": {**spec, "template": {**template, "spec": pods}}}
    return wanted
