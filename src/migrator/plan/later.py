"""Fields that were added to the plan's data after plans had been sealed, approved and pinned.

Marked with `LATER` where they are declared; read by `digest.py` and `itinerary.py`. Such a field is
not written while it says nothing, so that what said nothing of it before has the digest that it
always had. A field that says something is always written: two meanings never share a digest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LATER: Final[Mapping[str, bool]] = MappingProxyType({"later": True})
"""The metadata of a field that came later; its default is what says nothing."""


def written(value: DataclassInstance) -> Iterator[tuple[str, object]]:
    """The fields of a value that are written, with what they hold."""
    for field in dataclasses.fields(value):
        held: object = getattr(value, field.name)
        if "later" not in field.metadata or held != field.default:
            yield field.name, held
