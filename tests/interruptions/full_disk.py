"""A disk that fills up in the middle of a run: a small one, mounted for this process alone.

Started by `test_full_disk.py` in a mount namespace of its own, so that the mount ends with it. The
store lies on the small disk, the ledger outside. It prints what it saw as JSON, and judges nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from interruptions.under_fire import Nursery, UnderFire

SMALL: Final = "1600k"
LARGE: Final = "64m"
TRIES: Final = 4


@dataclass(slots=True)
class Seen:
    """What happened: the lives on the full disk, and the end of the run."""

    codes: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    effects_before: int = 0
    effects: int = 0
    broken: list[str] = field(default_factory=list)
    outcome: object = ""


def mount(folder: Path, *options: str) -> None:
    """Mount a disk in memory, or change its size."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", folder], check=True)  # noqa: S607


def fill(folder: Path) -> Seen:
    """Let the disk fill up, try again in vain, make room, go on."""
    disk, beside, seen = folder / "disk", folder / "beside", Seen()
    disk.mkdir()
    beside.mkdir()
    mount(disk, f"size={SMALL}")
    with Nursery() as nursery, UnderFire(nursery, str(disk), beside, scenario=1) as run:
        for _ in range(TRIES):
            life = run.life()
            seen.codes.append(life.end())
            seen.words.append(life.heard[-1])
        seen.effects_before = len(run.ledger.effects())
        mount(disk, "remount", f"size={LARGE}")
        end = run.to_the_end()
    seen.effects, seen.broken, seen.outcome = len(end.effects), end.broken, end.state["waves"]
    return seen


if __name__ == "__main__":
    print(json.dumps(asdict(fill(Path(sys.argv[1])))))  # noqa: T201 - read by the test
