"""How quickly weekends are simulated, and the turn-back curve drawn, for 77, 300 and 1,000.

The estates are generated samples, put in waves by the planner's own least-cut order; the kernel
runs as it is used, compiled, with two threads. Beside it the same way forward as SimPy processes
(which have no failures and no unwinds to play, and are timed on a few weekends and multiplied), and
the kernel's plain twin. Times are medians of five runs, with the processor time of the run beside
them, for a machine that others use too shows more than it takes; the process' memory is its peak,
with the times of all 10,000 weekends kept and sent.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.problem import build_problem
from migrator.planner.rows import kernel_rows
from migrator.planner.rules import find_rules
from migrator.planner.seeds import cut, growth
from migrator.planner.waves import default_constraints, limits, wave_count
from migrator.schedule import run
from migrator.schedule.problem import Problem, Rows, Spread, arrays
from migrator.schedule.process import Kernel

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from simpy_weekend import Weekend


class Case(NamedTuple):
    """An estate, its goals, and how many weekends the slow ones are timed on."""

    subsystems: int
    links: int
    weekends_seconds: float
    curve_seconds: float
    decode_us: float
    simpy: int
    plain: int


CASES: Final = (
    Case(77, 34_000, 0.2, 0.2, 25.0, 40, 20),
    Case(300, 50_000, 1.0, 1.0, 100.0, 8, 3),
    Case(1000, 100_000, 3.0, 3.0, 300.0, 3, 1),
)
WEEKENDS: Final = 10_000
CURVE_WEEKENDS: Final = 1_000
CURVE_TIMES: Final = 121
"""Every half hour of a window of sixty hours."""
MEMORY_GOAL_MIB: Final = 500.0
THREADS: Final = 2
RUNS: Final = 5
DELAY_MINUTES: Final = 15.0


class Taken(NamedTuple):
    """Seconds by the watch, and of the processor in all threads."""

    wall: float
    processor: float


def figure(
    name: str, value: float, unit: str, goal: float, peers: dict[str, float] | None = None
) -> None:
    """Print one line; a goal is an upper limit."""
    line = {
        "figure": name,
        "value": value,
        "unit": unit,
        "goal": goal,
        "ok": value <= goal,
        "peers": peers or {},
    }
    print(json.dumps(line, sort_keys=True), flush=True)


def main() -> None:
    """Measure every size."""
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder) / "estate", case)


def measure(folder: Path, case: Case) -> None:
    """All figures of one estate."""
    name = case.subsystems
    rows, waves = an_estate(folder, Size(name, case.links, 1))
    p, chosen = arrays(*rows), run.decision(waves)
    times = np.linspace(0.0, rows.rules.window, CURVE_TIMES)
    run.weekends(p, chosen, 1, 1)
    run.turn_backs(p, chosen, 1, 1, times, DELAY_MINUTES)

    found = run.weekends(p, chosen, 1, WEEKENDS, threads=THREADS)
    taken = timed(lambda: run.weekends(p, chosen, 1, WEEKENDS, threads=THREADS))
    simpy = once(lambda: [played(rows, waves, seed) for seed in range(case.simpy)])
    plain = once(lambda: run.weekends(p, chosen, 1, case.plain, plainly=True))
    peers = {
        "simpy_seconds": round(simpy.wall / case.simpy * WEEKENDS, 1),
        "simpy_processor_seconds": round(simpy.processor / case.simpy * WEEKENDS, 1),
        "plain_python_seconds": round(plain.wall / case.plain * WEEKENDS, 1),
        "end_p50_hours": round(float(np.median(found.figures[:, 0])) / 60, 2),
        "unwound_waves_per_weekend": round(float(np.mean(found.figures[:, 4])), 2),
        "waves": len(waves),
    }
    told(f"weekends_10000_{name}", taken, 1.0, "s", case.weekends_seconds, peers)

    taken = timed(
        lambda: run.turn_backs(p, chosen, 1, CURVE_WEEKENDS, times, DELAY_MINUTES, threads=THREADS)
    )
    told(f"turn_back_curve_{name}", taken, 1.0, "s", case.curve_seconds, {})

    # Samples below zero are the plan itself: a decode, without any chance.
    taken = timed(lambda: run.weekends(p, chosen, 1, 1000, first=-1000))
    told(f"decode_{name}", taken, 1000.0, "us", case.decode_us, {})
    if case is CASES[0]:
        figure("process_memory_77", round(memory(p, chosen), 1), "MiB", MEMORY_GOAL_MIB)


def told(
    name: str, taken: Taken, scale: float, unit: str, goal: float, peers: dict[str, float]
) -> None:
    """Print what a run took; the processor time is that of all its threads together."""
    processor = round(taken.processor * scale, 3)
    figure(name, round(taken.wall * scale, 3), unit, goal, {"processor": processor, **peers})


def an_estate(folder: Path, size: Size) -> tuple[Rows, list[list[int]]]:
    """A sample as the kernel's rows, and waves of moves in the order of the least cut."""
    write_sample(folder, size)
    inventory = read_inventory(folder)
    pairs = subsystem_pairs(read_links(inventory, None), inventory)
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    count = wave_count(len(problem.ids))
    numbers = limits(problem, default_constraints(problem, count, None), count)
    atoms = cut(problem, numbers, growth(problem), count)
    order = [[i for atom in wave for i in problem.atoms[atom]] for wave in atoms]
    rows = kernel_rows(inventory, problem, DEFAULT_POLICY, RECIPES)
    return rows, [in_order(rows, wave) for wave in order]


def in_order(rows: Rows, wave: list[int]) -> list[int]:
    """The wave, each move after those of it that switch first."""
    found: list[int] = []
    left = list(wave)
    while left:
        i = next(i for i in left if not set(rows.moves[i].before) & set(left))
        left.remove(i)
        found.append(i)
    return found


def played(rows: Rows, waves: list[list[int]], seed: int) -> float:
    """The end of one weekend as SimPy processes."""
    random = Random(seed)

    def draw(spread: Spread) -> float:
        return spread.mid * math.exp(random.gauss(0.0, spread.sigma))

    return max(Weekend(rows, waves, draw).play().end.values())


def memory(p: Problem, chosen: run.Decision) -> float:
    """The peak of the kernel's process, in MiB, with everything asked of it."""
    with Kernel(threads=THREADS) as kernel:
        kernel.weekends(p, chosen.order, chosen.wave_at, 1, WEEKENDS, keep=WEEKENDS)
        times = np.linspace(0.0, 3600.0, CURVE_TIMES)
        kernel.turn_backs(p, chosen.order, chosen.wave_at, 1, CURVE_WEEKENDS, times, DELAY_MINUTES)
        status = Path(f"/proc/{kernel.process_id}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def timed(act: Callable[[], object]) -> Taken:
    """The medians of some runs."""
    runs = [once(act) for _ in range(RUNS)]
    return Taken(median(each.wall for each in runs), median(each.processor for each in runs))


def once(act: Callable[[], object]) -> Taken:
    """What one run takes."""
    started, processor = time.perf_counter(), time.process_time()
    act()
    return Taken(time.perf_counter() - started, time.process_time() - processor)


if __name__ == "__main__":
    main()
