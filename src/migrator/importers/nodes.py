"""A place in somebody else's document: a value that knows its file, its line and its path.

The importers walk other people's YAML and JSON with it, so that every piece of evidence can say
where it stands (`spec.template.spec.containers[0].env[3]`) without anybody counting along.
A missing key gives a Node with the value None and never raises: what is absent is a fact here,
and the importer decides what it means. Nothing here knows a format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

Path = tuple[str | int, ...]


class Lines(Protocol):
    """Whatever can tell the line of a path: a Document, or nothing better than the first line."""

    def line(self, path: Path) -> int | None:
        """Give the line of the value at `path`, or of its nearest parent."""
        ...


@dataclass(frozen=True, slots=True)
class NoLines:
    """For JSON, whose reader keeps no lines: everything stands where the object begins."""

    first: int = 1

    def line(self, path: Path) -> int | None:
        """Give the first line."""
        return self.first


@dataclass(frozen=True, slots=True)
class Node:
    """One value in a document of `file`; `path` leads to it from the document's root."""

    file: str
    lines: Lines
    value: object
    path: Path = ()

    def get(self, *keys: str | int) -> Node:
        """Go down the keys; a missing one gives a Node whose value is None."""
        value: object = self.value
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                value = None
        return Node(self.file, self.lines, value, (*self.path, *keys))

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Give key and Node of each entry of a mapping; nothing for anything else."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield str(key), self.get(key)

    def parts(self) -> Iterator[Node]:
        """Give the Nodes of a list; nothing for anything else."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.get(index)

    @property
    def exists(self) -> bool:
        """Tell whether there is a value at all."""
        return self.value is not None

    @property
    def text(self) -> str | None:
        """The value as text; None where it is missing, a mapping or a list."""
        if self.value is None or isinstance(self.value, dict | list):
            return None
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value)

    @property
    def number(self) -> int | None:
        """The value as a whole number, also when written as text; None for anything else."""
        if isinstance(self.value, bool):
            return None
        if isinstance(self.value, int):
            return self.value
        if isinstance(self.value, str) and self.value.isascii() and self.value.isdigit():
            return int(self.value[:18])  # more digits than any port, count or size has
        return None

    @property
    def texts(self) -> dict[str, str]:
        """A mapping of scalars as text (labels, selectors); other entries are left out."""
        return {key: node.text for key, node in self.entries() if node.text is not None}

    @property
    def line(self) -> int | None:
        """The line of the value in its file."""
        return self.lines.line(self.path)

    @property
    def where(self) -> str:
        """The path as people write it: `spec.containers[0].env[3]`."""
        shown = ""
        for key in self.path:
            if isinstance(key, int):
                shown += f"[{key}]"
            elif shown:
                shown += f".{key}"
            else:
                shown = key
        return shown
