"""What this machine has and lacks, and the one way in which the lab starts a command.

`missing` is asked before anything else, by the tests too: its answer is the reason that a skipped
test prints. A command that fails says what it said itself; none is waited for without a limit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

COMMAND_SECONDS_MAX = 120


class LabFailed(Exception):
    """Something of the lab did not work; the message is for whoever started it."""


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    seconds_max: float = COMMAND_SECONDS_MAX,
) -> str:
    """Run a command to its end and return what it printed."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=seconds_max,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabFailed(f"there is no {words[0]} on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise LabFailed(f"{' '.join(words)} took longer than {seconds_max:.0f} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise LabFailed(f"{' '.join(words)} ended with {done.returncode}: {said}")
    return done.stdout


def missing_to_build() -> str | None:
    """Why the lab cannot be built here, or None where it can."""
    if shutil.which("go") is None:
        return "Go is not on this machine"
    return _missing_packages()


def missing_to_start() -> str | None:
    """Why the lab cannot be started here, built as it may be, or None where it can."""
    if os.uname().sysname != "Linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab makes namespaces and containers, which only root may"
    for word in ("ip", "nsenter", "unshare", "setsid", "mount"):
        if shutil.which(word) is None:
            return f"there is no {word} on this machine"
    try:
        run(["unshare", "--net", "--mount", "--pid", "--fork", "true"])
    except LabFailed:
        return "root may not make namespaces here"
    return None


def _missing_packages() -> str | None:
    for word in ("apt-get", "dpkg-deb"):
        if shutil.which(word) is None:
            return f"there is no {word} on this machine: the lab unpacks Debian packages"
    return None
