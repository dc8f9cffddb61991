"""Notes of handlers: kept apart from the journal, which names them by digest, so they can go.

`sql.Store` calls it. What a person typed may hold what must not be kept; an erased note leaves its
digest as a tombstone, and the journal's chain stays whole. The digest is salted, because a short
note could otherwise be guessed from it after it was erased.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Connection, select

from migrator.store import tables
from migrator.store.database import Database


def keep(database: Database, text: str) -> str:
    """Keep a note; the answer is the digest that names it."""
    salt = secrets.token_bytes(16)
    digest = hashlib.sha256(salt + text.encode()).hexdigest()
    with database.writing() as connection:
        connection.execute(tables.notes.insert().values(digest=digest, salt=salt, text=text))
    return digest


def read(database: Database, digest: str) -> str | None:
    """A note's text; None where it was erased or never here."""
    table = tables.notes
    with database.reading() as connection:
        return connection.execute(
            select(table.c.text).where(table.c.digest == digest)
        ).scalar_one_or_none()


def erase(database: Database, digest: str) -> bool:
    """Erase a note for good; False where there is none of this digest."""
    table = tables.notes

    def erasing(connection: Connection) -> bool:
        changed = connection.execute(
            table.update().where(table.c.digest == digest).values(text=None, salt=None)
        )
        return changed.rowcount == 1

    return database.erase(erasing)
