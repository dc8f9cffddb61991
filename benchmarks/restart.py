"""How long nobody leads after a death: kill -9 to the first new act, and take-overs.

The run is the sample estate's weekend with 10,000 lines in its journal, in the middle of a wave,
its simulated world on disk. `migrator run --continue` leads it, and is killed while it acts. The
restart is the same command, given at once, as a supervisor gives it: from the kill until the next
act is committed, the interpreter's start and the proof of the whole journal included. The take-over
is by a process that was there already and asks for the lease again and again: on the same host it
sees that the leader has ended; for another host, which cannot see processes, the lease must run out
or the server must have dropped the leader's lock. The other host is this one under another name.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from _copies import many, repeated
from _runs import ROOT, RUN, a_folder, a_server, an_estate, report

from migrator.engine import events as ev
from migrator.engine.ports import Entry, Line
from migrator.engine.run import Run
from migrator.errors import EnvironmentFailed
from migrator.plan.model import Itinerary
from migrator.platform.simulated.keeping import WorldFile
from migrator.store.machine import Holder, Machine, ThisMachine
from migrator.store.sql import Store, open_store
from migrator.wiring import Practice, continue_practice, practise, rehearsal

LINES: Final = 10_000
SPEED: Final = 2_000.0
ROUNDS: Final = 5
ASK_SECONDS: Final = 0.05
"""How often a standby asks for the lease."""

WAIT_SECONDS_MAX: Final = 40.0
ACTS: Final = (ev.StepStarted, ev.UndoStarted)


class OtherHost(ThisMachine):
    """The machine that we are, as another one would be seen: another name, another boot."""

    def myself(self) -> Holder:
        """Who we are, over there."""
        return replace(ThisMachine.myself(self), host="other", boot="another boot")


@dataclass(slots=True)
class Standby:
    """Leads until its first act is committed; `acted` is when that was."""

    acted: float = 0.0
    seen: list[str] = field(default_factory=list)

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Note the first act, and go at once."""
        if not self.acted and any(isinstance(line.event, ACTS) for line in lines):
            self.acted = time.perf_counter()
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    def on_beat(self, run: Run, now: datetime) -> None:
        """Nothing is shown."""
        if self.acted:
            os.kill(os.getpid(), signal.SIGINT)  # two signals at one moment may be heard as one

    def on_leaving(self, why: object) -> None:
        """Nothing is shown."""


def main() -> None:
    """Measure, and print one line per figure."""
    estate = an_estate()
    with a_folder() as folder, a_server() as server:
        os.chdir(folder)  # a practice run on a server keeps its world beside the working folder
        store = ".migrator"
        prepare(store, estate)
        restarts(store)
        takeover("the same host, SQLite", store, ThisMachine(), 1.0)
        if server is not None:
            url = server.database()
            prepare(url, estate)
            takeover("the same host, PostgreSQL", url, ThisMachine(), 1.0)
            takeover("another host, PostgreSQL", url, OtherHost(), 10.0)
        os.chdir(ROOT)


def prepare(where: str, estate: Itinerary) -> None:
    """A run with 10,000 lines that stands in the middle of a weekend, and its world."""
    played = rehearsal(estate, seed=1, accidents=False, name=RUN)
    weekend = [(line.at, line.event) for line in played.lines]
    copies = -(-LINES // (len(weekend) - 2)) + 1
    itinerary = many(estate, copies)
    facts = repeated(weekend, copies)[:LINES]
    first = facts[0][1]
    assert isinstance(first, ev.RunStarted)
    facts[0] = (facts[0][0], replace(first, mode="scaled", speed=SPEED, name=RUN))
    with open_store(where, practice=True) as store:
        journal = store.create_run(
            RUN, itinerary, seed=1, mode="scaled", target=first.target, plan_digest=""
        )
        journal.append([Entry(at, "engine", event) for at, event in facts])
        journal.release()
        # The world is asked about what is in doubt and answers that nothing was done.
        WorldFile(store.folder, RUN, ()).made(itinerary, facts[-1][0])


def leader(where: str) -> subprocess.Popen[bytes]:
    """`migrator run --continue`, as it is typed."""
    program = str(Path(sys.executable).with_name("migrator"))
    return subprocess.Popen(
        [program, "run", "--continue", RUN, "--speed", str(SPEED), "--store", where],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def first_act(store: Store, after: int) -> int:
    """Wait until an act is committed after a line; the last line then."""
    journal = store.journal(RUN, lead=False)
    began = time.perf_counter()
    while time.perf_counter() - began < WAIT_SECONDS_MAX:
        lines = journal.lines(after)
        if any(isinstance(line.event, ACTS) for line in lines):
            return lines[-1].seq
        time.sleep(0.002)
    raise SystemExit("nobody acted after the restart")


def killed(process: subprocess.Popen[bytes]) -> float:
    """Kill a process as nothing can resist; the moment of it."""
    at = time.perf_counter()
    process.send_signal(signal.SIGKILL)
    process.wait()
    return at


def restarts(where: str) -> None:
    """Kill and start again, several times."""
    taken = []
    with open_store(where, practice=True) as store:
        seen = last_line(store)
        process = leader(where)
        seen = first_act(store, seen)
        for _ in range(ROUNDS):
            time.sleep(0.2)  # into the middle of what it does
            at = killed(process)
            seen = last_line(store)
            process = leader(where)
            seen = first_act(store, seen)
            taken.append(time.perf_counter() - at)
        killed(process)
    value = round(statistics.median(taken), 3)
    others = {"slowest": round(max(taken), 3), "lines in the journal": seen}
    report("kill -9 to the first new act after restart", value, "s", 1.0, others)


def last_line(store: Store) -> int:
    """How many lines there are."""
    return store.runs()[0].lines


def takeover(what: str, where: str, machine: Machine, goal: float) -> None:
    """Kill the leader while a standby asks for the lease."""
    with open_store(where, practice=True) as looking:
        process = leader(where)
        first_act(looking, last_line(looking))
        time.sleep(3.0)  # a leader that has renewed its lease
        with open_store(where, practice=True, machine=machine) as store:
            at = killed(process)
            standby = Standby()
            led = asked(lambda: continue_practice(store, RUN, SPEED))
            leads = time.perf_counter()
            practise(led, standby)
    others = {"to the lease, s": round(leads - at, 3)}
    report(f"take-over from {what}", round(standby.acted - at, 3), "s", goal, others)


def asked(lead: Callable[[], Practice]) -> Practice:
    """Ask for the lease until it is given."""
    began = time.perf_counter()
    while True:
        try:
            return lead()
        except EnvironmentFailed as error:
            if error.reference != "journal-locked":
                raise
            if time.perf_counter() - began > WAIT_SECONDS_MAX:
                raise
        time.sleep(ASK_SECONDS)


if __name__ == "__main__":
    main()
