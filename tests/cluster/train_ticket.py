"""Half of the weekend's estate: subsystems of a public sample, through one declared overlay.

The sample (a ticket shop of 64 services) is read where it lies beside the repository; nothing of it
is kept here. A subsystem is a service and its own database, two Deployments and two Services as
their authors wrote them. The overlay changes what the lab has not got, and nothing else:

* images: the lab's Python image, in which the small server answers on the port that was declared;
* probes: a quick look at that port instead of waiting 160 s;
* requests and limits: small ones, so that all of it fits on one node;
* labels: `estate: train-ticket` on pods and objects;
* the end of a pod: one second instead of thirty.

The links are our own: the sample states none that a machine could read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from cluster.estate_on_cluster import Member, a_container
from migrator.platform.kubernetes.objects import KubeObject, map_at, name_of, objects_at

SAMPLE: Final = Path(__file__).parents[3] / "shared" / "samples" / "train-ticket"
NAMESPACE: Final = "train-ticket"
LABEL: Final[KubeObject] = {"estate": "train-ticket"}


def is_there() -> bool:
    """Whether the sample lies beside the repository."""
    return SAMPLE.is_dir()


def train_ticket(image: str, count: int) -> tuple[Member, ...]:
    """The first subsystems of the sample that have a database of their own."""
    found = {(name_of(each).kind, name_of(each).name): each for each in _objects()}
    stores = (name for kind, name in found if kind == "Deployment" and name.endswith("-mongo"))
    members: list[Member] = []
    for store in stores:
        service = store.replace("-mongo", "-service")
        if len(members) < count and ("Deployment", service) in found:
            own = [found[kind, name] for name in (store, service) for kind in KINDS]
            objects = tuple(_overlaid(each, service, image) for each in own)
            members.append(Member(service, objects, service, NAMESPACE))
    assert len(members) == count, f"the sample has {len(members)} of the {count} wanted"
    return tuple(members)


KINDS: Final = ("Deployment", "Service")


def _objects() -> Iterator[KubeObject]:
    for path in sorted(SAMPLE.glob("ts-deployment-*.yml")):
        yield from filter(None, yaml.safe_load_all(path.read_text("utf-8")))


def _overlaid(found: KubeObject, subsystem: str, image: str) -> KubeObject:
    meta = map_at(found, "metadata")
    marked: KubeObject = {**meta, "labels": {**map_at(meta, "labels"), **LABEL}}
    if name_of(found).kind == "Service":
        return {**found, "metadata": marked}
    spec, template = map_at(found, "spec"), map_at(found, "spec", "template")
    (container,) = objects_at(template, "spec", "containers")
    (port,) = objects_at(container, "ports")
    number = port["containerPort"]
    assert isinstance(number, int)
    small: KubeObject = {
        **a_container(subsystem, image, number),
        "name": container["name"],
        "ports": [port],
        "imagePullPolicy": "IfNotPresent",
    }
    labels: KubeObject = {**map_at(template, "metadata", "labels"), **LABEL}
    pod: KubeObject = {
        **map_at(template, "spec"),
        "containers": [small],
        "terminationGracePeriodSeconds": 1,
    }
    return {
        **found,
        "metadata": marked,
        "spec": {**spec, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
