"""The peer of `steps.py`: DBOS doing 77 x 6 steps that do nothing, one at a time and eight wide.

Run by `steps.py` with the interpreter that has DBOS (`make bench-peers`), with the address of a
database of its own; prints one JSON line. A workflow of six steps stands for a subsystem. As with
ours, overhead is the time from a step's end to the beginning of the workflow's next step, a warming
round does not count, and the settings are the library's own.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

WORKFLOWS: Final = 77
STEPS: Final = 6
ROUNDS: Final = 3
WIDE: Final = 8

dbos: Final = importlib.import_module("dbos").DBOS
ended: dict[str, float] = {}
between: list[float] = []


def main() -> None:
    """Measure both widths and print them."""
    config = {
        "name": "benchmark",
        "system_database_url": sys.argv[1],
        "log_level": "ERROR",
        "enable_otlp": False,
    }
    dbos(config=config)
    step = dbos.step()(a_step)

    def six(subsystem: str) -> None:
        for number in range(STEPS):
            step(subsystem, number)

    workflow = dbos.workflow()(six)
    dbos.launch()
    found = {}
    for name, width in (("one", 1), ("wide", WIDE)):
        rates: list[float] = []
        for number in range(ROUNDS + 1):
            ended.clear()
            if number <= 1:
                between.clear()
            names = [f"{name}-{number}-{each}" for each in range(WORKFLOWS)]
            began = time.perf_counter()
            with ThreadPoolExecutor(width) as pool:
                list(pool.map(workflow, names))
            if number:
                rates.append(WORKFLOWS * STEPS / (time.perf_counter() - began))
        cuts = statistics.quantiles(between, n=100, method="inclusive")
        found[name] = {
            "rate": round(statistics.median(rates)),
            "p50": round(cuts[49], 3),
            "p99": round(cuts[98], 3),
        }
    dbos.destroy()
    print(json.dumps(found), flush=True)


def a_step(subsystem: str, _number: int) -> str:
    """Do nothing, and note when."""
    asked = time.perf_counter()
    before = ended.get(subsystem)
    if before is not None:
        between.append((asked - before) * 1000)
    ended[subsystem] = time.perf_counter()
    return "done"


if __name__ == "__main__":
    main()
