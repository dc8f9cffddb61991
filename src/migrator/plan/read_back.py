"""From canonical JSON back to exactly the same data: itineraries, and the parts of one.

Used by `store/pinned.py` for what a run was begun with and by `engine/replanning.py` for what was
planned anew. Numbers are taken over as they stand, because a 60 that came back as 60.0 would have
another digest; that is why the types guide the reading here and nothing converts. Times come back
as the instants that they were, in the offset they were written with.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Read = Callable[[object], object]
"""Turns plain JSON data into a value of one type."""

Part = TypeVar("Part")


def read_back(kind: type[Part], text: str | bytes) -> Part:
    """The value that was written. AttributeError, KeyError, TypeError or ValueError if none was."""
    return cast("Part", _reader(cast("object", kind))(json.loads(text)))


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
