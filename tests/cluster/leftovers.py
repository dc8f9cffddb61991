"""Everything of migrator's that is on the cluster, and what the journal knows of it.

An object is ours when it carries our annotation, our label or our field manager. The journal knows
it when a line says that it was made and no later one that it was deleted. Copies that the cluster's
own controllers make of our objects belong to those.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from cluster.reach import Cluster
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.platform.kubernetes.admission_policies import ANCHOR
from migrator.platform.kubernetes.objects import (
    KubeObject,
    name_of,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.slices import EPOCH, TOKEN

MANAGED: Final = "app.kubernetes.io/managed-by"
SLICE_OF: Final = "endpointslice.kubernetes.io/managed-by"
OURS: Final = "migrator"
NOT_LOOKED_AT: Final = ("events", "events.events.k8s.io")
STANDING: Final = "migrator-system"
"""The prober's namespace: it stands for all runs, and is retired with them. So does the fence's
anchor, which an administrator applies and leaves (docs/kubernetes-rights.md)."""


def known(lines: Iterable[Line]) -> set[str]:
    """The objects that the journal says are there because of this run."""
    there: set[str] = set()
    for line in lines:
        if not isinstance(line.event, ev.StepEnded | ev.UndoEnded):
            continue
        for change in line.event.changes:
            name, _, word = change.rpartition(" ")
            if word == "deleted":
                there.discard(name)
            elif word in {"created", "configured"}:
                there.add(name)
    return there


def ours(cluster: Cluster) -> Iterator[str]:
    """Everything that carries a mark of ours, by its name as the journal writes it."""
    listed = cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    kinds = ",".join(sorted(set(listed) - {*NOT_LOOKED_AT}))
    text = cluster.kubectl("get", kinds, "-A", "-o", "json", "--show-managed-fields")
    for found in json.loads(text)["items"]:
        # Endpoints repeat the labels of a Service: they are the cluster's, and go with it.
        copied = text_at(found, "kind") == "Endpoints"
        if _is_ours(found) and not copied and not objects_at(found, "metadata", "ownerReferences"):
            yield str(name_of(found))


def _is_ours(found: KubeObject) -> bool:
    notes = texts_at(found, "metadata", "annotations")
    labels = texts_at(found, "metadata", "labels")
    managers = {text_at(each, "manager") for each in objects_at(found, "metadata", "managedFields")}
    return (
        TOKEN in notes
        or EPOCH in notes
        or OURS in {labels.get(MANAGED), labels.get(SLICE_OF)}
        or OURS in managers
    )


def unknown(cluster: Cluster, lines: Iterable[Line]) -> tuple[list[str], list[str]]:
    """What is ours and not in the journal; and what is of the standing prober."""
    journalled = known(lines)
    left = sorted(set(ours(cluster)) - journalled)
    standing = [name for name in left if f"/{STANDING}" in name or name.endswith(f"/{ANCHOR}")]
    return [name for name in left if name not in standing], standing
