"""Checked links on disk, so that the next command does not read and check them again.

Called by `load` only. A file is known by a key over its content, its size and time, the
components it was checked against and this format's version, so a changed file, a changed estate
or a newer program simply finds nothing. An entry is a Parquet file and a small JSON note that is
written last; a half-written or damaged entry is as good as none. Entries may be deleted at will.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Final

from migrator.ids import ComponentId, LinkId, SubsystemId
from migrator.inventory.model import LatencyClass
from migrator.links.table import LinkTable, Pair

FORMAT: Final = "migrator-links-cache-2"

ENTRIES_MAX: Final = 4
"""The estate before and after an edit, twice; an entry of ten million links is 150 MB."""


class Keeper:
    """A temporary folder that goes with its owner, at the latest with the process."""

    def __init__(self) -> None:
        """Make the folder; its end is arranged before anybody can fail."""
        self.folder = Path(mkdtemp(prefix="migrator-links-"))
        # TemporaryDirectory warns when it is left to the garbage collector; here that is the plan.
        self.forget = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def key(path: Path, owners: Mapping[ComponentId, SubsystemId]) -> str:
    """Name what would be read: 32 hex digits."""
    digest = hashlib.sha256(FORMAT.encode())
    with path.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
        facts = os.fstat(file.fileno())
    digest.update(f"{path.name} {facts.st_size} {facts.st_mtime_ns}".encode())
    digest.update("\n".join(f"{one} {owner}" for one, owner in sorted(owners.items())).encode())
    return digest.hexdigest()[:32]


def find(folder: Path, entry: str, owners: dict[ComponentId, SubsystemId]) -> LinkTable | None:
    """Give the entry if it is there and whole, else None."""
    parquet, note = _files(folder, entry)
    try:
        data = json.loads(note.read_text(encoding="utf-8"))
        if parquet.stat().st_size != data["bytes"]:
            return None
        protocols = {str(name): int(number) for name, number in data["by_protocol"].items()}
        return LinkTable(
            count=int(data["count"]),
            digest=str(data["digest"]),
            parquet=parquet,
            by_protocol=protocols,
            owners=owners,
            pairs=_pairs_of(data["pairs"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # whatever is wrong with an entry, it can be made again


def keep(folder: Path, entry: str, read: Callable[[Path], LinkTable]) -> LinkTable:
    """Read into a work folder beside the entries, then move the result into its place."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="reading-", dir=folder) as work:
        table = read(Path(work))
        assert table.parquet is not None, "a file that was read is kept"
        parquet, note = _files(folder, entry)
        data = {
            "format": FORMAT,
            "count": table.count,
            "digest": table.digest,
            "by_protocol": table.by_protocol,
            "pairs": _rows_of(table.pairs),
            "bytes": table.parquet.stat().st_size,
        }
        written = Path(work) / "note.json"
        written.write_text(json.dumps(data, sort_keys=True), encoding="utf-8")
        table.parquet.replace(parquet)
        written.replace(note)
    _forget_old(folder, entry)
    return replace(table, parquet=parquet)


def _rows_of(pairs: Sequence[Pair] | None) -> list[list[object]] | None:
    """Pairs as JSON has them: the fields in their order, latency classes by name."""
    if pairs is None:
        return None
    return [
        [
            pair.source,
            pair.target,
            pair.links,
            pair.weight,
            pair.calls_per_day,
            {kind.value: number for kind, number in pair.by_latency.items()},
            list(pair.examples),
        ]
        for pair in pairs
    ]


def _pairs_of(
    rows: Sequence[tuple[str, str, int, int, int, dict[str, int], list[str]]] | None,
) -> tuple[Pair, ...] | None:
    """Pairs from JSON; whatever does not fit raises, and the entry is made again."""
    if rows is None:
        return None
    return tuple(
        Pair(
            source=SubsystemId(source),
            target=SubsystemId(target),
            links=int(links),
            weight=int(weight),
            calls_per_day=int(calls),
            by_latency={LatencyClass(kind): int(number) for kind, number in by_latency.items()},
            examples=tuple(LinkId(link) for link in examples),
        )
        for source, target, links, weight, calls, by_latency, examples in rows
    )


def _files(folder: Path, entry: str) -> tuple[Path, Path]:
    """The two files of an entry."""
    return folder / f"links-{entry}.parquet", folder / f"links-{entry}.json"


def _forget_old(folder: Path, entry: str) -> None:
    """Delete all but the newest entries; another process may be doing the same."""
    with suppress(OSError):
        notes = [note for note in folder.glob("links-*.json") if entry not in note.name]
        notes.sort(key=lambda note: note.stat().st_mtime_ns, reverse=True)
        for note in notes[ENTRIES_MAX - 1 :]:
            note.unlink(missing_ok=True)
            note.with_suffix(".parquet").unlink(missing_ok=True)
