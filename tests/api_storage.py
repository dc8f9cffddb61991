"""What the tests' API server keeps: objects, versions, and the history that watches are fed from.

One counter of versions for everything, as etcd has it. It outlives a crash of the server, as etcd
would. Nothing here knows HTTP.
"""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

from migrator.platform.kubernetes.objects import KubeObject, text_at

Key: TypeAlias = tuple[str, str, str, str]
"""Group, plural, namespace, name."""

HISTORY_MAX: Final = 20_000


@dataclass(frozen=True)
class Event:
    """One change: ADDED, MODIFIED or DELETED, the object after it, and the object before it."""

    version: int
    word: str
    key: Key
    object: KubeObject
    before: KubeObject | None


@dataclass
class Storage:
    """Everything that would survive a crash."""

    objects: dict[Key, KubeObject] = field(default_factory=dict)
    version: int = 100
    forgotten: int = 0
    """Versions up to this one are compacted: nobody can go on from there."""
    history: deque[Event] = field(default_factory=lambda: deque(maxlen=HISTORY_MAX))
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    names: int = 0
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    """Told of every change at once, as controllers are."""

    def find(self, group: str, plural: str, namespace: str) -> list[KubeObject]:
        """Every object of a kind, in the order of names."""
        return [
            found
            for key, found in sorted(self.objects.items())
            if key[:2] == (group, plural) and (not namespace or key[2] == namespace)
        ]

    def put(self, key: Key, after: KubeObject) -> KubeObject:
        """Write an object under the next version, and tell the watches."""
        before = self.objects.get(key)
        self.version += 1
        stored = copy.deepcopy(after)
        metadata = stored["metadata"]
        assert isinstance(metadata, dict)
        metadata["resourceVersion"] = str(self.version)
        self.objects[key] = stored
        self._tell(Event(self.version, "MODIFIED" if before else "ADDED", key, stored, before))
        return stored

    def drop(self, key: Key) -> KubeObject:
        """Delete an object; the version of its end is a new one."""
        before = self.objects.pop(key)
        self.version += 1
        gone = copy.deepcopy(before)
        metadata = gone["metadata"]
        assert isinstance(metadata, dict)
        metadata["resourceVersion"] = str(self.version)
        self._tell(Event(self.version, "DELETED", key, gone, before))
        return gone

    def compact(self) -> None:
        """Forget every version before this one: watches and pages that go on from there end."""
        self.version += 1
        self.forgotten = self.version
        self.history.clear()
        self.wake()

    def after(self, version: int) -> list[Event]:
        """What happened since a version."""
        found: list[Event] = []
        for event in reversed(self.history):
            if event.version <= version:
                break
            found.append(event)
        return found[::-1]

    def wake(self) -> None:
        """Let every waiting watch look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    def dependants(self, uid: str) -> list[Key]:
        """What is to be collected when its owner goes."""
        return [key for key, found in self.objects.items() if uid in owner_uids(found)]

    def _tell(self, event: Event) -> None:
        if len(self.history) == self.history.maxlen:
            self.forgotten = self.history[0].version
        self.history.append(event)
        self.wake()
        for listener in self.listeners:
            listener(event)


def owner_uids(found: KubeObject) -> set[str]:
    """The uids of an object's owners."""
    metadata = found.get("metadata")
    owners = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    return {text_at(o, "uid") for o in owners} if isinstance(owners, list) else set()


def new_uid() -> str:
    """A uid; real ones are as random, and no test may depend on one."""
    return str(uuid.uuid4())


def timestamp() -> str:
    """The time as the server writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
