"""Which fields of an object are ours, and what they say: read from its managedFields.

Used by `rest.py` to tell whether an apply changed anything of ours (controllers write the same
object all the time), and by what looks for drift. Pure. It reads FieldsV1 as the server writes it
and never takes a field for ours that the server did not call so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import (
    FIELD_MANAGER,
    KubeObject,
    map_at,
    objects_at,
    text_at,
)

FieldPath: TypeAlias = tuple[str, ...]
"""Elements as FieldsV1 has them: `f:name`, `k:{...}` for a list entry by its keys, `v:...`."""


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry of managedFields: who wrote, how, when, and which fields."""

    name: str
    operation: str
    subresource: str
    time: str
    fields: KubeObject


def managers(found: KubeObject) -> Iterator[Manager]:
    """Everybody who owns something of an object."""
    for entry in objects_at(found, "metadata", "managedFields"):
        yield Manager(
            text_at(entry, "manager"),
            text_at(entry, "operation"),
            text_at(entry, "subresource"),
            text_at(entry, "time"),
            map_at(entry, "fieldsV1"),
        )


def our_fields(found: KubeObject) -> KubeObject:
    """What we own by applying; empty where we own nothing."""
    mine = (m for m in managers(found) if (m.name, m.operation) == (FIELD_MANAGER, "Apply"))
    return next((m.fields for m in mine if not m.subresource), {})


def paths(fields: KubeObject, before: FieldPath = ()) -> Iterator[FieldPath]:
    """Every path of a set of fields that has an owner of its own."""
    for element, inner in fields.items():
        if element == ".":
            continue
        here = (*before, element)
        if isinstance(inner, dict) and inner and set(inner) != {"."}:
            yield from paths(inner, here)
        else:
            yield here


def value_at(found: Plain, path: FieldPath) -> Plain:
    """What stands at a path; None where it leads nowhere."""
    for element in path:
        kind, _, said = element.partition(":")
        if kind == "f" and isinstance(found, dict):
            found = found.get(said)
        elif kind in {"k", "v"} and isinstance(found, list):
            found = _entry(found, kind, said)
        else:
            return None
    return found


def _entry(entries: list[Plain], kind: str, said: str) -> Plain:
    wanted = json.loads(said)
    for entry in entries:
        if kind == "v" and entry == wanted:
            return entry
        # A key that an entry leaves out has its default (a port's protocol), as FieldsV1 says it.
        if (
            kind == "k"
            and isinstance(entry, dict)
            and all(entry.get(key, value) == value for key, value in wanted.items())
        ):
            return entry
    return None


def says_the_same(before: KubeObject, after: KubeObject) -> bool:
    """Tell whether what is ours of an object is what it was: the same fields, the same values."""
    fields = our_fields(after)
    return our_fields(before) == fields and all(
        value_at(before, path) == value_at(after, path) for path in paths(fields)
    )


def shown(path: FieldPath) -> str:
    """A path as people read it: `.spec.template.spec.containers[name="web"].image`."""
    words = []
    for element in path:
        kind, _, said = element.partition(":")
        if kind == "f":
            words.append(f".{said}")
        elif kind == "k":
            keys = json.loads(said)
            words.append("[" + ",".join(f"{k}={json.dumps(v)}" for k, v in keys.items()) + "]")
        else:
            words.append(f"[={said}]")
    return "".join(words)
