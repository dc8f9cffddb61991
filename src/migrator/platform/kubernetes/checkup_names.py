"""What the manifests name and the cluster must have: kinds, storage classes, image pull secrets.

Called by `checkup.py`. A name that the manifests themselves bring is not looked for. Of a Secret
only whether it is there is asked, and never its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.checked import Looked, failed, listed, ok, unknown
from migrator.platform.kubernetes.discovery import SECRETS, Resource
from migrator.platform.kubernetes.objects import (
    KubeObject,
    name_of,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.pods_asked import pod_spec
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject

STORAGE: Final = Resource(
    "storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False
)
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


async def kinds(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Kinds that the server does not serve, and no manifest defines."""
    own = {
        (text_at(each, "spec", "group"), text_at(each, "spec", "names", "kind"))
        for subject in subjects
        for each in subject.objects
        if text_at(each, "kind") == "CustomResourceDefinition"
    }
    wanted: dict[tuple[str, str], KubeObject] = {}
    for subject in subjects:
        for each in subject.objects:
            wanted.setdefault((text_at(each, "apiVersion"), text_at(each, "kind")), each)
    known = {(found.api_version, found.kind) for found in await client.discovery.all()}
    stale = client.discovery.stale_groups
    said: list[Looked] = []
    for (version, kind), example in sorted(wanted.items()):
        group = version.rpartition("/")[0]
        if (version, kind) in known or (group, kind) in own:
            continue
        found = f"{kind} in {version} is not served ({name_of(example)} and others)"
        if group in stale:
            mend = "its extension server does not answer: kubectl get apiservice"
            said.append(unknown("kinds", found, mend, "cluster-kind-unknown"))
            continue
        served = sorted(v for v, k in known if k == kind)
        found += f"; it is served as {', '.join(served)}" if served else ""
        mend = "install its CustomResourceDefinition, or mend apiVersion and kind"
        said.append(failed("kinds", found, mend, "cluster-kind-unknown"))
    return said or [ok("kinds", f"all {len(wanted)} are served")]


async def storage_classes(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Storage classes that claims name and nobody has made, and whether there is a default."""
    claims = [claim for subject in subjects for claim in claims_of(subject)]
    if not claims:
        return [ok("storage classes", "no claim asks for any")]
    found = await listed(client, STORAGE)
    names = {text_at(each, "metadata", "name") for each in found}
    defaults = [
        each
        for each in found
        if texts_at(each, "metadata", "annotations").get(DEFAULT_CLASS) == "true"
    ]
    said: list[Looked] = []
    for owner, name in claims:
        if name is None and not defaults:
            text = f"{owner} leaves the class to the cluster, which has no default"
        elif name and name not in names:
            text = f"{owner} names {name}; there are: {', '.join(sorted(names)) or 'none'}"
        else:
            continue
        mend = "name a class that there is in the manifests, or have it made"
        said.append(failed("storage classes", text, mend, "cluster-storage-class"))
    return said or [ok("storage classes", f"those of {len(claims)} claims are there")]


def claims_of(subject: Subject) -> Iterator[tuple[str, str | None]]:
    """Every claim with the class that it names; None where it leaves that to the cluster."""
    for each in subject.objects:
        templates = objects_at(each, "spec", "volumeClaimTemplates")
        rows = [each] if text_at(each, "kind") == "PersistentVolumeClaim" else templates
        for row in rows:
            spec = row.get("spec")
            if isinstance(spec, dict) and not text_at(spec, "volumeName"):
                has = "storageClassName" in spec
                yield str(name_of(each)), text_at(spec, "storageClassName") if has else None


async def pull_secrets(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Image pull secrets that pods name and that are in no manifest and not in the namespace."""
    wanted = sorted({row for subject in subjects for row in _pull_secrets(subject)})
    if not wanted:
        return [ok("image pull secrets", "no pod names any")]

    async def look(row: tuple[str, str]) -> Looked | None:
        place, name = row
        text = f"{place}/{name}"
        try:
            there = await client.get(SECRETS, place, name, metadata_only=True)
        except PermanentError as error:
            mend = f"look yourself: kubectl get secret {name} -n {place}"
            return unknown(
                "image pull secrets", f"{text}: {error.message}", mend, "image-pull-secret"
            )
        if there is not None:
            return None
        mend = "make it in the namespace, or put it into the manifests"
        return failed("image pull secrets", f"{text} is not there", mend, "image-pull-secret")

    said = [found for found in await abreast(wanted, look) if found is not None]
    return said or [ok("image pull secrets", f"all {len(wanted)} are there")]


def _pull_secrets(subject: Subject) -> Iterator[tuple[str, str]]:
    own = {name_of(each).name for each in subject.objects if text_at(each, "kind") == "Secret"}
    holders = [pod_spec(each) for each in subject.objects]
    holders += [each for each in subject.objects if text_at(each, "kind") == "ServiceAccount"]
    for holder in holders:
        for row in objects_at(holder, "imagePullSecrets"):
            if (name := text_at(row, "name")) and name not in own:
                yield subject.namespace, name
