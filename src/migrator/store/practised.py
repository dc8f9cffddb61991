"""Who has tried the pages before the weekend, and on which kind of device.

Used by `web/practice.py` and the roster. Nothing here is of the run: a practice check is answered,
and only that it was is kept, not what was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select

from migrator.store import tables
from migrator.store.database import Database, once_more

TELEPHONE: Final = "telephone"
COMPUTER: Final = "computer"
DEVICES: Final = (TELEPHONE, COMPUTER)


class Practised:
    """Who has tried the pages of one run."""

    def __init__(self, database: Database, run: str) -> None:
        """Use `Practised(store.database, run)`."""
        self._database = database
        self._run = run

    def tick(self, person: str, device: str, now: datetime) -> None:
        """Somebody has answered a practice check; the first time on each kind of device counts."""
        assert device in DEVICES, "a kind of device that there is"
        table = tables.practice_ticks
        which = {"run": self._run, "person": person, "device": device}
        with self._database.writing() as connection:
            if not connection.execute(select(table.c.ticked).filter_by(**which)).first():
                connection.execute(table.insert().values(**which, ticked=now.isoformat()))

    @once_more
    def by_person(self) -> Mapping[str, Mapping[str, datetime]]:
        """Person -> kind of device -> when it was tried for the first time."""
        table = tables.practice_ticks
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.person, table.c.device, table.c.ticked).where(
                    table.c.run == self._run
                )
            ).all()
        found: dict[str, dict[str, datetime]] = {}
        for row in rows:
            found.setdefault(row.person, {})[row.device] = datetime.fromisoformat(row.ticked)
        return found

    @once_more
    def has(self, person: str, device: str) -> bool:
        """Tell whether somebody has tried the pages on this kind of device."""
        table = tables.practice_ticks
        which = {"run": self._run, "person": person, "device": device}
        with self._database.reading() as connection:
            return connection.execute(select(table.c.ticked).filter_by(**which)).first() is not None
