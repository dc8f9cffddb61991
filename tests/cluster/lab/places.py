"""Where the lab keeps things: what it builds, and what it must clean up again.

Everything of the lab asks here for a folder. Nothing built ever lands in the repository, and
nothing that runs ever lands in the cache.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
"""The lab's own sources, with one folder for each Go module."""

TESTS: Final = HERE.parent.parent


def cache() -> Path:
    """The folder for what is built once and kept: programs, packages, images."""
    chosen = os.environ.get("XDG_CACHE_HOME")
    return (Path(chosen) if chosen else Path.home() / ".cache") / "migrator-lab"


def ledgers() -> Path:
    """The folder for the lists of what running labs have made; gone after a restart, as they are.

    It is the same whoever calls and wherever from, so that any `lab-down` finds every lab.
    """
    return Path(os.environ.get("MIGRATOR_LAB_LEDGERS", "/run/migrator-lab"))
