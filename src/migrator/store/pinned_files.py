"""The bytes that a run uses, by value: kept in the store when it begins, read only from there.

Called by `wiring` when a run begins and by whoever performs its commands. An itinerary names each
file with its SHA-256; the bytes are laid out in private folders for the commands that want them,
proven each time. What lies in anybody's working tree after the run has begun is never read, and a
file that was laid out is never used again.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from migrator.errors import EnvironmentFailed, Fault, InputError, PermanentError
from migrator.plan.means import SCRIPT
from migrator.plan.model import Itinerary
from migrator.store.sql import Store

__all__ = [
    "INPUT_BYTES_MAX",
    "SCRIPT",
    "SCRIPT_BYTES_MAX",
    "FileToPin",
    "PinnedFiles",
    "bytes_of",
    "file_to_pin",
    "lay_out",
    "pin",
    "with_files",
]

SCRIPT_BYTES_MAX: Final = 16 * 1024 * 1024
INPUT_BYTES_MAX: Final = 512 * 1024 * 1024
"""Links are the largest: five million of them have a quarter of this."""

PAGE: Final = "file-not-pinned"
_MENDING: Final = "put the file back as the plan's recipe names it, or mend the recipe"
_READABLE: Final = 0o400
_EXECUTABLE: Final = 0o500


@dataclass(frozen=True, slots=True)
class FileToPin:
    """A file as it was read for a run that is about to begin."""

    name: str
    path: Path
    digest: str
    executable: bool = False


def file_to_pin(
    name: str, path: Path, said_in: Fault | None = None, bytes_max: int = INPUT_BYTES_MAX
) -> FileToPin:
    """Look at a file; InputError naming it, and where it is asked for, if it cannot be pinned."""
    try:
        status = path.stat()
        wrong = "" if path.is_file() else "is not a file"
        if status.st_size > bytes_max:
            wrong = f"has {status.st_size} bytes; at most {bytes_max} are pinned"
        if not wrong:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return FileToPin(name, path, digest, bool(status.st_mode & 0o100))
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    place = said_in or Fault(str(path), None, "", "")
    fault = replace(place, message=f"{path} {wrong}" if said_in else wrong)
    raise InputError(PAGE, f"the run cannot begin: {path} {wrong}", hint=_MENDING, faults=(fault,))


def with_files(itinerary: Itinerary, files: Iterable[FileToPin]) -> Itinerary:
    """The itinerary that names these files with their digests."""
    rows = sorted(files, key=lambda file: file.name)
    return replace(
        itinerary,
        files={file.name: file.digest for file in rows},
        programs=tuple(file.name for file in rows if file.executable),
    )


def pin(store: Store, files: Iterable[FileToPin]) -> None:
    """Copy the files into the store, one after the other; each must be as it was read."""
    for file in files:
        try:
            content = file.path.read_bytes()
        except OSError as error:
            raise _changed(file.path, error.strerror or "unreadable") from error
        if hashlib.sha256(content).hexdigest() != file.digest:
            raise _changed(file.path, "it has other bytes now")
        store.pin("file", content)


def _changed(path: Path, why: str) -> InputError:
    return InputError(
        PAGE,
        f"{path} changed while the run was being begun: {why}; nothing was begun",
        hint="leave the files alone for a moment and give the command again",
    )


def bytes_of(store: Store, name: str, digest: str) -> bytes:
    """The pinned bytes, proven. EnvironmentFailed where the store does not have them."""
    content = store.pinned(digest)
    if content is not None and hashlib.sha256(content).hexdigest() == digest:
        return content
    what = "are not in the store" if content is None else "were edited in the store"
    raise EnvironmentFailed(
        "pinned-bytes-lost",
        f"the pinned bytes of {name} ({digest[:12]}) {what}",
        hint="put the store back from a backup; an exported journal brings no files along",
    )


def lay_out(
    store: Store,
    digests: Mapping[str, str],
    folder: Path,
    programs: Iterable[str] = (),
    instead: Mapping[str, bytes] | None = None,
) -> Path:
    """Write pinned bytes into a new private folder below `folder`; nobody may write the files.

    `instead` has bytes that are to be tried out in place of pinned ones.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="files-", dir=folder))  # 0700, and never there before
    executable = frozenset(programs)
    for name, digest in digests.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise PermanentError(
                "pinned-files", f"{name!r} leads out of the plan's folder", hint="mend the plan"
            )
        other = None if instead is None else instead.get(name)
        content = bytes_of(store, name, digest) if other is None else other
        path = fresh / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(_EXECUTABLE if name in executable else _READABLE)
    return fresh


class PinnedFiles:
    """Gives a run's commands their files. `close` removes everything that was laid out."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        itinerary: Callable[[], Itinerary],
        amended: Callable[[], Mapping[tuple[str, str], Mapping[str, str]]],
    ) -> None:
        """`amended` says which files of which acts were replaced since the run began."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever leads now is alone: what a killed conductor laid out is of no use to anybody.
        for left in folder.glob("run-*"):
            shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        self._store = store
        self._itinerary = itinerary
        self._amended = amended

    def files_for(self, move: str, act: str, names: tuple[str, ...]) -> Path:
        """A new folder with the files of one act, as they are pinned or amended for it."""
        itinerary = self._itinerary()
        amended = self._amended().get((move, act), {})
        known = {name: itinerary.files.get(SCRIPT + name) for name in names}
        digests: dict[str, str] = {}
        for name, pinned in known.items():
            digest = amended.get(name, pinned)
            if digest is None:
                raise PermanentError(
                    "pinned-bytes-lost",
                    f"no bytes of {name} were pinned when the run began",
                    hint="begin a run with this version, or have the command bring its own files",
                )
            digests[name] = digest
        programs = [name for name in names if SCRIPT + name in itinerary.programs]
        return lay_out(self._store, digests, self.folder, programs)

    def close(self) -> None:
        """Remove what was laid out; the bytes stay in the store."""
        shutil.rmtree(self.folder, ignore_errors=True)
