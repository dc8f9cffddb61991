"""A second device: somebody who is signed in lets another device of hers in, for five minutes.

The device that is signed in shows six digits, and a link as a QR code; the other one sends either.
Six digits are few, so a code belongs to one person who is named with it, dies after a few wrong
ones, and is one of at most one per person. What must never happen: a code that a stranger may try
as often as he likes, or one that outlives the session which made it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, select

from migrator.store import tables
from migrator.store.database import Database, once_more
from migrator.store.sessions import Coming, Session, begin, digest, holding, read, text_of

DIGITS: Final = 6
HOLDS: Final = timedelta(minutes=5)
WRONG_MAX: Final = 5
"""Wrong codes for one person before hers is void: five guesses in a million, whoever guesses."""

_Row = Row[str, str | None, int, str]
"""Person, digest of the code, wrong ones, digest of the session that made it."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the device that is signed in shows, once."""

    person: str
    token: str
    code: str
    until: datetime


class Devices:
    """The second devices of one run."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `SignIn.devices`."""
        self._database = database
        self._run = run

    def offer(self, session: str, now: datetime) -> Offered | None:
        """Let another device in, by the secret of a session; None where that has ended.

        What the person was offered before ends.
        """
        table, sessions = tables.second_devices, tables.sessions
        offered = Offered(
            "", secrets.token_urlsafe(32), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", now + HOLDS
        )
        with self._database.writing() as connection:
            person = connection.execute(
                select(sessions.c.person).where(
                    holding(self._run, now), sessions.c.token == digest(session)
                )
            ).scalar_one_or_none()
            if person is None:
                return None
            connection.execute(table.delete().where(self._of(str(person))))
            connection.execute(
                table.insert().values(
                    run=self._run,
                    person=person,
                    token=digest(offered.token),
                    code=self._code_digest(str(person), offered.code),
                    session=digest(session),
                    until=text_of(offered.until),
                    wrong=0,
                )
            )
        return Offered(str(person), offered.token, offered.code, offered.until)

    @once_more
    def offered(self, token: str, now: datetime) -> str | None:
        """Whom the link of a QR code lets in; None where it does not hold (any more)."""
        with self._database.reading() as connection:
            row = self._held(connection, tables.second_devices.c.token == digest(token), now)
        return None if row is None else str(row.person)

    def spend_link(
        self, token: str, coming: Coming, now: datetime, until: datetime
    ) -> tuple[str, Session] | None:
        """Sign in by the link of a QR code, once; the answer is a session's secret."""
        if self.offered(token, now) is None:
            return None
        with self._database.writing() as connection:
            row = self._held(connection, tables.second_devices.c.token == digest(token), now)
            return None if row is None else self._begin(connection, row, coming, now, until)

    def spend_code(
        self, person: str, code: str, coming: Coming, now: datetime, until: datetime
    ) -> tuple[str, Session] | None:
        """Sign in by a person's id and six digits, once; a wrong one is counted, here for good."""
        table = tables.second_devices
        which = self._of(person) & table.c.code.is_not(None)
        with self._database.reading() as connection:
            if self._held(connection, which, now) is None:
                return None  # strangers never take the writer's turn
        plain = "".join(each for each in code if each.isdecimal())
        # Compared where it is counted: a thousand guesses of one instant count, too.
        with self._database.writing() as connection:
            row = self._held(connection, which, now)
            if row is None:
                return None
            if row.code == self._code_digest(person, plain):
                return self._begin(connection, row, coming, now, until)
            wrong = row.wrong + 1
            kept = row.code if wrong < WRONG_MAX else None  # the link holds on: nobody guesses it
            connection.execute(
                table.update().where(self._of(person)).values(wrong=wrong, code=kept)
            )
            return None

    def _begin(
        self, connection: Connection, row: _Row, coming: Coming, now: datetime, until: datetime
    ) -> tuple[str, Session]:
        person, _, _, maker = row
        connection.execute(tables.second_devices.delete().where(self._of(person)))
        table = tables.sessions
        first = read(
            connection.execute(
                select(table.c.person, table.c.until, table.c.way, table.c.roles).where(
                    table.c.token == maker
                )
            ).one()
        )
        # No longer than the one that let it in: else two devices could keep each other for ever.
        session = Session(person, min(until, first.until), coming.way, first.roles)
        token = begin(connection, self._run, session, coming.device, now)
        return token, session

    def _held(
        self, connection: Connection, which: ColumnElement[bool], now: datetime
    ) -> _Row | None:
        table, sessions = tables.second_devices, tables.sessions
        return connection.execute(
            select(table.c.person, table.c.code, table.c.wrong, table.c.session)
            .join(sessions, sessions.c.token == table.c.session)
            .where(
                which,
                table.c.run == self._run,
                table.c.until > text_of(now),
                holding(self._run, now),
            )
        ).one_or_none()

    def _of(self, person: str) -> ColumnElement[bool]:
        table = tables.second_devices
        return (table.c.run == self._run) & (table.c.person == person)

    def _code_digest(self, person: str, code: str) -> str:
        return digest(f"{self._run}/{person}/{code}")
