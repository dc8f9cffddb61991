"""Pictures of handlers: kept apart from the journal, which names them by digest, so they can go.

Used by `web/pictures.py`. A picture waits until a verdict names it: whoever verifies at a computer
takes it with the telephone. What is named stays for as long as the store, unless somebody erases
it. Bytes come in already made harmless (`web/images.py`). The digest is salted, as a note's is.
What must never happen: somebody takes away or names a picture that another person took.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from migrator.engine.events import TickGiven, WrongSideSeen
from migrator.engine.ports import Line
from migrator.store import tables
from migrator.store.database import Database, once_more

PICTURE: Final = "picture"
NOTE: Final = "note"
FORGOTTEN_AFTER: Final = timedelta(days=1)
"""A picture that was added and not sent for so long will not be."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture. `content` is None once it was erased."""

    digest: str
    media: str
    subject: str
    person: str
    kept: datetime
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a note or a picture: who erased it, when (wall time) and why."""

    digest: str
    kind: str
    person: str
    erased: datetime
    why: str


class Pictures:
    """The pictures of one run, and the tombstones of its notes and pictures."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `Pictures(store.database, run)`."""
        self._database = database
        self._run = run

    def keep(self, subject: str, person: str, media: str, content: bytes, now: datetime) -> str:
        """Keep a picture until a verdict names it; an earlier one that waits goes.

        So do all that nobody has sent within a day. The answer is the digest that names it.
        """
        salt = secrets.token_bytes(16)
        digest = hashlib.sha256(salt + content).hexdigest()
        self.drop(subject, person)
        self._forget(now - FORGOTTEN_AFTER)
        with self._database.writing() as connection:
            connection.execute(
                tables.pictures.insert().values(
                    digest=digest,
                    salt=salt,
                    bytes=content,
                    media=media,
                    run=self._run,
                    subject=subject,
                    person=person,
                    kept=_text(now),
                    named=0,
                )
            )
        return digest

    @once_more
    def waiting(self, subject: str, person: str) -> tuple[str, datetime] | None:
        """The picture that goes along with a person's next verdict, and since when it is here."""
        table = tables.pictures
        with self._database.reading() as connection:
            row = connection.execute(
                select(table.c.digest, table.c.kept)
                .where(
                    table.c.run == self._run,
                    table.c.subject == subject,
                    table.c.person == person,
                    table.c.named == 0,
                )
                .order_by(table.c.kept.desc(), table.c.digest)
            ).first()
        return None if row is None else (row.digest, datetime.fromisoformat(row.kept))

    def name(self, digest: str, subject: str, person: str) -> bool:
        """A verdict of this person names it: from now on it stays. False: it is not theirs."""
        table = tables.pictures
        with self._database.writing() as connection:
            changed = connection.execute(
                table.update()
                .where(
                    table.c.run == self._run,
                    table.c.digest == digest,
                    table.c.subject == subject,
                    table.c.person == person,
                )
                .values(named=1)
            )
        return changed.rowcount == 1

    def drop(self, subject: str, person: str) -> bool:
        """Take away what no verdict names yet; nothing is left of it."""
        table = tables.pictures
        which = (
            (table.c.run == self._run)
            & (table.c.subject == subject)
            & (table.c.person == person)
            & (table.c.named == 0)
        )
        if self.waiting(subject, person) is None:
            return False
        return self._database.erase(
            lambda connection: connection.execute(table.delete().where(which)).rowcount > 0
        )

    def _forget(self, before: datetime) -> None:
        """Take away what was added and never sent: nobody would ever erase it."""
        table = tables.pictures
        which = (table.c.run == self._run) & (table.c.named == 0) & (table.c.kept < _text(before))
        with self._database.reading() as connection:
            if connection.execute(select(table.c.digest).where(which)).first() is None:
                return
        self._database.erase(
            lambda connection: connection.execute(table.delete().where(which)).rowcount > 0
        )

    @once_more
    def read(self, digest: str) -> Picture | None:
        """A picture of this run; None where there never was one of this digest."""
        table = tables.pictures
        with self._database.reading() as connection:
            row = connection.execute(
                select(table).where(table.c.digest == digest, table.c.run == self._run)
            ).first()
        if row is None:
            return None
        content = None if row.bytes is None else bytes(row.bytes)
        kept = datetime.fromisoformat(row.kept)
        return Picture(row.digest, row.media, row.subject, row.person, kept, content)

    def erase(self, digest: str, person: str, why: str, now: datetime) -> str:
        """Erase a note or a picture for good; the answer says which, empty where there is neither.

        Who erased it, when and why stays. A second time changes nothing of that.
        """
        notes, pictures = tables.notes, tables.pictures
        note = notes.update().where(notes.c.digest == digest, notes.c.salt.is_not(None))
        picture = pictures.update().where(
            pictures.c.digest == digest, pictures.c.run == self._run, pictures.c.salt.is_not(None)
        )
        found: list[str] = []

        def erasing(connection: Connection) -> bool:
            if connection.execute(note.values(text=None, salt=None)).rowcount:
                found.append(NOTE)
            elif connection.execute(picture.values(bytes=None, salt=None)).rowcount:
                found.append(PICTURE)
            else:
                return False
            connection.execute(
                tables.tombstones.insert().values(
                    digest=digest, kind=found[0], person=person, erased=now.isoformat(), why=why
                )
            )
            return True

        return found[0] if self._database.erase(erasing) else ""

    @once_more
    def tombstones(self, digests: Collection[str]) -> Mapping[str, Tombstone]:
        """Which of these were erased, and what is left of them."""
        table = tables.tombstones
        with self._database.reading() as connection:
            rows = connection.execute(select(table).where(table.c.digest.in_([*digests]))).all()
        return {
            row.digest: Tombstone(
                row.digest, row.kind, row.person, datetime.fromisoformat(row.erased), row.why
            )
            for row in rows
        }


@dataclass(frozen=True, slots=True)
class Named:
    """A note or a picture as the journal names it."""

    digest: str
    kind: str
    check: str
    person: str  # who wrote or sent it
    at: datetime
    seq: int  # the line of the verdict


def named(lines: Iterable[Line]) -> tuple[Named, ...]:
    """Every note and picture that came with a verdict, in the journal's order."""
    found: list[Named] = []
    for line in lines:
        event = line.event
        if not isinstance(event, TickGiven | WrongSideSeen):
            continue
        for kind, digest in ((NOTE, event.note_digest), (PICTURE, event.picture_digest)):
            if digest:
                found.append(Named(digest, kind, event.check, event.person, line.at, line.seq))
    return tuple(found)


def lying_apart(album: Pictures, lines: Iterable[Line]) -> Mapping[int, Mapping[str, bool]]:
    """Line of a verdict -> what came along, by kind; True where it was erased."""
    found = named(lines)
    stones = album.tombstones({each.digest for each in found})
    apart: dict[int, dict[str, bool]] = {}
    for each in found:
        apart.setdefault(each.seq, {})[each.kind] = each.digest in stones
    return apart


def _text(moment: datetime) -> str:
    """Of one form, so that the database may compare it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
