"""Objects without what must not be read over a shoulder, for every place that shows one.

Called by whatever prints, reports or logs an object or a part of one; what programs said, and what
is kept of pods, is the matter of `masking.py`. What a Secret holds, the values of environment
variables and the copies of whole manifests that tools leave in annotations are replaced; names
stay, because they are what a person looks for. Pure, and it changes no object that it is given.
"""

from __future__ import annotations

from typing import Final

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.owned import FieldPath

MASK: Final = "(masked)"

COPIES: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "objectset.rio.cattle.io/applied",
        "kapp.k14s.io/original",
    }
)
"""Annotations in which tools keep the manifest as it was applied, a Secret's too."""

_SECRET_PARTS: Final = ("data", "stringData")


def masked(found: KubeObject) -> KubeObject:
    """The object as it may be shown: a copy, with every secret value replaced by MASK."""
    shown = {key: _masked(value, key) for key, value in found.items()}
    if found.get("kind") == "Secret":
        for part in _SECRET_PARTS:
            if part in found:
                shown[part] = _all_masked(found[part])
    return shown


def masked_at(found: KubeObject, path: FieldPath, value: Plain) -> Plain:
    """A value of an object as it may be shown, wherever in the object it stands."""
    words = [word.partition(":")[2] for word in path if word.startswith("f:")]
    if value is None:
        return None
    if found.get("kind") == "Secret" and words and words[0] in _SECRET_PARTS:
        return _all_masked(value)
    if "env" in words and words[-1] == "value":
        return MASK
    if "annotations" in words and words[-1] in COPIES:
        return MASK
    if words and words[-1] == "env" and not path[-1].startswith("f:"):
        return _variable(value)
    return _masked(value, words[-1] if words and path[-1].startswith("f:") else "")


def _masked(value: Plain, key: str) -> Plain:
    if isinstance(value, list):
        if key == "env":
            return [_variable(entry) for entry in value]
        return [_masked(entry, "") for entry in value]
    if not isinstance(value, dict):
        return value
    if key == "annotations":
        return {name: MASK if name in COPIES else said for name, said in value.items()}
    if value.get("kind") == "Secret":  # inside a List, or inside an object that carries others
        return masked(value)
    return {name: _masked(entry, name) for name, entry in value.items()}


def _variable(entry: Plain) -> Plain:
    """An environment variable: its name and where it comes from stay, its value does not."""
    if not isinstance(entry, dict) or "value" not in entry:
        return _masked(entry, "")
    return {**entry, "value": MASK}


def _all_masked(value: Plain) -> Plain:
    return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK
