"""Kubernetes objects as plain data: how they are named, read and counted when they change.

Used by every module of this package and by what applies, prunes and reports. Objects stay the JSON
that the server sent: nothing here drops a field, fills one in or knows a kind's meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from migrator.inventory.yaml_text import Plain

KubeObject: TypeAlias = dict[str, Plain]
"""One object as the server speaks it."""

FIELD_MANAGER: Final = "migrator"
"""One name for ever: with one for each run, every run would orphan the fields of the one before."""


def at(node: Plain, *path: str | int) -> Plain:
    """What stands at a path; None where the path leads nowhere."""
    for word in path:
        if isinstance(node, dict) and isinstance(word, str):
            node = node.get(word)
        elif isinstance(node, list) and isinstance(word, int) and -len(node) <= word < len(node):
            node = node[word]
        else:
            return None
    return node


def text_at(node: Plain, *path: str | int) -> str:
    """The text at a path; empty where there is none."""
    found = at(node, *path)
    return found if isinstance(found, str) else ""


def number_at(node: Plain, *path: str | int, default: int = 0) -> int:
    """The whole number at a path; `default` where there is none."""
    found = at(node, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def map_at(node: Plain, *path: str | int) -> KubeObject:
    """The object at a path; an empty one where there is none."""
    found = at(node, *path)
    return found if isinstance(found, dict) else {}


def objects_at(node: Plain, *path: str | int) -> list[KubeObject]:
    """The objects of the list at a path; whatever else stands in it is left out."""
    found = at(node, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts_at(node: Plain, *path: str | int) -> Mapping[str, str]:
    """The texts of the map at a path (labels, annotations)."""
    return {key: value for key, value in map_at(node, *path).items() if isinstance(value, str)}


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """`kind/namespace/name`; an object of the whole cluster has no namespace."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Write it as people read it everywhere."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


def name_of(found: KubeObject, kind: str = "") -> ObjectName:
    """The name of an object; items of a list do not always say their kind, then `kind` does."""
    return ObjectName(
        text_at(found, "kind") or kind,
        text_at(found, "metadata", "namespace"),
        text_at(found, "metadata", "name"),
    )


def version_of(found: KubeObject) -> str:
    """The resource version: to be compared for being the same, and for nothing else."""
    return text_at(found, "metadata", "resourceVersion")


def uid_of(found: KubeObject) -> str:
    """What tells an object from its successor of the same name."""
    return text_at(found, "metadata", "uid")


class ChangeWord(Enum):
    """What an act did to one object."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """One object and what was done to it."""

    name: ObjectName
    word: ChangeWord

    def __str__(self) -> str:
        """Write it as one line of a list."""
        return f"{self.name} {self.word.value}"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What an act did to the objects that it was about, in the order in which it did it."""

    changes: tuple[Change, ...] = ()

    def __iter__(self) -> Iterator[Change]:
        """Each change, in order."""
        return iter(self.changes)

    def __len__(self) -> int:
        """How many objects it is about."""
        return len(self.changes)

    def __str__(self) -> str:
        """Write it as one line: the counts in a fixed order, without the zeros."""
        counted = self.counts()
        said = [f"{counted[word]} {word.value}" for word in ChangeWord if counted[word]]
        return ", ".join(said) or "nothing"

    def counts(self) -> Counter[ChangeWord]:
        """How often each word stands in it."""
        return Counter(change.word for change in self.changes)

    def with_changes(self, more: Iterable[Change]) -> ChangeSet:
        """The same and more."""
        return ChangeSet((*self.changes, *more))

    @property
    def writes(self) -> int:
        """How many objects are not what they were before."""
        counted = self.counts()
        return len(self) - counted[ChangeWord.UNCHANGED] - counted[ChangeWord.SKIPPED]
