"""The prober's pods: made, found again, and taken away.

Called by a live run before its first switch and after its end, and by `check --cluster`. Everything
that it makes is migrator's own, stands in one namespace and carries the label that says so. The
text that the pods run is checked against its digest before it runs, and the key without which they
look for nobody never leaves the cluster but into this process.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import inspect
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes import prober_script
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    PODS,
    SECRETS,
)
from migrator.platform.kubernetes.in_epoch import delete_whatever_version
from migrator.platform.kubernetes.looking import PodVantage
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeSet,
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
)
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Readiness, Verdict
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark
from migrator.platform.kubernetes.wire import Asked, Target

NAMESPACE: Final = "migrator-system"
NAME: Final = "migrator-prober"
PORT: Final = 8080
REPLICAS: Final = 2
"""Two nodes' data planes, and one left where a node fails."""
READY_SECONDS_MAX: Final = 60.0
LOOK_SECONDS: Final = 0.25

LABEL: Final = "app.kubernetes.io/name"
OURS: Final = {LABEL: NAME, "app.kubernetes.io/managed-by": "migrator"}

_TEXT_FILE: Final = "/etc/migrator/text/prober.py"
_KEY_FILE: Final = "/etc/migrator/key/key"
_BEGIN: Final = (
    "import hashlib, sys\n"
    "text = open(sys.argv[1], 'rb').read()\n"
    "found = hashlib.sha256(text).hexdigest()\n"
    "if found != sys.argv[2]:\n"
    "    sys.exit('this is not the text that migrator sent: ' + found)\n"
    "exec(compile(text, sys.argv[1], 'exec'), {'__name__': '__main__'})\n"
)
"""What the container starts with: nothing that was changed on the way is ever run."""


@dataclass(frozen=True, slots=True)
class ProberPods:
    """The pods that were ready when they were looked for; `missing` says why another is not."""

    client: Client
    namespace: str
    pods: tuple[tuple[str, str], ...]  # name and node
    key: str = field(repr=False)
    missing: str = ""

    @property
    def vantages(self) -> tuple[PodVantage, ...]:
        """A vantage point for each pod."""
        return tuple(
            PodVantage(self.client, self.namespace, name, PORT, digest(), self.key, node)
            for name, node in self.pods
        )


def script() -> str:
    """The text that runs in the pods."""
    return inspect.getsource(prober_script)


def digest() -> str:
    """What the text is known by."""
    return hashlib.sha256(script().encode()).hexdigest()


async def ensure(
    client: Client,
    image: str,
    mark: Mark,
    *,
    namespace: str = NAMESPACE,
    replicas: int = REPLICAS,
    seconds_max: float = READY_SECONDS_MAX,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ProberPods:
    """Make the prober, or bring it up to date, and wait until its pods are ready.

    One pod is enough to go on with when time is up: `missing` says what became of the others.
    Raises PermanentError when no pod can ever be ready, TransientError when none is in time.
    """
    if await client.get(NAMESPACES, "", namespace, metadata_only=True) is None:
        await _make(client, _marked(_named("v1", "Namespace", "", namespace), mark))
    await _keep_key(client, namespace, mark)
    if await client.get(CONFIG_MAPS, namespace, _text_name(), metadata_only=True) is None:
        await _make(client, _marked(_text_map(namespace), mark))
    await client.apply(_deployment(namespace, image, mark, replicas), force=True)
    await _forget_old_texts(client, namespace, mark)

    waited = 0.0
    while True:
        state, found = await _state(client, namespace)
        if state.verdict is Verdict.READY and len(found.pods) >= replicas:
            return found
        if waited >= seconds_max or state.verdict is Verdict.FAILED:
            return _what_there_is(found, state)
        await sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


async def pods(client: Client, *, namespace: str = NAMESPACE) -> ProberPods:
    """The pods as they are ready now: after a restart of ours, or of theirs. Makes nothing."""
    listed = await client.list_all(PODS, namespace, labels=f"{LABEL}={NAME}")
    secret = await client.get(SECRETS, namespace, NAME)
    return ProberPods(client, namespace, _ready(listed.items), _key_in(secret or {}))


async def retire(client: Client, mark: Mark, *, namespace: str = NAMESPACE) -> ChangeSet:
    """Take the prober away: each object by its uid. The namespace stays; others use it, too."""
    done: list[Change] = []
    for resource in (DEPLOYMENTS, CONFIG_MAPS, SECRETS):
        listed = await client.list_all(resource, namespace, labels=f"{LABEL}={NAME}")
        done += [
            await delete_whatever_version(client, resource, found, mark) for found in listed.items
        ]
    return ChangeSet().with_changes(done)


# --- parts ------------------------------------------------------------------------------------


async def _state(client: Client, namespace: str) -> tuple[Readiness, ProberPods]:
    """How the Deployment is, and its ready pods of the present text."""
    deployment = await client.get(DEPLOYMENTS, namespace, NAME)
    listed = (await client.list_all(PODS, namespace, labels=f"{LABEL}={NAME}")).items
    events = (await client.list_all(EVENTS, namespace)).items
    secret = await client.get(SECRETS, namespace, NAME)
    state = judge(deployment, listed, events, now=await _server_time(client))
    missing = "" if state.verdict is Verdict.READY else state.reason
    return state, ProberPods(client, namespace, _ready(listed), _key_in(secret or {}), missing)


async def _server_time(client: Client) -> datetime:
    """The time by the server's own clock, by which the cluster dates what happens in it."""
    answer = await client.asker.send(Asked("GET", "/version", Target("get", "/version")))
    return parsedate_to_datetime(answer.headers["date"])


def _ready(listed: list[KubeObject]) -> tuple[tuple[str, str], ...]:
    """Name and node of each pod that is ready."""
    ready = (pod for pod in listed if _is_ready(pod))
    return tuple(
        sorted(
            (text_at(pod, "metadata", "name"), text_at(pod, "spec", "nodeName")) for pod in ready
        )
    )


def _is_ready(pod: KubeObject) -> bool:
    if at(pod, "metadata", "deletionTimestamp"):
        return False
    if not any(digest() in _words(each) for each in objects_at(pod, "spec", "containers")):
        return False  # a pod of another release, that is about to be replaced
    said = objects_at(pod, "status", "conditions")
    return any(text_at(c, "type") == "Ready" and text_at(c, "status") == "True" for c in said)


def _words(container: KubeObject) -> list[Plain]:
    found = at(container, "args")
    return found if isinstance(found, list) else []


def _what_there_is(found: ProberPods, state: Readiness) -> ProberPods:
    if found.pods:
        return found
    kind = PermanentError if state.verdict is Verdict.FAILED else TransientError
    raise kind(
        "prober-not-ready",
        f"no pod of {found.namespace}/{NAME} is ready: {state.reason}",
        hint="nothing is switched without looks through the data plane; mend what the reason names",
    )


async def _make(client: Client, wanted: KubeObject) -> None:
    """Create it; another process that was quicker has made the same."""
    try:
        await client.create(wanted)
    except PermanentError as error:
        if error.reference != "cluster-exists":
            raise


async def _keep_key(client: Client, namespace: str, mark: Mark) -> None:
    """Make a key where there is none. It is not changed later: pods read it when they start."""
    if await client.get(SECRETS, namespace, NAME, metadata_only=True) is None:
        key = base64.b64encode(secrets.token_hex(32).encode()).decode()
        secret = _marked(_named("v1", "Secret", namespace, NAME), mark)
        # Not immutable: a node would hand the key of a prober that was taken away to the next one.
        await _make(client, {**secret, "type": "Opaque", "data": {"key": key}})


def _key_in(secret: KubeObject) -> str:
    return base64.b64decode(text_at(secret, "data", "key")).decode()


def _text_name() -> str:
    """Another text has another name, so that no pod starts with a text that is being replaced."""
    return f"{NAME}-{digest()[:12]}"


async def _forget_old_texts(client: Client, namespace: str, mark: Mark) -> None:
    listed = await client.list_all(CONFIG_MAPS, namespace, labels=f"{LABEL}={NAME}")
    for found in listed.items:
        if text_at(found, "metadata", "name") != _text_name():
            await delete_whatever_version(client, CONFIG_MAPS, found, mark)


def _named(version: str, kind: str, namespace: str, name: str) -> KubeObject:
    meta: KubeObject = {"name": name, "labels": {**OURS}}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": meta}


def _marked(wanted: KubeObject, mark: Mark) -> KubeObject:
    notes: KubeObject = {TOKEN: mark.token, EPOCH: str(mark.epoch)}
    return {**wanted, "metadata": {**map_at(wanted, "metadata"), "annotations": notes}}


def _text_map(namespace: str) -> KubeObject:
    named = _named("v1", "ConfigMap", namespace, _text_name())
    return {**named, "immutable": True, "data": {"prober.py": script()}}


def _deployment(namespace: str, image: str, mark: Mark, replicas: int) -> KubeObject:
    named = _named("apps/v1", "Deployment", namespace, NAME)
    spec: KubeObject = {
        "replicas": replicas,
        "selector": {"matchLabels": {LABEL: NAME}},
        "template": {"metadata": {"labels": {**OURS}}, "spec": _pod(image)},
    }
    return _marked({**named, "spec": spec}, mark)


def _pod(image: str) -> KubeObject:
    """A pod with no rights at all, on a node of its own where there are several."""
    container: KubeObject = {
        "name": "prober",
        "image": image,
        "command": ["python3", "-I", "-c", _BEGIN],
        "args": [_TEXT_FILE, digest(), _KEY_FILE, str(PORT)],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 2,
        },
        "resources": {
            "requests": {"cpu": "20m", "memory": "32Mi"},
            "limits": {"memory": "128Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "text", "mountPath": _TEXT_FILE.rpartition("/")[0], "readOnly": True},
            {"name": "key", "mountPath": _KEY_FILE.rpartition("/")[0], "readOnly": True},
        ],
    }
    spread: KubeObject = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {LABEL: NAME}},
    }
    return {
        "containers": [container],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "topologySpreadConstraints": [spread],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [
            {"name": "text", "configMap": {"name": _text_name()}},
            {"name": "key", "secret": {"secretName": NAME, "defaultMode": 0o440}},
        ],
    }
