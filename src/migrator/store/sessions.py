"""Sessions: who is signed in, on which device, by which way, and how that ends.

`sign_in.py` and `devices.py` begin them, whichever way somebody came; `web/` and `migrator access`
list them and end them. The store keeps the SHA-256 of a cookie's secret and never the secret. What
must never happen: a session that goes on after somebody was told that it ended.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, select, update

from migrator.store import tables
from migrator.store.database import Database, once_more

SESSIONS_MAX: Final = 20
"""Of one person at a time: nobody has more devices, and a thief shall not have a hundred."""
DEVICE_MAX: Final = 60
SHORT: Final = 16
"""Hexadecimal signs by which a session is named on pages: its secret cannot be had from them."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and until when at most. `roles` come from a provider's claims."""

    person: str
    until: datetime
    way: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coming:
    """By which way somebody comes in: link, code, device or provider; and on what."""

    way: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as it is listed. `ended_by` is empty where its owner signed out, or it holds."""

    id: str
    person: str
    device: str
    way: str
    made: datetime
    until: datetime
    ended: datetime | None  # None: it holds, or its time ran out
    ended_by: str

    def holds(self, now: datetime) -> bool:
        """Tell whether it still lets somebody in."""
        return self.ended is None and self.until > now


def begin(connection: Connection, run: str, session: Session, device: str, now: datetime) -> str:
    """Write a session down, in the transaction that spends what it was begun with.

    The answer is its secret. Whoever has too many devices loses the one signed in first.
    """
    table = tables.sessions
    held = connection.execute(
        select(table.c.token)
        .where(holding(run, now), table.c.person == session.person)
        .order_by(table.c.made.desc())
    ).scalars()
    if beyond := list(held)[SESSIONS_MAX - 1 :]:
        connection.execute(
            update(table).where(table.c.token.in_(beyond)).values(ended=text_of(now))
        )
    token = secrets.token_urlsafe(32)
    connection.execute(
        table.insert().values(
            token=digest(token),
            run=run,
            person=session.person,
            made=text_of(now),
            until=text_of(session.until),
            device=device[:DEVICE_MAX],
            way=session.way,
            roles=json.dumps(session.roles) if session.roles else None,
        )
    )
    return token


def holding(run: str, now: datetime) -> ColumnElement[bool]:
    """The sessions of a run that have not ended."""
    table = tables.sessions
    return (table.c.run == run) & table.c.ended.is_(None) & (table.c.until > text_of(now))


def read(row: Row[str, str, str | None, str | None]) -> Session:
    """A session out of its row: person, until, way, roles."""
    person, until, way, roles = row
    given = json.loads(roles) if roles else ()
    return Session(person, datetime.fromisoformat(until), way or "", tuple(map(str, given)))


class Sessions:
    """The sessions of one run, as those see them who may end them."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `SignIn.sessions`."""
        self._database = database
        self._run = run

    @once_more
    def of(self, people: Sequence[str] | None, count: int) -> tuple[Kept, ...]:
        """The newest sessions of some, or of everybody."""
        table = tables.sessions
        asked = select(table).where(table.c.run == self._run)
        if people is not None:
            asked = asked.where(table.c.person.in_(people))
        with self._database.reading() as connection:
            rows = connection.execute(asked.order_by(table.c.made.desc()).limit(count)).all()
        return tuple(
            Kept(
                _short(row.token),
                row.person,
                row.device or "",
                row.way or "",
                datetime.fromisoformat(row.made),
                datetime.fromisoformat(row.until),
                None if row.ended is None else datetime.fromisoformat(row.ended),
                row.ended_by or "",
            )
            for row in rows
        )

    def here(self, token: str) -> str:
        """By what name the session of a cookie is listed."""
        return _short(digest(token))

    def end(self, person: str, session: str, by: str, now: datetime) -> bool:
        """End one session of a person; False where there is none that holds."""
        table = tables.sessions
        with self._database.writing() as connection:
            held = connection.execute(
                select(table.c.token).where(holding(self._run, now), table.c.person == person)
            ).scalars()
            tokens = [token for token in held if _short(token) == session]
            if tokens:
                self._end(connection, table.c.token.in_(tokens), by, now)
        return bool(tokens)

    def end_all(self, person: str, by: str, now: datetime) -> int:
        """End everything by which somebody is in, or could come in with what she was given.

        Invitations and codes for a second device end, too: who has found a telephone may have
        found those. How many sessions ended.
        """
        table, cards, seconds = tables.sessions, tables.invitations, tables.second_devices
        with self._database.writing() as connection:
            which = holding(self._run, now) & (table.c.person == person)
            count = len(connection.execute(select(table.c.token).where(which)).all())
            self._end(connection, which, by, now)
            connection.execute(
                update(cards)
                .where(cards.c.run == self._run, cards.c.person == person, cards.c.spent.is_(None))
                .values(spent=text_of(now))
            )
            connection.execute(
                seconds.delete().where(seconds.c.run == self._run, seconds.c.person == person)
            )
        return count

    def _end(
        self, connection: Connection, which: ColumnElement[bool], by: str, now: datetime
    ) -> None:
        connection.execute(
            update(tables.sessions).where(which).values(ended=text_of(now), ended_by=by)
        )


def digest(secret: str) -> str:
    """By what a secret is known here."""
    # Half characters come out of no secret of ours, but a stranger may send some.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def text_of(moment: datetime) -> str:
    """Of one form, so that the database may compare it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00"


def _short(token: str) -> str:
    return digest(f"name/{token}")[:SHORT]
