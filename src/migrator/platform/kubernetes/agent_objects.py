"""What an agent in a pod is made of: the objects, written down without asking anybody. Pure.

Used by `agent_pods.py`. The pod stands where the workload stands that it speaks for: in its
namespace, with its labels and its service account, so that every policy takes it for one of the
workload's own. Four things keep it apart from them: it is never Ready, so no Service sends anything
to it; it belongs to a Deployment of its own, so nobody adopts it; it mounts no token; and a label
that nobody else has is all that its Deployment selects by.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.grants import AGENT
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark

NAME: Final = AGENT
PORT: Final = 8473
LABEL: Final = "migrator/agent"
"""On each pod, with its Deployment's name: the workload's own labels are all there, too."""

OURS: Final = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/managed-by": "migrator"}
"""On the objects themselves, never on the pods: a policy may select by these keys."""

KEY_MARK: Final = "migrator/agent-key"
"""The annotation of a pod that says which key it was made for, by its digest."""
GATE: Final = "migrator/never-ready"
"""A readiness gate that nobody ever satisfies."""

NEVER_SECONDS: Final = 2_147_483_647
"""Kubernetes' word for a Deployment that is not said to have failed for never being ready."""

_AGENT_FILE: Final = "/etc/migrator/agent/agent.pyz"
_KEY_FILE: Final = "/etc/migrator/key/key"
_BEGIN: Final = (
    "import hashlib, runpy, sys\n"
    "found = hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest()\n"
    "if found != sys.argv[2]:\n"
    "    sys.exit('this is not the agent that migrator sent: ' + found)\n"
    "place = sys.argv[1]\n"
    "sys.argv = [place] + sys.argv[3:]\n"
    "runpy.run_path(place, run_name='__main__')\n"
)
"""What the container starts with: nothing that was changed on the way is ever run."""

_SEEN_BY_THE_NETWORK: Final = (
    "cni.projectcalico.org/",
    "config.linkerd.io/",
    "k8s.v1.cni.cncf.io/",
    "linkerd.io/",
    "sidecar.istio.io/",
    "traffic.sidecar.istio.io/",
)
"""Annotations of a workload that change how its connections go; the others are not taken over."""

_TAKEN_OVER: Final = (
    "serviceAccountName",
    "dnsPolicy",
    "dnsConfig",
    "hostAliases",
    "imagePullSecrets",
    "nodeSelector",
    "runtimeClassName",
    "tolerations",
)
"""What decides who a pod is, how it resolves names, and on which nodes it may be."""

_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
}
VERSIONS: Final[Mapping[str, str]] = {
    "CronJob": "batch/v1",
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "Job": "batch/v1",
    "StatefulSet": "apps/v1",
}
"""The kinds of workloads that an agent can stand for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a pod speaks for: `workload` is `Deployment/folkbok`.

    `image` is any with Python 3.9 or newer, under the name `python`; `called` is how a person is
    told of this vantage point.
    """

    namespace: str
    workload: str
    image: str
    python: str = "python3"
    called: str = ""

    @property
    def kind(self) -> str:
        """The workload's kind."""
        return self.workload.partition("/")[0]

    @property
    def workload_name(self) -> str:
        """The workload's name."""
        return self.workload.partition("/")[2]

    @property
    def name(self) -> str:
        """The name of the agent's Deployment, which is also its pods' own label."""
        whole = f"{self.namespace}/{self.workload}"
        short = re.sub(r"[^a-z0-9-]+", "-", self.workload.lower())[:36].strip("-")
        return f"{NAME}-{short}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def template_of(workload: KubeObject, kind: str) -> KubeObject:
    """The pod template of a workload."""
    return map_at(workload, *_TEMPLATES[kind])


def config_name(digest: str) -> str:
    """Another agent has another name, so that no pod starts with one that is being replaced."""
    return f"{NAME}-{digest[:12]}"


def labels_for(place: Place, template: KubeObject) -> dict[str, Plain]:
    """All labels of the workload's pods, and the one of ours."""
    return {**texts_at(template, "metadata", "labels"), LABEL: place.name}


def shown_unready(services: list[KubeObject], labels: Mapping[str, Plain]) -> str:
    """The Service that sends callers to pods which are not ready, and would to ours; or nothing."""
    for service in services:
        selector = texts_at(service, "spec", "selector")
        taken = bool(selector) and all(labels.get(key) == word for key, word in selector.items())
        if taken and at(service, "spec", "publishNotReadyAddresses") is True:
            return text_at(service, "metadata", "name")
    return ""


def marked(wanted: KubeObject, mark: Mark) -> KubeObject:
    """An object with the mark of the act that writes it."""
    notes: KubeObject = {TOKEN: mark.token, EPOCH: str(mark.epoch)}
    return {**wanted, "metadata": {**map_at(wanted, "metadata"), "annotations": notes}}


def named(version: str, kind: str, namespace: str, name: str) -> KubeObject:
    """An object of ours, with nothing in it yet."""
    meta: KubeObject = {"name": name, "namespace": namespace, "labels": {**OURS}}
    return {"apiVersion": version, "kind": kind, "metadata": meta}


def agent_map(namespace: str, agent: bytes, digest: str) -> KubeObject:
    """The agent's bytes, which nobody can change any more."""
    data: KubeObject = {"agent.pyz": base64.b64encode(agent).decode()}
    wanted = named("v1", "ConfigMap", namespace, config_name(digest))
    return {**wanted, "immutable": True, "binaryData": data}


def key_secret(namespace: str, key: str) -> KubeObject:
    """The key without which an agent looks for nobody.

    It is never written over. But it is not called immutable: a node keeps an immutable Secret for
    as long as any pod uses it, and hands it to the next pod, whoever has its name by then.
    """
    data: KubeObject = {"key": base64.b64encode(key.encode()).decode()}
    return {**named("v1", "Secret", namespace, NAME), "type": "Opaque", "data": data}


def way_in(namespace: str) -> KubeObject:
    """Lets our question reach the pods where the workload's own policies shut everybody out.

    Policies only ever add; what the pods themselves may reach stays as the workload's say.
    """
    spec: KubeObject = {
        "podSelector": {"matchExpressions": [{"key": LABEL, "operator": "Exists"}]},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"port": PORT, "protocol": "TCP"}]}],
    }
    return {**named("networking.k8s.io/v1", "NetworkPolicy", namespace, NAME), "spec": spec}


def key_mark(key: str) -> str:
    """What tells pods of one key from those of another, and the key to nobody."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def deployment(place: Place, template: KubeObject, digest: str, key: str) -> KubeObject:
    """One pod that stands for the workload; another key makes it anew."""
    notes: KubeObject = {
        key: word
        for key, word in texts_at(template, "metadata", "annotations").items()
        if key.startswith(_SEEN_BY_THE_NETWORK)
    }
    notes[KEY_MARK] = key_mark(key)
    meta: KubeObject = {"labels": labels_for(place, template), "annotations": notes}
    spec: KubeObject = {
        "replicas": 1,
        "progressDeadlineSeconds": NEVER_SECONDS,
        "revisionHistoryLimit": 0,
        "selector": {"matchLabels": {LABEL: place.name}},
        # Never two of them: one waits for the other to be ready, which neither ever is.
        "strategy": {"type": "Recreate"},
        "template": {"metadata": meta, "spec": _pod(place, map_at(template, "spec"), digest)},
    }
    return {**named("apps/v1", "Deployment", place.namespace, place.name), "spec": spec}


def _pod(place: Place, workload: KubeObject, digest: str) -> KubeObject:
    container: KubeObject = {
        "name": "agent",
        "image": place.image,
        "command": [place.python, "-I", "-B", "-c", _BEGIN],
        "args": [_AGENT_FILE, digest, "--serve", str(PORT), _KEY_FILE],
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": PORT},
            "periodSeconds": 2,
            "timeoutSeconds": 2,
        },
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "agent", "mountPath": _AGENT_FILE.rpartition("/")[0], "readOnly": True},
            {"name": "key", "mountPath": _KEY_FILE.rpartition("/")[0], "readOnly": True},
        ],
    }
    taken: KubeObject = {name: workload[name] for name in _TAKEN_OVER if name in workload}
    return {
        **taken,
        "containers": [container],
        "readinessGates": [{"conditionType": GATE}],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 2,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [
            {"name": "agent", "configMap": {"name": config_name(digest)}},
            {"name": "key", "secret": {"secretName": NAME, "defaultMode": 0o440}},
        ],
    }


def serves(pod: KubeObject, digest: str, key: str) -> bool:
    """Tell whether the agent in this pod runs, is ours, knows our key, and is not about to go.

    A pod may outlive its Deployment for a while, and with it a key that nobody has any more.
    """
    if at(pod, "metadata", "deletionTimestamp"):
        return False
    if text_at(pod, "metadata", "annotations", KEY_MARK) != key_mark(key):
        return False
    for container in objects_at(pod, "spec", "containers"):
        words = at(container, "args")
        if text_at(container, "name") == "agent" and isinstance(words, list) and digest in words:
            break
    else:
        return False  # of another release, and about to be replaced
    said = objects_at(pod, "status", "conditions")
    return any(
        text_at(each, "type") == "ContainersReady" and text_at(each, "status") == "True"
        for each in said
    )
