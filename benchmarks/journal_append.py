"""What a journal costs: a commit, a thousand events, and the disk's own sync beside it.

A commit is durable when it returns, so the disk decides most of its time. The peers are measured in
turns with the commits, because a disk that others use is slower for all: the same number of bytes
appended to a plain file with fdatasync, and the bare SQLite library adding the same rows without
lease, chain or SQLAlchemy. Sizes are those of a real run: one event (an operator's verb), two (a
result and the next start), eight (several of both in one commit). The figures of a journal in
memory are a rehearsal's, in CPU time: no disk takes part.
Eight wide: eight threads, each with a step of its own in one run; who waits shares the next commit.
On PostgreSQL it is measured where a server can be started, one that syncs, over its socket.
The store lies in a temporary folder below the working folder, on the disk that a store would be on.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.plan.model import Itinerary, Window
from migrator.plan.recipes import DEFAULT_POLICY
from migrator.store.chain import Chain, Written, verify
from migrator.store.memory import MemoryJournal
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from postgresql_server import Server, programs

COMMITS: Final = 600
WARM: Final = 50
"""The first commits make pages, statements and the log; a run has thousands."""

AT: Final = datetime(2023, 10, 14, 1, tzinfo=UTC)
THOUSAND_MS: Final = {1: 5000.0, 2: 1667.0, 8: 250.0}
"""What a thousand events may take. A step is about two events: 300 steps a second one after the
other in commits of two; 2,000 a second, eight at a time, in commits of eight."""

WIDE: Final = 8
STEPS: Final = 250
"""Of each of the eight; some seconds on a slow disk."""

STEPS_GOAL: Final = {"SQLite": 2000.0, "PostgreSQL": 1000.0}

LINES: Final = 20_000
RUN: Final = "benchmark"


def main() -> None:
    """Measure, and print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="journal-append-", dir=Path.cwd()) as name:
        for events in THOUSAND_MS:
            on_disk(Path(name) / str(events), events)
        eight_wide("SQLite", Path(name) / "wide", Path(name))
        found = programs()
        if found is not None:
            server = Server(found, "-c fsync=on -c synchronous_commit=on")
            try:
                eight_wide("PostgreSQL", server.database(), Path(name))
            finally:
                server.remove()
    in_memory()


def eight_wide(what: str, where: str | Path, folder: Path) -> None:
    """Count the steps a second that eight at a time make in one run, the disk's syncs beside it."""
    with open_store(where, practice=True) as store:
        journal = begun(store)

        def steps() -> None:
            for number in range(STEPS):
                journal.append(entries(2, number))

        rates, syncs = [], []
        for _ in range(3):
            threads = [threading.Thread(target=steps) for _ in range(WIDE)]
            began = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rates.append(WIDE * STEPS / (time.perf_counter() - began))
            syncs.append(syncs_a_second(folder / "wide-plain"))
        assert journal.verify().count == 3 * WIDE * STEPS * 2, "every step is there"
    peers = {"append + fdatasync of the disk": round(statistics.median(syncs))}
    value, goal = round(statistics.median(rates)), STEPS_GOAL[what]
    report(f"steps eight wide, {what}", value, "steps/s", goal, peers, more_is_better=True)


def syncs_a_second(path: Path) -> float:
    """How often the disk makes a step's bytes durable, one after the other."""
    plain = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = [timed(partial(append_and_sync, plain, b"x" * 800)) for _ in range(100)]
    os.close(plain)
    return 1000 / statistics.fmean(times)


def on_disk(folder: Path, events: int) -> None:
    """Time commits of so many events, in turns with the peers."""
    journal = begin(folder)
    lines, _ = Chain(RUN).write(entries(events), 1)
    size = sum(len("".join(map(str, line))) for line in lines)
    plain = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    bare = a_bare_store(folder / "bare.db")
    ours: list[float] = []
    peers: dict[str, list[float]] = {"append + fdatasync": [], "bare SQLite": []}
    for number in range(WARM + COMMITS):
        batch = entries(events, number)
        rows = [line._replace(seq=number * events + i) for i, line in enumerate(lines)]
        took = timed(partial(journal.append, batch))
        synced = timed(partial(append_and_sync, plain, b"x" * size))
        raw = timed(partial(add_rows, bare, rows))
        if number >= WARM:
            ours.append(took)
            peers["append + fdatasync"].append(synced)
            peers["bare SQLite"].append(raw)
    os.close(plain)
    bare.close()
    word = "1 event" if events == 1 else f"{events} events"
    for what, at, goal in (("p50", 50, 5.0), ("p99", 99, 50.0)):
        others = {peer: percentile(times, at) for peer, times in peers.items()}
        report(f"commit of {word}, {what}", percentile(ours, at), "ms", goal, others)
    others = {peer: per_thousand(times, events) for peer, times in peers.items()}
    value, goal = per_thousand(ours, events), THOUSAND_MS[events]
    report(f"1,000 events in commits of {word}", value, "ms", goal, others)


def in_memory() -> None:
    """Time a rehearsal's journal: two events a commit, as its virtual clock gives them."""
    batches = [entries(2, number) for number in range(LINES // 2)]
    appended, proven = [], []
    for _ in range(5):
        journal = MemoryJournal(RUN, an_itinerary())
        appended.append(timed(partial(append_all, journal, batches), time.process_time))
        proven.append(timed(partial(verify, RUN, journal.lines()), time.process_time))
    for what, times, goal in (("append", appended, 15.0), ("prove", proven, 15.0)):
        value = round(statistics.median(times) * 1000 / LINES, 2)
        report(f"{what} a line in memory, of {LINES:,}", value, "us", goal)


def append_all(journal: MemoryJournal, batches: Sequence[Sequence[Entry]]) -> None:
    """Journal everything."""
    for batch in batches:
        journal.append(batch)


def begin(folder: Path) -> SqlJournal:
    """A run in a new store."""
    return begun(open_store(folder, practice=True))


def begun(store: Store) -> SqlJournal:
    """A run in an open store."""
    return store.create_run(
        RUN, an_itinerary(), seed=1, mode="virtual", target="nowhere", plan_digest=""
    )


def entries(events: int, number: int = 0) -> list[Entry]:
    """Facts of ordinary size: a step that ended, and the next that starts."""
    at = AT + timedelta(seconds=number)
    both: tuple[ev.Event, ev.Event] = (
        ev.StepEnded("benefit-0042", "final-copy", 1, "done", "1,204,331 rows, checksums equal"),
        ev.StepStarted("benefit-0042", "start", 1, 1, "0123456789abcdef", at),
    )
    return [Entry(at, "conductor", both[i % 2]) for i in range(events)]


def an_itinerary() -> Itinerary:
    """A run in which nothing moves: the journal never looks at more than its digest."""
    return Itinerary(
        plan_name="benchmark",
        plan_digest="",
        inventory_name="",
        inventory_digest="",
        links_digest="",
        window=Window(AT, AT + timedelta(hours=48), "Europe/Stockholm"),
        source="",
        target="",
        policy=DEFAULT_POLICY,
        recipes={},
        waves=(),
        legs={},
        pairs=(),
        checks=(),
        members={},
        crews={},
        names={},
        links=0,
        copy_gib_per_hour=None,
        bridge_calls_per_hour=None,
        stays=(),
        assumed=(),
    )


def append_and_sync(handle: int, text: bytes) -> None:
    """What the disk needs for so many bytes."""
    os.write(handle, text)
    os.fdatasync(handle)


def a_bare_store(path: Path) -> sqlite3.Connection:
    """The same table in the same mode, through the driver alone."""
    driver = importlib.import_module("pysqlite3.dbapi2")
    connection: sqlite3.Connection = driver.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute(
        "create table journal (run, seq integer, at, epoch, actor, kind, version, data, prev_hash, "
        "hash, primary key (run, seq))"
    )
    return connection


def add_rows(connection: sqlite3.Connection, rows: Sequence[Written]) -> None:
    """One commit through the driver alone."""
    connection.execute("begin immediate")
    connection.executemany(
        "insert into journal values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [(RUN, *row) for row in rows]
    )
    connection.execute("commit")


def timed(act: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds of one act."""
    began = clock()
    act()
    return (clock() - began) * 1000


def percentile(times: Sequence[float], at: int) -> float:
    """The time that so many in a hundred do not exceed, in ms."""
    return round(statistics.quantiles(times, n=100, method="inclusive")[at - 1], 3)


def per_thousand(times: Sequence[float], events: int) -> float:
    """Milliseconds for a thousand events at the mean pace."""
    return round(statistics.fmean(times) * 1000 / events, 1)


def report(
    figure: str,
    value: float,
    unit: str,
    goal: float,
    peers: Mapping[str, float] | None = None,
    *,
    more_is_better: bool = False,
) -> None:
    """Print one figure."""
    line = {
        "figure": figure,
        "value": value,
        "unit": unit,
        "goal": goal,
        "ok": value >= goal if more_is_better else value <= goal,
        "peers": dict(peers or {}),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
