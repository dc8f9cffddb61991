"""Tokens: how a program shows whose word it brings to a run's API.

Used by `web/api` and by `migrator token`. A token is somebody's: what is done with it, she did. It
may be narrowed to looking, to alarms or to reports, because it stands in a file of some other
program. Secrets are random, 256 bits, and leave this module once; the store keeps their SHA-256
only. Times are wall time in UTC and come in as arguments.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from migrator.store import tables
from migrator.store.database import Database, once_more

BEGINNING: Final = "migrator_"
"""So that a program which looks for secrets in files knows ours."""
SHORT: Final = 10
"""Digits of a token's digest by which people name it; a run has some dozens of tokens."""
LOOK: Final = "look"
ALARM: Final = "alarm"
REPORT: Final = "report"
NARROW: Final = (LOOK, ALARM, REPORT)


@dataclass(frozen=True, slots=True)
class Held:
    """A token that holds. `only` is empty, or one of NARROW."""

    id: str
    person: str
    label: str
    only: str
    made: datetime
    until: datetime


class Tokens:
    """The tokens of one run."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `Store.database`."""
        self._database = database
        self._run = run

    def make(
        self, person: str, label: str, only: str, now: datetime, until: datetime
    ) -> tuple[str, Held]:
        """Make a token for somebody; the first half of the answer is its secret."""
        assert only in {"", *NARROW}, only
        token = BEGINNING + secrets.token_urlsafe(32)
        digest = _digest(token)
        with self._database.writing() as connection:
            connection.execute(
                tables.tokens.insert().values(
                    digest=digest,
                    run=self._run,
                    person=person,
                    label=label,
                    only=only,
                    made=_text(now),
                    until=_text(until),
                )
            )
        return token, Held(digest[:SHORT], person, label, only, now, until)

    @once_more
    def held(self, token: str, now: datetime) -> Held | None:
        """Whose token a secret is; None where it is none, or has ended."""
        # Most wrong ones are no tokens at all, and cost no question.
        if not token.startswith(BEGINNING):
            return None
        table = tables.tokens
        with self._database.reading() as connection:
            row = connection.execute(
                select(table).where(
                    table.c.digest == _digest(token),
                    table.c.run == self._run,
                    table.c.ended.is_(None),
                    table.c.until > _text(now),
                )
            ).one_or_none()
        return None if row is None else _held(row._asdict())

    @once_more
    def holding(self, tokens: Collection[str], now: datetime) -> frozenset[str]:
        """Which of these secrets are of tokens that have not ended."""
        table, asked = tables.tokens, {_digest(token): token for token in tokens}
        with self._database.reading() as connection:
            found = connection.execute(
                select(table.c.digest).where(
                    table.c.digest.in_(asked),
                    table.c.run == self._run,
                    table.c.ended.is_(None),
                    table.c.until > _text(now),
                )
            ).scalars()
            return frozenset(asked[digest] for digest in found)

    @once_more
    def all_held(self, now: datetime) -> tuple[Held, ...]:
        """Every token that holds, the oldest first."""
        table = tables.tokens
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table)
                .where(
                    table.c.run == self._run, table.c.ended.is_(None), table.c.until > _text(now)
                )
                .order_by(table.c.made, table.c.digest)
            ).all()
        return tuple(_held(row._asdict()) for row in rows)

    def end(self, id_: str, now: datetime) -> bool:
        """End a token, named as `Held.id` names it; False where none of that name holds."""
        table = tables.tokens
        with self._database.writing() as connection:
            changed = connection.execute(
                table.update()
                .where(
                    table.c.digest.startswith(id_, autoescape=True),
                    table.c.run == self._run,
                    table.c.ended.is_(None),
                )
                .values(ended=_text(now))
            )
        return changed.rowcount > 0


def _held(row: dict[str, object]) -> Held:
    return Held(
        str(row["digest"])[:SHORT],
        str(row["person"]),
        str(row["label"]),
        str(row["only"]),
        datetime.fromisoformat(str(row["made"])),
        datetime.fromisoformat(str(row["until"])),
    )


def _digest(secret: str) -> str:
    # Half characters come out of no secret of ours, but a stranger may send some.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _text(moment: datetime) -> str:
    """Of one form, so that the database may compare it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00"
