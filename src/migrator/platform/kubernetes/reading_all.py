"""Everything of a live cluster that says what runs there and who calls whom: lists, never writes.

Called by `cli/imports_live.py`, which hands the raw objects to the importer. No Secret is asked
for, not even its name: the names that workloads use stand in the workloads. A kind that we may not
list, or that the cluster does not have, is named and not an error: half a cluster is worth reading,
as long as it is said that it is half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.objects import KubeObject, objects_at, text_at
from migrator.platform.kubernetes.rest import Client

KINDS: Final = frozenset((
    ("", "ConfigMap"), ("", "Namespace"), ("", "PersistentVolumeClaim"), ("", "Pod"),
    ("", "ReplicationController"), ("", "Service"), ("", "ServiceAccount"),
    ("apps", "DaemonSet"), ("apps", "Deployment"), ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"), ("batch", "Job"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("gateway.networking.k8s.io", "Gateway"), ("gateway.networking.k8s.io", "GRPCRoute"),
    ("gateway.networking.k8s.io", "HTTPRoute"), ("gateway.networking.k8s.io", "TCPRoute"),
    ("gateway.networking.k8s.io", "TLSRoute"),
    ("networking.istio.io", "VirtualService"),
    ("networking.k8s.io", "Ingress"), ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("route.openshift.io", "Route"),
))  # fmt: skip
"""What the importer reads. Everything else of a cluster names no link."""

OF_THE_CLUSTER: Final = frozenset(("kube-system", "kube-public", "kube-node-lease"))
"""Namespaces that belong to the cluster itself; read only where they are named."""


@dataclass(frozen=True, slots=True)
class ClusterReading:
    """The objects in a fixed order, and what could not be read: (resource, namespace)."""

    objects: tuple[KubeObject, ...]
    forbidden: tuple[tuple[str, str], ...]
    stale_groups: tuple[str, ...]  # groups of which the server itself had no answer


async def read_cluster(client: Client, namespaces: Sequence[str] = ()) -> ClusterReading:
    """List what says what runs, in the named namespaces or in all but the cluster's own."""
    resources = _wanted(await client.discovery.all())
    asked = [
        (resource, place)
        for resource in resources
        for place in (namespaces if namespaces and resource.namespaced else ("",))
    ]
    forbidden: list[tuple[str, str]] = []

    async def read(one: tuple[Resource, str]) -> list[KubeObject]:
        resource, place = one
        try:
            listed = await client.list_all(resource, place, keep=_without_bulk)
        except PermanentError as error:
            if error.reference != "cluster-forbidden":
                raise
            forbidden.append((resource.right, place))
            return []
        return listed.items

    found = [item for items in await abreast(asked, read) for item in items]
    chosen = set(namespaces)
    refused = {right for right, _ in forbidden}
    # The pods of a Deployment that we may not see are the only word of it, and stay.
    makers = {resource.kind for resource in resources if resource.right not in refused}
    kept = [each for each in found if _is_wanted(each, chosen) and not _is_owned(each, makers)]
    kept.sort(key=_order)
    return ClusterReading(tuple(kept), tuple(sorted(forbidden)), client.discovery.stale_groups)


def _wanted(resources: Sequence[Resource]) -> list[Resource]:
    """One resource for each kind that is read: the newest stable version that can be listed."""
    best: dict[tuple[str, str], Resource] = {}
    for resource in resources:
        key = (resource.group, resource.kind)
        if key not in KINDS or "list" not in resource.verbs:
            continue
        known = best.get(key)
        if known is None or _rank(resource.version) > _rank(known.version):
            best[key] = resource
    return [best[key] for key in sorted(best)]


def _rank(version: str) -> tuple[bool, str]:
    """Stable versions before those that may still change."""
    return ("alpha" not in version and "beta" not in version, version)


def _is_wanted(found: KubeObject, chosen: set[str]) -> bool:
    namespace = text_at(found, "metadata", "namespace")
    if text_at(found, "kind") == "Namespace":
        namespace = text_at(found, "metadata", "name")
    return namespace in chosen if chosen else namespace not in OF_THE_CLUSTER


def _is_owned(found: KubeObject, kinds: set[str]) -> bool:
    """Tell whether another object that is read makes this one: its pods say nothing more."""
    return text_at(found, "kind") != "EndpointSlice" and any(
        owner.get("controller") is True and text_at(owner, "kind") in kinds
        for owner in objects_at(found, "metadata", "ownerReferences")
    )


def _without_bulk(found: KubeObject) -> KubeObject:
    """The object without its history and its state, which would be most of what is kept."""
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
    found.pop("status", None)
    return found


def _order(found: KubeObject) -> tuple[str, str, str]:
    return (
        text_at(found, "kind"),
        text_at(found, "metadata", "namespace"),
        text_at(found, "metadata", "name"),
    )
