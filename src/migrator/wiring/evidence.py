"""Evidence before an unwind: gathered on the cluster, kept in the store, never in the undo's way.

Made by `on_cluster.py` for the acts that stop or delete. The undo goes on after the limit of time
whatever happened: a cluster, a disk or a store in trouble costs the evidence and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.store.kept_evidence import keep
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal

if TYPE_CHECKING:
    from migrator.platform.kubernetes.doing import Doing
    from migrator.platform.kubernetes.rest import Client


def evidence_keeper(
    store: Store,
    journal: SqlJournal,
    client: Client,
    looks: Callable[[Doing], Sequence[str]] = lambda _: (),
) -> Callable[[Doing], Awaitable[str]]:
    """What gathers and keeps, and says in a few words what became of it.

    `looks` are lines about looks of the move that failed, for the same archive.
    """
    from migrator.platform.kubernetes.evidence import gather

    async def kept(doing: Doing) -> str:
        found = await gather(client, doing.subject, looks=looks(doing))
        about = (doing.subject.subsystem, doing.attempt, doing.act)
        try:
            digest = await asyncio.to_thread(
                keep, store, journal, about, found.files, found.missing
            )
        except MigratorError as error:
            return f"{found} could not be kept: {error.message}"
        return f"{found} kept as {digest[:12]}"

    return kept
