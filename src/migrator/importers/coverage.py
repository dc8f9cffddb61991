"""What an import saw: read, ignored and why, unresolved, suspected, kept back. Facts, no text.

Every importer fills a Collector while it reads; the frozen Coverage goes into the Draft, and
`coverage_report.py` renders it. The rule for every reader: nothing that was in a file goes
missing without a line here. A secret's value never comes here, only its name and place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class FileRead:
    """A file that was read: how many objects of each kind it held."""

    file: str
    kinds: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, order=True)
class Ignored:
    """Something that was not used, and why."""

    file: str
    line: int
    what: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Unresolved:
    """An address that leads to nothing among the files: no link was made of it."""

    source: str
    name: str
    why: str
    file: str
    line: int
    path: str


@dataclass(frozen=True, slots=True, order=True)
class Suspected:
    """Two subsystems that may be linked. A similarity proves nothing: no link was made of it."""

    source: str
    target: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class SecretSeen:
    """A secret that was neither read nor copied."""

    name: str
    used_by: tuple[str, ...]
    file: str  # empty: it is named, and is not among the files
    line: int


@dataclass(frozen=True, slots=True, order=True)
class PlainSecret:
    """A value that by its name is a secret and stands in a file as plain text; never shown."""

    file: str
    line: int
    path: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class MissingFile:
    """A file that another one names, or needs, and that was not there or not read."""

    name: str
    needed_by: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Variable:
    """A variable without a value: what it stood for is not known."""

    name: str
    places: int
    file: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Noted:
    """A finding that a person should look at: doors without a caller, shared data, odd ports."""

    topic: str
    about: str
    said: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """All that one import saw, sorted, each fact once."""

    format: str
    files: tuple[FileRead, ...]
    ignored: tuple[Ignored, ...]
    unresolved: tuple[Unresolved, ...]
    suspected: tuple[Suspected, ...]
    secrets: tuple[SecretSeen, ...]
    plain_secrets: tuple[PlainSecret, ...]
    missing_files: tuple[MissingFile, ...]
    variables: tuple[Variable, ...]
    notes: tuple[Noted, ...]

    @property
    def secrets_masked(self) -> int:
        """How many secrets were seen and not shown."""
        return len(self.secrets) + len(self.plain_secrets)


@dataclass(slots=True)
class Collector:
    """Gathers the facts while files are read; each fact is kept once."""

    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    ignored: set[Ignored] = field(default_factory=set)
    unresolved: set[Unresolved] = field(default_factory=set)
    suspected: set[Suspected] = field(default_factory=set)
    secrets: dict[str, SecretSeen] = field(default_factory=dict)
    plain_secrets: set[PlainSecret] = field(default_factory=set)
    missing_files: set[MissingFile] = field(default_factory=set)
    variables: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    notes: set[Noted] = field(default_factory=set)

    def saw(self, file: str, kind: str | None = None) -> None:
        """Count one object of a file; without a kind the file is named and nothing counted."""
        kinds = self.kinds.setdefault(file, {})
        if kind is not None:
            kinds[kind] = kinds.get(kind, 0) + 1

    def variable(self, name: str, file: str, line: int) -> None:
        """Note a place in which a variable without a value stands."""
        self.variables.setdefault(name, set()).add((file, line))

    def secret(self, name: str, used_by: Iterable[str], file: str = "", line: int = 0) -> None:
        """Name a secret, who uses it, and where it stands if it is among the files."""
        known = self.secrets.get(name)
        users = set(used_by) | set(known.used_by if known else ())
        place = (file, line) if file or known is None else (known.file, known.line)
        self.secrets[name] = SecretSeen(name, tuple(sorted(users)), *place)

    def freeze(self, name: str) -> Coverage:
        """The facts, sorted."""
        files = (FileRead(file, tuple(sorted(kinds.items()))) for file, kinds in self.kinds.items())
        return Coverage(
            format=name,
            files=tuple(sorted(files)),
            ignored=tuple(sorted(self.ignored)),
            unresolved=tuple(sorted(self.unresolved)),
            suspected=tuple(sorted(self.suspected)),
            secrets=tuple(sorted(self.secrets.values())),
            plain_secrets=tuple(sorted(self.plain_secrets)),
            missing_files=tuple(sorted(self.missing_files)),
            variables=tuple(
                Variable(name, len(places), *min(places))
                for name, places in sorted(self.variables.items())
            ),
            notes=tuple(sorted(self.notes)),
        )
