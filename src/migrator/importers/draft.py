"""What an importer makes of other people's files, before it is written as an inventory.

`kubernetes.py` and `compose.py` build a Draft, `write.py` writes it. Whatever nobody said is None
here and is left out of the files, so that the inventory's own assumptions fill it and mark it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from migrator.ids import ComponentId, SubsystemId, is_id
from migrator.importers.coverage import Coverage
from migrator.importers.evidence import ProvenLink
from migrator.inventory.model import Kind

ID_CHARACTERS_MAX: Final = 100
"""As in ids.ID_PATTERN."""


@dataclass(frozen=True, slots=True)
class DraftComponent:
    """A container, or the one component of an external system."""

    id: ComponentId
    name: str
    role: str
    technology: str | None  # None: the image is not known


@dataclass(frozen=True, slots=True)
class DraftSubsystem:
    """A workload or a service. `why` says what its kind was concluded from."""

    id: SubsystemId
    name: str
    kind: Kind
    why: str
    components: tuple[DraftComponent, ...]
    cpu: float | None = None  # None: no request is written
    memory_gib: float | None = None  # None: no request is written
    copy_gib: float | None = None  # None: no claim says how much there is
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftManifest:
    """One object's text, copied for the subsystem that needs it."""

    subsystem: SubsystemId
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """All that `write.py` writes. Subsystems are sorted by id, links by their ends."""

    name: str
    subsystems: tuple[DraftSubsystem, ...]
    links: tuple[ProvenLink, ...]
    manifests: tuple[DraftManifest, ...]
    coverage: Coverage

    @property
    def components(self) -> int:
        """How many components all subsystems have."""
        return sum(len(subsystem.components) for subsystem in self.subsystems)


def as_id(text: str) -> str:
    """A lower-case word that may serve as an id: what an id cannot hold becomes a dash."""
    word = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:ID_CHARACTERS_MAX]
    return word if is_id(word) else "unnamed"


def unique_id(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted-2` and so on where others have it already."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted[: ID_CHARACTERS_MAX - 6]}-{number}" in taken:
        number += 1
    return f"{wanted[: ID_CHARACTERS_MAX - 6]}-{number}"
