"""Heads of the chain, kept outside the store: what shows that a journal's end was cut off.

A chain proves every line by the next one, so its last lines can be removed unseen. The conductor
writes the head down here at every gate and at the end; the same words stand on paper and in
reports. Lines are only ever added to the file. It is no proof against somebody who edits both
files: the paper is.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed
from migrator.store.chain import Head, encode_json

FILE: Final = "heads.jsonl"


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the heads of a store are kept, and by which words they are told from another's."""

    folder: Path
    practice: bool
    store: str = ""  # empty for the folder's own two stores


def keep_head(beside: Beside, run: str, head: Head) -> None:
    """Add a head to the file, on the disk before this returns."""
    row = {"practice": beside.practice, "run": run, "seq": head.seq, "head": head.hash}
    if beside.store:
        row["store"] = beside.store
    beside.folder.mkdir(parents=True, exist_ok=True)
    text = encode_json(row) + "\n"
    # One write to a file opened for appending is not torn apart by another process's.
    handle = os.open(
        beside.folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
    )
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def known_heads(beside: Beside, run: str) -> tuple[Head, ...]:
    """The heads of a run that were kept, oldest first."""
    path = beside.folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError as error:
        raise _unreadable(path, 1) from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.endswith("\n"):
            break  # the machine stopped in the middle of this one; its gate is before it
        try:
            row = json.loads(line)
            about = (row["practice"], row["run"], row.get("store", ""))
            if about == (beside.practice, run, beside.store):
                found.append(Head(int(row["seq"]), str(row["head"])))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _unreadable(path, number) from error
    return tuple(found)


def _unreadable(path: Path, line: int) -> EnvironmentFailed:
    return EnvironmentFailed(
        "heads-unreadable",
        f"{path}:{line} is not a head that migrator wrote",
        hint="put the file back from a backup; or set it aside, and prove with --expect from paper",
    )
