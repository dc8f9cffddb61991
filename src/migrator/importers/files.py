"""Finds and reads the files that an importer is given: limits, encodings, templates, links.

Called by the importers with the paths of the command line. All files are looked at before any
fault is told, so that one run names everything that must be mended. Files are read, never written
and never fetched; a symbolic link inside a folder is not followed, because other people's folders
may point anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from migrator.errors import Fault, InputError

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
"""A dump of 5,000 pods is some 15 MB; beyond twice that it is no manifest."""

FILES_MAX: Final = 20_000
"""A repository with all environments has some thousands; more means the wrong folder was named."""

FAULTS_KEPT_MAX: Final = 200
"""Ten screens full; the count goes on."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as read. `shown` is its name in reports: relative, the same on every machine."""

    path: Path
    shown: str
    text: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that was not read, and why."""

    shown: str
    why: str


@dataclass(frozen=True, slots=True)
class Collected:
    """All that was found under the paths of one command."""

    files: tuple[SourceFile, ...]
    passed_over: tuple[PassedOver, ...]


def collect(paths: Iterable[Path], suffixes: tuple[str, ...]) -> Collected:
    """Read the named files, and the files with one of `suffixes` in the named folders."""
    named = _each_once(paths)
    missing = tuple(
        Fault(str(path), None, "", "there is no such file or folder")
        for path in named
        if not path.exists()
    )
    if missing:
        raise InputError(
            "import-path-missing",
            "nothing can be read there",
            hint="name files or folders that exist",
            faults=missing,
        )
    root = _common_folder(named)
    passed_over: list[PassedOver] = []
    found: dict[Path, Path] = {}  # resolved -> as reached, so that overlapping paths count once
    for path in named:
        for reached in _below(path, suffixes, root, passed_over):
            found.setdefault(reached.resolve(), reached)
    if len(found) > FILES_MAX:
        raise InputError(
            "import-too-large",
            f"{len(found)} files are more than the {FILES_MAX} that one import reads",
            hint="name the folder of one system or one environment",
        )
    ordered = sorted(found, key=lambda resolved: _shown(resolved, root))
    faults: list[Fault] = []
    files = [
        read
        for resolved in ordered
        if (read := _read(found[resolved], _shown(resolved, root), faults)) is not None
    ]
    if faults:
        raise InputError(
            "import-unreadable",
            f"{len(faults)} of {len(ordered)} files cannot be read",
            hint="mend the named files, or name others",
            faults=tuple(faults[:FAULTS_KEPT_MAX]),
            count=len(faults),
        )
    return Collected(tuple(files), tuple(sorted(passed_over, key=lambda each: each.shown)))


def read_all(files: Iterable[SourceFile], read: Callable[[SourceFile], Result]) -> list[Result]:
    """Read every file with `read`; tell the faults of all of them at once."""
    results: list[Result] = []
    faults: list[Fault] = []
    count = 0
    for file in files:
        try:
            results.append(read(file))
        except InputError as error:
            kept = error.faults or (Fault(str(file.path), None, "", error.message),)
            faults += [_explain_template(fault, file) for fault in kept]
            count += max(error.count, len(kept))
    if faults:
        raise InputError(
            "import-broken-documents",
            f"{count} faults in the files to import",
            hint="mend the named lines; a Helm chart or a Kustomize folder is rendered first "
            "(`helm template`, `kustomize build`), and the result imported",
            faults=tuple(faults[:FAULTS_KEPT_MAX]),
            count=count,
        )
    return results


def _explain_template(fault: Fault, file: SourceFile) -> Fault:
    """Add to a fault what its line shows: a template that nobody rendered."""
    if "{{" not in file.text:
        return fault
    said = f"{fault.message}; the file has {{{{ }}}} in it: a template, render it first"
    return Fault(fault.file, fault.line, fault.path, said)


def _each_once(paths: Iterable[Path]) -> list[Path]:
    """The paths in the order given, each once."""
    return list(dict.fromkeys(paths))


def _common_folder(paths: list[Path]) -> Path:
    """The folder that reports show names relative to: the one that all paths stand in."""
    folders = [path.resolve() if path.is_dir() else path.resolve().parent for path in paths]
    return Path(os.path.commonpath(folders))


def _shown(resolved: Path, root: Path) -> str:
    """The name of a file in reports: never a path of this machine."""
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else resolved.name


def _below(
    path: Path, suffixes: tuple[str, ...], root: Path, passed_over: list[PassedOver]
) -> list[Path]:
    """The file itself, or the files below the folder, hidden folders left out."""
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            reached = Path(folder, name)
            if reached.suffix.lower() not in suffixes:
                continue
            if reached.is_symlink():
                shown = _shown(reached.parent.resolve() / name, root)
                passed_over.append(PassedOver(shown, "a symbolic link; name its target instead"))
                continue
            found.append(reached)
    return found


def _read(path: Path, shown: str, faults: list[Fault]) -> SourceFile | None:
    """Read one file as UTF-8, with or without a byte order mark."""
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            limit = FILE_BYTES_MAX // 1024 // 1024
            faults.append(Fault(str(path), None, "", f"{size} bytes; the limit is {limit} MiB"))
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(
            Fault(str(path), None, f"byte {error.start}", "not UTF-8: save the file as UTF-8")
        )
        return None
    except OSError as error:
        faults.append(Fault(str(path), None, "", f"cannot be opened: {error.strerror}"))
        return None
    return SourceFile(path, shown, text)
