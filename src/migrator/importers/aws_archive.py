"""Finds the tables of an AWS discovery export, in a folder or in its zip, and unpacks with care.

Called by `aws_discovery.py`. A zip is somebody else's: no name in it ever becomes a path here, what
it declares is checked while it is unpacked, and one that would fill a disk or climb out of its
folder is refused as a whole. Nothing but the tables is unpacked.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from migrator.errors import EnvironmentFailed, Fault, InputError

KINDS: Final = (
    "sourceProcessConnection", "destinationProcessConnection", "networkInterface", "osInfo",
)  # fmt: skip
"""The files that links are made of; process and systemPerformance say nothing about them."""

MEMBERS_MAX: Final = 20_000
UNPACKED_BYTES_MAX: Final = 16 * 1024**3
RATIO_MAX: Final = 250
"""Tables of connections shrink to a tenth or a thirtieth; a bomb shrinks to a thousandth."""

RATIO_FROM_BYTES: Final = 64 * 1024**2
"""Below this a high ratio harms nobody: a small file of one repeated row is honest."""

BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """One of the export's tables: where it can be read, and its name in reports."""

    kind: str
    path: Path
    shown: str


def find_tables(path: Path, work: Path) -> tuple[ExportedTable, ...]:
    """The tables below a folder or in a zip, sorted by name."""
    if path.is_dir():
        found = list(_in_folder(path))
    elif path.is_file() and zipfile.is_zipfile(path):
        found = list(_in_zip(path, work))
    elif path.exists():
        raise _refused(path.name, "it is neither a folder nor a zip")
    else:
        raise InputError(
            "import-path-missing",
            f"there is no {path}",
            hint="name the export's zip, or the folder that it was unpacked to",
        )
    kinds = {table.kind for table in found}
    if not kinds & set(KINDS[:2]):
        raise _refused(path.name, f"it holds neither a *{KINDS[0]}.csv nor a *{KINDS[1]}.csv")
    return tuple(sorted(found, key=lambda table: (KINDS.index(table.kind), table.shown)))


def _kind(name: str) -> str | None:
    """Which table a file is: by its own name, or by its folder's, as exports per agent have it."""
    path = PurePosixPath(name)
    if path.suffix.lower() != ".csv":
        return None
    for kind in KINDS:
        if path.stem.lower().endswith(kind.lower()) or path.parent.name.lower() == kind.lower():
            return kind
    return None


def _in_folder(root: Path) -> Iterator[ExportedTable]:
    """The tables below a folder; links to other places are not followed."""
    for folder, inner, names in os.walk(root):
        inner.sort()
        for name in sorted(names):
            path = Path(folder, name)
            shown = path.relative_to(root).as_posix()
            kind = _kind(shown)
            if kind is not None and path.is_file() and not path.is_symlink():
                yield ExportedTable(kind, path, shown)


def _in_zip(path: Path, work: Path) -> Iterator[ExportedTable]:
    """The tables in a zip, unpacked under names of our own."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check(path, members)
            left = UNPACKED_BYTES_MAX
            for number, member in enumerate(members):
                kind = None if member.is_dir() else _kind(member.filename)
                if kind is None:
                    continue
                target = work / f"unpacked-{number}.csv"
                with archive.open(member) as packed, target.open("wb") as unpacked:
                    left -= _copy(packed, unpacked, member, left, path.name)
                yield ExportedTable(kind, target, member.filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _refused(path.name, f"the zip is damaged: {error}") from error
    except OSError as error:
        raise EnvironmentFailed(
            "disk-full",
            f"{path.name} could not be unpacked: {error.strerror}",
            hint="make room, or name another folder by TMPDIR; nothing was written",
        ) from error


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that no export makes, before a byte of it is unpacked."""
    if len(members) > MEMBERS_MAX:
        raise _refused(path.name, f"{len(members):,} files in one zip are no export")
    faults = [
        Fault(path.name, None, member.filename[:200], why)
        for member in members
        if (why := _objection(member)) is not None
    ]
    total = sum(member.file_size for member in members if _kind(member.filename))
    if total > UNPACKED_BYTES_MAX:
        limit = UNPACKED_BYTES_MAX // 1024**3
        faults.append(
            Fault(path.name, None, "", f"{total} bytes unpacked; the limit is {limit} GiB")
        )
    if faults:
        raise _refused(path.name, "the zip is not safe to unpack", tuple(faults))


def _objection(member: zipfile.ZipInfo) -> str | None:
    """What is wrong with one entry; None where nothing is."""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in "".join(name.parts[:1]):
        return "its name leads out of the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a symbolic link"
    if _kind(member.filename) is None:
        return None
    if member.flag_bits & 0x1:
        return "it is encrypted: unpack it and name the folder"
    packed = max(1, member.compress_size)
    if member.file_size > RATIO_FROM_BYTES and member.file_size // packed > RATIO_MAX:
        return f"it unpacks to {member.file_size // packed} times its size: a bomb"
    return None


def _copy(
    packed: IO[bytes],
    unpacked: IO[bytes],
    member: zipfile.ZipInfo,
    left: int,
    archive: str,
) -> int:
    """Unpack one table; stop where it holds more than it declares."""
    done = 0
    while block := packed.read(BLOCK_BYTES):
        done += len(block)
        if done > min(left, member.file_size):
            raise _refused(archive, f"{member.filename[:200]} holds more than it declares")
        unpacked.write(block)
    return done


def _refused(name: str, why: str, faults: tuple[Fault, ...] = ()) -> InputError:
    return InputError(
        "import-archive-refused",
        f"{name} is refused: {why}",
        hint="name the export's zip as it was downloaded, or the folder that it was unpacked to",
        faults=faults,
    )
