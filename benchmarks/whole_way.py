"""How long the whole way takes: the demo, a fresh set-up, and other people's manifests to a report.

`migrator demo` and the commands of the ticket shop are started as a person starts them, one
process after the other. The set-up is made in a copy of the tracked files, with whatever package
caches this machine has. The ticket shop's files are not ours; where `../shared/samples` is absent
its figure is left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAM: Final = str(Path(sys.executable).parent / "migrator")
GIT: Final = shutil.which("git") or "git"
MAKE: Final = shutil.which("make") or "make"
SHOP: Final = ROOT.parent / "shared" / "samples" / "train-ticket"


def main() -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        report("make demo after set-up", timed([[PROGRAM, "demo"]], here), 60)
        if SHOP.is_dir():
            report("import, plan and rehearse the ticket shop", timed(shop(), here), 20)
        else:
            print(f"no ticket shop: {SHOP} is absent", file=sys.stderr)
    report("make setup in a fresh copy, with this machine's package caches", setup_seconds(), 180)


def shop() -> list[list[str]]:
    """The commands that lead from the shop's files to a rehearsed weekend."""
    compose = str(SHOP / "quickstart-docker-compose.yml")
    return [
        [PROGRAM, "import", "kubernetes", str(SHOP), "--compose", compose, "-o", "shop"],
        [PROGRAM, "check", "shop"],
        [PROGRAM, "plan", "shop", "-o", "shop.yaml", "--seed", "1"],
        [PROGRAM, "rehearse", "shop.yaml", "--no-accidents"],
    ]


def timed(commands: list[list[str]], folder: Path) -> float:
    """Seconds for the commands, one after the other."""
    began = time.perf_counter()
    for command in commands:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def setup_seconds() -> float:
    """Seconds of `make setup` in a copy of the tracked files."""
    with tempfile.TemporaryDirectory() as folder:
        listed = subprocess.run(
            [GIT, "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in listed.stdout.splitlines():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).exists():
                shutil.copy2(ROOT / name, target)
        environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
        began = time.perf_counter()
        subprocess.run(
            [MAKE, "setup"], cwd=folder, check=True, env=environment, stdout=subprocess.DEVNULL
        )
        return time.perf_counter() - began


def report(figure: str, seconds: float, goal: float) -> None:
    """One line for the runner."""
    line = {
        "figure": figure,
        "value": round(seconds, 1),
        "unit": "s",
        "goal": goal,
        "ok": seconds <= goal,
        "peers": {},
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
