"""Who owns which field: server-side apply, as the tests' API server does it.

Written after the documented rules: an apply owns what it says, takes away what it said before and
says no longer unless somebody else owns it, and conflicts where it would change what another
manager set. Every other write owns what it changed. Paths and their text follow FieldsV1.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from api_schemas import KEY_DEFAULTS, Items, Schema, inner_schema, is_one_piece
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject, map_at, objects_at, text_at

Path: TypeAlias = tuple[str, ...]
"""Elements as FieldsV1 writes them: `f:name`, `k:{...}` for a list entry, `v:...` for a set's."""

Manager: TypeAlias = tuple[str, str, str]
"""Name, operation (Apply or Update), subresource."""

_OWN: Final = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        *(
            ("f:metadata", f"f:{word}")
            for word in (
                "name",
                "namespace",
                "uid",
                "resourceVersion",
                "generation",
                "creationTimestamp",
                "managedFields",
                "selfLink",
            )
        ),
    }
)
"""Fields that nobody owns: they say which object it is, or are the server's own."""


@dataclass
class Owners:
    """The managers of one object and what each owns."""

    of: dict[Manager, set[Path]] = field(default_factory=dict)

    def others(self, manager: Manager) -> list[tuple[Manager, set[Path]]]:
        return [(other, owned) for other, owned in self.of.items() if other != manager]

    def tidy(self) -> None:
        self.of = {manager: owned for manager, owned in self.of.items() if owned}


@dataclass(frozen=True)
class Conflict:
    """A field that another manager set to another value."""

    manager: Manager
    path: Path


class ConflictsError(Exception):
    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(f"{len(conflicts)} conflicts")
        self.conflicts = conflicts


def leaves(value: Plain, schema: Schema, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every path that can have an owner, with its value as text."""
    if path in _OWN or value is None:
        return
    if isinstance(value, dict) and value and not is_one_piece(value, schema):
        for key, inner in value.items():
            yield from leaves(inner, inner_schema(schema, key), (*path, f"f:{key}"))
    elif isinstance(value, list) and isinstance(schema, Items) and not is_one_piece(value, schema):
        for item in value:
            if schema.is_set:
                yield (*path, f"v:{json.dumps(item)}"), ""
                continue
            here = (*path, key_of(item, schema))
            yield here, ""
            yield from leaves(item, schema.item, here)
    elif path:
        yield path, json.dumps(value, sort_keys=True)


def key_of(item: Plain, schema: Items) -> str:
    """What tells this entry of a list from the others."""
    found = item if isinstance(item, dict) else {}
    keys = {key: found.get(key, KEY_DEFAULTS.get(key)) for key in schema.keys}
    return f"k:{json.dumps(keys, separators=(',', ':'))}"


def applied(
    live: KubeObject | None,
    owners: Owners,
    wanted: KubeObject,
    manager: Manager,
    schema: Schema,
    *,
    force: bool,
) -> tuple[KubeObject, Owners]:
    """The object and its owners after an apply. Raises ConflictsError."""
    owners = copy.deepcopy(owners)
    before = dict(leaves(live or {}, schema))
    said = dict(leaves(wanted, schema))
    conflicts = [
        Conflict(other, path)
        for other, owned in owners.others(manager)
        for path, value in said.items()
        if path in owned and path in before and before[path] != value
    ]
    if conflicts and not force:
        raise ConflictsError(conflicts)
    for conflict in conflicts:
        owners.of[conflict.manager].discard(conflict.path)
    merged = _merged(copy.deepcopy(live) if live else {}, wanted, schema)
    assert isinstance(merged, dict)
    kept = {path for _, owned in owners.others(manager) for path in owned}
    for path in sorted(owners.of.get(manager, set()) - said.keys(), key=len, reverse=True):
        if not any(other[: len(path)] == path for other in kept):
            _remove(merged, path, schema)
    owners.of[manager] = set(said)
    _forget_missing(owners, merged, schema)
    owners.tidy()
    return merged, owners


def updated(
    live: KubeObject | None, owners: Owners, after: KubeObject, manager: Manager, schema: Schema
) -> Owners:
    """The owners after any other write: who changed a field has it."""
    owners = copy.deepcopy(owners)
    before = dict(leaves(live or {}, schema))
    changed = {path for path, value in leaves(after, schema) if before.get(path) != value}
    for _, owned in owners.others(manager):
        owned.difference_update(changed)
    owners.of.setdefault(manager, set()).update(changed)
    _forget_missing(owners, after, schema)
    owners.tidy()
    return owners


def _forget_missing(owners: Owners, after: KubeObject, schema: Schema) -> None:
    there = {path for path, _ in leaves(after, schema)}
    for owned in owners.of.values():
        owned.intersection_update(there)


def _merged(live: Plain, wanted: Plain, schema: Schema) -> Plain:
    if isinstance(wanted, dict) and isinstance(live, dict) and not is_one_piece(wanted, schema):
        out = dict(live)
        for key, value in wanted.items():
            if value is not None:
                out[key] = _merged(live.get(key), value, inner_schema(schema, key))
        return out
    if isinstance(wanted, list) and isinstance(live, list) and isinstance(schema, Items):
        if schema.is_set:
            return [*live, *(item for item in wanted if item not in live)]
        if schema.keys:
            entries = {key_of(item, schema): item for item in live}
            for item in wanted:
                key = key_of(item, schema)
                entries[key] = _merged(entries.get(key), item, schema.item)
            return list(entries.values())
    if isinstance(wanted, dict):
        return {
            key: _merged(None, value, inner_schema(schema, key))
            for key, value in wanted.items()
            if value is not None
        }
    return copy.deepcopy(wanted)


def _remove(node: Plain, path: Path, schema: Schema) -> None:
    """Take one path out; nothing happens where it is not there any more."""
    head, rest = path[0], path[1:]
    if isinstance(node, dict) and head.startswith("f:"):
        key = head[2:]
        if not rest:
            node.pop(key, None)
        elif key in node:
            _remove(node[key], rest, inner_schema(schema, key))
            if node[key] in ({}, []):
                del node[key]
    elif isinstance(node, list) and isinstance(schema, Items):
        for index, item in enumerate(node):
            same = f"v:{json.dumps(item)}" if schema.is_set else key_of(item, schema)
            if same == head:
                if rest:
                    _remove(item, rest, schema.item)
                else:
                    del node[index]
                return


def written(owners: Owners, api_version: str, at: str, before: KubeObject | None) -> list[Plain]:
    """The managedFields of an object. A manager whose fields did not change keeps its time."""
    old = {_manager(entry): entry for entry in objects_at(before, "metadata", "managedFields")}
    out: list[Plain] = []
    for manager in sorted(owners.of, key=lambda m: (m[1], m[0], m[2])):
        name, operation, subresource = manager
        fields = _nested(owners.of[manager])
        entry: KubeObject = {
            "manager": name,
            "operation": operation,
            "apiVersion": api_version,
            "time": at,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        if subresource:
            entry["subresource"] = subresource
        known = old.get(manager)
        out.append(known if known and known.get("fieldsV1") == fields else entry)
    return out


def _manager(entry: KubeObject) -> Manager:
    return text_at(entry, "manager"), text_at(entry, "operation"), text_at(entry, "subresource")


def read_owners(found: KubeObject | None) -> Owners:
    """The owners that an object's managedFields tell."""
    owners = Owners()
    for entry in objects_at(found, "metadata", "managedFields"):
        owners.of[_manager(entry)] = set(_flat(map_at(entry, "fieldsV1"), ()))
    return owners


def _nested(paths: set[Path]) -> KubeObject:
    out: KubeObject = {}
    for path in sorted(paths):
        node = out
        for element in path:
            inner = node.setdefault(element, {})
            assert isinstance(inner, dict)
            node = inner
        node["."] = {}
    return _without_dots(out)


def _without_dots(node: KubeObject) -> KubeObject:
    """A leaf is an empty map; only what has children and an owner of its own carries the dot."""
    if set(node) == {"."}:
        return {}
    return {k: _without_dots(v) if isinstance(v, dict) else v for k, v in node.items()}


def _flat(node: KubeObject, path: Path) -> Iterator[Path]:
    if path and (not node or "." in node):
        yield path
    for key, inner in node.items():
        if key != "." and isinstance(inner, dict):
            yield from _flat(inner, (*path, key))


def shown(path: Path) -> str:
    """A path as the server's messages show it: `.spec.ports[port=80]`."""
    words = []
    for element in path:
        if element.startswith("f:"):
            words.append(f".{element[2:]}")
        elif element.startswith("k:"):
            keys = json.loads(element[2:])
            words.append("[" + ",".join(f"{k}={json.dumps(v)}" for k, v in keys.items()) + "]")
        else:
            words.append(f"[={element[2:]}]")
    return "".join(words)
