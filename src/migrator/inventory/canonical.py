"""The digest of an inventory: the same facts give the same 64 digits, however they are written.

Called by `assemble.py`, and by whoever builds an inventory in memory. It covers the checked rows,
sorted, and the manifests' bytes; never the order of keys, comments, or which file a row stands in.
Links have a digest of their own in `links/`. What is assumed counts like what is given: a plan made
from other assumptions is another plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from migrator.inventory.model import Inventory
from migrator.inventory.times import instant

NOT_COVERED: Final = frozenset({"folder", "links_file", "digest", "by_id", "manifests"})


def inventory_digest(inventory: Inventory, manifests: Mapping[str, str] | None = None) -> str:
    """SHA-256 over the canonical JSON of the inventory; `manifests` is relative path -> SHA-256."""
    content = {
        field.name: canonical(getattr(inventory, field.name))
        for field in fields(inventory)
        if field.name not in NOT_COVERED
    }
    content["manifests"] = dict(manifests or {})
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> object:
    """A fact as JSON can hold it, with one form for each meaning."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: canonical(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(canonical(key)): canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(entry) for entry in value]
    assert value is None or isinstance(value, bool | int | float | str), f"no form for {value!r}"
    return value
