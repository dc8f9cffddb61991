"""Who is at the pages just now: told by each process that serves them, read by who leads a run.

Only practice on scaled time asks: somebody who is there plays for herself, and run time stands
still while she is asked; everybody else is simulated. A process that dies tells nothing more, and
after some seconds nobody counts as being there through it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, Protocol

PREFIX: Final = "present/"
HOLDS: Final = timedelta(seconds=20)
"""Longer than a page needs to come back after its stream broke."""
TELL_SECONDS: Final = 5.0


class Facts(Protocol):
    """What is needed of a run's journal."""

    def put_facts(self, key: str, data: object) -> None:
        """Keep plain data under a key."""

    def facts_under(self, prefix: str) -> dict[str, object]:
        """What was kept under the keys that begin so."""


def tell(journal: Facts, process: str, people: Collection[str], now: datetime) -> None:
    """Say who is at the pages that one process serves; `now` is wall time."""
    journal.put_facts(f"{PREFIX}{process}", {"people": sorted(people), "wall": now.isoformat()})


def here(journal: Facts, now: datetime) -> frozenset[str]:
    """Who is at any page, as far as that was said of late."""
    found: set[str] = set()
    for data in journal.facts_under(PREFIX).values():
        if not isinstance(data, dict):
            continue
        wall, people = data.get("wall"), data.get("people")
        if not (isinstance(wall, str) and isinstance(people, list)):
            continue
        if now - datetime.fromisoformat(wall) <= HOLDS:
            found.update(str(person) for person in people)
    return frozenset(found)
