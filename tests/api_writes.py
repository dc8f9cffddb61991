"""What a write does on the tests' API server: checks, merging, owners, versions, refusals.

Refusals carry the Status that a real server sends, word for word where a client may depend on the
words. Defaults are filled in only where something here needs them.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from api_fields import Conflict, ConflictsError, applied, read_owners, shown, updated, written
from api_schemas import Kind, faults
from api_storage import Key, Storage, new_uid, timestamp
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    number_at,
    objects_at,
    text_at,
    uid_of,
    version_of,
)

IMMUTABLE = {
    ("apps", "deployments"): (("spec", "selector"),),
    ("apps", "statefulsets"): (("spec", "selector"), ("spec", "serviceName")),
    ("", "services"): (("spec", "clusterIP"),),
    ("discovery.k8s.io", "endpointslices"): (("addressType",),),
}


class RefusedError(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, reason: str, message: str, **details: Plain) -> None:
        super().__init__(message)
        self.code = code
        self.status: KubeObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }
        if not reason:
            del self.status["reason"]


@dataclass(frozen=True)
class Write:
    """One write as it was asked for."""

    kind: Kind
    namespace: str
    name: str
    body: KubeObject
    manager: str
    subresource: str = ""
    dry_run: bool = False
    strict: bool = True
    force: bool = False

    @property
    def key(self) -> Key:
        r = self.kind.resource
        return r.group, r.plural, self.namespace if r.namespaced else "", self.name

    @property
    def said(self) -> str:
        return f'{self.kind.resource.right} "{self.name}"'


Admission = Callable[[Write, KubeObject], None]
"""Looks at what a write would make, and raises RefusedError where it does not like it."""


@dataclass
class Writes:
    """The writing half of the server. `admit` are the webhooks and policies that tests put in."""

    storage: Storage
    admit: list[Admission] = field(default_factory=list)

    def create(self, write: Write) -> KubeObject:
        if write.key in self.storage.objects:
            raise RefusedError(409, "AlreadyExists", f"{write.said} already exists")
        self._checked(write)
        return self._store(write, None, write.body, "Update")

    def apply(self, write: Write) -> tuple[int, KubeObject]:
        """Server-side apply: 201 where it made the object, 200 otherwise."""
        if not write.manager:
            raise RefusedError(
                422,
                "Invalid",
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
                "is required for apply patch",
            )
        if at(write.body, "metadata", "managedFields"):
            raise RefusedError(400, "BadRequest", "metadata.managedFields must be nil")
        wrong = list(faults(write.body, write.kind.schema))
        if wrong:
            r = write.kind.resource
            said = f"({write.namespace}/{write.name}; {r.api_version}, Kind={r.kind})"
            what = "; ".join(f"{path}: {why}" for path, why in wrong)
            # Not an error that the server has a word for: it answers 500 without a reason.
            raise RefusedError(500, "", f"failed to create typed patch object {said}: {what}")
        live = self.storage.objects.get(write.key)
        self._same(write, live)
        if live is None and uid_of(write.body):
            raise RefusedError(
                409,
                "Conflict",
                f"uid mismatch: the provided object specified uid {uid_of(write.body)}, "
                "and no existing object was found",
            )
        after = self._store(write, live, write.body, "Apply")
        return (200 if live else 201), after

    def replace(self, write: Write) -> KubeObject:
        live = self._live(write)
        self._checked(write)
        self._same(write, live)
        return self._store(write, live, write.body, "Update")

    def merge(self, write: Write) -> KubeObject:
        """A JSON merge patch."""
        live = self._live(write)
        self._same(write, live)
        merged = _merge(live, write.body)
        assert isinstance(merged, dict)
        return self._store(write, live, merged, "Update")

    def delete(self, write: Write) -> KubeObject:
        live = self._live(write)
        wanted = map_at(write.body, "preconditions")
        for word, is_ in (("uid", uid_of(live)), ("resourceVersion", version_of(live))):
            asked = text_at(wanted, word)
            if asked and asked != is_:
                title = "UID" if word == "uid" else "ResourceVersion"
                raise RefusedError(
                    409,
                    "Conflict",
                    f"Operation cannot be fulfilled on {write.said}: Precondition failed: "
                    f"{title} in precondition: {asked}, {title} in object meta: {is_}",
                )
        if write.dry_run:
            return live
        if at(live, "metadata", "finalizers"):
            ending = copy.deepcopy(live)
            map_at(ending, "metadata").setdefault("deletionTimestamp", timestamp())
            return self.storage.put(write.key, ending)
        return self._drop(write.key)

    def _drop(self, key: Key) -> KubeObject:
        """Delete, and at once what belonged to it; a real cluster takes a moment for that."""
        gone = self.storage.drop(key)
        for dependant in self.storage.dependants(uid_of(gone)):
            if dependant in self.storage.objects:
                self._drop(dependant)
        if key[:2] == ("", "namespaces"):
            for inside in [k for k in self.storage.objects if k[2] == key[3]]:
                if inside in self.storage.objects:
                    self._drop(inside)
        return gone

    def _live(self, write: Write) -> KubeObject:
        live = self.storage.objects.get(write.key)
        if live is None:
            raise not_found(write)
        return live

    def _checked(self, write: Write) -> None:
        wrong = list(faults(write.body, write.kind.schema))
        if wrong and write.strict:
            r = write.kind.resource
            what = ", ".join(f'unknown field "{path.lstrip(".")}"' for path, _ in wrong)
            raise RefusedError(
                400,
                "BadRequest",
                f'{r.kind} in version "{r.version}" cannot be handled as a {r.kind}: '
                f"strict decoding error: {what}",
            )

    def _same(self, write: Write, live: KubeObject | None) -> None:
        """The version or uid that the body carries, where it carries one."""
        wanted = version_of(write.body)
        if live is not None and (
            (wanted and wanted != version_of(live))
            or (uid_of(write.body) and uid_of(write.body) != uid_of(live))
        ):
            raise RefusedError(
                409,
                "Conflict",
                f"Operation cannot be fulfilled on {write.said}: the object has been modified; "
                "please apply your changes to the latest version and try again",
                name=write.name,
            )

    def _store(
        self, write: Write, live: KubeObject | None, wanted: KubeObject, operation: str
    ) -> KubeObject:
        schema = write.kind.schema
        wanted = _scoped(wanted, live, write)
        owners = read_owners(live)
        manager = (write.manager, operation, write.subresource)
        if operation == "Apply":
            try:
                after, owners = applied(live, owners, wanted, manager, schema, force=write.force)
            except ConflictsError as error:
                raise _conflict(error.conflicts, write) from error
        else:
            after = _as_data(copy.deepcopy(wanted))
            if "managedFields" in map_at(wanted, "metadata"):
                # Whoever sends the owners along sets them; what the write changes is theirs.
                owners = read_owners(wanted)
            owners = updated(live, owners, after, manager, schema)
        after = self._completed(write, live, after)
        if live is None:
            self._room(write)
        else:
            self._fixed(write, live, after)
        for admission in self.admit:
            admission(write, after)
        metadata = map_at(after, "metadata")
        metadata["managedFields"] = written(
            owners, write.kind.resource.api_version, timestamp(), live
        )
        if live is not None and _same_but_version(live, after):
            return live
        if write.dry_run:
            metadata["resourceVersion"] = version_of(live) if live else ""
            return after
        if at(after, "metadata", "deletionTimestamp") and not at(after, "metadata", "finalizers"):
            return self._drop(write.key)
        return self.storage.put(write.key, after)

    def _completed(self, write: Write, live: KubeObject | None, after: KubeObject) -> KubeObject:
        """What the server writes itself, and the few defaults that somebody needs."""
        r = write.kind.resource
        metadata = {**map_at(after, "metadata"), "name": write.name}
        after = {"apiVersion": r.api_version, "kind": r.kind, **after, "metadata": metadata}
        if r.namespaced:
            metadata["namespace"] = write.namespace
        for word in ("uid", "creationTimestamp", "deletionTimestamp", "resourceVersion"):
            metadata.pop(word, None)
            if live is not None and at(live, "metadata", word) is not None:
                metadata[word] = at(live, "metadata", word)
        if live is None:
            metadata["uid"] = new_uid()
            metadata["creationTimestamp"] = timestamp()
        if r.plural == "services" and "clusterIP" not in map_at(after, "spec"):
            self.storage.names += 1
            address = f"10.96.{self.storage.names // 250}.{self.storage.names % 250 + 1}"
            kept = text_at(live, "spec", "clusterIP") if live else ""
            after["spec"] = {**map_at(after, "spec"), "clusterIP": kept or address}
        if r.plural == "namespaces" and live is None:
            after["status"] = {"phase": "Active"}
        if r.plural == "secrets":
            after = {"type": "Opaque", **_as_data(after)}
        if "spec" in after and r.plural not in {"services", "namespaces"}:
            changed = live is None or at(live, "spec") != at(after, "spec")
            metadata["generation"] = number_at(live, "metadata", "generation") + int(changed)
        return after

    def _room(self, write: Write) -> None:
        """A namespace must be there and must not be going."""
        if not write.kind.resource.namespaced:
            return
        space = self.storage.objects.get(("", "namespaces", "", write.namespace))
        if space is None:
            raise RefusedError(
                404,
                "NotFound",
                f'namespaces "{write.namespace}" not found',
                name=write.namespace,
                kind="namespaces",
            )
        if at(space, "metadata", "deletionTimestamp"):
            raise RefusedError(
                403,
                "Forbidden",
                f"{write.said} is forbidden: unable to create new content in namespace "
                f"{write.namespace} because it is being terminated",
                causes=[{"reason": "NamespaceTerminating", "message": "it is being terminated"}],
            )

    def _fixed(self, write: Write, live: KubeObject, after: KubeObject) -> None:
        r = write.kind.resource
        for path in IMMUTABLE.get((r.group, r.plural), ()):
            if at(live, *path) is not None and at(live, *path) != at(after, *path):
                place, why = ".".join(path), "field is immutable"
                if path[-1] == "clusterIP":
                    place, why = "spec.clusterIPs[0]", "may not change once set"
                said = f"Invalid value: {json.dumps(at(after, *path))}: {why}"
                raise RefusedError(
                    422,
                    "Invalid",
                    f'{r.kind}.{r.group or "core"} "{write.name}" is invalid: {place}: {said}',
                    causes=[{"reason": "FieldValueInvalid", "message": said, "field": place}],
                )


def not_found(write: Write) -> RefusedError:
    return RefusedError(404, "NotFound", f"{write.said} not found", name=write.name)


def _scoped(wanted: KubeObject, live: KubeObject | None, write: Write) -> KubeObject:
    """A write to the status leaves all else alone, and the other way round."""
    if not write.kind.has_status:
        return wanted
    if write.subresource == "status":
        rest = {k: v for k, v in (live or {}).items() if k != "status"}
        if "status" in wanted:
            rest["status"] = wanted["status"]
        return rest
    out = {k: v for k, v in wanted.items() if k != "status"}
    if live is not None and "status" in live:
        out["status"] = live["status"]
    return out


def _as_data(found: KubeObject) -> KubeObject:
    """A Secret's texts as its data; anything else is as it was."""
    if found.get("stringData") is None:
        return found
    plain = map_at(found, "stringData")
    data: KubeObject = {k: base64.b64encode(str(v).encode()).decode() for k, v in plain.items()}
    rest = {k: v for k, v in found.items() if k != "stringData"}
    return {**rest, "data": {**map_at(found, "data"), **data}}


def _conflict(conflicts: list[Conflict], write: Write) -> RefusedError:
    api_version = write.kind.resource.api_version
    causes: list[Plain] = []
    said: list[str] = []
    for conflict in conflicts:
        name, operation, subresource = conflict.manager
        with_subresource = f' with subresource "{subresource}"' if subresource else ""
        using = f" using {api_version}" if operation == "Update" else ""
        message = f'conflict with "{name}"{with_subresource}{using}'
        field_ = shown(conflict.path)
        causes.append({"reason": "FieldManagerConflict", "message": message, "field": field_})
        said.append(f"{message}: {field_}")
    count = len(conflicts)
    words = f"{count} conflict{'s' if count > 1 else ''}"
    return RefusedError(
        409, "Conflict", f"Apply failed with {words}: {'; '.join(said)}", causes=causes
    )


def _merge(live: Plain, change: Plain) -> Plain:
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    out = dict(live) if isinstance(live, dict) else {}
    for key, value in change.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = _merge(out.get(key), value)
    return out


def _same_but_version(live: KubeObject, after: KubeObject) -> bool:
    def plain(found: KubeObject) -> str:
        metadata = {k: v for k, v in map_at(found, "metadata").items() if k != "resourceVersion"}
        return json.dumps({**found, "metadata": metadata}, sort_keys=True)

    return plain(live) == plain(after)


def managers_of(found: KubeObject) -> set[str]:
    """The names in an object's managedFields."""
    return {text_at(entry, "manager") for entry in objects_at(found, "metadata", "managedFields")}
