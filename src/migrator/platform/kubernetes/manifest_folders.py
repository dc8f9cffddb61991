"""`manifests/` of an inventory on the disk: which files each subsystem has, and all of them judged.

Called by `migrator check`, and by commands that read an inventory as it lies there; a run takes the
bytes that were pinned when it began. This is the one place of the package that reads manifests from
the disk, and it reads only what lies in a subsystem's own folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.reader import MANIFESTS_FOLDER
from migrator.platform.kubernetes.manifest_files import SUFFIXES
from migrator.platform.kubernetes.manifest_schema import installed_schemas
from migrator.platform.kubernetes.manifests import HINT, REFERENCE, Examined, examine
from migrator.platform.kubernetes.subject import Subject

FILE_BYTES_MAX: Final = 16 * 1024 * 1024
"""A cluster stores no object of more than 1.5 MB; ten of those fit into one file."""


def subsystems_in(inventory: Path) -> tuple[str, ...]:
    """The subsystems that have a folder of manifests."""
    folder = inventory / MANIFESTS_FOLDER
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))


def files_of(inventory: Path, subsystem: str) -> Mapping[str, bytes]:
    """The files of one subsystem by their names inside its folder.

    Raises InputError with every file that cannot be read.
    """
    folder = inventory / MANIFESTS_FOLDER / subsystem
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        file = f"{MANIFESTS_FOLDER}/{subsystem}/{name}"
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= FILE_BYTES_MAX else b""
        except OSError as error:
            faults.append(Fault(file, None, "", f"cannot be read: {error.strerror}"))
            continue
        if size > FILE_BYTES_MAX:
            message = f"has {size} bytes; at most {FILE_BYTES_MAX} are read"
            faults.append(Fault(file, None, "", message))
            continue
        files[name] = content
    if faults:
        message = f"manifests of {subsystem} cannot be read"
        raise InputError(REFERENCE, message, hint=HINT, faults=tuple(faults))
    return files


def examine_all(inventory: Path) -> tuple[Examined, ...]:
    """What the manifests of every subsystem are; nothing that they hold is an error here."""
    found: list[Examined] = []
    schemas = installed_schemas()
    for subsystem in subsystems_in(inventory):
        try:
            files = files_of(inventory, subsystem)
        except InputError as error:
            found.append(Examined(subsystem, None, error.faults, (), ()))
            continue
        found.append(examine(subsystem, files, schemas=schemas))
    return tuple(found)


def read_subjects(inventory: Path) -> Mapping[str, Subject]:
    """Every subsystem with manifests. Raises InputError with all faults of all of them."""
    found = examine_all(inventory)
    faults = tuple(fault for each in found for fault in each.faults)
    if faults:
        message = f"the manifests in {inventory} have {len(faults)} faults"
        raise InputError(REFERENCE, message, hint=HINT, faults=faults)
    return {each.subsystem: each.subject for each in found if each.subject is not None}
