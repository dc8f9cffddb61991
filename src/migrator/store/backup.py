"""A copy of a store's file, made while runs go on, proven before it counts as one.

Called by `migrator backup`. SQLite copies the file as it was at one moment; whoever writes goes on
writing. The copy gets its name only when it is whole, on the disk, and every journal in it has been
proven, so that a file with that name is a backup and nothing less. Heads kept beside the store are
not part of it: they are what shows afterwards how much a restored store has forgotten.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import InputError
from migrator.store.chain import Verified, verify
from migrator.store.sql import Store, open_store


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made, and what is in it: for each run, how many lines and the last hash."""

    file: Path
    runs: dict[str, Verified]


def back_up(store: Store, target: Path) -> BackedUp:
    """Copy a store. Raises InputError where the target is there, JournalError for a bad journal."""
    store.path  # noqa: B018 - a store on a server has none, and says what to use instead
    if target.exists():
        raise InputError(
            "backup-exists",
            f"{target} is there already; a backup is never written over",
            hint="name another file with -o",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.part.db")
    beside.unlink(missing_ok=True)
    try:
        store.copy_to(beside)
        with open_store(beside, practice=store.practice, create=False) as copy:
            runs = {
                row.name: verify(row.name, copy.journal(row.name, lead=False).written())
                for row in copy.runs()
            }
        _durable(beside)
        # A link and not a renaming: it fails where somebody else made the file meanwhile.
        os.link(beside, target)
        _durable(target.parent)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            beside.with_name(beside.name + ending).unlink(missing_ok=True)
    return BackedUp(target, runs)


def _durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
