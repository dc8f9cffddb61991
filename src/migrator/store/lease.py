"""The lease: who may append to a run, for how long, and by which epoch.

The row in the store is the whole truth: taking it raises the epoch in one transaction, and every
append asks for the epoch in its own (`group.py`). A leader that was frozen and comes back finds
that its epoch has passed. By which clock a lease is measured, and which holders are known to be
gone, the database says (`Terms`). Functions over an open transaction; who calls them commits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from migrator.errors import EnvironmentFailed, JournalError
from migrator.store import tables
from migrator.store.machine import Holder

LEASE_SECONDS: Final = 10.0
"""A leader renews every few seconds; a frozen one is replaced after this long."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lease is judged by: the time, who asks, and whether a holder has certainly ended.

    `gone` is asked with the seconds since the holder last renewed its lease.
    """

    now: float
    me: Holder
    gone: Callable[[Holder, float], bool]

    def holds(self, found: Holder, until: float) -> bool:
        """Tell whether somebody holds a lease at this moment."""
        return self.now < until and not self.gone(found, self.now - (until - LEASE_SECONDS))


def take(connection: Connection, run: str, terms: Terms) -> int:
    """Take the lease, if nobody alive holds it; the answer is the new epoch."""
    leases = tables.leases
    # On a database that lets several write at once, the row is ours from here on.
    row = connection.execute(
        select(leases).where(leases.c.run == run).with_for_update()
    ).one_or_none()
    values = {
        "holder": json.dumps(asdict(terms.me), sort_keys=True),
        "until": terms.now + LEASE_SECONDS,
    }
    if row is None:
        epoch = _last_epoch(connection, run) + 1
        connection.execute(leases.insert().values(run=run, epoch=epoch, **values))
        return epoch
    found = None if row.holder is None else Holder(**json.loads(row.holder))
    if found is not None and terms.holds(found, row.until):
        raise EnvironmentFailed(
            "journal-locked",
            f"{run} is being run by {found}; its lease holds for another "
            f"{row.until - terms.now:.1f} s and is renewed while that process lives",
            hint="steer the run from here with its verbs; to replace the process, end it first, "
            f"or wait beside it: migrator run --continue {run} --standby",
        )
    epoch = int(row.epoch) + 1
    connection.execute(leases.update().where(leases.c.run == run).values(epoch=epoch, **values))
    return epoch


def renew(connection: Connection, run: str, epoch: int, now: float) -> None:
    """Hold the lease for longer; refused once the epoch has passed."""
    leases = tables.leases
    changed = connection.execute(
        leases.update()
        .where(leases.c.run == run, leases.c.epoch == epoch, leases.c.holder.is_not(None))
        .values(until=now + LEASE_SECONDS)
    )
    if changed.rowcount != 1:
        raise passed(run, epoch)


def release(connection: Connection, run: str, epoch: int) -> None:
    """Give the lease back, if it is still ours; the epoch stays, so that it can only grow."""
    leases = tables.leases
    connection.execute(
        leases.update()
        .where(leases.c.run == run, leases.c.epoch == epoch)
        .values(holder=None, until=0.0)
    )


def holder(connection: Connection, run: str, terms: Terms) -> Holder | None:
    """Who leads the run now; None where nobody does, or where that process is gone."""
    leases = tables.leases
    row = connection.execute(select(leases).where(leases.c.run == run)).one_or_none()
    if row is None or row.holder is None:
        return None
    found = Holder(**json.loads(row.holder))
    return found if terms.holds(found, row.until) else None


def leaders(connection: Connection, terms: Terms) -> dict[str, Holder]:
    """Every run that is led at this moment, and by whom."""
    leases = tables.leases
    rows = connection.execute(select(leases).where(leases.c.holder.is_not(None))).all()
    found = {row.run: (Holder(**json.loads(row.holder)), row.until) for row in rows}
    return {run: who for run, (who, until) in found.items() if terms.holds(who, until)}


def passed(run: str, epoch: int) -> JournalError:
    """Somebody else leads the run; whoever hears this must stop at once."""
    return JournalError(
        "epoch-passed",
        f"another process has taken over {run}: epoch {epoch} has passed, nothing was written",
        hint="leave the run to the process that leads it now; this one stops",
    )


def _last_epoch(connection: Connection, run: str) -> int:
    """An imported or kept run has lines but no lease row."""
    journal = tables.journal
    last = connection.execute(select(func.max(journal.c.epoch)).where(journal.c.run == run))
    return last.scalar_one() or 0
