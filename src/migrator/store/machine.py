"""Who holds a lease, and whether that process is still there.

Used by `lease.py`. A lease on SQLite is measured by the boot clock, which goes on while a machine
sleeps and cannot be set by anybody; a boot has an id, and a process is known by its number together
with its start. Nothing here tells the time of day: `conductor/clock.py` does.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

PROC: Final = Path("/proc")
GONE_STATES: Final = frozenset("ZX")
"""A zombie has ended; only its parent has not looked yet."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process on a machine, told apart from every other, earlier or later."""

    host: str
    boot: str
    space: str  # the namespace in which the process number means something
    pid: int
    begun: str  # the process's start, in ticks since boot
    user: str
    session: bool = False  # it holds a lock that the database drops when the process ends

    def __str__(self) -> str:
        """Name the holder for a person."""
        return f"process {self.pid} of {self.user} on {self.host}"


class Machine(Protocol):
    """What a lease needs to know of the computer it is on."""

    def seconds(self) -> float:
        """The boot clock."""
        ...

    def myself(self) -> Holder:
        """Who we are."""
        ...

    def is_gone(self, holder: Holder) -> bool:
        """Tell whether a process has certainly ended."""
        ...


class ThisMachine:
    """The computer and process that we are."""

    def seconds(self) -> float:
        """The boot clock: seconds since this boot, sleep included."""
        return boot_seconds()

    def myself(self) -> Holder:
        """Who we are."""
        pid = os.getpid()
        return Holder(
            host=socket.gethostname(),
            boot=_text(PROC / "sys/kernel/random/boot_id"),
            space=_link(PROC / "self/ns/pid"),
            pid=pid,
            begun=_begun(pid),
            user=_user(),
        )

    def is_gone(self, holder: Holder) -> bool:
        """Tell whether a process has certainly ended.

        One of another boot has: a store on a local disk has one machine. One in another namespace
        (a container beside ours) cannot be judged, so its lease must run out.
        """
        me = self.myself()
        if holder.boot != me.boot:
            return True
        if holder.space != me.space:
            return False
        begun = _begun(holder.pid)
        # Where /proc hides other people's processes, nothing read does not mean nothing there.
        return begun != holder.begun and not (begun == "" and _is_hidden(holder.pid))


def boot_seconds() -> float:
    """Seconds since this boot, sleep included; nobody can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _begun(pid: int) -> str:
    """When a process began; empty where it is not there any more."""
    stat = _text(PROC / str(pid) / "stat")
    # The name stands in brackets and may hold anything; the state and 18 numbers later the
    # start come after the last bracket.
    words = stat.rpartition(")")[2].split()
    return "" if len(words) < 20 or words[0] in GONE_STATES else words[19]


def _is_hidden(pid: int) -> bool:
    """Tell whether a process is there that belongs to somebody else. Signal 0 is never sent."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())
