"""What alarms and people outside report, kept before the run is told of it.

`web/api` writes here and answers its caller only after the commit, so nothing that was taken is
lost when a process dies. The same trouble, by source and fingerprint, is one row with a count; its
teller makes commands of what is due, few, however often it came. The number of a row's command
follows from what stands here, so two processes that tell the same make one command of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from migrator.store import tables
from migrator.store.database import Database, once_more

ROWS_MAX: Final = 20_000
"""Different troubles of one run. Beyond it something is wrong with the alarms, not the estate."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One alarm or report as it came. `over`: its sender says that it has passed."""

    key: str
    source: str
    target: str
    text: str
    person: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A trouble that the run is to be told of."""

    key: str
    source: str
    target: str
    text: str
    person: str
    count: int
    told: int
    asked: int
    over: bool


class Intake:
    """What came in about one run."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `Store.database`."""
        self._database = database
        self._run = run

    def keep(self, arrived: Sequence[Arrived], now: datetime, again: datetime) -> frozenset[str]:
        """Keep what came, durably, in one commit; the keys that are more than is kept of one run.

        What is new is due at once; what is known is due at `again`, with all that comes until then.
        """
        table, left_out = tables.intake, set[str]()
        with self._database.writing() as connection:
            known = {
                str(row.key): row._asdict()
                for row in connection.execute(
                    select(table).where(
                        table.c.run == self._run, table.c.key.in_({each.key for each in arrived})
                    )
                )
            }
            here = select(func.count()).select_from(table).where(table.c.run == self._run)
            room = ROWS_MAX - connection.execute(here).scalar_one()
            for key, group in _by_key(arrived).items():
                last, came = group[-1], sum(not each.over for each in group)
                row = known.get(key)
                if row is None and last.over:
                    continue  # that it has passed is no news of what nobody heard of
                if row is None and room <= 0:
                    left_out.add(key)
                elif row is None:
                    room -= 1
                    connection.execute(
                        table.insert().values(
                            **self._fields(last, now), run=self._run, key=key, first=_text(now),
                            count=came, told=0, asked=0, over=0, due=_text(now),
                        )
                    )  # fmt: skip
                else:
                    connection.execute(
                        table.update()
                        .where(table.c.run == self._run, table.c.key == key)
                        .values(
                            **self._fields(last, now), count=table.c.count + came,
                            over=int(last.over),
                            due=_due(row, last, now, again),
                        )
                    )  # fmt: skip
        return frozenset(left_out)

    @once_more
    def due(self, now: datetime, rows_max: int) -> tuple[Due, ...]:
        """What is to be told by now, what waits longest first."""
        table = tables.intake
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table)
                .where(table.c.run == self._run, table.c.due <= _text(now))
                .order_by(table.c.due, table.c.key)
                .limit(rows_max)
            ).all()
        return tuple(_row(row._asdict()) for row in rows)

    def told(self, done: Iterable[Due]) -> None:
        """These were put on the desk, or need not be; what came meanwhile stays due."""
        table = tables.intake
        with self._database.writing() as connection:
            for each in done:
                connection.execute(
                    table.update()
                    .where(
                        table.c.run == self._run,
                        table.c.key == each.key,
                        table.c.asked == each.asked,  # another process may have told it, too
                    )
                    .values(told=each.count, asked=each.asked + 1)
                )
                connection.execute(
                    table.update()
                    .where(
                        table.c.run == self._run,
                        table.c.key == each.key,
                        table.c.count == each.count,
                        table.c.over == int(each.over),
                    )
                    .values(due=None)
                )

    def put_off(self, rows: Iterable[Due], until: datetime) -> None:
        """These cannot be told now: others go first."""
        table = tables.intake
        with self._database.writing() as connection:
            connection.execute(
                table.update()
                .where(
                    table.c.run == self._run,
                    table.c.key.in_({each.key for each in rows}),
                    table.c.due.is_not(None),
                )
                .values(due=_text(until))
            )

    @once_more
    def counts(self) -> Mapping[str, tuple[int, int]]:
        """Of each trouble: how often it came, and how many of those lie on the desk."""
        table = tables.intake
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.key, table.c.count, table.c.told).where(table.c.run == self._run)
            ).all()
        return {str(key): (int(count), int(told)) for key, count, told in rows}

    @staticmethod
    def _fields(last: Arrived, now: datetime) -> dict[str, object]:
        return {
            "source": last.source,
            "target": last.target,
            "text": last.text,
            "person": last.person,
            "last": _text(now),
        }


def _row(row: Mapping[str, object]) -> Due:
    key, source, target, text, person = (
        str(row[name]) for name in ("key", "source", "target", "text", "person")
    )
    count, told, asked = (int(str(row[name])) for name in ("count", "told", "asked"))
    return Due(key, source, target, text, person, count, told, asked, bool(row["over"]))


def _by_key(arrived: Iterable[Arrived]) -> Mapping[str, list[Arrived]]:
    found: dict[str, list[Arrived]] = {}
    for each in arrived:
        found.setdefault(each.key, []).append(each)
    return found


def _due(row: Mapping[str, object], last: Arrived, now: datetime, again: datetime) -> object:
    """When a known trouble is to be told again: that it has passed at once, the rest together."""
    waiting = row["due"]
    if last.over:
        return waiting if row["over"] else _text(now)
    return waiting if waiting is not None else _text(again)


def _text(moment: datetime) -> str:
    """Of one form, so that the database may compare it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00"
