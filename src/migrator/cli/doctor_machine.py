"""What `migrator doctor` looks at on the machine itself: versions, disk, clock, the login shell.

Each look gives one finding: what was looked at, what was found, and how it is mended where it is
not well. It changes nothing, but for a small file that it writes, syncs and removes again. What
it cannot find out it says so about, rather than calling it well.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from migrator.conductor.clock import seconds, wall_now
from migrator.store import mounts

Verdict = Literal["ok", "warning", "failed"]

DISK_FREE_BYTES_MIN: Final = 2 * 1024**3
"""Room for the columnar links of a large estate, its journal and the reports."""

SYNCS: Final = 7
SYNC_SECONDS_MAX: Final = 0.020
"""Each step waits for about two syncs; with 20 ms a wave of 500 steps waits 20 s for the disk."""

CLOCK_DRIFT_SECONDS_MAX: Final = 0.05
"""Between two looks a second apart, a clock that is only being slewed differs by 0.5 ms."""

PACKAGES_NAMED_MAX: Final = 5
LOCK: Final = Path(__file__).parents[3] / "requirements" / "runtime.txt"
"""There in a clone; an installed program knows its pinned libraries from its own metadata."""

PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;.*)?")

PROC: Final = Path("/proc")
VOLATILE: Final = frozenset({"tmpfs", "ramfs"})
CLOCK_UNSYNCHRONISED: Final = 5
"""What the kernel answers where nobody sets its clock right (TIME_ERROR)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is empty where nothing has to be done."""

    what: str
    found: str
    verdict: Verdict = "ok"
    mend: str = ""


# --- versions -------------------------------------------------------------------------------------


def python() -> Finding:
    """Tell which interpreter runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", f"{version} at {sys.executable}")


def sqlite() -> Finding:
    """Look at the library that a store in a file uses."""
    from migrator.store.sqlite import SQLITE_SAFE, driver

    library = driver()
    found = f"{library.sqlite_version} through {library.__name__.split('.')[0]}"
    if tuple(map(int, str(library.sqlite_version).split("."))) >= SQLITE_SAFE:
        return Finding("SQLite", found)
    return Finding(
        "SQLite",
        found,
        "warning",
        "before 3.51.3 two processes that empty the log while a third commits can damage the store "
        "(the WAL-reset fault): install the locked packages (make setup); until then migrator lets "
        "only the process that leads a run empty it",
    )


def packages(lock: Path = LOCK) -> Finding:
    """Compare what is installed with what was locked and tested together."""
    if lock.is_file():
        lines = lock.read_text(encoding="utf-8").splitlines()
        origin = "the lock file"
    else:
        # Extras are not asked for here: nobody has to have them.
        lines = [line for line in metadata.requires("migrator") or () if "extra ==" not in line]
        origin = "the program's own list"
    wanted: dict[str, set[str]] = {}
    everywhere = set()
    for line in lines:
        if found := PINNED.match(line):
            wanted.setdefault(found[1], set()).add(found[2])
            if not found[3]:
                everywhere.add(found[1])
    missing, other = [], []
    for name, versions in sorted(wanted.items()):
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name in everywhere:  # one with a condition may belong to another machine
                missing.append(name)
            continue
        if here not in versions:
            other.append(f"{name} {here} instead of {' or '.join(sorted(versions))}")
    if missing:
        return Finding(
            "packages", f"missing: {_some(missing)}", "failed", "install them: make setup"
        )
    if other:
        return Finding(
            "packages",
            f"not as in {origin}: {_some(other)}",
            "warning",
            "what was tested together runs together: make setup",
        )
    return Finding("packages", f"{len(wanted)} as in {origin}")


def zones() -> Finding:
    """Look for the zone database."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo("Europe/Stockholm")
    except ZoneInfoNotFoundError:
        return Finding("time zones", "no zone database", "failed", "install the package tzdata")
    return Finding("time zones", f"{zone.key} is known")


def catalogues(places: Path) -> Finding:
    """Look whether the texts in both languages are ready."""
    written = sorted(places.glob("*/LC_MESSAGES/*.po"))
    missing = [po for po in written if not po.with_suffix(".mo").exists()]
    if missing:
        named = ", ".join(po.parent.parent.name for po in missing)
        return Finding("message catalogues", f"not compiled: {named}", "failed", "run make setup")
    compiled = sorted({mo.parent.parent.name for mo in places.glob("*/LC_MESSAGES/*.mo")})
    return Finding("message catalogues", ", ".join(compiled) or "none in this version")


# --- the disk -------------------------------------------------------------------------------------


def disk(folder: Path) -> Finding:
    """Look how much room there is."""
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:.1f} GiB free"
    if free >= DISK_FREE_BYTES_MIN:
        return Finding("disk", found)
    return Finding("disk", found, "warning", "2 GiB are enough for a large estate; make room")


def file_system(folder: Path) -> Finding:
    """Look whether the folder's file system keeps what is written, and locks it for everybody."""
    try:
        mounted = mounts.MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return Finding("file system", "its kind cannot be known on this machine")
    found = mounts.file_system(folder.resolve(), mounted)
    if found is None:
        return Finding("file system", "its kind cannot be known on this machine")
    place, kind = found
    said = f"{kind} at {place}"
    if mounts.is_network(kind):
        return Finding(
            "file system",
            f"{said}, reached over a network, where a SQLite journal can be lost",
            "failed",
            "keep the store on a local disk (--store /var/lib/migrator) or on PostgreSQL",
        )
    if kind in VOLATILE:
        return Finding(
            "file system",
            f"{said}, which is memory: a restart of the machine empties it",
            "warning",
            "good for practice; keep a live run's store on a disk",
        )
    return Finding("file system", said)


def syncs(folder: Path) -> Finding:
    """Measure how long the disk takes to keep a small write for good: every commit waits for it."""
    took = []
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".migrator-doctor-") as file:
            for _ in range(SYNCS):
                began = seconds()
                os.write(file.fileno(), bytes(4096))
                os.fdatasync(file.fileno())
                took.append(seconds() - began)
    except OSError as error:
        return Finding(
            "fsync",
            f"the disk of {folder} does not keep what is written: {error.strerror or error}",
            "failed",
            "mend the disk or its rights, or name another --store; no run can be kept here",
        )
    median = statistics.median(took)
    found = f"{median * 1000:.2f} ms, median of {SYNCS} (the slowest {max(took) * 1000:.2f} ms)"
    if median <= SYNC_SECONDS_MAX:
        return Finding("fsync", found)
    return Finding(
        "fsync",
        found,
        "warning",
        f"above {SYNC_SECONDS_MAX * 1000:.0f} ms every step of a run waits noticeably for this "
        "disk: use a faster one, or look who else writes to it (iostat -x 1)",
    )


# --- the clock ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks at one moment, in seconds: the one that people set, and the one nobody can."""

    wall: float
    steady: float

    @classmethod
    def now(cls) -> Clocks:
        """Read both."""
        return cls(wall_now().timestamp(), seconds())


def clock(before: Clocks, after: Clocks, kept: bool | None) -> Finding:
    """Compare how far the two clocks went; `kept`: a time service keeps this one, if known."""
    passed = after.steady - before.steady
    drift = (after.wall - before.wall) - passed
    if abs(drift) > CLOCK_DRIFT_SECONDS_MAX:
        return Finding(
            "clock",
            f"the wall clock moved by {drift:+.2f} s against the steady one within {passed:.1f} s",
            "warning",
            "somebody sets it at this moment: wait until the time service is done, ask again "
            "(chronyc tracking, timedatectl); a run's deadlines are not moved by it, its times are",
        )
    if kept is None:
        return Finding("clock", "steady; whether a time service keeps it cannot be known here")
    if not kept:
        return Finding(
            "clock",
            "steady, but no time service keeps it right",
            "warning",
            "start one (timedatectl set-ntp true), or compare it by hand before the window: "
            "people and logs of other machines are compared with it",
        )
    return Finding("clock", "steady, and kept right by a time service")


def clock_is_kept() -> bool | None:
    """Ask the kernel whether somebody sets its clock right; None where it does not say."""
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != CLOCK_UNSYNCHRONISED


# --- what a run would hang on ---------------------------------------------------------------------


def terminal() -> Finding:
    """Look how much room the live screen has."""
    if not sys.stdout.isatty():
        return Finding("terminal", "none: plain text, no live screen")
    size = shutil.get_terminal_size()
    found = f"{size.columns} x {size.lines}"
    if size.columns < 80:  # the width for which the tables are made
        return Finding("terminal", found, "warning", "widen it to 80 columns for the live screen")
    return Finding("terminal", found)


def login_shell(proc: Path = PROC) -> Finding:
    """Look whether a run that is begun from here ends when somebody closes a lid."""
    chain = hangs_on(os.getpid(), proc)
    if not chain:
        return Finding("login shell", "none: a run begun from here outlives logins")
    return Finding(
        "login shell",
        f"this shell hangs on {chain}; a run in real time should not",
        "warning",
        OUTLIVE,
    )


OUTLIVE: Final = (
    "let the machine's service manager start a run in real time (`migrator service PLAN` prints a "
    "systemd unit), or start it inside tmux or screen; one that was cut off goes on with "
    "`migrator run --continue RUN`"
)


def hangs_on(pid: int, proc: Path = PROC) -> str:
    """What ends a process when it is closed: a remote login, a terminal, or nothing (empty)."""
    seen: set[int] = set()
    tty = False
    # Processes come and go while one looks: a chain that bites its tail is left.
    while pid > 1 and pid not in seen:
        seen.add(pid)
        name, parent, terminal_number = _process(pid, proc)
        if name.startswith(("tmux", "screen", "SCREEN")):
            return ""  # it keeps its own terminal when the one outside is closed
        if name.startswith("sshd"):
            return "a remote login (ssh)"
        tty = tty or (len(seen) == 1 and terminal_number != 0)
        pid = parent
    return "a terminal" if tty else ""


def _process(pid: int, proc: Path) -> tuple[str, int, int]:
    """The name, the parent and the terminal of a process; nothing where it is gone or hidden."""
    try:
        stat = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", 0, 0
    # The name stands in brackets and may hold anything, brackets too.
    name = stat[stat.find("(") + 1 : stat.rfind(")")]
    words = stat[stat.rfind(")") + 1 :].split()
    return (name, int(words[1]), int(words[4])) if len(words) > 4 else (name, 0, 0)


def _some(names: list[str]) -> str:
    rest = len(names) - PACKAGES_NAMED_MAX
    return ", ".join(names[:PACKAGES_NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")
