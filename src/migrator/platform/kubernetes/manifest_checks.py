"""What the objects of one subsystem must be together, and with its `cutover.yaml`. Pure.

Called by `manifests.py`. Faults are what a weekend could not live with: an object in a namespace
that is not the subsystem's, a front whose traffic one write cannot move, a workload that cannot be
stopped. Findings are what people should know and may accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from migrator.errors import Fault
from migrator.inventory.door import did_you_mean
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.manifest_files import Finding, Manifest
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.subject import WORKLOADS

_OWN_GROUPS: Final = frozenset(
    {"", "apps", "batch", "autoscaling", "policy", "events.k8s.io", "networking.k8s.io"}
    | {"rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io", "node.k8s.io"}
    | {"coordination.k8s.io", "discovery.k8s.io", "admissionregistration.k8s.io"}
    | {"apiextensions.k8s.io", "apiregistration.k8s.io", "certificates.k8s.io"}
    | {"flowcontrol.apiserver.k8s.io", "resource.k8s.io"}
)
"""Groups of Kubernetes itself: whether their kinds have a namespace is known without a server."""

_CLUSTER_WIDE: Final = {
    "": ("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
    "storage.k8s.io": (
        *("StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "VolumeAttributesClass"),
    ),
    "scheduling.k8s.io": ("PriorityClass",),
    "node.k8s.io": ("RuntimeClass",),
    "networking.k8s.io": ("IngressClass", "IPAddress", "ServiceCIDR"),
    "admissionregistration.k8s.io": (
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"),
    ),
    "apiextensions.k8s.io": ("CustomResourceDefinition",),
    "apiregistration.k8s.io": ("APIService",),
    "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
    "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
    "resource.k8s.io": ("DeviceClass", "ResourceSlice", "DeviceTaintRule"),
    "gateway.networking.k8s.io": ("GatewayClass",),
    "snapshot.storage.k8s.io": ("VolumeSnapshotClass", "VolumeSnapshotContent"),
}
"""Kinds without a namespace, of Kubernetes itself and of what nearly every cluster has."""

_EVERYWHERE: Final = {("ConfigMap", "kube-root-ca.crt")}
"""What the cluster itself puts into each namespace."""

_SELECTING: Final = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"})
_LONE: Final = frozenset({"Pod", "ReplicationController"})


def fill_namespaces(
    manifests: Iterable[Manifest], namespace: str
) -> tuple[list[Fault], list[Finding]]:
    """Give every object with a namespace the subsystem's, and name those that have another."""
    faults: list[Fault] = []
    findings: list[Finding] = []
    listed = list(manifests)
    defined = _defined(listed)
    for manifest in listed:
        meta = map_at(manifest.object, "metadata")
        said = meta.get("namespace")
        namespaced = _is_namespaced(manifest, defined)
        if namespaced is False:
            if said:
                message = f"a {manifest.name.kind} belongs to the whole cluster; leave it out"
                faults.append(manifest.fault(message, "metadata", "namespace"))
            meta.pop("namespace", None)
            continue
        if said not in {None, "", namespace}:
            message = (
                f"wants the subsystem's namespace '{namespace}' or none, found '{said}'; another "
                "one is named with `namespace:` in cutover.yaml"
            )
            faults.append(manifest.fault(message, "metadata", "namespace"))
        elif namespaced is None and not said:
            message = (
                f"nobody here knows whether a {manifest.name.kind} of '{manifest.group}' has a "
                f"namespace; it gets '{namespace}' (write it, or add the definition)"
            )
            findings.append(manifest.finding("scope-unknown", message, "kind"))
        meta["namespace"] = namespace
    return faults, findings


def twin_faults(manifests: Iterable[Manifest]) -> Iterator[Fault]:
    """The same object in two places: the second would silently win."""
    seen: dict[tuple[str, str], Manifest] = {}
    for manifest in manifests:
        first = seen.setdefault((manifest.group, str(manifest.name)), manifest)
        if first is not manifest:
            yield manifest.fault(f"{manifest.name} stands twice, first at {first.place}")


def workload_faults(manifests: Iterable[Manifest]) -> Iterator[Fault]:
    """Workloads that could not be prepared, or not be stopped."""
    for manifest in manifests:
        kind = manifest.name.kind
        if kind in _LONE and not manifest.group:
            message = f"a {kind} cannot be prepared and fenced; write a Deployment or a Job"
            yield manifest.fault(message, "kind")
        if kind in _SELECTING and manifest.group == "apps":
            yield from _selector_faults(manifest)


def owned_name_faults(manifests: Iterable[Manifest], fronts: Iterable[str]) -> Iterator[Fault]:
    """Objects that would send traffic to a front's pods beside the one write that moves it."""
    services = set(fronts)
    for manifest in manifests:
        kind, name = manifest.name.kind, manifest.name.name
        carried = texts_at(manifest.object, "metadata", "labels").get("kubernetes.io/service-name")
        if kind == "EndpointSlice" and carried in services:
            message = f"adds endpoints to the front '{carried}'; both sides would be live"
            yield manifest.fault(message, "metadata", "labels", "kubernetes.io/service-name")
        elif kind == "EndpointSlice" and name.removesuffix("-migrator") in services:
            yield manifest.fault("the program makes a slice of this name", "metadata", "name")
        elif kind == "Endpoints" and name in services:
            message = f"adds endpoints to the front '{name}'; both sides would be live"
            yield manifest.fault(message, "metadata", "name")
        elif kind == "Service" and name.endswith("-pods"):
            front = name.removesuffix("-pods")
            if front in services:
                message = f"the program makes a Service of this name for the front '{front}'"
                yield manifest.fault(message, "metadata", "name")


def kept_faults(manifests: Iterable[Manifest], keeps_data: list[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with `keeps_data`: the number of the entry, and a sentence."""
    workloads = {
        f"{each.name.kind}/{each.name.name}" for each in manifests if each.name.kind in WORKLOADS
    }
    for number, named in enumerate(keeps_data):
        if named not in workloads:
            yield (
                number,
                f"no workload '{named}' is in the manifests{did_you_mean(named, workloads)}",
            )
        elif named in keeps_data[:number]:
            yield number, f"'{named}' stands twice"


def reference_findings(manifests: Iterable[Manifest]) -> Iterator[Finding]:
    """What workloads need and the manifests do not bring: it must be in the namespace already."""
    listed = list(manifests)
    here = {(each.name.kind, each.name.name) for each in listed}
    for manifest in listed:
        seen: set[tuple[str, str]] = set()
        for path, kind, name in _needed(manifest):
            if (kind, name) in here | _EVERYWHERE or (kind, name) in seen:
                continue
            seen.add((kind, name))
            message = f"needs the {kind} '{name}', which must be in the namespace already"
            yield manifest.finding("not-in-manifests", message, *path)


def template_labels(workload: KubeObject) -> Mapping[str, str]:
    """The labels that a workload's pods get."""
    template = template_path(workload)
    return texts_at(workload, *template, "metadata", "labels")


def template_path(workload: KubeObject) -> tuple[str, ...]:
    """Where the pods' template of a workload stands."""
    if text_at(workload, "kind") == "CronJob":
        return ("spec", "jobTemplate", "spec", "template")
    return ("spec", "template")


# --- parts ----------------------------------------------------------------------------------


def _defined(manifests: Iterable[Manifest]) -> Mapping[tuple[str, str], bool]:
    """By group and kind, whether a definition among the manifests gives it a namespace."""
    return {
        (text_at(each.object, "spec", "group"), text_at(each.object, "spec", "names", "kind")): (
            text_at(each.object, "spec", "scope") != "Cluster"
        )
        for each in manifests
        if each.name.kind == "CustomResourceDefinition"
    }


def _is_namespaced(manifest: Manifest, defined: Mapping[tuple[str, str], bool]) -> bool | None:
    """Whether objects of this kind have a namespace; None where nobody here knows."""
    group, kind = manifest.group, manifest.name.kind
    if kind in _CLUSTER_WIDE.get(group, ()):
        return False
    if group in _OWN_GROUPS:
        return True
    return defined.get((group, kind))


def _selector_faults(manifest: Manifest) -> Iterator[Fault]:
    selector = map_at(manifest.object, "spec", "selector")
    wanted = texts_at(selector, "matchLabels")
    if not wanted and not objects_at(selector, "matchExpressions"):
        message = f"a {manifest.name.kind} without a selector knows no pods of its own"
        yield manifest.fault(message, "spec", "selector")
        return
    labels = template_labels(manifest.object)
    for key, value in wanted.items():
        if labels.get(key) != value:
            message = f"chooses '{key}: {value}', and the pods' template does not carry it"
            yield manifest.fault(message, "spec", "selector", "matchLabels", key)


def _needed(manifest: Manifest) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """What a workload names: path, kind and name. What may be missing is left out."""
    kind = manifest.name.kind
    if kind == "ServiceAccount":
        yield from _pull_secrets(manifest.object, ())
    if kind not in WORKLOADS:
        return
    pod = (*template_path(manifest.object), "spec")
    yield from _pull_secrets(manifest.object, pod)
    account = text_at(manifest.object, *pod, "serviceAccountName")
    if account and account != "default":
        yield (*pod, "serviceAccountName"), "ServiceAccount", account
    for part in ("initContainers", "containers"):
        for number, container in enumerate(_rows(manifest.object, *pod, part)):
            inside = (*pod, part, number)
            for word, rows in (("envFrom", "envFrom"), ("env", "env")):
                for n, entry in enumerate(_rows(container, rows)):
                    source = entry if word == "envFrom" else map_at(entry, "valueFrom")
                    yield from _sources(source, (*inside, word, n))
    for number, volume in enumerate(_rows(manifest.object, *pod, "volumes")):
        inside = (*pod, "volumes", number)
        yield from _volume(volume, inside)
        for n, source in enumerate(_rows(volume, "projected", "sources")):
            yield from _volume(source, (*inside, "projected", "sources", n))


def _pull_secrets(
    holder: KubeObject, pod: tuple[str, ...]
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for number, entry in enumerate(_rows(holder, *pod, "imagePullSecrets")):
        if name := text_at(entry, "name"):
            yield (*pod, "imagePullSecrets", number), "Secret", name


_REFERENCES: Final = {
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
}


def _sources(
    source: KubeObject, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for key, kind in _REFERENCES.items():
        name = text_at(source, key, "name")
        if name and at(source, key, "optional") is not True:
            yield path, kind, name


def _volume(
    volume: KubeObject, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for key, kind, word in (
        ("secret", "Secret", "secretName"),
        ("secret", "Secret", "name"),
        ("configMap", "ConfigMap", "name"),
        ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
    ):
        name = text_at(volume, key, word)
        if name and at(volume, key, "optional") is not True:
            yield path, kind, name


def _rows(holder: Plain, *path: str) -> list[KubeObject]:
    """The entries of a list, in their places: what is no mapping counts as an empty one."""
    found = at(holder, *path)
    if not isinstance(found, list):
        return []
    return [entry if isinstance(entry, dict) else {} for entry in found]
