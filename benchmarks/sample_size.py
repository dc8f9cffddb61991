"""How long it takes to generate an estate, and how much memory: nobody waits for practice data.

Each round starts `migrator sample` as a process of its own, as a shell does, into a new folder; the
interpreter's start and the imports count. The default estate's links are written as CSV and as
Parquet, the largest estate as Parquet only. The first of several rounds warms the page cache and
does not count; the median of the others is the figure, and the most memory of all.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Case:
    """One estate to generate, and what it may cost."""

    subsystems: int
    links: int
    parquet: bool
    rounds: int
    goal_seconds: float
    goal_megabytes: float


CASES: Final = (
    Case(77, 340_000, parquet=False, rounds=5, goal_seconds=2, goal_megabytes=500),
    Case(77, 340_000, parquet=True, rounds=5, goal_seconds=2, goal_megabytes=500),
    Case(1_000, 10_000_000, parquet=True, rounds=1, goal_seconds=60, goal_megabytes=1_500),
)


def main() -> None:
    """Measure every case; two lines each."""
    for case in CASES:
        seconds, megabytes, size = measure(case)
        form = "Parquet" if case.parquet else "CSV"
        what = f"sample, {case.subsystems:,} subsystems, {case.links:,} links, {form}"
        show(what, seconds, "s", case.goal_seconds, {"size of the links, MB": size})
        show(f"{what}, peak memory", megabytes, "MB", case.goal_megabytes, {})


def show(figure: str, value: float, unit: str, goal: float, peers: dict[str, float]) -> None:
    """Print one figure."""
    line = {"figure": figure, "value": value, "unit": unit, "goal": goal, "ok": value <= goal}
    print(json.dumps({**line, "peers": peers}, ensure_ascii=False), flush=True)


def measure(case: Case) -> tuple[float, float, float]:
    """Seconds (median), memory in MB (most) and size of the links in MB."""
    times, memory, size = [], [], 0.0
    warming = 1 if case.rounds > 1 else 0
    for number in range(case.rounds + warming):
        with tempfile.TemporaryDirectory(prefix="sample-size-") as name:
            folder = Path(name)
            seconds, megabytes = once(case, folder)
            size = sum(path.stat().st_size for path in folder.glob("links.*")) / 1e6
        memory.append(megabytes)
        if number >= warming:
            times.append(seconds)
    return round(statistics.median(times), 3), round(max(memory), 1), round(size, 1)


def once(case: Case, folder: Path) -> tuple[float, float]:
    """Generate once; wall-clock seconds and the process's own peak memory in MB."""
    command = [str(Path(sys.executable).parent / "migrator"), "sample", str(folder)]
    command += ["--subsystems", str(case.subsystems), "--links", str(case.links)]
    command += ["--parquet"] if case.parquet else []
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # wait4 tells the memory of this one child, where getrusage would mix all children.
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"migrator sample ended with {child.returncode}")
    return seconds, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
