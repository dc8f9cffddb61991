"""What the search gains on weekends it has never seen, how long it takes, and what it states.

Estates of two makes: the generated sample (links by domain) and the same subsystems with links
grown by preference (`_estates.py`), 77, 300 and 1,000 large. Layering gets the same decoder, the
same limits and the same search for gates; both plans are played on the same 2,000 fresh weekends.
Of the seeds (each an estate and a search of its own) the worst is given. Layering usually breaks
an appointment, which makes it look better than anybody could carry out. A stated P80 is the
certificate's; it holds when four of five fresh weekends end by then. First valid plan: the search
with 60 evaluations. The kernel's process is started and its compiled code is there beforehand.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from _estates import grown_pairs
from _planted import planted

from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.inventory.model import Inventory
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.links.table import Pair
from migrator.plan.model import Plan
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.annealing import in_rows
from migrator.planner.build import make_plan
from migrator.planner.compiled_search import search_compiled
from migrator.planner.decode import decode, in_order
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rows import kernel_rows
from migrator.planner.rules import find_rules
from migrator.planner.search import expand
from migrator.planner.seeds import layering
from migrator.planner.wave_order import gates
from migrator.planner.waves import default_constraints, limits
from migrator.schedule.problem import arrays
from migrator.schedule.process import Kernel


class Case(NamedTuple):
    """A size and its goals."""

    subsystems: int
    links: int
    seeds: tuple[int, ...]
    first_seconds: float
    good_seconds: float
    again_seconds: float
    exposure: float


CASES: Final = (
    Case(77, 34_000, (1, 2, 3, 4), 0.5, 15.0, 5.0, -0.45),
    Case(300, 50_000, (1, 2, 3, 4), 1.0, 45.0, 15.0, -0.40),
    Case(1000, 100_000, (1, 2, 3, 4), 3.0, 120.0, 60.0, -0.35),
)
FRESH_SEED: Final = 987_654_321
FRESH: Final = 2_000
FRESH_ENDS: Final = 10_000
"""Exposure is judged by the first 2,000; a P80 needs more, or chance alone makes it miss."""
FIRST: Final = 60
MEMORY_GOAL_MIB: Final = 2048.0


class Found(NamedTuple):
    """What one seed gave."""

    first: float
    good: float
    again: float
    gain: float
    holds: float
    moved: int
    same: bool
    mean: float
    layered: float
    fits: float


def figure(name: str, value: float, unit: str, goal: float | None, **peers: object) -> None:
    """Print one line; a goal is an upper limit."""
    line = {
        "figure": name,
        "value": round(value, 4),
        "unit": unit,
        "goal": goal,
        "ok": goal is None or value <= goal,
        "peers": {**peers, "load": round(os.getloadavg()[0], 1)},
    }
    print(json.dumps(line, sort_keys=True), flush=True)


def main() -> None:
    """Every size and make."""
    with Kernel(threads=2) as kernel:
        warm = planted(20, 4, 0)
        search_compiled(warm.problem, warm.limits, 4, 0, 60, warm.estate, kernel)
        for case in CASES:
            for make in ("domains", "grown"):
                measure(case, make, kernel)
        told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        status = Path(f"/proc/{kernel.process_id}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        both = told + int(line.split()[1]) / 1024
        figure("planner_memory_peak", both, "MiB", MEMORY_GOAL_MIB, planner=round(told))


def measure(case: Case, make: str, kernel: Kernel) -> None:
    """All seeds of one size and make; the worst of each figure."""
    found = [one(case, make, seed, kernel) for seed in case.seeds]
    name = f"{make}_{case.subsystems}"
    figure(f"first_valid_plan_{name}", max(f.first for f in found), "s", case.first_seconds)
    figure(f"good_plan_{name}", max(f.good for f in found), "s", case.good_seconds)
    figure(
        f"plan_again_{name}", max(f.again for f in found), "s", case.again_seconds,
        moved_at_most=max(f.moved for f in found),
    )  # fmt: skip
    figure(
        f"exposure_against_layering_{name}", max(f.gain for f in found), "share", case.exposure,
        all=[round(f.gain, 3) for f in found],
        mean_hours=[round(f.mean, 2) for f in found],
        layering_hours=[round(f.layered, 2) for f in found],
        weekends_that_fit=[round(f.fits, 3) for f in found],
    )  # fmt: skip
    figure(
        f"stated_p80_misses_{name}", max(abs(f.holds - 0.8) for f in found), "share", 0.03,
        holds=[round(f.holds, 4) for f in found],
    )  # fmt: skip
    figure(f"another_plan_from_the_same_seed_{name}", sum(not f.same for f in found), "plans", 0.0)


def one(case: Case, make: str, seed: int, kernel: Kernel) -> Found:
    """One estate, planned, planned again, and played beside layering."""
    inventory, pairs = an_estate(case, make, seed)
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    first, _ = timed(inventory, pairs, seed, kernel, evaluations=FIRST)
    good, plan = timed(inventory, pairs, seed, kernel)
    last = {move.subsystem: wave.id for wave in plan.waves for move in wave.moves}
    again, newer = timed(inventory, pairs, seed + 1, kernel, last=last)
    moved = sum(last[move.subsystem] != wave.id for wave in newer.waves for move in wave.moves)
    _, twin = timed(inventory, pairs, seed, kernel, evaluations=FIRST)
    _, other = timed(inventory, pairs, seed, kernel, evaluations=FIRST)
    ours = [[problem.index[move.subsystem] for move in wave.moves] for wave in plan.waves]
    exposed, ends = played(inventory, problem, kernel, ours)
    layered, _ = played(inventory, problem, kernel, layers(problem, plan))
    assert plan.certificate is not None
    assert plan.certificate.end_hours_p80 is not None
    return Found(
        first, good, again,
        exposed / layered - 1,
        float(np.mean(ends <= plan.certificate.end_hours_p80)),
        moved, twin == other, exposed, layered,
        float(np.mean(ends <= problem.window / 12)),
    )  # fmt: skip


def an_estate(case: Case, make: str, seed: int) -> tuple[Inventory, tuple[Pair, ...]]:
    """An estate of one make; each seed is another one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "estate"
        write_sample(path, Size(case.subsystems, case.links, seed))
        inventory = read_inventory(path)
        if make == "grown":
            return inventory, grown_pairs(inventory, seed)
        return inventory, subsystem_pairs(read_links(inventory, None), inventory)


def timed(
    inventory: Inventory, pairs: tuple[Pair, ...], seed: int, kernel: Kernel, **options: object
) -> tuple[float, Plan]:
    """A plan, and how many seconds it took."""
    started = time.perf_counter()
    plan = make_plan(
        inventory, pairs, seed=seed, name="bench", path="estate", kernel=kernel,
        **options,  # type: ignore[arg-type]  # this file's own
    )  # fmt: skip
    return time.perf_counter() - started, plan


def layers(problem: Problem, plan: Plan) -> list[list[int]]:
    """Layering at its best gates, in the order in which a document would have its moves."""
    count = len(plan.waves)
    numbers = limits(problem, default_constraints(problem, count, None), count)
    waves = in_rows(problem, gates(problem, numbers, layering(problem), count))
    moves = expand(problem, waves)
    schedule = decode(problem, moves)
    return [sorted(wave, key=lambda i: (schedule.start[i], i)) for wave in moves]


def played(
    inventory: Inventory, problem: Problem, kernel: Kernel, waves: Sequence[Sequence[int]]
) -> tuple[float, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Mean exposure and the ends, in hours, of the fresh weekends of a plan."""
    rows = arrays(*kernel_rows(inventory, problem, DEFAULT_POLICY, RECIPES))
    ordered = [in_order(problem, wave) for wave in waves]
    order = np.array([i for wave in ordered for i in wave], dtype=np.int64)
    edges = np.concatenate([[0], np.cumsum([len(wave) for wave in ordered])]).astype(np.int64)
    figures, _, _ = kernel.weekends(rows, order, edges, FRESH_SEED, FRESH_ENDS)
    return float(figures[:FRESH, 1].mean()) / 60 / problem.weight, figures[:, 0] / 60


if __name__ == "__main__":
    main()
