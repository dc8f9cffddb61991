"""What one subsystem is on a cluster: its objects, its traffic, and the data that it keeps. Pure.

Made by `manifests.py` from the files of `manifests/<subsystem>/`, used by every act of this
platform. Nothing here reads a file or asks a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.slices import OLD, Backend, Port
from migrator.platform.kubernetes.traffic import Front
from migrator.platform.postgresql.ends import DatabaseEnd, DatabaseMove

__all__ = ["DatabaseEnd", "DatabaseMove", "Fronting", "Identity", "Subject"]

WORKLOADS: Final = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job", "CronJob")
"""Kinds that make pods."""

SCALED: Final = ("Deployment", "StatefulSet", "ReplicaSet")
"""Workloads that are prepared, and stopped, by having no replicas."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How an answer tells which side gave it: a text that only one side's answer holds.

    With `path` it is looked for in the body of a GET; without, in the first bytes that the server
    sends by itself (a banner). Without any text, a connection is all that can be seen.
    """

    port: str = ""  # the name of the Service's port
    path: str = ""
    old: str = ""
    new: str = ""

    def expected(self, side: str) -> str:
        """The text that an answer of that side holds; empty where any answer will do."""
        return self.old if side == OLD else self.new


@dataclass(frozen=True, slots=True)
class Fronting:
    """A Service whose traffic moves: where it is, where the old side is, how to tell them apart."""

    front: Front
    old: Backend
    ports: tuple[Port, ...]  # of the Service: name and the number that clients call
    identity: Identity = field(default_factory=Identity)


@dataclass(frozen=True, slots=True)
class Subject:
    """A subsystem on a cluster. `objects` stand in the order of the files, each with its namespace.

    A front Service stands among them as its team wrote it; what moves its traffic is taken out when
    it is applied. `keeps_data` names the workloads (`kind/name`) that go on running while the rest
    is fenced, because data are brought back from them.
    """

    subsystem: str
    namespace: str
    objects: tuple[KubeObject, ...] = ()
    fronts: tuple[Fronting, ...] = ()
    databases: tuple[DatabaseMove, ...] = ()
    keeps_data: tuple[str, ...] = ()

    @property
    def workloads(self) -> tuple[KubeObject, ...]:
        """The objects that make pods."""
        return tuple(each for each in self.objects if text_at(each, "kind") in WORKLOADS)

    def fenced_workloads(self) -> Iterator[KubeObject]:
        """The workloads that a fence of the target stops: all but those that keep data."""
        for each in self.workloads:
            named = f"{text_at(each, 'kind')}/{text_at(each, 'metadata', 'name')}"
            if named not in self.keeps_data:
                yield each
