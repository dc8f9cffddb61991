"""The controllers of the tests' API server: pods for Deployments, endpoints for Services. A fake.

They do what the platform relies on and no more: a Deployment gets as many pods as it asks for, they
become ready or fail as `images` says, and every Service with a selector gets one slice with the
addresses of its ready pods. Everything happens at once, inside the write that caused it; a real
cluster takes seconds and may be looked at half done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from api_server import ApiServer
from api_storage import Event, timestamp
from api_writes import RefusedError, Write
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    number_at,
    objects_at,
    text_at,
    texts_at,
    uid_of,
)

BY = "kube-controller-manager"


def running(image: str) -> KubeObject:
    """A container that runs and is ready."""
    return {
        "image": image,
        "ready": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": timestamp()}},
    }


def no_image(image: str) -> KubeObject:
    """A container whose image does not exist."""
    said = f'Back-off pulling image "{image}": manifest unknown'
    waiting: KubeObject = {"reason": "ImagePullBackOff", "message": said}
    return {"image": image, "ready": False, "restartCount": 0, "state": {"waiting": waiting}}


def crashing(image: str) -> KubeObject:
    """A container that crashes again and again."""
    end: KubeObject = {"terminated": {"reason": "Error", "exitCode": 1, "message": "no database"}}
    waiting: KubeObject = {"reason": "CrashLoopBackOff", "message": "back-off 20s"}
    return {
        "image": image,
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": waiting},
        "lastState": end,
    }


def never_ready(image: str) -> KubeObject:
    """A container that runs and whose probe never says yes."""
    return {**running(image), "ready": False}


@dataclass
class Controllers:
    """Plays the controllers of one server. `images` says what becomes of an image; else it runs."""

    server: ApiServer
    images: dict[str, Callable[[str], KubeObject]] = field(default_factory=dict)
    addresses: int = 0
    _busy: bool = False
    _again: bool = False

    def __post_init__(self) -> None:
        """Listen to every write from now on."""
        self.server.storage.listeners.append(self._heard)

    def _heard(self, _event: Event) -> None:
        # What the controllers write themselves is seen in the same round.
        self._again = True
        if self._busy:
            return
        self._busy = True
        try:
            while self._again:
                self._again = False
                for found in self.server.storage.find("apps", "deployments", ""):
                    self._deployment(found)
                for found in self.server.storage.find("", "services", ""):
                    self._service(found)
        finally:
            self._busy = False

    def _deployment(self, found: KubeObject) -> None:
        namespace, _ = _place(found)
        spec = map_at(found, "spec")
        wanted = number_at(spec, "replicas", default=1)
        version = str(number_at(found, "metadata", "generation"))
        template = repr(at(spec, "template"))
        pods = self._pods(uid_of(found))
        for pod in pods:
            if text_at(pod, "metadata", "annotations", "template") != template:
                self.server.remove("Pod", namespace, text_at(pod, "metadata", "name"))
        pods = self._pods(uid_of(found))
        for pod in pods[wanted:]:
            self.server.remove("Pod", namespace, text_at(pod, "metadata", "name"))
        refused = ""
        for _ in range(wanted - len(pods)):
            try:
                self._make_pod(found, version, template)
            except RefusedError as error:
                refused = str(error)
                break
        self._tell(found, self._pods(uid_of(found)), wanted, refused)

    def _pods(self, uid: str) -> list[KubeObject]:
        return [
            pod
            for pod in self.server.storage.find("", "pods", "")
            if any(text_at(o, "uid") == uid for o in objects_at(pod, "metadata", "ownerReferences"))
        ]

    def _make_pod(self, owner: KubeObject, version: str, template: str) -> None:
        self.addresses += 1
        namespace, name = _place(owner)
        pod_name = f"{name}-{version}-{self.addresses}"
        labels: KubeObject = {**texts_at(owner, "spec", "template", "metadata", "labels")}
        notes: KubeObject = {**texts_at(owner, "spec", "template", "metadata", "annotations")}
        containers = objects_at(owner, "spec", "template", "spec", "containers")
        statuses: list[Plain] = [self._status(container) for container in containers]
        ready = all(map_at(status).get("ready") for status in statuses)
        metadata: KubeObject = {
            "name": pod_name,
            "namespace": namespace,
            "labels": {**labels, "pod-template-hash": version},
            "annotations": {**notes, "template": template},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": uid_of(owner)}
            ],
        }
        kind = self.server.kind("Pod")
        spec = map_at(owner, "spec", "template", "spec")
        gated = ready and not objects_at(spec, "readinessGates")  # nobody here satisfies a gate
        pod: KubeObject = {"metadata": metadata, "spec": spec}
        self.server.writes.create(Write(kind, namespace, pod_name, pod, BY, strict=False))
        status: KubeObject = {
            "phase": "Running" if ready else "Pending",
            "podIP": f"10.244.{self.addresses // 250}.{self.addresses % 250 + 1}",
            "containerStatuses": statuses,
            "conditions": [
                {"type": "ContainersReady", "status": "True" if ready else "False"},
                {"type": "Ready", "status": "True" if gated else "False"},
            ],
        }
        self.server.put_status("Pod", namespace, pod_name, status)

    def _status(self, container: KubeObject) -> KubeObject:
        image = text_at(container, "image")
        return {"name": text_at(container, "name"), **self.images.get(image, running)(image)}

    def _tell(self, found: KubeObject, pods: list[KubeObject], wanted: int, refused: str) -> None:
        namespace, name = _place(found)
        ready = sum(_is_ready(pod) for pod in pods)
        enough = ready >= wanted
        progress = "NewReplicaSetAvailable" if enough else "ReplicaSetUpdated"
        conditions: list[Plain] = [
            {"type": "Available", "status": "True" if enough else "False"},
            {"type": "Progressing", "status": "True", "reason": progress},
        ]
        if refused:
            conditions.append({"type": "ReplicaFailure", "status": "True", "message": refused})
        status: KubeObject = {
            "observedGeneration": number_at(found, "metadata", "generation"),
            "replicas": len(pods),
            "updatedReplicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": conditions,
        }
        if map_at(found, "status") != status:
            self.server.put_status("Deployment", namespace, name, status)

    def _service(self, found: KubeObject) -> None:
        namespace, name = _place(found)
        selector = texts_at(found, "spec", "selector")
        slice_name = f"{name}-controller"
        key = ("discovery.k8s.io", "endpointslices", namespace, slice_name)
        live = self.server.storage.objects.get(key)
        if not selector:
            # The real controller leaves its slices behind when a selector is taken away.
            return
        endpoints: list[Plain] = [
            {"addresses": [text_at(pod, "status", "podIP")], "conditions": {"ready": True}}
            for pod in self.server.storage.find("", "pods", namespace)
            if selector.items() <= texts_at(pod, "metadata", "labels").items() and _is_ready(pod)
        ]
        ports: list[Plain] = [
            {
                "name": text_at(port, "name"),
                "port": at(port, "targetPort") or at(port, "port"),
                "protocol": text_at(port, "protocol") or "TCP",
            }
            for port in objects_at(found, "spec", "ports")
        ]
        kind = self.server.kind("EndpointSlice")
        body: KubeObject = {"endpoints": endpoints, "ports": ports}
        if live is None:
            metadata: KubeObject = {
                "name": slice_name,
                "namespace": namespace,
                "labels": {
                    "kubernetes.io/service-name": name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Service", "name": name, "uid": uid_of(found)}
                ],
            }
            full: KubeObject = {"metadata": metadata, "addressType": "IPv4", **body}
            self.server.writes.create(Write(kind, namespace, slice_name, full, BY))
        elif (live["endpoints"], live["ports"]) != (endpoints, ports):
            self.server.writes.merge(Write(kind, namespace, slice_name, body, BY))


def _place(found: KubeObject) -> tuple[str, str]:
    return text_at(found, "metadata", "namespace"), text_at(found, "metadata", "name")


def _is_ready(pod: KubeObject) -> bool:
    conditions = objects_at(pod, "status", "conditions")
    return any(
        text_at(c, "type") == "Ready" and text_at(c, "status") == "True" for c in conditions
    ) and not at(pod, "metadata", "deletionTimestamp")
