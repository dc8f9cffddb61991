"""Is a planted optimum found? Instances whose least exposure is known, of 80, 300 and 1,000 atoms.

`_planted.py` says what an instance is and why its answer is the least; its test counts all plans of
tiny ones. Found means: the plan's exposure by the planner's decoder is that least, to a millionth.
Beside it what layering, growth and the planner's search without a kernel reach on the same instance
(as multiples of the optimum). The partition closes the heavy links and whole waves are put in order
by subsets, so this says that the two work together, and not that every estate is solved.
"""

from __future__ import annotations

import json
import time
from typing import Final

from _planted import Planted, planted

from migrator.planner.compiled_search import search_compiled
from migrator.planner.decode import decode
from migrator.planner.search import expand, hours, search
from migrator.planner.seeds import growth, layering
from migrator.planner.wave_order import gates
from migrator.schedule.process import Kernel

CASES: Final = ((80, 8), (300, 15), (1000, 25))
"""Atoms and waves; 25 waves are more than all subsets of which are looked at."""

SEEDS: Final = (1, 2, 3)
EVALUATIONS: Final = 2_000
PLAIN_EVALUATIONS: Final = 100
CLOSE: Final = 1e-6


def main() -> None:
    """Every size and seed; one line per size."""
    with Kernel() as kernel:
        small = planted(20, 4, 0)
        search_compiled(small.problem, small.limits, 4, 0, 60, small.estate, kernel)  # compiles
        for count, waves in CASES:
            found, seconds, peers = 0, 0.0, dict[str, float]()
            for seed in SEEDS:
                instance = planted(count, waves, seed)
                started = time.perf_counter()
                best = search_compiled(
                    instance.problem, instance.limits, waves, seed, EVALUATIONS,
                    instance.estate, kernel,
                )  # fmt: skip
                seconds = max(seconds, time.perf_counter() - started)
                found += (
                    abs(hours(instance.problem, best.schedule) / instance.least_hours - 1) < CLOSE
                )
                if seed == SEEDS[0]:
                    peers = others(instance, waves, seed)
            line = {
                "figure": f"planted_optimum_found_{count}",
                "value": found / len(SEEDS),
                "unit": "share of seeds",
                "goal": 1.0,
                "ok": found == len(SEEDS),
                "peers": {**peers, "seconds_at_most": round(seconds, 2), "waves": waves},
            }
            print(json.dumps(line, sort_keys=True), flush=True)


def others(instance: Planted, waves: int, seed: int) -> dict[str, float]:
    """What else is tried, as multiples of the least exposure."""
    problem, limits = instance.problem, instance.limits
    found = {}
    for name, order in (("layering", layering(problem)), ("growth", growth(problem))):
        cut = gates(problem, limits, order, waves)
        exposed = hours(problem, decode(problem, expand(problem, cut)))
        found[f"{name}_times_optimum"] = round(exposed / instance.least_hours, 3)
    plain = search(problem, limits, waves, seed, PLAIN_EVALUATIONS)
    times = hours(problem, plain.schedule) / instance.least_hours
    found["search_without_kernel_times_optimum"] = round(times, 3)
    return found


if __name__ == "__main__":
    main()
