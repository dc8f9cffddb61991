"""Reads the amounts of CPU and memory that manifests write: `100m`, `1.5Gi`, `300M`. Pure.

Kubernetes and Compose spell them alike and mean different things: `300M` is 300,000,000 bytes to
the one and 300 x 1,048,576 to the other. What cannot be read is None, never a guess.
"""

from __future__ import annotations

import re
from typing import Final

GIB: Final = 1024**3

_NUMBER: Final = re.compile(r"(\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?)\s*([A-Za-z]*)")
_KUBERNETES: Final = {
    "": 1.0,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "Ki": 1024.0,
    "Mi": 1024.0**2,
    "Gi": float(GIB),
    "Ti": 1024.0**4,
    "Pi": 1024.0**5,
}
_COMPOSE: Final = {"": 1.0, "b": 1.0, "k": 1024.0, "m": 1024.0**2, "g": float(GIB)}


def kubernetes_quantity(text: str | None) -> float | None:
    """A Kubernetes quantity in its base unit: cores, or bytes."""
    match = _NUMBER.fullmatch(text or "")
    if match is None or match[2] not in _KUBERNETES:
        return None
    return float(match[1]) * _KUBERNETES[match[2]]


def compose_bytes(text: str | None) -> float | None:
    """A Compose size in bytes: b, k, m, g, each also with a b behind it (1024 each)."""
    match = _NUMBER.fullmatch(text or "")
    if match is None:
        return None
    unit = match[2].lower()
    unit = unit.removesuffix("b") or unit
    return float(match[1]) * _COMPOSE[unit] if unit in _COMPOSE else None


def plain_number(text: str | None) -> float | None:
    """A number without a unit."""
    match = _NUMBER.fullmatch(text or "")
    return float(match[1]) if match is not None and not match[2] else None
