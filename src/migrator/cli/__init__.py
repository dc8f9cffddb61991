"""The command line: one file per command or family of verbs; `commands.py` is the table of them.

The console script calls `main`. Nothing is imported at the top of this package's `__init__` but
the standard library's lightest parts, because `migrator --help` has 150 ms in all: a command's
module, and with it everything heavy, is loaded when that command is called. No rule about an
estate, a plan or a run lives here. A command reads, asks the right package, prints.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

OBJECTS_MORE_MAX: Final = 50_000
"""So many new objects before Python looks for garbage, instead of 700: what a start makes, modules
and a journal's lines, is no garbage, and looking for some was a tenth of a restart."""


def main() -> None:
    """Run the command named in the program's arguments and leave with its exit code."""
    gc.set_threshold(OBJECTS_MORE_MAX, 10, 10)
    # No other package may change how words are checked; looking for one reads every package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from migrator.cli.app import run

    sys.exit(run(sys.argv[1:]))
