"""Names that look alike: a hint for people, never a link. Pure.

Many estates name a store after the service that uses it (`orders-service`, `orders-db`) and write
the address nowhere but in the program. Such a pair is worth a question to its team; taken for a
fact it would be an invention. Only pairs of a caller and a store or queue are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from migrator.importers.coverage import Suspected
from migrator.importers.draft import DraftSubsystem
from migrator.inventory.model import Kind

_ENDINGS: Final = (
    "service", "svc", "server", "api", "app", "backend", "frontend", "web", "worker", "db",
    "database", "mongo", "mongodb", "mysql", "mariadb", "postgres", "postgresql", "pg", "redis",
    "valkey", "cache", "queue", "mq", "rabbitmq", "kafka", "elasticsearch", "opensearch",
    "store", "storage", "data", "sql",
)  # fmt: skip
_GLUED: Final = ("service", "svc", "server")


def similar_names(
    subsystems: Iterable[DraftSubsystem], linked: set[frozenset[str]]
) -> list[Suspected]:
    """The pairs of a caller and a store whose names have one stem, where nothing links them."""
    stores: dict[tuple[str, ...], list[str]] = {}
    callers: dict[tuple[str, ...], list[str]] = {}
    for each in subsystems:
        if each.kind is Kind.EXTERNAL:
            continue
        holds = any(component.role in {"store", "queue"} for component in each.components)
        stem = _stem(each.name)
        if stem:
            (stores if holds else callers).setdefault(stem, []).append(each.id)
    return [
        Suspected(caller, store, "the names are alike; nothing in the files links them")
        for stem in sorted(callers.keys() & stores.keys())
        for caller in sorted(callers[stem])
        for store in sorted(stores[stem])
        if frozenset((caller, store)) not in linked
    ]


def _stem(name: str) -> tuple[str, ...]:
    """The words that say what it is about, without those that say what sort of thing it is."""
    words = [word for word in re.split(r"[-_.]+", name.lower()) if word]
    kept = [word for word in words if word not in _ENDINGS]
    for ending in _GLUED:
        kept = [word.removesuffix(ending) if word != ending else word for word in kept]
    return tuple(sorted(word for word in kept if word))
