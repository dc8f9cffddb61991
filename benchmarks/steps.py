"""What a step costs beside its act: 77 subsystems of six acts each, which do nothing.

The real conductor leads a run in the real store; the platform answers at once. Overhead is the
time from an act's answer to the beginning of the next act of the same subsystem: the result is
folded and committed, the engine decides, the next intent is committed. One after the other: a crew
of one; eight wide: a crew of eight. Beside them, in the same run and on the same disk: the disk's
own sync, and DBOS with a workflow of six steps for each subsystem, one at a time and eight at a
time, on SQLite and PostgreSQL. DBOS lives in an environment of its own (`make bench-peers`); where
it is absent the figures say so. One warming round of each does not count.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from _runs import (
    ACTS,
    ROOT,
    RUN,
    SUBSYSTEMS,
    Idle,
    a_folder,
    a_server,
    an_estate,
    begun,
    lead,
    one_wave,
    percentile,
    report,
    sync_ms,
)

from migrator.engine import events as ev
from migrator.engine.ports import ActResult, Line
from migrator.engine.run import Run
from migrator.plan.model import Itinerary
from migrator.store.sql import open_store

PEER: Final = ROOT / ".venv-bench" / "bin" / "python"
PEER_SECONDS_MAX: Final = 120
ROUNDS: Final = 3
WIDE: Final = 8
STEPS: Final = SUBSYSTEMS * len(ACTS)


@dataclass(slots=True)
class Watched(Idle):
    """The platform that does nothing, with the times at which it is asked and answers."""

    answered: dict[str, float] = field(default_factory=dict)
    between: list[float] = field(default_factory=list)  # ms, from an answer to the next question
    count: int = 0
    first: float = 0.0
    last: float = 0.0

    async def perform(self, intent: ev.StepStarted | ev.UndoStarted) -> ActResult:
        """Note the time, and do nothing."""
        asked = time.perf_counter()
        self.first = self.first or asked
        before = self.answered.get(intent.move)
        if before is not None:
            self.between.append((asked - before) * 1000)
        result = await Idle.perform(self, intent)
        self.count += 1
        self.last = self.answered[intent.move] = time.perf_counter()
        return result


@dataclass(frozen=True, slots=True)
class Measured:
    """Rounds of one kind: steps a second, and the overhead of each step in ms."""

    rates: Sequence[float]
    overheads: Sequence[float]

    @property
    def rate(self) -> int:
        """The median of the rounds."""
        return round(statistics.median(self.rates))


@dataclass(frozen=True, slots=True)
class Peers:
    """What DBOS needed, by width and figure; or why it was not measured."""

    found: dict[str, dict[str, float]] = field(default_factory=dict)
    skipped: str = ""

    def of(self, what: str, width: str, figure: str) -> dict[str, object]:
        """The peer's figure under its name."""
        return {what: self.skipped or self.found[width][figure]}


def main() -> None:
    """Measure, and print one line per figure."""
    estate = an_estate()
    with a_folder() as folder, a_server() as server:
        single, eight = one_wave(estate, seats=1), one_wave(estate, seats=WIDE)
        alone = rounds(folder, single, "alone")
        wide = rounds(folder, eight, "wide")
        synced = sync_ms(folder)
        others = peers(f"sqlite:///{folder / 'dbos.sqlite'}")
        disk = {f"append + fdatasync, p{at}": percentile(synced, at) for at in (50, 99)}
        for at, goal in ((50, 5.0), (99, 50.0)):
            also = others.of("DBOS, SQLite", "one", f"p{at}")
            value = percentile(alone.overheads, at)
            report(f"overhead per step, SQLite, p{at}", value, "ms", goal, {**disk, **also})
        for what, ours, goal, width in (
            ("one after the other", alone, 300.0, "one"),
            ("eight wide", wide, 2000.0, "wide"),
        ):
            also = others.of("DBOS, SQLite", width, "rate")
            steps(f"steps {what}, SQLite", ours.rate, goal, {**syncs(synced), **also})
        if server is None:
            return
        wide = rounds(server.database(), eight, "wide")
        also = peers(server.database()).of("DBOS, PostgreSQL", "wide", "rate")
        steps("steps eight wide, PostgreSQL", wide.rate, 1000.0, {**syncs(sync_ms(folder)), **also})


def syncs(taken: Sequence[float]) -> dict[str, object]:
    """How often the disk makes a step's bytes durable in a second."""
    return {"append + fdatasync of the disk": round(1000 / statistics.fmean(taken))}


def steps(figure: str, value: float, goal: float, others: dict[str, object]) -> None:
    """One line: steps a second."""
    report(figure, value, "steps/s", goal, others, more_is_better=True)


def rounds(where: str | Path, itinerary: Itinerary, name: str) -> Measured:
    """Lead the wave several times, each a run of its own in one store."""
    rates, overheads = [], []
    for number in range(ROUNDS + 1):
        watched = once(where, itinerary, f"{name}-{number}")
        if number:  # the first one loads code, makes pages and prepares statements
            rates.append(watched.count / (watched.last - watched.first))
            overheads += watched.between
    return Measured(rates, overheads)


def once(where: str | Path, itinerary: Itinerary, name: str) -> Watched:
    """Lead the wave once, until it is accepted."""
    watched = Watched()
    with open_store(where, practice=True) as store:
        journal = store.create_run(
            f"{RUN}-{name}", itinerary, seed=1, mode="scaled", target="nowhere", plan_digest=""
        )
        run = begun(journal, itinerary)
        lead(journal, run, watched, until=accepted)
        assert journal.verify().count == run.seq, "every line is proven"
    assert watched.count == STEPS, f"{watched.count} of {STEPS} acts"
    return watched


def accepted(_run: Run, lines: Sequence[Line]) -> bool:
    """Tell whether a commit accepts the wave."""
    return any(isinstance(line.event, ev.WaveAccepted) for line in lines)


def peers(url: str) -> Peers:
    """What DBOS needs for the same; or why it was not measured."""
    if not PEER.exists():
        return Peers(skipped="skipped: not installed (make bench-peers)")
    done = subprocess.run(
        [str(PEER), str(ROOT / "benchmarks" / "_dbos_steps.py"), url],
        capture_output=True,
        text=True,
        check=False,
        timeout=PEER_SECONDS_MAX,
    )
    if done.returncode != 0:
        print(done.stderr[-2000:], file=sys.stderr)
        return Peers(skipped=f"skipped: it ended with {done.returncode}")
    return Peers(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
