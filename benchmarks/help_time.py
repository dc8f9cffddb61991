"""How long a person waits for `migrator --help`: the goal is 150 ms, warm.

Each round starts a new process, as a shell does. The median of the rounds is the figure, because
the first one pays for cold files; the peers say what of it is bare Python and what is typer, so
that a reader sees how much is ours.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROUNDS: Final = 15
GOAL_MS: Final = 150


def main() -> None:
    """Measure, and print the figure."""
    program = Path(sys.executable).parent / "migrator"
    value = median_ms([str(program), "--help"])
    peers = {
        "python -c pass": median_ms([sys.executable, "-c", "pass"]),
        "python -c 'import typer'": median_ms([sys.executable, "-c", "import typer"]),
        "migrator version": median_ms([str(program), "version"]),
    }
    figure = {
        "figure": "migrator --help, median of 15 starts",
        "value": value,
        "unit": "ms",
        "goal": GOAL_MS,
        "ok": value <= GOAL_MS,
        "peers": peers,
    }
    print(json.dumps(figure, ensure_ascii=False))


def median_ms(command: list[str]) -> float:
    """Start a command several times, one after the other; the middle one's milliseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 1)


if __name__ == "__main__":
    main()
