"""What `check --cluster` found, and how a look deals with what it may not see. Pure but for that.

Used by every `checkup_*` module. A look never ends the others: what it may not read is a finding of
its own, "unknown", with the right that would let it see. Nothing here writes to a cluster.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from migrator.errors import PermanentError
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.rest import Client

T = TypeVar("T")


class Level(Enum):
    """How bad it is. Unknown is not well: somebody else must look."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at. `page` is a runbook's name, empty where all is well."""

    level: Level
    what: str
    found: str
    mend: str = ""
    page: str = ""


def ok(what: str, found: str) -> Looked:
    """All is well with it."""
    return Looked(Level.OK, what, found)


def warning(what: str, found: str, mend: str, page: str) -> Looked:
    """A run can begin, and somebody should know."""
    return Looked(Level.WARNING, what, found, mend, page)


def failed(what: str, found: str, mend: str, page: str) -> Looked:
    """A run would meet it, sooner or later."""
    return Looked(Level.FAILED, what, found, mend, page)


def unknown(what: str, found: str, mend: str, page: str) -> Looked:
    """It could not be seen from here."""
    return Looked(Level.UNKNOWN, what, found, mend, page)


def unseen(what: str, error: PermanentError) -> Looked:
    """What a look may not see."""
    return unknown(what, f"nobody knows: {error.message}", error.hint, error.reference)


async def listed(client: Client, resource: Resource, namespace: str = "") -> list[KubeObject]:
    """Every object of a kind; none where the server does not know the kind. Raises Permanent."""
    try:
        return (await client.list_all(resource, namespace)).items
    except PermanentError as error:
        if error.reference == "cluster-not-found":
            return []
        raise


async def seen(what: str, look: Awaitable[list[Looked]]) -> list[Looked]:
    """A look's findings, or the one that it may not see."""
    try:
        return await look
    except PermanentError as error:
        return [unseen(what, error)]


def joined(found: list[Looked]) -> list[Looked]:
    """The same thing found for many namespaces as one line, in order."""
    merged: dict[tuple[Level, str, str, str], Looked] = {}
    for each in found:
        key = (each.level, each.what, each.mend, each.page)
        before = merged.get(key)
        merged[key] = (
            each if before is None else replace(before, found=f"{before.found}; {each.found}")
        )
    return list(merged.values())
