"""Invitations and sign-ins: who may come to a run's pages, and who is signed in there.

Used by `web/` and by `migrator invite`. Secrets are random, 256 bits, and leave this module once;
the store keeps their SHA-256 only, so whoever reads it can sign in as nobody. A typed code is
shorter, forty bits: whoever asks by code must be slowed down, and a code ends with its invitation.
Links and codes are spent by two ways, and neither knows the other's secrets. Whom a provider has
signed in comes in without an invitation, by an answer that is taken once. Times are wall time in
UTC and come in as arguments. What must never happen: an invitation that is spent twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, select

from migrator.store import tables
from migrator.store.database import Database, once_more
from migrator.store.devices import Devices
from migrator.store.refusals import Refusals
from migrator.store.sessions import Coming, Session, Sessions, begin, digest, holding, read, text_of

CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Thirty-two letters and digits; none of them is read as another one: no I, O, 0 or 1."""
CODE_LENGTH: Final = 8
ANSWERS_KEPT: Final = timedelta(hours=1)
"""A provider's answer is refused as too old long before."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as it is handed out, once. `code` is typed, `token` is part of a link."""

    person: str
    token: str
    code: str
    until: datetime


class SignIn:
    """The invitations and sessions of one run."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `Store.sign_in`."""
        self._database = database
        self._run = run
        self.sessions = Sessions(database, run)
        self.devices = Devices(database, run)
        self.refusals = Refusals(database, run)

    def invite(self, people: Sequence[str], now: datetime, until: datetime) -> tuple[Invited, ...]:
        """Make an invitation for each; those that were made before and not spent end."""
        made = tuple(
            Invited(person, secrets.token_urlsafe(32), _code(), until) for person in people
        )
        table = tables.invitations
        with self._database.writing() as connection:
            connection.execute(
                table.update()
                .where(
                    table.c.run == self._run, table.c.person.in_(people), table.c.spent.is_(None)
                )
                .values(spent=text_of(now))
            )
            if made:
                connection.execute(
                    table.insert(),
                    [
                        {
                            "token": digest(each.token),
                            "code": self._code_digest(each.code),
                            "run": self._run,
                            "person": each.person,
                            "made": text_of(now),
                            "until": text_of(until),
                        }
                        for each in made
                    ],
                )
        return made

    @once_more
    def invited(self, token: str, now: datetime) -> str | None:
        """Whom a link's secret invites; None where it does not hold (any more)."""
        with self._database.reading() as connection:
            return connection.execute(
                select(tables.invitations.c.person).where(self._holds(self._by_link(token), now))
            ).scalar_one_or_none()

    def spend_link(
        self, token: str, now: datetime, until: datetime, device: str = ""
    ) -> tuple[str, Session] | None:
        """Spend an invitation by its link's secret; the answer is a session's secret.

        None where it does not hold.
        """
        return self._spend(self._by_link(token), Coming("link", device), now, until)

    def spend_code(
        self, code: str, now: datetime, until: datetime, device: str = ""
    ) -> tuple[str, Session] | None:
        """Spend an invitation by its typed code, as `spend_link` does by a link.

        Whoever calls this counts the wrong ones.
        """
        return self._spend(self._by_code(code), Coming("code", device), now, until)

    def admit(self, session: Session, device: str, state: str, now: datetime) -> str | None:
        """Let in whom a provider has signed in; `state` names its answer.

        None where that answer was taken before: no address that somebody read opens twice.
        """
        table, name = tables.arrivals, digest(state)
        with self._database.writing() as connection:
            connection.execute(table.delete().where(table.c.until <= text_of(now)))
            known = connection.execute(select(table.c.state).where(table.c.state == name)).first()
            if known is not None:
                return None
            connection.execute(table.insert().values(state=name, until=text_of(now + ANSWERS_KEPT)))
            return begin(connection, self._run, session, device, now)

    def _spend(
        self, which: ColumnElement[bool], coming: Coming, now: datetime, until: datetime
    ) -> tuple[str, Session] | None:
        table, holds = tables.invitations, self._holds(which, now)
        # Strangers try secrets as often as they like: the journal's writer never waits for that.
        if not self._is_there(select(table.c.person).where(holds)):
            return None
        with self._database.writing() as connection:
            person = connection.execute(select(table.c.person).where(holds)).scalar_one_or_none()
            if person is None:
                return None
            connection.execute(table.update().where(holds).values(spent=text_of(now)))
            session = Session(str(person), until, coming.way)
            return begin(connection, self._run, session, coming.device, now), session

    @once_more
    def session(self, token: str, now: datetime) -> Session | None:
        """Whose session a cookie's secret is; None where it has ended."""
        table = tables.sessions
        with self._database.reading() as connection:
            row = connection.execute(
                select(table.c.person, table.c.until, table.c.way, table.c.roles).where(
                    table.c.token == digest(token), holding(self._run, now)
                )
            ).one_or_none()
        return None if row is None else read(row)

    @once_more
    def holding(self, tokens: Collection[str], now: datetime) -> frozenset[str]:
        """Which of these cookies' secrets are of sessions that have not ended."""
        table, asked = tables.sessions, {digest(token): token for token in tokens}
        with self._database.reading() as connection:
            found = connection.execute(
                select(table.c.token).where(table.c.token.in_(asked), holding(self._run, now))
            ).scalars()
            return frozenset(asked[each] for each in found)

    def leave(self, token: str, now: datetime) -> None:
        """End a session."""
        table = tables.sessions
        which = (table.c.token == digest(token)) & table.c.ended.is_(None)
        if not self._is_there(select(table.c.person).where(which)):
            return
        with self._database.writing() as connection:
            connection.execute(table.update().where(which).values(ended=text_of(now)))

    @once_more
    def people_invited(self) -> frozenset[str]:
        """Everybody who was ever given an invitation."""
        table = tables.invitations
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.person).where(table.c.run == self._run).distinct()
            ).all()
        return frozenset(str(row.person) for row in rows)

    @once_more
    def first_sessions(self) -> Mapping[str, datetime]:
        """Who has signed in at all, and when for the first time."""
        table = tables.sessions
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.person, table.c.made)
                .where(table.c.run == self._run)
                .order_by(table.c.made.desc())
            ).all()
        return {row.person: datetime.fromisoformat(row.made) for row in rows}

    @once_more
    def _is_there(self, asked: Select[tuple[str]]) -> bool:
        with self._database.reading() as connection:
            return connection.execute(asked).first() is not None

    def _holds(self, which: ColumnElement[bool], now: datetime) -> ColumnElement[bool]:
        """An invitation of this run that nobody has spent, and whose time has not passed."""
        table = tables.invitations
        return (
            which
            & (table.c.run == self._run)
            & table.c.spent.is_(None)
            & (table.c.until > text_of(now))
        )

    def _by_link(self, token: str) -> ColumnElement[bool]:
        return tables.invitations.c.token == digest(token)

    def _by_code(self, code: str) -> ColumnElement[bool]:
        return tables.invitations.c.code == self._code_digest(code)

    def _code_digest(self, code: str) -> str:
        """As people type it: in small letters, with spaces and dashes. Each run has its own."""
        plain = "".join(each for each in code.upper() if each.isalnum())
        return digest(f"{self._run}/{plain}")


def _code() -> str:
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"
