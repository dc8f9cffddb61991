"""More kinds for the tests' API server, and custom ones: what applying a subsystem meets. A fake.

A definition is established, and its kind served, in the write that made it; a real server takes
about a second for both.
"""

from __future__ import annotations

from typing import Final

from api_schemas import ANYTHING, VERBS, Kind, custom_kind
from api_server import ApiServer
from api_storage import Event
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.objects import KubeObject, at, text_at

DEFINITION: Final = "CustomResourceDefinition"


def _kind(group: str, kind: str, plural: str, *, namespaced: bool = True) -> Kind:
    resource = Resource(group, "v1", kind, plural, namespaced, VERBS, frozenset({"status"}))
    return Kind(resource, ANYTHING, has_status=True)


MORE: Final = (
    _kind("apps", "DaemonSet", "daemonsets"),
    _kind("batch", "Job", "jobs"),
    _kind("batch", "CronJob", "cronjobs"),
    _kind("", "PersistentVolumeClaim", "persistentvolumeclaims"),
    _kind("apiextensions.k8s.io", DEFINITION, "customresourcedefinitions", namespaced=False),
    _kind("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", namespaced=False),
    _kind("scheduling.k8s.io", "PriorityClass", "priorityclasses", namespaced=False),
)


def learn(server: ApiServer) -> None:
    """Teach a server these kinds, and to serve what is defined from now on."""
    server.kinds += MORE
    server.storage.listeners.append(lambda event: _defined(server, event))


def _defined(server: ApiServer, event: Event) -> None:
    found = event.object
    if text_at(found, "kind") != DEFINITION or event.word != "ADDED":
        return
    spec = found["spec"]
    version = text_at(spec, "versions", 0, "name")
    plural, kind = text_at(spec, "names", "plural"), text_at(spec, "names", "kind")
    server.kinds.append(custom_kind(text_at(spec, "group"), version, kind, plural))
    established: KubeObject = {"conditions": [{"type": "Established", "status": "True"}]}
    name = text_at(found, "metadata", "name")
    assert at(found, "status") is None
    server.put_status(DEFINITION, "", name, established)
