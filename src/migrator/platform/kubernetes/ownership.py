"""Whose fields an object's fields are, before and after our writes. Pure.

Used by `applying.py` (is a write needed at all, what did `kubectl apply` own) and `restoring.py`
(give back to each manager what was its own). Nothing here decides what a field should say.
"""

from __future__ import annotations

import json
from typing import Final

from migrator.errors import PermanentError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import (
    FIELD_MANAGER,
    KubeObject,
    map_at,
    name_of,
    objects_at,
    text_at,
)
from migrator.platform.kubernetes.owned import managers, our_fields, value_at
from migrator.platform.kubernetes.slices import Mark, mark_of

KUBECTL: Final = "kubectl-client-side-apply"
"""Who `kubectl apply` is, when it merges on the client's side."""

_NOT_OWNED: Final = frozenset({"apiVersion", "kind", "status"})
_NAMES: Final = frozenset({"name", "namespace"})


def says(wanted: KubeObject, live: KubeObject) -> bool:
    """Tell whether applying would change nothing: our fields are exactly the wanted ones.

    Both directions count: what we own and no longer say would be taken away. A false "no" costs a
    dry run (a server writes "1000m" as "1"); a false "yes" would be a change that never comes.
    """
    fields = our_fields(live)
    body = {k: v for k, v in wanted.items() if k not in _NOT_OWNED}
    meta = map_at(wanted, "metadata")
    body["metadata"] = {k: v for k, v in meta.items() if k not in _NAMES} or None
    return bool(fields) and _covers(body, live, fields)


def _covers(wanted: Plain, live: Plain, fields: KubeObject) -> bool:
    """Compare one node: everything wanted is ours and says the same, and nothing else is ours."""
    inner = {key: map_at(node) for key, node in fields.items() if key != "."}
    if not inner:
        return wanted == live and type(wanted) is type(live)
    if isinstance(wanted, dict) and isinstance(live, dict):
        said = {key: value for key, value in wanted.items() if value is not None}
        return {f"f:{key}" for key in said} == set(inner) and all(
            key in live and _covers(value, live[key], inner[f"f:{key}"])
            for key, value in said.items()
        )
    if isinstance(wanted, list) and isinstance(live, list):
        return len(wanted) == len(inner) and all(
            _entry_covers(wanted, live, element, node) for element, node in inner.items()
        )
    return False


def _entry_covers(wanted: Plain, live: Plain, element: str, fields: KubeObject) -> bool:
    mine, theirs = value_at(wanted, (element,)), value_at(live, (element,))
    if mine is None or theirs is None:
        return False
    if not element.startswith("k:"):
        return mine == theirs
    # A key may be left out where it has a default; the server counts it as said, or does not.
    said = {f"f:{key}" for key, value in map_at(mine).items() if value is not None}
    inner = {key for key in fields if key != "."}
    keys = {f"f:{key}" for key in json.loads(element[2:])}
    return said - keys == inner - keys and all(
        _covers(map_at(mine)[key[2:]], map_at(theirs).get(key[2:]), map_at(fields[key]))
        for key in said & inner
    )


def is_ours(live: KubeObject | None) -> bool:
    """Tell whether we have applied an object: the server says so, and no copy can claim it."""
    return bool(live) and bool(our_fields(live or {}))


def is_written_by_us(live: KubeObject) -> bool:
    """Tell whether anything of an object is ours, by applying or by any other write."""
    return any(each.name == FIELD_MANAGER for each in managers(live))


def refuse_later(live: KubeObject | None, mark: Mark) -> None:
    """Raise where a later epoch has written already: this process no longer leads."""
    if live is None or not is_ours(live):
        return
    seen = mark_of(live)
    if seen.is_after(mark):
        raise PermanentError(
            "epoch-passed",
            f"{name_of(live)} was written in epoch {seen.epoch}; "
            f"this process is of epoch {mark.epoch}",
            hint="another process leads the run; `migrator status` names it",
        )


def taken_over(live: KubeObject) -> list[Plain] | None:
    """The managedFields with kubectl's part as ours; None where there is nothing to take over.

    A server keeps what a manager owned by updating when another one applies (kubernetes issue
    99003): what a manifest no longer says would never go. Entries in another version of the kind
    are left alone, since their paths may mean something else.
    """
    rows = objects_at(live, "metadata", "managedFields")
    theirs = next((row for row in rows if _is(row, KUBECTL, "Update")), None)
    if theirs is None:
        return None
    mine = next((row for row in rows if _is(row, FIELD_MANAGER, "Apply")), None)
    version = text_at(theirs, "apiVersion")
    if mine is not None and text_at(mine, "apiVersion") != version:
        return None
    fields = _union(map_at(mine, "fieldsV1"), map_at(theirs, "fieldsV1"))
    ours: KubeObject = {
        **theirs,
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "fieldsV1": fields,
    }
    return [*(row for row in rows if row is not theirs and row is not mine), ours]


def given_back(live: KubeObject, before: list[KubeObject]) -> list[Plain] | None:
    """The managedFields that give each manager its own again; None where they already do.

    What controllers own of the status is theirs as it is now.
    """
    rows = objects_at(live, "metadata", "managedFields")
    now = {_who(row) for row in rows if not text_at(row, "subresource")}
    then = {_who(row) for row in before if not text_at(row, "subresource")}
    strangers = {who for who in now - then if who[0] == FIELD_MANAGER}
    if not strangers and _ours_alike(rows, before):
        return None
    return [
        *(row for row in before if not text_at(row, "subresource")),
        *(row for row in rows if text_at(row, "subresource")),
    ]


def _ours_alike(rows: list[KubeObject], before: list[KubeObject]) -> bool:
    def mine(found: list[KubeObject]) -> list[KubeObject]:
        return [map_at(row, "fieldsV1") for row in found if _is(row, FIELD_MANAGER, "Apply")]

    return mine(rows) == mine(before)


def _who(row: KubeObject) -> tuple[str, str]:
    return text_at(row, "manager"), text_at(row, "operation")


def _is(row: KubeObject, manager: str, operation: str) -> bool:
    return _who(row) == (manager, operation) and not text_at(row, "subresource")


def _union(one: KubeObject, other: KubeObject) -> KubeObject:
    out = dict(one)
    for key, node in other.items():
        out[key] = _union(map_at(out.get(key)), map_at(node))
    return out
