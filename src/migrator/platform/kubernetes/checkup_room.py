"""Is there room: quotas, limits for a container, and what the nodes have left.

Called by `checkup.py`. Sums are of what the manifests ask for, replicas included; a pod that asks
for nothing takes room all the same, and that is said. Whether each pod finds a node is the
scheduler's to know: here is only whether all of them together, and the largest one, can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.checked import Looked, failed, listed, ok, warning
from migrator.platform.kubernetes.discovery import PODS as POD_KIND
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.grants import guessed_plural, namespaces_of
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.pods_asked import (
    CPU,
    MEMORY,
    PODS,
    PodsAsked,
    one_pod,
    pods_asked,
    quantity,
    spoken,
    total,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject

QUOTAS: Final = Resource("", "v1", "ResourceQuota", "resourcequotas", namespaced=True)
LIMITS: Final = Resource("", "v1", "LimitRange", "limitranges", namespaced=True)
NODES: Final = Resource("", "v1", "Node", "nodes", namespaced=False)

SLACK: Final = 1e-6
"""Amounts are read as decimal fractions; a rounding error is no shortage."""


# Quotas


async def quotas(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """What each namespace's quotas leave, against what moves into it."""
    places = namespaces_of(subjects)
    found = await abreast(places, lambda place: listed(client, QUOTAS, place))
    said: list[Looked] = []
    for place, rows in zip(places, found, strict=True):
        own = [subject for subject in subjects if subject.namespace == place]
        for quota in rows:
            said += _of_quota(place, quota, _needs(own))
            said += _unasked(place, quota, own)
    return said or [ok("quotas", "none is in the way")]


def _of_quota(place: str, quota: KubeObject, needs: Mapping[str, float]) -> Iterator[Looked]:
    name = f"ResourceQuota/{place}/{text_at(quota, 'metadata', 'name')}"
    if map_at(quota, "spec", "scopeSelector") or at(quota, "spec", "scopes"):
        yield warning(
            "quotas",
            f"{name} counts only some pods (scopes); it was not compared",
            "compare it with the manifests by hand",
            "cluster-quota",
        )
        return
    short = []
    hard = map_at(quota, "status", "hard") or map_at(quota, "spec", "hard")
    for key, value in hard.items():
        most, used = quantity(value), quantity(at(quota, "status", "used", key)) or 0.0
        need = needs.get(_plain(key), 0.0)
        if most is not None and need > most - used + SLACK:
            left = spoken(_plain(key), max(most - used, 0.0))
            short.append(f"{key} needs {spoken(_plain(key), need)}, {left} is left")
    if short:
        yield failed(
            "quotas",
            f"{name}: {', '.join(short)}",
            "raise the quota, or ask for less in the manifests",
            "cluster-quota",
        )


def _plain(key: str) -> str:
    """One word for what a quota may call by two."""
    return {CPU: f"requests.{CPU}", MEMORY: f"requests.{MEMORY}", "count/pods": PODS}.get(key, key)


def _needs(subjects: Iterable[Subject]) -> dict[str, float]:
    """What subjects need, in the words of a quota."""
    needs: Counter[str] = Counter()
    found: dict[str, float] = {}
    for subject in subjects:
        pods = tuple(pods_asked(subject))
        for prefix, amounts in (("requests", total(pods)), ("limits", total(pods, limits=True))):
            for key, amount in amounts.items():
                word = key if key == PODS else f"{prefix}.{key}"
                if prefix == "requests" or key != PODS:
                    found[word] = found.get(word, 0.0) + amount
        for each in subject.objects:
            group = text_at(each, "apiVersion").rpartition("/")[0]
            kind = text_at(each, "kind")
            plural = guessed_plural(text_at(each, "apiVersion"), kind)
            needs[f"count/{plural}{f'.{group}' if group else ''}"] += 1
            if not group:
                needs[plural] += 1
            if kind == "PersistentVolumeClaim":
                asked = quantity(at(each, "spec", "resources", "requests", "storage"))
                found["requests.storage"] = found.get("requests.storage", 0.0) + (asked or 0.0)
    # Every pod that a workload makes counts; the few written as pods are among them already.
    needs.pop(PODS, None)
    return {**{key: float(number) for key, number in needs.items()}, **found}


def _unasked(place: str, quota: KubeObject, subjects: Iterable[Subject]) -> Iterator[Looked]:
    """A quota on amounts refuses every pod that does not say what it asks for."""
    hard = {_plain(key) for key in map_at(quota, "spec", "hard")}
    for key in (CPU, MEMORY):
        for prefix, what in (("requests", "each"), ("limits", "limits")):
            if f"{prefix}.{key}" not in hard:
                continue
            silent = [
                str(pods.name)
                for subject in subjects
                for pods in pods_asked(subject)
                if key not in (pods.each if what == "each" else pods.limits)
            ]
            if silent:
                yield warning(
                    "quotas",
                    f"{place} has a quota on {prefix}.{key}, and {', '.join(silent)} say nothing "
                    "of it",
                    "name it in the manifests, or have a LimitRange that fills it in",
                    "cluster-quota",
                )


# Limits for one container


async def limit_ranges(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Containers that a LimitRange would refuse."""
    places = namespaces_of(subjects)
    found = await abreast(places, lambda place: listed(client, LIMITS, place))
    mend = "ask for an amount inside the range, or have the range changed"
    said: list[Looked] = []
    for place, rows in zip(places, found, strict=True):
        own = [subject for subject in subjects if subject.namespace == place]
        for row in rows:
            said += [
                failed("limit ranges", f"{place}: {wrong}", mend, "cluster-quota")
                for wrong in _outside(row, own)
            ]
    return said or [ok("limit ranges", "none is in the way")]


def _outside(limit: KubeObject, subjects: Iterable[Subject]) -> Iterator[str]:
    for row in objects_at(limit, "spec", "limits"):
        kind = text_at(row, "type")
        if kind not in {"Container", "Pod"}:
            continue
        for subject in subjects:
            for pods in pods_asked(subject):
                yield from _outside_row(row, pods, kind)


def _outside_row(row: KubeObject, pods: PodsAsked, kind: str) -> Iterator[str]:
    """A maximum is about limits, a minimum about requests; one is the other's default."""
    alone: list[KubeObject] = [
        {"containers": [container]} for container in objects_at(pods.spec, "containers")
    ]
    specs = alone if kind == "Container" else [pods.spec]
    for spec in specs:
        limits, requests = one_pod(spec, "limits"), one_pod(spec, "requests")
        for key, value in map_at(row, "max").items():
            most, asked = quantity(value), limits.get(key, requests.get(key))
            if most is not None and asked is not None and asked > most + SLACK:
                yield f"{pods.name} wants {spoken(key, asked)}, at most {spoken(key, most)}"
        for key, value in map_at(row, "min").items():
            least, asked = quantity(value), requests.get(key)
            if least is not None and asked is not None and asked < least - SLACK:
                yield f"{pods.name} asks for {spoken(key, asked)}, at least {spoken(key, least)}"


# Nodes


async def nodes(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """What the usable nodes have left, against what all subsystems need together."""
    everywhere = await listed(client, NODES)
    usable = [node for node in everywhere if not why_not(node)]
    said: list[Looked] = []
    for node in everywhere:
        if why := why_not(node):
            name = text_at(node, "metadata", "name")
            said.append(warning("nodes", f"{name} takes no pod: {why}", "", "cluster-capacity"))
    free = await _free(client, usable)
    asked = [pods for subject in subjects for pods in pods_asked(subject)]
    need = total(asked)
    left = {key: sum(room.get(key, 0.0) for room in free.values()) for key in (CPU, MEMORY, PODS)}
    short = [
        f"{key} needs {spoken(key, need.get(key, 0.0))}, {spoken(key, left[key])} is left"
        for key in left
        if need.get(key, 0.0) > left[key] + SLACK
    ]
    mend = "add nodes, move fewer subsystems into this window, or ask for less in the manifests"
    if short:
        said.append(failed("nodes", "; ".join(short), mend, "cluster-capacity"))
    for pods in asked:
        if pods.count and free and not any(_fits(pods, room) for room in free.values()):
            found = f"no single node has room for a pod of {pods.name}"
            said.append(failed("nodes", found, mend, "cluster-capacity"))
    silent = [
        str(pods.name) for pods in asked if pods.count and not {CPU, MEMORY} <= set(pods.each)
    ]
    if silent:
        found = f"{len(silent)} workloads do not say what they need: {', '.join(silent[:5])}"
        found += " ..." if len(silent) > 5 else ""
        mend = "name requests for CPU and memory; the sums here are too small by that"
        said.append(warning("nodes", found, mend, "cluster-capacity"))
    if not short:
        amounts = ", ".join(
            f"{spoken(key, need.get(key, 0.0))} of {spoken(key, left[key])} {key}" for key in left
        )
        said.append(ok("nodes", f"{len(usable)} usable; the plan needs {amounts} that are left"))
    return said


def why_not(node: KubeObject) -> str:
    """Why a node takes no pod that does not ask for it; empty for one that does."""
    if at(node, "spec", "unschedulable") is True:
        return "it is cordoned"
    ready = [
        text_at(c, "status")
        for c in objects_at(node, "status", "conditions")
        if text_at(c, "type") == "Ready"
    ]
    if ready != ["True"]:
        return "it is not ready"
    taints = [
        text_at(taint, "key")
        for taint in objects_at(node, "spec", "taints")
        if text_at(taint, "effect") in {"NoSchedule", "NoExecute"}
    ]
    return f"it is tainted ({', '.join(taints)})" if taints else ""


async def _free(client: Client, usable: list[KubeObject]) -> dict[str, dict[str, float]]:
    """What each node has left of what it can give."""
    free: dict[str, dict[str, float]] = {}
    for node in usable:
        amounts = texts_at(node, "status", "allocatable")
        read = {key: quantity(amounts.get(key)) or 0.0 for key in (CPU, MEMORY, PODS)}
        free[text_at(node, "metadata", "name")] = read
    pods = (await client.list_all(POD_KIND, keep=_only_room)).items
    for pod in pods:
        room = free.get(text_at(pod, "spec", "nodeName"))
        if room is None or text_at(pod, "status", "phase") in {"Succeeded", "Failed"}:
            continue
        asked = one_pod(map_at(pod, "spec"), "requests")
        for key in (CPU, MEMORY):
            room[key] -= asked.get(key, 0.0)
        room[PODS] -= 1
    return free


def _only_room(pod: KubeObject) -> KubeObject:
    """Ten thousand pods are counted without their texts."""
    spec = map_at(pod, "spec")

    def rows(key: str) -> list[KubeObject]:
        return [
            {"resources": map_at(c, "resources"), "restartPolicy": text_at(c, "restartPolicy")}
            for c in objects_at(spec, key)
        ]

    return {
        "spec": {
            "nodeName": text_at(spec, "nodeName"),
            "containers": [*rows("containers")],
            "initContainers": [*rows("initContainers")],
            "overhead": map_at(spec, "overhead"),
        },
        "status": {"phase": text_at(pod, "status", "phase")},
    }


def _fits(pods: PodsAsked, room: Mapping[str, float]) -> bool:
    return room[PODS] >= 1 and all(
        pods.each.get(key, 0.0) <= room[key] + SLACK for key in (CPU, MEMORY)
    )
