"""Run benchmarks and keep what they measured: `make bench`, or `make bench NAME=help_time`.

A benchmark is a program beside this file that prints one JSON line per figure:
{"figure", "value", "unit", "goal", "ok", "peers"}. This runner repeats the lines on stdout and
writes them to results/NAME.json with the date and the facts of the machine, because a figure
without its machine says nothing. A benchmark that prints a figure out of its goal ends the runner
with 1, and so does one that fails or prints something else. It never averages, rounds or drops a
line.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
KEYS: Final = {"figure", "value", "unit", "goal", "ok", "peers"}

BENCHMARK_SECONDS_MAX: Final = 30 * 60
"""The longest goal is 15 minutes; twice that is no slow benchmark but a stuck one."""


def main() -> int:
    """Run the named benchmarks, or all of them."""
    known = programs()
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    # Every benchmark runs, even after one that missed its goal.
    return max([run(name) for name in wanted], default=0)


def programs() -> list[str]:
    """The names of all benchmarks; what they share stands in files that begin with `_`."""
    return sorted(
        p.stem for p in HERE.glob("*.py") if p.stem != "run" and not p.stem.startswith("_")
    )


def run(name: str) -> int:
    """Run one benchmark and keep its figures; 0 when every goal was reached."""
    print(f"# {name}", file=sys.stderr, flush=True)
    started = datetime.now(UTC)
    try:
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=BENCHMARK_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        print(f"{name}: stopped after {BENCHMARK_SECONDS_MAX} s", file=sys.stderr)
        return 1
    figures = []
    for line in done.stdout.splitlines():
        print(line, flush=True)
        figures.append(read_figure(name, line))
    if done.returncode != 0 or not figures or None in figures:
        print(f"{name}: exit {done.returncode}, {len(figures)} lines; not kept", file=sys.stderr)
        return 1
    kept = {"date": started.isoformat(timespec="seconds"), "machine": machine(), "figures": figures}
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return 0 if all(figure is not None and figure["ok"] for figure in figures) else 1


def read_figure(name: str, line: str) -> dict[str, object] | None:
    """Read one line; None (and a word to stderr) where it is no figure."""
    try:
        figure = json.loads(line)
    except ValueError:
        figure = None
    if isinstance(figure, dict) and figure.keys() == KEYS:
        return figure
    print(f"{name}: not a figure with {sorted(KEYS)}: {line[:100]}", file=sys.stderr)
    return None


def machine() -> dict[str, object]:
    """What a reader must know to compare: processor, cores, memory, system, Python."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_bytes / 1024**3, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def processor() -> str:
    """The processor's name as the kernel gives it, else the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
