"""The list of what a lab has made on this machine, on disk before it is made.

`lab-down` works from this list alone, so it cleans up after a lab whose maker was killed at any
moment, and touches nothing that is not in it. A process is named by its number and the moment at
which it started, because the machine gives numbers out again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from cluster.lab import places


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine that cannot be mistaken for a later one of the same number."""

    pid: int
    started: int
    """In ticks of the kernel since the machine started, as /proc tells it."""

    @classmethod
    def this(cls) -> Process:
        """The process that asks."""
        begun = started(os.getpid())
        assert begun is not None
        return cls(os.getpid(), begun)

    @property
    def lives(self) -> bool:
        """Whether it runs; one that has ended and waits for its parent does not."""
        return started(self.pid) == self.started


@dataclass(slots=True)
class Ledger:
    """What one lab has made, or was about to make."""

    name: str
    token: str
    """A word that stands in the command line of the lab's first process, and of no other."""

    folder: Path
    mounts: tuple[Path, ...]
    """The names of its two networks. What is mounted inside the lab goes with the lab."""

    control_group: str
    """The folder of this name in every hierarchy of control groups."""

    maker: Process | None = None
    """Who must be alive for the lab to be wanted; None for one that stays until `lab-down`."""

    holder: Process | None = None
    """The first process of the lab's own process and mount namespaces. None before it started."""

    processes: dict[str, Process] = field(default_factory=dict)

    def write(self) -> None:
        """Put the list on disk, whole or not at all."""
        mounts = [str(mount) for mount in self.mounts]
        said = {**asdict(self), "folder": str(self.folder), "mounts": mounts}
        making = _making(self.name)
        making.parent.mkdir(parents=True, exist_ok=True)
        with making.open("w", encoding="utf-8") as out:
            json.dump(said, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        making.rename(file(self.name))

    def forget(self) -> None:
        """Everything on the list is gone, and so is the list."""
        file(self.name).unlink()


def file(name: str) -> Path:
    """Where the list of a lab lies."""
    return places.ledgers() / f"{name}.json"


def _making(name: str) -> Path:
    return places.ledgers() / f"{name}.making"


def read(name: str) -> Ledger | None:
    """The list of a lab, or None where no lab of that name has left anything."""
    try:
        said = json.loads(file(name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    maker, holder = said["maker"], said["holder"]
    return Ledger(
        name=said["name"],
        token=said["token"],
        folder=Path(said["folder"]),
        mounts=tuple(map(Path, said["mounts"])),
        control_group=said["control_group"],
        maker=Process(**maker) if maker else None,
        holder=Process(**holder) if holder else None,
        processes={key: Process(**value) for key, value in said["processes"].items()},
    )


def names() -> list[str]:
    """The names of all labs that have left anything."""
    return sorted({path.stem for path in places.ledgers().glob("*")})


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let nobody else start or end this lab meanwhile, and leave no lock behind."""
    path = places.ledgers() / f"{name}.lock"
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever had it before took it away, and somebody may have made another one.
            if not _is(lock, path):
                continue
            try:
                yield
            finally:
                # Half a list, of somebody who was killed while writing it.
                _making(name).unlink(missing_ok=True)
                path.unlink()
                with suppress(OSError):  # other labs have their lists there
                    path.parent.rmdir()
            return


def _is(lock: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def started(pid: int) -> int | None:
    """When a process started, or None where there is no such process or only its remains."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses, which may contain anything.
    fields = said.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])
