"""From an event that is committed to the new forecast that others can see, for 77, 300 and 1,000.

A rehearsed weekend's journal stands half-told in the store. One more line of it is committed, and
the watch runs until the forecast of that line is a fact beside the journal, as `watch` and `status`
read it: the line goes to the process beside the run, is folded there, the kernel plays the weekends
and the turn-back curve from the middle of this one, and what comes back is kept. 1,000 weekends
each, as a plan asks for unless told otherwise: a share is then known to within 1.3 points at worst.
Medians of some lines; beside them the slowest, the processor time of the processes that reckon (on
a machine that others use too, the wall shows more than it takes), and a whole forecast with every
move and hour, which is made only where the journal will name it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from migrator.conductor.foreseeing import FACT, Foreseeing
from migrator.engine.fold import apply, fold
from migrator.engine.ports import Entry, Line
from migrator.engine.run import Run
from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary
from migrator.plan.text import plan_to_text
from migrator.planner.build import make_plan
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring import rehearsal
from migrator.wiring.forecast_process import ForecastProcess, Inputs


class Case(NamedTuple):
    """An estate and its goal."""

    subsystems: int
    links: int
    seconds: float


CASES: Final = (Case(77, 34_000, 0.5), Case(300, 50_000, 1.5), Case(1000, 100_000, 3.0))
EVALUATIONS: Final = 20
"""Of the planner's search: a plan to measure a run on need not be a good one."""

LINES: Final = 7
RUN: Final = "benchmark"
MIDDLE: Final = 0.5
TICKS: Final = os.sysconf("SC_CLK_TCK")


class Taken(NamedTuple):
    """Seconds by the watch, and of the processor in the processes that reckon."""

    wall: float
    processor: float


def main() -> None:
    """Measure every size, or the one that is named."""
    wanted = {int(each) for each in sys.argv[1:]}
    for case in CASES:
        if not wanted or case.subsystems in wanted:
            with tempfile.TemporaryDirectory() as folder:
                measure(Path(folder), case)


def measure(folder: Path, case: Case) -> None:
    """All figures of one estate."""
    itinerary, inputs = an_estate(folder, case)
    lines = rehearsal(itinerary, seed=1, name=RUN).lines
    first, taken, made = asyncio.run(told(folder, itinerary, inputs, lines))
    wall = median(each.wall for each in taken)
    peers = {
        "slowest": round(max(each.wall for each in taken), 3),
        "processor": round(median(each.processor for each in taken), 3),
        "whole_forecast_and_start": round(first.wall, 2),
        "weekends": made,
        "lines_of_the_run": len(lines),
    }
    line = {
        "figure": f"event_to_forecast_{case.subsystems}",
        "value": round(wall, 3),
        "unit": "s",
        "goal": case.seconds,
        "ok": wall <= case.seconds,
        "peers": peers,
    }
    print(json.dumps(line, sort_keys=True), flush=True)


def an_estate(folder: Path, case: Case) -> tuple[Itinerary, Inputs]:
    """A sample with a plan of its own, as files and by value."""
    estate = folder / "estate"
    write_sample(estate, Size(case.subsystems, case.links, 1))
    inventory = read_inventory(estate)
    table = read_links(inventory, None)
    pairs = subsystem_pairs(table, inventory)
    plan = make_plan(
        inventory, pairs, seed=1, evaluations=EVALUATIONS, name=RUN, path="estate", links=table
    )
    file = folder / "plan.yaml"
    file.write_text(plan_to_text(plan), encoding="utf-8")
    itinerary = make_itinerary(plan, inventory, pairs, plan_digest(plan))
    return itinerary, Inputs(file, estate, folder / "kept")


async def told(
    folder: Path, itinerary: Itinerary, inputs: Inputs, lines: Sequence[Line]
) -> tuple[Taken, list[Taken], int]:
    """The first forecast of a process that is only starting, then one for each new line."""
    half = int(len(lines) * MIDDLE)
    with open_store(folder, practice=True) as store:
        store.keep(RUN, itinerary, lines[:half], {})
        journal = store.journal(RUN, lead=True)
        run = fold(itinerary, ((line.at, line.event) for line in lines[:half]))
        forecaster = ForecastProcess(inputs, journal)
        asks = Foreseeing(forecaster, journal.put_facts, again=None)
        try:
            start = Taken(time.perf_counter(), 0.0)
            await answered(asks, run, journal, lines[half - 1].at)
            first = Taken(time.perf_counter() - start.wall, 0.0)
            taken = [
                await seen(asks, run, journal, forecaster, line)
                for line in lines[half : half + LINES]
            ]
        finally:
            await forecaster.close()
            journal.release()
        assert run.forecast is not None, "the first one was kept"
        return first, taken, run.forecast.weekends


async def seen(
    asks: Foreseeing, run: Run, journal: SqlJournal, forecaster: ForecastProcess, line: Line
) -> Taken:
    """Commit a line; what it takes until its forecast can be read."""
    journal.append([Entry(line.at, line.actor, line.event)])
    start, busy = time.perf_counter(), processor(forecaster)
    apply(run, line.at, line.event)
    knew = run.seq
    await answered(asks, run, journal, line.at)
    kept = journal.facts(FACT)
    taken = Taken(time.perf_counter() - start, processor(forecaster) - busy)
    assert isinstance(kept, dict), "the newest forecast is kept"
    assert kept["forecast"]["knows"] >= knew, "it is of that line"
    return taken


async def answered(asks: Foreseeing, run: Run, journal: SqlJournal, now: datetime) -> None:
    """One question and its answer, as the loop asks and hears; what is new is a line."""
    changed, tasks = asyncio.Event(), set[asyncio.Task[None]]()

    def spawn(work: Coroutine[object, object, None], _name: str) -> None:
        tasks.add(asyncio.ensure_future(work))

    asks.consider(run, now, spawn, changed)
    await changed.wait()
    made_or_not = asks.hear(run, now)
    kept = journal.facts(FACT)
    assert isinstance(kept, dict), "the newest forecast is kept"
    assert not kept["trouble"], kept["trouble"]
    for made in made_or_not:
        journal.append([Entry(now, "conductor", made)])
        apply(run, now, made)


def processor(forecaster: ForecastProcess) -> float:
    """Processor seconds of the process beside the run and of its kernel."""
    process = forecaster._process  # noqa: SLF001 - nobody else needs to know
    assert process is not None, "it has been asked"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
    return sum(spent(pid) for pid in (str(process.pid), *children))


def spent(pid: str) -> float:
    """User and system time of one process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
