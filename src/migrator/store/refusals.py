"""What the pages refused: how often, of what kind, to whom, in which minute.

`web/` writes it and `migrator access` reads it. It stands beside the journal and not in it, because
strangers cause most of it: ten thousand wrong codes are one row with a count. A row is of a minute,
a kind and a person of the run, so nobody can fill the store. What must never happen: a row that
says what somebody typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from migrator.store import tables
from migrator.store.database import Database, once_more
from migrator.store.sessions import text_of

KEPT: Final = timedelta(days=30)
"""From the first practice until the weekend has been talked over."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """What was refused to whom. `person` is empty for somebody who was not signed in."""

    minute: datetime
    kind: str
    person: str


@dataclass(frozen=True, slots=True)
class Refused:
    """How often, and when last."""

    cause: Cause
    count: int
    last: datetime


class Refusals:
    """The refusals of one run's pages."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `SignIn.refusals`."""
        self._database = database
        self._run = run

    def keep(self, counted: Mapping[Cause, tuple[int, datetime]], now: datetime) -> None:
        """Add to what is kept; several processes may count the same."""
        table = tables.refusals
        with self._database.writing() as connection:
            for cause, (count, last) in counted.items():
                self._add(connection, cause, count, last)
            connection.execute(
                table.delete().where(table.c.run == self._run, table.c.minute < text_of(now - KEPT))
            )

    def _add(self, connection: Connection, cause: Cause, count: int, last: datetime) -> None:
        table = tables.refusals
        key = {
            "run": self._run,
            "minute": text_of(cause.minute),
            "kind": cause.kind,
            "person": cause.person,
        }
        which = table.c.run == self._run
        for name in ("minute", "kind", "person"):
            which &= table.c[name] == key[name]
        done = connection.execute(
            table.update().where(which).values(count=table.c.count + count, last=text_of(last))
        )
        if done.rowcount == 0:
            connection.execute(table.insert().values(**key, count=count, last=text_of(last)))

    @once_more
    def newest(self, count: int) -> tuple[Refused, ...]:
        """The newest, that of the last minute first."""
        table = tables.refusals
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table)
                .where(table.c.run == self._run)
                .order_by(table.c.minute.desc(), table.c.kind, table.c.person)
                .limit(count)
            ).all()
        return tuple(
            Refused(
                Cause(datetime.fromisoformat(row.minute), row.kind, row.person),
                row._mapping["count"],  # noqa: SLF001 - a row is a tuple, whose count() it would be
                datetime.fromisoformat(row.last),
            )
            for row in rows
        )
