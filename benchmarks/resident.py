"""What a conductor needs while little happens: memory over a day's run time, CPU at a gate.

`migrator run` leads the sample estate's weekend as a process of its own, with everybody simulated,
at a speed at which a day of run time passes in a quarter of a minute, on a store of SQLite. Its
resident memory is read at the start, every run hour, and at the end of the day; it should not grow
once everything is loaded. Then a run whose decision maker is really there stands at its first gate,
and the CPU time of the process is read over some seconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from _runs import LINKS, RUN, SUBSYSTEMS, a_folder, report

from migrator.engine import events as ev
from migrator.store.sql import Store, open_store

HOURS: Final = 24
SPEED: Final = 5_400.0
"""Ninety run minutes each second."""

IDLE_SECONDS: Final = 20.0
SETTLE_SECONDS: Final = 2.0
WAIT_SECONDS_MAX: Final = 30.0
LOADED_HOUR: Final = 3
"""By then a wave has begun, and nothing is loaded for the first time any more."""

PROGRAM: Final = str(Path(sys.executable).with_name("migrator"))
QUICK: Final = "20"


def main() -> None:
    """Measure, and print one line per figure."""
    with a_folder() as folder:
        os.chdir(folder)
        ran("sample", "estate", "--subsystems", str(SUBSYSTEMS), "--links", str(LINKS), "--parquet")
        ran("plan", "estate", "-o", "plan.yaml", "--seed", "1", "--evaluations", QUICK)
        a_day()
        at_a_gate()
        os.chdir(folder.parent)


def ran(*words: str) -> None:
    """Run a command to its end."""
    subprocess.run([PROGRAM, *words], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip


def begun(name: str, *words: str) -> subprocess.Popen[bytes]:
    """Begin a run, as it is typed, and wait for its gate."""
    process = subprocess.Popen(
        [PROGRAM, "run", "plan.yaml", "--name", name, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = time.perf_counter()
    while time.perf_counter() - started < WAIT_SECONDS_MAX:
        time.sleep(0.05)
        if Path(".migrator/practice.db").exists():
            with open_store(".migrator", practice=True) as store:
                if opened(store, name):
                    return process
    ended(process)
    raise SystemExit(f"{name} never came to its first gate")


def opened(store: Store, name: str) -> bool:
    """Tell whether the run has opened its first gate."""
    if all(row.name != name for row in store.runs()):
        return False
    lines = store.journal(name, lead=False).lines()
    return any(isinstance(line.event, ev.GateOpened) for line in lines)


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a run that was begun here."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def a_day() -> None:
    """Read the memory of a conductor over a day of run time."""
    process = begun(f"{RUN}-day", "--speed", str(SPEED))
    began, hours = time.perf_counter(), [resident_mb(process.pid)]
    for hour in range(1, HOURS + 1):
        time.sleep(max(0.0, began + hour * 3600 / SPEED - time.perf_counter()))
        hours.append(resident_mb(process.pid))
    ended(process)
    with open_store(".migrator", practice=True) as store:
        lines = store.journal(f"{RUN}-day", lead=False).lines()
    others = {
        "at the start": hours[0],
        "in the middle": hours[HOURS // 2],
        "at the end": hours[-1],
        "lines in the journal": len(lines),
    }
    report("resident memory of a conductor over 24 h", max(hours), "MB", 120.0, others)
    grown = round(hours[-1] - hours[LOADED_HOUR], 1)
    what = f"resident memory, growth from hour {LOADED_HOUR} to hour {HOURS}"
    report(what, grown, "MB", 5.0, {"growth of the last 12 h": round(hours[-1] - hours[12], 1)})


def at_a_gate() -> None:
    """Read the CPU time of a conductor that waits for a person at a gate."""
    process = begun(f"{RUN}-gate", "--play", decider())
    time.sleep(SETTLE_SECONDS)
    began, before = time.perf_counter(), cpu_seconds(process.pid)
    time.sleep(IDLE_SECONDS)
    used = cpu_seconds(process.pid) - before
    share = 100 * used / (time.perf_counter() - began)
    ended(process)
    others = {"over, s": IDLE_SECONDS}
    report("idle CPU at a gate", round(share, 2), "% of a core", 1.0, others)


def decider() -> str:
    """Who decides on the first gate: a run names them."""
    with open_store(".migrator", practice=True) as store:
        itinerary = store.journal(f"{RUN}-day", lead=False).itinerary()
    return str(itinerary.waves[0].deciders[0])


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise SystemExit("the conductor has ended")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, its own and the kernel's for it."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
