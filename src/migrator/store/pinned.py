"""The pinned itinerary: from the canonical JSON that was digested back to exactly the same data.

A run works from what was pinned when it began, so an edited working tree changes nothing.
"""

from __future__ import annotations

import hashlib

from migrator.errors import EnvironmentFailed, JournalError
from migrator.plan.itinerary import itinerary_json
from migrator.plan.model import Itinerary
from migrator.plan.read_back import read_back


def digest_of(blob: bytes) -> str:
    """The name by which the store holds a blob."""
    return hashlib.sha256(blob).hexdigest()


def to_blob(itinerary: Itinerary) -> bytes:
    """The itinerary as it is pinned; its digest is the itinerary's own."""
    return itinerary_json(itinerary).encode()


def from_blob(blob: bytes, digest: str) -> Itinerary:
    """Read a pinned itinerary back, if it is the one that the run was begun with."""
    if digest_of(blob) != digest:
        raise JournalError(
            "journal-edited",
            "the pinned itinerary was edited: its content does not give its digest",
            hint="restore the store from a backup or the run from an export",
        )
    try:
        return read_back(Itinerary, blob)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EnvironmentFailed(
            "itinerary-version",
            f"this version of migrator cannot read the run's pinned itinerary: {error}",
            hint="open the run with the program version that began it",
        ) from error
