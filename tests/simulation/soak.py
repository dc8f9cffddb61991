"""Weekends by the thousand, each its own seed: conductors die, platforms fail, people interfere.

`make soak-seeds SEEDS=1-200`. Real conductor, real clock semantics, simulated platform; every tenth
seed on SQLite itself, the others on a journal in memory that is fenced like it. One line per
hundred seeds; a seed that breaks a promise is named with the command that plays it alone. With
`--result FILE` the figures are kept as JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from migrator.engine.states import RunState
from migrator.platform.simulated.faults import FaultBox
from simulation.lives import CRASHES, Simulation
from simulation.stores import MemoryStore, SqliteStore, Stores
from simulation.weekends import a_weekend, some_faults

SQLITE_EVERY: Final = 10
"""SQLite syncs each commit: a tenth of the seeds then takes about as long as all others."""

LINE_EVERY: Final = 100


@dataclass(slots=True)
class Played:
    """What became of one seed, or of many together."""

    seeds: int = 0
    steps: int = 0  # acts begun: steps and undos
    commits: int = 0
    facts: int = 0
    on_sqlite: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[int, list[str]] = field(default_factory=dict)

    def add(self, other: Played) -> None:
        """Count another one in."""
        for name in ("seeds", "steps", "commits", "facts", "on_sqlite"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.struck.update(other.struck)
        self.outcomes.update(other.outcomes)
        self.failures.update(other.failures)


def play(seed: int) -> Played:
    """Play one seed and judge it; a crash of the program is a broken promise too."""
    chance = Random(f"weekend {seed}")
    itinerary = a_weekend(chance)
    box = FaultBox(some_faults(chance, itinerary))
    on_sqlite = seed % SQLITE_EVERY == 0
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        stores: Stores = (
            SqliteStore(itinerary, Path(folder)) if on_sqlite else MemoryStore(itinerary)
        )
        simulation = Simulation(seed, itinerary, box, stores)
        try:
            simulation.play()
        except CRASHES as error:
            simulation.violations.append(f"it crashed: {type(error).__name__}: {error}")
        finally:
            stores.close()
    run = simulation.run
    ended = run is not None and run.state is RunState.ENDED
    outcome = "crashed" if run is None else run.outcome if ended else "in human hands"
    struck = simulation.struck
    for fault, times in zip(box._faults, box.struck(), strict=True):
        struck[fault.kind] += times
    found = {seed: simulation.violations} if simulation.violations else {}
    return Played(
        seeds=1,
        steps=simulation.acts,
        commits=simulation.commits,
        facts=len(simulation.lines),
        on_sqlite=int(on_sqlite),
        struck=struck,
        outcomes=Counter([outcome]),
        failures=found,
    )


def _fast_folder() -> str | None:
    """Memory where the machine has some as a folder: what is proved here is no disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - made private there


def main(arguments: list[str] | None = None) -> int:
    """Play the seeds; 1 where one broke a promise."""
    asked = _arguments(arguments)
    seeds = read_seeds(asked.seeds)
    total, began = Played(), time.perf_counter()
    for played in _all(seeds, asked.jobs):
        total.add(played)
        for seed, violations in played.failures.items():
            _tell(seed, violations)
        if total.seeds % LINE_EVERY == 0 or total.seeds == len(seeds):
            took = time.perf_counter() - began
            _say(_line(total, took))
    if asked.result is not None:
        _keep(asked.result, asked.seeds, total, time.perf_counter() - began)
    return 1 if total.failures else 0


def read_seeds(text: str) -> range:
    """`17` or `1-200`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seeds", default="1-200", help="one seed, or the first and the last")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--result", type=Path, default=None, help="keep the figures here, as JSON")
    return parser.parse_args(arguments)


def _all(seeds: Iterable[int], jobs: int) -> Iterator[Played]:
    if jobs < 2:
        gc.disable()  # a weekend leaves little behind, and the collector costs a tenth
        for seed in seeds:
            yield play(seed)
            if seed % LINE_EVERY == 0:
                gc.collect()
        gc.enable()
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(play, seeds, chunksize=20)


def _line(total: Played, took: float) -> str:
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(total.outcomes.items()))
    rate = total.steps / took if took else 0.0
    return (
        f"{total.seeds} seeds, {total.steps} steps ({rate:.0f}/s), {total.commits} commits, "
        f"{sum(total.struck.values())} faults struck: {outcomes}; "
        f"{len(total.failures)} broke a promise"
    )


def _tell(seed: int, violations: list[str]) -> None:
    for violation in violations[:5]:
        _say(f"seed {seed}: {violation}")
    _say(f"seed {seed}: play it alone with: make soak-seeds SEEDS={seed}")


def _say(text: str) -> None:
    """A line for whoever waits for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _keep(file: Path, seeds: str, total: Played, took: float) -> None:
    """Keep what came of it in the form of all results."""
    from run import machine  # of benchmarks/, which need not be on the path to play a seed

    peers: dict[str, object] = {
        "seeds": seeds,
        "seeds on SQLite": total.on_sqlite,
        "steps": total.steps,
        "steps a second": round(total.steps / took, 1),
        "commits": total.commits,
        "lines in the journals": total.facts,
        "seconds": round(took, 1),
        "ends": dict(sorted(total.outcomes.items())),
        "faults struck": dict(sorted(total.struck.items())),
        "failures": {str(seed): what for seed, what in sorted(total.failures.items())},
    }
    figure: dict[str, object] = {
        "figure": f"seeds that broke a promise, of {total.seeds} simulated weekends",
        "value": len(total.failures),
        "unit": "seeds",
        "goal": 0,
        "ok": not total.failures,
        "peers": peers,
    }
    date = datetime.now(UTC).isoformat(timespec="seconds")
    kept = {"date": date, "machine": machine(), "figures": [figure]}
    text = json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
