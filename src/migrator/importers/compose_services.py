"""Compose files into services: several files as one, both spellings of everything, variables.

Called by `compose.py`. A service that stands in several files is laid over itself as
`docker compose -f a -f b` does it: maps by key, lists one after the other, single values by the
last. Only the named files, `.env` beside the first, and `env_file`s inside their folder are read.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.compose_variables import interpolate, read_env
from migrator.importers.coverage import Collector, Ignored, MissingFile
from migrator.importers.evidence import EvidenceKind
from migrator.importers.files import FILE_BYTES_MAX, SourceFile, collect, read_all
from migrator.importers.nodes import Node, NoLines
from migrator.inventory.yaml_text import read_yaml_documents

DEFAULT_NAMES: Final = (
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
)
"""What docker compose looks for in a folder, in its order."""

EXTENDS_MAX: Final = 16
"""A chain of `extends` that is longer turns in a circle."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment value. None: it is passed through from outside, and nobody gave it."""

    value: str | None
    node: Node
    kind: EvidenceKind


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service listens on; `published` where the host offers it to others."""

    number: int
    published: bool
    node: Node


@dataclass(frozen=True, slots=True)
class ComposeService:
    """One service: the places that describe it, the base first, what overrides it last."""

    name: str
    nodes: tuple[Node, ...]
    project: Project

    @property
    def file(self) -> str:
        """The file that describes it last."""
        return self.nodes[-1].file

    @property
    def line(self) -> int:
        """The line of that description."""
        return self.nodes[-1].line or 1

    def last(self, *keys: str) -> Node:
        """The value that counts where only one can."""
        found = [node.get(*keys) for node in self.nodes if node.get(*keys).exists]
        return found[-1] if found else self.nodes[-1].get(*keys)

    def all(self, key: str) -> Iterator[Node]:
        """The entries of a list in all places; of a map in its list form, none."""
        for node in self.nodes:
            yield from node.get(key).parts()

    def maps(self, key: str) -> Iterator[tuple[str, Node]]:
        """The entries of a map in all places."""
        for node in self.nodes:
            yield from node.get(key).entries()

    def text(self, *keys: str) -> str | None:
        """A single value with its variables replaced."""
        node = self.last(*keys)
        return None if node.text is None else self.project.replace(node)

    def words(self, *keys: str) -> list[Node]:
        """A command in its list or its text form, word by word, variables replaced."""
        node = self.last(*keys)
        if node.text is not None:
            text = self.project.replace(node)
            try:
                words = shlex.split(text)
            except ValueError:  # a lone quote: a shell would refuse it too, so take it as it is
                words = text.split()
            return [Node(node.file, node.lines, word, node.path) for word in words]
        return [
            Node(part.file, part.lines, self.project.replace(part), part.path)
            for part in node.parts()
            if part.text is not None
        ]


@dataclass(slots=True)
class Project:
    """All files together: the services by name and the values of variables."""

    collector: Collector
    folder: Path
    values: dict[str, str] = field(default_factory=dict)
    env_shown: str | None = None  # None: there is no .env
    services: dict[str, list[Node]] = field(default_factory=dict)
    tops: list[Node] = field(default_factory=list)
    name: str = ""

    def replace(self, node: Node) -> str:
        """The text of a node with its variables replaced; those without a value are reported."""

        def missing(name: str) -> None:
            self.collector.variable(name, node.file, node.line or 1)

        return interpolate(node.text or "", self.values, missing)


def read_project(paths: Sequence[Path], collector: Collector) -> Project:
    """Read the files as one project; all faults of all files at once."""
    files = _in_order(paths, collect([_file_of(path) for path in paths], ()).files)
    project = Project(collector, files[0].path.resolve().parent)
    _read_dot_env(project, files[0], collector)
    for top in read_all(files, _top):
        project.tops.append(top)
        collector.saw(top.file)
        project.name = top.get("name").text or project.name
        _look_at_top(top, collector)
        for name, node in top.get("services").entries():
            project.services.setdefault(name, []).append(node)
            collector.saw(top.file, "service")
    if not project.services:
        shown = ", ".join(file.shown for file in files)
        raise InputError(
            "import-no-workloads",
            f"no services in {shown}",
            hint="name a Compose file with `services:` and at least one service below it",
        )
    return project


def services_of(project: Project) -> list[ComposeService]:
    """The services by name, each with what it extends."""
    return [
        ComposeService(name, tuple(_extended(name, project, 0)), project)
        for name in sorted(project.services)
    ]


def environment(service: ComposeService) -> dict[str, Setting]:
    """The environment of a service; what stands in the file wins over what an env_file says."""
    settings: dict[str, Setting] = {}
    for node in _env_files(service):
        for key, value in _read_env_file(node, service).items():
            place = Node(_shown_env(node, service), NoLines(), value, (key,))
            settings[key] = Setting(value, place, EvidenceKind.ENV_FILE)
    replace = service.project.replace
    for base in service.nodes:
        block = base.get("environment")
        for key, node in block.entries():
            given = replace(node) if node.text is not None else _passed(key, node, service)
            settings[key] = Setting(given, node, EvidenceKind.ENVIRONMENT)
        for node in block.parts():
            key, equals, _ = (node.text or "").partition("=")
            if not key:
                continue
            given = replace(node).partition("=")[2] if equals else _passed(key, node, service)
            settings[key] = Setting(given, node, EvidenceKind.ENVIRONMENT)
    return settings


def ports(service: ComposeService) -> list[Port]:
    """The container ports of a service, published ones and exposed ones, by number."""
    found: dict[int, Port] = {}
    for key in ("expose", "ports"):
        for node in service.all(key):
            if node.get("target").exists:
                number, published = node.get("target").number, node.get("published").exists
            else:
                text = service.project.replace(node).partition("/")[0]
                before, _, last = text.rpartition(":")
                number = int(last) if last.isdigit() and len(last) <= 5 else None
                published = key == "ports" and bool(before)
            if number is not None and (number not in found or published):
                found[number] = Port(number, published, node)
    return [found[number] for number in sorted(found)]


def _file_of(path: Path) -> Path:
    """The file itself; for a folder the one that docker compose would take."""
    if not path.is_dir():
        return path
    named = (path / name for name in DEFAULT_NAMES)
    return next((each for each in named if each.exists()), path / DEFAULT_NAMES[0])


def _in_order(paths: Sequence[Path], files: Sequence[SourceFile]) -> list[SourceFile]:
    """The files in the order of the command line: later ones are laid over earlier ones."""
    order = [_file_of(path).resolve() for path in paths]
    return sorted(files, key=lambda file: order.index(file.path.resolve()))


def _top(file: SourceFile) -> Node:
    """The top of a Compose file."""
    documents = read_yaml_documents(file.text, str(file.path), aliases="expand")
    if len(documents) > 1:
        line = documents[1].line(())
        raise _no_compose(file, line, "a second document: a Compose file has one")
    if not documents or not isinstance(documents[0].data, dict):
        raise _no_compose(file, 1, "no Compose file: it has no `services:`")
    top = Node(file.shown, documents[0], documents[0].data)
    if "apiVersion" in documents[0].data and "kind" in documents[0].data:
        raise _no_compose(file, 1, "a Kubernetes manifest: use `migrator import kubernetes`")
    services = top.get("services")
    if services.exists and not isinstance(services.value, dict):
        raise _no_compose(file, services.line, "`services` is no mapping of names to services")
    if not services.exists and not (
        {"include", "version", "networks", "volumes"} & set(documents[0].data)
    ):
        raise _no_compose(file, 1, "no Compose file: it has no `services:`")
    wrong = [node for _, node in services.entries() if not isinstance(node.value, dict)]
    if wrong:
        raise _no_compose(file, wrong[0].line, f"{wrong[0].where} is no service: it has no keys")
    return top


def _no_compose(file: SourceFile, line: int | None, message: str) -> InputError:
    return InputError(
        "import-broken-documents",
        message,
        hint="name a Compose file",
        faults=(Fault(str(file.path), line, "", message),),
    )


def _look_at_top(top: Node, collector: Collector) -> None:
    """Account for what stands beside the services."""
    for key, node in top.entries():
        if key == "include":
            why = "it names other files: give those on the command line, too"
            collector.ignored.add(Ignored(top.file, node.line or 1, "include", why))
        elif key == "secrets":
            for name, _ in node.entries():
                collector.secret(name, (), top.file, node.line or 1)
        elif key not in {"services", "version", "name"} and not key.startswith("x-"):
            count = len(list(node.entries()))
            for _ in range(count):
                collector.saw(top.file, key)


def _read_dot_env(project: Project, first: SourceFile, collector: Collector) -> None:
    """Read `.env` beside the first file, if it is there."""
    path = project.folder / ".env"
    if not path.is_file():
        return
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise OSError(0, "too large")
        project.values = read_env(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        why = f"it cannot be read ({type(error).__name__})"
        collector.missing_files.add(MissingFile(".env", first.shown, why))
        return
    project.env_shown = str(Path(first.shown).parent / ".env")
    _saw_env_file(project.env_shown, len(project.values), collector)


def _extended(name: str, project: Project, depth: int) -> Iterator[Node]:
    """The places that describe a service, what it extends first."""
    for node in project.services.get(name, []):
        extends = node.get("extends")
        base = extends.text or extends.get("service").text
        if base and extends.get("file").exists:
            why = "it extends a service of another file: give that file on the command line, too"
            project.collector.ignored.add(
                Ignored(node.file, extends.line or 1, f"extends of {name}", why)
            )
        elif base and base != name and depth < EXTENDS_MAX:
            yield from _extended(base, project, depth + 1)
        yield node


def _passed(key: str, node: Node, service: ComposeService) -> str | None:
    """The value of a variable that is passed through by its name alone."""
    value = service.project.values.get(key)
    if value is None:
        service.project.collector.variable(key, node.file, node.line or 1)
    return value


def _env_files(service: ComposeService) -> Iterator[Node]:
    """The places that name an env_file, in their three spellings."""
    for node in service.nodes:
        block = node.get("env_file")
        if block.text is not None:
            yield block
        for part in block.parts():
            yield part.get("path") if part.get("path").exists else part


def _shown_env(node: Node, service: ComposeService) -> str:
    written = service.project.replace(node)
    return str(Path(node.file).parent / written)


def _read_env_file(node: Node, service: ComposeService) -> dict[str, str]:
    """The values of an env_file; one that is absent or outside the folder is reported."""
    project = service.project
    written = project.replace(node)
    path = (project.folder / written).resolve()
    why = ""
    values: dict[str, str] = {}
    if not path.is_relative_to(project.folder):
        why = "it is outside the Compose file's folder and was not read"
    elif not path.is_file():
        why = "it is not there; the variables in it are not known"
    else:
        try:
            if path.stat().st_size > FILE_BYTES_MAX:
                raise OSError(0, "too large")
            values = read_env(path.read_text(encoding="utf-8-sig"))
            _saw_env_file(_shown_env(node, service), len(values), project.collector)
        except (OSError, UnicodeDecodeError) as error:
            why = f"it cannot be read ({type(error).__name__})"
    if why:
        project.collector.missing_files.add(MissingFile(written, service.name, why))
    return values


def _saw_env_file(shown: str, variables: int, collector: Collector) -> None:
    """Count the variables of a file once, however many services name it."""
    if shown not in collector.kinds:
        collector.saw(shown)
        for _ in range(variables):
            collector.saw(shown, "variable")
