"""The pinned itinerary: from the canonical JSON that was digested back to exactly the same data.

A run works from what was pinned when it began, so an edited working tree changes nothing. Numbers
are taken over as they stand, because a 60 that came back as 60.0 would have another digest; that
is why the types guide the reading here and nothing converts. Times come back as the instants that
they were, in the offset they were written with.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import NewType, Union, cast, get_args, get_origin, get_type_hints

from migrator.errors import EnvironmentFailed, JournalError
from migrator.plan.itinerary import itinerary_json
from migrator.plan.model import Itinerary

Read = Callable[[object], object]
"""Turns plain JSON data into a value of one type."""


def digest_of(blob: bytes) -> str:
    """The name by which the store holds a blob."""
    return hashlib.sha256(blob).hexdigest()


def to_blob(itinerary: Itinerary) -> bytes:
    """The itinerary as it is pinned; its digest is the itinerary's own."""
    return itinerary_json(itinerary).encode()


def from_blob(blob: bytes, digest: str) -> Itinerary:
    """Read a pinned itinerary back, if it is the one that the run was begun with."""
    if digest_of(blob) != digest:
        raise JournalError(
            "journal-edited",
            "the pinned itinerary was edited: its content does not give its digest",
            hint="restore the store from a backup or the run from an export",
        )
    try:
        return cast("Itinerary", _reader(Itinerary)(json.loads(blob)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EnvironmentFailed(
            "itinerary-version",
            f"this version of migrator cannot read the run's pinned itinerary: {error}",
            hint="open the run with the program version that began it",
        ) from error


@cache
def _reader(kind: object) -> Read:
    """Find out once how values of a type are read."""
    if isinstance(kind, NewType):
        return _reader(kind.__supertype__)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        (inner,) = (_reader(each) for each in arguments if each is not type(None))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is dict:
        key, entry = map(_reader, arguments)
        return lambda value: {
            key(k): entry(v) for k, v in cast("Mapping[object, object]", value).items()
        }
    assert isinstance(kind, type), f"the itinerary holds a type that cannot be read back: {kind}"
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    if issubclass(kind, Enum):
        return kind
    if issubclass(kind, datetime | date):
        return lambda value: kind.fromisoformat(cast("str", value))
    assert kind in {str, int, float, bool}, f"the itinerary holds a {kind}, which JSON does not"
    return lambda value: value


def _tuple_reader(arguments: tuple[object, ...]) -> Read:
    if arguments[-1] is Ellipsis:
        each = _reader(arguments[0])
        return lambda value: tuple(each(one) for one in cast("list[object]", value))
    readers = [_reader(argument) for argument in arguments]
    return lambda value: tuple(
        read(one) for read, one in zip(readers, cast("list[object]", value), strict=True)
    )


def _dataclass_reader(kind: type) -> Read:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}

    def read(value: object) -> object:
        values = cast("Mapping[str, object]", value)
        # A field that this version does not know is refused like one that is missing: leaving
        # it out would run another itinerary than the one that was approved.
        return kind(**{name: readers[name](inner) for name, inner in values.items()})

    return read
