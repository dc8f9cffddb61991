"""A Casual domain as facts, and the masking of what is secret in it. Pure.

`casual_domains.py` fills these from files; `casual_parts.py` and `casual_links.py` read them. Of
an openinfo only what says which store is meant comes this far: everything else may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from migrator.importers.nodes import Node

_FIELD: Final = re.compile(r"(?<![\w.])([\w.]+)\s*=\s*([\w.:-]*)(?=[,;+\s]|$)")
_SAFE: Final = frozenset(("alias", "database", "db", "dbname", "host", "port", "server", "service"))
"""What of an openinfo says which store is meant; all else may be a secret and is never kept."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server or an executable."""

    alias: str
    path: str
    node: Node
    memberships: tuple[str, ...]
    resources: tuple[str, ...]
    executable: bool


@dataclass(frozen=True, slots=True)
class Gateway:
    """One address of a gateway group. Whether it listens there, the list that holds it says."""

    alias: str
    host: str
    port: int
    node: Node
    services: tuple[str, ...]
    queues: tuple[str, ...]
    order: int | None  # None: not written

    @property
    def shown(self) -> str:
        """The address."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class QueueGroup:
    """Queues that share one file. `base` is empty where the default is used."""

    alias: str
    base: str
    queues: tuple[str, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class Forward:
    """What is taken from a queue, and where it goes; empty words are not written."""

    source: str
    service: str
    queue: str
    reply: str
    node: Node


@dataclass(frozen=True, slots=True)
class Resource:
    """A store of transactions. `identity` is what its openinfo says without any secret."""

    name: str
    key: str
    identity: str
    node: Node


@dataclass(slots=True)
class Domain:
    """Everything that the files say of one domain."""

    name: str
    node: Node
    variables: dict[str, str] = field(default_factory=dict)
    programs: list[Program] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)  # name -> resources
    services: dict[str, tuple[str, ...]] = field(default_factory=dict)  # name -> routes
    resources: dict[str, Resource] = field(default_factory=dict)
    queue_groups: list[QueueGroup] = field(default_factory=list)
    forwards: list[Forward] = field(default_factory=list)
    inbound: list[Gateway] = field(default_factory=list)
    outbound: list[Gateway] = field(default_factory=list)
    reverse_inbound: list[Gateway] = field(default_factory=list)
    reverse_outbound: list[Gateway] = field(default_factory=list)
    http: list[tuple[str, str, Node]] = field(default_factory=list)  # service, URL
    logs: list[tuple[str, Node]] = field(default_factory=list)  # transaction logs

    @property
    def queues(self) -> set[str]:
        """The names of its queues."""
        return {queue for group in self.queue_groups for queue in group.queues}


def masked_info(info: str) -> str:
    """What an openinfo says of the store without any secret; empty where it says nothing safe."""
    fields: Iterator[tuple[str, str]] = ((m[1].lower(), m[2]) for m in _FIELD.finditer(info))
    return ",".join(f"{key}={value}" for key, value in sorted(fields) if key in _SAFE and value)
