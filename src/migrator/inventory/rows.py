"""Everything that was read of a folder, one value at a time checked, before it is compared.

Filled by `reader.py`; read by `checks.py`, which compares the rows, and by `assemble.py`, which
builds the model once nothing is wrong. It also knows the ids of rows that were *not* good, so that
one slip in a row does not make a fault of everything that refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory import schema
from migrator.inventory.door import Placed, fault_at
from migrator.inventory.yaml_text import DataPath, Document

SUBSYSTEM: Final = "subsystem"
COMPONENT: Final = "component"
FUNCTION: Final = "function"
PERSON: Final = "person"
TEAM: Final = "team"
SHIFT: Final = "shift"
PLACE: Final = "place"
BLACKOUT: Final = "blackout"
FIXED_DATE: Final = "fixed date"


@dataclass(frozen=True, slots=True)
class Seen:
    """An id where it was declared, be its row good or not."""

    id: str
    document: Document
    path: DataPath

    @property
    def place(self) -> str:
        """`subsystems.yaml line 7`, for sentences."""
        line = self.document.line(self.path)
        return self.document.file if line is None else f"{self.document.file} line {line}"

    def fault(self, message: str) -> Fault:
        """A fault at the place of this declaration."""
        return fault_at(self.document, self.path, message)


@dataclass(slots=True)
class Rows:
    """The good rows by kind, the ids seen, and the faults found so far."""

    folder: Path
    head: Placed[schema.InventoryFile] | None = None
    subsystems: list[Placed[schema.SubsystemRow]] = field(default_factory=list)
    relations: list[Placed[schema.RelationRow]] = field(default_factory=list)
    functions: list[Placed[schema.FunctionRow]] = field(default_factory=list)
    people: list[Placed[schema.PersonRow]] = field(default_factory=list)
    teams: list[Placed[schema.TeamRow]] = field(default_factory=list)
    shifts: list[Placed[schema.ShiftRow]] = field(default_factory=list)
    places: list[Placed[schema.PlaceRow]] = field(default_factory=list)
    window: Placed[schema.WindowRow] | None = None
    time_zone: str | None = None
    blackouts: list[Placed[schema.BlackoutRow]] = field(default_factory=list)
    fixed_dates: list[Placed[schema.FixedDateRow]] = field(default_factory=list)
    assumptions: Placed[schema.AssumptionsFile] | None = None
    links_file: Path | None = None  # relative to the folder, like the manifests
    manifests: dict[str, str] = field(default_factory=dict)  # relative path -> SHA-256 of its bytes
    documents: dict[str, Document] = field(default_factory=dict)  # file -> what could be read of it
    unreadable: set[str] = field(default_factory=set)  # files whose rows nobody knows
    partial: set[str] = field(default_factory=set)  # nouns with rows that are not wholly right
    seen: dict[str, list[Seen]] = field(default_factory=dict)  # by noun
    faults: list[Fault] = field(default_factory=list)
    broken: int = 0  # how many of the faults say that a text is no YAML at all

    def take(self, error: InputError) -> None:
        """Keep the faults of a file that could not be read."""
        self.faults.extend(error.faults)
        self.broken += len(error.faults) if error.reference == "broken-yaml" else 0

    def see(self, noun: str, document: Document, path: DataPath, value: object) -> None:
        """Note an id, if it is one at all."""
        if isinstance(value, str):
            self.seen.setdefault(noun, []).append(Seen(value, document, path))

    def ids(self, noun: str) -> set[str]:
        """All declared ids of a noun."""
        return {seen.id for seen in self.seen.get(noun, [])}

    def knows(self, noun: str) -> bool:
        """Tell whether every file that declares the noun could be read."""
        prefixes = {SUBSYSTEM: "subsystems", COMPONENT: "subsystems"}
        prefix = prefixes.get(noun, "people" if noun in {PERSON, TEAM, SHIFT} else "")
        return not any(file.startswith(prefix) for file in self.unreadable if prefix)

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Each good subsystem's id and kind."""
        for placed in self.subsystems:
            yield placed.row.id, placed.row.kind
