"""What the tests' API server knows of each kind: its path, its fields, how its lists are merged.

A small part of the real schemas, written by hand: enough to refuse a misspelt field, to tell whose
list entry is whose and to know which maps and lists are one piece. Where a schema ends in ANYTHING
the server takes whatever comes. The real ones are the judge: the contract suite runs on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from migrator.platform.kubernetes.traffic import ENDPOINTS


@dataclass(frozen=True)
class Word:
    """A scalar of a kind: text, number, flag, or any of them."""

    is_a: tuple[type, ...] = (str, int, float, bool)


@dataclass(frozen=True)
class Anything:
    """Taken as it comes; maps inside are merged, lists are one piece."""


@dataclass(frozen=True)
class Map:
    """Free keys (labels, data). An atomic one is one piece (a Service's selector)."""

    atomic: bool = False


@dataclass(frozen=True)
class Fields:
    """The fields that there are, and no others."""

    of: dict[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True)
class Items:
    """A list: one piece, a set, or entries told apart by `keys`."""

    item: Schema
    keys: tuple[str, ...] = ()
    is_set: bool = False


Schema: TypeAlias = Word | Anything | Map | Fields | Items

TEXT: Final = Word((str,))
NUMBER: Final = Word((int,))
FLAG: Final = Word((bool,))
SCALAR: Final = Word()
ANYTHING: Final = Anything()
KEY_DEFAULTS: Final[dict[str, Plain]] = {"protocol": "TCP"}
"""What a list entry is taken to say where it does not say it."""


def _texts(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, TEXT)


METADATA: Final = Fields(
    {
        **_texts("name", "generateName", "namespace", "uid", "resourceVersion", "selfLink"),
        **_texts("creationTimestamp", "deletionTimestamp"),
        "generation": NUMBER,
        "deletionGracePeriodSeconds": NUMBER,
        "labels": Map(),
        "annotations": Map(),
        "finalizers": Items(TEXT, is_set=True),
        "ownerReferences": Items(ANYTHING, keys=("uid",)),
        "managedFields": Items(ANYTHING),
    }
)
CONTAINER: Final = Fields(
    {
        **_texts("name", "image", "imagePullPolicy", "workingDir", "terminationMessagePath"),
        **_texts("terminationMessagePolicy", "restartPolicy"),
        "command": Items(TEXT),
        "args": Items(TEXT),
        "env": Items(
            Fields({**_texts("name", "value"), "valueFrom": ANYTHING}),
            keys=("name",),
        ),
        "envFrom": Items(ANYTHING),
        "ports": Items(
            Fields(
                {
                    **_texts("name", "protocol", "hostIP"),
                    "containerPort": NUMBER,
                    "hostPort": NUMBER,
                }
            ),
            keys=("containerPort", "protocol"),
        ),
        "volumeMounts": Items(ANYTHING, keys=("mountPath",)),
        **dict.fromkeys(
            (
                "resources",
                "livenessProbe",
                "readinessProbe",
                "startupProbe",
                "lifecycle",
                "securityContext",
            ),
            ANYTHING,
        ),
        **dict.fromkeys(("stdin", "stdinOnce", "tty"), FLAG),
    }
)
POD_SPEC: Final = Fields(
    {
        "containers": Items(CONTAINER, keys=("name",)),
        "initContainers": Items(CONTAINER, keys=("name",)),
        "volumes": Items(ANYTHING, keys=("name",)),
        "imagePullSecrets": Items(ANYTHING, keys=("name",)),
        "readinessGates": Items(ANYTHING),
        "tolerations": Items(ANYTHING),
        "topologySpreadConstraints": Items(ANYTHING, keys=("topologyKey", "whenUnsatisfiable")),
        "hostAliases": Items(ANYTHING, keys=("ip",)),
        "nodeSelector": Map(atomic=True),
        **_texts("serviceAccountName", "serviceAccount", "restartPolicy", "dnsPolicy", "nodeName"),
        **_texts("schedulerName", "hostname", "subdomain", "priorityClassName"),
        **dict.fromkeys(
            ("automountServiceAccountToken", "enableServiceLinks", "hostNetwork", "hostPID"), FLAG
        ),
        **dict.fromkeys(("affinity", "securityContext", "dnsConfig"), ANYTHING),
        "terminationGracePeriodSeconds": NUMBER,
        "activeDeadlineSeconds": NUMBER,
    }
)
TEMPLATE: Final = Fields({"metadata": METADATA, "spec": POD_SPEC})
SELECTOR: Final = Map(atomic=True)
CONDITIONS: Final = Items(ANYTHING, keys=("type",))
WORKLOAD_STATUS: Final = Fields(
    {
        "conditions": CONDITIONS,
        **_texts("currentRevision", "updateRevision"),
        **dict.fromkeys(
            (
                "observedGeneration",
                "replicas",
                "updatedReplicas",
                "readyReplicas",
                "availableReplicas",
                "unavailableReplicas",
                "currentReplicas",
                "collisionCount",
                "terminatingReplicas",
            ),
            NUMBER,
        ),
    }
)
SERVICE_SPEC: Final = Fields(
    {
        "selector": Map(atomic=True),
        "ports": Items(
            Fields(
                {
                    **_texts("name", "protocol", "appProtocol"),
                    "port": NUMBER,
                    "nodePort": NUMBER,
                    "targetPort": SCALAR,
                }
            ),
            keys=("port", "protocol"),
        ),
        **_texts("type", "clusterIP", "sessionAffinity", "externalName", "loadBalancerIP"),
        **_texts("externalTrafficPolicy", "internalTrafficPolicy", "ipFamilyPolicy"),
        "clusterIPs": Items(TEXT),
        "externalIPs": Items(TEXT),
        "ipFamilies": Items(TEXT),
        "publishNotReadyAddresses": FLAG,
        "sessionAffinityConfig": ANYTHING,
    }
)


def _object(**fields: Schema) -> Fields:
    return Fields({**_texts("apiVersion", "kind"), "metadata": METADATA, **fields})


@dataclass(frozen=True)
class Kind:
    """One kind that the server serves."""

    resource: Resource
    schema: Schema
    has_status: bool = False
    short: str = ""


VERBS: Final = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


def _kind(resource: Resource, schema: Schema, *, status: bool = False, short: str = "") -> Kind:
    subresources = frozenset({"status"}) if status else frozenset[str]()
    return Kind(replace(resource, verbs=VERBS, subresources=subresources), schema, status, short)


KINDS: Final = (
    _kind(NAMESPACES, _object(spec=ANYTHING, status=ANYTHING), status=True, short="ns"),
    _kind(CONFIG_MAPS, _object(data=Map(), binaryData=Map(), immutable=FLAG), short="cm"),
    _kind(SECRETS, _object(data=Map(), stringData=Map(), type=TEXT, immutable=FLAG)),
    _kind(PODS, _object(spec=POD_SPEC, status=ANYTHING), status=True, short="po"),
    _kind(EVENTS, ANYTHING, short="ev"),
    _kind(ENDPOINTS, ANYTHING, short="ep"),
    _kind(SERVICES, _object(spec=SERVICE_SPEC, status=ANYTHING), status=True, short="svc"),
    _kind(
        DEPLOYMENTS,
        _object(
            spec=Fields(
                {
                    "template": TEMPLATE,
                    "selector": SELECTOR,
                    "strategy": ANYTHING,
                    "paused": FLAG,
                    **dict.fromkeys(
                        (
                            "replicas",
                            "minReadySeconds",
                            "revisionHistoryLimit",
                            "progressDeadlineSeconds",
                        ),
                        NUMBER,
                    ),
                }
            ),
            status=WORKLOAD_STATUS,
        ),
        status=True,
        short="deploy",
    ),
    _kind(
        STATEFUL_SETS,
        _object(
            spec=Fields(
                {
                    "template": TEMPLATE,
                    "selector": SELECTOR,
                    "updateStrategy": ANYTHING,
                    "volumeClaimTemplates": Items(ANYTHING),
                    "persistentVolumeClaimRetentionPolicy": ANYTHING,
                    **_texts("serviceName", "podManagementPolicy"),
                    **dict.fromkeys(
                        ("replicas", "minReadySeconds", "revisionHistoryLimit"), NUMBER
                    ),
                }
            ),
            status=WORKLOAD_STATUS,
        ),
        status=True,
        short="sts",
    ),
    _kind(
        ENDPOINT_SLICES,
        _object(addressType=TEXT, endpoints=Items(ANYTHING), ports=Items(ANYTHING)),
    ),
)


def custom_kind(group: str, version: str, kind: str, plural: str) -> Kind:
    """A custom resource that takes any field, with a status of its own."""
    resource = Resource(group, version, kind, plural, namespaced=True)
    return _kind(resource, _object(spec=ANYTHING, status=ANYTHING), status=True)


def faults(value: Plain, schema: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Every place that the schema does not take: its path and why."""
    if value is None:
        return
    match schema:
        case Word() if not isinstance(value, schema.is_a) or (
            isinstance(value, bool) and bool not in schema.is_a
        ):
            yield path, f"expected {schema.is_a[0].__name__}, got {type(value).__name__}"
        case Fields():
            if not isinstance(value, dict):
                yield path, "expected map"
                return
            for key, inner in value.items():
                if key in schema.of:
                    yield from faults(inner, schema.of[key], f"{path}.{key}")
                else:
                    yield f"{path}.{key}", "field not declared in schema"
        case Items():
            if not isinstance(value, list):
                yield path, "expected list"
                return
            for index, inner in enumerate(value):
                yield from faults(inner, schema.item, f"{path}{_place(inner, schema, index)}")
        case _:
            return


def _place(item: Plain, schema: Items, index: int) -> str:
    if not schema.keys or not isinstance(item, dict):
        return f"[{index}]"
    return "[" + ",".join(f'{key}="{item.get(key)}"' for key in schema.keys) + "]"


def inner_schema(schema: Schema, key: str) -> Schema:
    """The schema of a map's field."""
    return schema.of.get(key, ANYTHING) if isinstance(schema, Fields) else ANYTHING


def is_one_piece(value: Plain, schema: Schema) -> bool:
    """Tell whether a value has one owner as a whole."""
    if isinstance(value, dict):
        return isinstance(schema, Map) and schema.atomic
    if isinstance(value, list):
        return not (isinstance(schema, Items) and (schema.keys or schema.is_set))
    return True
