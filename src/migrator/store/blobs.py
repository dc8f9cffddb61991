"""Bytes kept by value, named by their SHA-256: itineraries, plans, files, evidence.

`sql.Store` calls it. What a run was begun from is never erased; evidence may be, because what a
program wrote into its log may hold what must not be kept. An erased one leaves its digest as a
tombstone, so that what names it goes on naming it, and the same bytes do not come back by
themselves.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from migrator.store import tables
from migrator.store.database import Database
from migrator.store.pinned import digest_of

EVIDENCE: Final = "evidence"
"""The one kind that can be erased."""
ERASED: Final = "erased"


def insert(connection: Connection, digest: str, kind: str, content: bytes) -> None:
    """Keep bytes inside somebody's transaction; what is there already stays as it is."""
    blobs = tables.blobs
    if not connection.execute(select(blobs.c.kind).where(blobs.c.digest == digest)).first():
        connection.execute(blobs.insert().values(digest=digest, kind=kind, bytes=content))


def keep(database: Database, kind: str, content: bytes) -> str:
    """Keep bytes; the answer is the digest that names them."""
    digest = digest_of(content)
    with database.writing() as connection:
        insert(connection, digest, kind, content)
    return digest


def read(database: Database, digest: str) -> bytes | None:
    """The bytes; None where they were erased or never here."""
    blobs = tables.blobs
    with database.reading() as connection:
        content = connection.execute(
            select(blobs.c.bytes).where(blobs.c.digest == digest, blobs.c.kind != ERASED)
        ).scalar_one_or_none()
    return None if content is None else bytes(content)


def erase(database: Database, digest: str) -> bool:
    """Erase evidence for good; False where nothing of this digest is evidence."""
    blobs = tables.blobs

    def erasing(connection: Connection) -> bool:
        changed = connection.execute(
            blobs.update()
            .where(blobs.c.digest == digest, blobs.c.kind == EVIDENCE)
            .values(kind=ERASED, bytes=b"")
        )
        return changed.rowcount == 1

    return database.erase(erasing)
