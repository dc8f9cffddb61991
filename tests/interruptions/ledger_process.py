"""The process that is killed: the real store, the real conductor, effects in a file outside.

`lead` joins them as `migrator run` does: lease, replay, an attendant with its desk, its renewals
and its signals. It is started by a nursery: a process that has loaded the program and makes a
copy of itself for every life, because a thousand starts of an interpreter would measure nothing
else. Each life is a process of its own, with its own number, its own connections and its own end.
Through a pipe it tells when it leads and when something took effect, so that whoever kills it can
choose the moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from interruptions.ledger import OutsideLedger
from interruptions.ledger_platform import LedgerPlatform
from interruptions.scenarios import SCENARIOS, SPEED
from migrator.conductor.attending import Attendant
from migrator.conductor.clock import ScaledClock
from migrator.conductor.loop import Conductor, refold
from migrator.errors import MigratorError
from migrator.store import postgresql
from migrator.store.sql import open_store

RUN: Final = "under-fire"


@dataclass(frozen=True, slots=True)
class Life:
    """What a life is started with. `sync_fails` is the commit at which the disk gives up.

    `honour` makes every target honour tokens; `patience` is how long a server is waited for.
    """

    store: str
    ledger: str
    scenario: int
    honour: bool = False
    patience: float | None = None
    sync_fails: int = 0
    sync_fails_late: bool = False


def lead(life: Life, tell: Callable[[str], None]) -> int:
    """Lead the run from where its journal ends; the answer is the exit code."""
    ledger = OutsideLedger(Path(life.ledger))
    if life.patience is not None:
        setattr(postgresql, "OUTAGE_SECONDS_MAX", life.patience)  # noqa: B010 - a constant, Final
    try:
        with open_store(life.store, practice=True, create=False) as store:
            if life.sync_fails:
                from interruptions.failing_sync import fail_at

                fail_at(store, life.sync_fails, late=life.sync_fails_late)
            journal = store.journal(RUN, lead=True)
            try:
                run = refold(journal)
                assert run.now is not None, "a run that was begun has its first line"
                clock = ScaledClock(run.now, SPEED)
                failures = SCENARIOS[life.scenario].failures
                platform = LedgerPlatform(run.itinerary, ledger, failures, tell, honour=life.honour)
                conductor = Conductor(journal, platform, clock, run)
                tell("leads")
                asyncio.run(Attendant(conductor, journal, clock, SPEED).attend())
            finally:
                journal.release()
    except MigratorError as error:
        tell(f"error {error.reference}")
        return error.exit_code
    tell(run.state.value)
    return 0


# --- the nursery --------------------------------------------------------------------------------


def serve(orders: socket.socket) -> None:
    """Give birth to a life for every order, and say how each one ended."""
    while True:
        message, pipes, _, _ = socket.recv_fds(orders, 65536, 1)
        if not message:
            return
        order = json.loads(message)
        if "life" in order:
            pid = os.fork()
            if pid == 0:
                orders.close()
                os._exit(_born(Life(**order["life"]), pipes[0]))
            os.close(pipes[0])
            orders.send(json.dumps(pid).encode())
        else:
            _, status = os.waitpid(order["ended"], 0)
            orders.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())


def _born(life: Life, pipe: int) -> int:
    def tell(said: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(pipe, f"{said}\n".encode())

    try:
        return lead(life, tell)
    except BaseException:  # noqa: BLE001 - the last line before the process ends
        import traceback

        tell("bug " + traceback.format_exc().replace("\n", " | "))
        return 70


def order(life: Life) -> bytes:
    """A life as the nursery reads it."""
    return json.dumps({"life": asdict(life)}).encode()


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)  # where a life hangs that is asked
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for who asked for the lives
    import sqlalchemy.dialects.sqlite  # loaded once, before the first life

    assert sqlalchemy.dialects.sqlite is not None
    with contextlib.suppress(ImportError):
        import psycopg
        import sqlalchemy.dialects.postgresql.psycopg

        assert psycopg is not None
    serve(socket.socket(fileno=int(sys.argv[1])))
