"""The lease: who may append to a run, for how long, and by which epoch.

The row in the store is the whole truth: taking it raises the epoch in one transaction, and every
append asks for the epoch in its own (`sql_journal.py`). A leader that was frozen and comes back
finds that its epoch has passed. Functions over an open transaction; who calls them commits.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from sqlalchemy import Connection, func, select

from migrator.errors import EnvironmentFailed, JournalError
from migrator.store import tables
from migrator.store.machine import Holder, Machine

LEASE_SECONDS: Final = 10.0
"""A leader renews every few seconds; a frozen one is replaced after this long."""


def take(connection: Connection, run: str, machine: Machine) -> int:
    """Take the lease, if nobody alive holds it; the answer is the new epoch."""
    leases = tables.leases
    now, me = machine.seconds(), machine.myself()
    row = connection.execute(select(leases).where(leases.c.run == run)).one_or_none()
    if row is None:
        epoch = _last_epoch(connection, run)
    else:
        holder = None if row.holder is None else Holder(**json.loads(row.holder))
        if holder is not None and now < row.until and not machine.is_gone(holder):
            raise EnvironmentFailed(
                "journal-locked",
                f"{run} is being run by {holder}; its lease holds for another "
                f"{row.until - now:.1f} s and is renewed while that process lives",
                hint="steer the run from here with its verbs; to replace the process, end it first",
            )
        epoch = row.epoch
        connection.execute(leases.delete().where(leases.c.run == run))
    connection.execute(
        leases.insert().values(
            run=run,
            holder=json.dumps(asdict(me), sort_keys=True),
            epoch=epoch + 1,
            until=now + LEASE_SECONDS,
        )
    )
    return epoch + 1


def renew(connection: Connection, run: str, epoch: int, machine: Machine) -> None:
    """Hold the lease for longer; refused once the epoch has passed."""
    leases = tables.leases
    changed = connection.execute(
        leases.update()
        .where(leases.c.run == run, leases.c.epoch == epoch, leases.c.holder.is_not(None))
        .values(until=machine.seconds() + LEASE_SECONDS)
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


def holder(connection: Connection, run: str, machine: Machine) -> Holder | None:
    """Who leads the run now; None where nobody does, or where that process is gone."""
    leases = tables.leases
    row = connection.execute(select(leases).where(leases.c.run == run)).one_or_none()
    if row is None or row.holder is None:
        return None
    found = Holder(**json.loads(row.holder))
    return None if machine.seconds() >= row.until or machine.is_gone(found) else found


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
