"""What stood on the cluster before our first write: every object as it was, or that it was not.

Taken by `applying.py`, kept by the caller as JSON before anything is written, used by
`restoring.py`. Of a Secret only a digest is in it: its pre-image is a copy in the same namespace,
so that nothing secret leaves the cluster. Other objects are whole, environment values included,
because they are put back; so the JSON belongs into a private store and is never shown: whatever
prints one of these classes sees names only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from migrator.platform.kubernetes.objects import (
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    objects_at,
    text_at,
    texts_at,
    uid_of,
)
from migrator.platform.kubernetes.slices import EPOCH, OURS, TOKEN, Mark

DIGEST: Final = "migrator/digest"
UID: Final = "migrator/uid"
COPIED: Final = ".migrator-before"
"""The key of a copy that holds all of the Secret that is not data: labels, annotations, type."""

KEPT_METADATA: Final = (
    "name",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
)
CONTROLLERS_NOTES: Final = ("deployment.kubernetes.io/", "deprecated.daemonset.template.generation")
"""Annotations that a controller writes when it likes; they say nothing about who changed what."""

Key: TypeAlias = tuple[str, ObjectName]
"""Group and name: a kind's name may be in two groups."""


def key_of(found: KubeObject) -> Key:
    """What an object is, whatever version of its kind it is written in."""
    group, _, _ = text_at(found, "apiVersion").rpartition("/")
    return group, name_of(found)


@dataclass(frozen=True, slots=True)
class PreImage:
    """One object as it was. `object` is None for one that was absent, and for a Secret.

    `uid` is empty where there was none. `mark` is the token of the act of ours that had written it
    by then, from an earlier move. `owners` are its managedFields, so that each manager gets
    back what was its own.
    """

    api_version: str
    name: ObjectName
    uid: str = ""
    digest: str = ""
    mark: str = ""
    object: KubeObject | None = field(default=None, repr=False)
    owners: tuple[KubeObject, ...] = field(default=(), repr=False)

    @property
    def was_there(self) -> bool:
        """Tell whether there was anything."""
        return bool(self.uid)

    @property
    def key(self) -> Key:
        """What it is an image of."""
        return self.api_version.rpartition("/")[0], self.name


@dataclass(frozen=True, slots=True)
class PreImages:
    """What was there of a subsystem's objects, and which act looked."""

    token: str
    images: Mapping[Key, PreImage] = field(repr=False)

    def __iter__(self) -> Iterator[PreImage]:
        """Each image, in the order in which the objects were named."""
        return iter(self.images.values())

    def __len__(self) -> int:
        """How many objects it is about."""
        return len(self.images)

    def of(self, found: KubeObject) -> PreImage | None:
        """The image of an object; None where nobody looked."""
        return self.images.get(key_of(found))

    def as_json(self) -> KubeObject:
        """Plain data for the store; private, since it holds environment values."""
        return {"token": self.token, "images": [_as_json(image) for image in self]}

    @classmethod
    def from_json(cls, data: object) -> PreImages:
        """The same again, out of what the store gave back."""
        assert isinstance(data, dict), "the store gave back something else"
        images = (_from_json(row) for row in objects_at(data, "images"))
        return cls(text_at(data, "token"), {image.key: image for image in images})


def _as_json(image: PreImage) -> KubeObject:
    return {
        "apiVersion": image.api_version,
        "kind": image.name.kind,
        "namespace": image.name.namespace,
        "name": image.name.name,
        "uid": image.uid,
        "digest": image.digest,
        "mark": image.mark,
        "object": image.object,
        "owners": [*image.owners],
    }


def _from_json(row: KubeObject) -> PreImage:
    found = row.get("object")
    return PreImage(
        text_at(row, "apiVersion"),
        ObjectName(text_at(row, "kind"), text_at(row, "namespace"), text_at(row, "name")),
        text_at(row, "uid"),
        text_at(row, "digest"),
        text_at(row, "mark"),
        found if isinstance(found, dict) else None,
        tuple(objects_at(row, "owners")),
    )


def is_secret(found: KubeObject) -> bool:
    """Tell whether an object's content must not leave the cluster."""
    return (text_at(found, "apiVersion"), text_at(found, "kind")) == ("v1", "Secret")


def image_of(wanted: KubeObject, live: KubeObject | None) -> PreImage:
    """The image of what is there now in the place of a wanted object."""
    api_version, name = text_at(wanted, "apiVersion"), name_of(wanted)
    if live is None:
        return PreImage(api_version, name)
    uid = uid_of(live)
    owners = tuple(objects_at(live, "metadata", "managedFields"))
    plain = stripped(live)
    kept = None if is_secret(wanted) else plain
    return PreImage(api_version, name, uid, digest_of(plain, uid), mark_token(live), kept, owners)


def stripped(found: KubeObject) -> KubeObject:
    """An object without what the server alone writes."""
    meta = {k: v for k, v in map_at(found, "metadata").items() if k in KEPT_METADATA}
    return {**{k: v for k, v in found.items() if k != "status"}, "metadata": meta}


def comparable(found: KubeObject) -> KubeObject:
    """An object without what changes although nobody changed it."""
    plain = stripped(found)
    notes = texts_at(plain, "metadata", "annotations")
    kept: KubeObject = {k: v for k, v in notes.items() if not k.startswith(CONTROLLERS_NOTES)}
    meta = {k: v for k, v in map_at(plain, "metadata").items() if k != "annotations"}
    return {**plain, "metadata": {**meta, "annotations": kept} if kept else meta}


def digest_of(found: KubeObject, uid: str) -> str:
    """What tells an object from a changed one; salted, so that equal secrets look different."""
    text = json.dumps(comparable(found), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{uid}\n{text}".encode()).hexdigest()


def mark_token(found: KubeObject | None) -> str:
    """The act of ours that wrote an object last; empty where none did."""
    return text_at(found, "metadata", "annotations", TOKEN)


# The copy of a Secret


def copy_name(secret: str) -> str:
    """Where the pre-image of a Secret is."""
    return f"{secret}.migrator-before"


def copy_of(live: KubeObject, image: PreImage, mark: Mark) -> KubeObject:
    """The Secret that keeps another one as it was. It has no type of its own: nothing uses it."""
    meta: KubeObject = {k: {} if k == "data" else v for k, v in stripped(live).items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": copy_name(image.name.name),
            "namespace": image.name.namespace,
            "labels": {"app.kubernetes.io/managed-by": OURS},
            "annotations": {
                TOKEN: mark.token,
                EPOCH: str(mark.epoch),
                DIGEST: image.digest,
                UID: image.uid,
            },
        },
        "immutable": True,
        "data": {**map_at(live, "data"), COPIED: _encoded(meta)},
    }


def out_of_copy(copied: KubeObject, image: PreImage) -> KubeObject | None:
    """The Secret as it was; None where the copy is of something else or was changed."""
    data = map_at(copied, "data")
    before = _decoded(text_at(data, COPIED))
    kept = {k: v for k, v in data.items() if k != COPIED}
    secret: KubeObject = {**before, "data": kept} if "data" in before else before
    return secret if digest_of(secret, image.uid) == image.digest else None


def _encoded(found: KubeObject) -> str:
    return base64.b64encode(json.dumps(found, sort_keys=True).encode()).decode()


def _decoded(text: str) -> KubeObject:
    try:
        found = json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def decoded_strings(secret: KubeObject) -> KubeObject:
    """A Secret with its `stringData` in `data`, where the server can tell whose it is."""
    plain = texts_at(secret, "stringData")
    if not is_secret(secret) or "stringData" not in secret:
        return secret
    data: KubeObject = {k: base64.b64encode(v.encode()).decode() for k, v in plain.items()}
    rest = {k: v for k, v in secret.items() if k != "stringData"}
    return {**rest, "data": {**map_at(secret, "data"), **data}}
