"""Drift: what somebody else changed in the objects that we applied, and what is done about it.

Used by `migrator drift`, and meant to be asked before an act applies again. The server itself says
what an apply would bring back (a dry run with force, which stores nothing) and who owns each field
now; nobody's guess is in it. What the cluster's own controllers write is no drift. Values are
masked before they leave here. Adopting drops a field from our apply, overriding takes it back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import ENDPOINT_SLICES
from migrator.platform.kubernetes.masked_objects import masked_at
from migrator.platform.kubernetes.objects import (
    FIELD_MANAGER,
    KubeObject,
    ObjectName,
    map_at,
    name_of,
)
from migrator.platform.kubernetes.owned import (
    FieldPath,
    Manager,
    managers,
    our_fields,
    paths,
    shown,
    value_at,
)
from migrator.platform.kubernetes.ownership import is_ours
from migrator.platform.kubernetes.preimages import decoded_strings
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import (
    EPOCH,
    TOKEN,
    front_of,
    mark_of,
    owned_name,
    shadow_of,
)
from migrator.platform.kubernetes.subject import Subject

NOBODY: Final = ""
"""The manager of a field that was taken away: whoever did it owns nothing of it."""

_SYSTEM: Final = ("kube-", "kubelet", "cloud-controller-manager", "k3s")
"""The cluster's own writers, as their user agents begin."""
_MARKS: Final = frozenset(("f:metadata", "f:annotations", f"f:{word}") for word in (TOKEN, EPOCH))


@dataclass(frozen=True, slots=True)
class Drift:
    """One field that somebody else changed. `ours` is None where the manifests do not have it."""

    name: ObjectName
    field: FieldPath
    manager: str  # NOBODY: it is gone, and nobody owns what is not there
    time: str  # when that manager wrote last, as the server says it; empty where nobody did
    ours: Plain
    theirs: Plain

    @property
    def path(self) -> str:
        """The field as people read it."""
        return shown(self.field)

    @property
    def who(self) -> str:
        """The manager in words."""
        return self.manager or "somebody who removed it"


@dataclass(frozen=True, slots=True)
class Compared:
    """All drift of some objects; what could not be compared, and why; what was never applied."""

    drifts: tuple[Drift, ...] = ()
    compared: tuple[ObjectName, ...] = ()
    not_ours: tuple[ObjectName, ...] = ()  # absent, or there without us
    untold: tuple[tuple[ObjectName, str], ...] = ()


class Decision(Enum):
    """What is done about one drift."""

    ADOPT = "adopt"  # theirs stays: the field is no longer ours
    OVERRIDE = "override"  # ours comes back
    STOP = "stop"  # nothing is applied


@dataclass(frozen=True, slots=True)
class Decided:
    """What to apply, and whether by force. `adopted` are the fields that were left to others."""

    body: KubeObject
    force: bool
    adopted: tuple[str, ...] = ()


async def compare(client: Client, subject: Subject) -> Compared:
    """All drift of a subsystem: its objects, its fronts with their shadows, its slices."""
    fronts = {fronting.front.service for fronting in subject.fronts}
    bodies: list[KubeObject] = []
    for each in subject.objects:
        if name_of(each).kind == "Service" and name_of(each).name in fronts:
            bodies += [front_of(each), shadow_of(each)]
        else:
            bodies.append(each)
    found = await abreast(bodies, lambda body: compare_one(client, body))
    for fronting in subject.fronts:
        front = fronting.front
        live = await client.get(ENDPOINT_SLICES, front.namespace, owned_name(front.service))
        if live is not None:
            strangers = (_added(live, who, path) for who, path in _fields_of_others(live))
            found.append(Compared(tuple(strangers), (name_of(live, "EndpointSlice"),)))
    return Compared(
        tuple(drift for each in found for drift in each.drifts),
        tuple(name for each in found for name in each.compared),
        tuple(name for each in found for name in each.not_ours),
        tuple(pair for each in found for pair in each.untold),
    )


async def compare_one(client: Client, wanted: KubeObject) -> Compared:
    """The drift of one object."""
    name = name_of(wanted)
    try:
        resource = await client.discovery.of(wanted)
        live = await client.get(resource, name.namespace, name.name)
        # Whoever took every field over has left us none; our mark is still there then.
        if live is None or not (is_ours(live) or mark_of(live).token):
            return Compared(not_ours=(name,))
        body = _as_marked(decoded_strings(wanted), live)
        meant = await client.apply(body, dry_run=True, force=True, before=live)
    except (PermanentError, TransientError) as error:
        return Compared(untold=((name, error.message),))
    return Compared(tuple(found_in(live, meant.object)), (name,))


def found_in(live: KubeObject, meant: KubeObject) -> Iterator[Drift]:
    """The drift of a live object from what an apply of ours would make of it. Pure.

    What others added is told as far as it came after our last change; so it is asked for before
    each act, and not only at the end of a night.
    """
    mine, wanted = set(paths(our_fields(live))), set(paths(our_fields(meant)))
    for path in sorted(wanted - _MARKS):
        # A field that is still ours differs by our own doing: a new manifest, or asleep.
        if path in mine or value_at(live, path) == value_at(meant, path):
            continue
        who = _owner(live, path)
        if who is None or not _is_system(who.name):
            yield Drift(
                name_of(live),
                path,
                who.name if who else NOBODY,
                who.time if who else "",
                masked_at(live, path, value_at(meant, path)),
                masked_at(live, path, value_at(live, path)),
            )
    since = max((each.time for each in managers(live) if _is_ours(each)), default="")
    for who, path in _fields_of_others(live):
        # What was there when we applied was no change of what we had made.
        if who.time >= since and not _touches(path, wanted) and value_at(live, path) is not None:
            yield _added(live, who, path)


def adopted(wanted: KubeObject, drifts: Iterable[Drift]) -> KubeObject:
    """The object without the fields that are left to others: an apply of it leaves them alone."""
    body = copy.deepcopy(wanted)
    for drift in drifts:
        _drop(body, drift.field)
    return body


def decided(
    wanted: KubeObject, drifts: Iterable[Drift], decide: Callable[[Drift], Decision]
) -> Decided:
    """What to apply after somebody has decided about each drift. Raises PermanentError to stop."""
    own = [drift for drift in drifts if drift.name == name_of(wanted)]
    words = [(drift, decide(drift)) for drift in own]
    stopped = [drift for drift, word in words if word is Decision.STOP]
    if stopped:
        said = "; ".join(f"{each.name} {each.path} was changed by {each.who}" for each in stopped)
        raise PermanentError(
            "drift-found",
            f"somebody else changed what was applied: {said}",
            hint="`migrator drift PLAN --context NAME` shows all of it; adopt or override each",
        )
    left = [drift for drift, word in words if word is Decision.ADOPT]
    taken = any(word is Decision.OVERRIDE for _, word in words)
    return Decided(adopted(wanted, left), taken, tuple(drift.path for drift in left))


# --- parts ----------------------------------------------------------------------------------


def _added(live: KubeObject, who: Manager, path: FieldPath) -> Drift:
    theirs = masked_at(live, path, value_at(live, path))
    return Drift(name_of(live), path, who.name, who.time, None, theirs)


def _fields_of_others(live: KubeObject) -> Iterator[tuple[Manager, FieldPath]]:
    """What people and foreign tools own; neither the status nor what controllers write."""
    for each in managers(live):
        if _is_ours(each) or _is_system(each.name) or each.subresource == "status":
            continue
        for path in sorted(paths(each.fields)):
            if path[0] != "f:status" and path not in _MARKS:
                yield each, path


def _is_ours(manager: Manager) -> bool:
    return manager.name == FIELD_MANAGER


def _is_system(name: str) -> bool:
    return name.startswith(_SYSTEM)


def _owner(live: KubeObject, path: FieldPath) -> Manager | None:
    """Who owns a field, or the map or list around it as one piece; the latest where several do."""
    owning = [
        each
        for each in managers(live)
        if not _is_ours(each) and _touches(path, set(paths(each.fields)))
    ]
    return max(owning, key=lambda each: each.time, default=None)


def _touches(path: FieldPath, known: set[FieldPath]) -> bool:
    """Whether a path is one of these, lies in one of them, or holds one of them."""
    return any(path[: len(other)] == other or other[: len(path)] == path for other in known)


def _as_marked(body: KubeObject, live: KubeObject) -> KubeObject:
    """With the marks that are there: a token of today would be a difference of our own."""
    mark = mark_of(live)
    if not mark.token:
        return body
    meta = map_at(body, "metadata")
    notes: KubeObject = {
        **map_at(meta, "annotations"), TOKEN: mark.token, EPOCH: str(mark.epoch)
    }  # fmt: skip
    return {**body, "metadata": {**meta, "annotations": notes}}


def _drop(body: KubeObject, field: FieldPath) -> None:
    """Take one field out; a list's entry goes only where the whole entry is meant."""
    holder = value_at(body, field[:-1])
    kind, _, said = field[-1].partition(":")
    if kind == "f" and isinstance(holder, dict):
        holder.pop(said, None)
    elif isinstance(holder, list):
        entry = value_at(holder, field[-1:])
        holder[:] = [each for each in holder if each != entry]
