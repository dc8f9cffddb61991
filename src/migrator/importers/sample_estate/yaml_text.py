"""Writes plain data as YAML that looks as if a person had written it.

Called by `files.py`. Not a general writer: mappings whose keys are plain words, lists, texts and
numbers. A `Line` is written in braces on one line, a list of words in brackets; longer texts keep
their lines (`|`). Whatever is written here means the same in YAML 1.1 and 1.2: a text that some
reader could take for something else (`on`, `NO`, `12:30`, a date) is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

WIDTH_MAX: Final = 100

Value = str | int | float | Mapping[str, "Value"] | Sequence["Value"]
"""What can be written. There is no None: what nobody gave is left out."""


class Line(dict[str, Value]):
    """A mapping that is written in braces on one line."""


# Words, with what stands inside sentences; no colon, no hash, no quote, nothing at the ends.
_PLAIN: Final = re.compile(r"[A-Za-zÅÄÖåäö](?:[\wÅÄÖåäöé ./%+()'-]*[\wÅÄÖåäöé.%)])?")
_DURATION: Final = re.compile(r"(?:[0-9]+h)?(?:[0-9]+m)?")
_MEANING: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def block(value: Mapping[str, Value]) -> str:
    """Write a mapping, ending with a line break."""
    return "".join(f"{line}\n" for line in _mapping(value, ""))


def items(values: Sequence[Mapping[str, Value]], indent: str = "  ") -> str:
    """Write list items, each with a dash, ending with a line break."""
    return "".join(f"{line}\n" for value in values for line in _item(value, indent))


def scalar(value: str | float) -> str:
    """Write one value on one line, quoted where it must be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    duration = value and _DURATION.fullmatch(value)
    if duration or (_PLAIN.fullmatch(value) and value.lower() not in _MEANING):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert "\n" not in value, "a text of several lines is written as a block"
    return f'"{escaped}"'


def _mapping(value: Mapping[str, Value], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, str) and "\n" in inner:
            yield f"{indent}{key}: |"
            yield from (f"{indent}  {line}" for line in inner.rstrip("\n").split("\n"))
        elif _on_one_line(inner):
            yield f"{indent}{key}: {_flow(inner)}"
        elif isinstance(inner, Mapping):
            yield f"{indent}{key}:"
            yield from _mapping(inner, indent + "  ")
        else:
            assert isinstance(inner, Sequence), "what is no mapping and no scalar is a list"
            yield f"{indent}{key}:"
            yield from _list(inner, indent + "  ")


def _list(values: Sequence[Value], indent: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping) and not isinstance(value, Line):
            yield from _item(value, indent)
        else:
            yield f"{indent}- {_flow(value)}"


def _item(value: Mapping[str, Value], indent: str) -> Iterator[str]:
    """A list item: the first key stands behind the dash, the others under it."""
    if isinstance(value, Line):
        yield f"{indent}- {_flow(value)}"
        return
    lines = _mapping(value, indent + "  ")
    yield f"{indent}- {next(lines).lstrip()}"
    yield from lines


def _on_one_line(value: Value) -> bool:
    """Scalars, marked mappings and short lists of scalars."""
    if isinstance(value, str | int | float | Line):
        return True
    if isinstance(value, Mapping):
        return not value
    return all(isinstance(v, str | int | float) for v in value) and len(_flow(value)) < WIDTH_MAX


def _flow(value: Value) -> str:
    if isinstance(value, str | int | float):
        return scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    return "[" + ", ".join(_flow(inner) for inner in value) + "]"
