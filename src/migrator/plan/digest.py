"""The fingerprint of a plan: the same meaning gives the same digest, whatever the file looks like.

Called by everything that ties something to one plan: seals, approvals, runs, reports. It covers
the model and never the bytes of a file, so comments, the order of keys, the zone in which a time
is written and `15` against `15.0` change nothing. No I/O, and no field that says something is left
out: what may be ignored is a question for those who compare, not for the fingerprint.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TypeAlias

from migrator.inventory.times import instant
from migrator.plan.later import written
from migrator.plan.model import Plan

Canonical: TypeAlias = "bool | int | float | str | list[Canonical] | dict[str, Canonical] | None"


def plan_digest(plan: Plan) -> str:
    """The SHA-256 of the plan's canonical form, as 64 hex digits."""
    return hashlib.sha256(canonical_json(plan).encode()).hexdigest()


def short(digest: str) -> str:
    """The first twelve hex digits in groups of four: what a person reads out and compares."""
    return grouped(digest, 12)


def grouped(digest: str, digits: int) -> str:
    """The first `digits` of a digest in groups of four."""
    return " ".join(re.findall(".{1,4}", digest[:digits]))


def canonical_json(value: object) -> str:
    """One text for one meaning: keys sorted, no spaces, ASCII only."""
    return json.dumps(
        canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def canonical(value: object) -> Canonical:
    """Frozen data as plain data, in the one form that is digested."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        # Python holds 15 and 15.0 for equal, so their digests must be, too.
        return int(value) if float(value).is_integer() else value
    if isinstance(value, Enum):
        return canonical(value.value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {_key(key): canonical(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [canonical(inner) for inner in value]
    assert is_dataclass(value), f"{type(value).__name__} has no canonical form"
    assert not isinstance(value, type), "a class is no data"
    return {name: canonical(held) for name, held in written(value)}


def _key(key: object) -> str:
    text = key.value if isinstance(key, Enum) else key
    assert isinstance(text, str), "the keys of a document are text"
    return text
