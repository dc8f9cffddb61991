"""Evidence beside the journal: kept by digest, listed by what it is about, handed out, erased.

Kept by whoever performs an unwind, before it; read by `migrator evidence`. Each time is one archive
in the store and one fact of the run that names it. When an archive is erased, the fact stays and a
second one says who erased it, when and why. Archives are made so that the same files are the same
bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.store.blobs import EVIDENCE
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal

KEPT: Final = "evidence"
ERASED: Final = "evidence-erased"

ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can say: the same files make the same bytes."""
ZIP_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """One archive of a run. `erased` is empty, or says who erased it, when and why."""

    move: str
    attempt: int
    act: str
    number: int  # of the tries of one act, from 1
    digest: str
    files: int
    size: int
    missing: tuple[str, ...]
    erased: str = ""

    @property
    def folder(self) -> str:
        """Where its files stand in what is handed out."""
        return f"{self.move}/{self.attempt}-{self.act}-{self.number}"


def keep(
    store: Store,
    journal: SqlJournal,
    about: tuple[str, int, str],
    files: Mapping[str, bytes],
    missing: Sequence[str],
) -> str:
    """Keep files about (move, attempt, act); the answer is the digest that names them."""
    move, attempt, act = about
    digest = store.pin(EVIDENCE, packed(files))
    beginning = f"{KEPT}/{move}/{attempt}/{act}/"
    number = sum(key.startswith(beginning) for key in journal.all_facts()) + 1
    fact = {
        "digest": digest,
        "files": len(files),
        "size": sum(len(content) for content in files.values()),
        "missing": [*missing],
    }
    journal.put_facts(f"{beginning}{number}", fact)
    return digest


def of_run(journal: SqlJournal) -> tuple[KeptEvidence, ...]:
    """Everything that is kept, or was, in the order of moves and tries."""
    facts = journal.all_facts()
    found = []
    for key, fact in facts.items():
        kind, _, place = key.partition("/")
        if kind != KEPT or not isinstance(fact, dict):
            continue
        move, attempt, act, number = place.rsplit("/", 3)
        digest = str(fact["digest"])
        erased = facts.get(f"{ERASED}/{digest}")
        found.append(
            KeptEvidence(
                move,
                int(attempt),
                act,
                int(number),
                digest,
                int(fact["files"]),
                int(fact["size"]),
                tuple(str(each) for each in fact["missing"]),
                str(erased) if erased else "",
            )
        )
    return tuple(sorted(found, key=lambda each: (each.move, each.attempt, each.act, each.number)))


def files_of(store: Store, kept: KeptEvidence) -> Mapping[str, bytes] | None:
    """The files of an archive; None once it was erased."""
    content = store.pinned(kept.digest)
    return None if content is None else unpacked(content)


def erase(
    store: Store,
    journal: SqlJournal,
    found: Iterable[KeptEvidence],
    *,
    by: str,
    at: datetime,
    reason: str,
) -> int:
    """Erase archives for good, each with a word of who, when and why; how many were still there.

    The word is written first: whoever is stopped in between has said more than was done, and does
    it again.
    """
    erased = 0
    for each in found:
        if not each.erased:
            said = f"erased by {by} at {at:%Y-%m-%d %H:%M} UTC: {reason}"
            journal.put_facts(f"{ERASED}/{each.digest}", said)
        erased += store.erase_evidence(each.digest)
    return erased


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of the files: the same files, the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=ZIP_LEVEL) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else it is the maker's own system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return made.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
